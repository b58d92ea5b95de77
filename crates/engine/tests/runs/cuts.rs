//! Lines that break after so many octets, anywhere in a session.

use std::time::Duration;

use inhaul_domain::Retention;
use inhaul_sample::switches::{Cut, Fault, Pipelining, Times, UniqueIds};
use inhaul_store::Store as _;
use inhaul_types::ErrorCode;
use inhaul_types::card::Detail;

use crate::harness::{Setup, World, letters};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Octets between one break and the next. Prime, so that breaks fall on all places in a line.
const STEP: u64 = 11;

fn cut(world: &World, after: u64, times: Times) {
    world
        .server
        .set(|switches| switches.line.cut = Some(Cut { after, times }));
}

async fn cut_everywhere(pipelining: Pipelining) {
    for after in (0..).step_by(usize::try_from(STEP).unwrap()) {
        let world = Setup::deleting().start().await;
        world
            .server
            .set(|switches| switches.pipelining = pipelining);
        world.send(letters(0..4));
        cut(&world, after, Times::Once);
        let report = world.run().await;
        world.assert_nothing_lost().await;
        let Some(failure) = report.failure else {
            // The session was shorter, or only its last words were lost.
            assert!(after > 900, "cut after {after}: {report:?}");
            assert_eq!((report.stored, report.deleted), (4, 4));
            assert!(world.mailbox.is_empty());
            world.assert_each_once().await;
            return;
        };
        assert_eq!(
            failure.code,
            ErrorCode::CutOff,
            "after {after}: {failure:?}"
        );
        assert_eq!(report.deleted, 0, "after {after}");
        world.good().await;
        assert!(world.mailbox.is_empty(), "after {after}");
        world.assert_each_once().await;
    }
}

#[tokio::test]
async fn a_line_cut_anywhere_loses_and_doubles_nothing() {
    cut_everywhere(Pipelining::Announced).await;
}

#[tokio::test]
async fn a_line_cut_anywhere_loses_and_doubles_nothing_without_pipelining() {
    cut_everywhere(Pipelining::Unannounced).await;
}

#[tokio::test]
async fn a_line_cut_anywhere_while_known_and_new_are_told_apart_loses_and_doubles_nothing() {
    for unique_ids in [UniqueIds::SameForAll, UniqueIds::Absent, UniqueIds::Blank] {
        for after in (0..).step_by(131) {
            let world = Setup::default().start().await;
            world
                .mailbox
                .set(|switches| switches.unique_ids = unique_ids);
            world.send(letters(0..6));
            world.good().await;
            world.mailbox.idle().await;
            world.set_retention(Retention::Delete).await;
            world.send(letters(6..9));
            cut(&world, after, Times::Once);
            let report = world.run().await;
            world.assert_nothing_lost().await;
            world.mailbox.idle().await;
            world.good().await;
            assert!(world.mailbox.is_empty(), "{unique_ids:?}, after {after}");
            world.assert_each_once().await;
            if report.failure.is_none() {
                assert!(after > 900, "{unique_ids:?}: {report:?}");
                break;
            }
        }
    }
}

#[tokio::test]
async fn lines_cut_again_and_again_bring_everything_in_the_end() {
    let world = Setup::deleting().start().await;
    world.send(letters(0..6));
    for after in (300..).step_by(11) {
        cut(&world, after, Times::Always);
        let report = world.run().await;
        world.assert_nothing_lost().await;
        if report.failure.is_none() && world.mailbox.is_empty() {
            break;
        }
        // The same message is cut so often that it is tried once a day.
        world.clock.advance(DAY);
        assert!(after < 20_000, "it does not end");
        world.mailbox.idle().await;
    }
    world.assert_each_once().await;
}

#[tokio::test]
async fn what_came_whole_before_the_cut_is_not_asked_for_again() {
    let world = Setup::default().start().await;
    let ids = world.send(letters(0..30));
    // Behind the listing and some of the messages.
    cut(&world, 5_000, Times::Once);
    let report = world.run().await;
    let failure = report.failure.unwrap();
    assert_eq!(failure.code, ErrorCode::CutOff);
    let Some(Detail::Cut {
        wanted: 30, half, ..
    }) = failure.facts.detail
    else {
        panic!("{failure:?}");
    };
    // The first that did not come whole.
    assert!(
        half.is_none_or(|half| half == report.stored + 1),
        "{half:?}"
    );
    let title = failure.card().title;
    assert!(title.contains(" of 30"), "{title}");
    let stored = usize::try_from(report.stored).unwrap();
    assert!((1..30).contains(&stored), "{stored}");
    assert_eq!(world.stored().await.len(), stored);
    world.mailbox.forget();
    assert_eq!(world.good().await.stored, 30 - report.stored);
    let again = ids
        .iter()
        .filter(|id| world.mailbox.retrieved(**id) > 0)
        .count();
    assert_eq!(again, 30 - stored);
    world.assert_each_once().await;
}

#[tokio::test]
async fn a_message_at_which_lines_are_cut_goes_last_then_stays_and_is_tried_once_a_day() {
    let world = Setup::deleting().start().await;
    let ids = world.send(letters(0..9));
    let (third, others) = (ids[2], 8);
    world
        .mailbox
        .fault(third, Fault::CutAfter(40), Times::Always);
    // Twice in its place: what stands before it came, what stands behind waits.
    for _ in 0..2 {
        world.fails(ErrorCode::CutOff).await;
        assert_eq!(world.stored().await.len(), 2);
    }
    // Three times behind the others: they are here, and gone there.
    for _ in 0..3 {
        world.fails(ErrorCode::CutOff).await;
        assert_eq!(world.stored().await.len(), others);
        assert_eq!(world.mailbox.ids(), [third]);
    }
    // From now on it is left there, with its reason, and blocks nothing.
    assert_eq!(world.mailbox.retrieved(third), 5);
    world.send(letters(9..10));
    assert_eq!(world.good().await.stored, 1);
    assert_eq!(world.mailbox.retrieved(third), 5);
    let stories = world.store.ledger_search(&[]).await.unwrap();
    let mut reasons = stories.iter().filter_map(|story| story.reason.as_deref());
    let reason = reasons.next().unwrap();
    assert!(reason.contains("cut at it again and again"), "{reason}");
    assert_eq!(reasons.next(), None);

    // Once a day, and no more often.
    for day in 0..2 {
        world.clock.advance(DAY);
        world.fails(ErrorCode::CutOff).await;
        world.good().await;
        assert_eq!(world.mailbox.retrieved(third), 6 + day);
    }
    world.behave();
    world.good().await;
    assert_eq!(world.mailbox.retrieved(third), 7);
    world.clock.advance(DAY);
    assert_eq!(world.good().await.stored, 1);
    assert!(world.mailbox.is_empty());
    world.assert_each_once().await;
}

#[tokio::test]
async fn a_message_that_makes_the_server_fall_silent_blocks_nothing_either() {
    let world = Setup::deleting().impatient().start().await;
    let ids = world.send(letters(0..5));
    world.mailbox.fault(ids[0], Fault::NeverEnds, Times::Always);
    for _ in 0..5 {
        world.fails(ErrorCode::NoAnswer).await;
    }
    assert_eq!(world.good().await.left, 0);
    assert_eq!(world.stored().await.len(), 4);
    assert_eq!(world.mailbox.ids(), [ids[0]]);
}

#[tokio::test]
async fn behind_a_cut_line_sessions_are_smaller_and_their_deletions_count() {
    let world = Setup::deleting().start().await;
    world.send(letters(0..60));
    // No session of this server gets farther than some twenty messages.
    cut(&world, 7_000, Times::Always);
    let report = world.run().await;
    let stored = report.stored;
    assert!((10..40).contains(&stored), "{report:?}");
    assert_eq!(report.deleted, 0);
    // Later runs bring less at a time, say QUIT, come again at once, and learn.
    let mut runs = 1;
    let mut came_again = false;
    while !world.mailbox.is_empty() {
        world.mailbox.idle().await;
        let sessions = world.mailbox.sessions();
        let report = world.run().await;
        came_again |= report.deleted > 0 && world.mailbox.sessions() > sessions + 1;
        world.assert_nothing_lost().await;
        runs += 1;
        assert!(runs < 8, "it does not end");
    }
    assert!(came_again);
    world.assert_each_once().await;
    // Where the line holds, sessions grow again.
    world.behave();
    for _ in 0..10 {
        world.good().await;
    }
    assert_eq!(world.retrieval().await.session_size.messages(), None);
}
