//! The runs of a retrieval, and what was said in them.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use inhaul_store::{Run, RunFilter, RunNote, StoreError};
use inhaul_types::{Activation, ErrorCode, RetrievalId, RunId};
use serde::{Deserialize, Serialize};

use crate::api::caller::ApiCaller;
use crate::api::document::Document;
use crate::api::problem::ApiProblem;
use crate::api::schema::{Field, Kind, Schema, may, must};
use crate::api::typed::{Asked, At};
use crate::app::App;

pub(super) const ASKS: &[Field] = &[
    may(
        "limit",
        Kind::Whole,
        "So many at most; 50 by default, 500 at most.",
    ),
    may(
        "before",
        Kind::Whole,
        "Those behind this one: `next` of the page before.",
    ),
];

pub(super) const RUNS: Schema = Schema {
    name: "Runs",
    about: "A page of runs, the latest first.",
    fields: &[
        must(
            "runs",
            Kind::List(&Kind::Of(&RUN)),
            "The runs. Fewer than asked for do not mean the end.",
        ),
        must(
            "next",
            Kind::Maybe(&Kind::Whole),
            "What to give as `before` for the next page; null at the end.",
        ),
    ],
};

pub(super) const CONVERSATION: Schema = Schema {
    name: "Conversation",
    about: "A run and what was said in it.",
    fields: &[
        must("run", Kind::Of(&RUN), "The run."),
        must(
            "conversation",
            Kind::List(&Kind::Text),
            "The first and last 200 lines, passwords masked.",
        ),
    ],
};

const RUN: Schema = Schema {
    name: "Run",
    about: "One visit of a retrieval to its mailbox.",
    fields: &[
        must("run", Kind::Whole, "Its number."),
        must("started", Kind::Time, "When it began."),
        must(
            "ended",
            Kind::Maybe(&Kind::Time),
            "When it ended; null while it runs.",
        ),
        must("started_by", Kind::Word(activations), "Why it ran."),
        must("result", Kind::Word(results), "How it ended."),
        may("code", Kind::Text, "The error code."),
        must("listed", Kind::Whole, "Messages that the server listed."),
        must("new", Kind::Whole, "Messages stored."),
        must("bytes", Kind::Whole, "Octets of those."),
        must(
            "deleted",
            Kind::Whole,
            "Deletions that the server confirmed.",
        ),
        must("left", Kind::Whole, "Messages left on the server."),
        may(
            "notes",
            Kind::List(&Kind::Of(&NOTE)),
            "What it met that a person should know of.",
        ),
        may(
            "folded",
            Kind::Whole,
            "Other runs of the same hour that found nothing new and that this row stands for.",
        ),
        must(
            "took_ms",
            Kind::Maybe(&Kind::Whole),
            "Milliseconds; null while it runs.",
        ),
        may("said", Kind::Text, "The server's own words at a failure."),
    ],
};

const NOTE: Schema = Schema {
    name: "Note",
    about: "Something that a run met.",
    fields: &[
        must("code", Kind::Text, "Which kind, an error code."),
        must("messages", Kind::Whole, "Messages that it concerns."),
    ],
};

pub(in crate::api) fn activations() -> Vec<&'static str> {
    Activation::ALL.map(Activation::as_str).into()
}

fn results() -> Vec<&'static str> {
    vec!["not-ended", "stopped", "ok", "busy", "failed"]
}

#[derive(Serialize)]
struct RunsDocument<'a> {
    runs: Vec<RunDocument<'a>>,
    next: Option<i64>,
}

#[derive(Serialize)]
struct ConversationDocument<'a> {
    run: RunDocument<'a>,
    conversation: Vec<&'a str>,
}

#[derive(Serialize)]
struct RunDocument<'a> {
    run: i64,
    started: String,
    ended: Option<String>,
    started_by: &'static str,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    listed: u64,
    new: u64,
    bytes: u64,
    deleted: u64,
    left: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<NoteDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    folded: Option<u64>,
    took_ms: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    said: Option<&'a str>,
}

#[derive(Serialize)]
struct NoteDocument {
    code: &'static str,
    messages: u64,
}

impl From<&RunNote> for NoteDocument {
    fn from(note: &RunNote) -> Self {
        Self {
            code: note.code.as_str(),
            messages: note.messages,
        }
    }
}

impl<'a> From<&'a Run> for RunDocument<'a> {
    fn from(run: &'a Run) -> Self {
        Self {
            run: run.id.row(),
            started: run.started.to_string(),
            ended: run.ended.map(|time| time.to_string()),
            started_by: run.activation.as_str(),
            result: match (run.ended, run.code) {
                (None, _) => "not-ended",
                _ if run.stopped => "stopped",
                (Some(_), None) => "ok",
                (Some(_), Some(ErrorCode::MailboxInUse | ErrorCode::TooOften)) => "busy",
                (Some(_), Some(_)) => "failed",
            },
            code: run.code.map(ErrorCode::as_str),
            listed: run.listed,
            new: run.stored,
            bytes: run.octets.count(),
            deleted: run.deleted,
            left: run.left,
            notes: run.notes.iter().map(NoteDocument::from).collect(),
            folded: (run.folded > 0).then_some(run.folded),
            took_ms: run.ended.map(|ended| ended.since(run.started).as_millis()),
            said: run.said.as_deref(),
        }
    }
}

/// Which page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    limit: Option<u32>,
    before: Option<i64>,
}

pub(super) async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    At(id): At<i64>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, ApiProblem> {
    let id = RetrievalId::new(id);
    app.manage().retrieval(&caller.actor(), id).await?;
    let filter = RunFilter {
        retrieval: Some(id),
        ..RunFilter::default()
    };
    let before = wanted.before.map(RunId::new);
    let most = wanted.limit.unwrap_or(PAGE).clamp(1, MOST);
    let page = app.store().records().run_page(filter, before, most).await?;
    let document = RunsDocument {
        runs: page.rows.iter().map(RunDocument::from).collect(),
        next: page.next.map(RunId::row),
    };
    Ok(Document(document).into_response())
}

pub(super) async fn conversation(
    State(app): State<App>,
    caller: ApiCaller,
    At((id, run)): At<(i64, i64)>,
) -> Result<Response, ApiProblem> {
    let (id, run) = (RetrievalId::new(id), RunId::new(run));
    app.manage().retrieval(&caller.actor(), id).await?;
    let run = match app.store().run_by_id(run).await {
        // A run of another retrieval may be somebody else's.
        Ok(run) if run.retrieval == id => run,
        Ok(_) | Err(StoreError::Missing { .. }) => return Err(ApiProblem::not_found()),
        Err(error) => return Err(error.into()),
    };
    let said = app.store().run_conversation(run.id).await?;
    let document = ConversationDocument {
        run: (&run).into(),
        conversation: said.iter().flat_map(|said| said.lines()).collect(),
    };
    Ok(Document(document).into_response())
}

/// Runs on a page.
const PAGE: u32 = 50;
const MOST: u32 = 500;
