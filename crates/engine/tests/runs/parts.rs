//! Servers that list a part of the maildrop at a time, and runs of several sessions.

use inhaul_domain::Retention;
use inhaul_sample::switches::{Listing, Refusal, SignIn};
use inhaul_store::SignInMemory;
use inhaul_types::{ErrorCode, Mechanism};

use crate::harness::{Setup, World, letters};

/// As many as the server shows at a time: so few are not taken for a part by accident.
const PART: usize = 60;

async fn world(retention: Retention, listing: Listing) -> World {
    let setup = Setup {
        retention,
        ..Setup::default()
    };
    let world = setup.start().await;
    world.mailbox.set(|switches| switches.listing = listing);
    world.send(letters(0..300));
    world
}

#[tokio::test]
async fn a_server_that_lists_in_parts_is_asked_again_at_once() {
    for (retention, listing) in [
        (Retention::Delete, Listing::First(PART)),
        (Retention::Delete, Listing::Conversations(PART)),
        (Retention::Keep, Listing::Conversations(PART)),
    ] {
        let world = world(retention, listing).await;
        // Nothing tells the first part from the whole.
        let report = world.good().await;
        assert_eq!(report.stored, PART as u64, "{listing:?}");
        world.mailbox.idle().await;
        // The second one gives it away; the rest comes in the same run.
        let report = world.good().await;
        assert_eq!(report.stored, 300 - PART as u64, "{listing:?}");
        world.assert_each_once().await;
        assert_eq!(world.mailbox.is_empty(), retention == Retention::Delete);
        world.mailbox.idle().await;
        // It is remembered.
        world.send(letters(300..400));
        assert_eq!(world.good().await.stored, 100, "{listing:?}");
        world.assert_each_once().await;
    }
}

#[tokio::test]
async fn a_server_that_asks_for_a_pause_between_sessions_gets_it() {
    let world = world(Retention::Delete, Listing::First(PART)).await;
    world.server.set(|switches| switches.login_delay = Some(60));
    for _ in 0..5 {
        let sessions = world.mailbox.sessions();
        assert_eq!(world.good().await.stored, PART as u64);
        assert_eq!(world.mailbox.sessions(), sessions + 1);
        world.mailbox.idle().await;
    }
    world.assert_each_once().await;
}

#[tokio::test]
async fn a_second_session_that_is_refused_for_now_spoils_nothing() {
    for refusal in [Refusal::InUse, Refusal::LoginDelay, Refusal::SysTemp] {
        let world = world(Retention::Delete, Listing::First(PART)).await;
        world.good().await;
        world.mailbox.idle().await;
        let often = std::num::NonZeroU32::new(2).unwrap();
        world
            .mailbox
            .set(|switches| switches.sign_in = SignIn::EveryNth(often, refusal.clone()));
        for _ in 0..30 {
            let report = world.run().await;
            let code = report.failure.map(|failure| failure.code);
            // A run whose first sign-in is refused has failed; one that brought something has not.
            assert!(
                code.is_none() || report.stored == 0,
                "{refusal:?}: {code:?}"
            );
            world.mailbox.idle().await;
        }
        assert!(world.mailbox.is_empty(), "{refusal:?}");
        world.assert_each_once().await;
    }
}

#[tokio::test]
async fn a_wrong_password_in_a_later_session_is_a_failure() {
    let world = world(Retention::Delete, Listing::First(PART)).await;
    world.good().await;
    world.mailbox.idle().await;
    let often = std::num::NonZeroU32::new(2).unwrap();
    world
        .mailbox
        .set(|switches| switches.sign_in = SignIn::EveryNth(often, Refusal::Auth));
    let mut refused = 0;
    for _ in 0..4 {
        let report = world.run().await;
        let code = report.failure.map(|failure| failure.code);
        refused += u32::from(code == Some(ErrorCode::AuthRefused));
        world.mailbox.idle().await;
    }
    assert!(refused > 0);
    // Once in each of those runs: no session follows a refused password.
    assert_eq!(world.mailbox.sign_ins().refused, u64::from(refused));
    world.assert_nothing_lost().await;
}

#[tokio::test]
async fn a_refused_proof_ends_a_run_of_several_sessions() {
    let world = world(Retention::Delete, Listing::First(PART)).await;
    world
        .server
        .set(|switches| switches.mechanisms = vec![Mechanism::ScramSha256]);
    world.good().await;
    world.mailbox.idle().await;
    let often = std::num::NonZeroU32::new(2).unwrap();
    world
        .mailbox
        .set(|switches| switches.sign_in = SignIn::EveryNth(often, Refusal::Auth));
    let mut refused = 0;
    while refused == 0 {
        let report = world.run().await;
        refused += u32::from(report.failure.is_some());
        world.mailbox.idle().await;
    }
    // The password itself is for the next run.
    let retrieval = world.retrieval().await;
    let memory = Some(SignInMemory::Refused(Mechanism::ScramSha256));
    assert_eq!(retrieval.sign_in_memory, memory);
    assert_eq!(world.mailbox.sign_ins().refused, 1);
    world.behave();
    world.good().await;
    let worked = Some(SignInMemory::Worked(Mechanism::Plain));
    assert_eq!(world.retrieval().await.sign_in_memory, worked);
}

#[tokio::test]
async fn what_the_first_session_learned_serves_the_others() {
    let world = world(Retention::Delete, Listing::First(PART)).await;
    world.good().await;
    world.mailbox.idle().await;
    // Nothing is remembered of the server when the run begins.
    world
        .set_remote(|remote| remote.sign_in = Some(Mechanism::User))
        .await;
    world.set_remote(|remote| remote.sign_in = None).await;
    world.mailbox.forget();
    let sessions = world.mailbox.sessions();
    assert_eq!(world.good().await.stored, 300 - PART as u64);
    assert!(world.mailbox.sessions() > sessions + 2);
    assert_eq!(world.mailbox.count("CAPA"), 1);
}
