//! How retrievals stand, as commands show it.
//!
//! The rows are the store's; what the running service knows beside them (what is under way, a due
//! time that was put off, the network) is laid over them. The judgement is
//! `inhaul_domain::standing`'s.

use std::collections::HashMap;
use std::sync::Arc;

use inhaul_domain::schedule::{Interval, Pace, ScheduleState, interval, why_this_time};
use inhaul_domain::spans::to_wait_briefly as span;
use inhaul_domain::standing::{Checking, Standing, StandingFacts, sentence, standing};
use inhaul_engine::service::{RetrievalStatus, RunStage};
use inhaul_store::{Every, Retrieval, SqliteStore, Store};
use inhaul_types::{RetrievalId, Timestamp};

use super::Globals;
use crate::config::Config;
use crate::exit::Failure;

/// A retrieval and all that its standing depends on.
#[derive(Debug)]
pub(crate) struct Stand {
    /// Its row.
    pub(crate) row: Retrieval,
    schedule: ScheduleState,
    interval: Option<Interval>,
    checking: Option<Checking>,
    offline_since: Option<Timestamp>,
    pace: Arc<Pace>,
    now: Timestamp,
}

/// All retrievals, by name as the store lists them.
pub(crate) async fn all(
    globals: &Globals,
    store: &SqliteStore,
    config: &Config,
) -> Result<Vec<Stand>, Failure> {
    let rows = store.retrieval_list().await?;
    Ok(of(globals, config, rows))
}

/// These retrievals, in the same order.
pub(crate) fn of(globals: &Globals, config: &Config, rows: Vec<Retrieval>) -> Vec<Stand> {
    let now = crate::clock::clock()();
    let pace = match &globals.server {
        Some(server) => server.engine.pace(),
        None => Arc::new(crate::serve::pace::pace(&config.checks)),
    };
    let (offline_since, mut doing) = match globals.service() {
        Some(service) => {
            let all = service.retrievals().into_iter();
            let by_id: HashMap<RetrievalId, RetrievalStatus> =
                all.map(|one| (one.row.id, one)).collect();
            (service.status().offline_since, by_id)
        }
        None => (None, HashMap::new()),
    };
    let mut stands = Vec::with_capacity(rows.len());
    for row in rows {
        let status = doing.remove(&row.id);
        let put_off = status.as_ref().and_then(|status| status.next);
        let schedule = ScheduleState {
            next_due: put_off.or(row.schedule.next_due),
            ..row.schedule
        };
        stands.push(Stand {
            interval: interval(row.every, &pace, &schedule, now),
            checking: status.as_ref().and_then(checking),
            row,
            schedule,
            offline_since,
            pace: Arc::clone(&pace),
            now,
        });
    }
    stands
}

/// What a run under way has come to; a run that waits for its turn is none yet.
fn checking(status: &RetrievalStatus) -> Option<Checking> {
    let (_, come) = status.doing?;
    let goes_on = !matches!(come.stage, RunStage::Waiting | RunStage::Ended);
    goes_on.then(|| Checking {
        messages: (come.wanted > 0).then_some((come.stored, come.wanted)),
    })
}

impl Stand {
    /// How it stands.
    pub(crate) fn standing(&self) -> Standing {
        standing(&self.facts())
    }

    /// The same in a sentence.
    pub(crate) fn sentence(&self) -> String {
        sentence(&self.facts())
    }

    /// When the schedule runs it next; `None` if it does not, or it runs now.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        let is_polled = !self.row.paused && self.row.every != Every::Never;
        let waits = is_polled && self.checking.is_none();
        self.schedule.next_due.filter(|_| waits)
    }

    /// The same for a list: `in 6 h`, `now`, or nothing.
    pub(crate) fn next_words(&self) -> String {
        match self.next() {
            Some(next) if next > self.now => format!("in {}", span(next.since(self.now))),
            Some(_) => "now".to_owned(),
            None => "-".to_owned(),
        }
    }

    /// Whether the schedule would run it now.
    pub(crate) fn is_due(&self) -> bool {
        self.next().is_some_and(|next| next <= self.now)
    }

    /// Why the next run is when it is; `None` where there is none.
    pub(crate) fn why_this_time(&self) -> Option<String> {
        self.next()?;
        why_this_time(self.schedule.setback, self.interval, &self.pace)
    }

    /// The error it has, with the number of tries: `no-answer (6 tries)`.
    pub(crate) fn trouble(&self) -> String {
        match (self.row.last_error, self.row.failures) {
            (None, _) => String::new(),
            (Some(code), 0 | 1) => code.to_string(),
            (Some(code), tries) => format!("{code} ({tries} tries)"),
        }
    }

    fn facts(&self) -> StandingFacts<'_> {
        StandingFacts {
            now: self.now,
            host: &self.row.remote.host,
            paused: self.row.pause(),
            checking: self.checking,
            offline_since: self.offline_since,
            schedule: &self.schedule,
            interval: self.interval.map(|interval| interval.length),
            last_good: self.row.last_good,
            last_error: self.row.last_error,
            failures: self.row.failures,
            failing_since: self.row.failing_since,
            said_auth: self.row.said_auth,
        }
    }
}

/// For tables: small letters, as the other columns.
pub(crate) fn label(standing: Standing) -> String {
    standing.label().to_lowercase()
}
