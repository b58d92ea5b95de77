//! How retrievals stand, from what the service knows of them: for notices, numbers and the status
//! line.

use inhaul_domain::schedule::{self, Pace};
use inhaul_domain::spans::to_wait_briefly;
use inhaul_domain::standing::{Checking, Standing, StandingFacts, standing};
use inhaul_engine::service::{RetrievalStatus, RunStage, Service};
use inhaul_types::Timestamp;

/// What is known beside a retrieval's row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around<'a> {
    /// The moment.
    pub(super) now: Timestamp,
    /// How runs are timed.
    pub(super) pace: &'a Pace,
    /// Since when there is no network.
    pub(super) offline_since: Option<Timestamp>,
}

/// How a retrieval stands.
pub(super) fn standing_of(status: &RetrievalStatus, around: &Around<'_>) -> Standing {
    let row = &status.row;
    let runs = status.doing.filter(|(_, come)| {
        // One that waits for its turn is not under way.
        !matches!(come.stage, RunStage::Waiting | RunStage::Ended)
    });
    let interval = schedule::interval(row.every, around.pace, &row.schedule, around.now);
    standing(&StandingFacts {
        now: around.now,
        host: &row.remote.host,
        paused: row.pause(),
        checking: runs.map(|_| Checking { messages: None }),
        offline_since: around.offline_since,
        schedule: &row.schedule,
        interval: interval.map(|interval| interval.length),
        last_good: row.last_good,
        last_error: row.last_error,
        failures: row.failures,
        failing_since: row.failing_since,
        said_auth: row.said_auth,
    })
}

/// How many retrievals stand how, in the order of [`Standing::ALL`].
pub(super) fn counted(statuses: &[RetrievalStatus], around: &Around<'_>) -> Vec<(Standing, u64)> {
    let mut counts: Vec<_> = Standing::ALL.map(|one| (one, 0)).into();
    for status in statuses {
        let stands = standing_of(status, around);
        for (one, count) in &mut counts {
            *count += u64::from(*one == stands);
        }
    }
    counts
}

/// "49 retrievals, next check in 12 s".
pub(super) fn at_start(service: &Service, now: Timestamp) -> String {
    let status = service.status();
    line(status.retrievals, &[], status.next, now)
}

/// The same with those that mail does not come from: what `systemctl status` shows.
pub(super) fn in_one_line(service: &Service, now: Timestamp, pace: &Pace) -> String {
    let status = service.status();
    let around = Around {
        now,
        pace,
        offline_since: status.offline_since,
    };
    let counts = counted(&service.retrievals(), &around);
    line(status.retrievals, &counts, status.next, now)
}

fn line(
    retrievals: usize,
    counts: &[(Standing, u64)],
    next: Option<Timestamp>,
    now: Timestamp,
) -> String {
    let mut parts = vec![match retrievals {
        1 => "1 retrieval".to_owned(),
        more => format!("{more} retrievals"),
    }];
    let of = |standing| {
        let mut counts = counts.iter();
        let found = counts.find(|(one, _)| *one == standing);
        found.map_or(0, |(_, count)| *count)
    };
    match of(Standing::NeedsYou) {
        0 => {}
        1 => parts.push("1 needs someone".into()),
        more => parts.push(format!("{more} need someone")),
    }
    match of(Standing::Failing) {
        0 => {}
        more => parts.push(format!("{more} failing")),
    }
    if of(Standing::Offline) > 0 {
        parts.push("no internet connection".into());
    }
    parts.push(match next {
        None => "no check is due".into(),
        Some(next) if next <= now => "next check now".into(),
        Some(next) => format!("next check in {}", to_wait_briefly(next.since(now))),
    });
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_line_counts_what_somebody_may_have_to_do_something_about() {
        let now = Timestamp::from_millis(1_000_000);
        let soon = Some(now.plus(Duration::from_millis(11_500)));
        let counts = |needs, failing| {
            vec![
                (Standing::Working, 7),
                (Standing::Failing, failing),
                (Standing::NeedsYou, needs),
            ]
        };
        for (retrievals, counts, next, expected) in [
            (
                49,
                counts(2, 0),
                soon,
                "49 retrievals, 2 need someone, next check in 12 s",
            ),
            (
                1,
                counts(1, 3),
                soon,
                "1 retrieval, 1 needs someone, 3 failing, next check in 12 s",
            ),
            (0, Vec::new(), None, "0 retrievals, no check is due"),
            (1, Vec::new(), Some(now), "1 retrieval, next check now"),
        ] {
            assert_eq!(line(retrievals, &counts, next, now), expected);
        }
    }
}
