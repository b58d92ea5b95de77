//! When a message on the server may be deleted.

use inhaul_domain::{BodyVerdict, LedgerState, Retention, RowEpoch, RunPolicy, deletes_fetched};

use crate::{DELETE, KEEP, Places, Row, Scene, in_hours, line, mute, now, stored};

const AFTER_2_DAYS: RunPolicy = RunPolicy {
    retention: Retention::DeleteAfter { days: 2 },
    ..KEEP
};

#[test]
fn retention_counts_whole_days_from_storing() {
    for (retention, hours, due) in [
        (Retention::Keep, 10_000, false),
        (Retention::Delete, 0, true),
        (Retention::DeleteAfter { days: 2 }, 47, false),
        (Retention::DeleteAfter { days: 2 }, 48, true),
        (Retention::DeleteAfter { days: 0 }, 0, true),
        (Retention::DeleteAfter { days: 1 }, -30, false),
        (Retention::DeleteAfter { days: u32::MAX }, 10_000, false),
    ] {
        assert_eq!(
            retention.is_due(now(), in_hours(hours)),
            due,
            "{retention:?} {hours} h"
        );
    }
}

#[test]
fn a_stored_message_is_deleted_once_due_and_proven_by_its_header() {
    let row = Row {
        hours_ago: 48,
        ..stored("a", 10, 1)
    };
    let held = RunPolicy {
        relinked_deletion_held_until: Some(in_hours(1)),
        ..DELETE
    };
    let released = RunPolicy {
        relinked_deletion_held_until: Some(in_hours(0)),
        ..DELETE
    };
    let young = Row {
        hours_ago: 47,
        ..row
    };
    for (name, policy, row, deleted) in [
        ("delete", DELETE, row, true),
        ("keep", KEEP, row, false),
        ("after two days", AFTER_2_DAYS, row, true),
        ("before", AFTER_2_DAYS, young, false),
        ("held", held, row, false),
        ("held no more", released, row, true),
    ] {
        let (plan, verdict) = Scene::new(policy, &[row], &[line("a", 10, 1)]).judge();
        assert_eq!(!plan.probe.is_empty(), deleted, "{name}: probed");
        assert_eq!(
            verdict.delete.places() == [(0, 0)],
            deleted,
            "{name}: deleted"
        );
        assert!(
            verdict.relink.is_empty() && plan.retrieve.is_empty(),
            "{name}"
        );
    }
}

#[test]
fn without_a_size_nothing_is_deleted_that_was_not_fetched() {
    let unsized_line = crate::Line {
        size: None,
        ..line("a", 10, 1)
    };
    let (plan, verdict) = Scene::new(DELETE, &[stored("a", 10, 1)], &[unsized_line]).judge();
    assert!(plan.probe.is_empty() && verdict.delete.is_empty());
}

#[test]
fn a_resized_message_is_relinked_and_deleted() {
    let verdict = Scene::new(DELETE, &[stored("a", 10, 1)], &[line("a", 12, 1)]).verdict();
    assert_eq!(verdict.relink.places(), [(0, 0)]);
    assert_eq!(verdict.delete.places(), [(0, 0)]);
}

#[test]
fn a_message_of_a_former_epoch_is_deleted_once_relinked() {
    let row = Row {
        epoch: RowEpoch::Past,
        ..stored("a", 10, 1)
    };
    let verdict = Scene::new(DELETE, &[row], &[line("a", 10, 1)]).verdict();
    assert_eq!(verdict.relink.places(), [(0, 0)]);
    assert_eq!(verdict.delete.places(), [(0, 0)]);
}

#[test]
fn an_asked_message_is_asked_for_again_without_storing_it() {
    let row = Row {
        state: LedgerState::Asked,
        ..stored("a", 10, 1)
    };
    for (name, policy, print, delete, relink, retrieve) in [
        ("still wanted", DELETE, 1, true, false, false),
        ("to be kept now", KEEP, 1, false, true, false),
        ("not due any more", AFTER_2_DAYS, 1, false, true, false),
        ("another message", DELETE, 2, false, false, true),
    ] {
        let verdict = Scene::new(policy, &[row], &[line("a", 10, print)]).verdict();
        assert_eq!(!verdict.delete.is_empty(), delete, "{name}");
        assert_eq!(!verdict.relink.is_empty(), relink, "{name}");
        assert_eq!(!verdict.retrieve.is_empty(), retrieve, "{name}");
        assert_eq!(verdict.ids_broken, retrieve, "{name}");
    }
}

#[test]
fn later_sessions_of_a_run_do_not_ask_again_for_what_was_not_done() {
    let later = RunPolicy {
        asks_again: false,
        ..DELETE
    };
    for (asks, hours_ago) in [(1, 0), (2, 0), (3, 24)] {
        let row = Row {
            state: LedgerState::Deleted,
            asks,
            hours_ago,
            ..stored("a", 10, 1)
        };
        let (plan, verdict) = Scene::new(later, &[row], &[line("a", 10, 1)]).judge();
        assert!(verdict.delete.is_empty(), "asked {asks} times");
        assert!(verdict.retrieve.is_empty() && plan.retrieve.is_empty());
    }
}

#[test]
fn a_message_that_outlived_its_deletion_is_asked_for_twice_more_then_daily() {
    let row = |asks, hours_ago| Row {
        state: LedgerState::Deleted,
        asks,
        hours_ago,
        ..stored("a", 10, 1)
    };
    for (name, row, probed, deleted) in [
        ("first time", row(1, 0), true, true),
        ("second time", row(2, 0), true, true),
        ("enough for today", row(3, 23), false, false),
        ("the next day", row(3, 24), true, true),
        ("long ignored", row(u8::MAX, 24), true, true),
    ] {
        let (plan, verdict) = Scene::new(DELETE, &[row], &[line("a", 10, 1)]).judge();
        assert_eq!(!plan.probe.is_empty(), probed, "{name}");
        assert_eq!(!verdict.delete.is_empty(), deleted, "{name}");
        assert_eq!(verdict.not_deleted.places() == [0], probed, "{name}");
        assert!(
            verdict.retrieve.is_empty() && plan.retrieve.is_empty(),
            "{name}"
        );
    }
}

#[test]
fn a_message_that_outlived_its_deletion_and_is_to_be_kept_is_stored() {
    let row = Row {
        state: LedgerState::Deleted,
        asks: 1,
        ..stored("a", 10, 1)
    };
    let verdict = Scene::new(KEEP, &[row], &[line("a", 10, 1)]).verdict();
    assert_eq!(verdict.relink.places(), [(0, 0)]);
    assert_eq!(verdict.not_deleted.places(), [0]);
    assert!(verdict.delete.is_empty());
}

#[test]
fn another_message_under_the_id_of_a_deleted_one_is_new() {
    let row = Row {
        state: LedgerState::Deleted,
        asks: 1,
        ..stored("a", 10, 1)
    };
    let verdict = Scene::new(DELETE, &[row], &[line("a", 10, 2)]).verdict();
    assert_eq!(verdict.retrieve.places(), [0]);
    assert!(verdict.ids_broken && verdict.not_deleted.is_empty());
}

#[test]
fn an_id_that_was_away_is_looked_at_even_within_the_day() {
    let row = Row {
        state: LedgerState::Deleted,
        asks: 3,
        listed_last: false,
        ..stored("a", 10, 1)
    };
    assert_eq!(
        Scene::new(DELETE, &[row], &[line("a", 10, 2)])
            .plan()
            .probe
            .places(),
        [0]
    );
}

#[test]
fn without_top_id_and_size_license_a_deletion_only_where_ids_never_misbehaved() {
    let scene = || Scene::new(DELETE, &[stored("a", 10, 1)], &[mute("a", 10)]);
    assert_eq!(scene().verdict().delete.places(), [(0, 0)]);

    let verdict = scene().broken().verdict();
    assert!(verdict.delete.is_empty());
    assert_eq!(verdict.retrieve.places(), [0], "its octets will prove it");

    let doubled = [mute("a", 10), mute("b", 20), mute("b", 21)];
    let verdict = Scene::new(DELETE, &[stored("a", 10, 1)], &doubled).verdict();
    assert!(
        verdict.delete.is_empty(),
        "ids misbehave in this very listing"
    );

    let asked = Row {
        state: LedgerState::Asked,
        ..stored("a", 10, 1)
    };
    let verdict = Scene::new(DELETE, &[asked], &[mute("a", 10)]).verdict();
    assert!(verdict.delete.is_empty(), "its deletion may have been done");
    assert_eq!(verdict.retrieve.places(), [0]);
}

#[test]
fn every_other_retrieval_of_the_maildrop_must_have_stored_it() {
    let has = |state, size, listed_last| Row {
        state,
        listed_last,
        ..stored("a", size, 1)
    };
    let past = Row {
        epoch: RowEpoch::Past,
        ..stored("a", 10, 1)
    };
    let left = LedgerState::LeftOut(inhaul_domain::LeftOutReason::Refused);
    for (name, other, deleted) in [
        ("stored", vec![has(LedgerState::Stored, 10, true)], true),
        ("asked", vec![has(LedgerState::Asked, 10, true)], true),
        ("deleted", vec![has(LedgerState::Deleted, 10, true)], true),
        (
            "deleted and seen gone",
            vec![has(LedgerState::Deleted, 10, false)],
            false,
        ),
        ("left out", vec![has(left, 10, true)], false),
        (
            "another size",
            vec![has(LedgerState::Stored, 11, true)],
            false,
        ),
        ("of another epoch", vec![past], false),
        ("nothing", vec![], false),
    ] {
        let lines = [line("a", 10, 1)];
        let scene = Scene::new(DELETE, &[stored("a", 10, 1)], &lines).with_other(&other);
        assert_eq!(!scene.verdict().delete.is_empty(), deleted, "{name}");

        let fetched = Scene::new(DELETE, &[], &lines).with_other(&other);
        let may = deletes_fetched(
            &fetched.listing,
            fetched.message(0),
            BodyVerdict::Store,
            &fetched.ledger,
            &fetched.others,
            &DELETE,
            now(),
        );
        assert_eq!(may, deleted, "{name}, fetched");
    }
}

#[test]
fn two_messages_of_one_id_and_size_need_two_rows_of_every_other_retrieval() {
    let rows = [stored("a", 10, 1), stored("a", 10, 2)];
    let lines = [line("a", 10, 1), line("a", 10, 2)];
    let one = Scene::new(DELETE, &rows, &lines).with_other(&rows[..1]);
    assert!(one.verdict().delete.is_empty());
    let both = Scene::new(DELETE, &rows, &lines).with_other(&rows);
    assert_eq!(both.verdict().delete.len(), 2);
}

#[test]
fn a_fetched_message_is_deleted_by_retention_from_the_day_it_was_stored() {
    let old = Row {
        hours_ago: 48,
        ..stored("a", 10, 1)
    };
    let young = Row {
        hours_ago: 1,
        ..stored("a", 10, 1)
    };
    let deleted = Row {
        state: LedgerState::Deleted,
        hours_ago: 1,
        ..stored("a", 10, 1)
    };
    for (name, policy, row, verdict_is_relink, deletes) in [
        ("new, delete", DELETE, old, false, true),
        ("new, keep", KEEP, old, false, false),
        ("new, after days", AFTER_2_DAYS, old, false, false),
        ("re-linked, due", AFTER_2_DAYS, old, true, true),
        ("re-linked, not due", AFTER_2_DAYS, young, true, false),
        ("re-linked, was deleted", AFTER_2_DAYS, deleted, true, true),
        ("re-linked, was deleted, keep", KEEP, deleted, true, false),
    ] {
        let scene = Scene::new(policy, &[row], &[line("a", 12, 1)]);
        let verdict = match verdict_is_relink {
            true => BodyVerdict::Relink(scene.row(0)),
            false => BodyVerdict::Store,
        };
        let may = deletes_fetched(
            &scene.listing,
            scene.message(0),
            verdict,
            &scene.ledger,
            &[],
            &policy,
            now(),
        );
        assert_eq!(may, deletes, "{name}");
    }
}

#[test]
fn where_ids_misbehave_a_message_that_outlived_its_deletion_is_always_looked_at() {
    let row = Row {
        state: LedgerState::Deleted,
        asks: 3,
        ..stored("a", 10, 1)
    };
    let verdict = Scene::new(DELETE, &[row], &[line("a", 10, 2)])
        .broken()
        .verdict();
    assert_eq!(verdict.retrieve.places(), [0]);
}
