//! What is known without asking, and what is new.

use inhaul_domain::{LedgerState, LeftOutReason, RowEpoch};

use crate::{KEEP, Places, Row, Scene, line, stored};

#[test]
fn one_row_one_line_one_size_is_known_and_an_unknown_id_is_new() {
    let scene = Scene::new(
        KEEP,
        &[stored("a", 10, 1)],
        &[line("a", 10, 1), line("b", 20, 2)],
    );
    let plan = scene.plan();
    assert_eq!(plan.retrieve.places(), [1]);
    assert!(plan.probe.is_empty() && plan.leave.is_empty() && plan.proofs.is_empty());
    assert!(!plan.ids_broken && !plan.renumbered);
}

#[test]
fn nothing_new_asks_for_nothing() {
    let plan = Scene::new(KEEP, &[stored("a", 10, 1)], &[line("a", 10, 1)]).plan();
    assert!(plan.retrieve.is_empty() && plan.probe.is_empty() && plan.proofs.is_empty());
    assert!(plan.appeared.is_empty() && plan.vanished.is_empty());
}

#[test]
fn a_size_that_is_not_known_makes_a_message_suspect_unless_no_size_is() {
    let unsized_row = Row {
        size: None,
        ..stored("a", 0, 1)
    };
    let unsized_line = crate::Line {
        size: None,
        ..line("a", 0, 1)
    };
    let other = line("b", 20, 2);
    for (name, row, lines, probed) in [
        (
            "no size on the row",
            unsized_row,
            vec![line("a", 10, 1)],
            vec![0],
        ),
        (
            "no size in the line",
            stored("a", 10, 1),
            vec![unsized_line, other],
            vec![0],
        ),
        (
            "LIST was not asked",
            stored("a", 10, 1),
            vec![unsized_line],
            vec![],
        ),
    ] {
        let plan = Scene::new(KEEP, &[row], &lines).plan();
        assert_eq!(plan.probe.places(), probed, "{name}");
        assert!(!plan.ids_broken, "{name}: nothing is known to be broken");
    }
}

#[test]
fn a_size_not_on_record_is_recorded_once_the_header_agrees() {
    let row = Row {
        size: None,
        ..stored("a", 0, 1)
    };
    let verdict = Scene::new(KEEP, &[row], &[line("a", 10, 1)]).verdict();
    assert_eq!(verdict.relink.places(), [(0, 0)]);
    assert!(!verdict.ids_broken);
}

#[test]
fn rows_appear_and_vanish_by_id_in_any_state() {
    let left = LedgerState::LeftOut(LeftOutReason::TooLarge);
    let row = |id, state, listed_last| Row {
        state,
        listed_last,
        ..stored(id, 10, 1)
    };
    let rows = [
        row("back", LedgerState::Stored, false),
        row("gone", LedgerState::Stored, true),
        row("asked", LedgerState::Asked, true),
        row("deleted", LedgerState::Deleted, true),
        row("left", left, true),
        row("long gone", LedgerState::Deleted, false),
        row("there", LedgerState::Stored, true),
    ];
    let plan = Scene::new(KEEP, &rows, &[line("back", 10, 1), line("there", 10, 1)]).plan();
    assert_eq!(plan.appeared.places(), [0]);
    assert_eq!(plan.vanished.places(), [1, 2, 3, 4]);
}

#[test]
fn an_empty_listing_after_our_own_deletions_triggers_nothing() {
    let row = |id| Row {
        state: LedgerState::Deleted,
        ..stored(id, 10, 1)
    };
    let rows = ["a", "b", "c", "d", "e", "f"].map(row);
    let plan = Scene::new(KEEP, &rows, &[]).plan();
    assert!(!plan.renumbered && plan.probe.is_empty() && plan.proofs.is_empty());
    assert_eq!(plan.vanished.len(), 6);
}

#[test]
fn a_first_run_retrieves_the_newest_batches_first_and_keeps_order_inside_a_batch() {
    static IDS: [&str; 600] = {
        // 600 different ids: slices of one text.
        const TEXT: &str = match std::str::from_utf8(&[b'x'; 600]) {
            Ok(text) => text,
            Err(_) => "",
        };
        let mut ids = [""; 600];
        let mut at = 0;
        while at < 600 {
            ids[at] = TEXT.split_at(at + 1).0;
            at += 1;
        }
        ids
    };
    let lines: Vec<_> = IDS[..512].iter().map(|id| line(id, 10, 1)).collect();
    let lines: Vec<_> = lines.into_iter().chain([line("y", 10, 1)]).collect();
    let first = Scene::new(KEEP, &[], &lines).plan().retrieve.places();
    let expected: Vec<_> = (257..513).chain(1..257).chain(0..1).collect();
    assert_eq!(first, expected);
    let numbers = inhaul_domain::first_numbers(513, 3).into_iter();
    let numbers: Vec<_> = numbers.map(|number| number.number() as usize - 1).collect();
    assert_eq!(
        numbers,
        expected[..3],
        "asked for before the listing is there"
    );
    assert!(inhaul_domain::first_numbers(0, 3).is_empty());
    assert_eq!(inhaul_domain::first_numbers(2, 3).len(), 2);

    let later = Scene::new(KEEP, &[stored("old", 10, 1)], &lines)
        .plan()
        .retrieve
        .places();
    assert_eq!(
        later,
        (0..513).collect::<Vec<_>>(),
        "a later run keeps listing order"
    );
}

#[test]
fn rows_of_another_epoch_skip_nothing_until_header_and_size_match() {
    let past = |id, size, print| Row {
        epoch: RowEpoch::Past,
        ..stored(id, size, print)
    };
    let rows = [past("a", 10, 1), past("b", 20, 2), past("c", 30, 3)];
    // The same message under another id; the same id, another message; another size.
    let lines = [line("x", 10, 1), line("b", 20, 9), line("c", 31, 3)];
    let scene = Scene::new(KEEP, &rows, &lines);
    let (plan, verdict) = scene.judge();
    assert_eq!(plan.probe.places(), [0, 1, 2]);
    assert!(plan.retrieve.is_empty());
    assert_eq!(verdict.relink.places(), [(0, 0)]);
    assert_eq!(verdict.retrieve.places(), [1, 2]);
    let vanished = scene.bodies().vanished().places();
    assert_eq!(
        vanished,
        [1, 2],
        "after one look a row of another epoch is not looked for again"
    );
}

#[test]
fn rows_of_another_epoch_that_vanished_cost_no_probe_but_their_octets_are_known() {
    let row = Row {
        epoch: RowEpoch::Past,
        listed_last: false,
        ..stored("a", 10, 1)
    };
    let plan = Scene::new(KEEP, &[row], &[line("x", 10, 1)]).plan();
    assert_eq!(plan.retrieve.places(), [0]);
    assert_eq!(plan.proofs.places(), [0]);
}
