//! Servers that number, name and measure their messages as they please.

use std::collections::HashSet;
use std::time::Duration;

use inhaul_domain::Retention;
use inhaul_sample::switches::{Listing, MailboxSwitches, Sizes, Top, UniqueIds};

use crate::harness::{Setup, World, letters};

/// Runs, and new mail between them.
const RUNS: u32 = 4;
const EACH: u32 = 6;

const RETENTIONS: [Retention; 2] = [Retention::Keep, Retention::Delete];

/// Four runs with new mail before each: everything is here once after each of them.
async fn four_runs(
    retention: Retention,
    switches: impl Fn(&mut MailboxSwitches),
    what: &str,
) -> World {
    let world = Setup {
        retention,
        ..Setup::default()
    }
    .start()
    .await;
    world.mailbox.set(switches);
    for run in 0..RUNS {
        world.send(letters(run * EACH..(run + 1) * EACH));
        let report = world.good().await;
        let (lost, doubled) = world.difference(world.account).await;
        let why = format!("{what}, {retention:?}, run {run}: {report:?}");
        assert_eq!((lost, doubled), (0, 0), "lost and doubled: {why}");
        if retention == Retention::Delete {
            assert!(world.mailbox.is_empty(), "{why}");
        }
    }
    world
}

#[tokio::test]
async fn odd_unique_ids_lose_and_double_nothing() {
    for unique_ids in [
        UniqueIds::Stable,
        UniqueIds::SameForAll,
        UniqueIds::Pairs,
        UniqueIds::Reused,
        UniqueIds::EverySession,
        UniqueIds::Blank,
        UniqueIds::Absent,
        UniqueIds::Long(70),
        UniqueIds::Long(71),
        UniqueIds::Long(900),
    ] {
        for top in [Top::Works, Top::Absent, Top::ExtraBlankLine] {
            for retention in RETENTIONS {
                let switch = |switches: &mut MailboxSwitches| {
                    (switches.unique_ids, switches.top) = (unique_ids, top);
                };
                four_runs(retention, switch, &format!("{unique_ids:?}, TOP {top:?}")).await;
            }
        }
    }
}

#[tokio::test]
async fn sizes_that_are_wrong_lose_and_double_nothing() {
    for sizes in [
        Sizes::Off(-40),
        Sizes::Off(3),
        Sizes::Off(1 << 40),
        Sizes::Growing,
    ] {
        for top in [Top::Works, Top::Absent] {
            for retention in RETENTIONS {
                let switch = |switches: &mut MailboxSwitches| {
                    (switches.sizes, switches.top) = (sizes, top);
                };
                four_runs(retention, switch, &format!("{sizes:?}, TOP {top:?}")).await;
            }
        }
    }
}

#[tokio::test]
async fn listings_with_gaps_lose_and_double_nothing() {
    for retention in RETENTIONS {
        let gaps = |switches: &mut MailboxSwitches| switches.list_gaps = vec![1, 3];
        four_runs(retention, gaps, "LIST without 1 and 3").await;
    }
    let gaps = |switches: &mut MailboxSwitches| switches.uidl_gaps = vec![2, 5];
    four_runs(Retention::Keep, gaps, "UIDL without 2 and 5").await;
}

#[tokio::test]
async fn renumbered_messages_are_not_brought_again() {
    for top in [Top::Works, Top::Absent] {
        let world = Setup::default().start().await;
        world.mailbox.set(|switches| switches.top = top);
        for run in 0..RUNS {
            world.send(letters(run * EACH..(run + 1) * EACH));
            world.good().await;
            world.assert_each_once().await;
            world.mailbox.renumber();
        }
        assert_eq!(world.good().await.stored, 0, "TOP {top:?}");
        world.assert_each_once().await;
    }
}

#[tokio::test]
async fn copies_with_one_unique_id_all_come() {
    for (unique_ids, retention) in [
        (UniqueIds::SameForAll, Retention::Delete),
        (UniqueIds::SameForAll, Retention::Keep),
        (UniqueIds::Stable, Retention::Keep),
        (UniqueIds::Stable, Retention::Delete),
    ] {
        let world = Setup {
            retention,
            ..Setup::default()
        }
        .start()
        .await;
        world
            .mailbox
            .set(|switches| switches.unique_ids = unique_ids);
        let letter = letters(1..2);
        world.send([letter.clone(), letter.clone(), letter, letters(2..3)].concat());
        world.good().await;
        world.assert_each_once().await;
        assert_eq!(
            world.good().await.stored,
            0,
            "{unique_ids:?}, {retention:?}"
        );
        world.assert_each_once().await;
    }
}

#[tokio::test]
async fn a_partial_listing_that_shows_more_each_time_is_brought_whole() {
    for (retention, listing) in [
        (Retention::Delete, Listing::First(4)),
        (Retention::Delete, Listing::Conversations(4)),
        (Retention::Keep, Listing::Conversations(4)),
    ] {
        let world = Setup {
            retention,
            ..Setup::default()
        }
        .start()
        .await;
        world.mailbox.set(|switches| switches.listing = listing);
        for run in 0..RUNS {
            world.send(letters(run * EACH..(run + 1) * EACH));
            world.good().await;
            world.assert_nothing_lost().await;
            world.mailbox.idle().await;
        }
        for _ in 0..10 {
            world.good().await;
            world.mailbox.idle().await;
        }
        world.assert_each_once().await;
    }
}

#[tokio::test]
async fn what_a_partial_listing_hides_is_neither_lost_nor_brought_twice() {
    let world = Setup::default().start().await;
    world
        .mailbox
        .set(|switches| switches.listing = Listing::First(4));
    world.send(letters(0..8));
    for _ in 0..3 {
        world.good().await;
        let here: HashSet<_> = world.stored().await.into_iter().collect();
        assert_eq!(here, letters(0..4).into_iter().collect());
    }
    // Now the others show, then the first ones again.
    world
        .mailbox
        .set(|switches| switches.listing = Listing::All);
    world.good().await;
    world.assert_each_once().await;
    world
        .mailbox
        .set(|switches| switches.listing = Listing::First(2));
    world.good().await;
    world
        .mailbox
        .set(|switches| switches.listing = Listing::All);
    assert_eq!(world.good().await.stored, 0);
    world.assert_each_once().await;
}

#[tokio::test]
async fn ids_that_change_in_every_session_keep_no_copy_for_ever() {
    let setup = Setup {
        retention: Retention::DeleteAfter { days: 3 },
        ..Setup::default()
    };
    let world = setup.start().await;
    world
        .mailbox
        .set(|switches| switches.unique_ids = UniqueIds::EverySession);
    for day in 0..16 {
        world.send(letters(day * 3..(day + 1) * 3));
        for _ in 0..4 {
            world.good().await;
            world.clock.advance(Duration::from_secs(6 * 3600));
        }
        world.assert_each_once().await;
    }
    // Three days' mail, and at most one more day's: deletions are held for a day now and then.
    let there = world.mailbox.len();
    assert!((9..=15).contains(&there), "{there} are still there");
}

/// What was named in pairs is named singly again, and some names are those that others had: with
/// messages of one size, name and size say nothing.
#[tokio::test]
async fn names_that_went_over_to_others_as_large_double_nothing() {
    for top in [Top::Works, Top::Absent] {
        for count in 2..9 {
            let world = Setup::default().start().await;
            let name = |unique_ids| {
                world.mailbox.set(|switches| {
                    (switches.unique_ids, switches.top) = (unique_ids, top);
                });
            };
            name(UniqueIds::Pairs);
            world.send(letters(0..count));
            world.good().await;
            name(UniqueIds::Stable);
            let what = format!("{count} letters, TOP {top:?}");
            for run in 0..3 {
                assert_eq!(world.good().await.stored, 0, "{what}, run {run}");
            }
            world.assert_each_once().await;
        }
    }
}

/// What a partial listing hides while all names change is found again by its octets when it shows.
#[tokio::test]
async fn what_is_hidden_while_the_names_change_is_not_brought_again() {
    for top in [Top::Works, Top::Absent] {
        for before in [UniqueIds::Absent, UniqueIds::Stable] {
            let world = Setup::default().start().await;
            let show = |unique_ids, listing| {
                world.mailbox.set(|switches| {
                    (switches.unique_ids, switches.listing) = (unique_ids, listing);
                    switches.top = top;
                });
            };
            show(before, Listing::All);
            world.send(letters(0..20));
            world.good().await;
            world.mailbox.renumber();
            show(UniqueIds::Stable, Listing::First(6));
            for _ in 0..3 {
                world.good().await;
            }
            show(UniqueIds::Stable, Listing::All);
            for run in 0..3 {
                let what = format!("{before:?}, TOP {top:?}, run {run}");
                assert_eq!(world.good().await.stored, 0, "{what}");
            }
            world.assert_each_once().await;
        }
    }
}
