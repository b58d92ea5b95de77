//! Where a new retrieval begins: with everything, some days back, or with what comes from now on.

use std::time::Duration;

use inhaul_domain::{Retention, StartPoint};
use inhaul_engine::RunOptions;
use inhaul_sample::switches::{Cut, Times, Top, UniqueIds};
use inhaul_testkit::ManualClock;
use inhaul_types::Timestamp;

use crate::harness::{Setup, World, letters};

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn world(start: StartPoint, retention: Retention) -> World {
    let setup = Setup {
        start,
        retention,
        ..Setup::default()
    };
    setup.start().await
}

/// How many of the first `old` messages have come, and how many of the others.
async fn brought(world: &World, old: u32) -> (usize, usize) {
    let old = letters(0..old);
    let stored = world.stored().await;
    let of_old = stored
        .iter()
        .filter(|message| old.contains(message))
        .count();
    (of_old, stored.len() - of_old)
}

#[tokio::test]
async fn what_is_there_already_stays_there_where_only_new_mail_is_wanted() {
    let world = world(StartPoint::Now, Retention::Delete).await;
    world.send(letters(0..5));
    let report = world.good().await;
    assert_eq!((report.listed, report.stored, report.left), (5, 0, 0));
    world.send(letters(5..7));
    assert_eq!(world.good().await.stored, 2);
    // For good: a month later they are still nobody's to fetch or delete.
    world.clock.advance(30 * DAY);
    world.good().await;
    assert_eq!(brought(&world, 5).await, (0, 2));
    assert_eq!(world.mailbox.len(), 5);
}

#[tokio::test]
async fn an_empty_maildrop_has_begun_too() {
    let world = world(StartPoint::Now, Retention::Keep).await;
    world.good().await;
    world.send(letters(0..3));
    assert_eq!(world.good().await.stored, 3);
}

#[tokio::test]
async fn a_first_look_that_was_cut_off_counts_for_nothing() {
    let world = world(StartPoint::Now, Retention::Keep).await;
    world.send(letters(0..3));
    for after in [10, 60, 150, 260] {
        let cut = Cut {
            after,
            times: Times::Once,
        };
        world.server.set(|switches| switches.line.cut = Some(cut));
        world.run().await;
    }
    world.behave();
    world.good().await;
    world.send(letters(3..4));
    world.good().await;
    assert_eq!(brought(&world, 3).await, (0, 1));
}

#[tokio::test]
async fn a_dry_run_does_not_begin() {
    let world = world(StartPoint::Now, Retention::Keep).await;
    world.send(letters(0..3));
    let dry = RunOptions {
        dry_run: true,
        ..RunOptions::default()
    };
    assert_eq!(world.run_with(dry).await.would_retrieve, 0);
    world.good().await;
    assert_eq!(brought(&world, 3).await, (0, 0));
}

#[tokio::test]
async fn mail_of_the_last_days_is_told_by_when_it_arrived() {
    let now = ManualClock::default().now();
    let since = before(now, 10);
    let world = world(StartPoint::Since(since), Retention::Keep).await;
    let dated = |n: u32, received: Option<u64>, sent: Option<u64>| {
        let received = received
            .map(|days| format!("Received: from a by b; {}\r\n", date(before(now, days))))
            .unwrap_or_default();
        let sent = sent
            .map(|days| format!("Date: {}\r\n", date(before(now, days))))
            .unwrap_or_default();
        format!("{received}{sent}Subject: {n}\r\n\r\nbody {n}\r\n").into_bytes()
    };
    let wanted = [
        dated(1, Some(9), Some(400)),
        dated(2, None, Some(2)),
        dated(3, None, None),
    ];
    world.send(wanted.clone());
    let unwanted = [dated(4, Some(11), Some(1)), dated(5, None, Some(12))];
    for message in unwanted {
        world.mailbox.append(message);
    }
    let report = world.good().await;
    assert_eq!((report.listed, report.stored), (5, 3));
    world.assert_each_once().await;
    assert_eq!(world.good().await.stored, 0);
    // What comes now comes, however old it says it is.
    world.send([dated(6, Some(100), Some(100))]);
    assert_eq!(world.good().await.stored, 1);
}

#[tokio::test]
async fn where_nobody_can_tell_everything_comes() {
    // Without TOP there are no dates, without ids nothing can be known again.
    let since = StartPoint::Since(ManualClock::default().now());
    let world = world(since, Retention::Keep).await;
    world.mailbox.set(|switches| switches.top = Top::Absent);
    world.send(letters(0..3));
    assert_eq!(world.good().await.stored, 3);

    let world = self::world(StartPoint::Now, Retention::Keep).await;
    world
        .mailbox
        .set(|switches| switches.unique_ids = UniqueIds::Absent);
    world.send(letters(0..3));
    assert_eq!(world.good().await.stored, 3);
    world.assert_each_once().await;
}

fn before(now: Timestamp, days: u64) -> Timestamp {
    let millis = i64::try_from(days).unwrap() * 24 * 3600 * 1000;
    Timestamp::from_millis(now.millis() - millis)
}

/// As RFC 5322 section 3.3 writes it.
fn date(at: Timestamp) -> String {
    let seconds = at.millis() / 1000;
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Civil from days, after the usual reckoning from 1 March.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let names = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let name = names[usize::try_from(month - 1).unwrap()];
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{day} {name} {year} {hour:02}:{minute:02}:{second:02} +0000")
}
