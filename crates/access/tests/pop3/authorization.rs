//! Before the sign-in: names, passwords, SASL, capabilities (RFC 1939 section 4, 2449, 2595, 5034,
//! 6856).

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use inhaul_access::hook::NoHook;
use inhaul_access::pop3::Settings;
use inhaul_store::{AccountChange, GroupChange, Store as _};

use super::harness::{PASSWORD, World, assert_refused};

#[tokio::test]
async fn a_name_or_an_address_and_the_password_sign_in() {
    let world = World::with_mail().await;
    for name in ["anna", "ANNA", "anna@example.org", "Anna@Example.ORG"] {
        let mut client = world.client().await;
        assert_eq!(
            client.ask(&format!("USER {name}")).await,
            "+OK Now the password"
        );
        let answer = client.ask(&format!("PASS {PASSWORD}")).await;
        assert_eq!(answer, "+OK 3 messages, 60 octets", "{name}");
        client.ask("QUIT").await;
        client.closed().await;
    }
}

#[tokio::test]
async fn commands_of_the_other_state_are_refused() {
    let world = World::with_mail().await;
    let mut client = world.client().await;
    for command in [
        "STAT", "LIST", "LIST 1", "UIDL", "RETR 1", "DELE 1", "TOP 1 0", "NOOP", "RSET",
    ] {
        let answer = client.ask(command).await;
        assert_refused(&answer, "is not possible in the authorization state");
    }
    client.sign_in().await;
    for command in ["USER anna", "PASS x", "AUTH PLAIN", "STLS", "UTF8"] {
        let answer = client.ask(command).await;
        assert_refused(&answer, "is not possible in the transaction state");
    }
    assert_eq!(client.ask("STAT").await, "+OK 3 60");
}

#[tokio::test]
async fn quit_before_the_sign_in_ends_the_session() {
    let world = World::with_mail().await;
    let mut client = world.client().await;
    // Whatever is pipelined behind it.
    client.send(b"QUIT\r\nQUIT\r\nCAPA\r\n").await;
    assert_eq!(client.line().await.unwrap(), "+OK Good-bye");
    client.closed().await;
}

#[tokio::test]
async fn pass_belongs_to_the_user_before_it() {
    let world = World::with_mail().await;
    let mut client = world.client().await;
    assert_refused(&client.ask("PASS x").await, "USER comes first");
    client.ask("USER bert").await;
    client.ask("USER anna").await;
    let answer = client.ask(&format!("PASS {PASSWORD}")).await;
    assert!(answer.starts_with("+OK"), "the last USER counts: {answer}");
    let mut client = world.client().await;
    client.ask("USER anna").await;
    assert_refused(&client.ask("PASS wrong").await, "[AUTH]");
    assert_refused(
        &client.ask(&format!("PASS {PASSWORD}")).await,
        "USER comes first",
    );
    for command in ["USER", "PASS"] {
        assert_refused(&client.ask(command).await, "needs an argument");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_name_is_refused_like_a_wrong_password_and_the_third_hangs_up() {
    let world = World::with_mail().await;
    let mut client = world.client().await;
    let mut answers = Vec::new();
    for name in ["anna", "nobody", "anna"] {
        assert_eq!(
            client.ask(&format!("USER {name}")).await,
            "+OK Now the password"
        );
        answers.push(client.ask("PASS wrong").await);
    }
    assert_eq!(answers[0], "-ERR [AUTH] The name or the password is wrong");
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    client.closed().await;
}

#[tokio::test]
async fn who_is_switched_off_is_told_so_with_the_right_password_only() {
    let world = World::with_mail().await;
    let off = AccountChange {
        enabled: Some(false),
        ..AccountChange::default()
    };
    world.store.account_change(world.anna, off).await.unwrap();
    let mut client = world.client().await;
    client.ask("USER anna").await;
    assert_refused(&client.ask("PASS wrong").await, "[AUTH]");
    client.ask("USER anna").await;
    let answer = client.ask(&format!("PASS {PASSWORD}")).await;
    assert_refused(&answer, "[SYS/PERM] This account is switched off");

    let on = AccountChange {
        enabled: Some(true),
        group: Some("Guests".into()),
        ..AccountChange::default()
    };
    let off = GroupChange {
        enabled: Some(false),
        ..GroupChange::default()
    };
    world.store.group_create("Guests", off).await.unwrap();
    world.store.account_change(world.anna, on).await.unwrap();
    let mut client = world.client().await;
    client.ask("USER anna").await;
    let answer = client.ask(&format!("PASS {PASSWORD}")).await;
    assert_refused(&answer, "[SYS/PERM] This account's group is switched off");
}

#[tokio::test]
async fn auth_plain_signs_in_with_and_without_an_initial_response() {
    let world = World::with_mail().await;
    let response = BASE64_STANDARD.encode(format!("\0anna\0{PASSWORD}"));
    let mut client = world.client().await;
    assert_eq!(client.ask("AUTH PLAIN").await, "+ ");
    assert!(client.ask(&response).await.starts_with("+OK"));
    client.hang_up().await;
    let mut client = world.client().await;
    let answer = client.ask(&format!("AUTH plain {response}")).await;
    assert!(answer.starts_with("+OK"), "{answer}");
    client.hang_up().await;
    // The name may stand twice, but not somebody else's.
    let twice = BASE64_STANDARD.encode(format!("anna\0anna\0{PASSWORD}"));
    let mut client = world.client().await;
    let answer = client.ask(&format!("AUTH PLAIN {twice}")).await;
    assert!(answer.starts_with("+OK"), "{answer}");
    client.hang_up().await;
    let other = BASE64_STANDARD.encode(format!("bert\0anna\0{PASSWORD}"));
    let mut client = world.client().await;
    let answer = client.ask(&format!("AUTH PLAIN {other}")).await;
    assert_refused(&answer, "[AUTH] Nobody signs in for somebody else");
}

#[tokio::test]
async fn auth_login_asks_for_name_and_password() {
    let world = World::with_mail().await;
    let name = BASE64_STANDARD.encode("anna");
    let password = BASE64_STANDARD.encode(PASSWORD);
    let mut client = world.client().await;
    assert_eq!(client.ask("AUTH LOGIN").await, "+ VXNlcm5hbWU6");
    assert_eq!(client.ask(&name).await, "+ UGFzc3dvcmQ6");
    assert!(client.ask(&password).await.starts_with("+OK"));
    client.hang_up().await;
    let mut client = world.client().await;
    let answer = client.ask(&format!("AUTH LOGIN {name}")).await;
    assert_eq!(answer, "+ UGFzc3dvcmQ6");
    assert!(client.ask(&password).await.starts_with("+OK"));
}

#[tokio::test]
async fn an_exchange_can_be_given_up_and_garbage_in_it_is_refused() {
    let world = World::with_mail().await;
    let mut client = world.client().await;
    client.ask("AUTH PLAIN").await;
    assert_refused(&client.ask("*").await, "given up");
    client.ask("AUTH LOGIN").await;
    assert_refused(&client.ask("not base64!").await, "cannot be read");
    client.ask("AUTH PLAIN").await;
    assert_refused(&client.ask("AAAA").await, "cannot be read");
    client.ask("AUTH PLAIN").await;
    let long = "A".repeat(20_000);
    assert_refused(&client.ask(&long).await, "longer than");
    for mechanism in ["CRAM-MD5", "SCRAM-SHA-256", "XOAUTH2", "x"] {
        let answer = client.ask(&format!("AUTH {mechanism}")).await;
        assert_refused(&answer, "Only PLAIN and LOGIN");
    }
    assert_refused(&client.ask("AUTH").await, "needs an argument");
    assert_refused(
        &client
            .ask("APOP anna c4c9334bac560ecc979e58001b3e22fb")
            .await,
        "APOP is not offered",
    );
    client.sign_in().await;
}

#[tokio::test]
async fn capabilities_are_those_of_state_and_line() {
    let settings = Settings {
        implementation: "inhaul-test".into(),
        ..Settings::default()
    };
    let world = World::with(Arc::new(NoHook), settings, &[]).await;
    let always = [
        "TOP",
        "UIDL",
        "RESP-CODES",
        "AUTH-RESP-CODE",
        "PIPELINING",
        "EXPIRE NEVER",
        "LOGIN-DELAY 0",
        "UTF8 USER",
        "IMPLEMENTATION inhaul-test",
    ];
    let sign_in = ["USER", "SASL PLAIN LOGIN"];
    let mut client = world.client().await;
    let before = client.ask_lines("CAPA").await;
    for capability in always.iter().chain(&sign_in) {
        assert!(before.iter().any(|line| line == capability), "{capability}");
    }
    assert!(
        !before.contains(&"STLS".to_owned()),
        "there is no certificate"
    );
    client.sign_in().await;
    assert_eq!(client.ask_lines("CAPA").await, always);
    assert_eq!(client.ask("UTF8").await.get(..4), Some("-ERR"));
    assert_eq!(world.client().await.ask("UTF8").await.get(..3), Some("+OK"));
}

#[tokio::test]
async fn no_password_is_taken_on_a_line_that_others_can_read() {
    let world = World::with_mail().await;
    let mut client = world.client_from("192.0.2.7").await;
    let capabilities = client.ask_lines("CAPA").await;
    assert!(!capabilities.iter().any(|line| line == "USER"));
    assert!(!capabilities.iter().any(|line| line.starts_with("SASL")));
    for command in ["USER anna", "PASS x", "AUTH PLAIN", "AUTH LOGIN"] {
        assert_refused(&client.ask(command).await, "encrypted connection only");
    }
    assert_refused(&client.ask("STLS").await, "no certificate");
    for address in ["127.0.0.9", "::1", "::ffff:127.0.0.1"] {
        let mut client = world.client_from(address).await;
        client.sign_in().await;
        client.hang_up().await;
    }
}
