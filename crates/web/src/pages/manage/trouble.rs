//! What needs somebody: retrievals that fail, those of one server together.

use std::collections::HashMap;

use inhaul_domain::standing::Standing;
use inhaul_types::{ErrorCode, Timestamp};
use serde_urlencoded::to_string;

use crate::look::time::{When, at};
use crate::runs::State;

/// A line of what needs somebody.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    /// How it stands.
    pub(super) standing: Standing,
    /// The retrieval's name, or the server's.
    pub(super) name: String,
    /// Whose mail it is: an account's name, or how many retrievals.
    pub(super) who: String,
    /// What is wrong, in words.
    pub(super) what: String,
    /// Since when.
    pub(super) since: Option<Timestamp>,
    /// Tries in vain.
    pub(super) tries: u32,
    /// Where more is said.
    pub(super) href: String,
}

impl Trouble {
    /// How often it was tried in vain, for a row; empty where that is not counted.
    pub(super) fn tries_words(&self) -> String {
        match self.tries {
            0 => String::new(),
            1 => "1 try".to_owned(),
            more => format!("{more} tries"),
        }
    }

    /// Since when, for a row.
    pub(super) fn when(&self, now: &Timestamp) -> Option<When> {
        self.since.map(|since| at(since, *now))
    }
}

/// A server on which several retrievals fail alike.
#[derive(Clone, Debug)]
pub(super) struct BadServer {
    /// Its name.
    pub(super) host: String,
    /// What they fail with.
    pub(super) what: String,
    /// How many.
    pub(super) retrievals: usize,
    /// Their list.
    pub(super) href: String,
}

/// Whether somebody has to look at it.
pub(super) fn is_trouble(standing: Standing) -> bool {
    matches!(standing, Standing::NeedsYou | Standing::Failing)
}

/// All of it, what a person can mend first, then the oldest first; servers in place of their
/// retrievals where several fail alike.
pub(super) fn troubles(states: &[State], now: Timestamp) -> Vec<Trouble> {
    let groups = groups(states, now);
    let mut lines = Vec::new();
    for (_, members) in groups {
        match together(&members) {
            Some(trouble) => lines.push(trouble),
            None => lines.extend(members.into_iter().map(|state| alone(state, now))),
        }
    }
    lines.sort_by(|one, other| {
        let key = |line: &Trouble| (line.standing != Standing::NeedsYou, line.since);
        key(one).cmp(&key(other)).then(one.name.cmp(&other.name))
    });
    lines
}

/// The servers on which several retrievals fail alike, the worst first.
pub(super) fn bad_servers(states: &[State], now: Timestamp) -> Vec<BadServer> {
    let mut servers: Vec<_> = groups(states, now)
        .into_values()
        .filter(|members| members.len() >= MANY)
        .map(|members| BadServer {
            host: members[0].row.remote.host.clone(),
            what: what(members[0]),
            retrievals: members.len(),
            href: list_of(&members[0].row.remote.host),
        })
        .collect();
    servers.sort_by(|one, other| {
        let count = other.retrievals.cmp(&one.retrievals);
        count.then(one.host.cmp(&other.host))
    });
    servers
}

/// What fails, by server and by what it fails with.
fn groups(states: &[State], now: Timestamp) -> HashMap<(String, Option<ErrorCode>), Vec<&State>> {
    let mut groups: HashMap<_, Vec<&State>> = HashMap::new();
    for state in states
        .iter()
        .filter(|state| State::may_be_in_trouble(&state.row) && is_trouble(state.standing(now)))
    {
        let host = state.row.remote.host.to_ascii_lowercase();
        groups
            .entry((host, state.row.last_error))
            .or_default()
            .push(state);
    }
    groups
}

fn together(members: &[&State]) -> Option<Trouble> {
    let first = members.first().filter(|_| members.len() >= MANY)?;
    let since = members.iter().filter_map(|state| state.row.failing_since);
    Some(Trouble {
        standing: Standing::Failing,
        name: first.row.remote.host.clone(),
        who: format!("{} retrievals", members.len()),
        what: what(first),
        since: since.min(),
        tries: members
            .iter()
            .map(|state| state.row.failures)
            .max()
            .unwrap_or(0),
        href: list_of(&first.row.remote.host),
    })
}

fn alone(state: &State, now: Timestamp) -> Trouble {
    Trouble {
        standing: state.standing(now),
        name: state.row.name.clone(),
        who: who(state).to_owned(),
        what: what(state),
        since: state.row.failing_since,
        tries: state.row.failures,
        href: detail(state),
    }
}

/// Whose mail it is.
pub(super) fn who(state: &State) -> &str {
    match state.row.routing.catch_all() {
        Some(_) => "(all)",
        None => &state.row.account_name,
    }
}

/// The page of a retrieval.
pub(super) fn detail(state: &State) -> String {
    format!("/manage/retrievals/{}", state.row.id)
}

fn list_of(host: &str) -> String {
    let query = to_string([("state", "attention"), ("server", host)]).unwrap_or_default();
    format!("/manage/retrievals?{query}")
}

/// The headline of its error card.
fn what(state: &State) -> String {
    let card = state.row.card(&[]);
    card.map_or_else(|| "needs somebody".to_owned(), |card| card.title)
}

/// Retrievals of one server that fail alike before they are told as one: two may be one person's
/// mistake made twice.
const MANY: usize = 3;
