//! What is said to a server, and in how many flights.

use inhaul_sample::switches::{AuthPlain, Capa, Pipelining, Refusal, SignIn};
use inhaul_types::ErrorCode;

use crate::harness::{Setup, World, letters};
use crate::relay::Relay;

const SIGN_INS: [&str; 3] = ["AUTH", "USER", "PASS"];

fn is_sign_in(line: &str) -> bool {
    SIGN_INS.iter().any(|verb| line.starts_with(verb))
}

/// Whether the server is asked several things at once.
async fn pipelines(world: &World, relay: &Relay) -> bool {
    world.redirect(relay.address()).await;
    world.good().await;
    relay.flights().iter().any(|flight| flight.len() > 1)
}

#[tokio::test]
async fn commands_share_a_flight_where_that_is_announced_and_nowhere_else() {
    for (pipelining, capa, expected) in [
        (Pipelining::Announced, Capa::Works, true),
        (Pipelining::LosesEarly, Capa::Works, true),
        (Pipelining::Unannounced, Capa::Works, false),
        (Pipelining::Announced, Capa::Refused, false),
    ] {
        let world = Setup::deleting().start().await;
        world.server.set(|switches| {
            switches.pipelining = pipelining;
            switches.capa = capa;
        });
        world.send(letters(0..20));
        let relay = Relay::to(world.server.address()).await;
        assert_eq!(
            pipelines(&world, &relay).await,
            expected,
            "{pipelining:?}, CAPA {capa:?}"
        );
        assert!(world.mailbox.is_empty());
        world.assert_each_once().await;
    }
}

#[tokio::test]
async fn nothing_is_sent_behind_a_sign_in_that_is_not_answered() {
    for auth_plain in [AuthPlain::Works, AuthPlain::Absent] {
        let world = Setup::default().start().await;
        world
            .server
            .set(|switches| switches.auth_plain = auth_plain);
        world.send(letters(0..3));
        let relay = Relay::to(world.server.address()).await;
        assert!(pipelines(&world, &relay).await);
        // With remembered capabilities as well.
        world.good().await;
        for flight in relay
            .flights()
            .iter()
            .filter(|flight| flight.iter().any(|l| is_sign_in(l)))
        {
            assert_eq!(flight.len(), 1, "{auth_plain:?}: {flight:?}");
        }
    }
}

#[tokio::test]
async fn a_run_that_finds_nothing_new_says_no_more_than_it_must() {
    for (auth_plain, sign_in) in [
        (AuthPlain::Works, &["AUTH PLAIN ****"][..]),
        (AuthPlain::Absent, &["USER anna", "PASS ****"]),
    ] {
        let world = Setup::default().start().await;
        world
            .server
            .set(|switches| switches.auth_plain = auth_plain);
        world.send(letters(0..3));
        world.good().await;
        world.mailbox.idle().await;
        world.mailbox.forget();
        world.good().await;
        world.mailbox.idle().await;
        let expected = [sign_in, &["STAT", "UIDL", "QUIT"]].concat();
        assert_eq!(world.mailbox.commands(), expected);
    }
}

#[tokio::test]
async fn capabilities_are_remembered_until_a_run_fails() {
    let world = Setup::default().start().await;
    world.send(letters(0..1));
    let asked_in = async |expected: u64| {
        world.mailbox.forget();
        world.good().await;
        assert_eq!(world.mailbox.count("CAPA"), expected);
    };
    asked_in(1).await;
    asked_in(0).await;
    asked_in(0).await;
    world
        .mailbox
        .set(|switches| switches.sign_in = SignIn::Refused(Refusal::SysTemp));
    world.fails(ErrorCode::ServerBusy).await;
    world.behave();
    asked_in(1).await;
    asked_in(0).await;
}

#[tokio::test]
async fn sizes_are_asked_for_where_something_is_new_and_not_otherwise() {
    let world = Setup::default().start().await;
    let asked_in = async |expected: u64, why: &str| {
        world.mailbox.forget();
        world.good().await;
        assert_eq!(world.mailbox.count("LIST"), expected, "{why}");
    };
    world.send(letters(0..3));
    asked_in(1, "a first run").await;
    asked_in(0, "nothing is new").await;
    world.send(letters(3..4));
    asked_in(1, "one is new").await;
    asked_in(0, "nothing is new").await;
    world.mailbox.remove(world.mailbox.ids()[0]);
    asked_in(0, "one is gone, and STAT agrees").await;
    world.assert_each_once().await;
}
