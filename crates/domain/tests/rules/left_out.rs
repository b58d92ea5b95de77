//! What stays on the server unread.

use inhaul_domain::{LedgerState, LeftOutReason, RunPolicy};
use inhaul_types::Octets;

use crate::{DELETE, KEEP, Places, Row, Scene, line, stored};

const UP_TO_100: RunPolicy = RunPolicy {
    largest: Some(Octets::new(100)),
    ..KEEP
};

fn left(id: &'static str, size: u64, reason: LeftOutReason, hours_ago: i64) -> Row {
    Row {
        state: LedgerState::LeftOut(reason),
        hours_ago,
        ..stored(id, size, 1)
    }
}

#[test]
fn what_is_too_large_is_recorded_once() {
    let lines = [line("a", 101, 1), line("b", 100, 2)];
    let plan = Scene::new(UP_TO_100, &[], &lines).plan();
    assert_eq!(plan.retrieve.places(), [1]);
    assert_eq!(plan.leave.len(), 1);
    assert_eq!(plan.leave[0].1, LeftOutReason::TooLarge);

    let row = left("a", 101, LeftOutReason::TooLarge, 1000);
    let plan = Scene::new(UP_TO_100, &[row], &lines[..1]).plan();
    assert!(plan.leave.is_empty() && plan.retrieve.is_empty() && plan.probe.is_empty());
}

#[test]
fn what_was_left_out_is_tried_again_when_its_reason_may_be_gone() {
    use LeftOutReason::{Poisoned, Refused, TooLarge};
    for (name, row, policy, retrieved) in [
        ("limit raised", left("a", 90, TooLarge, 0), UP_TO_100, true),
        ("limit lifted", left("a", 500, TooLarge, 0), KEEP, true),
        (
            "refused an hour ago",
            left("a", 90, Refused, 1),
            UP_TO_100,
            false,
        ),
        (
            "refused 24 hours ago",
            left("a", 90, Refused, 24),
            UP_TO_100,
            true,
        ),
        (
            "poisoned 23 hours ago",
            left("a", 90, Poisoned, 23),
            UP_TO_100,
            false,
        ),
        (
            "poisoned 24 hours ago",
            left("a", 90, Poisoned, 24),
            UP_TO_100,
            true,
        ),
    ] {
        let size = row.size.unwrap();
        let plan = Scene::new(policy, &[row], &[line("a", size, 1)]).plan();
        assert_eq!(!plan.retrieve.is_empty(), retrieved, "{name}");
        assert!(plan.leave.is_empty() && plan.probe.is_empty(), "{name}");
    }
}

#[test]
fn of_several_records_of_one_message_the_newest_counts() {
    let rows = [
        left("a", 90, LeftOutReason::Refused, 50),
        left("a", 90, LeftOutReason::Refused, 2),
    ];
    assert!(
        Scene::new(KEEP, &rows, &[line("a", 90, 1)])
            .plan()
            .retrieve
            .is_empty()
    );
}

#[test]
fn a_message_left_out_and_later_stored_is_known() {
    let rows = [
        left("a", 90, LeftOutReason::Refused, 50),
        stored("a", 90, 1),
    ];
    let plan = Scene::new(KEEP, &rows, &[line("a", 90, 1)]).plan();
    assert!(plan.retrieve.is_empty() && plan.probe.is_empty());
}

#[test]
fn a_message_left_out_is_never_deleted() {
    let row = left("a", 101, LeftOutReason::TooLarge, 1000);
    let policy = RunPolicy {
        largest: UP_TO_100.largest,
        ..DELETE
    };
    let (plan, verdict) = Scene::new(policy, &[row], &[line("a", 101, 1)]).judge();
    assert!(plan.probe.is_empty() && verdict.delete.is_empty());
}

#[test]
fn one_left_out_of_two_that_share_an_id_stays_left_out() {
    let rows = [
        left("a", 101, LeftOutReason::TooLarge, 5),
        stored("a", 90, 2),
    ];
    let scene = Scene::new(UP_TO_100, &rows, &[line("a", 101, 1), line("a", 90, 2)]);
    let verdict = scene.verdict();
    assert_eq!(verdict.same.places(), [(1, 1)]);
    assert!(verdict.leave.is_empty() && verdict.retrieve.is_empty());
}
