//! Known answers of what runs and people do to a schedule.

use super::*;

const DAY: i64 = 86_400;
const TEN: Every = Every::Seconds(600);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis((20_000 * DAY + seconds) * 1000)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn exact() -> Pace {
    Pace {
        jitter_percent: 0,
        ..Pace::default()
    }
}

fn failed(word: &str) -> Ended {
    Ended::Failed {
        code: word.parse().unwrap(),
        login_delay: None,
    }
}

fn good() -> Ended {
    Ended::Good {
        stored: 0,
        login_delay: None,
    }
}

/// Seconds to the next run after each of these ends, without jitter.
fn waits(every: Every, ends: &[Ended]) -> Vec<u64> {
    let mut state = ScheduleState::default();
    let mut now = at(0);
    let waits = ends.iter().map(|ended| {
        state.last_started = Some(now);
        state = after_run(&state, every, &exact(), *ended, now, 3);
        let due = state.next_due.unwrap();
        let wait = due.since(now).as_secs();
        now = due;
        wait
    });
    waits.collect()
}

#[test]
fn each_kind_of_end_has_its_wait() {
    let refused = failed("auth-refused");
    let no_answer = failed("no-answer");
    let busy = failed("mailbox-in-use");
    for (name, ends, expected) in [
        ("good", vec![good(); 3], vec![600, 600, 600]),
        ("busy", vec![busy; 4], vec![120, 300, 600, 600]),
        (
            "temporary",
            vec![no_answer; 4],
            vec![1200, 2400, 3600, 3600],
        ),
        (
            "refused",
            vec![refused; 5],
            vec![900, 3600, 21_600, 86_400, 86_400],
        ),
        (
            "unproven",
            vec![failed("certificate"); 4],
            vec![900, 3600, 21_600, 21_600],
        ),
        ("renumbered", vec![failed("ids-changed"); 2], vec![600, 600]),
        ("stopped", vec![Ended::Stopped; 2], vec![600, 600]),
        ("offline", vec![Ended::Offline; 2], vec![60, 60]),
        (
            "good again",
            vec![no_answer, good(), no_answer],
            vec![1200, 600, 1200],
        ),
        (
            "another kind",
            vec![no_answer, busy, no_answer],
            vec![1200, 120, 1200],
        ),
        (
            "offline does not count",
            vec![no_answer, Ended::Offline, no_answer],
            vec![1200, 60, 2400],
        ),
        (
            "a stop does not count",
            vec![refused, Ended::Stopped, refused],
            vec![900, 900, 3600],
        ),
        (
            "a refusal stands through other failures",
            vec![refused, refused, refused, no_answer, busy, refused],
            vec![900, 3600, 21_600, 3600, 3600, 86_400],
        ),
        (
            "a refusal ends with a good run",
            vec![refused, refused, good()],
            vec![900, 3600, 600],
        ),
        (
            "or with what needs a sign-in",
            vec![refused, refused, failed("mailbox-full")],
            vec![900, 3600, 1200],
        ),
    ] {
        assert_eq!(waits(TEN, &ends), expected, "{name}");
    }
}

#[test]
fn what_the_server_asks_for_is_never_undercut() {
    let announced = |delay| Ended::Good {
        stored: 0,
        login_delay: Some(seconds(delay)),
    };
    let too_often = |delay| Ended::Failed {
        code: ErrorCode::TooOften,
        login_delay: Some(seconds(delay)),
    };
    for (name, ends, expected) in [
        ("faster than we ask", vec![announced(60)], vec![600]),
        ("slower", vec![announced(900), good()], vec![900, 900]),
        ("none", vec![announced(0)], vec![600]),
        (
            "forgotten only for more",
            vec![announced(900), announced(700)],
            vec![900, 900],
        ),
        (
            "even when busy",
            vec![too_often(900), good()],
            vec![900, 900],
        ),
        ("for ever is a day", vec![announced(u64::MAX)], vec![86_400]),
        (
            "no number",
            vec![failed("too-often"); 5],
            vec![300, 600, 1200, 2400, 3600],
        ),
    ] {
        assert_eq!(waits(TEN, &ends), expected, "{name}");
    }
}

#[test]
fn jitter_never_undercuts_floor_or_server() {
    let pace = Pace::default();
    let state = ScheduleState {
        min_interval: Some(seconds(600)),
        ..ScheduleState::default()
    };
    for noise in [0, 1, 60_000, 119_999, u64::MAX] {
        for (every, least) in [(Every::Seconds(1), 600), (TEN, 600)] {
            let next = after_run(&state, every, &pace, good(), at(0), noise);
            let wait = next.next_due.unwrap().since(at(0));
            assert!(wait >= seconds(least), "noise {noise}: {wait:?}");
            assert!(wait <= seconds(660), "noise {noise}: {wait:?}");
        }
    }
}

#[test]
fn a_retrieval_that_is_not_polled_is_never_due_but_remembers() {
    let ended = failed("auth-refused");
    let next = after_run(
        &ScheduleState::default(),
        Every::Never,
        &exact(),
        ended,
        at(0),
        0,
    );
    assert_eq!(next.next_due, None);
    assert_eq!(
        (next.setback, next.setbacks),
        (Some(Setback::SignInRefused), 1)
    );
}

#[test]
fn what_is_saved_is_due_at_once_unless_that_could_do_harm() {
    let state = |setback, setbacks, started: i64| ScheduleState {
        next_due: Some(at(500)),
        min_interval: Some(seconds(300)),
        setback,
        setbacks,
        last_started: Some(at(started)),
        ..ScheduleState::default()
    };
    let fine = state(None, 0, -1000);
    let just_ran = state(None, 0, -100);
    let refused = state(Some(Setback::SignInRefused), 2, -1000);
    for (name, state, saved, due) in [
        ("new", ScheduleState::default(), Saved::New, 0),
        ("changed", fine, Saved::Changed, 0),
        ("resumed", fine, Saved::Resumed, 0),
        ("changed, just checked", just_ran, Saved::Changed, 200),
        ("another server, just checked", just_ran, Saved::Remote, 0),
        ("changed while refused", refused, Saved::Changed, 2600),
        ("resumed while refused", refused, Saved::Resumed, 2600),
        ("password while refused", refused, Saved::Password, 0),
        (
            "clock was a day ahead",
            state(None, 0, DAY),
            Saved::Changed,
            0,
        ),
    ] {
        let next = when_saved(&state, TEN, &exact(), saved, at(0));
        assert_eq!(next.next_due, Some(at(due)), "{name}");
        assert_eq!(
            when_saved(&state, Every::Never, &exact(), saved, at(0)).next_due,
            None,
            "{name}, not polled"
        );
    }
    let password = when_saved(&refused, TEN, &exact(), Saved::Password, at(0));
    assert_eq!((password.setback, password.setbacks), (None, 0));
    assert_eq!(password.min_interval, refused.min_interval);
    let remote = when_saved(&refused, TEN, &exact(), Saved::Remote, at(0));
    assert_eq!(remote.min_interval, None);
}

#[test]
fn a_refused_sign_in_blocks_as_long_as_the_schedule_waits() {
    for (name, setback, setbacks, started, until) in [
        ("none", None, 0, -10, None),
        ("other trouble", Some(Setback::Temporary), 3, -10, None),
        ("once", Some(Setback::SignInRefused), 1, -10, Some(890)),
        ("over", Some(Setback::SignInRefused), 1, -900, None),
        (
            "four times",
            Some(Setback::SignInRefused),
            4,
            -10,
            Some(DAY - 10),
        ),
        (
            "the clock was a week ahead",
            Some(Setback::SignInRefused),
            4,
            7 * DAY,
            None,
        ),
    ] {
        let state = ScheduleState {
            setback,
            setbacks,
            last_started: Some(at(started)),
            ..ScheduleState::default()
        };
        assert_eq!(sign_in_block(&state, at(0)), until.map(at), "{name}");
    }
}
