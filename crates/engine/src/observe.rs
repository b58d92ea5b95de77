//! What a run tells whoever watches it.

use std::sync::Arc;

use inhaul_store::{Remote, Retrieval, RunNote};
use inhaul_types::card::{Detail, Occasion};
use inhaul_types::{AccountId, Card, ErrorCode, Facts, Octets, RunId};

use crate::overheard::Overheard;
use crate::preview::Preview;

/// A step of a run, told as it happens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Progress {
    /// It has its place and begins: the server's name is looked up.
    Started(RunId),
    /// The server's addresses are known, and one of them is dialled.
    Found,
    /// The line is there, and is being encrypted.
    Securing,
    /// The line is there, and encrypted if it is to be.
    Connected,
    /// The server accepted the sign-in.
    SignedIn,
    /// The maildrop holds `listed` messages; `wanted` of them with `octets` are to come.
    Listed {
        /// Messages the server named.
        listed: u64,
        /// Messages to retrieve.
        wanted: u64,
        /// Octets of those, as listed.
        octets: Octets,
    },
    /// Octets arrived since the last word.
    Received(Octets),
    /// So many messages are durable now, in all.
    Stored(u64),
    /// All that was to come is here; so many remote copies are being deleted.
    Deleting(u64),
}

/// Somebody who watches a run. Called from the run's task: must return at once.
pub trait Observer: Send + Sync {
    /// A step happened.
    fn progress(&self, progress: &Progress);

    /// Where what is said is told to whoever reads along; `None` where nobody can.
    fn overheard(&self) -> Option<&Arc<Overheard>> {
        None
    }
}

/// Nobody watches.
#[derive(Clone, Copy, Debug)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn progress(&self, _: &Progress) {}
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// The recorded run; `None` if it could not even be recorded.
    pub run: Option<RunId>,
    /// What went wrong, if anything did.
    pub failure: Option<FailureReport>,
    /// Messages the server named.
    pub listed: u64,
    /// Messages stored.
    pub stored: u64,
    /// Octets of those.
    pub octets: Octets,
    /// Deletions the server confirmed.
    pub deleted: u64,
    /// Messages left on the server for a reason, recorded now.
    pub left: u64,
    /// Messages left to later runs: this one was stopped, ran out of time or reached a limit, or
    /// there was no room for them here.
    pub remaining: u64,
    /// What it met that a person should know of, good or not.
    pub notes: Vec<RunNote>,
    /// Accounts that a catch-all's run put messages into and that hold more than they may now.
    pub over_limit: Vec<OverLimit>,
    /// What a dry run found to retrieve.
    pub would_retrieve: u64,
    /// What a dry run found, message by message; `None` for every other run.
    pub preview: Option<Preview>,
    /// How long it took.
    pub took: std::time::Duration,
}

/// An account here that holds more than it may.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OverLimit {
    /// Which.
    pub account: AccountId,
    /// Octets it holds.
    pub used: Octets,
    /// Octets it may hold: the tightest of the installation's limit, its group's and its own.
    pub limit: Octets,
}

/// What went wrong, for a person.
#[derive(Clone, Debug)]
pub struct FailureReport {
    /// The stable code.
    pub code: ErrorCode,
    /// What happened, on one line that names the server.
    pub what: String,
    /// The server's own words.
    pub said: Option<String>,
    /// What is known; [`FailureReport::card`] tells it in full.
    pub facts: Facts,
}

impl FailureReport {
    /// A report of what is known.
    pub fn new(code: ErrorCode, facts: Facts) -> Self {
        Self {
            code,
            what: Card::of(code, &facts).summary(&facts),
            said: facts.said.clone(),
            facts,
        }
    }

    /// The error card.
    pub fn card(&self) -> Card {
        Card::of(self.code, &self.facts)
    }

    /// With what is known of the retrieval whose run this was.
    pub(crate) fn of_run(mut self, retrieval: &Retrieval) -> Self {
        self.facts.user = Some(retrieval.remote.user.clone());
        self.facts.retrieval = Some(retrieval.name.clone());
        self.facts.last_good = retrieval.last_good;
        // Another failure than last time has only begun.
        let is_same = retrieval.last_error == Some(self.code);
        self.facts.failing_since = retrieval.failing_since.filter(|_| is_same);
        Self::new(self.code, self.facts)
    }

    /// Of settings that were tried out and are not saved.
    pub(crate) fn of_trial(mut self, remote: &Remote) -> Self {
        self.facts.user = Some(remote.user.clone());
        self.facts.occasion = Occasion::Trial;
        Self::new(self.code, self.facts)
    }

    /// With something particular, where nothing is known yet.
    pub(crate) fn or_detail(mut self, detail: Option<Detail>) -> Self {
        self.facts.detail = self.facts.detail.or(detail);
        Self::new(self.code, self.facts)
    }
}
