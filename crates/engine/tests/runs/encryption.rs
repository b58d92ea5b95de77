//! Encrypted lines, and lines that cannot be had encrypted: no password leaves on those.

use inhaul_domain::reach::Reach;
use inhaul_sample::SignIns;
use inhaul_sample::switches::{Certificate, Stls};
use inhaul_store::Security;
use inhaul_types::{Card, ErrorCode, KeyPin};

use crate::harness::{Setup, World, letters};
use crate::relay::Relay;

async fn start(security: Security) -> World {
    let world = Setup {
        security,
        ..Setup::deleting()
    }
    .impatient()
    .start()
    .await;
    world.send(letters(0..3));
    world
}

#[tokio::test]
async fn mail_comes_over_tls_from_the_start_and_by_stls() {
    for security in [Security::Tls, Security::StartTls] {
        let world = Setup {
            security,
            ..Setup::deleting()
        }
        .start()
        .await;
        world.send(letters(0..20));
        world.good().await;
        assert!(world.mailbox.is_empty());
        // With remembered capabilities as well.
        world.send(letters(20..21));
        world.good().await;
        world.assert_each_once().await;
        let said = world.conversation().await;
        assert_eq!(
            said.contains("STLS"),
            security == Security::StartTls,
            "{said}"
        );
    }
}

#[tokio::test]
async fn nobody_signs_in_behind_a_certificate_that_proves_nothing() {
    for security in [Security::Tls, Security::StartTls] {
        for certificate in [
            Certificate::Expired,
            Certificate::WrongName,
            Certificate::UnknownCa,
        ] {
            let world = start(security).await;
            world
                .server
                .set(|switches| switches.certificate = certificate);
            let failure = world.fails(ErrorCode::Certificate).await;
            let words = match certificate {
                Certificate::Expired => "Its certificate expired on ",
                Certificate::WrongName => "Its certificate is for ",
                _ => "Its certificate is signed by nobody this server knows.",
            };
            let card = failure.card();
            assert!(card.what.starts_with(words), "{card:?}");
            assert!(
                card.next.starts_with("inhaul sends no password."),
                "{card:?}"
            );
            assert_eq!(
                world.mailbox.sign_ins(),
                SignIns::default(),
                "{certificate:?}"
            );
            world.behave();
            world.good().await;
            world.assert_each_once().await;
        }
    }
}

/// Has the retrieval trust the key that the server shows now, and nothing else.
async fn pin(world: &World) -> KeyPin {
    let remote = world.retrieval().await.remote;
    let shown = world
        .engine
        .shown_key(&remote, &Reach::Anywhere)
        .await
        .unwrap();
    world
        .set_remote(|remote| {
            remote.ca_file = None;
            remote.pin = Some(shown);
        })
        .await;
    shown
}

#[tokio::test]
async fn a_pinned_key_needs_no_authority_no_name_and_no_date() {
    for security in [Security::Tls, Security::StartTls] {
        for certificate in [
            Certificate::Good,
            Certificate::Expired,
            Certificate::WrongName,
            Certificate::UnknownCa,
        ] {
            let world = start(security).await;
            world
                .server
                .set(|switches| switches.certificate = certificate);
            pin(&world).await;
            assert_eq!(world.mailbox.sign_ins(), SignIns::default());
            world.good().await;
            world.assert_each_once().await;
        }
    }
}

#[tokio::test]
async fn a_changed_key_gets_no_password_and_both_keys_are_named() {
    for security in [Security::Tls, Security::StartTls] {
        let world = start(security).await;
        let pinned = pin(&world).await;
        world.good().await;
        world.mailbox.forget();
        world
            .server
            .set(|switches| switches.certificate = Certificate::NewKey);
        let failure = world.fails(ErrorCode::Certificate).await;
        assert_eq!(world.mailbox.sign_ins(), SignIns::default());
        let shown = world
            .engine
            .shown_key(&world.retrieval().await.remote, &Reach::Anywhere)
            .await
            .unwrap();
        assert_ne!(shown, pinned);
        let told = told(&failure.card());
        for words in [
            &*pinned.to_string(),
            &format!("`inhaul retrieval set anna --pin {shown}`"),
            "The key of 127.0.0.1 has changed, and no password was sent",
        ] {
            assert!(told.contains(words), "{told}");
        }
        // The new one is trusted when it is pinned, not before.
        world.fails(ErrorCode::Certificate).await;
        assert_eq!(pin(&world).await, shown);
        world.good().await;
        world.assert_each_once().await;
    }
}

#[tokio::test]
async fn a_certificate_that_proves_nothing_says_how_to_trust_its_key() {
    for certificate in [Certificate::UnknownCa, Certificate::WrongName] {
        let world = start(Security::Tls).await;
        world
            .server
            .set(|switches| switches.certificate = certificate);
        let card = world.fails(ErrorCode::Certificate).await.card();
        let shown = pin(&world).await;
        let advice = format!(
            "If it is your own server, trust exactly its key: `inhaul retrieval set anna --pin {shown}`."
        );
        assert!(card.todo.contains(&advice), "{card:?}");
    }
}

/// All that a card says, in lines.
fn told(card: &Card) -> String {
    [
        card.title.clone(),
        card.what.clone(),
        card.todo.join("\n"),
        card.next.clone(),
    ]
    .join("\n")
}

#[tokio::test]
async fn a_new_key_of_the_same_authority_is_as_good() {
    let world = start(Security::Tls).await;
    world.good().await;
    world
        .server
        .set(|switches| switches.certificate = Certificate::NewKey);
    world.good().await;
}

#[tokio::test]
async fn no_password_is_sent_where_stls_cannot_be_had() {
    for (stls, code) in [
        (Stls::Absent, ErrorCode::NoEncryption),
        (Stls::Refused, ErrorCode::StlsRefused),
        (Stls::Hangs, ErrorCode::NoAnswer),
    ] {
        let world = start(Security::StartTls).await;
        let relay = Relay::to(world.server.address()).await;
        world.redirect(relay.address()).await;
        world.server.set(|switches| switches.stls = stls);
        world.fails(code).await;
        assert_eq!(world.mailbox.sign_ins(), SignIns::default(), "{stls:?}");
        for verb in ["AUTH", "USER", "PASS"] {
            assert!(!relay.heard(verb), "{stls:?}: {verb}");
        }
        world.behave();
        world.good().await;
        world.assert_each_once().await;
    }
}

#[tokio::test]
async fn stls_that_was_there_before_and_is_gone_costs_no_password() {
    let world = start(Security::StartTls).await;
    world.good().await;
    world.mailbox.forget();
    let relay = Relay::to(world.server.address()).await;
    world.redirect(relay.address()).await;
    world.server.set(|switches| switches.stls = Stls::Absent);
    let report = world.run().await;
    let code = report.failure.unwrap().code;
    assert!(
        matches!(code, ErrorCode::NoEncryption | ErrorCode::StlsRefused),
        "{code}"
    );
    assert!(!relay.heard("AUTH") && !relay.heard("USER") && !relay.heard("PASS"));
    assert_eq!(world.mailbox.sign_ins(), SignIns::default());
}

#[tokio::test]
async fn what_was_pushed_in_before_the_handshake_is_nobodys_answer() {
    let world = start(Security::StartTls).await;
    world
        .server
        .set(|switches| switches.stls = Stls::ExtraPlaintext);
    world.good().await;
    assert!(
        !world
            .conversation()
            .await
            .contains("nobody signed this line")
    );
    world.assert_each_once().await;
}

#[tokio::test]
async fn a_server_without_tls_is_no_server_for_tls() {
    let world = start(Security::Tls).await;
    let plain = world.server.address();
    world.redirect(plain).await;
    let report = world.run().await;
    assert_eq!(report.failure.unwrap().code, ErrorCode::NoEncryption);
    assert_eq!(world.mailbox.sign_ins(), SignIns::default());
}
