//! The schedule under any outcomes, any settings and any clock.

use std::time::Duration;

use inhaul_domain::schedule::{
    Arrivals, Ended, Every, OfflineWatch, Pace, QuietHours, SPREAD_WINDOW, Saved, ScheduleState,
    Setback, after_run, interval, longest_wait, postpone_for_quiet_hours, settle, sign_in_block,
    spread_overdue, when_saved,
};
use inhaul_domain::trigger::{Decision, TriggerFacts, decide, possible_at};
use inhaul_types::{Activation, ErrorCode, Timestamp};
use proptest::prelude::*;

use crate::config;

const DAY: i64 = 86_400;

fn every() -> impl Strategy<Value = Every> {
    prop_oneof![
        any::<u32>().prop_map(Every::Seconds),
        (0..7200_u32).prop_map(Every::Seconds),
        Just(Every::Auto),
        Just(Every::Never),
    ]
}

fn pace() -> impl Strategy<Value = Pace> {
    let span = |least: u64, most: u64| (least..most).prop_map(Duration::from_secs);
    let quiet = (0..1440_u16, 0..1440_u16).prop_map(|(from_minute, to_minute)| QuietHours {
        from_minute,
        to_minute,
    });
    (
        span(1, 3600),
        span(1, 7200),
        span(0, 600),
        span(1, 86_400),
        any::<u8>(),
        prop::collection::vec(quiet, 0..3),
    )
        .prop_map(
            |(min, max, floor, backoff_max, jitter_percent, quiet_hours)| Pace {
                every_min: min.min(max),
                every_max: max,
                floor,
                backoff_max,
                jitter_percent,
                quiet_hours,
            },
        )
}

fn ended() -> impl Strategy<Value = Ended> {
    let delay = || {
        prop_oneof![
            3 => Just(None),
            1 => (0..90_000_u64).prop_map(|seconds| Some(Duration::from_secs(seconds))),
            1 => any::<u64>().prop_map(|seconds| Some(Duration::from_secs(seconds))),
        ]
    };
    let code = prop::sample::select(ErrorCode::ALL);
    prop_oneof![
        3 => (any::<u64>(), delay()).prop_map(|(stored, login_delay)| Ended::Good { stored, login_delay }),
        5 => (code, delay()).prop_map(|(code, login_delay)| Ended::Failed { code, login_delay }),
        1 => Just(Ended::Stopped),
        1 => Just(Ended::Offline),
    ]
}

/// Seconds by which the clock goes on, or jumps.
fn step() -> impl Strategy<Value = i64> {
    prop_oneof![
        6 => 0..7200_i64,
        1 => Just(DAY),
        1 => Just(-DAY),
        1 => -400 * DAY..400 * DAY,
    ]
}

fn start() -> Timestamp {
    Timestamp::from_millis(20_000 * DAY * 1000)
}

fn later(now: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_millis(now.millis() + seconds * 1000)
}

/// The longest the present kind of trouble may wait, by the table people read; before jitter,
/// which does not lengthen what has a longest wait of its own.
fn longest_of_class(state: &ScheduleState, every: Every, pace: &Pace, now: Timestamp) -> Duration {
    let normal = interval(every, pace, state, now).unwrap().length;
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    match state.setback {
        None | Some(Setback::IdsChanged) => normal,
        Some(Setback::Busy) => normal.max(Duration::from_secs(300)),
        Some(Setback::Temporary) => pace.backoff_max,
        Some(Setback::SignInRefused) => hours(24),
        Some(Setback::Unproven) => hours(6),
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_polled_retrieval_is_always_due_neither_too_soon_nor_too_late(
        every in every(),
        pace in pace(),
        runs in prop::collection::vec((ended(), step(), any::<u64>()), 1..40),
    ) {
        let mut now = start();
        let mut state = when_saved(&ScheduleState::default(), every, &pace, Saved::New, now);
        for (ended, seconds, noise) in runs {
            now = later(now, seconds);
            state.last_started = Some(now);
            state = after_run(&state, every, &pace, ended, now, noise);
            let Some(due) = state.next_due else {
                prop_assert_eq!(every, Every::Never);
                continue;
            };
            prop_assert_ne!(every, Every::Never);
            let wait = due.since(now);
            prop_assert!(wait >= pace.floor, "{:?} under the floor", wait);
            prop_assert!(wait >= state.min_interval.unwrap_or_default(), "{:?} too soon", wait);
            let longest = longest_of_class(&state, every, &pace, now);
            let percent = match state.setback {
                Some(Setback::Temporary | Setback::SignInRefused | Setback::Unproven) => 0,
                _ => u32::from(pace.jitter_percent.min(100)),
            };
            let jitter = longest * percent / 100;
            let longest = (longest + jitter).max(pace.floor).max(state.min_interval.unwrap_or_default());
            prop_assert!(wait <= longest, "{:?} waits {:?}, at most {:?}", ended, wait, longest);
            prop_assert!(wait <= longest_wait(every, &pace, &state, now));
            prop_assert_eq!(settle(&state, every, &pace, now, noise), state, "nothing to settle");
        }
    }

    #[test]
    fn offline_and_stopped_runs_count_for_nothing(
        pace in pace(),
        before in prop::collection::vec((ended(), any::<u64>()), 0..10),
        noise in any::<u64>(),
    ) {
        let every = Every::Seconds(600);
        let mut state = ScheduleState::default();
        for (ended, noise) in before {
            state = after_run(&state, every, &pace, ended, start(), noise);
        }
        for ended in [Ended::Offline, Ended::Stopped] {
            let next = after_run(&state, every, &pace, ended, start(), noise);
            prop_assert_eq!(ScheduleState { next_due: None, ..next }, ScheduleState { next_due: None, ..state });
        }
    }

    #[test]
    fn a_clock_that_jumps_neither_floods_nor_starves(
        every in every(),
        pace in pace(),
        jump in prop_oneof![Just(-DAY), Just(DAY), -400 * DAY..400 * DAY],
        refused in any::<bool>(),
        noise in any::<u64>(),
    ) {
        let now = start();
        let ended = match refused {
            true => Ended::Failed { code: ErrorCode::AuthRefused, login_delay: None },
            false => Ended::Good { stored: 0, login_delay: None },
        };
        let mut state = ScheduleState { last_started: Some(now), ..ScheduleState::default() };
        state = after_run(&state, every, &pace, ended, now, noise);
        let now = later(now, jump);
        let state = settle(&state, every, &pace, now, noise);
        if let Some(due) = state.next_due {
            // Overdue ones are spread; the others come within their longest wait.
            prop_assert!(due.since(now) <= longest_wait(every, &pace, &state, now));
        }
        // A person is let in after two gaps at most, and twice in a row never.
        let mut facts = TriggerFacts {
            last_started: state.last_started,
            floor: pace.floor,
            ..TriggerFacts::new(Activation::Button, now)
        };
        prop_assert!(possible_at(&facts).since(now) <= pace.floor * 2);
        if let Some(until) = sign_in_block(&state, now) {
            prop_assert!(until.since(now) <= Duration::from_secs(2 * 900));
        }
        if decide(&facts) == Decision::Start && !pace.floor.is_zero() {
            facts.last_started = Some(now);
            prop_assert!(matches!(decide(&facts), Decision::Refuse(_)));
        }
    }

    #[test]
    fn overdue_runs_are_spread_evenly(n in 1..500_usize, noise in prop::collection::vec(any::<u64>(), 500)) {
        let mut per_quarter = [0_usize; 4];
        for (i, noise) in noise.iter().enumerate().take(n) {
            let wait = spread_overdue(n, i, SPREAD_WINDOW, *noise);
            prop_assert!(wait < SPREAD_WINDOW);
            per_quarter[usize::try_from(wait.as_secs() / 30).unwrap()] += 1;
        }
        let (least, most) = (per_quarter.iter().min().unwrap(), per_quarter.iter().max().unwrap());
        prop_assert!(most - least <= 2, "{:?}", per_quarter);
    }

    #[test]
    fn quiet_hours_end_outside_of_quiet_hours(minute in 0..1440_u16, pace in pace()) {
        if let Some(wait) = postpone_for_quiet_hours(minute, &pace) {
            prop_assert!(wait < Duration::from_secs(86_400));
            let minutes = u16::try_from(wait.as_secs() / 60).unwrap();
            prop_assert_eq!(postpone_for_quiet_hours((minute + minutes) % 1440, &pace), None);
        }
    }

    #[test]
    fn arrivals_survive_any_clock_and_read_back(records in prop::collection::vec((step(), 0..1000_u64), 0..50)) {
        let mut arrivals = Arrivals::default();
        let mut now = start();
        for (seconds, messages) in records {
            now = later(now, seconds);
            arrivals.record(now, messages);
            prop_assert_eq!(Arrivals::parse(&arrivals.to_text()), Some(arrivals));
            prop_assert!(arrivals.observed(now) <= Duration::from_secs(7 * 86_400));
            prop_assert!(arrivals.average_gap(now).is_none_or(|gap| gap <= arrivals.observed(now)));
        }
    }

    #[test]
    fn no_text_makes_arrivals_panic(
        since in any::<i64>(),
        day in any::<i64>(),
        now in any::<i64>(),
        messages in any::<u64>(),
    ) {
        if let Some(mut arrivals) = Arrivals::parse(&format!("{since} {day} 1 2 4294967295")) {
            let now = Timestamp::from_millis(now);
            arrivals.record(now, messages);
            drop((arrivals.average_gap(now), arrivals.a_day(now), arrivals.to_text()));
        }
    }

    #[test]
    fn fewer_than_three_hosts_never_take_the_line_down(
        told in prop::collection::vec((0..2_u8, step(), any::<bool>()), 0..100),
    ) {
        let mut watch = OfflineWatch::new();
        let mut now = start();
        for (host, seconds, fails) in told {
            now = later(now, seconds);
            let host = format!("pop{host}.example.org");
            if fails {
                prop_assert_eq!(watch.failed(&host, now), None);
            } else {
                prop_assert!(!watch.succeeded(&host));
            }
        }
    }
}
