//! The pace of the schedule: what `[checks]` says, resolved.

use std::time::Duration;

use super::quiet::QuietHours;

/// How often remote mailboxes are visited by the schedule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pace {
    /// The shortest interval `auto` chooses.
    pub every_min: Duration,
    /// The longest interval `auto` chooses.
    pub every_max: Duration,
    /// No mailbox is visited more often, whatever is asked.
    pub floor: Duration,
    /// The longest wait after temporary failures.
    pub backoff_max: Duration,
    /// By how much a wait is varied, both ways.
    pub jitter_percent: u8,
    /// When the schedule rests.
    pub quiet_hours: Vec<QuietHours>,
}

impl Default for Pace {
    /// The built-in values of `[checks]`.
    fn default() -> Self {
        Self {
            every_min: Duration::from_secs(5 * 60),
            every_max: Duration::from_secs(30 * 60),
            floor: Duration::from_secs(60),
            backoff_max: Duration::from_secs(60 * 60),
            jitter_percent: 10,
            quiet_hours: Vec::new(),
        }
    }
}

impl Pace {
    /// The wait varied by up to the jitter both ways; the same noise gives the same wait.
    pub fn jittered(&self, wait: Duration, noise: u64) -> Duration {
        let reach = millis(self.most_jitter(wait));
        let places = reach.saturating_mul(2).saturating_add(1);
        let least = wait.saturating_sub(Duration::from_millis(reach));
        least.saturating_add(Duration::from_millis(noise % places))
    }

    /// The same, and never more than `most`: what would be beyond it is as much below it, so that
    /// many that wait the longest still drift apart.
    pub(super) fn jittered_within(&self, wait: Duration, most: Duration, noise: u64) -> Duration {
        let wait = self.jittered(wait, noise);
        match wait.checked_sub(most) {
            Some(beyond) => most.saturating_sub(beyond),
            None => wait,
        }
    }

    /// The most that jitter adds to a wait or takes from it.
    pub(super) fn most_jitter(&self, wait: Duration) -> Duration {
        let percent = u64::from(self.jitter_percent.min(100));
        Duration::from_millis(millis(wait) / 100 * percent)
    }
}

/// Whole milliseconds; more than 64 bits hold are as many as fit.
fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_reaches_both_ends_and_not_beyond() {
        let pace = Pace::default();
        let wait = Duration::from_secs(600);
        for (noise, seconds) in [(0, 540), (60_000, 600), (120_000, 660), (120_001, 540)] {
            let expected = Duration::from_secs(seconds);
            assert_eq!(pace.jittered(wait, noise), expected, "noise {noise}");
        }
    }

    #[test]
    fn where_a_wait_has_a_most_jitter_stays_below_it() {
        let pace = Pace::default();
        let most = Duration::from_secs(600);
        for (noise, seconds) in [(0, 540), (60_000, 600), (60_001, 599), (120_000, 540)] {
            let wait = pace.jittered_within(most, most, noise);
            assert_eq!(wait.as_secs(), seconds, "noise {noise}");
        }
        let short = Duration::from_secs(60);
        let wait = pace.jittered_within(short, most, 12_000);
        assert_eq!(wait, Duration::from_secs(66));
    }

    #[test]
    fn a_jitter_of_nothing_changes_nothing() {
        let pace = Pace {
            jitter_percent: 0,
            ..Pace::default()
        };
        for noise in [0, 1, u64::MAX] {
            let wait = Duration::from_secs(90);
            assert_eq!(pace.jittered(wait, noise), wait, "noise {noise}");
        }
    }
}
