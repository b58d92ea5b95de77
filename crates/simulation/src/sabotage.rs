//! Promises broken on purpose: a simulation that does not notice proves nothing.

/// What is broken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sabotage {
    /// Promise 1: a commit that returned does not survive a power cut.
    UnsyncedCommit,
    /// Promise 2: now and then a run is told of an empty ledger.
    ForgottenLedger,
    /// Promise 5: one run at a time for all mailboxes.
    OneAtATime,
    /// Promise 6: the end of a run is said to be recorded, and is not.
    UnrecordedRun,
    /// Promise 7: as many lines to one server as there are mailboxes on it.
    NoHostLimit,
}

impl Sabotage {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::UnsyncedCommit,
        Self::ForgottenLedger,
        Self::OneAtATime,
        Self::UnrecordedRun,
        Self::NoHostLimit,
    ];

    /// The promises of which one is found broken.
    pub fn breaks(self) -> &'static [u8] {
        match self {
            Self::UnsyncedCommit => &[1],
            Self::ForgottenLedger => &[2],
            Self::OneAtATime => &[4, 5],
            Self::UnrecordedRun => &[6],
            Self::NoHostLimit => &[7],
        }
    }
}
