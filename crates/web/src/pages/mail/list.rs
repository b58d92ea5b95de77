//! A page of messages: its rows, where it goes on, and what is said where there are none.

use std::collections::{HashMap, HashSet};

use inhaul_store::{Flags, Folder, FolderName, Message, Shown};
use inhaul_types::{AccountId, FolderId, MessageId, RetrievalId, Timestamp};

use super::folders::{others, shown};
use super::place::{Listing, Place, with};
use super::search::{self, Search};
use crate::app::App;
use crate::look::time::{When, ago, at, until};
use crate::look::{many, number};
use crate::response::Problem;
use crate::runs::State;

/// A page of messages.
pub(super) struct List {
    /// Of the folder, or what they have in common.
    pub(super) name: String,
    /// Messages that nobody has read, in the folder.
    pub(super) unread: u64,
    /// The folder, where it is one.
    pub(super) folder: Option<Open>,
    pub(super) filters: Vec<Filter>,
    pub(super) rows: Vec<Row>,
    /// Messages in all, where that is known.
    pub(super) count: Option<u64>,
    /// In front of this page.
    pub(super) skip: u64,
    pub(super) is_later_page: bool,
    /// The page before it, where that is not the newest.
    pub(super) newer: Option<String>,
    pub(super) older: Option<String>,
    /// Its newest page,
    pub(super) newest: String,
    /// and its own address.
    pub(super) here: String,
    /// Folders that its messages can be moved to.
    pub(super) others: Vec<(i64, String)>,
    pub(super) empty: Empty,
    pub(super) search: Search,
}

/// The folder that is open.
pub(super) struct Open {
    pub(super) id: i64,
    /// The uid up to which its messages are known to whoever looks.
    pub(super) upto: u32,
    pub(super) unread: bool,
    pub(super) is_trash: bool,
    /// It keeps its name, and stays.
    pub(super) is_permanent: bool,
    pub(super) name: String,
}

/// Which of a folder's messages are listed.
pub(super) struct Filter {
    pub(super) name: &'static str,
    pub(super) address: String,
    pub(super) is_open: bool,
}

/// What is said where no message is.
pub(super) enum Empty {
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

pub(super) struct Row {
    pub(super) id: i64,
    pub(super) address: String,
    pub(super) is_unread: bool,
    pub(super) is_starred: bool,
    pub(super) has_files: bool,
    pub(super) is_open: bool,
    pub(super) from: String,
    /// As the message has it, with the name.
    pub(super) from_whole: String,
    pub(super) subject: String,
    pub(super) at: When,
    pub(super) via: Option<String>,
    /// Its folder, in a list of several.
    pub(super) folder: Option<String>,
}

impl List {
    pub(super) async fn of(
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
    pub(super) fn range(&self) -> String {
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

/// The name before an address in angle brackets, without quotes; what has none stays as it is.
pub(super) fn name_of(from: &str) -> &str {
    let name = from.split_once('<').map_or(from, |(name, _)| name);
    match name.trim().trim_matches('"').trim() {
        "" => from,
        name => name,
    }
}

/// Messages on a page.
pub(super) const PAGE: u32 = 50;
