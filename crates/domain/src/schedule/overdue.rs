//! What is due after a stop, sleep, a time without a line, or a jump of the clock.

use std::time::Duration;

use inhaul_types::Timestamp;

use super::quiet::longest_quiet;
use super::state::{class_wait, most_wait};
use super::{Every, Pace, ScheduleState};

/// Over how long overdue runs are spread.
pub const SPREAD_WINDOW: Duration = Duration::from_secs(2 * 60);

/// How long after now the `i`th (from 0) of `n` overdue runs begins: each has a slot of the window
/// for itself, and begins somewhere in it.
pub fn spread_overdue(n: usize, i: usize, window: Duration, noise: u64) -> Duration {
    let n = u32::try_from(n.max(1)).unwrap_or(u32::MAX);
    let i = u32::try_from(i).unwrap_or(u32::MAX).min(n - 1);
    let window = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
    let place = |i: u32| {
        let millis = u128::from(window) * u128::from(i) / u128::from(n);
        u64::try_from(millis).unwrap_or(u64::MAX)
    };
    let (from, to) = (place(i), place(i + 1));
    Duration::from_millis(from + noise % (to - from).max(1))
}

/// The longest that a retrieval in this state waits for its next run by the schedule.
pub fn longest_wait(every: Every, pace: &Pace, state: &ScheduleState, now: Timestamp) -> Duration {
    let wait = class_wait(state, every, pace, now);
    let wait = wait.saturating_add(pace.most_jitter(wait));
    let wait = wait.max(state.least_gap(pace));
    wait.saturating_add(longest_quiet(pace))
}

/// Sets right what a stop, changed settings or a clock that jumped left behind: a polled retrieval
/// is due at some time, one that is not polled never, and none is due further ahead than it could
/// ever have to wait. What is overdue stays so; [`spread_overdue`] says when it runs.
pub fn settle(
    state: &ScheduleState,
    every: Every,
    pace: &Pace,
    now: Timestamp,
    noise: u64,
) -> ScheduleState {
    let next_due = match (every, state.next_due) {
        (Every::Never, _) => None,
        (_, None) => Some(now),
        (_, Some(due)) if due > now.plus(longest_wait(every, pace, state, now)) => {
            let wait = class_wait(state, every, pace, now);
            let wait = pace.jittered_within(wait, most_wait(state, pace), noise);
            Some(now.plus(wait.max(state.least_gap(pace))))
        }
        (_, due) => due,
    };
    ScheduleState { next_due, ..*state }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{QuietHours, Setback};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn overdue_runs_have_a_slot_each() {
        for (name, n, i, noise, millis) in [
            ("alone", 1, 0, 0, 0),
            ("alone, somewhere in the window", 1, 0, 119_999, 119_999),
            ("never beyond the window", 1, 0, 120_000, 0),
            ("first of four", 4, 0, 29_999, 29_999),
            ("second of four", 4, 1, 0, 30_000),
            ("last of four", 4, 3, 59_999, 119_999),
            ("more than milliseconds", 1_000_000, 999_999, 7, 119_999),
            ("none", 0, 5, 0, 0),
        ] {
            let found = spread_overdue(n, i, SPREAD_WINDOW, noise);
            assert_eq!(found, Duration::from_millis(millis), "{name}");
        }
    }

    #[test]
    fn what_is_due_is_set_right() {
        const DAY: i64 = 86_400;
        let ten = Every::Seconds(600);
        let no_jitter = Pace {
            jitter_percent: 0,
            ..Pace::default()
        };
        let refused = Some(Setback::SignInRefused);
        for (name, every, setback, setbacks, due, expected) in [
            ("never scheduled", ten, None, 0, None, Some(0)),
            ("soon", ten, None, 0, Some(600), Some(600)),
            (
                "overdue stays overdue",
                ten,
                None,
                0,
                Some(-DAY),
                Some(-DAY),
            ),
            (
                "clock set back a day",
                ten,
                None,
                0,
                Some(DAY + 600),
                Some(600),
            ),
            ("interval made shorter", ten, None, 0, Some(DAY), Some(600)),
            (
                "a daily try may be far",
                ten,
                refused,
                4,
                Some(DAY),
                Some(DAY),
            ),
            ("not two days", ten, refused, 4, Some(2 * DAY), Some(DAY)),
            ("not polled", Every::Never, None, 0, Some(600), None),
        ] {
            let state = ScheduleState {
                next_due: due.map(at),
                setback,
                setbacks,
                ..ScheduleState::default()
            };
            let found = settle(&state, every, &no_jitter, at(0), 7).next_due;
            assert_eq!(found, expected.map(at), "{name}");
        }
    }

    #[test]
    fn a_run_that_waits_for_the_end_of_quiet_hours_keeps_its_time() {
        let quiet = QuietHours {
            from_minute: 22 * 60,
            to_minute: 6 * 60,
        };
        let pace = Pace {
            quiet_hours: vec![quiet],
            ..Pace::default()
        };
        let state = ScheduleState {
            next_due: Some(at(8 * 3600)),
            ..ScheduleState::default()
        };
        let found = settle(&state, Every::Seconds(600), &pace, at(0), 0);
        assert_eq!(found, state);
    }
}
