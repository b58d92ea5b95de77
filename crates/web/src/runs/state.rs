//! How retrievals and the service stand.

use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::standing::{
    Checking, Paused, PausedBy, Standing, StandingFacts, sentence, standing,
};
use inhaul_store::Retrieval;
use inhaul_types::{Activation, Octets, RunId, Timestamp};

/// One retrieval, now.
#[derive(Clone, Debug)]
pub struct State {
    /// Its row, as it was after its last run.
    pub row: Arc<Retrieval>,
    /// When the schedule runs it next; `None` if it does not, or it runs now.
    pub next: Option<Timestamp>,
    /// What it is doing, if anything: why, and how far it has come.
    pub doing: Option<(Activation, Come)>,
    /// How many are before it, if it waits for its turn.
    pub position: Option<usize>,
    /// Until when somebody waits for a message.
    pub waiting_until: Option<Timestamp>,
    /// When the next run begins for whoever waits for a message.
    pub waiting_next: Option<Timestamp>,
    /// Its normal interval now; `None` if it runs only when triggered.
    pub interval: Option<Duration>,
    /// Since when there is no network.
    pub offline_since: Option<Timestamp>,
}

impl State {
    /// One that whoever runs retrievals has not heard of yet: it was made just now.
    pub fn unheard(row: Arc<Retrieval>) -> Self {
        Self {
            row,
            next: None,
            doing: None,
            position: None,
            waiting_until: None,
            waiting_next: None,
            interval: None,
            offline_since: None,
        }
    }

    /// How it stands.
    pub fn standing(&self, now: Timestamp) -> Standing {
        standing(&self.facts(now))
    }

    /// The sentence on its row (UX 2.2).
    pub fn sentence(&self, now: Timestamp) -> String {
        sentence(&self.facts(now))
    }

    fn facts(&self, now: Timestamp) -> StandingFacts<'_> {
        let row = &self.row;
        let runs = self.doing.filter(|(_, come)| {
            // One that waits for its turn is not under way.
            !matches!(come.stage, RunStage::Waiting | RunStage::Ended)
        });
        StandingFacts {
            now,
            host: &row.remote.host,
            paused: row.paused.then_some(Paused {
                by: PausedBy::Unknown,
                since: None,
            }),
            checking: runs.map(|(_, come)| Checking {
                messages: (come.wanted > 0).then_some((come.stored, come.wanted)),
            }),
            offline_since: self.offline_since,
            schedule: &row.schedule,
            interval: self.interval,
            last_good: row.last_good,
            last_error: row.last_error,
            failures: row.failures,
            failing_since: row.failing_since,
            said_auth: false,
        }
    }
}

/// What a run is doing, in the order in which it does it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum RunStage {
    /// It waits for its turn.
    Waiting,
    /// Looking the name up, connecting, encrypting.
    Connecting,
    /// Signing in.
    SigningIn,
    /// Asking for what is there.
    Looking,
    /// Retrieving and storing messages.
    Bringing,
    /// It has ended.
    Ended,
}

impl RunStage {
    /// The fixed word for API and events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Connecting => "connect",
            Self::SigningIn => "sign-in",
            Self::Looking => "look",
            Self::Bringing => "fetch",
            Self::Ended => "ended",
        }
    }
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Come {
    /// The recorded run; `None` until it has its place.
    pub run: Option<RunId>,
    /// What it is doing.
    pub stage: RunStage,
    /// Messages durable.
    pub stored: u64,
    /// Messages to come in all, as the listing promised.
    pub wanted: u64,
    /// Octets that arrived.
    pub octets: Octets,
    /// Octets to come in all, as listed.
    pub of_octets: Octets,
}

/// The service as a whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Overall {
    /// Since when it runs.
    pub started: Timestamp,
    /// Runs going on.
    pub running: usize,
    /// Runs at the same time at most.
    pub at_once: usize,
    /// Runs that wait for their turn.
    pub waiting: usize,
    /// Since when there is no network.
    pub offline_since: Option<Timestamp>,
    /// It is about to end.
    pub stopping: bool,
}
