//! Deletions that are asked for, and servers that do something else.

use std::time::Duration;

use inhaul_sample::switches::{Cut, Dele, Line, Quit, Removal, Times, Top};
use inhaul_store::Store;
use inhaul_types::ErrorCode;

use crate::harness::{Setup, letters};

#[tokio::test]
async fn a_deletion_counts_when_quit_is_answered_and_is_repeated_when_it_is_not() {
    use ErrorCode::{CutOff, NoAnswer};
    for (quit, code, gone) in [
        (Quit::Unanswered(Removal::Done), Some(NoAnswer), true),
        (Quit::Unanswered(Removal::NotDone), Some(NoAnswer), false),
        (Quit::HangsUp(Removal::Done), Some(CutOff), true),
        (Quit::HangsUp(Removal::NotDone), Some(CutOff), false),
        (Quit::CutBefore, Some(CutOff), false),
        (Quit::Refused, None, false),
    ] {
        for top in [Top::Works, Top::Absent] {
            let world = Setup::deleting().impatient().start().await;
            world
                .mailbox
                .set(|switches| (switches.quit, switches.top) = (quit, top));
            world.send(letters(0..5));
            let report = world.run().await;
            assert_eq!(report.failure.map(|failure| failure.code), code, "{quit:?}");
            assert_eq!((report.stored, report.deleted), (5, 0), "{quit:?}");
            assert_eq!(world.mailbox.is_empty(), gone, "{quit:?}");
            world.mailbox.idle().await;
            world.mailbox.set(|switches| switches.quit = Quit::Works);
            let report = world.good().await;
            assert_eq!(
                (report.stored, report.left),
                (0, 0),
                "{quit:?}, TOP {top:?}"
            );
            assert_eq!(
                report.deleted,
                if gone { 0 } else { 5 },
                "{quit:?}, TOP {top:?}"
            );
            assert!(world.mailbox.is_empty(), "{quit:?}, TOP {top:?}");
            world.assert_each_once().await;
        }
    }
}

#[tokio::test]
async fn a_held_back_deletion_waits_for_a_run_that_ends_well() {
    let setup = Setup {
        first_run_keeps: true,
        ..Setup::deleting()
    };
    let world = setup.start().await;
    world.send(letters(0..5));
    let line = Line {
        cut: Some(Cut {
            after: 900,
            times: Times::Once,
        }),
        ..Line::default()
    };
    world.mailbox.set(|switches| switches.line = Some(line));
    assert!(world.run().await.failure.is_some());
    assert_eq!(world.mailbox.len(), 5, "a run that was cut is no first run");
    let first = world.good().await;
    assert_eq!((first.deleted, world.mailbox.len()), (0, 5));
    world.send(letters(5..6));
    let second = world.good().await;
    assert_eq!((second.stored, second.deleted), (1, 6));
    assert!(world.mailbox.is_empty());
    world.assert_each_once().await;
}

#[tokio::test]
async fn nothing_hangs_on_the_answer_to_a_quit_that_deletes_nothing() {
    for quit in [
        Quit::Unanswered(Removal::NotDone),
        Quit::HangsUp(Removal::NotDone),
        Quit::CutBefore,
        Quit::Refused,
    ] {
        let world = Setup::default().start().await;
        world.mailbox.set(|switches| switches.quit = quit);
        world.send(letters(0..2));
        assert_eq!(world.good().await.stored, 2, "{quit:?}");
        world.assert_each_once().await;
    }
}

#[tokio::test]
async fn a_deletion_that_is_not_done_is_asked_for_twice_more_and_then_daily() {
    let world = Setup::deleting().start().await;
    world.mailbox.set(|switches| switches.dele = Dele::Ignored);
    world.send(letters(0..3));
    let day = Duration::from_secs(24 * 3600);
    for (run, wait, asked) in [
        (1, Duration::ZERO, 3),
        (2, Duration::ZERO, 3),
        (3, Duration::ZERO, 3),
        (4, Duration::ZERO, 0),
        (5, day / 2, 0),
        (6, day / 2, 3),
        (7, Duration::ZERO, 0),
    ] {
        world.clock.advance(wait);
        world.mailbox.forget();
        let report = world.good().await;
        assert_eq!(report.stored, if run == 1 { 3 } else { 0 }, "run {run}");
        assert_eq!(world.mailbox.count("DELE"), asked, "run {run}");
    }
    world.assert_each_once().await;
}

#[tokio::test]
async fn a_refused_deletion_is_no_deletion_and_is_asked_for_again() {
    let world = Setup::deleting().start().await;
    world.mailbox.set(|switches| switches.dele = Dele::Refused);
    world.send(letters(0..3));
    let report = world.good().await;
    assert_eq!((report.stored, report.deleted), (3, 0));
    let report = world.good().await;
    assert_eq!((report.stored, report.deleted), (0, 0));
    world.behave();
    let report = world.good().await;
    assert_eq!((report.stored, report.deleted), (0, 3));
    assert!(world.mailbox.is_empty());
    world.assert_each_once().await;
}

#[tokio::test]
async fn what_was_stored_earlier_is_deleted_on_the_proof_of_its_header() {
    let world = Setup::default().start().await;
    world.send(letters(0..4));
    world.good().await;
    world.set_retention(inhaul_domain::Retention::Delete).await;
    world.mailbox.forget();
    let report = world.good().await;
    assert_eq!((report.stored, report.deleted), (0, 4));
    assert_eq!(
        (world.mailbox.count("TOP"), world.mailbox.count("RETR")),
        (4, 0)
    );
    assert!(world.mailbox.is_empty());
    world.assert_each_once().await;
}

#[tokio::test]
async fn behind_a_restore_nothing_is_deleted_until_somebody_says_so() {
    let world = Setup::deleting().start().await;
    world.send(letters(0..2));
    world.good().await;
    assert!(world.mailbox.is_empty());
    let file = world.file("backup.tar");
    let backup = inhaul_store::Backup {
        to: file.clone(),
        key: inhaul_store::KeyInBackup::Included,
        progress: None,
    };
    world.store.records().backup(backup).await.unwrap();
    let world = world.restore(&file).await;
    world.send(letters(2..4));
    assert_eq!(world.good().await.stored, 2);
    assert_eq!(world.mailbox.len(), 2, "they stay");
    world.assert_each_once().await;
    world.store.records().confirm_deletion().await.unwrap();
    assert_eq!(world.good().await.deleted, 2);
    world.assert_each_once().await;
}
