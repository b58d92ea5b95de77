//! How late scheduled runs begin: the measure of a schedule that is kept.

use std::collections::VecDeque;
use std::time::Duration;

/// Lateness of the latest scheduled runs.
#[derive(Debug, Default)]
pub(super) struct Lateness {
    latest: VecDeque<u32>,
    runs: u64,
}

/// How late the latest scheduled runs began.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct LatenessReport {
    /// Scheduled runs since the start.
    pub runs: u64,
    /// Half of the latest ones were no later.
    pub median: Duration,
    /// 99 of 100 of the latest ones were no later.
    pub p99: Duration,
    /// The worst of the latest ones.
    pub worst: Duration,
}

/// Runs that are remembered: some minutes of a large installation.
const LATEST: usize = 10_000;

impl Lateness {
    pub(super) fn add(&mut self, late: Duration) {
        if self.latest.len() == LATEST {
            self.latest.pop_front();
        }
        self.latest
            .push_back(u32::try_from(late.as_millis()).unwrap_or(u32::MAX));
        self.runs += 1;
    }

    pub(super) fn report(&self) -> LatenessReport {
        let mut sorted: Vec<u32> = self.latest.iter().copied().collect();
        sorted.sort_unstable();
        let at = |share: usize| {
            let place = sorted.len().saturating_sub(1) * share / 100;
            let millis = sorted.get(place).copied().unwrap_or(0);
            Duration::from_millis(u64::from(millis))
        };
        LatenessReport {
            runs: self.runs,
            median: at(50),
            p99: at(99),
            worst: at(100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_is_of_the_latest_runs() {
        let mut lateness = Lateness::default();
        assert_eq!(lateness.report(), LatenessReport::default());
        for millis in 1..=20_000 {
            lateness.add(Duration::from_millis(millis));
        }
        let report = lateness.report();
        assert_eq!(report.runs, 20_000);
        assert_eq!(report.median, Duration::from_millis(15_000));
        assert_eq!(report.p99, Duration::from_millis(19_900));
        assert_eq!(report.worst, Duration::from_millis(20_000));
    }
}
