//! Known answers: the table of ten states.

use super::*;

const HOUR: i64 = 3600;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_773_483_726_000 + seconds * 1000)
}

/// One row: what is kept of the retrieval.
#[derive(Clone, Copy)]
struct Row {
    schedule: ScheduleState,
    facts: StandingFacts<'static>,
}

static NOTHING: ScheduleState = ScheduleState {
    next_due: None,
    min_interval: None,
    setback: None,
    setbacks: 0,
    last_started: None,
    arrivals: crate::schedule::Arrivals::NONE,
};

impl Row {
    fn new() -> Self {
        Self {
            schedule: ScheduleState {
                next_due: Some(at(60)),
                ..NOTHING
            },
            facts: StandingFacts {
                now: at(0),
                host: "pop.shop.example",
                paused: None,
                checking: None,
                offline_since: None,
                schedule: &NOTHING,
                interval: Some(Duration::from_secs(600)),
                last_good: None,
                last_error: None,
                failures: 0,
                failing_since: None,
                said_auth: false,
            },
        }
    }

    fn good(seconds_ago: i64) -> Self {
        let mut row = Self::new();
        row.facts.last_good = Some(at(-seconds_ago));
        row
    }

    fn failed(code: &str, failures: u32, seconds: i64) -> Self {
        let mut row = Self::good(10 * HOUR);
        let code: ErrorCode = code.parse().unwrap();
        row.schedule.setback = Some(Setback::of(code));
        row.schedule.setbacks = failures;
        row.facts.last_error = Some(code);
        if Setback::of(code) != Setback::Busy {
            row.facts.failures = failures;
            row.facts.failing_since = Some(at(-seconds));
        }
        row
    }

    fn due(mut self, seconds: Option<i64>) -> Self {
        self.schedule.next_due = seconds.map(at);
        self
    }

    fn with(mut self, change: impl FnOnce(&mut StandingFacts<'static>)) -> Self {
        change(&mut self.facts);
        self
    }

    fn facts(&self) -> StandingFacts<'_> {
        StandingFacts {
            schedule: &self.schedule,
            ..self.facts
        }
    }
}

#[test]
fn a_retrieval_stands_as_the_first_condition_says_that_holds() {
    use Standing::{
        Busy, Checking, Failing, NeedsYou, New, Offline, Overdue, Paused, Trying, Working,
    };
    let checking =
        |row: Row| row.with(|facts| facts.checking = Some(super::Checking { messages: None }));
    let paused = |row: Row| {
        row.with(|facts| {
            facts.paused = Some(super::Paused {
                by: PausedBy::You,
                since: None,
            });
        })
    };
    let offline = |row: Row| row.with(|facts| facts.offline_since = Some(at(-60)));
    let good = Row::good(120);
    let failing = Row::failed("no-answer", 3, 1800);
    let refused = Row::failed("auth-refused", 2, 60);
    let still_refused = refused.with(|facts| facts.last_error = Some(ErrorCode::NoAnswer));
    let jumped = Row::failed("no-answer", 3, -86_400);
    let every_day = |row: Row| row.with(|facts| facts.interval = Some(Duration::from_secs(86_400)));
    for (name, row, expected) in [
        ("no run has ended", Row::new(), New),
        ("the first goes on", checking(Row::new()), Checking),
        ("good", good, Working),
        ("busy", Row::failed("mailbox-in-use", 1, 0), Busy),
        (
            "busy many times",
            Row::failed("mailbox-in-use", 50, 0),
            Busy,
        ),
        ("asked too often", Row::failed("too-often", 1, 0), Busy),
        ("one failure", Row::failed("no-answer", 1, 0), Trying),
        (
            "two, for long",
            Row::failed("no-answer", 2, 5 * HOUR),
            Trying,
        ),
        (
            "three, not for long",
            Row::failed("no-answer", 3, 1799),
            Trying,
        ),
        ("three, for long", failing, Failing),
        ("not POP3", Row::failed("not-pop3", 3, 1800), Failing),
        ("three, after the clock was set back", jumped, Trying),
        ("refused once", Row::failed("auth-refused", 1, 0), Trying),
        (
            "refused once for certain",
            Row::failed("auth-refused", 1, 0).with(|facts| facts.said_auth = true),
            NeedsYou,
        ),
        ("refused twice", refused, NeedsYou),
        ("refused twice, and now no answer", still_refused, NeedsYou),
        (
            "wants an app password",
            Row::failed("auth-app-password", 1, 0),
            NeedsYou,
        ),
        ("certificate", Row::failed("certificate", 1, 0), NeedsYou),
        ("renumbered", Row::failed("ids-changed", 1, 0), NeedsYou),
        ("full here", Row::failed("mailbox-full", 1, 0), NeedsYou),
        ("due two intervals ago", good.due(Some(-1200)), Working),
        ("due longer ago", good.due(Some(-1201)), Overdue),
        ("failing and overdue", failing.due(Some(-1201)), Overdue),
        (
            "never ran and overdue",
            Row::new().due(Some(-1201)),
            Overdue,
        ),
        (
            "a day's interval",
            every_day(good.due(Some(-1201))),
            Working,
        ),
        ("not polled", good.due(None), Working),
        (
            "overdue, but it runs",
            checking(good.due(Some(-1201))),
            Checking,
        ),
        ("no line", offline(good), Offline),
        (
            "no line and overdue",
            offline(good.due(Some(-1201))),
            Offline,
        ),
        ("no line and failing", offline(failing), Offline),
        ("no line and refused", offline(refused), NeedsYou),
        ("paused", paused(good), Paused),
        ("paused and refused", paused(refused), Paused),
        (
            "paused, and the last run goes on",
            paused(checking(good)),
            Checking,
        ),
    ] {
        assert_eq!(standing(&row.facts()), expected, "{name}");
    }
}

#[test]
fn each_state_has_its_sentence() {
    let paused = |by, since| Row::good(60).with(|facts| facts.paused = Some(Paused { by, since }));
    let third = Some(at(-11 * 86_400));
    let checking = |messages| Row::new().with(|facts| facts.checking = Some(Checking { messages }));
    let offline = Row::good(60).with(|facts| facts.offline_since = Some(at(-1206)));
    for (row, text) in [
        (Row::new(), "Not checked yet. First check in 1 min."),
        (
            Row::new().due(Some(0)),
            "Not checked yet. First check in a moment.",
        ),
        (
            Row::new().due(None),
            "Not checked yet. First check when something asks for it.",
        ),
        (checking(None), "Checking now."),
        (checking(Some((7, 12))), "Checking now: 7 of 12 messages."),
        (Row::good(120), "Last good check 2 min ago."),
        (Row::good(0), "Last good check just now."),
        (Row::good(-5), "Last good check just now."),
        (
            Row::failed("mailbox-in-use", 1, 0).due(Some(120)),
            "The mailbox was in use elsewhere. Next try in 2 min.",
        ),
        (
            Row::failed("too-often", 1, 0).due(Some(300)),
            "pop.shop.example asks to be checked less often. Next try in 5 min.",
        ),
        (
            Row::failed("no-answer", 2, 0).due(Some(240)),
            "No answer from pop.shop.example. 2 tries. Next try in 4 min.",
        ),
        (
            Row::failed("auth-refused", 1, 0).due(Some(900)),
            "pop.shop.example refuses the password. 1 try. Next try in 15 min.",
        ),
        (
            Row::failed("no-answer", 7, 4206).due(Some(1800)),
            "No mail from pop.shop.example since Sat 14 Mar 09:12 UTC (7 tries). Next try in 30 \
             min.",
        ),
        (
            Row::failed("auth-refused", 2, 4206),
            "pop.shop.example refuses the password since Sat 14 Mar 09:12 UTC.",
        ),
        (
            Row::failed("certificate", 1, 4206),
            "pop.shop.example could not prove who it is since Sat 14 Mar 09:12 UTC.",
        ),
        (
            Row::good(HOUR).due(Some(-1206)),
            "Should have run at Sat 14 Mar 10:02 UTC. This server is busy or was stopped.",
        ),
        (
            paused(PausedBy::You, third),
            "Paused by you on 3 March 2026.",
        ),
        (
            paused(PausedBy::Administrator, third),
            "Paused by an administrator on 3 March 2026.",
        ),
        (paused(PausedBy::Account("petr"), None), "Paused by petr."),
        (
            paused(PausedBy::File, None),
            "Paused in the file of settings.",
        ),
        (paused(PausedBy::Unknown, third), "Paused on 3 March 2026."),
        (
            offline,
            "This server has no internet connection since Sat 14 Mar 10:02 UTC. Checks continue \
             when it is back.",
        ),
    ] {
        assert_eq!(sentence(&row.facts()), text);
    }
}

#[test]
fn every_failure_has_a_sentence_that_reads() {
    for code in ErrorCode::ALL {
        let text = sentence(&Row::failed(code.as_str(), 1, 0).facts());
        assert!(
            !text.contains(['{', '}', '`']) && !text.contains(".."),
            "{code}: {text}"
        );
        assert!(text.ends_with('.'), "{code}: {text}");
    }
}

#[test]
fn every_state_reads_back_from_its_word_and_has_a_sign_of_its_own() {
    for standing in Standing::ALL {
        assert_eq!(standing.as_str().parse(), Ok(standing));
        let same = Standing::ALL
            .iter()
            .filter(|other| other.glyph() == standing.glyph());
        assert_eq!(same.count(), 1, "{standing}");
    }
    let unknown = "idle".parse::<Standing>().unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "not a state; the ten are new, checking, working, busy, trying, failing, needs-you, \
         overdue, paused, offline"
    );
}

#[test]
fn the_owner_is_told_of_lasting_failures_and_administrators_of_the_servers_own() {
    for (alarm, states) in [
        (Alarm::Owner, "failing needs-you"),
        (Alarm::Admin, "overdue offline"),
        (Alarm::None, "new checking working busy trying paused"),
    ] {
        for state in states.split(' ') {
            assert_eq!(state.parse::<Standing>().unwrap().alarm(), alarm, "{state}");
        }
    }
}
