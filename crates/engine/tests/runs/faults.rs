//! One message that cannot be had, and all the others.

use std::time::Duration;

use inhaul_engine::RunOptions;
use inhaul_sample::SampleId;
use inhaul_sample::switches::{Fault, Pipelining, Times};
use inhaul_store::Store as _;
use inhaul_types::ErrorCode;

use crate::harness::{Setup, World, letters};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Nine messages; the third is the one.
async fn world() -> (World, SampleId) {
    let world = Setup::deleting().impatient().start().await;
    let ids = world.send(letters(0..9));
    (world, ids[2])
}

#[tokio::test]
async fn a_message_that_is_not_handed_over_stays_there_and_the_rest_comes() {
    for fault in [Fault::Refused("not this one".into()), Fault::Empty] {
        let (world, third) = world().await;
        world.mailbox.fault(third, fault.clone(), Times::Always);
        let report = world.good().await;
        assert_eq!(
            (report.stored, report.deleted, report.left),
            (8, 8, 1),
            "{fault:?}"
        );
        assert_eq!(world.mailbox.ids(), [third], "{fault:?}");

        // On record: not asked for again until a day is over.
        let stories = world.store.ledger_search(&[]).await.unwrap();
        let reasons: Vec<_> = stories
            .iter()
            .filter_map(|story| story.reason.clone())
            .collect();
        assert_eq!(reasons.len(), 1, "{fault:?}: {reasons:?}");
        world.good().await;
        assert_eq!(world.mailbox.retrieved(third), 1, "{fault:?}");
        world.behave();
        world.clock.advance(DAY);
        let report = world.good().await;
        assert_eq!((report.stored, report.deleted), (1, 1), "{fault:?}");
        assert!(world.mailbox.is_empty());
        world.assert_each_once().await;
    }
}

#[tokio::test]
async fn a_message_refused_for_the_moment_comes_with_the_next_run() {
    let (world, third) = world().await;
    world.mailbox.fault(
        third,
        Fault::Refused("[SYS/TEMP] the disk spins up".into()),
        Times::Once,
    );
    let report = world.good().await;
    assert_eq!((report.stored, report.left), (8, 1));
    assert_eq!(world.good().await.stored, 1);
    world.assert_each_once().await;
}

#[tokio::test]
async fn a_message_that_vanishes_behind_the_listing_is_nobodys_fault() {
    let (world, third) = world().await;
    world.mailbox.fault(third, Fault::Vanished, Times::Always);
    let report = world.good().await;
    assert_eq!((report.stored, report.deleted, report.left), (8, 8, 1));
    world.give_up(&letters(2..3)[0]);
    world.assert_each_once().await;
    world.good().await;
    world.assert_each_once().await;
}

#[tokio::test]
async fn half_a_message_is_none() {
    for (fault, code) in [
        (Fault::CutAfter(100), ErrorCode::CutOff),
        (Fault::CutAfter(0), ErrorCode::CutOff),
        (Fault::NeverEnds, ErrorCode::NoAnswer),
    ] {
        for pipelining in [Pipelining::Announced, Pipelining::Unannounced] {
            let (world, third) = world().await;
            world
                .server
                .set(|switches| switches.pipelining = pipelining);
            world.mailbox.fault(third, fault.clone(), Times::Once);
            world.fails(code).await;
            // The two before it came whole.
            assert_eq!(world.stored().await.len(), 2, "{fault:?}, {pipelining:?}");
            world.assert_nothing_lost().await;
            world.good().await;
            assert!(world.mailbox.is_empty(), "{fault:?}, {pipelining:?}");
            world.assert_each_once().await;
        }
    }
}

#[tokio::test]
async fn a_message_is_whole_when_the_line_ends_behind_it() {
    let (world, third) = world().await;
    world.mailbox.fault(third, Fault::HangUpBehind, Times::Once);
    world.fails(ErrorCode::CutOff).await;
    assert_eq!(world.stored().await.len(), 3);
    world.assert_nothing_lost().await;
    world.good().await;
    assert!(world.mailbox.is_empty());
    world.assert_each_once().await;
}

#[tokio::test]
async fn a_server_that_drips_is_left_in_the_end() {
    let limit = Duration::from_millis(500);
    let of_all = Setup {
        run_timeout: limit,
        ..Setup::default()
    };
    let of_this_run = RunOptions {
        timeout: Some(limit),
        ..RunOptions::default()
    };
    for (setup, options) in [
        (of_all, RunOptions::default()),
        (Setup::default(), of_this_run),
    ] {
        let world = setup.impatient().start().await;
        world.send(letters(0..30));
        world.mailbox.set(|switches| {
            switches.line = Some(inhaul_sample::switches::Line {
                rate: std::num::NonZeroU32::new(3_000),
                ..Default::default()
            });
        });
        world.run_with(options).await;
        world.assert_nothing_lost().await;
        assert!(world.stored().await.len() < 30);
        world.mailbox.idle().await;
        world.behave();
        world.good().await;
        world.assert_each_once().await;
    }
}
