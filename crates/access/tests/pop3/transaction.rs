//! The Transaction and Update states (RFC 1939 sections 5 to 7).

use super::harness::{MAIL, World, assert_refused, deliver};

#[tokio::test]
async fn stat_list_and_uidl_agree() {
    let world = World::with_mail().await;
    let mut client = world.anna().await;
    let sizes: Vec<_> = MAIL.iter().map(|octets| octets.len()).collect();
    let all = sizes.iter().sum::<usize>();
    assert_eq!(client.ask("STAT").await, format!("+OK 3 {all}"));
    let listed: Vec<_> = (1..)
        .zip(&sizes)
        .map(|(number, size)| format!("{number} {size}"))
        .collect();
    assert_eq!(client.ask_lines("LIST").await, listed);
    for line in &listed {
        let number = line.split(' ').next().unwrap();
        assert_eq!(
            client.ask(&format!("LIST {number}")).await,
            format!("+OK {line}")
        );
    }
    let ids = client.ask_lines("UIDL").await;
    assert_eq!(ids.len(), 3);
    for line in &ids {
        let (number, id) = line.split_once(' ').unwrap();
        assert!(id.len() == 24 && id.bytes().all(|digit| digit.is_ascii_hexdigit()));
        assert_eq!(
            client.ask(&format!("UIDL {number}")).await,
            format!("+OK {line}")
        );
    }
    // For ever.
    client.ask("QUIT").await;
    client.closed().await;
    assert_eq!(world.anna().await.ask_lines("UIDL").await, ids);
}

#[tokio::test]
async fn a_message_comes_stuffed_and_whole() {
    let world = World::with_mail().await;
    let mut client = world.anna().await;
    assert_eq!(
        client.ask_lines("RETR 1").await,
        ["Subject: one", "", "..dot"]
    );
    assert_eq!(client.ask_lines("RETR 2").await, ["A: b", ""]);
    assert_eq!(
        client.ask_lines("RETR 3").await,
        ["Subject: three", "", "one", "two", ""]
    );
    // In any order, and again.
    assert_eq!(client.ask_lines("RETR 2").await, ["A: b", ""]);
    assert_eq!(client.ask("RETR 1").await, "+OK 22 octets");
    assert_eq!(client.lines().await.len(), 3);
}

#[tokio::test]
async fn top_gives_the_header_and_so_many_lines() {
    let world = World::with_mail().await;
    let mut client = world.anna().await;
    let header = ["Subject: three", ""];
    assert_eq!(client.ask_lines("TOP 3 0").await, header);
    assert_eq!(
        client.ask_lines("TOP 3 1").await,
        ["Subject: three", "", "one"]
    );
    let whole = ["Subject: three", "", "one", "two", ""];
    assert_eq!(client.ask_lines("TOP 3 99").await, whole);
    assert_eq!(client.ask_lines("TOP 3 99999999999").await, whole);
    assert_eq!(client.ask_lines("TOP 1 5").await.last().unwrap(), "..dot");
    for (command, why) in [
        ("TOP 1 -1", "needs a number"),
        ("TOP 1", "needs an argument"),
        ("TOP", "needs an argument"),
        ("TOP x 1", "needs a number"),
        ("TOP 0 1", "needs a number"),
        ("TOP 4 1", "There is no message 4"),
        ("TOP 1 1 1", "takes no such argument"),
    ] {
        assert_refused(&client.ask(command).await, why);
    }
}

#[tokio::test]
async fn numbers_that_name_no_message_are_refused() {
    let world = World::with_mail().await;
    let mut client = world.anna().await;
    for verb in ["LIST", "UIDL", "RETR", "DELE"] {
        for number in ["0", "-1", "1.5", "x", "4294967296", "99999999999"] {
            assert_refused(
                &client.ask(&format!("{verb} {number}")).await,
                "needs a number",
            );
        }
        for number in ["4", "4294967295"] {
            assert_refused(
                &client.ask(&format!("{verb} {number}")).await,
                "There is no message",
            );
        }
        assert_refused(
            &client.ask(&format!("{verb} 1 2")).await,
            "takes no such argument",
        );
    }
    for verb in ["RETR", "DELE"] {
        assert_refused(&client.ask(verb).await, "needs an argument");
    }
    for command in ["STAT 1", "NOOP x", "RSET 1", "CAPA x", "QUIT now"] {
        assert_refused(&client.ask(command).await, "takes no such argument");
    }
    assert_eq!(client.ask("NOOP").await, "+OK");
    assert_eq!(world.inbox().await.len(), 3);
}

#[tokio::test]
async fn a_marked_message_is_not_there_until_rset() {
    let world = World::with_mail().await;
    let mut client = world.anna().await;
    assert_eq!(client.ask("DELE 2").await, "+OK Message 2 goes with QUIT");
    for command in ["DELE 2", "RETR 2", "TOP 2 0", "LIST 2", "UIDL 2"] {
        assert_refused(&client.ask(command).await, "is marked as deleted");
    }
    assert_eq!(client.ask("STAT").await, "+OK 2 52");
    assert_eq!(client.ask_lines("LIST").await, ["1 22", "3 30"]);
    assert_eq!(client.ask_lines("UIDL").await.len(), 2);
    // A message is never renumbered in a session.
    assert_eq!(client.ask_lines("RETR 3").await.len(), 5);
    assert_eq!(client.ask("RSET").await, "+OK 3 messages, 60 octets");
    assert_eq!(client.ask_lines("LIST").await.len(), 3);
    assert_eq!(client.ask_lines("RETR 2").await, ["A: b", ""]);
    client.ask("QUIT").await;
    assert_eq!(world.inbox().await, [1, 2, 3]);
}

#[tokio::test]
async fn quit_removes_what_is_marked_and_nothing_else_does() {
    let world = World::with_mail().await;
    let mut client = world.anna().await;
    client.ask("DELE 1").await;
    client.hang_up().await;
    assert_eq!(world.inbox().await, [1, 2, 3], "without QUIT");

    let mut client = world.anna().await;
    client.ask("DELE 1").await;
    client.ask("DELE 3").await;
    assert_eq!(client.ask("QUIT").await, "+OK 2 removed");
    client.closed().await;
    assert_eq!(world.inbox().await, [2]);

    let mut client = world.anna().await;
    assert_eq!(client.ask("STAT").await, "+OK 1 8");
    assert_eq!(client.ask("QUIT").await, "+OK Good-bye");
    client.closed().await;
    assert_eq!(world.inbox().await, [2]);
}

#[tokio::test]
async fn a_session_sees_what_was_there_when_it_began() {
    let world = World::with_mail().await;
    let mut client = world.anna().await;
    deliver(&*world.store, world.anna, b"Subject: late\r\n\r\n").await;
    assert_eq!(client.ask("STAT").await, "+OK 3 60");
    assert_refused(&client.ask("RETR 4").await, "There is no message 4");
    client.ask("QUIT").await;
    client.closed().await;
    let mut client = world.anna().await;
    assert_eq!(client.ask_lines("RETR 4").await, ["Subject: late", ""]);
}

#[tokio::test]
async fn what_somebody_else_removed_is_refused_and_nothing_else() {
    use inhaul_store::Store as _;
    let world = World::with_mail().await;
    let mut client = world.anna().await;
    let maildrop = world.store.maildrop(world.anna).await.unwrap();
    let gone = [maildrop.messages[1].uid];
    world
        .store
        .message_remove(maildrop.folder, &gone)
        .await
        .unwrap();
    assert_eq!(client.ask_lines("LIST").await.len(), 3);
    assert_refused(&client.ask("RETR 2").await, "removed by another program");
    assert_eq!(client.ask_lines("RETR 1").await.len(), 3);
    assert_eq!(client.ask_lines("RETR 3").await.len(), 5);
    client.ask("DELE 2").await;
    client.ask("DELE 1").await;
    assert_eq!(client.ask("QUIT").await, "+OK 1 removed");
    assert_eq!(world.inbox().await, [3]);
}

#[tokio::test]
async fn an_empty_maildrop_is_a_maildrop() {
    use std::sync::Arc;

    use inhaul_access::hook::NoHook;
    use inhaul_access::pop3::Settings;
    let world = World::with(Arc::new(NoHook), Settings::default(), &[]).await;
    let mut client = world.anna().await;
    assert_eq!(client.ask("STAT").await, "+OK 0 0");
    assert!(client.ask_lines("LIST").await.is_empty());
    assert!(client.ask_lines("UIDL").await.is_empty());
    assert_refused(&client.ask("RETR 1").await, "There is no message 1");
    assert_eq!(client.ask("QUIT").await, "+OK Good-bye");
}

#[tokio::test]
async fn octets_of_every_kind_and_size_come_as_they_are() {
    use std::sync::Arc;

    use inhaul_access::hook::NoHook;
    use inhaul_access::pop3::Settings;
    let long_line = [&b"Subject: long\r\n\r\n"[..], &[b'x'; 100_000], b"\r\n"].concat();
    let large = [
        &b"Subject: large\r\n\r\n"[..],
        &b".a line\r\n".repeat(150_000),
    ]
    .concat();
    let odd = b"Subject: odd\r\n\r\nbare \n. lf \r. cr \0 nul \xe4\r\n".to_vec();
    let no_end = b"Subject: no end\r\n\r\nlast".to_vec();
    let mail = [long_line, large, odd.clone(), no_end, Vec::new()];
    let borrowed: Vec<&[u8]> = mail.iter().map(Vec::as_slice).collect();
    let world = World::with(Arc::new(NoHook), Settings::default(), &borrowed).await;
    let mut client = world.anna().await;
    for (number, octets) in (1..).zip(&mail) {
        let stuffed = client.ask_octets(&format!("RETR {number}")).await;
        let mut expected = octets.clone();
        if octets == &odd {
            // In this one place two programs would else see lines in other places.
            expected = b"Subject: odd\r\n\r\nbare \r\n. lf \r. cr \0 nul \xe4\r\n".to_vec();
        }
        if !expected.is_empty() && !expected.ends_with(b"\r\n") {
            expected.extend_from_slice(b"\r\n");
        }
        assert!(unstuff(&stuffed) == expected, "message {number}");
    }
    let top = client.ask_octets("TOP 2 1").await;
    assert_eq!(unstuff(&top), b"Subject: large\r\n\r\n.a line\r\n");
}

/// The body behind the status line, its final dot left out.
fn unstuff(stuffed: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for line in stuffed.split_inclusive(|octet| *octet == b'\n') {
        let starts_line = body.is_empty() || body.ends_with(b"\r\n");
        let line = match line {
            [b'.', rest @ ..] if starts_line => rest,
            line => line,
        };
        body.extend_from_slice(line);
    }
    body
}
