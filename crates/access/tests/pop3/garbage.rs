//! Clients that do not speak POP3, or too much at once.

use super::harness::{World, assert_refused};

#[tokio::test]
async fn a_line_of_ten_megabytes_is_refused_once() {
    let world = World::with_mail().await;
    let mut client = world.client().await;
    for _ in 0..160 {
        client.send(&[b'x'; 64 << 10]).await;
    }
    client.send(b"\r\nCAPA\r\n").await;
    assert_refused(&client.line().await.unwrap(), "longer than 255 octets");
    assert!(client.line().await.unwrap().starts_with("+OK"), "CAPA");
    client.lines().await;
    client.sign_in().await;
    client.send(&[b'y'; 300]).await;
    client.send(b"\r\n").await;
    assert_refused(&client.line().await.unwrap(), "longer than");
    assert_eq!(client.ask("STAT").await, "+OK 3 60");
}

#[tokio::test]
async fn pipelined_commands_are_answered_in_their_order() {
    let world = World::with_mail().await;
    let mut client = world.anna().await;
    client
        .send(
            b"STAT\r\nRETR 1\r\nnonsense\r\nDELE 9\r\nDELE 1\r\nLIST\r\nRETR 1\r\nQUIT\r\nSTAT\r\n",
        )
        .await;
    assert_eq!(client.line().await.unwrap(), "+OK 3 60");
    assert_eq!(client.line().await.unwrap(), "+OK 22 octets");
    assert_eq!(client.lines().await.len(), 3);
    assert_refused(&client.line().await.unwrap(), "no such command");
    assert_refused(&client.line().await.unwrap(), "There is no message 9");
    assert!(client.line().await.unwrap().starts_with("+OK"));
    assert!(client.line().await.unwrap().starts_with("+OK 2 messages"));
    assert_eq!(client.lines().await, ["2 8", "3 30"]);
    assert_refused(&client.line().await.unwrap(), "marked");
    assert_eq!(client.line().await.unwrap(), "+OK 1 removed");
    client.closed().await;
    assert_eq!(world.inbox().await, [2, 3]);
}

#[tokio::test]
async fn a_thousand_commands_at_once_are_answered_while_they_are_sent() {
    let world = World::with_mail().await;
    let mut client = world.anna().await;
    // More than the lines hold: whoever sends without reading waits, and nothing is lost.
    let (batch, batches) = ("RETR 3\r\n".repeat(100), 10);
    for _ in 0..batches {
        client.send(batch.as_bytes()).await;
        for _ in 0..100 {
            assert_eq!(client.line().await.unwrap(), "+OK 30 octets");
            assert_eq!(client.lines().await.len(), 5);
        }
    }
}

#[tokio::test]
async fn who_sends_nothing_but_garbage_is_hung_up_on() {
    let world = World::with_mail().await;
    let mut client = world.client().await;
    for line in 0..49 {
        let answer = client.ask(&format!("GET /{line} HTTP/1.1")).await;
        assert_refused(&answer, "no such command");
    }
    // A good one forgives all.
    client.ask_lines("CAPA").await;
    for _ in 0..49 {
        client.send(b"\x16\x03\x01\0\r\n").await;
        assert_refused(&client.line().await.unwrap(), "no such command");
    }
    assert_refused(&client.ask("").await, "Too many lines");
    client.closed().await;
}

#[tokio::test]
async fn lines_that_end_with_a_bare_lf_or_come_octet_by_octet_are_lines() {
    let world = World::with_mail().await;
    let mut client = world.client().await;
    for octet in b"user anna\r\npass open sesame\r\nstat\r\n" {
        client.send(&[*octet]).await;
    }
    for expected in ["+OK Now", "+OK 3 messages", "+OK 3 60"] {
        let line = client.line().await.unwrap();
        assert!(line.starts_with(expected), "{line}");
    }
    client.send(b"NOOP\nSTAT\n").await;
    assert_eq!(client.line().await.unwrap(), "+OK");
    assert_eq!(client.line().await.unwrap(), "+OK 3 60");
}

#[tokio::test]
async fn a_client_that_leaves_anywhere_leaves_the_maildrop_free() {
    let world = World::with_mail().await;
    for script in [
        &b""[..],
        b"USER anna\r\nPASS open",
        b"USER anna\r\nPASS open sesame\r\n",
        b"USER anna\r\nPASS open sesame\r\nRETR 1\r\nRETR 2",
        b"USER anna\r\nPASS open sesame\r\nDELE 1\r\nDELE 2\r\n",
    ] {
        let mut client = world.client().await;
        client.send(script).await;
        client.hang_up().await;
        let mut next = world.anna().await;
        assert_eq!(next.ask("STAT").await, "+OK 3 60");
        next.ask("QUIT").await;
        next.closed().await;
    }
    assert_eq!(world.inbox().await, [1, 2, 3]);
}
