//! Promises broken on purpose: a simulation that does not notice proves nothing.

use inhaul_engine::Sabotage as Rule;

/// What is broken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sabotage {
    /// Promises 1, 2, 4 and 7: one of the engine's own rules.
    Engine(Rule),
    /// Promise 1: a commit that returned does not survive a power cut.
    UnsyncedCommit,
    /// Promise 2: now and then a run is told of an empty ledger.
    ForgottenLedger,
    /// Promise 5: one run at a time for all mailboxes.
    OneAtATime,
    /// Promise 6: the end of a run is said to be recorded, and is not.
    UnrecordedRun,
    /// Promise 7: nothing waits longer behind a failure.
    NoBackOff,
    /// Promise 7: no least time between two visits.
    NoFloor,
    /// Promises 5 and 6: now and then the end of a run sets no time for the next.
    NeverAgain,
    /// Promise 7: as many lines to one server as there are mailboxes on it.
    NoHostLimit,
}

impl Sabotage {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Engine(Rule::DeletesFirst),
        Self::Engine(Rule::RefusalEndsRun),
        Self::Engine(Rule::NoLease),
        Self::UnsyncedCommit,
        Self::ForgottenLedger,
        Self::OneAtATime,
        Self::UnrecordedRun,
        Self::NoHostLimit,
        Self::NoBackOff,
        Self::NoFloor,
        Self::NeverAgain,
        Self::Engine(Rule::SleepsOn),
        Self::Engine(Rule::ForgetsSomebody),
    ];

    pub(crate) fn rule(self) -> Option<Rule> {
        match self {
            Self::Engine(rule) => Some(rule),
            _ => None,
        }
    }

    /// The promises that this breaks, one or the other.
    pub fn breaks(self) -> &'static [u8] {
        match self {
            Self::Engine(Rule::DeletesFirst) => &[1],
            Self::Engine(Rule::RefusalEndsRun) => &[4],
            Self::Engine(Rule::NoLease) => &[7],
            Self::UnsyncedCommit => &[1],
            Self::ForgottenLedger | Self::Engine(Rule::ForgetsSomebody) => &[2],
            Self::OneAtATime => &[4, 5],
            Self::UnrecordedRun => &[6],
            Self::NoHostLimit | Self::NoBackOff | Self::NoFloor => &[7],
            Self::NeverAgain | Self::Engine(Rule::SleepsOn) => &[5],
        }
    }
}
