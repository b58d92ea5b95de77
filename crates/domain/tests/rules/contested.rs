//! Ids that are doubled, reused or resized: the header decides.

use inhaul_domain::{BodyVerdict, LedgerState, RunPolicy};
use inhaul_types::Octets;

use crate::{DELETE, KEEP, Places, Row, Scene, anonymous, digest, line, mute, stored};

#[test]
fn the_same_id_with_another_size_is_the_same_message_if_the_header_says_so() {
    let scene = Scene::new(KEEP, &[stored("a", 10, 1)], &[line("a", 12, 1)]);
    let (plan, verdict) = scene.judge();
    assert_eq!(plan.probe.places(), [0]);
    assert_eq!(plan.proofs.places(), [0]);
    assert!(plan.ids_broken, "a resized id proves less from now on");
    assert_eq!(verdict.relink.places(), [(0, 0)]);
    assert!(verdict.retrieve.is_empty());
}

#[test]
fn the_same_id_with_another_header_is_another_message() {
    for (name, size) in [("another size", 12), ("the same size, where it is due", 10)] {
        let verdict = Scene::new(DELETE, &[stored("a", 10, 1)], &[line("a", size, 2)]).verdict();
        assert_eq!(verdict.retrieve.places(), [0], "{name}");
        assert!(verdict.ids_broken && verdict.delete.is_empty(), "{name}");
    }
}

#[test]
fn doubled_ids_without_a_row_are_all_new() {
    let plan = Scene::new(KEEP, &[], &[line("a", 10, 1), line("a", 10, 2)]).plan();
    assert_eq!(plan.retrieve.places(), [0, 1]);
    assert!(plan.ids_broken && plan.probe.is_empty());
}

#[test]
fn doubled_ids_are_matched_as_a_multiset_never_by_position() {
    let rows = [stored("a", 10, 1), stored("a", 20, 2)];
    for (name, lines, same, retrieve) in [
        (
            "in order",
            vec![line("a", 10, 1), line("a", 20, 2)],
            vec![(0, 0), (1, 1)],
            vec![],
        ),
        (
            "swapped",
            vec![line("a", 20, 2), line("a", 10, 1)],
            vec![(0, 1), (1, 0)],
            vec![],
        ),
        (
            "one more",
            vec![line("a", 30, 3), line("a", 20, 2), line("a", 10, 1)],
            vec![(1, 1), (2, 0)],
            vec![0],
        ),
        ("one less", vec![line("a", 20, 2)], vec![(0, 1)], vec![]),
        (
            "one replaced",
            vec![line("a", 20, 2), line("a", 10, 9)],
            vec![(0, 1)],
            vec![1],
        ),
    ] {
        let (plan, verdict) = Scene::new(KEEP, &rows, &lines).judge();
        assert!(plan.ids_broken, "{name}");
        let mut found = verdict.same.places();
        found.sort_unstable();
        assert_eq!(found, same, "{name}");
        assert_eq!(verdict.retrieve.places(), retrieve, "{name}");
    }
}

#[test]
fn more_look_alikes_than_rows_are_all_retrieved_because_only_octets_tell_them_apart() {
    let scene = Scene::new(
        KEEP,
        &[stored("a", 10, 1)],
        &[line("a", 10, 1), line("a", 10, 1)],
    );
    let verdict = scene.verdict();
    assert_eq!(verdict.retrieve.places(), [0, 1]);
    assert!(verdict.same.is_empty() && verdict.relink.is_empty());
}

/// One of three look-alikes may be new, and one that was stored gone by another program's doing:
/// what is deleted unseen then is stored nowhere.
#[test]
fn what_looks_alike_in_everything_is_deleted_only_for_its_octets() {
    let rows = [stored("a", 10, 1), stored("a", 10, 1), stored("b", 10, 2)];
    for lines in [
        vec![line("a", 10, 1), line("a", 10, 1)],
        vec![line("a", 10, 1)],
    ] {
        let verdict = Scene::new(DELETE, &rows, &lines).verdict();
        assert!(verdict.delete.is_empty(), "{verdict:?}");
        assert_eq!(verdict.retrieve.len(), lines.len());
        let verdict = Scene::new(KEEP, &rows, &lines).verdict();
        assert!(verdict.retrieve.is_empty(), "{verdict:?}");
    }
}

#[test]
fn a_server_without_top_makes_contested_messages_be_retrieved() {
    let scene = Scene::new(KEEP, &[stored("a", 10, 1)], &[mute("a", 12)]);
    assert_eq!(scene.verdict().retrieve.places(), [0]);
}

#[test]
fn a_probe_that_never_came_leaves_the_message_for_the_next_run() {
    let unread = crate::Line {
        probe: None,
        ..line("a", 12, 1)
    };
    let verdict = Scene::new(DELETE, &[stored("a", 10, 1)], &[unread]).verdict();
    assert!(verdict.retrieve.is_empty() && verdict.delete.is_empty() && verdict.same.is_empty());
}

#[test]
fn messages_without_ids_match_by_header_and_size_then_by_a_header_of_its_kind() {
    let row = |size, print| Row {
        id: None,
        ..stored("", size, print)
    };
    let rows = [row(10, 1), row(20, 2), row(30, 3), row(31, 3)];
    let lines = [
        anonymous(10, 1), // known
        anonymous(21, 2), // the only one of its header on both sides: resized
        anonymous(40, 4), // new
        anonymous(32, 3), // two rows have this header: not told
    ];
    let scene = Scene::new(KEEP, &rows, &lines);
    let (plan, verdict) = scene.judge();
    assert_eq!(plan.probe.places(), [0, 1, 2, 3]);
    assert!(!plan.renumbered && !plan.ids_broken);
    assert_eq!(verdict.same.places(), [(0, 0)]);
    assert_eq!(verdict.relink.places(), [(1, 1)]);
    assert_eq!(verdict.retrieve.places(), [2, 3]);
    assert_eq!(verdict.vanished.places(), [2, 3]);
}

#[test]
fn a_header_that_is_listed_twice_proves_no_resized_message() {
    let row = |size, print| Row {
        id: None,
        ..stored("", size, print)
    };
    let rows = [row(10, 1), row(9, 1)];
    let verdict = Scene::new(KEEP, &rows, &[anonymous(10, 1), anonymous(12, 1)]).verdict();
    assert_eq!(verdict.same.places(), [(0, 0)]);
    assert_eq!(
        verdict.retrieve.places(),
        [1],
        "a copy that came by way of a list"
    );
}

#[test]
fn a_first_run_without_ids_reads_no_header() {
    let plan = Scene::new(KEEP, &[], &[anonymous(10, 1), anonymous(20, 2)]).plan();
    assert_eq!(plan.retrieve.places(), [0, 1]);
    assert!(plan.probe.is_empty());
}

#[test]
fn a_deleted_message_without_an_id_that_was_seen_gone_is_not_looked_for() {
    let gone = Row {
        id: None,
        state: LedgerState::Deleted,
        listed_last: false,
        ..stored("", 9, 1)
    };
    let plan = Scene::new(KEEP, &[gone], &[anonymous(9, 1)]).plan();
    assert_eq!(plan.retrieve.places(), [0]);
}

#[test]
fn a_look_alike_of_another_size_does_not_resurrect_what_was_seen_gone() {
    let gone = |listed_last| Row {
        state: LedgerState::Deleted,
        asks: 1,
        listed_last,
        ..stored("a", 10, 1)
    };
    let verdict = Scene::new(DELETE, &[gone(false)], &[line("a", 12, 1)]).verdict();
    assert_eq!(verdict.retrieve.places(), [0]);
    // Nor one that came at once: only its octets tell whether the server ignored the deletion.
    let verdict = Scene::new(DELETE, &[gone(true)], &[line("a", 12, 1)]).verdict();
    assert_eq!(verdict.retrieve.places(), [0]);
    assert!(verdict.delete.is_empty());
}

#[test]
fn a_new_message_under_a_contested_id_obeys_the_limit() {
    let policy = RunPolicy {
        largest: Some(Octets::new(15)),
        ..KEEP
    };
    let verdict = Scene::new(policy, &[stored("a", 10, 1)], &[line("a", 20, 2)]).verdict();
    assert!(verdict.retrieve.is_empty());
    assert_eq!(verdict.leave.len(), 1);
}

#[test]
fn where_ids_are_broken_one_as_large_as_what_comes_may_have_taken_its_name() {
    let (row, comes) = (stored("a", 10, 1), line("x", 10, 1));
    for (name, namesake) in [("TOP", line("a", 10, 2)), ("no TOP", mute("a", 10))] {
        let scene = Scene::new(KEEP, &[row], &[namesake, comes]).broken();
        let (plan, verdict) = scene.judge();
        assert_eq!(plan.probe.places(), [0], "{name}");
        assert_eq!(plan.retrieve.places(), [1], "{name}");
        assert_eq!(verdict.retrieve.places(), [0], "{name}");
        let mut bodies = scene.bodies();
        let comes = bodies.judge(scene.message(1), &digest(1));
        assert_eq!(comes, BodyVerdict::Relink(scene.row(0)), "{name}");
        let namesake = bodies.judge(scene.message(0), &digest(2));
        assert_eq!(namesake, BodyVerdict::Store, "{name}");
    }
}

#[test]
fn an_id_is_doubted_only_where_ids_are_broken_and_what_comes_is_as_large() {
    let (rows, known) = ([stored("a", 10, 1)], line("a", 10, 1));
    let scene = |size| Scene::new(KEEP, &rows, &[known, line("x", size, 2)]);
    assert!(scene(10).plan().probe.is_empty(), "ids hold");
    let plan = scene(11).broken().plan();
    assert!(plan.probe.is_empty(), "another size");
    let plan = Scene::new(KEEP, &rows, &[known]).broken().plan();
    assert!(plan.probe.is_empty(), "nothing comes");
    // Its header proves it: what comes is a message of its own, a copy even.
    let scene = scene(10).broken();
    assert_eq!(scene.verdict().same.places(), [(0, 0)]);
    let copy = scene.bodies().judge(scene.message(1), &digest(1));
    assert_eq!(copy, BodyVerdict::Store);
}

#[test]
fn a_doubted_message_whose_header_is_refused_stays_where_the_limit_is_lower_now() {
    let policy = RunPolicy {
        largest: Some(Octets::new(5)),
        ..KEEP
    };
    let rows = [stored("a", 10, 1), stored("b", 10, 2)];
    let lines = [mute("a", 10), mute("b", 12), mute("b", 10)];
    let verdict = Scene::new(policy, &rows, &lines).broken().verdict();
    assert!(verdict.retrieve.is_empty());
    assert!(!verdict.leave.iter().any(|(entry, _)| entry.position() == 0));
}
