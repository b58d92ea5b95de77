//! A time that never goes back.

use std::time::Duration;

use inhaul_types::Timestamp;

/// Makes of a clock that may be set back one that stands still at that moment and then goes on.
/// So nobody who is barred comes free by it, and nobody is barred until the old time is there again.
/// What passed since it was read last does not show in a clock that is set back, and is not counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Steady {
    latest: Option<Timestamp>,
    /// How far the clock was set back, all together.
    behind: Duration,
}

impl Steady {
    /// The steady time when the clock shows this.
    pub(super) fn at(&mut self, clock: Timestamp) -> Timestamp {
        let now = clock.plus(self.behind);
        let latest = self.latest.unwrap_or(now);
        self.behind = self.behind.saturating_add(latest.since(now));
        let now = now.max(latest);
        self.latest = Some(now);
        now
    }

    /// What the clock will show at this steady time, unless it is set.
    pub(super) fn on_the_clock(&self, steady: Timestamp) -> Timestamp {
        steady.minus(self.behind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_set_back_stands_still_and_goes_on() {
        let at = Timestamp::from_millis;
        let mut steady = Steady::default();
        for (clock, shown) in [
            (1_000, 1_000),
            (1_500, 1_500),
            (200, 1_500),
            (300, 1_600),
            (100, 1_600),
            (100, 1_600),
            (1_100, 2_600),
        ] {
            assert_eq!(steady.at(at(clock)), at(shown), "{clock}");
            assert_eq!(steady.on_the_clock(at(shown)), at(clock), "{clock}");
        }
    }

    #[test]
    fn a_clock_at_its_ends_is_no_trouble() {
        let mut steady = Steady::default();
        for clock in [i64::MIN, i64::MAX, i64::MIN, 0, i64::MAX] {
            steady.at(Timestamp::from_millis(clock));
        }
    }
}
