//! Runs of all retrievals, and their counts.

use inhaul_types::{AccountId, ErrorCode, Octets, RetrievalId, Timestamp};

/// Which runs to read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RunFilter {
    /// Of this retrieval.
    pub retrieval: Option<RetrievalId>,
    /// Of the retrievals that deliver to this account or are its own.
    pub account: Option<AccountId>,
    /// With this outcome.
    pub outcome: RunOutcome,
    /// Begun at this time or later.
    pub since: Option<Timestamp>,
}

/// How a run came out, for a filter.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum RunOutcome {
    /// However it did.
    #[default]
    Any,
    /// With an error.
    Failed,
    /// With this one.
    Code(ErrorCode),
    /// With new mail.
    Stored,
}

/// What ended within an hour.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HourCounts {
    /// The hour's beginning.
    pub hour: Timestamp,
    /// Runs that ended.
    pub runs: u64,
    /// Messages they stored.
    pub messages: u64,
    /// Octets of those.
    pub octets: Octets,
}
