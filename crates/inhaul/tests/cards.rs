//! Errors as people and programs are told them: one card, whoever asks.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod installation;

use std::fs;

use inhaul_testkit::{Finished, Script, ScriptServer};
use serde_json::Value;

use installation::{Installation, document};

/// What only a programmer could read.
const SLIPS: &[&str] = &["::", "Error(", "Some(", "None", "panicked", "{", "}"];

/// A server that plays a dialogue so many times, and an installation with a retrieval "Club" of it.
fn club(dialogue: &str, times: usize) -> (ScriptServer, Installation) {
    club_of(Installation::new(), dialogue, times)
}

fn club_of(home: Installation, dialogue: &str, times: usize) -> (ScriptServer, Installation) {
    let script = vec![dialogue; times].join("\n---\n");
    let server = Script::parse(&script).unwrap().serve().unwrap();
    let home = home.account("anna");
    let at = server.addr().to_string();
    let how = ["--server", &at, "--security=none", "--no-test"];
    home.retrieval("Club", "alice@club.example", "anna", &how);
    (server, home)
}

/// Signs in with a password, which is answered so.
fn signing_in(answer: &str) -> String {
    format!(
        "S: +OK hello
        C: CAPA
        S: +OK
        S: SASL PLAIN
        S: .
        C: AUTH PLAIN *
        S: {answer}"
    )
}

fn assert_readable(finished: &Finished) {
    for slip in SLIPS {
        assert!(!finished.stderr.contains(slip), "{slip}: {finished:?}");
    }
}

#[test]
fn a_failed_pull_says_what_happened_what_to_do_and_what_comes_next() {
    let refusal = signing_in("-ERR [AUTH] Invalid credentials");
    let (server, home) = club(&refusal, 4);
    let first = home.fails(&["pull", "Club"], 77);
    assert_readable(&first);
    let lines: Vec<&str> = first.stderr.lines().collect();
    assert!(
        lines[0].starts_with("X Club   auth-refused   ")
            && lines[0].ends_with(" 127.0.0.1 refuses the password."),
        "{first:?}"
    );
    for words in [
        "X 127.0.0.1 refuses the password    ",
        "\n  What to do\n  1. Sign in on the provider's website",
        "Enter the password here again: `inhaul retrieval set Club --password`.",
        "Mail waits safely on 127.0.0.1.",
        "\n  The server said: -ERR [AUTH] Invalid credentials\n",
        "\n  Next step: inhaul retrieval set Club --password     (inhaul explain auth-refused)\n",
    ] {
        assert!(first.stderr.contains(words), "{words:?}: {}", first.stderr);
    }
    // The next one knows since when.
    let second = home.fails(&["pull", "Club"], 77);
    let since = "127.0.0.1 refuses the password since ";
    assert!(second.stderr.contains(since), "{second:?}");
    // In cron: the line, the server's words, the next step; nothing on standard output.
    let quiet = home.fails(&["-q", "pull", "Club"], 77);
    assert_eq!(
        (quiet.stdout.as_str(), quiet.stderr.lines().count()),
        ("", 3)
    );

    let pulled = home.inhaul.run(&["pull", "Club", "--json"]).unwrap();
    let report = &document(&pulled.stdout)["retrievals"][0];
    assert_eq!(report["result"], "needs-you");
    assert_eq!(report["code"], "auth-refused");
    assert_eq!(report["title"], "127.0.0.1 refuses the password");
    assert_eq!(
        report["what"],
        "The server says the name or password is wrong."
    );
    assert_eq!(report["do"].as_array().map(Vec::len), Some(3));
    assert!(report["next"].as_str().unwrap().contains("15 minutes"));
    assert_eq!(report["said"], "-ERR [AUTH] Invalid credentials");
    assert!(report["since"].is_string(), "{report}");

    let shown = home.inhaul.ok(&["retrieval", "show", "Club"]).unwrap();
    assert!(
        shown.contains("X 127.0.0.1 refuses the password"),
        "{shown}"
    );
    assert!(shown.contains("The server said: -ERR [AUTH]"), "{shown}");
    server.finish().unwrap();
}

#[test]
fn a_busy_mailbox_is_no_failure() {
    let (server, home) = club(&signing_in("-ERR [IN-USE] locked"), 3);
    let told = home.inhaul.ok(&["pull", "Club"]).unwrap();
    assert!(
        told.contains("  Club   busy   ") && told.contains("(mailbox-in-use)"),
        "{told}"
    );
    let quiet = home.inhaul.run(&["-q", "pull", "Club"]).unwrap();
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    let report = home.json(&["pull", "Club"]);
    assert_eq!(report["retrievals"][0]["result"], "busy");
    server.finish().unwrap();
}

#[test]
fn what_speaks_something_else_is_told_apart() {
    for (greeting, words) in [
        ("220 mail.example ESMTP", "That looks like SMTP"),
        ("* OK IMAP4rev1 ready", "That looks like IMAP"),
        ("HTTP/1.1 400 Bad Request", "That looks like a web server"),
        ("SSH-2.0-OpenSSH_9.6", "That looks like SSH"),
    ] {
        let (server, home) = club(&format!("S: {greeting}"), 1);
        let finished = home.fails(&["pull", "Club"], 76);
        assert_readable(&finished);
        assert!(finished.stderr.contains(words), "{finished:?}");
        let said = format!("It said: '{greeting}'.");
        assert!(finished.stderr.contains(&said), "{finished:?}");
        server.finish().unwrap();
    }
}

#[test]
fn settings_that_do_not_work_are_told_without_a_retrieval_that_is_not_there() {
    let refusal = signing_in("-ERR Your account is not enabled for POP access");
    let script = [refusal.as_str(); 2].join("\n---\n");
    let server = Script::parse(&script).unwrap().serve().unwrap();
    let home = Installation::new().account("anna");
    let at = server.addr().to_string();
    let how = ["--server", &at, "--security=none"];
    let finished = home.try_retrieval("Club", "alice", "anna", "secret", &how);
    assert_eq!(finished.code(), Some(77), "{finished:?}");
    assert_readable(&finished);
    for words in [
        "X POP is switched off for this mailbox",
        "Then try again: run this command once more.",
        "Nothing was saved, and no mail was touched.",
        "--no-test",
    ] {
        assert!(finished.stderr.contains(words), "{words}: {finished:?}");
    }
    assert!(!finished.stderr.contains("inhaul pull"), "{finished:?}");
    // To a program: the card, and nothing else.
    let how = [&how[..], &["--json"]].concat();
    let finished = home.try_retrieval("Club", "alice", "anna", "secret", &how);
    assert_eq!(finished.code(), Some(77), "{finished:?}");
    let card = document(&finished.stdout);
    assert_eq!(card["code"], "pop-switched-off");
    assert_eq!(card["title"], "POP is switched off for this mailbox");
    assert_eq!(finished.stderr, "");
    server.finish().unwrap();
}

#[test]
fn a_key_that_opens_nothing_is_not_the_servers_fault() {
    // A running server holds its key; it would not look at the file again.
    let (server, home) = club_of(Installation::alone(), "S: +OK hello", 1);
    let key = home.data().join("secret.key");
    let other: Vec<u8> = fs::read(&key)
        .unwrap()
        .iter()
        .map(|octet| octet ^ 1)
        .collect();
    fs::write(&key, other).unwrap();
    let finished = home.fails(&["pull", "Club"], 78);
    assert_readable(&finished);
    assert!(finished.stderr.contains("wrong-key"), "{finished:?}");
    assert!(!finished.stderr.contains("auth-refused"), "{finished:?}");
    server.finish().unwrap();
}

#[test]
fn every_code_is_explained() {
    let home = Installation::new();
    let all = home.json(&["explain"]);
    let codes = all["codes"].as_array().unwrap();
    assert!(codes.len() >= 28, "{all}");
    let listed = home.inhaul.ok(&["explain"]).unwrap();
    for card in codes {
        let code = card["code"].as_str().unwrap();
        let title = card["title"].as_str().unwrap();
        assert!(listed.contains(code) && listed.contains(title), "{listed}");
        let text = home.inhaul.ok(&["explain", code]).unwrap();
        assert!(text.starts_with(&format!("{code}: {title}\n")), "{text}");
        let exit = format!("Exit code       {}\n", card["exit"]);
        assert!(text.ends_with(&exit), "{text}");
        for slip in SLIPS {
            assert!(!text.contains(slip), "{slip}: {text}");
        }
        let alone = home.json(&["explain", code]);
        for name in ["title", "what", "do", "next", "exit"] {
            assert_eq!(alone[name], card[name], "{code}");
        }
    }
    assert_eq!(codes[0]["said"], Value::Null);
}

#[test]
fn a_code_that_is_none_is_answered_with_those_near_it() {
    let home = Installation::new();
    for (typed, near) in [
        ("auth-refuse", "Did you mean auth-refused?"),
        ("no-answr", "Did you mean no-answer?"),
        ("cutoff", "Did you mean cut-off?"),
        ("weather", "All codes: inhaul explain"),
    ] {
        let finished = home.fails(&["explain", typed], 64);
        assert!(finished.stderr.contains(near), "{finished:?}");
        assert!(
            finished.stderr.contains("All codes: inhaul explain"),
            "{finished:?}"
        );
    }
    home.inhaul.ok(&["explain", "AUTH_REFUSED"]).unwrap();
}
