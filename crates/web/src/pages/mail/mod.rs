//! People's mail: folders, a list of messages, newest first, and the one that is open beside it.
//!
//! `place` says which list and where in it, `list` reads a page of it, `folders` what stands beside it,
//! `acts` what people do with messages; `message` opens one. Every page of it stays true while it is open (`news`).

mod acts;
mod folders;
mod large;
mod list;
mod message;
mod news;
mod place;
mod search;

use askama::Template;
use axum::Router;
use axum::extract::{self, Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use inhaul_domain::standing::Standing;
use inhaul_store::{Folder, Message, Usage};
use inhaul_types::{FolderId, Timestamp};

use self::folders::{FolderRow, others};
use self::list::{Empty, List};
use self::message::{How, Opened};
use self::place::{Asked, Listing, Place};
use super::manage::catch_all::{Banner, banner};
use super::not_now::{PutOff, Trouble};
use crate::app::App;
use crate::live;
use crate::look::size::share;
use crate::look::time::{When, at};
use crate::look::{Sentence, sentence, size};
use crate::request::{ByItself, Person};
use crate::response::{Page, Problem, Shell, see_other};
use crate::runs::State;

pub(crate) use self::acts::Undoing;

/// `/` and everything about messages.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(inbox))
        .route("/starred", get(starred))
        .route("/search", get(search))
        .route("/folder/{id}", get(folder))
        .route("/message/{id}", get(message))
        .route("/mail/act", post(acts::act))
        .route("/mail/undo", post(acts::undo))
        .route("/mail/large", get(large::page))
        .route("/mail/folder", post(folders::create))
        .route("/mail/folder/{id}", post(folders::change))
        .route("/mail/state", get(news::state))
        .route("/mail/events", get(news::events))
        .route("/message/{id}/seen", post(message::seen))
        .route("/message/{id}/trust", post(message::trust))
        .route("/m/{id}/body", get(message::body))
        .route("/m/{id}/part/{number}", get(message::part))
        .route("/m/{id}/raw", get(message::raw))
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Mail {
    shell: Shell,
    title: String,
    folders: Vec<FolderRow>,
    /// Mail of a catch-all that had no rule.
    unclaimed: Option<Banner>,
    list: List,
    /// What was done a moment ago and can be undone.
    done: Option<String>,
    /// The message that is open beside the list.
    open: Option<Opened>,
    needing: Vec<Needing>,
    /// So many more of them than are shown.
    more_needing: usize,
    /// Changes when mail comes or goes.
    state: String,
    /// What they hold, and may hold.
    used: String,
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

/// The INBOX.
async fn inbox(
    extract::State(app): extract::State<App>,
    person: Person,
    by_itself: ByItself,
    Query(asked): Query<Asked>,
    put_off: PutOff,
) -> Result<Response, Problem> {
    let folders = app.store().folder_list(person.id()).await?;
    let inbox = folders
        .first()
        .ok_or_else(|| Problem::internal("an account without an INBOX"))?;
    let place = asked.of_folder(inbox);
    if by_itself == ByItself::No && place.before.is_none() {
        live::folder_opened(&app, &person, inbox.id);
    }
    show(&app, person, &folders, &place, &put_off, None).await
}

/// Another folder.
async fn folder(
    extract::State(app): extract::State<App>,
    person: Person,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
    put_off: PutOff,
) -> Result<Response, Problem> {
    let folders = app.store().folder_list(person.id()).await?;
    let folder = of(&folders, FolderId::new(id), &person)?;
    let place = asked.of_folder(folder);
    show(&app, person, &folders, &place, &put_off, None).await
}

/// What has a star, wherever it is.
async fn starred(
    extract::State(app): extract::State<App>,
    person: Person,
    Query(asked): Query<Asked>,
    put_off: PutOff,
) -> Result<Response, Problem> {
    let folders = app.store().folder_list(person.id()).await?;
    show(&app, person, &folders, &asked.of_starred(), &put_off, None).await
}

/// What is found.
async fn search(
    extract::State(app): extract::State<App>,
    person: Person,
    Query(asked): Query<Asked>,
    put_off: PutOff,
) -> Result<Response, Problem> {
    let folders = app.store().folder_list(person.id()).await?;
    match asked.of_found() {
        Some(place) => show(&app, person, &folders, &place, &put_off, None).await,
        None => Ok(see_other("/")),
    }
}

/// A message beside its list.
async fn message(
    extract::State(app): extract::State<App>,
    person: Person,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
    Query(how): Query<How>,
    put_off: PutOff,
) -> Result<Response, Problem> {
    let message = message::own(&app, &person, id).await?;
    let folders = app.store().folder_list(person.id()).await?;
    let place = asked.beside(of(&folders, message.folder, &person)?);
    let mut open = message::open(&app, &person, &message, &how).await?;
    open.is_beside(&place, others(&folders, Some(message.folder)));
    show(
        &app,
        person,
        &folders,
        &place,
        &put_off,
        Some((message, open)),
    )
    .await
}

/// Somebody else's folder is not among them.
fn of<'a>(folders: &'a [Folder], id: FolderId, person: &Person) -> Result<&'a Folder, Problem> {
    let found = folders.iter().find(|folder| folder.id == id);
    found.ok_or_else(|| Problem::not_found(&person.shell))
}

async fn show(
    app: &App,
    person: Person,
    folders: &[Folder],
    place: &Place,
    put_off: &PutOff,
    open: Option<(Message, Opened)>,
) -> Result<Response, Problem> {
    let now = app.now();
    let folder = match &place.listing {
        Listing::Folder { id, .. } => Some(of(folders, *id, &person)?),
        Listing::Starred | Listing::Found { .. } => None,
    };
    let unclaimed = match folder {
        Some(folder) => banner(app, &person.account, folder).await?,
        None => None,
    };
    let states = app.runs().states_where(&|row| row.account == person.id());
    let open_id = open.as_ref().map(|(message, _)| message.id.row());
    let mut list = List::of(app, person.id(), folders, place, &states).await?;
    for row in &mut list.rows {
        row.is_open = Some(row.id) == open_id;
    }
    let mut needing: Vec<Needing> = states
        .iter()
        .filter(|state| state.standing(now) == Standing::NeedsYou)
        .map(|state| Needing::of(state, now))
        .filter(|one| !put_off.contains(&one.trouble))
        .collect();
    let more_needing = needing.len().saturating_sub(BANNERS);
    needing.truncate(BANNERS);
    let page = Mail {
        title: match &open {
            Some((message, _)) if !message.summary.subject.is_empty() => {
                message.summary.subject.clone()
            }
            Some(_) => "No subject".to_owned(),
            None if list.unread > 0 => format!("({}) {}", list.unread, list.name),
            None => list.name.clone(),
        },
        folders: folders::rows(folders, place),
        done: app.undoing().words(person.session, now),
        state: news::state_of(folders),
        used: used(app.store().mail().usage(person.id()).await?),
        open: open.map(|(_, open)| open),
        shell: person.shell,
        unclaimed,
        list,
        needing,
        more_needing,
    };
    let status = match page.list.search.error {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    Ok(Page::new(page).with_status(status).into_response())
}

/// `1.3 of 5.0 GB`, or what is held where nothing bounds it.
fn used(usage: Usage) -> String {
    match usage.quota {
        Some(quota) => share(usage.octets, quota),
        None => size(usage.octets),
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

/// Banners above the list, before it goes out of sight.
const BANNERS: usize = 2;

#[cfg(test)]
mod tests;
