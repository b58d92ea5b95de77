//! Lines that break after so many octets, anywhere in a session.

use inhaul_sample::switches::{Cut, Pipelining, Times};
use inhaul_types::ErrorCode;

use crate::harness::{Setup, World, letters};

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
    assert_eq!(
        report.failure.map(|failure| failure.code),
        Some(ErrorCode::CutOff)
    );
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
