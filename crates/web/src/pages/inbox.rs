//! The inbox: what came, newest first, and which mailbox brought it.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use inhaul_store::{Folder, Message};
use inhaul_types::{FolderId, MessageId, RetrievalId, Timestamp};
use serde::Deserialize;

use super::manage::catch_all::{Banner, banner};
use crate::app::App;
use crate::live;
use crate::request::{ByItself, Person};
use crate::response::{Page, Problem, Shell};

/// Behind which message the page begins.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Behind {
    /// `MILLISECONDS.MESSAGE`.
    #[serde(default)]
    before: String,
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct Inbox {
    shell: Shell,
    title: String,
    folders: Vec<FolderRow>,
    /// Mail of a catch-all that had no rule.
    unclaimed: Option<Banner>,
    folder: String,
    rows: Vec<Row>,
    older: Option<String>,
    has_retrievals: bool,
    next_check: Option<String>,
}

struct FolderRow {
    id: i64,
    name: String,
    is_open: bool,
    messages: u64,
}

struct Row {
    from: String,
    subject: String,
    at: Timestamp,
    via: Option<String>,
}

/// Messages on a page.
const PAGE: u32 = 50;

/// The INBOX.
pub(crate) async fn inbox(
    State(app): State<App>,
    person: Person,
    by_itself: ByItself,
    Query(behind): Query<Behind>,
) -> Result<Response, Problem> {
    let folders = app.store().folder_list(person.id()).await?;
    let inbox = folders.first().map(|folder| folder.id);
    let inbox = inbox.ok_or_else(|| Problem::internal("an account without an INBOX"))?;
    if by_itself == ByItself::No && behind.before.is_empty() {
        live::folder_opened(&app, &person, inbox);
    }
    show(&app, person, folders, inbox, &behind).await
}

/// Another folder.
pub(crate) async fn folder(
    State(app): State<App>,
    person: Person,
    Path(id): Path<i64>,
    Query(behind): Query<Behind>,
) -> Result<Response, Problem> {
    let folders = app.store().folder_list(person.id()).await?;
    show(&app, person, folders, FolderId::new(id), &behind).await
}

async fn show(
    app: &App,
    person: Person,
    folders: Vec<Folder>,
    id: FolderId,
    behind: &Behind,
) -> Result<Response, Problem> {
    // Somebody else's folder is not among them.
    let Some(folder) = folders.iter().find(|folder| folder.id == id) else {
        return Err(Problem::not_found(&person.shell));
    };
    let unclaimed = banner(app, &person.account, id).await?;
    let views = app.store().views();
    let mut messages = views.newest_messages(id, behind.place(), PAGE + 1).await?;
    let has_older = messages.len() > PAGE as usize;
    messages.truncate(PAGE as usize);
    let older = messages.last().filter(|_| has_older);
    let older = older.map(|last| format!("{}.{}", last.internal_date.millis(), last.id.row()));
    let states = app.runs().states();
    let theirs = states
        .iter()
        .filter(|state| state.row.account == person.id());
    let next = theirs.clone().filter_map(|state| state.next).min();
    let has_retrievals = theirs.count() > 0;
    let names: HashMap<RetrievalId, &str> = states
        .iter()
        .map(|state| (state.row.id, state.row.name.as_str()))
        .collect();
    let row = |message: &Message| Row {
        from: message.summary.from.clone(),
        subject: message.summary.subject.clone(),
        at: message.internal_date,
        via: message
            .retrieval
            .and_then(|id| names.get(&id).map(ToString::to_string)),
    };
    let page = Inbox {
        title: shown(&folder.name).to_owned(),
        folder: shown(&folder.name).to_owned(),
        rows: messages.iter().map(row).collect(),
        older,
        has_retrievals,
        next_check: next.map(|next| inhaul_domain::spans::to_wait(next.since(app.now()))),
        folders: folders.iter().map(|one| FolderRow::of(one, id)).collect(),
        shell: person.shell,
        unclaimed,
    };
    Ok(Page::new(page).into_response())
}

impl Behind {
    fn place(&self) -> Option<(Timestamp, MessageId)> {
        let (at, id) = self.before.split_once('.')?;
        let at = Timestamp::from_millis(at.parse().ok()?);
        Some((at, MessageId::new(id.parse().ok()?)))
    }
}

impl FolderRow {
    fn of(folder: &Folder, open: FolderId) -> Self {
        Self {
            id: folder.id.row(),
            name: shown(&folder.name).to_owned(),
            is_open: folder.id == open,
            messages: folder.messages,
        }
    }
}

/// The name a person reads.
fn shown(name: &str) -> &str {
    match name {
        "INBOX" => "Inbox",
        name => name,
    }
}
