//! Each switch does what it says to a client that looks closely.

#![expect(clippy::unwrap_used, reason = "a test may panic: that is its report")]

mod client;

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use client::{Client, USER};
use inhaul_sample::switches::{
    Capa, Cut, Dele, Fault, FinalDot, Greeting, Line, Listing, Packets, Pipelining, Quit, Refusal,
    Removal, Retr, SignIn, Sizes, Times, Top, UniqueIds,
};
use inhaul_sample::{Mailbox, SampleConfig, SampleServer};

/// Three messages of 23 octets.
async fn server() -> (SampleServer, Mailbox) {
    let server = SampleServer::start(SampleConfig::default()).await.unwrap();
    let mailbox = server.mailbox(USER);
    for number in 1..=3 {
        mailbox.append(format!("Subject: {number}\r\n\r\nbody{number}\r\n\r\n").into_bytes());
    }
    (server, mailbox)
}

#[tokio::test]
async fn greetings_go_wrong() {
    let (server, _) = server().await;
    for (greeting, first) in [
        (Greeting::Bare, "+OK"),
        (
            Greeting::Stamped,
            "+OK Sample POP3 server ready <1896.697170952@sample>",
        ),
        (Greeting::Inhaul, "+OK inhaul is ready"),
        (
            Greeting::Slow(Duration::from_millis(5)),
            "+OK Sample POP3 server ready",
        ),
        (Greeting::Refused("go away".into()), "-ERR go away"),
        (
            Greeting::Other("220 smtp.example.org ESMTP".into()),
            "220 smtp.example.org ESMTP",
        ),
        (Greeting::HangUp, ""),
    ] {
        server.set(|switches| switches.greeting = greeting.clone());
        let mut client = Client::dial(server.address()).await;
        assert_eq!(client.line().await, first, "{greeting:?}");
    }
    server.set(|switches| switches.greeting = Greeting::Missing);
    assert!(Client::dial(server.address()).await.hears_nothing().await);
    server.behave();
    Client::greeted(&server).await.quit().await;
}

#[tokio::test]
async fn capa_goes_wrong() {
    let (server, mailbox) = server().await;
    let has = |lines: &[String], name: &str| lines.iter().any(|line| line == name);
    mailbox.set(|switches| switches.login_delay = Some(600));
    let mut client = Client::greeted(&server).await;
    let before = client.lines("CAPA").await;
    for name in [
        "USER",
        "SASL PLAIN",
        "TOP",
        "UIDL",
        "PIPELINING",
        "RESP-CODES",
    ] {
        assert!(has(&before, name), "{name}");
    }
    assert!(!has(&before, "STLS"), "there is no certificate");
    client.sign_in("secret").await;
    let after = client.lines("CAPA").await;
    assert!(has(&after, "LOGIN-DELAY 600") && !has(&after, "USER"));
    client.quit().await;

    server.set(|switches| switches.capa = Capa::MoreAfterSignIn);
    let mut client = Client::greeted(&server).await;
    assert!(!has(&client.lines("CAPA").await, "UIDL"));
    client.sign_in("secret").await;
    assert!(has(&client.lines("CAPA").await, "UIDL"));
    client.quit().await;

    server.set(|switches| switches.capa = Capa::Refused);
    assert!(
        Client::greeted(&server)
            .await
            .say("CAPA")
            .await
            .starts_with("-ERR")
    );
    server.set(|switches| switches.capa = Capa::HangsUp);
    assert_eq!(Client::greeted(&server).await.say("CAPA").await, "");
    server.set(|switches| switches.capa = Capa::Hangs);
    let mut client = Client::greeted(&server).await;
    client.send("CAPA\r\n").await;
    assert!(client.hears_nothing().await);
}

#[tokio::test]
async fn sign_ins_are_refused() {
    let (server, mailbox) = server().await;
    for (refusal, answer) in [
        (Refusal::InUse, "-ERR [IN-USE]"),
        (Refusal::LoginDelay, "-ERR [LOGIN-DELAY]"),
        (Refusal::SysTemp, "-ERR [SYS/TEMP]"),
        (Refusal::SysPerm, "-ERR [SYS/PERM]"),
        (Refusal::Auth, "-ERR [AUTH]"),
        (
            Refusal::Text("use an app password".into()),
            "-ERR use an app password",
        ),
    ] {
        mailbox.set(|switches| switches.sign_in = SignIn::Refused(refusal));
        let said = Client::greeted(&server).await.sign_in("secret").await;
        assert!(said.starts_with(answer), "{said}");
    }
    mailbox.set(|switches| switches.sign_in = SignIn::Refused(Refusal::Bare));
    assert_eq!(
        Client::greeted(&server).await.sign_in("secret").await,
        "-ERR"
    );
    mailbox.set(|switches| switches.sign_in = SignIn::Refused(Refusal::HangUp));
    assert_eq!(Client::greeted(&server).await.sign_in("secret").await, "");
    mailbox.set(|switches| switches.sign_in = SignIn::Refused(Refusal::Silence));
    let mut client = Client::greeted(&server).await;
    client
        .send(&format!("USER {USER}\r\nPASS secret\r\n"))
        .await;
    assert_eq!(client.line().await, "+OK");
    assert!(client.hears_nothing().await);

    mailbox.forget();
    let third = NonZeroU32::new(3).unwrap();
    mailbox.set(|switches| switches.sign_in = SignIn::EveryNth(third, Refusal::InUse));
    for attempt in 1..=6 {
        let mut client = Client::greeted(&server).await;
        let accepted = client.sign_in("secret").await.starts_with("+OK");
        assert_eq!(accepted, attempt % 3 != 0, "{attempt}");
        client.quit().await;
    }
    assert_eq!(
        (mailbox.sign_ins().accepted, mailbox.sign_ins().refused),
        (4, 2)
    );
}

#[tokio::test]
async fn unique_ids_lie() {
    let (server, mailbox) = server().await;
    let names = async |rule: UniqueIds| {
        mailbox.set(|switches| switches.unique_ids = rule);
        let mut client = Client::signed_in(&server).await;
        let lines = client.lines("UIDL").await;
        client.quit().await;
        let name = |line: String| line.split_once(' ').unwrap().1.to_owned();
        lines.into_iter().map(name).collect::<Vec<_>>()
    };
    let stable = names(UniqueIds::Stable).await;
    assert_eq!(names(UniqueIds::Stable).await, stable);
    mailbox.renumber();
    let renumbered = names(UniqueIds::Stable).await;
    assert!(renumbered.iter().all(|name| !stable.contains(name)));

    let same = names(UniqueIds::SameForAll).await;
    assert_eq!((&same[0], &same[1]), (&same[1], &same[2]));
    let pairs = names(UniqueIds::Pairs).await;
    assert!(pairs[0] == pairs[1] && pairs[1] != pairs[2]);
    assert_eq!(names(UniqueIds::Blank).await, ["", "", ""]);
    assert!(
        names(UniqueIds::Long(120))
            .await
            .iter()
            .all(|name| name.len() == 120)
    );
    assert_ne!(
        names(UniqueIds::EverySession).await,
        names(UniqueIds::EverySession).await
    );

    let reused = names(UniqueIds::Reused).await;
    mailbox.remove(mailbox.ids()[1]);
    mailbox.append(&b"Subject: 4\r\n\r\n"[..]);
    let after = names(UniqueIds::Reused).await;
    assert_eq!(
        after,
        [reused[0].clone(), reused[2].clone(), reused[1].clone()]
    );

    mailbox.set(|switches| switches.unique_ids = UniqueIds::Absent);
    let mut client = Client::signed_in(&server).await;
    assert!(client.say("UIDL").await.starts_with("-ERR"));
    assert!(!client.lines("CAPA").await.contains(&"UIDL".to_owned()));
}

#[tokio::test]
async fn listings_lie() {
    let (server, mailbox) = server().await;
    mailbox.set(|switches| {
        switches.sizes = Sizes::Off(7);
        switches.list_gaps = vec![2];
        switches.uidl_gaps = vec![1, 3];
    });
    let mut client = Client::signed_in(&server).await;
    assert_eq!(client.lines("LIST").await, ["1 30", "3 30"]);
    assert_eq!(client.lines("UIDL").await.len(), 1);
    assert_eq!(client.say("STAT").await, "+OK 3 90");
    client.quit().await;

    mailbox.behave();
    mailbox.set(|switches| switches.sizes = Sizes::Growing);
    let mut seen = Vec::new();
    for _ in 0..2 {
        let mut client = Client::signed_in(&server).await;
        seen.push(client.say("LIST 1").await);
        client.quit().await;
    }
    assert_ne!(seen[0], seen[1]);

    mailbox.behave();
    mailbox.set(|switches| switches.listing = Listing::First(2));
    let mut client = Client::signed_in(&server).await;
    assert_eq!(client.say("STAT").await, "+OK 2 46");
    client.quit().await;
}

#[tokio::test]
async fn a_conversation_listing_goes_on_behind_what_was_retrieved() {
    let (server, mailbox) = server().await;
    mailbox.set(|switches| switches.listing = Listing::Conversations(2));
    let mut client = Client::signed_in(&server).await;
    assert_eq!(client.say("STAT").await, "+OK 2 46");
    client.retr(1).await.unwrap();
    client.retr(2).await.unwrap();
    client.quit().await;
    let mut client = Client::signed_in(&server).await;
    assert_eq!(client.say("STAT").await, "+OK 1 23");
    client.quit().await;

    mailbox.set(|switches| switches.top = Top::MarksRetrieved);
    let mut client = Client::signed_in(&server).await;
    client.lines("TOP 1 0").await;
    client.quit().await;
    let mut client = Client::signed_in(&server).await;
    assert_eq!(client.say("STAT").await, "+OK 0 0");
}

#[tokio::test]
async fn top_goes_wrong() {
    let (server, mailbox) = server().await;
    let mut client = Client::signed_in(&server).await;
    mailbox.set(|switches| switches.top = Top::ExtraBlankLine);
    assert_eq!(client.lines("TOP 1 0").await, ["Subject: 1", "", ""]);
    mailbox.set(|switches| switches.top = Top::Absent);
    assert!(client.say("TOP 1 0").await.starts_with("-ERR"));
    assert!(!client.lines("CAPA").await.contains(&"TOP".to_owned()));
}

#[tokio::test]
async fn retr_goes_wrong() {
    let (server, mailbox) = server().await;
    let id = mailbox.ids()[1];
    let whole = mailbox.octets(id).unwrap();

    mailbox.fault(id, Fault::Refused("broken".into()), Times::Once);
    let mut client = Client::signed_in(&server).await;
    assert_eq!(client.say("RETR 2").await, "-ERR broken");
    assert_eq!(client.retr(2).await.unwrap(), whole);
    mailbox.fault(id, Fault::Empty, Times::Always);
    assert_eq!(client.retr(2).await.unwrap(), b"");
    assert_eq!(client.retr(2).await.unwrap(), b"");

    mailbox.fault(id, Fault::CutAfter(15), Times::Once);
    client.send("RETR 2\r\n").await;
    assert_eq!(client.line().await, "+OK 23 octets");
    assert_eq!(client.rest().await, &whole[..15]);

    mailbox.fault(id, Fault::HangUpBehind, Times::Once);
    let mut client = Client::signed_in(&server).await;
    assert_eq!(client.retr(2).await.unwrap(), whole);
    assert_eq!(client.rest().await, b"");

    mailbox.fault(id, Fault::NeverEnds, Times::Once);
    let mut client = Client::signed_in(&server).await;
    client.send("RETR 2\r\n").await;
    for line in ["+OK 23 octets", "Subject: 2", "", "body2", ""] {
        assert_eq!(client.line().await, line);
    }
    assert!(client.hears_nothing().await);
    drop(client);
    mailbox.idle().await;

    mailbox.fault(id, Fault::Vanished, Times::Once);
    let mut client = Client::signed_in(&server).await;
    assert!(client.say("RETR 2").await.starts_with("-ERR"));
    client.quit().await;
    assert_eq!((mailbox.len(), mailbox.retrieved(id)), (2, 8));
}

#[tokio::test]
async fn dele_and_quit_go_wrong() {
    let (server, mailbox) = server().await;
    let delete_first = async || {
        let mut client = Client::signed_in(&server).await;
        client.say("DELE 1").await;
        client.send("QUIT\r\n").await;
        client
    };
    mailbox.set(|switches| switches.dele = Dele::Ignored);
    assert!(delete_first().await.line().await.starts_with("+OK"));
    mailbox.idle().await;
    assert_eq!(mailbox.len(), 3);
    mailbox.set(|switches| switches.dele = Dele::Refused);
    assert!(
        Client::signed_in(&server)
            .await
            .say("DELE 1")
            .await
            .starts_with("-ERR")
    );
    mailbox.idle().await;
    mailbox.behave();

    for (quit, answer, left) in [
        (Quit::Refused, "-ERR", 3),
        (Quit::HangsUp(Removal::NotDone), "", 3),
        (Quit::CutBefore, "", 3),
        (Quit::HangsUp(Removal::Done), "", 2),
    ] {
        mailbox.forget();
        mailbox.set(|switches| switches.quit = quit);
        let line = delete_first().await.line().await;
        assert!(
            line.starts_with(answer) && line.is_empty() == answer.is_empty(),
            "{line}"
        );
        mailbox.idle().await;
        assert_eq!(mailbox.len(), left, "{quit:?}");
        assert_eq!(mailbox.count("QUIT"), u64::from(quit != Quit::CutBefore));
    }
    for (removal, left) in [(Removal::NotDone, 2), (Removal::Done, 1)] {
        mailbox.set(|switches| switches.quit = Quit::Unanswered(removal));
        let mut client = delete_first().await;
        assert!(client.hears_nothing().await);
        assert_eq!(mailbox.len(), left, "{removal:?}");
        drop(client);
        mailbox.idle().await;
    }
}

#[tokio::test]
async fn early_commands_are_lost() {
    let (server, _) = server().await;
    server.set(|switches| switches.pipelining = Pipelining::LosesEarly);
    let mut client = Client::greeted(&server).await;
    client
        .send(&format!("USER {USER}\r\nPASS secret\r\nSTAT\r\nUIDL\r\n"))
        .await;
    assert_eq!(client.line().await, "+OK");
    assert!(client.line().await.starts_with("+OK"));
    assert!(client.hears_nothing().await);
    client.send("STAT\r\nSTAT\r\n").await;
    assert!(client.line().await.starts_with("+OK 3"));
    assert!(client.line().await.starts_with("+OK 3"));
}

#[tokio::test]
async fn octets_come_in_odd_packets() {
    let (server, mailbox) = server().await;
    for packets in [Packets::Octet, Packets::Line] {
        server.set(|switches| switches.line.packets = packets);
        let mut client = Client::signed_in(&server).await;
        assert_eq!(client.retr(1).await.unwrap(), mailbox.contents()[0]);
        client.quit().await;
    }
    server.behave();

    let line = Line {
        final_dot: FinalDot::Apart,
        ..Line::default()
    };
    mailbox.set(|switches| switches.line = Some(line));
    let mut client = Client::signed_in(&server).await;
    client.send("RETR 1\r\n").await;
    let mut octets = Vec::new();
    while !octets.ends_with(b"\r\n.\r\n") {
        let packet = client.packet().await;
        assert!(packet == b".\r\n" || !packet.ends_with(b".\r\n"));
        octets.extend(packet);
    }
}

#[tokio::test]
async fn a_line_is_slow_or_far() {
    let (server, mailbox) = server().await;
    mailbox.append_generated(20_000);
    let rate = NonZeroU32::new(100_000);
    mailbox.set(|switches| {
        switches.line = Some(Line {
            rate,
            ..Line::default()
        })
    });
    let mut client = Client::signed_in(&server).await;
    let start = Instant::now();
    assert_eq!(client.retr(4).await.unwrap().len(), 20_000);
    assert!(
        start.elapsed() >= Duration::from_millis(180),
        "{:?}",
        start.elapsed()
    );
    client.quit().await;

    mailbox.behave();
    server.set(|switches| switches.line.latency = Duration::from_millis(100));
    let mut client = Client::greeted(&server).await;
    let start = Instant::now();
    client.send("CAPA\r\nCAPA\r\nCAPA\r\nQUIT\r\n").await;
    client.rest().await;
    let took = start.elapsed();
    assert!(
        took >= Duration::from_millis(100) && took < Duration::from_millis(300),
        "{took:?}"
    );
}

#[tokio::test]
async fn a_session_is_cut_after_so_many_octets() {
    let (server, mailbox) = server().await;
    let cut = |times| Some(Cut { after: 100, times });
    server.set(|switches| switches.line.cut = cut(Times::Once));
    let mut client = Client::dial(server.address()).await;
    client
        .send(&format!(
            "USER {USER}\r\nPASS secret\r\nRETR 1\r\nRETR 2\r\nRETR 3\r\n"
        ))
        .await;
    assert_eq!(client.rest().await.len(), 100);
    mailbox.idle().await;
    let mut client = Client::signed_in(&server).await;
    assert_eq!(client.lines("LIST").await.len(), 3);
    client.quit().await;

    mailbox.set(|switches| {
        switches.line = Some(Line {
            cut: cut(Times::Always),
            ..Line::default()
        });
    });
    for _ in 0..2 {
        let mut client = Client::signed_in(&server).await;
        client
            .send("LIST\r\nLIST\r\nLIST\r\nLIST\r\nLIST\r\n")
            .await;
        let (greeting, user, pass) = (30, 5, 16);
        assert_eq!(client.rest().await.len(), 100 - greeting - user - pass);
    }
}

#[tokio::test]
async fn a_session_is_cut_in_the_middle_of_its_nth_message() {
    let (server, mailbox) = server().await;
    let second = NonZeroU32::new(2).unwrap();
    mailbox.set(|switches| switches.retr = Retr::CutAtNth(second));
    for first in [1, 3] {
        let mut client = Client::signed_in(&server).await;
        assert!(client.retr(first).await.is_some(), "{first}");
        assert_eq!(client.retr(2).await, None, "{first}");
    }
    mailbox.behave();
    let mut client = Client::signed_in(&server).await;
    assert!(client.retr(1).await.is_some() && client.retr(2).await.is_some());
    client.quit().await;
}

#[tokio::test]
async fn a_door_misbehaves_alone() {
    let (server, mailbox) = server().await;
    let door = server.another_door().await.unwrap();
    assert_ne!(door.address(), server.address());
    door.set(|switches| switches.greeting = Greeting::Refused("not here".into()));
    let mut client = Client::dial(door.address()).await;
    assert_eq!(client.line().await, "-ERR not here");
    Client::signed_in(&server).await.quit().await;
    door.behave();
    let mut client = Client::signed_in(&door).await;
    assert!(client.retr(3).await.is_some(), "the same mailbox");
    client.quit().await;
    assert_eq!(mailbox.sign_ins().accepted, 2);
    assert_eq!((server.connections(), door.connections()), (1, 2));
    server.stop().await;
    Client::signed_in(&door).await.quit().await;
}
