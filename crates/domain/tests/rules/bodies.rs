//! Octets decide where nothing else can.

use inhaul_domain::{BodyVerdict, LedgerState, LeftOutReason};

use crate::{DELETE, KEEP, Places, Row, Scene, digest, line, mute, stored};

#[test]
fn octets_of_a_message_that_is_missing_are_relinked() {
    let row = |state, listed_last| Row {
        state,
        listed_last,
        ..stored("a", 10, 1)
    };
    for (name, row, relinked) in [
        ("stored", row(LedgerState::Stored, true), true),
        ("asked", row(LedgerState::Asked, true), true),
        (
            "deleted: the same was sent again",
            row(LedgerState::Deleted, true),
            false,
        ),
        ("missing for long", row(LedgerState::Stored, false), true),
        (
            "missing for long, and of another size",
            Row {
                size: Some(11),
                ..row(LedgerState::Stored, false)
            },
            false,
        ),
        (
            "seen to be deleted",
            row(LedgerState::Deleted, false),
            false,
        ),
    ] {
        let scene = Scene::new(KEEP, &[row], &[line("x", 10, 1)]);
        assert_eq!(scene.plan().retrieve.places(), [0], "{name}");
        let verdict = scene.bodies().judge(scene.message(0), &digest(1));
        assert_eq!(
            verdict == BodyVerdict::Relink(scene.row(0)),
            relinked,
            "{name}"
        );
    }
}

#[test]
fn octets_of_a_message_that_is_listed_are_stored_again_it_is_a_copy() {
    let lines = [line("a", 10, 1), line("x", 10, 1)];
    let scene = Scene::new(KEEP, &[stored("a", 10, 1)], &lines);
    assert_eq!(
        scene.bodies().judge(scene.message(1), &digest(1)),
        BodyVerdict::Store
    );
}

#[test]
fn what_was_left_out_and_came_under_another_id_meanwhile_is_relinked() {
    let refused = Row {
        state: LedgerState::LeftOut(LeftOutReason::Refused),
        hours_ago: 24,
        ..stored("a", 10, 1)
    };
    // Under another id for a while: missing since the ids are the old ones again.
    let came = |size| Row {
        listed_last: false,
        ..stored("b", size, 1)
    };
    for (name, size, relinked) in [("the same size", 10, true), ("another size", 11, false)] {
        let scene = Scene::new(KEEP, &[refused, came(size)], &[line("a", 10, 1)]);
        assert_eq!(scene.plan().retrieve.places(), [0], "{name}");
        let verdict = scene.bodies().judge(scene.message(0), &digest(1));
        assert_eq!(
            verdict == BodyVerdict::Relink(scene.row(1)),
            relinked,
            "{name}"
        );
    }
}

#[test]
fn what_may_have_gone_back_to_an_id_that_was_left_out_goes_on_being_expected() {
    let refused = Row {
        state: LedgerState::LeftOut(LeftOutReason::Refused),
        hours_ago: 1,
        ..stored("a", 10, 1)
    };
    // Not looked at for a day. Should it be renamed before, its octets have to be known.
    for (name, size, vanishes) in [("the same size", 10, false), ("another size", 11, true)] {
        let rows = [refused, stored("b", size, 1)];
        let scene = Scene::new(KEEP, &rows, &[line("a", 10, 1)]);
        assert!(scene.plan().retrieve.is_empty(), "{name}");
        let vanished = scene.bodies().vanished();
        assert_eq!(vanished == [scene.row(1)], vanishes, "{name}");
    }
}

#[test]
fn each_row_is_relinked_once() {
    let lines = [line("a", 10, 1), line("a", 10, 1)];
    let scene = Scene::new(KEEP, &[stored("a", 10, 1)], &lines);
    let mut bodies = scene.bodies();
    assert_eq!(
        bodies.judge(scene.message(1), &digest(1)),
        BodyVerdict::Relink(scene.row(0))
    );
    assert_eq!(
        bodies.judge(scene.message(0), &digest(1)),
        BodyVerdict::Store
    );
}

#[test]
fn of_several_rows_with_these_octets_that_of_the_same_id_is_taken_first() {
    let rows = [stored("gone", 10, 1), stored("b", 10, 1)];
    let scene = Scene::new(KEEP, &rows, &[mute("b", 11)]);
    let mut bodies = scene.bodies();
    assert_eq!(
        bodies.judge(scene.message(0), &digest(1)),
        BodyVerdict::Relink(scene.row(1))
    );
    assert_eq!(bodies.vanished().places(), [0]);
}

#[test]
fn a_deleted_message_is_known_by_its_octets_under_its_own_id_only() {
    let row = Row {
        state: LedgerState::Deleted,
        asks: 1,
        ..stored("a", 10, 1)
    };
    let scene = Scene::new(DELETE, &[row], &[mute("a", 10), mute("b", 10)]);
    let mut bodies = scene.bodies();
    assert_eq!(
        bodies.judge(scene.message(1), &digest(1)),
        BodyVerdict::Store
    );
    assert_eq!(
        bodies.judge(scene.message(0), &digest(1)),
        BodyVerdict::Relink(scene.row(0))
    );
}

#[test]
fn ids_that_are_places_shift_and_octets_find_their_rows() {
    let rows = [stored("1", 10, 1), stored("2", 20, 2), stored("3", 30, 3)];
    let scene = Scene::new(KEEP, &rows, &[line("1", 20, 2), line("2", 30, 3)]);
    let mut bodies = scene.bodies();
    assert_eq!(
        bodies.judge(scene.message(0), &digest(2)),
        BodyVerdict::Relink(scene.row(1))
    );
    assert_eq!(
        bodies.judge(scene.message(1), &digest(3)),
        BodyVerdict::Relink(scene.row(2))
    );
    assert!(bodies.vanished().is_empty());
}

#[test]
fn a_run_that_retrieves_nothing_needs_no_proof_of_what_is_missing() {
    let rows = [stored("a", 10, 1), stored("b", 20, 2)];
    assert!(
        Scene::new(KEEP, &rows, &[line("a", 10, 1)])
            .plan()
            .proofs
            .is_empty()
    );
    let plan = Scene::new(KEEP, &rows, &[line("a", 10, 1), line("c", 30, 3)]).plan();
    assert_eq!(plan.proofs.places(), [1]);
}
