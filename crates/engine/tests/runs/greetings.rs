//! Servers that greet oddly, late or not at all.

use std::net::Ipv4Addr;
use std::time::Duration;

use inhaul_sample::switches::{Capa, Greeting};
use inhaul_types::ErrorCode;
use tokio::net::TcpListener;

use crate::harness::{Setup, letters};

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
async fn where_nobody_listens_nobody_answers() {
    let world = Setup::default().start().await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    world.redirect(address).await;
    world.fails(ErrorCode::NoAnswer).await;
}
