//! Without switches: RFC 1939 to the letter.

#![expect(clippy::unwrap_used, reason = "a test may panic: that is its report")]

mod client;

use std::collections::HashSet;

use client::{Client, USER};
use inhaul_sample::switches::{AuthPlain, Lock};
use inhaul_sample::{SampleConfig, SampleServer, messages};
use tokio::net::TcpStream;

async fn server() -> SampleServer {
    SampleServer::start(SampleConfig::default()).await.unwrap()
}

#[tokio::test]
async fn every_message_arrives_as_it_was_put_in() {
    let server = server().await;
    let mailbox = server.mailbox(USER);
    for message in messages() {
        mailbox.append(message);
    }
    mailbox.append_generated(300_000);
    mailbox.append(&b"no line end"[..]);
    let mut client = Client::signed_in(&server).await;
    let contents = mailbox.contents();
    let total: usize = contents.iter().map(Vec::len).sum();
    assert_eq!(client.say("STAT").await, format!("+OK 26 {total}"));
    let sizes = client.lines("LIST").await;
    for (at, message) in contents.iter().enumerate() {
        assert_eq!(sizes[at], format!("{} {}", at + 1, message.len()));
        let mut body = client.retr(at + 1).await.unwrap();
        if at == 25 {
            body.truncate(body.len() - 2); // the protocol cannot say it without
        }
        assert!(&body == message, "message {}", at + 1);
    }
    let names: HashSet<String> = client.lines("UIDL").await.into_iter().collect();
    assert_eq!(names.len(), 26);
    client.quit().await;
    assert_eq!(mailbox.retrieved(mailbox.ids()[0]), 1);
    assert_eq!(mailbox.count("retr"), 26);
}

#[tokio::test]
async fn only_quit_removes_what_was_marked() {
    let server = server().await;
    let mailbox = server.mailbox(USER);
    let [first, second] = [messages()[0], messages()[1]].map(|message| mailbox.append(message));

    let mut client = Client::signed_in(&server).await;
    assert!(client.say("DELE 1").await.starts_with("+OK"));
    assert!(client.say("RETR 1").await.starts_with("-ERR"));
    assert_eq!(client.lines("LIST").await.len(), 1);
    drop(client);
    mailbox.idle().await;
    assert_eq!(mailbox.ids(), [first, second]);

    let mut client = Client::signed_in(&server).await;
    client.say("DELE 1").await;
    client.say("RSET").await;
    client.say("DELE 2").await;
    assert_eq!(mailbox.len(), 2);
    client.quit().await;
    assert_eq!(mailbox.ids(), [first]);
}

#[tokio::test]
async fn a_session_sees_the_snapshot_of_its_sign_in() {
    let server = server().await;
    let mailbox = server.mailbox(USER);
    let first = mailbox.append(messages()[0]);
    let last = mailbox.append(messages()[1]);
    let mut client = Client::signed_in(&server).await;
    let names = client.lines("UIDL").await;
    let middle = mailbox.insert(1, messages()[2]);
    assert_eq!(client.lines("UIDL").await, names);
    client.quit().await;

    let mut client = Client::signed_in(&server).await;
    let new_names = client.lines("UIDL").await;
    assert_eq!(mailbox.ids(), [first, middle, last]);
    assert_eq!((&new_names[0], new_names.len()), (&names[0], 3));
    assert_eq!(new_names[2].split(' ').nth(1), names[1].split(' ').nth(1));
    assert_eq!(mailbox.deliveries_since(last), [middle]);
    assert_eq!(mailbox.last_delivery(), Some(middle));
}

#[tokio::test]
async fn one_session_has_the_maildrop() {
    let server = server().await;
    let mailbox = server.mailbox(USER);
    let first = Client::signed_in(&server).await;
    let mut second = Client::greeted(&server).await;
    assert!(second.sign_in("secret").await.starts_with("-ERR [IN-USE]"));
    mailbox.set(|switches| switches.lock = Lock::Shared);
    assert!(second.sign_in("secret").await.starts_with("+OK"));
    assert_eq!(mailbox.open_sessions(), 2);
    first.quit().await;
    second.quit().await;
    assert_eq!(
        (
            mailbox.open_sessions(),
            mailbox.sessions(),
            server.connections()
        ),
        (0, 2, 2)
    );
}

#[tokio::test]
async fn a_sign_in_needs_the_password_of_now() {
    let server = server().await;
    let mailbox = server.mailbox(USER);
    mailbox.set_password("changed");
    let mut client = Client::greeted(&server).await;
    assert!(client.say("PASS secret").await.starts_with("-ERR"));
    assert!(client.sign_in("secret").await.starts_with("-ERR [AUTH]"));
    assert!(
        client
            .say("USER nobody@example.org")
            .await
            .starts_with("+OK")
    );
    assert!(client.say("PASS changed").await.starts_with("-ERR [AUTH]"));
    assert!(client.say("STAT").await.starts_with("-ERR"));
    assert!(
        client
            .say("APOP you c4c9334bac560ecc979e58001b3e22fb")
            .await
            .starts_with("-ERR")
    );
    assert!(client.sign_in("changed").await.starts_with("+OK"));
    assert_eq!(
        (mailbox.sign_ins().accepted, mailbox.sign_ins().refused),
        (1, 1)
    );
    let commands = mailbox.commands().join("\n");
    assert!(commands.contains("PASS ****"), "{commands}");
    assert!(
        !commands.contains("secret") && !commands.contains("changed"),
        "{commands}"
    );
}

#[tokio::test]
async fn auth_plain_signs_in() {
    let server = server().await;
    let mailbox = server.mailbox("anna");
    mailbox.set_password("geheim");
    let mut client = Client::greeted(&server).await;
    assert!(client.say("AUTH CRAM-MD5").await.starts_with("-ERR"));
    assert_eq!(client.say("AUTH PLAIN").await, "+ ");
    assert!(client.say("*").await.starts_with("-ERR"));
    assert!(
        client
            .say("AUTH PLAIN AGFubmEAZ2VoZWlt")
            .await
            .starts_with("+OK")
    );
    client.quit().await;

    server.set(|switches| switches.auth_plain = AuthPlain::Refused);
    let mut client = Client::greeted(&server).await;
    assert_eq!(client.say("AUTH PLAIN").await, "+ ");
    assert!(
        client
            .say("AGFubmEAZ2VoZWlt")
            .await
            .starts_with("-ERR [AUTH]")
    );
    assert!(!mailbox.commands().join("\n").contains("AGFubmE"));
}

#[tokio::test]
async fn a_pipeline_is_answered_in_order() {
    let server = server().await;
    let mailbox = server.mailbox(USER);
    for size in 300..1_300 {
        mailbox.append_generated(size);
    }
    let mut client = Client::signed_in(&server).await;
    let commands: String = (1..=1_000)
        .map(|n| format!("RETR {n}\r\nNOOP\r\n"))
        .collect();
    client.send(&commands).await;
    for size in 300..1_300 {
        assert_eq!(client.line().await, format!("+OK {size} octets"));
        assert_eq!(client.body().await.unwrap().len(), size);
        assert_eq!(client.line().await, "+OK");
    }
}

#[tokio::test]
async fn top_gives_header_and_lines() {
    let server = server().await;
    let mailbox = server.mailbox(USER);
    mailbox.append(&b"Subject: x\r\n\r\n.one\r\ntwo\r\n"[..]);
    let mut client = Client::signed_in(&server).await;
    assert_eq!(client.lines("TOP 1 0").await, ["Subject: x", ""]);
    assert_eq!(client.lines("TOP 1 1").await, ["Subject: x", "", ".one"]);
    assert_eq!(
        client.lines("TOP 1 9").await,
        ["Subject: x", "", ".one", "two"]
    );
    assert!(client.say("TOP 2 0").await.starts_with("-ERR"));
}

#[tokio::test]
async fn odd_lines_cost_an_answer_and_not_the_session() {
    let server = server().await;
    server.mailbox(USER).append(messages()[0]);
    let mut client = Client::signed_in(&server).await;
    for line in [
        "",
        "RETR",
        "RETR 0",
        "RETR 2",
        "RETR 4294967297",
        "XYZZY",
        &"x".repeat(3_000),
    ] {
        assert!(client.say(line).await.starts_with("-ERR"), "{line:?}");
    }
    assert_eq!(client.say("NOOP").await, "+OK");
}

#[tokio::test]
async fn a_stopped_server_is_gone_with_its_sessions() {
    let server = server().await;
    let address = server.address();
    let mut client = Client::signed_in(&server).await;
    server.stop().await;
    assert_eq!(client.rest().await, b"");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_cut_frees_the_maildrop() {
    let server = server().await;
    let mut client = Client::signed_in(&server).await;
    server.cut_all();
    assert_eq!(client.rest().await, b"");
    server.mailbox(USER).idle().await;
    let mut next = Client::signed_in(&server).await;
    assert!(next.say("STAT").await.starts_with("+OK 0"));
}

#[tokio::test]
async fn many_small_messages_are_listed_quickly() {
    let server = server().await;
    let mailbox = server.mailbox(USER);
    for _ in 0..50_000 {
        mailbox.append_generated(300);
    }
    let mut client = Client::signed_in(&server).await;
    assert_eq!(client.lines("UIDL").await.len(), 50_000);
    assert_eq!(client.say("STAT").await, "+OK 50000 15000000");
    let commands: String = (1..=50_000).map(|n| format!("DELE {n}\r\n")).collect();
    for chunk in commands.as_bytes().chunks(100_000) {
        client.send(str::from_utf8(chunk).unwrap()).await;
        for _ in 0..chunk.iter().filter(|octet| **octet == b'\n').count() {
            assert_eq!(client.line().await, "+OK marked");
        }
    }
    client.quit().await;
    assert!(mailbox.is_empty());
}

#[tokio::test]
async fn a_large_message_takes_no_memory() {
    const SIZE: u64 = 8 * 1024 * 1024;
    let server = server().await;
    let id = server.mailbox(USER).append_generated(SIZE);
    let mut client = Client::signed_in(&server).await;
    assert_eq!(
        client.retr(1).await.unwrap(),
        server.mailbox(USER).octets(id).unwrap()
    );
}
