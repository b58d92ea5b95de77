//! A server that gave all its messages new ids.

use inhaul_domain::{BodyVerdict, LedgerState};

use crate::{DELETE, KEEP, Line, Places, Row, Scene, anonymous, digest, line, mute, stored};

const IDS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const NEW: [&str; 6] = ["u", "v", "w", "x", "y", "z"];

fn rows(count: u8) -> Vec<Row> {
    (1..=count)
        .map(|print| stored(IDS[usize::from(print) - 1], u64::from(print), print))
        .collect()
}

fn lines(count: u8) -> Vec<Line> {
    (1..=count)
        .map(|print| line(NEW[usize::from(print) - 1], u64::from(print), print))
        .collect()
}

#[test]
fn five_expected_and_none_listed_is_a_renumbering() {
    let one_is_there: Vec<_> = lines(5).into_iter().chain([line("a", 1, 1)]).collect();
    let gone = |state: LedgerState| rows(5).into_iter().map(move |row| Row { state, ..row });
    let unseen: Vec<_> = rows(5)
        .into_iter()
        .map(|row| Row {
            listed_last: false,
            ..row
        })
        .collect();
    for (name, rows, lines, renumbered) in [
        ("five", rows(5), lines(5), true),
        ("four", rows(4), lines(4), false),
        ("one is listed", rows(5), one_is_there, false),
        ("nothing is listed", rows(5), vec![], false),
        (
            "deleted ones",
            gone(LedgerState::Deleted).collect(),
            lines(5),
            false,
        ),
        (
            "asked ones",
            gone(LedgerState::Asked).collect(),
            lines(5),
            false,
        ),
        ("not in the last listing", unseen, lines(5), false),
    ] {
        assert_eq!(
            Scene::new(KEEP, &rows, &lines).plan().renumbered,
            renumbered,
            "{name}"
        );
    }
}

#[test]
fn renumbered_messages_are_relinked_the_rest_retrieved_and_nothing_deleted() {
    let mut lines = lines(6);
    lines[4].size = Some(50); // resized, but the only one of its header
    let scene = Scene::new(DELETE, &rows(5), &lines);
    let (plan, verdict) = scene.judge();
    assert_eq!(plan.probe.places(), [0, 1, 2, 3, 4, 5]);
    assert!(plan.retrieve.is_empty());
    assert_eq!(
        verdict.relink.places(),
        [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)]
    );
    assert_eq!(verdict.retrieve.places(), [5]);
    assert!(verdict.delete.is_empty());
    assert!(
        scene.bodies().vanished().is_empty(),
        "what was re-linked has not vanished"
    );
    assert_eq!(plan.vanished.len(), 5);
}

#[test]
fn without_top_renumbered_messages_are_relinked_by_their_octets() {
    let lines: Vec<_> = (0..6).map(|at| mute(NEW[at], at as u64 + 1)).collect();
    let scene = Scene::new(DELETE, &rows(5), &lines);
    assert_eq!(scene.verdict().retrieve.len(), 6);
    let mut bodies = scene.bodies();
    assert_eq!(
        bodies.judge(scene.message(3), &digest(2)),
        BodyVerdict::Relink(scene.row(1))
    );
    assert_eq!(
        bodies.judge(scene.message(5), &digest(6)),
        BodyVerdict::Store
    );
    assert_eq!(bodies.vanished().places(), [0, 2, 3, 4]);
}

#[test]
fn a_server_that_goes_on_without_ids_has_not_renumbered_one_that_loses_them_has() {
    let lines: Vec<_> = (1..=5)
        .map(|print| anonymous(print.into(), print))
        .collect();
    let nameless: Vec<_> = rows(5)
        .into_iter()
        .map(|row| Row { id: None, ..row })
        .collect();
    assert!(!Scene::new(KEEP, &nameless, &lines).plan().renumbered);
    assert!(Scene::new(KEEP, &rows(5), &lines).plan().renumbered);

    let verdict = Scene::new(KEEP, &rows(5), &lines).verdict();
    assert_eq!(verdict.relink.len(), 5);
}

#[test]
fn a_server_that_begins_to_give_ids_has_renumbered() {
    let nameless: Vec<_> = rows(5)
        .into_iter()
        .map(|row| Row { id: None, ..row })
        .collect();
    let scene = Scene::new(KEEP, &nameless, &lines(5));
    let (plan, verdict) = scene.judge();
    assert!(plan.renumbered);
    assert_eq!(verdict.relink.len(), 5);
}

#[test]
fn an_asked_message_is_found_again_under_its_new_id() {
    let mut rows = rows(6);
    rows[5].state = LedgerState::Asked;
    let verdict = Scene::new(KEEP, &rows, &lines(6)).verdict();
    assert_eq!(verdict.relink.len(), 6);
    assert!(verdict.retrieve.is_empty());
}

#[test]
fn a_few_look_alikes_in_an_emptied_maildrop_prove_no_renumbering() {
    let came_by_a_list = line("x", 30, 3);
    let scene = Scene::new(DELETE, &rows(6), &[came_by_a_list]);
    let (plan, verdict) = scene.judge();
    assert!(plan.renumbered);
    assert!(verdict.relink.is_empty());
    assert_eq!(verdict.retrieve.places(), [0]);
    let mut bodies = scene.bodies();
    assert_eq!(
        bodies.clone().judge(scene.message(0), &digest(9)),
        BodyVerdict::Store
    );
    assert_eq!(
        bodies.judge(scene.message(0), &digest(3)),
        BodyVerdict::Relink(scene.row(2))
    );
}

#[test]
fn a_deletion_that_was_confirmed_is_not_found_again_under_a_new_id() {
    let mut rows = rows(6);
    rows[5].state = LedgerState::Deleted;
    let verdict = Scene::new(KEEP, &rows, &lines(6)).verdict();
    assert_eq!(verdict.relink.len(), 5);
    assert_eq!(verdict.retrieve.places(), [5], "the same was sent again");
}
