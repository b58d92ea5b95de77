//! The running server's newest lines, for administrators.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::on;
use inhaul_types::RunId;
use serde::{Deserialize, Serialize};

use super::caller::ApiAdministrator;
use super::document::Document;
use super::problem::ApiProblem;
use super::route::Verb::Get;
use super::route::{Reply, Route, Who};
use super::schema::{Kind, Schema, may, must};
use super::typed::Asked;
use crate::app::App;
use crate::install::{Level, LogFilter, LogLine};

pub(super) const ROUTES: &[Route] = &[Route::new(
    Get,
    "/log",
    "The newest lines of the server's log, the oldest of them first.",
    Reply::Document(&LOG),
    |verb| on(verb, list),
)
.of(Who::Administrator)
.asking(&[
    may(
        "level",
        Kind::Word(levels),
        "Only what is this important at least.",
    ),
    may(
        "retrieval",
        Kind::Text,
        "Only about the retrieval of this name.",
    ),
    may("run", Kind::Whole, "Only about this run."),
    may("text", Kind::Text, "Only with this in it."),
    may(
        "limit",
        Kind::Whole,
        "So many at most, the newest; 200 by default, 1000 at most.",
    ),
])];

const LOG: Schema = Schema {
    name: "Log",
    about: "Lines of the log, oldest first.",
    fields: &[
        must("lines", Kind::List(&Kind::Of(&LINE)), "The lines."),
        must(
            "has_older",
            Kind::Flag,
            "Older ones that were wanted are still in memory.",
        ),
    ],
};

const LINE: Schema = Schema {
    name: "LogLine",
    about: "A line of the log.",
    fields: &[
        must(
            "seq",
            Kind::Whole,
            "Its place among all lines since the server started, from 1.",
        ),
        must("time", Kind::Time, "When."),
        must("level", Kind::Word(levels), "How important it is."),
        must("message", Kind::Text, "What happened."),
        must(
            "retrieval",
            Kind::Maybe(&Kind::Text),
            "The retrieval that it is about.",
        ),
        must(
            "run",
            Kind::Maybe(&Kind::Whole),
            "The run that it is about.",
        ),
        must(
            "rest",
            Kind::Text,
            "What else is known: `new=12 bytes=10276044`.",
        ),
    ],
};

fn levels() -> Vec<&'static str> {
    Level::ALL.map(Level::as_str).into()
}

#[derive(Serialize)]
struct LogDocument<'a> {
    lines: Vec<LineDocument<'a>>,
    has_older: bool,
}

#[derive(Serialize)]
struct LineDocument<'a> {
    seq: u64,
    time: String,
    level: &'static str,
    message: &'a str,
    retrieval: Option<&'a str>,
    run: Option<i64>,
    rest: &'a str,
}

impl<'a> From<&'a LogLine> for LineDocument<'a> {
    fn from(line: &'a LogLine) -> Self {
        Self {
            seq: line.seq,
            time: line.at.to_string(),
            level: line.level.as_str(),
            message: &line.message,
            retrieval: line.retrieval.as_deref(),
            run: line.run.map(RunId::row),
            rest: &line.rest,
        }
    }
}

/// Which lines.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    level: Option<String>,
    retrieval: Option<String>,
    run: Option<i64>,
    text: Option<String>,
    limit: Option<usize>,
}

async fn list(
    State(app): State<App>,
    _: ApiAdministrator,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, ApiProblem> {
    let named = |word: &String| {
        let mut levels = Level::ALL.into_iter();
        let found = levels.find(|level| level.as_str() == word);
        found.ok_or_else(|| {
            let what = format!("There are these: {}.", self::levels().join(", "));
            ApiProblem::invalid("level", what)
        })
    };
    let filter = LogFilter {
        level: wanted.level.as_ref().map(named).transpose()?,
        run: wanted.run.map(RunId::new),
        retrieval: wanted.retrieval,
        text: wanted.text,
    };
    let most = wanted.limit.unwrap_or(PAGE).clamp(1, MOST);
    let page = app.installation().log(&filter, most);
    let document = LogDocument {
        lines: page.lines.iter().map(LineDocument::from).collect(),
        has_older: page.has_older,
    };
    Ok(Document(document).into_response())
}

/// Lines of an answer.
const PAGE: usize = 200;
const MOST: usize = 1_000;
