//! Searches for messages, with the words of UX 2.6.

use std::time::Duration;

use inhaul_domain::search::{Explained, Query, WORDS};
use inhaul_store::{Folder, Message, More, SearchFor, StoreError};
use inhaul_types::{AccountId, MessageId, Timestamp};

use super::folders::shown;
use super::list::PAGE;
use super::place::Place;
use crate::app::App;
use crate::look::time::{When, moment};
use crate::response::Problem;

/// The field above a list, and what came of it.
#[derive(Default)]
pub(super) struct Search {
    /// What was typed.
    pub(super) words: String,
    /// The folder that is searched: its number and its name. None is all.
    pub(super) folder: Option<(i64, String)>,
    /// Why it is not understood.
    pub(super) error: Option<String>,
    /// It was ended: back to here it was looked through.
    pub(super) unfinished: Option<When>,
    /// All that can be typed.
    pub(super) explained: &'static [Explained],
}

/// A page of what a search found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) messages: Vec<Message>,
    /// Where it goes on.
    pub(super) behind: Option<(Timestamp, MessageId)>,
    pub(super) search: Search,
}

impl Search {
    /// Of nothing yet.
    pub(super) fn of(folder: Option<&Folder>) -> Self {
        Self {
            folder: folder.map(|folder| (folder.id.row(), shown(&folder.name).to_owned())),
            explained: WORDS,
            ..Self::default()
        }
    }
}

/// Looks for messages.
pub(super) async fn find(
    app: &App,
    account: AccountId,
    words: &str,
    folder: Option<&Folder>,
    place: &Place,
) -> Result<Found, Problem> {
    let mut found = Found {
        search: Search::of(folder),
        ..Found::default()
    };
    words.clone_into(&mut found.search.words);
    let query = match Query::parse(words) {
        Ok(query) => query,
        Err(bad) => {
            found.search.error = Some(bad.to_string());
            return Ok(found);
        }
    };
    let wanted = SearchFor {
        query,
        folder: folder.map(|folder| folder.id),
        before: place.before,
        most: PAGE,
        patience: PATIENCE,
    };
    let page = match app.store().search().find(account, wanted).await {
        Ok(page) => page,
        Err(StoreError::Missing { what, name }) => {
            found.search.error = Some(format!("You have no {what} {name}."));
            return Ok(found);
        }
        Err(error) => return Err(error.into()),
    };
    let last = page.messages.last();
    found.behind = match page.more {
        More::End => None,
        More::Page => last.map(|last| (last.internal_date, last.id)),
        More::Unfinished(at, id) => {
            found.search.unfinished = Some(moment(at, app.now()));
            Some((at, id))
        }
    };
    found.messages = page.messages;
    Ok(found)
}

/// Whoever waits longer would rather see what there is.
const PATIENCE: Duration = Duration::from_secs(2);
