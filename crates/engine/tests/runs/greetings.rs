//! Servers that greet oddly, late or not at all.

use std::net::Ipv4Addr;
use std::time::Duration;

use inhaul_domain::reach::Reach;
use inhaul_engine::{RunOptions, Unobserved};
use inhaul_sample::switches::{Capa, Greeting};
use inhaul_store::RemoteSecret;
use inhaul_types::{ErrorCode, Secret};
use tokio::net::TcpListener;

use crate::harness::{PASSWORD, Setup, USER, letters};
use crate::relay::Relay;

#[tokio::test]
async fn a_greeting_that_is_none_has_its_code() {
    use ErrorCode::*;
    let refused = |text: &str| Greeting::Refused(text.to_owned());
    for (greeting, code, said) in [
        (Greeting::Missing, NoAnswer, None),
        (Greeting::Slow(Duration::from_secs(60)), NoAnswer, None),
        (refused("go away"), ServerBusy, Some("-ERR go away")),
        (
            refused("too many connections"),
            TooOften,
            Some("-ERR too many connections"),
        ),
        (
            refused("[SYS/PERM] closed for ever"),
            ServerRefuses,
            Some("-ERR [SYS/PERM] closed for ever"),
        ),
        (
            Greeting::Other("220 smtp.example.org ESMTP".into()),
            NotPop3,
            Some("220 smtp.example.org ESMTP"),
        ),
        (
            Greeting::Other("* OK IMAP4rev1 ready".into()),
            NotPop3,
            Some("* OK IMAP4rev1 ready"),
        ),
        (Greeting::HangUp, CutOff, None),
    ] {
        let world = Setup::default().impatient().start().await;
        world.send(letters(0..1));
        world
            .server
            .set(|switches| switches.greeting = greeting.clone());
        let failure = world.fails(code).await;
        assert_eq!(failure.said.as_deref(), said, "{greeting:?}");
        assert_eq!(world.mailbox.sign_ins().accepted, 0);
        world.behave();
        world.good().await;
        world.assert_each_once().await;
    }
}

#[tokio::test]
async fn a_greeting_may_say_little_or_much_or_take_its_time() {
    for greeting in [
        Greeting::Bare,
        Greeting::Stamped,
        Greeting::Slow(Duration::from_millis(20)),
    ] {
        let world = Setup::default().start().await;
        world.send(letters(0..1));
        world.server.set(|switches| switches.greeting = greeting);
        world.good().await;
        world.assert_each_once().await;
    }
}

#[tokio::test]
async fn capa_may_be_unknown_and_must_not_hang() {
    for (capa, code) in [
        (Capa::Refused, None),
        (Capa::MoreAfterSignIn, None),
        (Capa::Hangs, Some(ErrorCode::NoAnswer)),
        (Capa::HangsUp, Some(ErrorCode::CutOff)),
    ] {
        let world = Setup::deleting().impatient().start().await;
        world.send(letters(0..3));
        world.server.set(|switches| switches.capa = capa);
        let report = world.run().await;
        assert_eq!(report.failure.map(|failure| failure.code), code, "{capa:?}");
        world.behave();
        world.good().await;
        assert!(world.mailbox.is_empty());
        world.assert_each_once().await;
    }
}

#[tokio::test]
async fn a_capa_that_is_not_answered_is_left_alone_by_the_next_sessions() {
    const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
    for (capa, code) in [
        (Capa::Hangs, ErrorCode::NoAnswer),
        (Capa::HangsUp, ErrorCode::CutOff),
        (Capa::NoAnswer, ErrorCode::BadAnswer),
    ] {
        let world = Setup::deleting().impatient().start().await;
        world.send(letters(0..3));
        world.server.set(|switches| switches.capa = capa);
        world.fails(code).await;
        world.good().await;
        world.assert_each_once().await;
        world.mailbox.forget();
        world.good().await;
        world.mailbox.idle().await;
        let expected = ["USER anna", "PASS ****", "STAT", "UIDL", "QUIT"];
        assert_eq!(world.mailbox.commands(), expected, "{capa:?}");
        // It may have got better.
        world.behave();
        world.clock.advance(WEEK);
        world.mailbox.forget();
        world.good().await;
        assert_eq!(world.mailbox.count("CAPA"), 1, "{capa:?}");
    }
}

#[tokio::test]
async fn a_test_of_a_mailbox_does_without_capa_at_once() {
    for capa in [Capa::Hangs, Capa::HangsUp, Capa::NoAnswer] {
        let world = Setup::default().impatient().start().await;
        world.send(letters(0..3));
        world.server.set(|switches| switches.capa = capa);
        let secret = RemoteSecret::Stored(Secret::new(PASSWORD.into()));
        let remote = world.retrieval().await.remote;
        let found = world
            .engine
            .inspect(&remote, secret, &Reach::Anywhere)
            .await
            .unwrap();
        assert_eq!(found.messages, 3, "{capa:?}");
        assert_eq!(world.mailbox.sign_ins().accepted, 1);
    }
}

#[tokio::test]
async fn a_run_that_is_stopped_while_it_waits_for_capa_holds_that_against_nobody() {
    let world = Setup::default().start().await;
    world.server.set(|switches| switches.capa = Capa::Hangs);
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let stopper = async {
        while world.server.connections() == 0 {
            tokio::task::yield_now().await;
        }
        stop.send(true).unwrap();
    };
    let run = world.run_until(USER, RunOptions::default(), &Unobserved, stopping);
    let (report, ()) = tokio::join!(run, stopper);
    assert!(report.failure.is_some());
    assert_eq!(world.retrieval().await.capabilities, None);
}

#[tokio::test]
async fn nonsense_in_capa_is_nothing_known() {
    let world = Setup::deleting().start().await;
    world.send(letters(0..3));
    world.server.set(|switches| switches.capa = Capa::Nonsense);
    world.good().await;
    world.assert_each_once().await;
    assert_eq!(world.mailbox.count("USER"), 1);
}

#[tokio::test]
async fn more_is_asked_for_behind_the_sign_in_on_a_first_run_and_remembered() {
    let world = Setup::deleting().start().await;
    world.send(letters(0..20));
    world
        .server
        .set(|switches| switches.capa = Capa::MoreAfterSignIn);
    let relay = Relay::to(world.server.address()).await;
    world.redirect(relay.address()).await;
    world.good().await;
    assert_eq!(world.mailbox.count("CAPA"), 2);
    // What it heard, it uses: many bodies in one flight.
    let is_pipelined = |flight: &Vec<String>| flight.len() > 2;
    assert!(relay.flights().iter().any(is_pipelined));
    world.mailbox.forget();
    world.good().await;
    world.mailbox.idle().await;
    let expected = ["AUTH PLAIN ****", "STAT", "UIDL", "QUIT"];
    assert_eq!(world.mailbox.commands(), expected);
}

#[tokio::test]
async fn a_server_without_capa_is_asked_for_it_once() {
    let world = Setup::default().start().await;
    world.server.set(|switches| switches.capa = Capa::Refused);
    world.good().await;
    assert_eq!(world.mailbox.count("CAPA"), 1);
    world.good().await;
    assert_eq!(world.mailbox.count("CAPA"), 1);
}

#[tokio::test]
async fn where_nobody_listens_nobody_answers() {
    let world = Setup::default().start().await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    world.redirect(address).await;
    world.fails(ErrorCode::NoAnswer).await;
}
