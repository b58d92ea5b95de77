//! When LIST is asked.

use inhaul_domain::{
    LedgerState, LeftOutReason, Retention, RowEpoch, RunPolicy, expects_nothing_known, needs_sizes,
};
use inhaul_types::Octets;

use crate::{DELETE, KEEP, Line, Row, Scene, in_hours, now, stored};

fn only_id(id: &'static str) -> Line {
    Line {
        id: Some(id),
        size: None,
        probe: None,
    }
}

fn needs(scene: &Scene, stat: Option<(u64, u64)>) -> bool {
    let stat = stat.map(|(count, octets)| (count, Octets::new(octets)));
    needs_sizes(&scene.listing, stat, &scene.ledger, &scene.policy, now())
}

#[test]
fn sizes_are_asked_for_when_something_is_to_be_done_or_stat_disagrees() {
    let (a, b) = (stored("a", 10, 1), stored("b", 20, 2));
    let deleted = |asks| Row {
        state: LedgerState::Deleted,
        asks,
        ..b
    };
    let asked = Row {
        state: LedgerState::Asked,
        ..b
    };
    let unsized_row = Row { size: None, ..b };
    let past = Row {
        epoch: RowEpoch::Past,
        ..b
    };
    let left = |reason, hours_ago| Row {
        state: LedgerState::LeftOut(reason),
        hours_ago,
        ..b
    };
    let (large, refused) = (LeftOutReason::TooLarge, LeftOutReason::Refused);
    let up_to_15 = RunPolicy {
        largest: Some(Octets::new(15)),
        ..KEEP
    };
    let after_a_day = RunPolicy {
        retention: Retention::DeleteAfter { days: 1 },
        ..KEEP
    };
    let held = RunPolicy {
        relinked_deletion_held_until: Some(in_hours(1)),
        ..DELETE
    };
    let (ab, right) = (vec!["a", "b"], Some((2, 30)));
    for (name, policy, rows, ids, stat, asks) in [
        ("nothing new", KEEP, vec![a, b], ab.clone(), right, false),
        ("empty", KEEP, vec![a, b], vec![], Some((0, 0)), false),
        (
            "one is gone",
            KEEP,
            vec![a, b],
            vec!["a"],
            Some((1, 10)),
            false,
        ),
        (
            "other octets",
            KEEP,
            vec![a, b],
            ab.clone(),
            Some((2, 31)),
            true,
        ),
        (
            "another count",
            KEEP,
            vec![a, b],
            ab.clone(),
            Some((3, 30)),
            true,
        ),
        (
            "STAT cannot be read",
            KEEP,
            vec![a, b],
            ab.clone(),
            None,
            true,
        ),
        ("a new one", KEEP, vec![a], ab.clone(), right, true),
        (
            "a doubled id",
            KEEP,
            vec![a],
            vec!["a", "a"],
            Some((2, 20)),
            true,
        ),
        (
            "two rows of an id",
            KEEP,
            vec![a, a],
            vec!["a"],
            Some((1, 10)),
            true,
        ),
        ("no id", KEEP, vec![a], vec![""], Some((1, 10)), true),
        (
            "a row without a size",
            KEEP,
            vec![a, unsized_row],
            ab.clone(),
            right,
            true,
        ),
        (
            "a row of another epoch",
            KEEP,
            vec![a, past],
            ab.clone(),
            right,
            true,
        ),
        ("due", DELETE, vec![a, b], ab.clone(), right, true),
        ("due, but held", held, vec![a, b], ab.clone(), right, false),
        (
            "not due yet",
            after_a_day,
            vec![a, b],
            ab.clone(),
            right,
            false,
        ),
        ("asked", KEEP, vec![a, asked], ab.clone(), right, true),
        (
            "not deleted",
            held,
            vec![a, deleted(1)],
            ab.clone(),
            right,
            true,
        ),
        (
            "quietly not deleted",
            held,
            vec![a, deleted(3)],
            ab.clone(),
            right,
            false,
        ),
        (
            "too large",
            up_to_15,
            vec![a, left(large, 50)],
            ab.clone(),
            right,
            false,
        ),
        (
            "not too large now",
            KEEP,
            vec![a, left(large, 50)],
            ab.clone(),
            right,
            true,
        ),
        (
            "refused today",
            KEEP,
            vec![a, left(refused, 1)],
            ab.clone(),
            right,
            false,
        ),
        (
            "refused yesterday",
            KEEP,
            vec![a, left(refused, 25)],
            ab.clone(),
            right,
            true,
        ),
    ] {
        let lines: Vec<_> = ids.into_iter().map(only_id).collect();
        let scene = Scene::new(policy, &rows, &lines);
        assert_eq!(needs(&scene, stat), asks, "{name}");
        if !asks {
            let plan = scene.plan();
            let idle = plan.retrieve.is_empty() && plan.probe.is_empty() && plan.leave.is_empty();
            assert!(idle, "{name}: without sizes there is nothing to do");
        }
    }
}

#[test]
fn a_new_message_is_retrieved_even_if_list_was_not_answered() {
    let scene = Scene::new(KEEP, &[stored("a", 10, 1)], &[only_id("a"), only_id("b")]);
    let plan = scene.plan();
    assert_eq!(plan.retrieve, [scene.message(1)]);
    assert!(plan.probe.is_empty());
}

#[test]
fn a_ledger_without_rows_of_this_epoch_expects_all_to_be_new() {
    let past = Row {
        epoch: RowEpoch::Past,
        ..stored("a", 10, 1)
    };
    for (rows, nothing) in [
        (vec![], true),
        (vec![past], true),
        (vec![past, stored("b", 20, 2)], false),
    ] {
        let ledger = crate::ledger(inhaul_domain::IdTrust::Unbroken, &rows);
        assert_eq!(expects_nothing_known(&ledger), nothing);
    }
}
