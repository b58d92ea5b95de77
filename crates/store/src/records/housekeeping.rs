//! What housekeeping does.

/// One kind of housekeeping.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Chore {
    /// Nothing-new runs of two days ago become one row per retrieval and hour.
    FoldRuns,
    /// Runs older than the history that is kept are forgotten, with their conversations.
    ForgetRuns,
    /// Conversations are forgotten: beyond the last 20 runs of a retrieval, failed ones after a
    /// month.
    ForgetConversations,
    /// Ledger rows are forgotten: deleted remotely, and not listed for 400 days since.
    ForgetLedgerRows,
    /// What catch-alls shared out 400 days ago is forgotten: a copy that comes now is a message.
    ForgetSharedOut,
    /// Addresses without a rule are forgotten with the messages that came for them.
    ForgetUnclaimed,
    /// The audit of a year ago is forgotten.
    ForgetAudit,
    /// Counts of started runs are forgotten with the day before yesterday.
    ForgetStarted,
    /// Notices that wait for three days are given up, and forgotten a month later.
    GiveUpNotices,
    /// Hourly counts of 400 days ago are forgotten.
    ForgetTally,
    /// Sessions that were idle for 30 days are forgotten, and links that are too late.
    ForgetVisitors,
    /// What has lain in Trash for 30 days goes for good.
    EmptyTrash,
}

/// What one call of housekeeping did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Housekept {
    /// What was done, and to how many rows. None at all where it only looked through some.
    pub done: Option<(Chore, u64)>,
    /// There may be more to do now.
    pub more: bool,
}
