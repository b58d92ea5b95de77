//! Servers whose words are odd: statuses without text, banners, endings, lines that say nothing.

use inhaul_domain::Retention;
use inhaul_sample::switches::{Listing, Lock, MailboxSwitches, Top, UniqueIds, Utf8};
use inhaul_testkit::Script;
use inhaul_types::ErrorCode;

use crate::harness::{Setup, World, letters};
use crate::relay::Relay;

/// The mail of the scripted servers.
const MAIL: [&str; 2] = [
    "Subject: one\r\n\r\nfirst\r\n",
    "Subject: two\r\n\r\n.\r\nsecond\r\n",
];

/// A session that brings [`MAIL`] and deletes it, with this for every `+OK` and this listing.
fn session(ok: &str, stat: &str, uidl: &[&str], list: &[&str]) -> String {
    let lines = |lines: &[&str]| {
        lines
            .iter()
            .map(|l| format!("S: {l}\n"))
            .collect::<String>()
    };
    let (uidl, list) = (lines(uidl), lines(list));
    format!(
        "S: {ok}
         C: CAPA
         S: -ERR
         C: USER anna
         S: {ok}
         C: PASS *
         S: {ok}
         C: STAT
         S: {stat}
         C: UIDL
         S: {ok}
         {uidl}
         S: .
         C: LIST
         S: {ok}
         {list}
         S: .
         C: RETR 1
         S: {ok}
         S: Subject: one
         S:
         S: first
         S: .
         C: RETR 2
         S: {ok}
         S: Subject: two
         S:
         S: ..
         S: second
         S: .
         C: DELE 1
         S: {ok}
         C: DELE 2
         S: {ok}
         C: QUIT
         S: {ok}"
    )
}

/// The same where CAPA's list is so short before the sign-in that it is asked for again behind it.
fn asks_again(script: &str) -> String {
    script.replacen("C: STAT", "C: CAPA\nS: -ERR\nC: STAT", 1)
}

/// What one run over these dialogues brings.
async fn brings_the_mail(world: &World, script: &str) {
    let server = Script::parse(script).unwrap().serve().unwrap();
    world.redirect(server.addr()).await;
    let report = world.run().await;
    assert!(report.failure.is_none(), "{script}\n{report:?}");
    server.finish().unwrap();
    let mut here = world.stored().await;
    here.sort();
    assert_eq!(here, MAIL.map(|message| message.as_bytes().to_vec()));
    assert_eq!(report.deleted, 2);
}

#[tokio::test]
async fn a_status_may_have_no_text_a_lone_space_or_a_banner() {
    let banner = format!("+OK {}", "here is all you asked for, ".repeat(15));
    for ok in ["+OK", "+OK\\x20", "+ok", &banner] {
        let world = Setup::deleting().start().await;
        let listed = ["1 26", "2 30"];
        let script = session(ok, "+OK 2 56", &["1 a", "2 b"], &listed);
        brings_the_mail(&world, &script).await;
    }
}

#[tokio::test]
async fn lines_of_a_listing_that_say_nothing_cost_no_message() {
    for (stat, uidl, list) in [
        ("+OK 2 56", &["1 a", "2 b"][..], &["1", "2 many"][..]),
        ("+OK 2", &["1 a", "2 b"], &["1 26 octets", "2 30 octets"]),
        ("+OK two 56", &["1 a", "2 b"], &["1 26", "2 30"]),
        (
            "+OK",
            &["1 a", "2 b", "x c"],
            &["1 26", "2 30", "4294967297 1"],
        ),
        ("+OK 2 56", &["1 a", "2"], &["1 26", "2 30"]),
        ("+OK 2 56", &["1 a", "two b"], &["1 26", "2 30"]),
        ("+OK 2 56", &["1", "2"], &["1 26", "2 30"]),
        (
            "+OK 2 56",
            &["1 a", "2 b"],
            &["1 -26", "2 99999999999999999999"],
        ),
    ] {
        let world = Setup::deleting().start().await;
        brings_the_mail(&world, &session("+OK", stat, uidl, list)).await;
    }
}

/// A session without capabilities up to the one message, whose answer is this.
fn one_message(answer: &str) -> String {
    format!(
        "S: +OK
         C: CAPA
         S: -ERR
         C: USER anna
         S: +OK
         C: PASS *
         S: +OK
         C: STAT
         S: +OK 1 26
         C: UIDL
         S: +OK
         S: 1 a
         S: .
         C: LIST
         S: +OK
         S: 1 26
         S: .
         C: RETR 1
         {answer}"
    )
}

#[tokio::test]
async fn a_last_dot_without_its_line_end_ends_nothing() {
    for ending in ["R: .", "R: .\\r", "R: .\\n"] {
        let world = Setup::deleting().start().await;
        let answer = format!("S: +OK\nS: Subject: one\nS:\nS: first\n{ending}");
        let server = Script::parse(&one_message(&answer))
            .unwrap()
            .serve()
            .unwrap();
        world.redirect(server.addr()).await;
        world.fails(ErrorCode::CutOff).await;
        server.finish().unwrap();
        assert!(world.stored().await.is_empty(), "{ending}");
        // Another day it has its end.
        brings_the_mail(
            &world,
            &session("+OK", "+OK 2 56", &["1 a", "2 b"], &["1 26", "2 30"]),
        )
        .await;
    }
}

#[tokio::test]
async fn answer_body_and_dot_may_share_a_packet_or_have_one_each_before_the_line_ends() {
    for answer in [
        "R: +OK\\r\\nSubject: one\\r\\n\\r\\nfirst\\r\\n.\\r\\n",
        "R: +OK\nR: \\r\\nSubject: one\\r\\n\\r\\nfirst\\r\nR: \\n\nR: .\nR: \\r\nR: \\n",
    ] {
        let world = Setup::deleting().start().await;
        let server = Script::parse(&one_message(answer))
            .unwrap()
            .serve()
            .unwrap();
        world.redirect(server.addr()).await;
        let report = world.run().await;
        assert_eq!(report.failure.unwrap().code, ErrorCode::CutOff, "{answer}");
        assert_eq!((report.stored, report.deleted), (1, 0), "{answer}");
        assert_eq!(world.stored().await, [MAIL[0].as_bytes()], "{answer}");
        drop(server);
    }
}

#[tokio::test]
async fn a_refusal_before_the_line_is_closed_is_heard() {
    for (refusal, code) in [
        ("S: -ERR chdir Maildir failed", ErrorCode::ServerRefuses),
        ("S: -ERR [SYS/TEMP] try later", ErrorCode::ServerBusy),
        ("R: -ERR [IN-USE] busy", ErrorCode::MailboxInUse),
    ] {
        let world = Setup::deleting().start().await;
        world.send(letters(0..1));
        let address = world.server.address();
        let script = format!(
            "S: +OK
             C: CAPA
             S: -ERR
             C: USER anna
             S: +OK
             C: PASS *
             {refusal}"
        );
        let server = Script::parse(&script).unwrap().serve().unwrap();
        world.redirect(server.addr()).await;
        world.fails(code).await;
        server.finish().unwrap();
        world.redirect(address).await;
        world.good().await;
        world.assert_each_once().await;
    }
}

#[tokio::test]
async fn top_that_counts_as_reading_hides_no_message_from_us() {
    for unique_ids in [
        UniqueIds::Stable,
        UniqueIds::SameForAll,
        UniqueIds::EverySession,
        UniqueIds::Absent,
    ] {
        for retention in [Retention::Keep, Retention::Delete] {
            let what = format!("{unique_ids:?}, {retention:?}");
            let setup = Setup {
                retention,
                ..Setup::default()
            };
            let world = setup.start().await;
            world.mailbox.set(|switches: &mut MailboxSwitches| {
                switches.top = Top::MarksRetrieved;
                switches.unique_ids = unique_ids;
                switches.listing = Listing::Conversations(250);
            });
            for run in 0..4 {
                world.send(letters(run * 6..(run + 1) * 6));
                world.good().await;
                let lost_and_doubled = world.difference(world.account).await;
                assert_eq!(lost_and_doubled, (0, 0), "{what}, run {run}");
                world.mailbox.idle().await;
            }
            let stays = if retention == Retention::Keep { 24 } else { 0 };
            assert_eq!(world.mailbox.len(), stays, "{what}");
        }
    }
}

#[tokio::test]
async fn utf8_is_asked_for_before_the_sign_in_where_it_is_offered_and_may_be_refused() {
    for (utf8, asked) in [
        (Utf8::Works, true),
        (Utf8::Refused, true),
        (Utf8::Absent, false),
    ] {
        let world = Setup::deleting().start().await;
        world.server.set(|switches| switches.utf8 = utf8);
        let relay = Relay::to(world.server.address()).await;
        world.redirect(relay.address()).await;
        world.send(letters(0..2));
        world.good().await;
        assert!(world.mailbox.is_empty(), "{utf8:?}");
        world.assert_each_once().await;
        let said = relay.flights().concat();
        let place = |start: &str| said.iter().position(|line| line.starts_with(start));
        assert_eq!(place("UTF8").is_some(), asked, "{utf8:?}: {said:?}");
        if asked {
            assert!(place("UTF8") < place("AUTH"), "{said:?}");
        }
    }
}

#[tokio::test]
async fn a_maildrop_that_others_may_open_too_loses_nothing() {
    let world = Setup::deleting().start().await;
    world.mailbox.set(|switches| switches.lock = Lock::Shared);
    let ids = world.send(letters(0..5));
    world.good().await;
    assert!(world.mailbox.is_empty());
    // Somebody else was faster with one of the next.
    let more = world.send(letters(5..9));
    world.mailbox.remove(more[1]);
    world.give_up(&letters(6..7)[0]);
    let report = world.good().await;
    assert_eq!((report.stored, report.deleted), (3, 3));
    assert_eq!(ids.len(), 5);
    world.assert_each_once().await;
}

#[tokio::test]
async fn what_cyrus_and_mailutils_say_of_themselves_does_no_harm() {
    for capabilities in [
        "S: EXPIRE NEVER\nS: LOGIN-DELAY 0\nS: TOP\nS: UIDL\nS: USER",
        "S: EXPIRENEVER\nS: XTND\nS:\nS: LOGIN-DELAY\nS: SASL\nS: USER",
    ] {
        let world = Setup::deleting().start().await;
        let plain = session("+OK", "+OK 2 56", &["1 a", "2 b"], &["1 26", "2 30"]);
        let with = format!("S: +OK\n{capabilities}\nS: .");
        let script = plain.replacen("S: -ERR", &with, 1).replacen(
            "C: PASS *\n         S: +OK",
            "C: PASS *\n         S: +OK Mailbox locked and ready SESSIONID=<mail-7-1763-1>",
            1,
        );
        assert!(script.contains("SESSIONID"));
        brings_the_mail(&world, &asks_again(&script)).await;
    }
}

#[tokio::test]
async fn unique_ids_and_top_may_come_and_go_between_runs() {
    type Ways = [(UniqueIds, Top); 5];
    let ways: [Ways; 2] = [
        [
            (UniqueIds::Stable, Top::Works),
            (UniqueIds::Absent, Top::Works),
            (UniqueIds::Stable, Top::Absent),
            (UniqueIds::SameForAll, Top::Absent),
            (UniqueIds::Stable, Top::Works),
        ],
        [
            (UniqueIds::Absent, Top::Absent),
            (UniqueIds::Stable, Top::Works),
            (UniqueIds::Blank, Top::Absent),
            (UniqueIds::Absent, Top::ExtraBlankLine),
            (UniqueIds::Stable, Top::Works),
        ],
    ];
    for (way, numbers) in ways.iter().zip(0..) {
        let world = Setup::default().start().await;
        for ((unique_ids, top), run) in way.iter().zip(0..) {
            world.mailbox.set(|switches: &mut MailboxSwitches| {
                (switches.unique_ids, switches.top) = (*unique_ids, *top);
            });
            world.send(letters(run * 6..(run + 1) * 6));
            world.good().await;
            let lost_and_doubled = world.difference(world.account).await;
            assert_eq!(lost_and_doubled, (0, 0), "way {numbers}, run {run}");
        }
    }
}

#[tokio::test]
async fn a_listing_that_is_refused_loses_nothing() {
    // UIDL is announced and refused; LIST is refused.
    let world = Setup::deleting().start().await;
    let script = session("+OK", "+OK 2 56", &[], &["1 26", "2 30"]);
    let capabilities = "S: +OK\nS: UIDL\nS: USER\nS: .";
    let script = script.replacen("S: -ERR", capabilities, 1);
    let script = script.replacen(
        "C: UIDL\n         S: +OK\n         \n         S: .",
        "C: UIDL\nS: -ERR not today",
        1,
    );
    assert!(script.contains("not today"));
    brings_the_mail(&world, &asks_again(&script)).await;

    let world = Setup::deleting().start().await;
    let script = session("+OK", "+OK 2 56", &["1 a", "2 b"], &[]);
    let script = script.replacen(
        "C: LIST\n         S: +OK\n         \n         S: .",
        "C: LIST\nS: -ERR not today",
        1,
    );
    assert!(script.contains("not today"));
    brings_the_mail(&world, &script).await;
}

#[tokio::test]
async fn a_user_name_with_a_prefix_for_the_server_goes_there_as_it_is() {
    let world = Setup::default().start().await;
    let recent = "recent:anna@example.org";
    let account = world.add_account("recent").await;
    world.add_retrieval("recent", recent, account).await;
    let there = world.server.mailbox(recent);
    there.append(letters(0..1).remove(0));
    let options = inhaul_engine::RunOptions::default();
    let report = world
        .run_named("recent", options, &inhaul_engine::Unobserved)
        .await;
    assert!(report.failure.is_none(), "{report:?}");
    assert_eq!(world.stored_for(account).await, letters(0..1));
}
