//! What comes, what stays, and when it is deleted there.

use std::time::Duration;

use inhaul_domain::Retention;
use inhaul_engine::RunOptions;
use inhaul_store::Store as _;
use inhaul_testkit::fixtures;

use crate::harness::{Setup, letters};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Mail as it is, and the oddest there is. A body without a last line end cannot be told from one
/// with it on the wire.
fn odd_mail() -> Vec<Vec<u8>> {
    let odd = fixtures().into_iter().map(|message| message.octets);
    let whole = odd.filter(|octets| octets.ends_with(b"\r\n"));
    inhaul_sample::messages()
        .into_iter()
        .map(|octets| octets.to_vec())
        .chain(whole)
        .collect()
}

#[tokio::test]
async fn a_first_run_brings_everything_octet_for_octet_and_a_second_nothing() {
    let world = Setup::default().start().await;
    let mail = odd_mail();
    let count = mail.len() as u64;
    world.send(mail);
    let report = world.good().await;
    assert_eq!(
        (report.listed, report.stored, report.deleted),
        (count, count, 0)
    );
    world.assert_each_once().await;

    world.mailbox.forget();
    let report = world.good().await;
    assert_eq!((report.listed, report.stored), (count, 0));
    assert_eq!(world.mailbox.count("RETR"), 0);
    world.assert_each_once().await;
}

#[tokio::test]
async fn what_is_stored_here_is_deleted_there() {
    let world = Setup::deleting().start().await;
    let mail = odd_mail();
    let count = mail.len() as u64;
    world.send(mail);
    let report = world.good().await;
    assert_eq!((report.stored, report.deleted), (count, count));
    assert!(world.mailbox.is_empty());
    world.assert_each_once().await;
    let report = world.good().await;
    assert_eq!((report.listed, report.stored, report.deleted), (0, 0, 0));
}

#[tokio::test]
async fn a_message_is_deleted_when_its_days_are_over() {
    let retention = Retention::DeleteAfter { days: 3 };
    let world = Setup {
        retention,
        ..Setup::default()
    }
    .start()
    .await;
    world.send(letters(0..2));
    assert_eq!(world.good().await.deleted, 0);
    world.clock.advance(2 * DAY);
    world.send(letters(2..3));
    assert_eq!(world.good().await.deleted, 0);
    world.clock.advance(DAY - Duration::from_millis(1));
    assert_eq!(world.good().await.deleted, 0);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(world.good().await.deleted, 2);
    assert_eq!(world.mailbox.contents(), letters(2..3));
    world.clock.advance(2 * DAY);
    assert_eq!(world.good().await.deleted, 1);
    assert!(world.mailbox.is_empty());
    world.assert_each_once().await;
}

#[tokio::test]
async fn a_run_may_keep_what_the_retrieval_deletes() {
    let world = Setup::deleting().start().await;
    world.send(letters(0..3));
    let report = world
        .run_with(RunOptions {
            keep: true,
            ..RunOptions::default()
        })
        .await;
    assert_eq!((report.stored, report.deleted), (3, 0));
    assert_eq!(world.mailbox.len(), 3);
    let report = world.good().await;
    assert_eq!((report.stored, report.deleted), (0, 3));
    assert!(world.mailbox.is_empty());
    world.assert_each_once().await;
}

#[tokio::test]
async fn a_dry_run_counts_and_changes_nothing() {
    let world = Setup::deleting().start().await;
    world.send(letters(0..2));
    world.good().await;
    world.send(letters(2..5));
    world.mailbox.forget();
    let report = world
        .run_with(RunOptions {
            dry_run: true,
            ..RunOptions::default()
        })
        .await;
    assert!(report.failure.is_none(), "{report:?}");
    assert_eq!(
        (report.would_retrieve, report.stored, report.deleted),
        (3, 0, 0)
    );
    assert_eq!(world.mailbox.count("RETR") + world.mailbox.count("DELE"), 0);
    assert_eq!(world.stored().await.len(), 2);
    let preview = report.preview.expect("a dry run has one");
    assert_eq!((preview.retrieve.len(), preview.delete_fetched), (3, 3));
    assert!(preview.retrieve.iter().all(|one| one.heading.is_none()));
    assert_eq!(report.run, None, "a look is no run");
    let runs = world.store.run_list(world.retrieval().await.id, 9).await;
    assert_eq!(runs.unwrap().len(), 1);
    let report = world
        .run_with(RunOptions {
            dry_run: true,
            headers: true,
            ..RunOptions::default()
        })
        .await;
    let preview = report.preview.expect("a dry run has one");
    for one in &preview.retrieve {
        let heading = one.heading.as_ref().expect("TOP is known there");
        assert!(!heading.subject.is_empty(), "{one:?}");
    }
    let report = world.good().await;
    assert_eq!((report.stored, report.deleted), (3, 3));
    world.assert_each_once().await;
}

#[tokio::test]
async fn a_run_with_a_limit_leaves_the_rest_for_the_next() {
    let world = Setup::default().start().await;
    world.send(letters(0..10));
    let some = RunOptions {
        most: Some(4),
        ..RunOptions::default()
    };
    for (stored, remaining) in [(4, 6), (4, 2), (2, 0), (0, 0)] {
        let report = world.run_with(some).await;
        assert!(report.failure.is_none(), "{report:?}");
        assert_eq!((report.stored, report.remaining), (stored, remaining));
    }
    world.assert_each_once().await;
}

#[tokio::test]
async fn a_run_reports_what_it_recorded() {
    let world = Setup::deleting().start().await;
    world.send(letters(0..4));
    let report = world.good().await;
    let retrieval = world.retrieval().await;
    let runs = world.store.run_list(retrieval.id, 10).await.unwrap();
    let [run] = &runs[..] else { panic!("{runs:?}") };
    assert_eq!(Some(run.id), report.run);
    assert_eq!(
        (run.listed, run.stored, run.deleted, run.left),
        (4, 4, 4, 0)
    );
    assert_eq!((run.octets, run.code), (report.octets, None));
    assert_eq!(retrieval.last_good, Some(world.clock.now()));
    let log = world.log();
    assert!(
        log.contains("4 stored") && log.contains("4 deleted"),
        "{log}"
    );
}

#[tokio::test]
async fn mail_is_dated_by_when_it_came_to_its_server() {
    let world = Setup::default().start().await;
    let now = world.clock.now();
    let from = |fields: &str| format!("{fields}Subject: x\r\n\r\nx\r\n").into_bytes();
    world.send([
        from("Received: from a by b; Fri, 2 Jan 1998 10:00:00 +0100\r\nDate: Mon, 5 Jan 1970 00:00:00 +0000\r\n"),
        from("Date: Sat, 3 Jan 1998 00:00:00 +0000\r\n"),
        // Some day in the future, and none at all.
        from("Received: from a by b; Fri, 1 Jan 2100 00:00:00 +0000\r\n"),
        from("Received: from a by b; soon\r\n"),
    ]);
    world.good().await;
    let account = world.retrieval().await.account;
    let folders = world.store.folder_list(account).await.unwrap();
    let listed = world.store.views().newest_messages(folders[0].id, None, 9);
    let listed = listed.await.unwrap();
    let dates: Vec<i64> = listed
        .iter()
        .map(|one| one.internal_date.millis())
        .collect();
    let known = [883_785_600_000, 883_731_600_000];
    assert_eq!(dates, [now.millis(), now.millis(), known[0], known[1]]);
}
