//! Maildrops that are large, listed by halves or filled from the middle, and lines that drip.

use std::time::{Duration, Instant};

use inhaul_domain::{Retention, StartPoint};
use inhaul_engine::{RunOptions, Unobserved};
use inhaul_sample::switches::{Line, Listing, MailboxSwitches, Packets, Top, UniqueIds};
use inhaul_types::ErrorCode;
use inhaul_types::card::Detail;

use crate::harness::{Setup, USER, World, letters};

#[tokio::test]
async fn a_hundred_thousand_messages_are_listed_in_time_and_a_new_one_among_them_is_found() {
    const MANY: u64 = 100_000;
    let setup = Setup {
        start: StartPoint::Now,
        ..Setup::default()
    };
    let world = setup.start().await;
    for _ in 0..MANY {
        world.mailbox.append_generated(0);
    }
    let begun = Instant::now();
    let report = world.good().await;
    assert_eq!((report.listed, report.stored), (MANY, 0));
    world.mailbox.idle().await;

    world.slip_in(50_000, letters(0..1).remove(0));
    let report = world.good().await;
    assert_eq!((report.listed, report.stored), (MANY + 1, 1));
    world.assert_each_once().await;
    world.mailbox.idle().await;
    world.mailbox.forget();
    assert_eq!(world.good().await.stored, 0);
    assert_eq!(world.mailbox.count("RETR") + world.mailbox.count("TOP"), 0);
    // Seconds in a debug build; anything that looks at each message for each message takes hours.
    assert!(begun.elapsed() < Duration::from_secs(120));
}

#[tokio::test]
async fn a_list_of_250_at_most_is_brought_to_its_end() {
    for (retention, listing) in [
        (Retention::Delete, Listing::First(250)),
        (Retention::Keep, Listing::Conversations(250)),
    ] {
        let setup = Setup {
            retention,
            ..Setup::default()
        };
        let world = setup.start().await;
        world.mailbox.set(|switches| switches.listing = listing);
        world.send(letters(0..600));
        let mut runs = 0;
        while world.stored().await.len() < 600 {
            world.good().await;
            world.assert_nothing_lost().await;
            world.mailbox.idle().await;
            runs += 1;
            assert!(runs < 4, "{listing:?}: it does not end");
        }
        world.assert_each_once().await;
        assert_eq!(world.good().await.stored, 0, "{listing:?}");
        assert_eq!(world.mailbox.is_empty(), retention == Retention::Delete);
    }
}

#[tokio::test]
async fn new_mail_in_the_middle_of_the_list_comes_alone() {
    for unique_ids in [UniqueIds::Stable, UniqueIds::Pairs, UniqueIds::Absent] {
        for top in [Top::Works, Top::Absent] {
            let what = format!("{unique_ids:?}, TOP {top:?}");
            let world = Setup::default().start().await;
            world.mailbox.set(|switches: &mut MailboxSwitches| {
                (switches.unique_ids, switches.top) = (unique_ids, top);
            });
            world.send(letters(0..10));
            assert_eq!(world.good().await.stored, 10, "{what}");
            world.slip_in(4, letters(10..11).remove(0));
            world.slip_in(0, letters(11..12).remove(0));
            assert_eq!(world.good().await.stored, 2, "{what}");
            world.assert_each_once().await;
            // Numbers have moved on: what is deleted now is what was stored.
            world.set_retention(Retention::Delete).await;
            world.slip_in(7, letters(12..13).remove(0));
            assert_eq!(world.good().await.stored, 1, "{what}");
            world.assert_each_once().await;
            world.mailbox.idle().await;
            world.good().await;
            assert!(world.mailbox.is_empty(), "{what}");
            world.assert_each_once().await;
        }
    }
}

/// Every octet in a packet of its own, each soon enough for anybody who waits for some octet.
fn dripping() -> Line {
    Line {
        packets: Packets::Octet,
        pause: Duration::from_millis(40),
        ..Line::default()
    }
}

/// No single wait is too long; only the run is.
async fn hurried() -> World {
    let setup = Setup {
        run_timeout: Duration::from_millis(700),
        ..Setup::deleting()
    };
    let world = setup.impatient().start().await;
    world.send(letters(0..20));
    world
}

/// Anna's server drips and bert's does not; his mail is here while hers is waited for.
async fn drips_for_anna_alone(world: &World) {
    let begun = Instant::now();
    let other = world.server.mailbox("bert");
    other.append(letters(30..31).remove(0));
    let mut bert_was_done = Duration::ZERO;
    let bert = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let report = world
            .run_named("bert", RunOptions::default(), &Unobserved)
            .await;
        bert_was_done = begun.elapsed();
        report
    };
    let (anna, bert) = tokio::join!(world.run(), bert);
    assert_eq!(bert.stored, 1, "{bert:?}");
    let failure = anna.failure.unwrap();
    assert_eq!(failure.code, ErrorCode::NoAnswer, "{failure:?}");
    assert!(
        matches!(failure.facts.detail, Some(Detail::TooSlow)),
        "{failure:?}"
    );
    assert_eq!((anna.stored, anna.deleted), (0, 0));
    let took = begun.elapsed();
    assert!(bert_was_done < took, "{bert_was_done:?}, {took:?}");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[tokio::test]
async fn a_greeting_octet_by_octet_ends_with_the_run_and_holds_up_nobody_else() {
    let world = hurried().await;
    let other = world.add_account("bert").await;
    world.add_retrieval("bert", "bert", other).await;
    let door = world.server.another_door().await.unwrap();
    door.set(|switches| switches.line = dripping());
    world.redirect(door.address()).await;
    Box::pin(drips_for_anna_alone(&world)).await;
    assert_eq!(world.mailbox.sign_ins().accepted, 0);
    door.behave();
    world.good().await;
    assert!(world.mailbox.is_empty());
    world.assert_each_once().await;
}

#[tokio::test]
async fn a_listing_octet_by_octet_ends_with_the_run_and_holds_up_nobody_else() {
    let world = hurried().await;
    let other = world.add_account("bert").await;
    world.add_retrieval("bert", "bert", other).await;
    world
        .mailbox
        .set(|switches| switches.line = Some(dripping()));
    Box::pin(drips_for_anna_alone(&world)).await;
    assert_eq!(world.mailbox.len(), 20);
    world.mailbox.idle().await;
    world.behave();
    world.good().await;
    assert!(world.mailbox.is_empty());
    world.assert_each_once().await;
    let retrieval = world.retrieval().await;
    assert_eq!(
        (retrieval.name.as_str(), retrieval.last_error),
        (USER, None)
    );
}
