//! What a good run tells on the side: deletions that were not done, and names that changed.

use std::time::Duration;

use inhaul_domain::Retention;
use inhaul_engine::RunReport;
use inhaul_sample::switches::Dele;
use inhaul_store::Store as _;
use inhaul_types::ErrorCode;

use crate::harness::{Setup, World, letters};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn noted(report: &RunReport, code: ErrorCode) -> Option<u64> {
    let note = report.notes.iter().find(|note| note.code == code);
    note.map(|note| note.messages)
}

/// What the record of the last run tells, as the pages show it.
async fn recorded(world: &World, code: ErrorCode) -> Option<u64> {
    let id = world.retrieval().await.id;
    let runs = world.store.run_list(id, 1).await.unwrap();
    let note = runs[0].notes.iter().find(|note| note.code == code);
    note.map(|note| note.messages)
}

#[tokio::test]
async fn a_deletion_that_was_not_done_is_told_and_the_message_is_no_second_one() {
    use ErrorCode::NotDeleted;
    let world = Setup::deleting().start().await;
    world.mailbox.set(|switches| switches.dele = Dele::Ignored);
    world.send(letters(0..3));
    for (run, wait, told) in [
        // It may have been a slip: it is asked for twice more before anybody is told.
        (1, Duration::ZERO, None),
        (2, Duration::ZERO, None),
        (3, Duration::ZERO, None),
        (4, Duration::ZERO, Some(3)),
        (5, Duration::ZERO, Some(3)),
        (6, DAY, Some(3)),
        (7, Duration::ZERO, Some(3)),
    ] {
        world.clock.advance(wait);
        let report = world.good().await;
        assert_eq!(noted(&report, NotDeleted), told, "run {run}");
        assert_eq!(recorded(&world, NotDeleted).await, told, "run {run}");
        assert_eq!(report.stored, if run == 1 { 3 } else { 0 }, "run {run}");
        world.assert_each_once().await;
    }
    // New mail comes all the same, and goes when the server obeys.
    world.send(letters(3..4));
    assert_eq!(world.good().await.stored, 1);
    world.behave();
    world.clock.advance(DAY);
    world.good().await;
    assert!(world.mailbox.is_empty());
    let report = world.good().await;
    assert_eq!(noted(&report, NotDeleted), None);
    world.assert_each_once().await;
}

#[tokio::test]
async fn a_renumbered_maildrop_is_told_and_deletes_nothing_for_a_day() {
    use ErrorCode::IdsChanged;
    let world = Setup::default().start().await;
    world.send(letters(0..8));
    assert_eq!(noted(&world.good().await, IdsChanged), None);
    world.mailbox.renumber();
    world.set_retention(Retention::Delete).await;

    let report = world.good().await;
    assert_eq!(noted(&report, IdsChanged), Some(8));
    assert_eq!(recorded(&world, IdsChanged).await, Some(8));
    assert_eq!((report.stored, report.deleted), (0, 0));
    let held = world.retrieval().await.relinked_deletion_held_until;
    assert_eq!(held, Some(world.clock.now().plus(DAY)));

    // What comes now goes now; what was renumbered waits.
    world.send(letters(8..9));
    world.clock.advance(DAY - Duration::from_millis(1));
    let report = world.good().await;
    assert_eq!((report.stored, report.deleted), (1, 1));
    assert_eq!(noted(&report, IdsChanged), None, "told once");
    assert_eq!(world.mailbox.len(), 8);
    world.clock.advance(Duration::from_millis(1));
    let report = world.good().await;
    assert_eq!((report.stored, report.deleted), (0, 8));
    assert!(world.mailbox.is_empty());
    world.assert_each_once().await;
}
