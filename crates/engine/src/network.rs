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
use inhaul_store::{Retrieval, Uncounted};
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

    /// A run ended. Whether its failure counts, and which earlier ones do not after all.
    pub(crate) fn hears(&self, heard: Heard, before: &Retrieval, now: Timestamp) -> Verdict {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let host = &before.remote.host;
        match heard {
            Heard::Nothing => {}
            Heard::Answer => {
                inner.watch.succeeded(host);
            }
            Heard::NoRoute => inner.watch.no_route(now),
            Heard::Silence => {
                inner.watch.failed(host, now);
            }
        }
        let since = inner.watch.since();
        let forgotten = |then: Timestamp| now.since(then) > REMEMBERED;
        while inner
            .counted
            .front()
            .is_some_and(|(then, _)| forgotten(*then))
            || inner.counted.len() >= MOST
        {
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
                inner.counted.push_back((now, Uncounted::of(before)));
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
