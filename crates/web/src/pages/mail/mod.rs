//! The inbox: what came, newest first, and which mailbox brought it.

use std::collections::{HashMap, HashSet};

use askama::Template;
use axum::extract::{self, Path, Query};
use axum::response::{IntoResponse as _, Response};
use inhaul_domain::standing::Standing;
use inhaul_store::{Flags, Folder, Message};
use inhaul_types::{FolderId, MessageId, RetrievalId, Timestamp};
use serde::Deserialize;

use super::acts::shown;
use super::manage::catch_all::{Banner, banner};
use super::message::{self, Opened, View};
use super::not_now::{PutOff, Trouble};
use crate::app::App;
use crate::letter::Pictures;
use crate::live;
use crate::look::time::{When, ago, at, until};
use crate::look::{Sentence, sentence};
use crate::request::{ByItself, Person};
use crate::response::{Page, Problem, Shell};
use crate::runs::State;

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
    /// Messages in it.
    count: u64,
    rows: Vec<Row>,
    /// Where the page begins.
    before: String,
    /// Newer messages than these are on another page.
    is_later_page: bool,
    older: Option<String>,
    checks: Checks,
    /// What was done a moment ago and can be undone.
    done: Option<String>,
    /// The message that is open beside the list.
    open: Option<Opened>,
    needing: Vec<Needing>,
    /// So many more of them than are shown.
    more_needing: usize,
    /// Its own address.
    here: String,
}

/// What an empty folder says about checks.
struct Checks {
    has_retrievals: bool,
    /// A good one.
    last: Option<When>,
    next: Option<When>,
}

/// A retrieval that brings nothing until its owner does something.
struct Needing {
    id: i64,
    what: String,
    since: Option<When>,
    /// What it met, in a sentence.
    why: Sentence,
    /// What "Not now" puts off.
    trouble: Trouble,
}

struct FolderRow {
    id: i64,
    name: String,
    is_open: bool,
    is_inbox: bool,
    unseen: u64,
}

struct Row {
    id: i64,
    is_unread: bool,
    is_starred: bool,
    has_files: bool,
    is_open: bool,
    from: String,
    /// As the message has it, with the name.
    address: String,
    subject: String,
    at: When,
    via: Option<String>,
}

/// Banners above the list, before it goes out of sight.
const BANNERS: usize = 2;

/// Messages on a page.
const PAGE: u32 = 50;

/// The INBOX.
pub(crate) async fn inbox(
    extract::State(app): extract::State<App>,
    person: Person,
    by_itself: ByItself,
    Query(behind): Query<Behind>,
    put_off: PutOff,
) -> Result<Response, Problem> {
    let folders = app.store().folder_list(person.id()).await?;
    let inbox = folders.first().map(|folder| folder.id);
    let inbox = inbox.ok_or_else(|| Problem::internal("an account without an INBOX"))?;
    if by_itself == ByItself::No && behind.before.is_empty() {
        live::folder_opened(&app, &person, inbox);
    }
    show(&app, person, folders, inbox, &behind, &put_off, None).await
}

/// How a message is opened.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct HowOpened {
    #[serde(default)]
    view: View,
    /// `shown`: those from elsewhere, too.
    #[serde(default)]
    pictures: String,
}

/// A message beside its folder.
pub(crate) async fn message(
    extract::State(app): extract::State<App>,
    person: Person,
    Path(id): Path<i64>,
    Query(behind): Query<Behind>,
    Query(how): Query<HowOpened>,
    put_off: PutOff,
) -> Result<Response, Problem> {
    let message = message::own(&app, &person, id).await?;
    let pictures = match how.pictures.as_str() {
        "shown" => Pictures::Shown,
        _ => Pictures::Hidden,
    };
    let folders = app.store().folder_list(person.id()).await?;
    let mut open = message::open(&app, &person, &message, how.view, pictures).await?;
    open.is_among(&folders, &message, &behind.before);
    let (folder, open) = (message.folder, Some((message, open)));
    show(&app, person, folders, folder, &behind, &put_off, open).await
}

/// Another folder.
pub(crate) async fn folder(
    extract::State(app): extract::State<App>,
    person: Person,
    Path(id): Path<i64>,
    Query(behind): Query<Behind>,
    put_off: PutOff,
) -> Result<Response, Problem> {
    let folders = app.store().folder_list(person.id()).await?;
    let id = FolderId::new(id);
    show(&app, person, folders, id, &behind, &put_off, None).await
}

async fn show(
    app: &App,
    person: Person,
    folders: Vec<Folder>,
    id: FolderId,
    behind: &Behind,
    put_off: &PutOff,
    open: Option<(Message, Opened)>,
) -> Result<Response, Problem> {
    // Somebody else's folder is not among them.
    let Some(folder) = folders.iter().find(|folder| folder.id == id) else {
        return Err(Problem::not_found(&person.shell));
    };
    let unclaimed = banner(app, &person.account, folder).await?;
    let views = app.store().views();
    let mut messages = views.newest_messages(id, behind.place(), PAGE + 1).await?;
    let has_older = messages.len() > PAGE as usize;
    messages.truncate(PAGE as usize);
    let older = messages.last().filter(|_| has_older);
    let older = older.map(|last| format!("{}.{}", last.internal_date.millis(), last.id.row()));
    let now = app.now();
    let states = app.runs().states_where(&|row| row.account == person.id());
    let theirs = || states.iter();
    let names = names(app, &messages);
    let open_id = open.as_ref().map(|(message, _)| message.id);
    let row = |message: &Message| Row {
        id: message.id.row(),
        is_unread: !message.flags.has(Flags::SEEN),
        is_starred: message.flags.has(Flags::FLAGGED),
        has_files: message.summary.has_attachment,
        is_open: Some(message.id) == open_id,
        from: name_of(&message.summary.from).to_owned(),
        address: message.summary.from.clone(),
        subject: message.summary.subject.clone(),
        at: at(message.internal_date, now),
        via: message.retrieval.and_then(|id| names.get(&id).cloned()),
    };
    let mut needing: Vec<Needing> = theirs()
        .filter(|state| state.standing(now) == Standing::NeedsYou)
        .map(|state| Needing::of(state, now))
        .filter(|one| !put_off.contains(&one.trouble))
        .collect();
    let more_needing = needing.len().saturating_sub(BANNERS);
    needing.truncate(BANNERS);
    let page = Inbox {
        title: match &open {
            Some((message, _)) if !message.summary.subject.is_empty() => {
                message.summary.subject.clone()
            }
            Some(_) => "No subject".to_owned(),
            None => shown(&folder.name).to_owned(),
        },
        folder: shown(&folder.name).to_owned(),
        count: folder.messages,
        before: behind.before.clone(),
        rows: messages.iter().map(row).collect(),
        is_later_page: behind.place().is_some(),
        older,
        checks: Checks {
            has_retrievals: theirs().next().is_some(),
            last: theirs()
                .filter_map(|state| state.row.last_good)
                .max()
                .map(|last| ago(last, now)),
            next: theirs()
                .filter_map(|state| state.next)
                .min()
                .map(|next| until(next, now)),
        },
        done: app.undoing().words(person.session, now),
        open: open.map(|(_, open)| open),
        needing,
        more_needing,
        here: match folder.name.as_str() {
            "INBOX" => "/".to_owned(),
            _ => format!("/folder/{id}"),
        },
        folders: folders.iter().map(|one| FolderRow::of(one, id)).collect(),
        shell: person.shell,
        unclaimed,
    };
    Ok(Page::new(page).into_response())
}

/// The retrievals that brought these messages, as far as they are still there.
fn names(app: &App, messages: &[Message]) -> HashMap<RetrievalId, String> {
    let brought: HashSet<RetrievalId> = messages.iter().filter_map(|one| one.retrieval).collect();
    let there = brought.into_iter().filter_map(|id| app.runs().state(id));
    there
        .map(|state| (state.row.id, state.row.name.clone()))
        .collect()
}

impl Behind {
    fn place(&self) -> Option<(Timestamp, MessageId)> {
        let (at, id) = self.before.split_once('.')?;
        let at = Timestamp::from_millis(at.parse().ok()?);
        Some((at, MessageId::new(id.parse().ok()?)))
    }
}

impl Needing {
    fn of(state: &State, now: Timestamp) -> Self {
        let row = &state.row;
        Self {
            id: row.id.row(),
            what: row.remote.user.clone(),
            since: row
                .last_good
                .or(row.failing_since)
                .map(|since| at(since, now)),
            why: match row.card(&[]) {
                Some(card) => sentence(&format!("{}.", card.title), [], now),
                None => sentence(&state.sentence(now), state.moments(), now),
            },
            trouble: Trouble::of(row),
        }
    }
}

impl FolderRow {
    fn of(folder: &Folder, open: FolderId) -> Self {
        Self {
            id: folder.id.row(),
            name: shown(&folder.name).to_owned(),
            is_open: folder.id == open,
            is_inbox: folder.name == "INBOX",
            unseen: folder.unseen,
        }
    }
}

/// The name before an address in angle brackets, without quotes; what has none stays as it is.
fn name_of(from: &str) -> &str {
    let name = from.split_once('<').map_or(from, |(name, _)| name);
    match name.trim().trim_matches('"').trim() {
        "" => from,
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_shows_the_senders_name_or_else_the_address() {
        for (from, shown) in [
            ("Jana Novak <jana@work.example>", "Jana Novak"),
            ("\"Novak, Jana\" <jana@work.example>", "Novak, Jana"),
            ("<jana@work.example>", "<jana@work.example>"),
            ("jana@work.example", "jana@work.example"),
            ("\"\" <a@b.example>", "\"\" <a@b.example>"),
            ("", ""),
        ] {
            assert_eq!(name_of(from), shown);
        }
    }
}
