//! Peers that are slow, too large, or speak nonsense: each is ended, and the others never notice.

use std::time::Duration;

use inhaul_store::{NewSession, Store as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::watch;
use tokio::time::Instant;

use super::*;
use crate::request::Token;
use crate::router::REQUEST_PATIENCE;
use crate::testing::House;

/// A browser's end of a line to the pages.
async fn line(house: &House) -> (DuplexStream, watch::Sender<bool>) {
    let (ours, theirs) = duplex(16 * 1024);
    let (stop, stopping) = watch::channel(false);
    tokio::spawn(Web::new(house.app.clone()).serve_local(theirs, stopping));
    (ours, stop)
}

/// Everything until the line ends, whichever way.
async fn rest(line: &mut DuplexStream) -> String {
    let mut octets = Vec::new();
    line.read_to_end(&mut octets).await.ok();
    String::from_utf8(octets).unwrap()
}

/// The house, and from now on a clock that jumps over every wait.
async fn house() -> House {
    let house = House::new().await;
    tokio::time::pause();
    house
}

#[tokio::test]
async fn a_head_that_comes_octet_by_octet_is_not_waited_for() {
    let house = house().await;
    let (mut line, _stop) = line(&house).await;
    let began = Instant::now();
    let head = format!("GET / HTTP/1.1\r\nX-Long: {}", "a".repeat(1_000));
    for octet in head.bytes() {
        if line.write_all(&[octet]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    rest(&mut line).await;
    let passed = began.elapsed();
    assert!(passed < HEAD_PATIENCE * 2, "{passed:?}");
}

#[tokio::test]
async fn a_line_on_which_nothing_is_asked_ends() {
    let house = house().await;
    let (mut line, _stop) = line(&house).await;
    let began = Instant::now();
    assert_eq!(rest(&mut line).await, "");
    assert_eq!(began.elapsed().as_secs(), HEAD_PATIENCE.as_secs());
}

#[tokio::test]
async fn a_body_that_comes_octet_by_octet_is_not_waited_for() {
    let house = house().await;
    let cookie = session(&house, "alice").await;
    for (path, kind, words) in [
        ("/sign-in", "x-www-form-urlencoded", "That took too long."),
        ("/api/v1/detect", "json", r#""code":"too-slow""#),
    ] {
        let (line, _stop) = line(&house).await;
        let began = Instant::now();
        let (mut reading, mut writing) = tokio::io::split(line);
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/{kind}\r\n\
             Cookie: inhaul={cookie}\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 9999\r\n\r\n"
        );
        writing.write_all(head.as_bytes()).await.unwrap();
        let trickling = tokio::spawn(async move {
            while writing.write_all(b"a").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        let mut octets = Vec::new();
        reading.read_to_end(&mut octets).await.ok();
        trickling.abort();
        let text = String::from_utf8(octets).unwrap();
        assert!(text.starts_with("HTTP/1.1 408 "), "{path}: {text}");
        assert!(text.contains(words), "{path}: {text}");
        assert_eq!(text.matches("HTTP/1.1").count(), 1, "{text}");
        assert_eq!(began.elapsed().as_secs(), REQUEST_PATIENCE.as_secs());
    }
}

/// What somebody's browser shows who is signed in.
async fn session(house: &House, name: &str) -> String {
    let token = Token::new().unwrap();
    let session = NewSession {
        token: token.hash(),
        account: house.store.account_by_name(name).await.unwrap().id,
        at: house.clock.now(),
        kept: false,
        address: None,
        agent: String::new(),
    };
    house.store.visitors().session_begin(session).await.unwrap();
    token.reveal().to_owned()
}

#[tokio::test]
async fn who_does_not_read_the_answer_is_let_go() {
    let house = house().await;
    // The answer is larger than what the line holds.
    let (mut ours, theirs) = duplex(64);
    let (_stop, stopping) = watch::channel(false);
    let serving = tokio::spawn(Web::new(house.app.clone()).serve_local(theirs, stopping));
    let began = Instant::now();
    ours.write_all(b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    serving.await.unwrap();
    assert_eq!(began.elapsed().as_secs(), watched::READ_PATIENCE.as_secs());
}

#[tokio::test]
async fn who_reads_slowly_gets_everything() {
    let house = house().await;
    let (mut ours, theirs) = duplex(64);
    let (_stop, stopping) = watch::channel(false);
    tokio::spawn(Web::new(house.app.clone()).serve_local(theirs, stopping));
    let request = b"GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    ours.write_all(request).await.unwrap();
    let (mut octets, mut piece) = (Vec::new(), [0; 64]);
    while let Ok(count @ 1..) = ours.read(&mut piece).await {
        octets.extend_from_slice(&piece[..count]);
        tokio::time::sleep(watched::READ_PATIENCE / 2).await;
    }
    let text = String::from_utf8(octets).unwrap();
    assert!(
        text.ends_with("</html>\n") || text.ends_with("</html>"),
        "{text}"
    );
}

#[tokio::test]
async fn what_is_too_large_is_refused_in_words_before_it_is_read() {
    let house = House::new().await;
    for (path, length, status, words) in [
        ("/sign-in", "1073741824", "413", "larger than anything"),
        ("/nothing/here", "1073741824", "413", "larger than anything"),
        ("/api/v1/check", "1073741824", "413", "request-too-large"),
        ("/sign-in", "99999999999999999999999", "400", ""),
        ("/sign-in", "-1", "400", ""),
    ] {
        let (mut line, _stop) = line(&house).await;
        let head = format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
        line.write_all(head.as_bytes()).await.unwrap();
        let text = rest(&mut line).await;
        assert!(
            text.starts_with(&format!("HTTP/1.1 {status} ")),
            "{path}: {text}"
        );
        assert!(text.contains(words), "{path}: {text}");
        assert_eq!(text.matches("HTTP/1.1").count(), 1, "{text}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_long_is_read_a_little_further_so_that_its_sender_reads_why() {
    let house = House::new().await;
    let (mut line, _stop) = line(&house).await;
    let body = vec![b'a'; 300 * 1024];
    let head = format!(
        "POST /sign-in HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    line.write_all(head.as_bytes()).await.unwrap();
    line.write_all(&body).await.unwrap();
    let text = rest(&mut line).await;
    assert!(text.starts_with("HTTP/1.1 413 "), "{text}");
    assert!(text.contains("larger than anything"), "{text}");
}
