//! The demo's own clock: the real one, and what was skipped of it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use inhaul_engine::Clock;
use inhaul_types::Timestamp;

/// A clock that can be set ahead. Clones are the same clock.
#[derive(Clone)]
pub(super) struct DemoClock {
    real: Clock,
    /// Milliseconds skipped so far.
    ahead: Arc<AtomicU64>,
}

impl DemoClock {
    pub(super) fn new(real: Clock) -> Self {
        Self {
            real,
            ahead: Arc::default(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        let ahead = Duration::from_millis(self.ahead.load(Ordering::Relaxed));
        (self.real)().plus(ahead)
    }

    /// Sets it ahead; what reads it notices at its next look.
    pub(super) fn skip(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.ahead.fetch_add(millis, Ordering::Relaxed);
    }

    /// As store and engine want it.
    pub(super) fn reader(&self) -> Clock {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

impl fmt::Debug for DemoClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DemoClock({})", self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipped_time_has_passed_for_whoever_looks() {
        let clock = DemoClock::new(Arc::new(|| Timestamp::from_millis(1_000)));
        let reader = clock.reader();
        clock.skip(Duration::from_secs(600));
        clock.skip(Duration::from_secs(60));
        assert_eq!(reader(), Timestamp::from_millis(661_000));
    }
}
