//! Runs that are told to stop.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use inhaul_engine::{Observer, Progress, RunOptions};
use inhaul_sample::switches::{Greeting, Pipelining};
use inhaul_store::Store as _;
use tokio::sync::watch;

use crate::harness::{Setup, USER, letters};

/// Tells the run to stop when so many messages have come.
struct StopAfter {
    messages: u64,
    come: AtomicU64,
    stop: watch::Sender<bool>,
}

impl StopAfter {
    fn new(messages: u64) -> (Self, watch::Receiver<bool>) {
        let (stop, stopping) = watch::channel(false);
        (
            Self {
                messages,
                come: AtomicU64::new(0),
                stop,
            },
            stopping,
        )
    }
}

impl Observer for StopAfter {
    fn progress(&self, progress: &Progress) {
        if matches!(progress, Progress::Received(_))
            && self.come.fetch_add(1, Ordering::Relaxed) + 1 == self.messages
        {
            self.stop.send_replace(true);
        }
    }
}

#[tokio::test]
async fn a_run_that_is_stopped_keeps_what_came_says_quit_and_leaves_the_rest() {
    for (pipelining, size) in [
        (Pipelining::Announced, 1 << 20),
        (Pipelining::Unannounced, 2_000),
    ] {
        let world = Setup::deleting().start().await;
        world
            .server
            .set(|switches| switches.pipelining = pipelining);
        for _ in 0..16 {
            world.send_large(size);
        }
        let (observer, stopping) = StopAfter::new(3);
        let report = world
            .run_until(USER, RunOptions::default(), &observer, stopping)
            .await;
        assert!(report.failure.is_none(), "{report:?}");
        assert!((3..16).contains(&report.stored), "{report:?}");
        assert_eq!(report.deleted, report.stored);
        assert_eq!(world.mailbox.count("QUIT"), 1);
        assert_eq!(world.mailbox.len() as u64, 16 - report.stored);
        world.assert_nothing_lost().await;
        assert_eq!(world.good().await.stored, 16 - report.stored);
        assert!(world.mailbox.is_empty());
        world.assert_each_once().await;
    }
}

#[tokio::test]
async fn a_run_that_is_stopped_before_it_begins_brings_nothing() {
    let world = Setup::deleting().start().await;
    world.send(letters(0..3));
    let (stop, _) = watch::channel(false);
    stop.send_replace(true);
    let (unobserved, stopping) = (inhaul_engine::Unobserved, stop.subscribe());
    let report = world
        .run_until(USER, RunOptions::default(), &unobserved, stopping)
        .await;
    // Whoever waits for mail has to hear that nobody has looked.
    let failure = report.failure.unwrap();
    assert!(failure.what.contains("stopped"), "{failure:?}");
    assert_eq!((report.stored, world.mailbox.count("RETR")), (0, 0));
    world.mailbox.idle().await;
    world.good().await;
    world.assert_each_once().await;
}

#[tokio::test]
async fn a_run_that_is_stopped_before_it_begins_is_no_failure_and_forgets_nothing() {
    let world = Setup::deleting().start().await;
    world.good().await;
    let before = world.store.retrieval_by_name(USER).await.unwrap();
    assert!(before.capabilities.is_some());
    // It is stopped while it waits for the greeting.
    let greeting = Greeting::Slow(Duration::from_secs(15));
    world.server.set(|switches| switches.greeting = greeting);
    let (stop, stopping) = watch::channel(false);
    let connections = world.server.connections();
    let unobserved = inhaul_engine::Unobserved;
    let run = world.run_until(USER, RunOptions::default(), &unobserved, stopping);
    let signal = async {
        while world.server.connections() == connections {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        stop.send_replace(true);
    };
    let (report, ()) = tokio::join!(run, signal);
    assert!(report.failure.unwrap().what.contains("stopped"));
    let after = world.store.retrieval_by_name(USER).await.unwrap();
    assert_eq!((after.failures, after.failing_since), (0, None));
    assert_eq!(after.last_good, before.last_good);
    assert_eq!(after.capabilities, before.capabilities);
    let runs = world.store.run_list(after.id, 1).await.unwrap();
    assert!(runs[0].stopped && runs[0].code.is_none() && runs[0].ended.is_some());
}
