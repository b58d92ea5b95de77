//! Mail: whoever asks sees their own, an administrator too.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::on;
use inhaul_domain::search::Query;
use inhaul_store::{FlagChange, Flags, Folder, Message, More, SearchFor, StoreError};
use inhaul_types::{MessageId, Timestamp};
use serde::{Deserialize, Serialize};

use super::caller::ApiCaller;
use super::document::Document;
use super::problem::ApiProblem;
use super::route::Verb::{Get, Patch};
use super::route::{Reply, Route};
use super::schema::{Kind, Schema, may, must};
use super::typed::{Asked, At, Sent, given};
use crate::app::App;
use crate::letter::saved;

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        Get,
        "/messages",
        "The messages of a folder of yours, or those that a search finds, the newest first.",
        Reply::Document(&LIST),
        |verb| on(verb, list),
    )
    .asking(&[
        may(
            "folder",
            Kind::Text,
            "Which folder, by name; `INBOX` by default, with `q` all.",
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
            "What to search for: words, and conditions such as `from:jana`, \
             `subject:\"board meeting\"`, `in:Archive`, `has:attachment`, `is:unread`, \
             `before:2026-03-01` and `larger:5M`; a `-` before one stands for not.",
        ),
    ]),
    Route::new(
        Patch,
        "/messages",
        "Marks messages of yours or moves them. Those that are not yours or not there are passed over.",
        Reply::Document(&CHANGED),
        |verb| on(verb, change),
    )
    .sent::<ChangeDocument>(&CHANGE, r#"{"ids":[12,13],"unread":false,"folder":"Archive"}"#),
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
        may(
            "searched_back_to",
            Kind::Time,
            "Only where a search took too long: it has come back to this moment, and `next` goes on.",
        ),
    ],
};

const CHANGE: Schema = Schema {
    name: "MessagesChange",
    about: "What is to be done with messages. What is absent stays as it is.",
    fields: &[
        must(
            "ids",
            Kind::List(&Kind::Whole),
            "Which messages, by their numbers; 500 at most.",
        ),
        may("unread", Kind::Flag, "Nobody has read them."),
        may("starred", Kind::Flag, "They have a star."),
        may(
            "folder",
            Kind::Text,
            "The folder of yours to put them into, by name.",
        ),
    ],
};

const CHANGED: Schema = Schema {
    name: "ChangedMessages",
    about: "Which messages are another than before.",
    fields: &[must(
        "changed",
        Kind::List(&Kind::Whole),
        "Their numbers; what was so already is not among them.",
    )],
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
        must("unread", Kind::Flag, "Nobody has read it."),
        must("starred", Kind::Flag, "It has a star."),
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
    #[serde(skip_serializing_if = "Option::is_none")]
    searched_back_to: Option<String>,
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
    unread: bool,
    starred: bool,
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
            unread: !message.flags.has(Flags::SEEN),
            starred: message.flags.has(Flags::FLAGGED),
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

/// What is to be done with messages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeDocument {
    ids: Vec<i64>,
    #[serde(default, deserialize_with = "given")]
    unread: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    starred: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    folder: Option<String>,
}

#[derive(Serialize)]
struct ChangedDocument {
    changed: Vec<i64>,
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, ApiProblem> {
    let before = wanted.place()?;
    let most = wanted.limit.unwrap_or(PAGE).clamp(1, MOST);
    let folders = app.store().folder_list(caller.id()).await?;
    if let Some(typed) = &wanted.q {
        let folder = wanted.folder.as_deref();
        let folder = folder.map(|name| named(&folders, name)).transpose()?;
        let wanted = SearchFor {
            query: Query::parse(typed).map_err(|bad| ApiProblem::invalid("q", bad.to_string()))?,
            folder: folder.map(|folder| folder.id),
            before,
            most,
            patience: PATIENCE,
        };
        return found(&app, &caller, wanted, &folders).await;
    }
    let folder = named(&folders, wanted.folder.as_deref().unwrap_or("INBOX"))?;
    let views = app.store().views();
    let mut messages = views.newest_messages(folder.id, before, most + 1).await?;
    let has_more = messages.len() > most as usize;
    messages.truncate(most as usize);
    let last = messages.last().filter(|_| has_more);
    let document = ListDocument {
        next: last.map(|last| next(last.internal_date, last.id)),
        messages: messages.iter().map(MessageDocument::from).collect(),
        searched_back_to: None,
    };
    Ok(Document(document).into_response())
}

/// What a search finds.
async fn found(
    app: &App,
    caller: &ApiCaller,
    wanted: SearchFor,
    folders: &[Folder],
) -> Result<Response, ApiProblem> {
    let page = match app.store().search().find(caller.id(), wanted).await {
        Err(StoreError::Missing {
            what: "folder",
            name,
        }) => return Err(no_folder(folders, &name).at("q")),
        page => page?,
    };
    let last = page.messages.last();
    let (next, searched_back_to) = match page.more {
        More::End => (None, None),
        More::Page => (last.map(|last| next(last.internal_date, last.id)), None),
        More::Unfinished(at, id) => (Some(next(at, id)), Some(at.to_string())),
    };
    let document = ListDocument {
        next,
        messages: page.messages.iter().map(MessageDocument::from).collect(),
        searched_back_to,
    };
    Ok(Document(document).into_response())
}

/// What goes on behind this place.
fn next(at: Timestamp, id: MessageId) -> String {
    format!("{}.{id}", at.millis())
}

/// A folder of theirs, whatever the case of its name.
fn named<'f>(folders: &'f [Folder], name: &str) -> Result<&'f Folder, ApiProblem> {
    let exact = folders.iter().find(|folder| folder.name == name);
    let alike = || {
        folders
            .iter()
            .find(|folder| folder.name.eq_ignore_ascii_case(name))
    };
    exact.or_else(alike).ok_or_else(|| no_folder(folders, name))
}

fn no_folder(folders: &[Folder], name: &str) -> ApiProblem {
    let names: Vec<_> = folders.iter().map(|folder| folder.name.as_str()).collect();
    let what = format!(
        "There is no folder {name:?}. You have these folders: {}.",
        names.join(", ")
    );
    ApiProblem::invalid("folder", what)
}

async fn change(
    State(app): State<App>,
    caller: ApiCaller,
    Sent(sent): Sent<ChangeDocument>,
) -> Result<Response, ApiProblem> {
    if sent.ids.len() > MOST as usize {
        let what = format!("These are more than {MOST} messages.");
        return Err(ApiProblem::invalid("ids", what));
    }
    let ids: Vec<_> = sent.ids.iter().map(|id| MessageId::new(*id)).collect();
    // Before anything is done.
    let to = match &sent.folder {
        Some(name) => {
            let folders = app.store().folder_list(caller.id()).await?;
            Some(named(&folders, name)?.id)
        }
        None => None,
    };
    let mut marks = FlagChange::default();
    for (mark, set) in [
        (Flags::SEEN, sent.unread.map(|unread| !unread)),
        (Flags::FLAGGED, sent.starred),
    ] {
        match set {
            Some(true) => marks.set |= mark,
            Some(false) => marks.clear |= mark,
            None => {}
        }
    }
    let mail = app.store().mail();
    let mut acted_on = Vec::new();
    if marks != FlagChange::default() {
        acted_on.extend(mail.mark(caller.id(), &ids, marks).await?);
    }
    if let Some(to) = to {
        acted_on.extend(mail.move_to(caller.id(), &ids, to).await?);
    }
    let mut changed: Vec<_> = acted_on.iter().map(|one| one.message.row()).collect();
    changed.sort_unstable();
    changed.dedup();
    Ok(Document(ChangedDocument { changed }).into_response())
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
/// What a search may take; then it says how far it has come.
const PATIENCE: Duration = Duration::from_secs(2);
