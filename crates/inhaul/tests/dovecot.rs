//! The real binary against a real Dovecot: what the server has is here once, octet for octet, and
//! what goes there goes when it should.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]
#![allow(clippy::print_stdout, reason = "what was tried belongs to the report")]

mod installation;

use std::time::Duration;

use inhaul_testkit::{ClockFile, Dovecot, DovecotOptions, corpus_or_fixtures};

use installation::{Dice, Installation, Pulled, assert_each_once, wait_until};

/// How much of the collection a test brings.
enum Share {
    All,
    /// A sample, and all of it with `INHAUL_FULL=1`.
    Some,
}

/// Messages of the collection.
fn collection(share: &Share) -> Vec<Vec<u8>> {
    let (messages, origin) = corpus_or_fixtures();
    let all: Vec<_> = messages.into_iter().map(|message| message.octets).collect();
    let whole = matches!(share, Share::All) || std::env::var("INHAUL_FULL").is_ok_and(|v| v == "1");
    let chosen = if whole {
        all
    } else {
        Dice::new(SAMPLE_SEED).some_of(all, SAMPLE)
    };
    println!("{} messages from {origin}", chosen.len());
    chosen
}

/// Letters with a number in them.
fn letters(numbers: std::ops::Range<u32>) -> Vec<Vec<u8>> {
    let letter = |n| {
        format!(
            "From: ann@example.org\r\nTo: bob@example.org\r\nSubject: letter {n}\r\n\
             Message-ID: <letter-{n}@example.org>\r\n\r\n.dot\r\nThis is letter {n}.\r\n"
        )
    };
    numbers.map(|n| letter(n).into_bytes()).collect()
}

/// A server with these letters for `u1`.
fn server_with(letters: Vec<Vec<u8>>) -> Dovecot {
    let mut server = Dovecot::start(&DovecotOptions::default()).unwrap();
    server.fill("u1", letters).unwrap();
    server
}

fn plain(server: &Dovecot) -> [String; 4] {
    [
        "--server",
        &server.pop3_addr().to_string(),
        "--security",
        "none",
    ]
    .map(String::from)
}

fn words(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

fn pulled(listed: u64, new: u64, deleted: u64) -> Pulled {
    Pulled {
        code: String::new(),
        listed,
        new,
        deleted,
    }
}

/// The whole way: everything comes, once, as it is; nothing comes again; it goes if it is to go.
fn brings_everything(share: &Share, how: impl Fn(&Dovecot) -> Vec<String>) {
    let messages = collection(share);
    let mut server = Dovecot::start(&DovecotOptions::default()).unwrap();
    for user in ["u1", "u2"] {
        server.fill(user, &messages).unwrap();
    }
    let there = server.retr_all("u1").unwrap();
    assert_eq!(there.len(), messages.len());
    let count = there.len() as u64;
    let home = Installation::new().account("anna").account("ben");
    let how = how(&server);
    let how = words(&how);

    home.retrieval("kept", "u1", "anna", &how);
    assert_eq!(home.pull("kept"), pulled(count, count, 0));
    assert_each_once(&there, &home.messages("anna"));
    shows_each_as_it_came(&home, "anna", &there);
    assert_eq!(home.pull("kept"), pulled(count, 0, 0));
    assert_eq!(server.count("u1").unwrap(), there.len());

    home.retrieval(
        "deleted",
        "u2",
        "ben",
        &[&how[..], &["--after-storing", "delete"]].concat(),
    );
    assert_eq!(home.pull("deleted"), pulled(count, count, count));
    assert_eq!(server.count("u2").unwrap(), 0);
    assert_each_once(&there, &home.messages("ben"));

    // What was kept so far is found again by its header and goes, and nothing is stored again.
    let change = [
        "retrieval",
        "set",
        "kept",
        "--after-storing",
        "delete",
        "--yes",
    ];
    home.inhaul.ok(&change).unwrap();
    assert_eq!(home.pull("kept"), pulled(count, 0, count));
    assert_eq!(server.count("u1").unwrap(), 0);
    assert_each_once(&there, &home.messages("anna"));
}

/// `message show --raw` of a sample gives octets that the server sent.
fn shows_each_as_it_came(home: &Installation, account: &str, there: &[Vec<u8>]) {
    let list = home.json(&["message", "list", account]);
    let list = list["messages"].as_array().unwrap();
    assert_eq!(list.len(), there.len());
    for message in Dice::new(SAMPLE_SEED).some_of(list.iter().collect(), SHOWN) {
        let id = message["id"].to_string();
        let raw = home
            .inhaul
            .ok_octets(&["message", "show", &id, "--raw"])
            .unwrap();
        assert_eq!(
            message["bytes"].as_u64(),
            Some(raw.len() as u64),
            "{message}"
        );
        assert!(there.contains(&raw), "{message}: {}", raw.escape_ascii());
    }
}

#[test]
fn everything_comes_without_tls() {
    brings_everything(&Share::All, |server| plain(server).to_vec());
}

#[test]
fn everything_comes_by_stls() {
    brings_everything(&Share::Some, |server| {
        let typed = format!("localhost:{}", server.pop3_addr().port());
        let ca_file = server.ca_file().display().to_string();
        vec![
            "--server".into(),
            typed,
            "--security=starttls".into(),
            "--ca-file".into(),
            ca_file,
        ]
    });
}

#[test]
fn everything_comes_by_tls_at_once_typed_with_an_s() {
    brings_everything(&Share::Some, |server| {
        let typed = format!("localhost {}s", server.pop3s_addr().port());
        vec![
            "--server".into(),
            typed,
            "--ca-file".into(),
            server.ca_file().display().to_string(),
        ]
    });
}

#[test]
fn a_server_that_the_authority_does_not_vouch_for_is_told_no_password() {
    let options = DovecotOptions {
        extra: "auth_debug = yes".into(),
        ..DovecotOptions::default()
    };
    let mut server = Dovecot::start(&options).unwrap();
    server.fill("u1", letters(0..3)).unwrap();
    let other = Dovecot::start(&DovecotOptions::default()).unwrap();
    let ca_file = other.ca_file().display().to_string();
    let home = Installation::new().account("anna");
    let (stls, tls) = (
        server.pop3_addr().to_string(),
        server.pop3s_addr().to_string(),
    );
    for (name, at, security) in [("stls", &stls, "starttls"), ("tls", &tls, "tls")] {
        for trust in [&["--ca-file", ca_file.as_str()][..], &[]] {
            let how = [&["--server", at, "--security", security], trust].concat();
            let finished = home.try_retrieval(name, "u1", "anna", Dovecot::PASSWORD, &how);
            assert_eq!(finished.code(), Some(76), "{finished:?}");
            assert!(finished.stderr.contains("certificate"), "{finished:?}");
        }
        let how = [
            "--server",
            at,
            "--security",
            security,
            "--ca-file",
            &ca_file,
            "--no-test",
        ];
        home.retrieval(name, "u1", "anna", &how);
        let (exit, pulled) = home.pull_with(&[name]);
        assert_eq!((exit, pulled.code.as_str()), (Some(76), "certificate"));
    }
    wait_until("the server has told of six handshakes", || {
        let log = server.log();
        let failed = log
            .lines()
            .filter(|line| line.contains("SSL_accept() failed"));
        failed.count() == 6
    });
    assert!(
        !server.log().contains("client in: AUTH"),
        "{}",
        server.log()
    );
    assert_eq!(home.messages("anna"), Vec::<Vec<u8>>::new());
    // The same words with the right authority: the log would have told.
    let ca_file = server.ca_file().display().to_string();
    home.inhaul
        .ok(&["retrieval", "set", "tls", "--ca-file", &ca_file])
        .unwrap();
    assert_eq!(home.pull("tls"), pulled(3, 3, 0));
    assert_eq!(server.log().matches("client in: AUTH").count(), 1);
}

#[test]
fn a_wrong_password_is_tried_once() {
    let options = DovecotOptions {
        extra: "auth_debug = yes".into(),
        ..DovecotOptions::default()
    };
    let server = Dovecot::start(&options).unwrap();
    let home = Installation::new().account("anna");
    let (how, wrong) = (plain(&server), "not-the-password");
    let how = [&words(&how)[..], &["--no-test"]].concat();
    assert!(
        home.try_retrieval("isp", "u1", "anna", wrong, &how)
            .status
            .success()
    );
    let (exit, pulled) = home.pull_with(&["isp"]);
    assert_eq!((exit, pulled.code.as_str()), (Some(77), "auth-refused"));
    wait_until("the server has told of it", || {
        server.log().contains("auth failed, 1 attempts")
    });
    assert_eq!(
        server.log().matches("client in: AUTH").count(),
        1,
        "{}",
        server.log()
    );

    // The test at `retrieval add` does the same and saves nothing.
    let finished = home.try_retrieval("other", "u1", "anna", wrong, &words(&plain(&server)));
    assert_eq!(finished.code(), Some(77), "{finished:?}");
    assert!(finished.stderr.contains("auth-refused"), "{finished:?}");
    let saved = home.json(&["retrieval", "list"])["retrievals"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(saved, 1);
}

/// The clock stands in March 2026 throughout: a place that reads the system's clock instead shows.
#[test]
#[cfg_attr(not(feature = "test-clock"), ignore = "needs the feature test-clock")]
fn copies_stay_three_days_to_the_hour_and_then_go() {
    let server = server_with(letters(0..9));
    let there = server.retr_all("u1").unwrap();
    let home = Installation::new();
    let clock = ClockFile::create(home.beside("clock")).unwrap();
    let home = home.env("INHAUL_TEST_CLOCK", clock.path()).account("anna");
    let how = plain(&server);
    let how = [
        &words(&how)[..],
        &["--after-storing", "delete", "--days", "3"],
    ]
    .concat();
    home.retrieval("isp", "u1", "anna", &how);
    assert_eq!(home.pull("isp"), pulled(9, 9, 0));
    assert_eq!(home.pull("isp"), pulled(9, 0, 0));
    let three_days = Duration::from_secs(3 * 24 * 3600);
    let minute = Duration::from_secs(60);
    clock.advance(three_days - minute).unwrap();
    assert_eq!(home.pull("isp"), pulled(9, 0, 0));
    assert_eq!(server.count("u1").unwrap(), 9);
    clock.advance(minute * 2).unwrap();
    assert_eq!(home.pull("isp"), pulled(9, 0, 9));
    assert_eq!(server.count("u1").unwrap(), 0);
    assert_each_once(&there, &home.messages("anna"));
}

#[test]
fn a_pull_that_keeps_deletes_nothing_and_the_next_one_does() {
    let server = server_with(letters(0..12));
    let there = server.retr_all("u1").unwrap();
    let home = Installation::new().account("anna");
    let how = plain(&server);
    home.retrieval(
        "isp",
        "u1",
        "anna",
        &[&words(&how)[..], &["--after-storing=delete"]].concat(),
    );
    assert_eq!(
        home.pull_with(&["isp", "--keep"]),
        (Some(0), pulled(12, 12, 0))
    );
    assert_eq!(home.pull_with(&["isp", "-k"]), (Some(0), pulled(12, 0, 0)));
    assert_eq!(server.count("u1").unwrap(), 12);
    assert_eq!(home.pull("isp"), pulled(12, 0, 12));
    assert_eq!(server.count("u1").unwrap(), 0);
    assert_each_once(&there, &home.messages("anna"));
}

#[test]
fn a_dry_run_brings_nothing_and_says_how_many_would_come() {
    let server = server_with(letters(0..7));
    let home = Installation::new().account("anna");
    let how = plain(&server);
    home.retrieval(
        "isp",
        "u1",
        "anna",
        &[&words(&how)[..], &["--after-storing=delete"]].concat(),
    );
    let said = home.inhaul.ok(&["pull", "-n", "isp"]).unwrap();
    assert!(said.contains("7 would come"), "{said}");
    assert_eq!(home.pull_with(&["-n", "isp"]), (Some(0), pulled(7, 7, 0)));
    assert_eq!(home.messages("anna").len(), 0);
    assert_eq!(server.count("u1").unwrap(), 7);
    assert_eq!(home.pull("isp"), pulled(7, 7, 7));
    let said = home.inhaul.ok(&["pull", "--dry-run", "isp"]).unwrap();
    assert!(said.contains("nothing new"), "{said}");
}

#[test]
fn a_message_that_arrives_between_two_pulls_comes_alone() {
    let mut server = server_with(letters(0..20));
    let home = Installation::new().account("anna");
    home.retrieval("isp", "u1", "anna", &words(&plain(&server)));
    assert_eq!(home.pull("isp"), pulled(20, 20, 0));
    server.fill("u1", letters(20..21)).unwrap();
    assert_eq!(home.pull("isp"), pulled(21, 1, 0));
    // The same octets once more are another message.
    server.fill("u1", letters(20..21)).unwrap();
    assert_eq!(home.pull("isp"), pulled(22, 1, 0));
    assert_each_once(&server.retr_all("u1").unwrap(), &home.messages("anna"));
}

#[test]
fn another_program_that_deletes_there_harms_nothing() {
    let mut server = server_with(letters(0..20));
    let there = server.retr_all("u1").unwrap();
    let home = Installation::new().account("anna");
    home.retrieval("isp", "u1", "anna", &words(&plain(&server)));
    assert_eq!(home.pull("isp"), pulled(20, 20, 0));
    let mut other = server.sign_in("u1").unwrap();
    for number in [1, 2, 7, 20] {
        other.dele(number).unwrap();
    }
    other.quit().unwrap();
    assert_eq!(home.pull("isp"), pulled(16, 0, 0));
    assert_each_once(&there, &home.messages("anna"));
    // Numbers have moved; names have not.
    server.fill("u1", letters(20..23)).unwrap();
    home.inhaul
        .ok(&[
            "retrieval",
            "set",
            "isp",
            "--after-storing",
            "delete",
            "--yes",
        ])
        .unwrap();
    assert_eq!(home.pull("isp"), pulled(19, 3, 19));
    assert_eq!(server.count("u1").unwrap(), 0);
    assert_each_once(&letters(0..23), &home.messages("anna"));
}

#[test]
fn what_two_retrievals_want_goes_only_when_both_have_it() {
    let mut server = server_with(letters(0..10));
    let home = Installation::new().account("anna").account("ben");
    let how = plain(&server);
    let how = [&words(&how)[..], &["--after-storing", "delete"]].concat();
    home.retrieval("first", "u1", "anna", &how);
    let warned = home.try_retrieval("second", "u1", "ben", Dovecot::PASSWORD, &how);
    assert!(
        warned.status.success() && warned.stderr.contains("\"first\""),
        "{warned:?}"
    );

    assert_eq!(home.pull("first"), pulled(10, 10, 0));
    assert_eq!(server.count("u1").unwrap(), 10);
    assert_eq!(home.pull("second"), pulled(10, 10, 10));
    assert_eq!(server.count("u1").unwrap(), 0);

    // The other way round, and both in one command.
    server.fill("u1", letters(10..15)).unwrap();
    assert_eq!(home.pull("second"), pulled(5, 5, 0));
    assert_eq!(home.pull("first"), pulled(5, 5, 5));
    server.fill("u1", letters(15..18)).unwrap();
    home.inhaul.ok(&["pull", "first", "second"]).unwrap();
    home.inhaul.ok(&["pull", "--all"]).unwrap();
    assert_eq!(server.count("u1").unwrap(), 0);
    for account in ["anna", "ben"] {
        assert_each_once(&letters(0..18), &home.messages(account));
    }
}

const SAMPLE: usize = 150;
const SAMPLE_SEED: u64 = 1939;
const SHOWN: usize = 40;
