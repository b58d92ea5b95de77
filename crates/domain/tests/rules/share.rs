//! How much of what is wanted a run and a session bring.

use inhaul_domain::limits::Limits;
use inhaul_domain::{
    Amount, AtOwnLimit, Coming, LedgerState, LeftInRun, LeftOutReason, RunBounds, coming, judge_cut,
};
use inhaul_types::Octets;

use crate::{DELETE, KEEP, Line, Places, Row, Scene, line, stored};

fn amount(messages: Option<u64>, octets: Option<u64>) -> Amount {
    Amount {
        messages,
        octets: octets.map(Octets::new),
    }
}

fn coming_of(scene: &Scene, left: &LeftInRun) -> Coming {
    let (plan, verdict) = scene.judge();
    coming(&scene.listing, &plan, &verdict, left)
}

/// New messages of these sizes.
fn of_sizes(sizes: &[u64]) -> Scene {
    const IDS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
    let lines: Vec<_> = IDS
        .iter()
        .zip(sizes)
        .map(|(id, size)| line(id, *size, 1))
        .collect();
    Scene::new(KEEP, &[], &lines)
}

#[test]
fn a_run_brings_no_more_than_it_may_and_keeps_the_order() {
    for (name, messages, octets, brought, expected) in [
        ("no bound", None, None, 0, vec![0, 1, 2, 3]),
        ("two messages", Some(2), None, 0, vec![0, 1]),
        ("none left", Some(0), None, 5, vec![]),
        ("octets of two", None, Some(30), 0, vec![0, 1]),
        ("octets to the last one", None, Some(60), 0, vec![0, 1]),
        ("the tighter one", Some(3), Some(10), 0, vec![0]),
        (
            "a first one that is too much comes",
            None,
            Some(5),
            0,
            vec![0],
        ),
        ("once a run", None, Some(5), 1, vec![]),
        ("no octets left", None, Some(0), 1, vec![]),
    ] {
        // The last one would fit where the third does not, and waits for it.
        let scene = of_sizes(&[10, 20, 40, 5]);
        let left = LeftInRun {
            amount: amount(messages, octets),
            brought,
            room: None,
        };
        let coming = coming_of(&scene, &left);
        assert_eq!(coming.retrieve.places(), expected, "{name}");
        let part = coming.in_session(&scene.listing, &scene.verdict(), Amount::UNBOUND);
        assert_eq!(part.remaining, 4 - expected.len() as u64, "{name}");
        assert_eq!(coming.is_all(), expected.len() == 4, "{name}");
    }
}

#[test]
fn what_does_not_fit_the_account_stays_behind_and_smaller_ones_pass_it() {
    for (room, expected) in [
        (None, vec![0, 1, 2, 3]),
        (Some(75), vec![0, 1, 2, 3]),
        (Some(74), vec![0, 1, 2]),
        (Some(35), vec![0, 1, 3]),
        (Some(9), vec![3]),
        (Some(4), vec![]),
        (Some(0), vec![]),
    ] {
        let scene = of_sizes(&[10, 20, 40, 5]);
        let left = LeftInRun {
            room: room.map(Octets::new),
            ..LeftInRun::default()
        };
        let coming = coming_of(&scene, &left);
        assert_eq!(coming.retrieve.places(), expected, "{room:?}");
        assert_eq!(coming.held_back, 4 - expected.len() as u64, "{room:?}");
        let part = coming.in_session(&scene.listing, &scene.verdict(), Amount::UNBOUND);
        assert_eq!((part.postponed, part.remaining), (0, 0), "{room:?}");
    }
}

#[test]
fn a_message_without_a_size_needs_some_room() {
    let lines = [Line {
        size: None,
        ..line("a", 0, 1)
    }];
    for (room, comes) in [(0, 0), (1, 1)] {
        let left = LeftInRun {
            room: Some(Octets::new(room)),
            ..LeftInRun::default()
        };
        let coming = coming_of(&Scene::new(KEEP, &[], &lines), &left);
        assert_eq!(
            (coming.retrieve.len(), coming.held_back),
            (comes, 1 - comes as u64)
        );
    }
}

#[test]
fn a_session_brings_its_part_and_leaves_the_rest_to_the_next() {
    for (name, messages, octets, expected) in [
        ("no bound", None, None, 4),
        ("two messages", Some(2), None, 2),
        ("octets of three", None, Some(70), 3),
        ("one that is too much by itself", None, Some(1), 1),
    ] {
        let scene = of_sizes(&[10, 20, 40, 5]);
        let coming = coming_of(&scene, &LeftInRun::default());
        let (_, verdict) = scene.judge();
        let session = amount(messages, octets);
        let part = coming.in_session(&scene.listing, &verdict, session);
        assert_eq!(
            (part.retrieve.len(), part.postponed),
            (expected, 4 - expected as u64),
            "{name}"
        );
    }
}

#[test]
fn a_message_at_which_lines_are_cut_has_a_session_of_its_own_behind_deletions() {
    let cut = |id| Row {
        state: LedgerState::LeftOut(LeftOutReason::Interrupted),
        asks: 3,
        ..stored(id, 10, 1)
    };
    for (name, new, due, parts) in [
        ("the others first", true, true, (1, 2)),
        ("deletions first", false, true, (0, 2)),
        ("one at a time", false, false, (1, 1)),
    ] {
        let mut rows = vec![cut("a"), cut("b")];
        let mut lines = vec![line("a", 10, 1), line("b", 10, 2)];
        if new {
            lines.push(line("new", 10, 3));
        }
        if due {
            rows.push(stored("due", 10, 4));
            lines.push(line("due", 10, 4));
        }
        let scene = Scene::new(DELETE, &rows, &lines);
        let coming = coming_of(&scene, &LeftInRun::default());
        let (_, verdict) = scene.judge();
        let part = coming.in_session(&scene.listing, &verdict, Amount::UNBOUND);
        assert_eq!((part.retrieve.len(), part.postponed), parts, "{name}");
    }
}

#[test]
fn what_stands_in_for_a_refused_message_is_the_next_one_that_is_sound() {
    let cut = Row {
        state: LedgerState::LeftOut(LeftOutReason::Interrupted),
        asks: 3,
        ..stored("cut", 10, 1)
    };
    let lines = [
        line("cut", 10, 1),
        line("b", 10, 2),
        line("c", 10, 3),
        line("d", 10, 4),
    ];
    let scene = Scene::new(KEEP, &[cut], &lines);
    let left = LeftInRun {
        amount: amount(Some(2), None),
        ..LeftInRun::default()
    };
    let coming = coming_of(&scene, &left);
    let one = amount(Some(1), None);
    let part = coming.in_session(&scene.listing, &scene.verdict(), one);
    assert_eq!(part.retrieve.places(), [1]);
    assert_eq!(part.spare.places(), [2, 3]);
    assert_eq!((part.postponed, part.remaining), (1, 2));
}

#[test]
fn an_accounts_limit_holds_for_the_run_and_a_batch_for_its_session() {
    let limits = Limits {
        messages_per_run: Some(50),
        octets_per_run: Some(Octets::new(5000)),
        ..Limits::default()
    };
    let own = amount(Some(20), Some(9000));
    let batch = amount(Some(30), None);
    let at_limit = RunBounds::new(&limits, own, AtOwnLimit::End, batch, None);
    assert_eq!(at_limit.session, batch);
    assert_eq!(at_limit.run, amount(Some(20), Some(5000)));
    let again = RunBounds::new(&limits, own, AtOwnLimit::SignInAgain, batch, None);
    assert_eq!(again.session, amount(Some(20), Some(9000)));
    // Whoever signs in again does not get round the account's limit.
    assert_eq!(again.run, amount(Some(50), Some(5000)));
    let asked = RunBounds::new(&limits, own, AtOwnLimit::SignInAgain, batch, Some(3));
    assert_eq!(asked.run.messages, Some(3));
    let none = RunBounds::new(
        &Limits::default(),
        Amount::UNBOUND,
        AtOwnLimit::End,
        Amount::UNBOUND,
        None,
    );
    assert!(!none.are_any() && again.are_any());
}

#[test]
fn what_a_person_ordered_comes_first_whatever_its_size_until_lines_are_cut_at_it() {
    use LeftOutReason::{Ordered, Poisoned};
    let up_to_100 = inhaul_domain::RunPolicy {
        largest: Some(Octets::new(100)),
        ..KEEP
    };
    let lines = [line("new", 10, 1), line("a", 500, 2), line("b", 500, 3)];
    for (cuts, first, last, next) in [
        (0, vec![1, 0], vec![], Ordered),
        (1, vec![0], vec![1], Ordered),
        (4, vec![0], vec![1], Poisoned),
    ] {
        let row = Row {
            state: LedgerState::LeftOut(Ordered),
            asks: cuts,
            ..stored("a", 500, 2)
        };
        let scene = Scene::new(up_to_100, &[row], &lines);
        let plan = scene.plan();
        assert_eq!(plan.retrieve.places(), first, "{cuts} cuts");
        assert_eq!(plan.retrieve_last.places(), last, "{cuts} cuts");
        let left: Vec<_> = plan.leave.iter().map(|(index, _)| *index).collect();
        assert_eq!(left.places(), [2], "{cuts} cuts");
        let index = scene.listing.iter().nth(1).unwrap().index;
        assert_eq!(
            judge_cut(&scene.listing, index, &scene.ledger),
            next,
            "{cuts} cuts"
        );
    }
}
