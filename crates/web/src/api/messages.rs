//! Mail: whoever asks sees their own, an administrator too.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::on;
use inhaul_store::Message;
use inhaul_types::{MessageId, Timestamp};
use serde::{Deserialize, Serialize};

use super::caller::ApiCaller;
use super::document::Document;
use super::problem::ApiProblem;
use super::route::Verb::Get;
use super::route::{Reply, Route};
use super::schema::{Kind, Schema, may, must};
use super::typed::{Asked, At};
use crate::app::App;
use crate::letter::saved;

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        Get,
        "/messages",
        "The messages of a folder of yours, the newest first.",
        Reply::Document(&LIST),
        |verb| on(verb, list),
    )
    .asking(&[
        may(
            "folder",
            Kind::Text,
            "Which folder, by name; `INBOX` by default.",
        ),
        may(
            "limit",
            Kind::Whole,
            "So many at most; 50 by default, 500 at most.",
        ),
        may(
            "before",
            Kind::Text,
            "Those behind this one: `next` of the page before.",
        ),
        may(
            "q",
            Kind::Text,
            "Words to search for. Not possible yet: refused.",
        ),
    ]),
    Route::new(
        Get,
        "/messages/{id}",
        "One message of yours, without its text.",
        Reply::Document(&MESSAGE),
        |verb| on(verb, show),
    ),
    Route::new(
        Get,
        "/messages/{id}/raw",
        "The very octets that were received.",
        Reply::Message,
        |verb| on(verb, raw),
    ),
];

const LIST: Schema = Schema {
    name: "Messages",
    about: "A page of messages, the newest first.",
    fields: &[
        must("messages", Kind::List(&Kind::Of(&MESSAGE)), "The messages."),
        must(
            "next",
            Kind::Maybe(&Kind::Text),
            "What to give as `before` for the next page; null at the end.",
        ),
    ],
};

const MESSAGE: Schema = Schema {
    name: "Message",
    about: "A message in a folder.",
    fields: &[
        must("id", Kind::Whole, "Its number."),
        must("folder", Kind::Text, "The folder."),
        must(
            "uid",
            Kind::Whole,
            "Its number in the folder, which IMAP shows.",
        ),
        must("uidl", Kind::Text, "Its unique-id, which POP3 shows."),
        must("bytes", Kind::Whole, "Octets."),
        must("sha256", Kind::Text, "SHA-256 over them."),
        must("received", Kind::Time, "When it came here."),
        must("date", Kind::Maybe(&Kind::Time), "Its Date field."),
        must("from", Kind::Text, "Its sender."),
        must("subject", Kind::Text, "Its subject."),
        must(
            "message_id",
            Kind::Maybe(&Kind::Text),
            "Its Message-ID without brackets.",
        ),
        must(
            "attachment",
            Kind::Flag,
            "A part of it looks like an attachment.",
        ),
        must("why", Kind::Text, "Why it is in this folder."),
        must(
            "retrieval",
            Kind::Maybe(&Kind::Whole),
            "The retrieval that brought it.",
        ),
        must("run", Kind::Maybe(&Kind::Whole), "Its run."),
    ],
};

#[derive(Serialize)]
struct ListDocument<'a> {
    messages: Vec<MessageDocument<'a>>,
    next: Option<String>,
}

#[derive(Serialize)]
struct MessageDocument<'a> {
    id: i64,
    folder: &'a str,
    uid: u32,
    uidl: &'a str,
    bytes: u64,
    sha256: String,
    received: String,
    date: Option<String>,
    from: &'a str,
    subject: &'a str,
    message_id: Option<&'a str>,
    attachment: bool,
    why: &'a str,
    retrieval: Option<i64>,
    run: Option<i64>,
}

impl<'a> From<&'a Message> for MessageDocument<'a> {
    fn from(message: &'a Message) -> Self {
        let summary = &message.summary;
        Self {
            id: message.id.row(),
            folder: &message.folder_name,
            uid: message.uid.number(),
            uidl: &message.uidl,
            bytes: message.size.count(),
            sha256: message.digest.to_string(),
            received: message.internal_date.to_string(),
            date: summary.date.map(|date| date.to_string()),
            from: &summary.from,
            subject: &summary.subject,
            message_id: summary.message_id.as_deref(),
            attachment: summary.has_attachment,
            why: &message.why,
            retrieval: message.retrieval.map(|retrieval| retrieval.row()),
            run: message.run.map(|run| run.row()),
        }
    }
}

/// Which page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    folder: Option<String>,
    limit: Option<u32>,
    before: Option<String>,
    q: Option<String>,
}

impl Wanted {
    /// Behind which message: `MILLISECONDS.MESSAGE`.
    fn place(&self) -> Result<Option<(Timestamp, MessageId)>, ApiProblem> {
        let Some(before) = &self.before else {
            return Ok(None);
        };
        let place = before.split_once('.').and_then(|(at, id)| {
            let at = Timestamp::from_millis(at.parse().ok()?);
            Some((at, MessageId::new(id.parse().ok()?)))
        });
        let what = "Send what the page before has in \"next\".";
        place
            .map(Some)
            .ok_or_else(|| ApiProblem::invalid("before", what))
    }
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, ApiProblem> {
    if wanted.q.is_some() {
        let what = "Mail cannot be searched here yet. Leave this out, and all messages are listed.";
        return Err(ApiProblem::invalid("q", what));
    }
    let name = wanted.folder.as_deref().unwrap_or("INBOX");
    let folders = app.store().folder_list(caller.id()).await?;
    let exact = folders.iter().find(|folder| folder.name == name);
    let alike = || {
        folders
            .iter()
            .find(|folder| folder.name.eq_ignore_ascii_case(name))
    };
    let Some(folder) = exact.or_else(alike) else {
        let names: Vec<_> = folders.iter().map(|folder| folder.name.as_str()).collect();
        let what = format!("You have these folders: {}.", names.join(", "));
        return Err(ApiProblem::invalid("folder", what));
    };
    let most = wanted.limit.unwrap_or(PAGE).clamp(1, MOST);
    let views = app.store().views();
    let mut messages = views
        .newest_messages(folder.id, wanted.place()?, most + 1)
        .await?;
    let has_more = messages.len() > most as usize;
    messages.truncate(most as usize);
    let last = messages.last().filter(|_| has_more);
    let document = ListDocument {
        next: last.map(|last| format!("{}.{}", last.internal_date.millis(), last.id)),
        messages: messages.iter().map(MessageDocument::from).collect(),
    };
    Ok(Document(document).into_response())
}

async fn show(
    State(app): State<App>,
    caller: ApiCaller,
    At(id): At<i64>,
) -> Result<Response, ApiProblem> {
    let message = own(&app, &caller, id).await?;
    Ok(Document(MessageDocument::from(&message)).into_response())
}

async fn raw(
    State(app): State<App>,
    caller: ApiCaller,
    At(id): At<i64>,
) -> Result<Response, ApiProblem> {
    let message = own(&app, &caller, id).await?;
    Ok(saved::whole(app.store(), &message).await?)
}

/// A message of their own.
async fn own(app: &App, caller: &ApiCaller, id: i64) -> Result<Message, ApiProblem> {
    match app.store().message_by_id(MessageId::new(id)).await {
        Ok(message) if message.account == caller.id() => Ok(message),
        Ok(_) => Err(ApiProblem::not_found()),
        Err(error) => Err(error.into()),
    }
}

/// Messages on a page.
const PAGE: u32 = 50;
const MOST: u32 = 500;
