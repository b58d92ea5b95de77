//! People's mail: folders, a list of messages, newest first, and the one that is open beside it.
//!
//! `place` says which list and where in it, `folders` what stands beside it, `acts` what people do with
//! messages; `message` opens one. Every page of it stays true while it is open (`news`).

mod acts;
mod folders;
mod large;
mod message;
mod news;
mod place;
mod search;

use std::collections::{HashMap, HashSet};

use askama::Template;
use axum::Router;
use axum::extract::{self, Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use inhaul_domain::standing::Standing;
use inhaul_store::{Flags, Folder, FolderName, Message, Shown, Usage};
use inhaul_types::{AccountId, FolderId, MessageId, RetrievalId, Timestamp};

use self::folders::{FolderRow, others, shown};
use self::message::{How, Opened};
use self::place::{Asked, Listing, Place, with};
use self::search::Search;
use super::manage::catch_all::{Banner, banner};
use super::not_now::{PutOff, Trouble};
use crate::app::App;
use crate::live;
use crate::look::size::share;
use crate::look::time::{When, ago, at, until};
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

/// A page of messages.
struct List {
    /// Of the folder, or what they have in common.
    name: String,
    /// Messages that nobody has read, in the folder.
    unread: u64,
    /// The folder, where it is one.
    folder: Option<Open>,
    filters: Vec<Filter>,
    rows: Vec<Row>,
    /// Messages in all, where that is known.
    count: Option<u64>,
    /// In front of this page.
    skip: u64,
    is_later_page: bool,
    /// The page before it, where that is not the newest.
    newer: Option<String>,
    older: Option<String>,
    /// Its newest page,
    newest: String,
    /// and its own address.
    here: String,
    /// Folders that its messages can be moved to.
    others: Vec<(i64, String)>,
    empty: Empty,
    search: Search,
}

/// The folder that is open.
struct Open {
    id: i64,
    /// The uid up to which its messages are known to whoever looks.
    upto: u32,
    unread: bool,
    is_trash: bool,
    /// It keeps its name, and stays.
    is_permanent: bool,
    name: String,
}

/// Which of a folder's messages are listed.
struct Filter {
    name: &'static str,
    address: String,
    is_open: bool,
}

/// What is said where no message is.
enum Empty {
    /// There are newer ones.
    NoOlder,
    NoRetrievals,
    NeverChecked(Option<When>),
    Inbox {
        last: When,
        next: Option<When>,
    },
    NoneUnread,
    NoneStarred,
    Trash,
    Folder,
    /// All folders can be searched, if one was.
    NotFound {
        everywhere: Option<String>,
    },
    /// The search is not understood, or went on for too long.
    NotSearched,
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

struct Row {
    id: i64,
    address: String,
    is_unread: bool,
    is_starred: bool,
    has_files: bool,
    is_open: bool,
    from: String,
    /// As the message has it, with the name.
    from_whole: String,
    subject: String,
    at: When,
    via: Option<String>,
    /// Its folder, in a list of several.
    folder: Option<String>,
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

impl List {
    async fn of(
        app: &App,
        account: AccountId,
        folders: &[Folder],
        place: &Place,
        states: &[State],
    ) -> Result<Self, Problem> {
        let now = app.now();
        let in_folder = |id: FolderId| folders.iter().find(|folder| folder.id == id);
        let folder = match &place.listing {
            Listing::Folder { id, .. } => in_folder(*id),
            Listing::Starred | Listing::Found { .. } => None,
        };
        let searched = match &place.listing {
            Listing::Found { folder, .. } => folder.and_then(in_folder),
            Listing::Folder { .. } | Listing::Starred => folder,
        };
        let (messages, behind, search) = match &place.listing {
            Listing::Found { words, .. } => {
                let found = search::find(app, account, words, searched, place).await?;
                (found.messages, found.behind, found.search)
            }
            Listing::Folder { .. } | Listing::Starred => {
                let (messages, behind) = page(app, account, place).await?;
                (messages, behind, Search::of(searched))
            }
        };
        let older = behind.map(|last| place.older(last, messages.len()));
        let names = names(app, &messages);
        let row = |message: &Message| {
            let via = message.retrieval.and_then(|id| names.get(&id).cloned());
            let is_elsewhere = searched.is_none() && message.folder_name != FolderName::INBOX;
            Row {
                id: message.id.row(),
                address: place.of_message(message.id),
                is_unread: !message.flags.has(Flags::SEEN),
                is_starred: message.flags.has(Flags::FLAGGED),
                has_files: message.summary.has_attachment,
                is_open: false,
                from: name_of(&message.summary.from).to_owned(),
                from_whole: message.summary.from.clone(),
                subject: message.summary.subject.clone(),
                at: at(message.internal_date, now),
                via,
                folder: is_elsewhere.then(|| shown(&message.folder_name).to_owned()),
            }
        };
        let name = match (&place.listing, folder) {
            (Listing::Found { .. }, _) => "Search",
            (_, Some(folder)) => shown(&folder.name),
            (_, None) => "Starred",
        };
        Ok(Self {
            name: name.to_owned(),
            unread: folder.map_or(0, |folder| folder.unseen),
            folder: folder.map(Open::of),
            filters: filters(&place.listing),
            rows: messages.iter().map(row).collect(),
            count: match (&place.listing, folder) {
                (Listing::Folder { shown, .. }, Some(folder)) => match shown {
                    Shown::All => Some(folder.messages),
                    Shown::Unseen => Some(folder.unseen),
                    Shown::Flagged => None,
                },
                _ => None,
            },
            skip: place.skip,
            is_later_page: place.before.is_some(),
            newer: newer(app, place).await?.map(|newer| newer.address()),
            older: older.map(|older| older.address()),
            newest: place.listing.address(),
            here: place.address(),
            others: others(folders, folder.map(|folder| folder.id)),
            empty: match &search.error {
                Some(_) => Empty::NotSearched,
                None => Empty::of(place, folder, states, now),
            },
            search,
        })
    }

    /// `1-50 of 1,204`, as far as it is known.
    fn range(&self) -> String {
        use crate::look::{many, number};
        let last = self.skip + self.rows.len() as u64;
        match self.count {
            // Somebody made the address up, or mail went meanwhile.
            Some(count) if last > count => many(count, "message"),
            Some(count) => {
                let (first, last) = (number(self.skip + 1), number(last));
                format!("{first}\u{2013}{last} of {}", number(count))
            }
            None => String::new(),
        }
    }
}

/// `1.3 of 5.0 GB`, or what is held where nothing bounds it.
fn used(usage: Usage) -> String {
    match usage.quota {
        Some(quota) => share(usage.octets, quota),
        None => size(usage.octets),
    }
}

/// What fits on the page, and where the next one begins.
async fn page(
    app: &App,
    account: AccountId,
    place: &Place,
) -> Result<(Vec<Message>, Option<(Timestamp, MessageId)>), Problem> {
    let (mail, most) = (app.store().mail(), PAGE + 1);
    let mut messages = match &place.listing {
        Listing::Folder { id, shown, .. } => {
            mail.newest_shown(*id, *shown, place.before, most).await?
        }
        Listing::Starred | Listing::Found { .. } => {
            mail.newest_starred(account, place.before, most).await?
        }
    };
    let has_older = messages.len() > PAGE as usize;
    messages.truncate(PAGE as usize);
    let last = messages.last().filter(|_| has_older);
    let behind = last.map(|last| (last.internal_date, last.id));
    Ok((messages, behind))
}

/// The page before this one, unless that is the newest or nobody knows where it is.
async fn newer(app: &App, place: &Place) -> Result<Option<Place>, Problem> {
    let Listing::Folder { id, shown, .. } = place.listing else {
        return Ok(None);
    };
    let skip = place.skip.saturating_sub(u64::from(PAGE));
    let Some(last) = skip.checked_sub(1) else {
        return Ok(None);
    };
    let behind = app.store().mail().place_at(id, shown, last).await?;
    Ok(behind.map(|behind| place.newer(behind, skip)))
}

fn filters(listing: &Listing) -> Vec<Filter> {
    let Listing::Folder { path, shown, .. } = listing else {
        return Vec::new();
    };
    let all = [
        ("All", Shown::All, ""),
        ("Unread", Shown::Unseen, "show=unread"),
        ("Starred", Shown::Flagged, "show=starred"),
    ];
    all.into_iter()
        .map(|(name, one, said)| Filter {
            name,
            address: with(path, said),
            is_open: one == *shown,
        })
        .collect()
}

/// The retrievals that brought these messages, as far as they are still there.
fn names(app: &App, messages: &[Message]) -> HashMap<RetrievalId, String> {
    let brought: HashSet<RetrievalId> = messages.iter().filter_map(|one| one.retrieval).collect();
    let there = brought.into_iter().filter_map(|id| app.runs().state(id));
    there
        .map(|state| (state.row.id, state.row.name.clone()))
        .collect()
}

impl Open {
    fn of(folder: &Folder) -> Self {
        Self {
            id: folder.id.row(),
            upto: folder.uid_next.number().saturating_sub(1),
            unread: folder.unseen > 0,
            is_trash: folder.name == FolderName::TRASH,
            is_permanent: FolderName::is_permanent(&folder.name),
            name: folder.name.clone(),
        }
    }
}

impl Empty {
    fn of(place: &Place, folder: Option<&Folder>, states: &[State], now: Timestamp) -> Self {
        let shown = match place.listing {
            Listing::Folder { shown, .. } => shown,
            Listing::Starred => Shown::Flagged,
            Listing::Found { .. } => Shown::All,
        };
        if let (Listing::Found { words, folder }, None) = (&place.listing, place.before) {
            let everywhere = Listing::Found {
                words: words.clone(),
                folder: None,
            };
            let everywhere = folder.map(|_| everywhere.address());
            return Self::NotFound { everywhere };
        }
        let name = folder.map_or("", |folder| folder.name.as_str());
        let last = states.iter().filter_map(|state| state.row.last_good).max();
        let next = states.iter().filter_map(|state| state.next).min();
        let next = next.map(|next| until(next, now));
        match (shown, name) {
            _ if place.before.is_some() => Self::NoOlder,
            (Shown::Unseen, _) => Self::NoneUnread,
            (Shown::Flagged, _) => Self::NoneStarred,
            (Shown::All, FolderName::TRASH) => Self::Trash,
            (Shown::All, "INBOX") if states.is_empty() => Self::NoRetrievals,
            (Shown::All, "INBOX") => match last {
                Some(last) => Self::Inbox {
                    last: ago(last, now),
                    next,
                },
                None => Self::NeverChecked(next),
            },
            (Shown::All, _) => Self::Folder,
        }
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

/// The name before an address in angle brackets, without quotes; what has none stays as it is.
fn name_of(from: &str) -> &str {
    let name = from.split_once('<').map_or(from, |(name, _)| name);
    match name.trim().trim_matches('"').trim() {
        "" => from,
        name => name,
    }
}

/// Banners above the list, before it goes out of sight.
const BANNERS: usize = 2;

/// Messages on a page.
const PAGE: u32 = 50;

#[cfg(test)]
mod tests;
