//! How retrievals and the service stand.

use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::stages::{Come, RunStage};
use inhaul_domain::standing::{Checking, PausedBy, Standing, StandingFacts, sentence, standing};
use inhaul_store::{Every, Retrieval};
use inhaul_types::{Activation, Timestamp};

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
    /// One more run is promised that begins then, because the last one began too short a time ago.
    pub follows: Option<Timestamp>,
    /// Its normal interval now; `None` if it runs only when triggered.
    pub interval: Option<Duration>,
    /// Since when there is no network.
    pub offline_since: Option<Timestamp>,
}

impl State {
    /// One that has not been heard of yet: it was added a moment ago.
    pub fn of_new(row: Retrieval) -> Self {
        Self {
            next: row
                .schedule
                .next_due
                .filter(|_| !row.paused && row.every != Every::Never),
            row: Arc::new(row),
            doing: None,
            position: None,
            waiting_until: None,
            waiting_next: None,
            follows: None,
            interval: None,
            offline_since: None,
        }
    }

    /// Whether it may stand in a way that somebody has to do something about: of a row without an
    /// error and a setback that need not be asked.
    pub fn may_be_in_trouble(row: &Retrieval) -> bool {
        row.last_error.is_some() || row.schedule.setback.is_some()
    }

    /// How it stands.
    pub fn standing(&self, now: Timestamp) -> Standing {
        standing(&self.facts(now))
    }

    /// The sentence on its row (UX 2.2).
    pub fn sentence(&self, now: Timestamp) -> String {
        sentence(&self.facts(now))
    }

    /// The same for somebody: whoever paused it reads that they did.
    pub fn sentence_for(&self, reader: &Reader<'_>, now: Timestamp) -> String {
        let mut facts = self.facts(now);
        if let Some(paused) = &mut facts.paused {
            paused.by = reader.sees(paused.by);
        }
        sentence(&facts)
    }

    /// The moments that [`Self::sentence`] may speak of.
    pub fn moments(&self) -> impl Iterator<Item = Timestamp> {
        let row = &self.row;
        let paused = row.pause().and_then(|pause| pause.since);
        let moments = [
            row.failing_since,
            self.offline_since,
            row.schedule.next_due,
            paused,
        ];
        moments.into_iter().flatten()
    }

    /// A run goes on, waits for its turn, or is promised.
    pub fn is_doing(&self) -> bool {
        self.doing.is_some() || self.follows.is_some()
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
            paused: row.pause(),
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
            said_auth: row.said_auth,
        }
    }
}

/// Who reads a sentence about a retrieval.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reader<'a> {
    /// Their account's name.
    pub name: &'a str,
    /// They manage the installation, so they may know who did what.
    pub manages: bool,
}

impl<'a> Reader<'a> {
    fn sees(&self, by: PausedBy<'a>) -> PausedBy<'a> {
        match by {
            PausedBy::Account(name) if name == self.name => PausedBy::You,
            PausedBy::Account(_) if !self.manages => PausedBy::Administrator,
            by => by,
        }
    }
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
