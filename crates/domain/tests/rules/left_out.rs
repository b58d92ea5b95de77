//! What stays on the server unread.

use inhaul_domain::{
    LedgerState, LeftOutReason, RowEpoch, RunPolicy, StartPoint, is_ordered, judge_cut, judge_dates,
};
use inhaul_types::Octets;

use crate::{DELETE, KEEP, Line, Places, Row, Scene, anonymous, in_hours, line, stored};

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
        let comes = !plan.retrieve.is_empty() || !plan.retrieve_last.is_empty();
        assert_eq!(comes, retrieved, "{name}");
        assert!(plan.leave.is_empty() && plan.probe.is_empty(), "{name}");
    }
}

#[test]
fn a_message_at_which_lines_are_cut_goes_last_and_is_left_out_in_the_end() {
    let lines = [line("a", 90, 1), line("b", 50, 2)];
    let cut = |cuts, reason| Row {
        asks: cuts,
        ..left("a", 90, reason, 0)
    };
    let interrupted = LeftOutReason::Interrupted;
    for (cuts, first, last, next) in [
        (1, vec![0, 1], vec![], interrupted),
        (2, vec![1], vec![0], interrupted),
        (3, vec![1], vec![0], interrupted),
        (4, vec![1], vec![0], LeftOutReason::Poisoned),
        (u8::MAX, vec![1], vec![0], LeftOutReason::Poisoned),
    ] {
        let scene = Scene::new(UP_TO_100, &[cut(cuts, interrupted)], &lines);
        let plan = scene.plan();
        assert_eq!(plan.retrieve.places(), first, "{cuts} cuts");
        assert_eq!(plan.retrieve_last.places(), last, "{cuts} cuts");
        let index = scene.listing.iter().next().unwrap().index;
        let judged = judge_cut(&scene.listing, index, &scene.ledger);
        assert_eq!(judged, next, "{cuts} cuts");
    }
    // Left out, it is tried once a day, behind the others.
    for (hours, last) in [(23, vec![]), (24, vec![0])] {
        let row = Row {
            hours_ago: hours,
            ..cut(5, LeftOutReason::Poisoned)
        };
        let scene = Scene::new(UP_TO_100, &[row], &lines);
        assert_eq!(scene.plan().retrieve_last.places(), last, "{hours} hours");
        let index = scene.listing.iter().next().unwrap().index;
        let judged = judge_cut(&scene.listing, index, &scene.ledger);
        assert_eq!(judged, LeftOutReason::Poisoned);
    }
}

#[test]
fn a_cut_at_a_message_of_the_same_id_and_another_size_counts_for_itself() {
    let row = Row {
        asks: 4,
        ..left("a", 90, LeftOutReason::Interrupted, 0)
    };
    let scene = Scene::new(KEEP, &[row], &[line("a", 91, 1)]);
    let index = scene.listing.iter().next().unwrap().index;
    let judged = judge_cut(&scene.listing, index, &scene.ledger);
    assert_eq!(judged, LeftOutReason::Interrupted);
}

#[test]
fn what_was_there_before_is_not_wanted_where_only_new_mail_is() {
    let from_now = RunPolicy {
        start: StartPoint::Now,
        ..DELETE
    };
    let lines = [line("a", 90, 1), line("b", 50, 2)];
    let plan = Scene::new(from_now, &[stored("a", 90, 1)], &lines).plan();
    assert!(plan.retrieve.is_empty());
    assert_eq!(plan.leave.len(), 1);
    assert_eq!(plan.leave[0].1, LeftOutReason::Unwanted);

    // Later, and for ever: it is neither brought nor deleted.
    let row = left("b", 50, LeftOutReason::Unwanted, 100_000);
    let plan = Scene::new(DELETE, &[row], &[line("b", 50, 2), line("c", 60, 3)]).plan();
    assert_eq!(plan.retrieve.places(), [1]);
    assert!(plan.leave.is_empty() && plan.probe.is_empty());
}

#[test]
fn what_cannot_be_known_again_is_brought_rather_than_lost() {
    let from_now = RunPolicy {
        start: StartPoint::Now,
        ..KEEP
    };
    let anonymous = Line {
        id: None,
        ..line("", 90, 1)
    };
    let plan = Scene::new(from_now, &[], &[anonymous]).plan();
    assert_eq!(plan.retrieve.places(), [0]);
}

#[test]
fn what_arrived_before_the_day_is_left_and_what_has_no_date_comes() {
    let since = in_hours(-48);
    let lines = [line("a", 1, 1), line("b", 2, 2), line("c", 3, 3)];
    let scene = Scene::new(KEEP, &[], &lines);
    let mut plan = scene.plan();
    let dates = [Some(in_hours(-49)), None, Some(in_hours(-48))];
    judge_dates(&mut plan, &scene.listing, &dates, since);
    assert_eq!(plan.retrieve.places(), [1, 2]);
    assert_eq!(plan.leave.len(), 1);
    assert_eq!(plan.leave[0].1, LeftOutReason::Unwanted);
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

#[test]
fn a_loop_stays_for_ever_and_is_never_deleted() {
    let row = left("b", 50, LeftOutReason::Loop, 100_000);
    let lines = [line("b", 50, 2), line("c", 60, 3)];
    let (plan, verdict) = Scene::new(DELETE, &[row], &lines).judge();
    assert_eq!(plan.retrieve.places(), [1]);
    assert!(plan.leave.is_empty() && plan.probe.is_empty());
    assert!(verdict.delete.is_empty());
    // Another size is another message.
    let plan = Scene::new(DELETE, &[row], &[line("b", 51, 2)]).plan();
    assert_eq!(plan.retrieve.places(), [0]);
}

#[test]
fn what_cannot_be_told_from_a_loop_is_looked_at_again() {
    let row = left("b", 50, LeftOutReason::Loop, 0);
    let doubled = [line("b", 50, 2), line("b", 50, 3)];
    let plan = Scene::new(KEEP, &[row], &doubled).plan();
    assert_eq!(plan.retrieve.places(), [0, 1]);
    let row = Row { id: None, ..row };
    let plan = Scene::new(KEEP, &[row], &[anonymous(50, 1)]).plan();
    assert_eq!(plan.retrieve.places(), [0]);
}

#[test]
fn an_order_is_for_one_message() {
    let ordered = left("b", 50, LeftOutReason::Ordered, 1);
    let past = Row {
        epoch: RowEpoch::Past,
        ..ordered
    };
    let unlisted = Line {
        size: None,
        ..line("b", 0, 1)
    };
    for (name, row, line, expected) in [
        ("itself", ordered, line("b", 50, 1), true),
        ("no sizes are listed", ordered, unlisted, true),
        ("another size", ordered, line("b", 51, 1), false),
        ("another id", ordered, line("a", 50, 1), false),
        ("another server's", past, line("b", 50, 1), false),
        (
            "left out, not ordered",
            left("b", 50, LeftOutReason::Loop, 1),
            line("b", 50, 1),
            false,
        ),
        ("stored", stored("b", 50, 1), line("b", 50, 1), false),
    ] {
        let scene = Scene::new(KEEP, &[row], &[line]);
        let is = is_ordered(&scene.listing, scene.message(0), &scene.ledger);
        assert_eq!(is, expected, "{name}");
    }
}
