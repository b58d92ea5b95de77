//! What a run tells whoever watches it.

use inhaul_types::{ErrorCode, Octets, RunId};

use crate::preview::Preview;

/// A step of a run, told as it happens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Progress {
    /// It has its place and begins.
    Started(RunId),
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
}

/// Somebody who watches a run. Called from the run's task: must return at once.
pub trait Observer: Send + Sync {
    /// A step happened.
    fn progress(&self, progress: &Progress);
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
    /// Messages that the next run brings: this one was stopped, or ran out of time.
    pub remaining: u64,
    /// What a dry run found to retrieve.
    pub would_retrieve: u64,
    /// What a dry run found, message by message; `None` for every other run.
    pub preview: Option<Preview>,
    /// How long it took.
    pub took: std::time::Duration,
}

/// What went wrong, for a person.
#[derive(Clone, Debug)]
pub struct FailureReport {
    /// The stable code.
    pub code: ErrorCode,
    /// What happened, in a sentence that names the server.
    pub what: String,
    /// The server's own words.
    pub said: Option<String>,
}
