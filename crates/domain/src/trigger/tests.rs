//! Known answers of the trigger's policy.

use super::*;

const MINUTE: u64 = 60;

/// Seconds from now; below zero is ago.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_773_483_726_000 + seconds * 1000)
}

fn ago(seconds: i64) -> Option<Timestamp> {
    Some(at(-seconds))
}

fn facts(activation: Activation) -> TriggerFacts {
    TriggerFacts {
        switch: Some(60),
        ..TriggerFacts::new(activation, at(0))
    }
}

fn refused(reason: RefusalReason, until: Option<i64>) -> Decision {
    Decision::Refuse(Refusal {
        reason,
        until: until.map(at),
    })
}

fn check(rows: impl IntoIterator<Item = (&'static str, TriggerFacts, Decision)>) {
    for (name, facts, expected) in rows {
        assert_eq!(decide(&facts), expected, "{name}");
    }
}

#[test]
fn only_a_run_that_has_not_asked_what_there_is_is_joined() {
    let running = |progress, seconds| TriggerFacts {
        progress,
        last_started: ago(seconds),
        ..facts(Activation::Button)
    };
    let behind = |seconds| Decision::QueueBehind {
        not_before: at(seconds),
    };
    let slow = TriggerFacts {
        min_interval: Some(Duration::from_secs(5 * MINUTE)),
        ..running(Progress::AfterUidl, 10)
    };
    check([
        (
            "nothing runs",
            running(Progress::Idle, 3600),
            Decision::Start,
        ),
        ("one waits", running(Progress::Queued, 3600), Decision::Join),
        (
            "one signs in",
            running(Progress::BeforeUidl, 1),
            Decision::Join,
        ),
        (
            "one knows its list",
            running(Progress::AfterUidl, 90),
            behind(0),
        ),
        (
            "the floor makes the next wait",
            running(Progress::AfterUidl, 10),
            behind(50),
        ),
        ("so does the server", slow, behind(290)),
        (
            "one more waits already",
            running(Progress::OneMoreQueued, 10),
            Decision::Join,
        ),
    ]);
}

#[test]
fn each_activation_has_its_own_interval_and_all_share_the_floor() {
    for activation in Activation::ALL {
        let by = |switch, own, all| TriggerFacts {
            switch,
            last_by_activation: own,
            last_started: all,
            ..facts(activation)
        };
        let too_soon = |checked: i64, until| {
            let checked = at(-checked);
            refused(RefusalReason::TooSoon { checked }, Some(until))
        };
        let rows = [
            (
                "off",
                by(None, None, None),
                refused(RefusalReason::SwitchedOff, None),
            ),
            ("never ran", by(Some(300), None, None), Decision::Start),
            (
                "its own run",
                by(Some(300), ago(299), ago(299)),
                too_soon(299, 1),
            ),
            (
                "its own run, long ago",
                by(Some(300), ago(300), ago(300)),
                Decision::Start,
            ),
            (
                "another's run",
                by(Some(300), None, ago(60)),
                Decision::Start,
            ),
            (
                "another's run under the floor",
                by(Some(0), None, ago(20)),
                too_soon(20, 40),
            ),
            (
                "the later moment counts",
                by(Some(300), ago(100), ago(20)),
                too_soon(20, 200),
            ),
        ];
        for (name, facts, expected) in rows {
            assert_eq!(decide(&facts), expected, "{activation}: {name}");
        }
    }
}

#[test]
fn a_trigger_never_undercuts_what_the_server_asks_for() {
    let waiting = TriggerFacts {
        min_interval: Some(Duration::from_secs(5 * MINUTE)),
        last_started: ago(100),
        last_by_activation: ago(100),
        ..facts(Activation::Waiting)
    };
    assert_eq!(possible_at(&waiting), at(200));
    let forced = TriggerFacts {
        force: true,
        ..waiting
    };
    let too_soon = refused(RefusalReason::TooSoon { checked: at(-100) }, Some(200));
    check([("waiting", waiting, too_soon), ("forced", forced, too_soon)]);
}

#[test]
fn while_the_sign_in_is_refused_only_a_person_tries_again() {
    let blocked = |activation, retry, seconds| TriggerFacts {
        sign_in_blocked_until: Some(at(3600)),
        last_started: ago(seconds),
        retry,
        ..facts(activation)
    };
    let refused_until = |until| refused(RefusalReason::SignInRefused, Some(until));
    for activation in Activation::ALL {
        let long_ago = 2 * 3600;
        let plain = match activation {
            Activation::Schedule => Decision::Start,
            _ => refused_until(3600),
        };
        let again = match activation {
            Activation::Button | Activation::Cli => Decision::Start,
            _ => plain,
        };
        let rows = [
            ("asked", blocked(activation, false, long_ago), plain),
            ("try again", blocked(activation, true, long_ago), again),
        ];
        for (name, facts, expected) in rows {
            assert_eq!(decide(&facts), expected, "{activation}: {name}");
        }
    }
    let over = TriggerFacts {
        sign_in_blocked_until: Some(at(0)),
        ..blocked(Activation::Folder, false, 3600)
    };
    let forced = TriggerFacts {
        force: true,
        ..blocked(Activation::Cli, false, 3600)
    };
    check([
        (
            "a minute later",
            blocked(Activation::Button, true, 60),
            refused_until(840),
        ),
        (
            "a quarter later",
            blocked(Activation::Button, true, 900),
            Decision::Start,
        ),
        ("the block is over", over, Decision::Start),
        ("force is no try again", forced, refused_until(3600)),
    ]);
}

#[test]
fn a_refusal_names_the_first_thing_in_the_way() {
    let base = TriggerFacts {
        last_started: ago(3600),
        ..facts(Activation::Button)
    };
    let full = StartedToday {
        started: 300,
        limit: Some(300),
    };
    let room = StartedToday {
        started: 299,
        limit: Some(300),
    };
    let all = TriggerFacts {
        stopping: true,
        enabled: false,
        paused: true,
        switch: None,
        offline_since: ago(60),
        by_account: full,
        by_address: full,
        queued: 5,
        queue_size: 5,
        ..base
    };
    let not_stopping = TriggerFacts {
        stopping: false,
        ..all
    };
    let enabled = TriggerFacts {
        enabled: true,
        ..not_stopping
    };
    let resumed = TriggerFacts {
        paused: false,
        ..enabled
    };
    let on = TriggerFacts {
        switch: Some(60),
        ..resumed
    };
    let online = TriggerFacts {
        offline_since: None,
        ..on
    };
    let account_has_room = TriggerFacts {
        by_account: room,
        ..online
    };
    let address_has_room = TriggerFacts {
        by_address: room,
        ..account_has_room
    };
    let queue_has_room = TriggerFacts {
        queued: 4,
        ..address_has_room
    };
    let schedule = TriggerFacts {
        activation: Activation::Schedule,
        queued: 4,
        ..online
    };
    let joins = TriggerFacts {
        progress: Progress::BeforeUidl,
        ..online
    };
    let day = Some(24 * 3600);
    let offline = RefusalReason::Offline { since: at(-60) };
    check([
        ("stopping", all, refused(RefusalReason::Stopping, None)),
        (
            "disabled",
            not_stopping,
            refused(RefusalReason::Disabled, None),
        ),
        ("paused", enabled, refused(RefusalReason::Paused, None)),
        ("off", resumed, refused(RefusalReason::SwitchedOff, None)),
        ("offline", on, refused(offline, None)),
        (
            "account",
            online,
            refused(RefusalReason::LimitAccount { limit: 300 }, day),
        ),
        (
            "address",
            account_has_room,
            refused(RefusalReason::LimitAddress { limit: 300 }, day),
        ),
        (
            "queue",
            address_has_room,
            refused(RefusalReason::QueueFull { size: 5 }, None),
        ),
        ("nothing", queue_has_room, Decision::Start),
        (
            "the schedule has no daily number",
            schedule,
            Decision::Start,
        ),
        ("joining costs nothing", joins, Decision::Join),
    ]);
}

#[test]
fn force_ignores_intervals_and_daily_numbers_and_nothing_else() {
    let full = StartedToday {
        started: 1,
        limit: Some(1),
    };
    let forced = TriggerFacts {
        force: true,
        switch: Some(3600),
        last_by_activation: ago(100),
        last_started: ago(100),
        by_account: full,
        by_address: full,
        offline_since: ago(9),
        ..facts(Activation::Cli)
    };
    let floor = TriggerFacts {
        last_started: ago(10),
        ..forced
    };
    let off = TriggerFacts {
        switch: None,
        ..forced
    };
    let paused = TriggerFacts {
        paused: true,
        ..forced
    };
    let queue = TriggerFacts {
        queue_size: 0,
        ..forced
    };
    let too_soon = RefusalReason::TooSoon { checked: at(-10) };
    check([
        ("forced", forced, Decision::Start),
        ("the floor stands", floor, refused(too_soon, Some(50))),
        (
            "the switch stands",
            off,
            refused(RefusalReason::SwitchedOff, None),
        ),
        (
            "a pause stands",
            paused,
            refused(RefusalReason::Paused, None),
        ),
        (
            "the queue's size stands",
            queue,
            refused(RefusalReason::QueueFull { size: 0 }, None),
        ),
    ]);
}

#[test]
fn a_clock_set_back_shuts_nobody_out() {
    let started = |seconds| TriggerFacts {
        last_started: Some(at(seconds)),
        last_by_activation: Some(at(seconds)),
        ..facts(Activation::Button)
    };
    let soon = |seconds: i64| {
        let checked = at(seconds);
        refused(RefusalReason::TooSoon { checked }, Some(seconds + 60))
    };
    check([
        ("a second", started(1), soon(1)),
        ("a day", started(86_400), Decision::Start),
    ]);
}

#[test]
fn a_refusal_reads_as_a_sentence() {
    for (word, reason, until, text) in [
        (
            "too-soon",
            RefusalReason::TooSoon { checked: at(-20) },
            Some(40),
            "Checked 20 seconds ago. You can check again in 40 seconds.",
        ),
        (
            "too-soon",
            RefusalReason::TooSoon { checked: at(0) },
            Some(300),
            "Checked just now. You can check again in 5 minutes.",
        ),
        (
            "too-soon",
            RefusalReason::TooSoonAfterStart,
            Some(1),
            "Checking now. You can check again in 1 second.",
        ),
        (
            "switched-off",
            RefusalReason::SwitchedOff,
            None,
            "Your group does not allow this. Mail is brought in on a schedule.",
        ),
        (
            "paused",
            RefusalReason::Paused,
            None,
            "This retrieval is paused. Resume it, and it is checked at once.",
        ),
        (
            "disabled",
            RefusalReason::Disabled,
            None,
            "This account or its group is switched off. An administrator can switch it on.",
        ),
        (
            "limit-account",
            RefusalReason::LimitAccount { limit: 300 },
            None,
            "You have started 300 checks today, the most your group allows. The schedule goes on \
             as usual.",
        ),
        (
            "limit-address",
            RefusalReason::LimitAddress { limit: 1000 },
            None,
            "1000 checks were started from your network address today, the most your group \
             allows. The schedule goes on as usual.",
        ),
        (
            "queue-full",
            RefusalReason::QueueFull { size: 500 },
            None,
            "500 checks are waiting for their turn, and there is no room for more. Try again in a \
             minute.",
        ),
        (
            "sign-in-refused",
            RefusalReason::SignInRefused,
            Some(55 * 60),
            "The server refuses the password. Enter it again, or wait: it can be tried again in \
             55 minutes.",
        ),
        (
            "offline",
            RefusalReason::Offline { since: at(-1206) },
            None,
            "This server has no internet connection since Sat 14 Mar 10:02 UTC. Checks continue \
             when it is back.",
        ),
        (
            "stopping",
            RefusalReason::Stopping,
            None,
            "This server is stopping. It checks again when it has started.",
        ),
    ] {
        let until = until.map(at);
        assert_eq!(Refusal { reason, until }.text(at(0)), text);
        assert_eq!(reason.as_str(), word, "{text}");
    }
}
