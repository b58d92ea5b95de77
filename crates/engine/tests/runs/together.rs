//! Runs beside each other: one maildrop, one store, one disk.

use std::sync::Mutex;
use std::time::Duration;

use inhaul_domain::Retention;
use inhaul_engine::{Observer, Progress, RunOptions, Unobserved};
use inhaul_sample::SignIns;
use inhaul_sample::switches::Greeting;
use inhaul_store::RetrievalChange;
use inhaul_store::Store as _;
use inhaul_types::{ErrorCode, Octets};
use tokio::sync::Notify;

use crate::harness::{Setup, USER, letters};

#[tokio::test]
async fn one_maildrop_is_visited_by_one_run_at_a_time() {
    let world = Setup::deleting().start().await;
    let other = world.add_account("bert").await;
    world.add_retrieval("bert", USER, other).await;
    world.send(letters(0..50));
    // The server refuses a second session, so that two visits at once would show.
    let run = |name| world.run_named(name, RunOptions::default(), &Unobserved);
    let (one, two, three, four) = tokio::join!(run(USER), run("bert"), run(USER), run("bert"));
    for report in [one, two, three, four] {
        assert!(report.failure.is_none(), "{report:?}");
    }
    assert_eq!(
        world.mailbox.sign_ins(),
        SignIns {
            accepted: 4,
            refused: 0
        }
    );
    world.assert_each_once().await;
    world.assert_each_once_for(other).await;
    assert!(world.mailbox.is_empty());
}

#[tokio::test]
async fn a_message_is_deleted_when_every_retrieval_of_the_maildrop_has_it() {
    let world = Setup::deleting().start().await;
    let other = world.add_account("bert").await;
    world.add_retrieval("bert", USER, other).await;
    world.send(letters(0..4));
    assert_eq!(world.good().await.deleted, 0, "bert has nothing yet");
    let report = world
        .run_named("bert", RunOptions::default(), &Unobserved)
        .await;
    assert_eq!((report.stored, report.deleted), (4, 4));
    assert!(world.mailbox.is_empty());
    world.assert_each_once().await;
    world.assert_each_once_for(other).await;

    // A paused one is not waited for.
    let bert = world.store.retrieval_by_name("bert").await.unwrap().id;
    let pause = RetrievalChange {
        paused: Some(true),
        ..RetrievalChange::default()
    };
    world.store.retrieval_change(bert, pause).await.unwrap();
    world.send(letters(4..6));
    assert_eq!(world.good().await.deleted, 2);
    world.assert_each_once().await;
}

#[tokio::test]
async fn a_full_disk_deletes_nothing_there_and_everything_comes_when_there_is_room() {
    let size_limit = Some(Octets::new(2 << 20));
    let world = Setup {
        size_limit,
        ..Setup::deleting()
    }
    .start()
    .await;
    // Small ones lie in the database, which is limited.
    for _ in 0..400 {
        world.send_large(12_000);
    }
    world.send_large(3 << 20);
    let report = world.run().await;
    assert_eq!(
        report.failure.map(|failure| failure.code),
        Some(ErrorCode::DiskFull)
    );
    assert_eq!((report.deleted, world.mailbox.len()), (0, 401));
    assert_eq!(world.stored().await.len() as u64, report.stored);
    world.mailbox.idle().await;
    // Again and again: it stays so.
    world.run().await;
    assert_eq!(world.mailbox.len(), 401);
    world.mailbox.idle().await;
    let world = world.reopen(None).await;
    let report = world.good().await;
    assert_eq!(report.deleted, 401);
    assert!(world.mailbox.is_empty());
    world.assert_each_once().await;
}

/// Lets another run begin when this one has come so far.
struct Tells {
    far_enough: fn(&Progress) -> bool,
    began: Notify,
}

impl Observer for Tells {
    fn progress(&self, progress: &Progress) {
        if (self.far_enough)(progress) {
            self.began.notify_one();
        }
    }
}

#[tokio::test]
async fn a_small_message_is_stored_while_a_large_one_is_under_way() {
    for (stage, far_enough) in [
        (
            "retrieved",
            (|step| matches!(step, Progress::Listed { .. })) as fn(&Progress) -> bool,
        ),
        ("committed", |step| matches!(step, Progress::Received(_))),
    ] {
        let world = Setup::deleting().start().await;
        world.send_large(50 << 20);
        let other = world.add_account("bert").await;
        let small = world.server.mailbox("bert");
        world.add_retrieval("bert", "bert", other).await;
        small.append(letters(0..1).remove(0));
        let watched = Tells {
            far_enough,
            began: Notify::new(),
        };
        let order = Mutex::new(Vec::new());
        let large = async {
            let report = world.run_named(USER, RunOptions::default(), &watched).await;
            order.lock().unwrap().push("large");
            report
        };
        let small = async {
            watched.began.notified().await;
            let report = world
                .run_named("bert", RunOptions::default(), &Unobserved)
                .await;
            order.lock().unwrap().push("small");
            report
        };
        let (large, small) = tokio::join!(large, small);
        assert_eq!(
            (large.stored, small.stored),
            (1, 1),
            "{stage}: {large:?} {small:?}"
        );
        assert_eq!(
            *order.lock().unwrap(),
            ["small", "large"],
            "while it is {stage}"
        );
        world.assert_each_once().await;
    }
}

/// Is told when its run has been recorded, that is, when it has its lease.
struct Began(Notify);

impl Observer for Began {
    fn progress(&self, progress: &Progress) {
        if matches!(progress, Progress::Started(_)) {
            self.0.notify_one();
        }
    }
}

#[tokio::test]
async fn a_run_that_waited_goes_by_what_the_retrieval_is_now() {
    let world = Setup::deleting().start().await;
    world.send(letters(0..3));
    let greeting = Greeting::Slow(Duration::from_millis(600));
    world.server.set(|switches| switches.greeting = greeting);
    let began = Began(Notify::new());
    let look = RunOptions {
        dry_run: true,
        ..RunOptions::default()
    };
    let first = world.run_named(USER, look, &began);
    let second = async {
        began.0.notified().await;
        // Its row is read now; then it waits for the first, and a person changes their mind.
        let waiting = world.run_named(USER, RunOptions::default(), &Unobserved);
        let change = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let retrieval = world.store.retrieval_by_name(USER).await.unwrap();
            let keep = RetrievalChange {
                retention: Some(Retention::Keep),
                ..RetrievalChange::default()
            };
            let change = world.store.retrieval_change(retrieval.id, keep);
            change.await.unwrap();
        };
        tokio::join!(waiting, change).0
    };
    let (_, second) = tokio::join!(first, second);
    assert_eq!((second.stored, second.deleted), (3, 0), "{second:?}");
    assert_eq!(world.mailbox.len(), 3);
}
