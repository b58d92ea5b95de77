//! Sign-ins that are refused, and how often a password is tried.

use inhaul_sample::SignIns;
use inhaul_sample::switches::{AuthPlain, Refusal, SignIn};
use inhaul_testkit::Script;
use inhaul_types::ErrorCode;

use crate::harness::{Setup, letters};
use crate::relay::Relay;

#[tokio::test]
async fn one_password_is_refused_in_a_session_and_no_more() {
    for auth_plain in [AuthPlain::Works, AuthPlain::Absent] {
        let world = Setup::default().start().await;
        world.send(letters(0..2));
        world
            .server
            .set(|switches| switches.auth_plain = auth_plain);
        world.mailbox.set_password("another");
        world.fails(ErrorCode::AuthRefused).await;
        let refused = SignIns {
            accepted: 0,
            refused: 1,
        };
        assert_eq!(world.mailbox.sign_ins(), refused, "{auth_plain:?}");
        assert_eq!(world.server.connections(), 1);
        world.mailbox.set_password(crate::harness::PASSWORD);
        world.good().await;
        world.assert_each_once().await;
    }
}

#[tokio::test]
async fn a_mechanism_that_refused_the_password_is_not_followed_by_another() {
    let world = Setup::default().start().await;
    world
        .server
        .set(|switches| switches.auth_plain = AuthPlain::Refused);
    let relay = Relay::to(world.server.address()).await;
    world.redirect(relay.address()).await;
    world.fails(ErrorCode::AuthRefused).await;
    assert!(relay.heard("AUTH PLAIN") && !relay.heard("USER") && !relay.heard("PASS"));
}

#[tokio::test]
async fn another_mechanism_is_tried_where_the_server_does_not_know_the_first() {
    let server = Script::parse(
        "S: +OK hello
         C: CAPA
         S: +OK
         S: SASL PLAIN
         S: .
         C: AUTH PLAIN *
         S: -ERR unknown mechanism
         C: USER anna
         S: +OK
         C: PASS five-loud-herons-2093
         S: +OK
         C: STAT
         S: +OK 0 0
         C: UIDL
         S: +OK
         S: .
         C: LIST
         S: +OK
         S: .
         C: QUIT
         S: +OK",
    );
    let server = server.unwrap().serve().unwrap();
    let world = Setup::default().start().await;
    world.redirect(server.addr()).await;
    world.good().await;
    server.finish().unwrap();
}

#[tokio::test]
async fn a_refused_sign_in_has_its_code_and_costs_no_mail() {
    use ErrorCode::*;
    let text = |text: &str| Refusal::Text(text.to_owned());
    for (refusal, code) in [
        (Refusal::InUse, MailboxInUse),
        (Refusal::LoginDelay, TooOften),
        (Refusal::SysTemp, ServerBusy),
        (Refusal::SysPerm, ServerRefuses),
        (Refusal::Auth, AuthRefused),
        (Refusal::Bare, AuthRefused),
        (
            text("Your account is not enabled for POP access"),
            PopSwitchedOff,
        ),
        (
            text("[AUTH] Application-specific password required"),
            AuthAppPassword,
        ),
        (Refusal::Silence, NoAnswer),
        (Refusal::HangUp, CutOff),
    ] {
        let world = Setup::deleting().impatient().start().await;
        world.send(letters(0..2));
        world
            .mailbox
            .set(|switches| switches.sign_in = SignIn::Refused(refusal.clone()));
        let failure = world.fails(code).await;
        assert!(
            failure.what.contains("127.0.0.1"),
            "{refusal:?}: {failure:?}"
        );
        // A maildrop that somebody else has open is no failure, nor is having come too often.
        let is_busy = matches!(code, MailboxInUse | TooOften);
        let failures = u32::from(!is_busy);
        assert_eq!(world.retrieval().await.failures, failures, "{refusal:?}");
        world.behave();
        world.good().await;
        world.assert_each_once().await;
        assert_eq!(world.retrieval().await.failures, 0, "{refusal:?}");
    }
}

#[tokio::test]
async fn how_often_one_may_come_is_told_in_minutes() {
    let server = Script::parse(
        "S: +OK hello
         C: CAPA
         S: +OK
         S: SASL PLAIN
         S: LOGIN-DELAY 900
         S: .
         C: AUTH PLAIN *
         S: +OK
         C: STAT
         S: +OK 0 0
         C: UIDL
         S: +OK
         S: .
         C: LIST
         S: +OK
         S: .
         C: QUIT
         S: +OK
         ---
         S: +OK hello
         C: AUTH PLAIN *
         S: -ERR [LOGIN-DELAY] not yet",
    );
    let server = server.unwrap().serve().unwrap();
    let world = Setup::default().start().await;
    world.redirect(server.addr()).await;
    world.good().await;
    let card = world.fails(ErrorCode::TooOften).await.card();
    assert_eq!(card.what, "It allows one check every 15 minutes.");
    server.finish().unwrap();
}
