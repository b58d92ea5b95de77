//! Whether this machine has a network, and what the last minute's failures would count otherwise.
//!
//! Told by runs as they end. When several hosts fail at once the earlier ones of these failures were
//! recorded already; they are given back to the store to be taken off again.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use inhaul_domain::schedule::OfflineWatch;
use inhaul_net::DialError;
use inhaul_store::Uncounted;
use inhaul_types::Timestamp;
use tokio::sync::watch;

use crate::failure::RunError;

/// What the runs of all hosts say of the network.
#[derive(Debug)]
pub(crate) struct Network {
    inner: Mutex<Inner>,
    offline: watch::Sender<Option<Timestamp>>,
}

#[derive(Debug, Default)]
struct Inner {
    watch: OfflineWatch,
    /// What was counted in the last minute, as it stood before.
    counted: VecDeque<(Timestamp, Uncounted)>,
}

/// What a run's end says of the network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Heard {
    /// A server answered, whatever it said.
    Answer,
    /// Nothing came back.
    Silence,
    /// The system itself says that there is no way out.
    NoRoute,
    /// Nothing was asked.
    Nothing,
}

/// Longer ago than this, a failure was another matter.
const REMEMBERED: Duration = Duration::from_secs(60);
/// Failures that are remembered: many more than the three that prove the network gone.
const MOST: usize = 10_000;

impl Default for Network {
    fn default() -> Self {
        Self {
            inner: Mutex::default(),
            offline: watch::Sender::new(None),
        }
    }
}

impl Network {
    /// Since when there is no network, to be watched.
    pub(crate) fn offline(&self) -> watch::Receiver<Option<Timestamp>> {
        self.offline.subscribe()
    }

    pub(crate) fn is_offline(&self) -> bool {
        self.offline.borrow().is_some()
    }

    /// A run ended, of a retrieval that stood so before. Whether its failure counts, and which earlier
    /// ones do not after all.
    pub(crate) fn hears(
        &self,
        heard: Heard,
        host: &str,
        before: Uncounted,
        now: Timestamp,
    ) -> Verdict {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        match heard {
            // It stands otherwise now, and that is to stay.
            Heard::Nothing => inner
                .counted
                .retain(|(_, counted)| counted.retrieval != before.retrieval),
            // There was a network until now, so what failed before was the servers' own.
            Heard::Answer => {
                inner.watch.succeeded(host);
                inner.counted.clear();
            }
            Heard::NoRoute => inner.watch.no_route(now),
            Heard::Silence => {
                inner.watch.failed(host, now);
            }
        }
        let since = inner.watch.since();
        (inner.counted).retain(|(then, _)| *then <= now && now.since(*then) <= REMEMBERED);
        while inner.counted.len() >= MOST {
            inner.counted.pop_front();
        }
        let silent = matches!(heard, Heard::Silence | Heard::NoRoute);
        let verdict = match (silent, since.is_some()) {
            (true, true) => Verdict::DoesNotCount {
                // Who failed twice stands as before the first time.
                nor: (inner.counted.drain(..).rev())
                    .map(|(_, before)| before)
                    .collect(),
            },
            (true, false) => {
                inner.counted.push_back((now, before));
                Verdict::Counts
            }
            (false, _) => Verdict::Counts,
        };
        drop(inner);
        self.publish(since);
        verdict
    }

    /// A name was found again.
    pub(crate) fn is_back(&self, now: Timestamp) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.watch.looked_up(now);
        let since = inner.watch.since();
        drop(inner);
        self.publish(since);
    }

    fn publish(&self, since: Option<Timestamp>) {
        self.offline.send_if_modified(|known| {
            let changed = *known != since;
            *known = since;
            changed
        });
    }
}

/// Whether a failure is the retrieval's.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    Counts,
    /// There is no network. Nor do these, which were counted before that was known.
    DoesNotCount {
        nor: Vec<Uncounted>,
    },
}

impl Heard {
    /// What a run's end says of the network.
    pub(crate) fn of(error: Option<&RunError>) -> Self {
        match error {
            None => Self::Answer,
            Some(RunError::Dial(error)) => Self::of_dial(error),
            Some(
                RunError::Refused { .. }
                | RunError::NoStls
                | RunError::Client(_)
                | RunError::NoWayIn { .. }
                | RunError::NoStamp
                | RunError::ListingTooLong
                | RunError::MailboxFull { .. },
            ) => Self::Answer,
            Some(RunError::Cut(_) | RunError::Silent(_)) => Self::Silence,
            Some(_) => Self::Nothing,
        }
    }

    fn of_dial(error: &DialError) -> Self {
        match error {
            DialError::LookUp { .. } | DialError::NoAnswer { .. } => Self::Silence,
            DialError::Unreachable { source, .. } => match source.kind() {
                // The network's own word; a single host that cannot be reached is that host's.
                ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => Self::NoRoute,
                _ => Self::Silence,
            },
            // A name that is not there was looked up by somebody who answers.
            DialError::NameNotFound(_)
            | DialError::Refused { .. }
            | DialError::Certificate { .. }
            | DialError::NotTls { .. } => Self::Answer,
            DialError::CaFile { .. } | DialError::NotAllowed(_) => Self::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use inhaul_domain::schedule::ScheduleState;
    use inhaul_types::RetrievalId;

    use super::*;

    /// How many failures each stands at again, by number of the retrieval; `None` if this one counts.
    fn taken_back(verdict: Verdict) -> Option<Vec<(i64, u32)>> {
        match verdict {
            Verdict::Counts => None,
            Verdict::DoesNotCount { nor } => Some(
                (nor.iter())
                    .map(|before| (before.retrieval.row(), before.failures))
                    .collect(),
            ),
        }
    }

    #[derive(Default)]
    struct Ends(Network);

    impl Ends {
        /// Retrieval number `number`, on a host of its own, after `failures`.
        fn hears(&self, heard: Heard, number: i64, failures: u32, second: i64) -> Verdict {
            let before = Uncounted {
                retrieval: RetrievalId::new(number),
                failing_since: None,
                failures,
                last_error: None,
                last_detail: None,
                said_auth: false,
                schedule: ScheduleState::default(),
            };
            let now = Timestamp::from_millis(second * 1_000);
            let host = format!("pop{number}.example.org");
            self.0.hears(heard, &host, before, now)
        }
    }

    #[test]
    fn three_silent_hosts_in_a_minute_take_their_failures_back() {
        let ends = Ends::default();
        assert_eq!(ends.hears(Heard::Silence, 1, 0, 0), Verdict::Counts);
        assert_eq!(ends.hears(Heard::Silence, 1, 1, 10), Verdict::Counts);
        assert_eq!(ends.hears(Heard::Silence, 2, 4, 20), Verdict::Counts);
        let third = ends.hears(Heard::Silence, 3, 0, 30);
        // The last word on each is how it stood first.
        assert_eq!(taken_back(third), Some(vec![(2, 4), (1, 1), (1, 0)]));
        let fourth = ends.hears(Heard::Silence, 4, 0, 31);
        assert_eq!(taken_back(fourth), Some(vec![]));
    }

    #[test]
    fn what_failed_before_an_answer_stays_counted() {
        let ends = Ends::default();
        ends.hears(Heard::Silence, 1, 0, 0);
        ends.hears(Heard::Answer, 9, 0, 5);
        ends.hears(Heard::Silence, 2, 0, 10);
        ends.hears(Heard::Silence, 3, 0, 15);
        let third = ends.hears(Heard::Silence, 4, 0, 20);
        assert_eq!(taken_back(third), Some(vec![(3, 0), (2, 0)]));
    }

    #[test]
    fn a_retrieval_that_stands_otherwise_since_is_left_so() {
        let ends = Ends::default();
        ends.hears(Heard::Silence, 1, 0, 0);
        ends.hears(Heard::Silence, 2, 0, 1);
        // The disk was full, and nobody was asked.
        assert_eq!(ends.hears(Heard::Nothing, 1, 1, 2), Verdict::Counts);
        let no_way_out = ends.hears(Heard::NoRoute, 3, 0, 3);
        assert_eq!(taken_back(no_way_out), Some(vec![(2, 0)]));
    }

    #[test]
    fn a_turned_clock_and_a_minute_make_it_another_matter() {
        for (then, now) in [(0, 61), (500, 10)] {
            let ends = Ends::default();
            ends.hears(Heard::Silence, 1, 0, then);
            let no_way_out = ends.hears(Heard::NoRoute, 2, 0, now);
            assert_eq!(taken_back(no_way_out), Some(vec![]), "{then} {now}");
        }
    }
}
