//! What looks and brings nothing: `check`, `retrieval test`, `pull -n`, `where`; and how a pull is
//! narrowed.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod installation;

use inhaul_testkit::{Dovecot, DovecotOptions, Script};
use serde_json::Value;

use installation::{Installation, document};

fn letters(count: u32) -> Vec<Vec<u8>> {
    let letter = |n| {
        format!(
            "From: Ann <ann@example.org>\r\nSubject: letter number {n}\r\n\
             Message-ID: <letter-{n}@example.org>\r\n\r\nThis is letter {n}.\r\n"
        )
    };
    (0..count).map(|n| letter(n).into_bytes()).collect()
}

/// A server with letters for `u1`, and an installation with the retrieval `isp` of it.
fn house(count: u32, more: &[&str]) -> (Dovecot, Installation) {
    let mut server = Dovecot::start(&DovecotOptions::default()).unwrap();
    server.fill("u1", letters(count)).unwrap();
    let home = Installation::new().account("anna");
    add(&server, &home, "isp", more);
    (server, home)
}

fn add(server: &Dovecot, home: &Installation, name: &str, more: &[&str]) {
    let at = server.pop3_addr().to_string();
    let how = ["--server", &at, "--security=none"];
    home.retrieval(name, "u1", "anna", &[&how[..], more].concat());
}

fn runs(home: &Installation) -> usize {
    let history = home.json(&["retrieval", "history", "isp"]);
    history["runs"].as_array().unwrap().len()
}

fn steps(document: &Value) -> Vec<(&str, bool)> {
    let steps = document["steps"].as_array().unwrap().iter();
    steps
        .map(|step| (step["step"].as_str().unwrap(), step["ok"] == true))
        .collect()
}

#[test]
fn check_counts_and_leaves_no_trace() {
    let (mut server, home) = house(3, &["--after-storing=delete"]);
    home.inhaul.ok(&["pull", "isp"]).unwrap();
    server.fill("u1", letters(5)).unwrap();
    add(&server, &home, "second", &["--folder=Other"]);
    home.inhaul.ok(&["retrieval", "pause", "second"]).unwrap();
    let said = home.inhaul.ok(&["check"]).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("isp       5 new of 5   "), "{said}");
    let checked = home.json(&["check", "isp"]);
    let isp = &checked["retrievals"][0];
    assert_eq!(
        (&isp["result"], &isp["new"], &isp["listed"]),
        (&"ok".into(), &5.into(), &5.into())
    );
    assert!(isp["bytes"].as_u64().unwrap() > 500, "{isp}");
    assert_eq!(
        home.json(&["check", "*"])["retrievals"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(runs(&home), 1, "a look is no run");
    assert!(
        home.log()
            .contains("look isp: 127.0.0.1: only looked, 5 new, "),
        "{}",
        home.log()
    );
    assert_eq!(home.messages("anna").len(), 3);
    assert_eq!(server.count("u1").unwrap(), 5);
    home.fails(&["check", "nobody"], 67);

    let how = ["--server", "127.0.0.1:1", "--security=none", "--no-test"];
    home.retrieval("gone", "u1", "anna", &how);
    let failed = home.fails(&["check", "isp", "gone"], 75);
    assert!(failed.stdout.contains("5 new of 5"), "{failed:?}");
    assert!(failed.stderr.contains("gone   no-answer"), "{failed:?}");
    let gone = home.json(&["retrieval", "show", "gone"]);
    assert_eq!(
        (&gone["failures"], &gone["state"]),
        (&0.into(), &"new".into())
    );
}

#[test]
fn a_retrieval_is_tested_step_by_step() {
    let mut server = Dovecot::start(&DovecotOptions::default()).unwrap();
    server.fill("u1", letters(4)).unwrap();
    let home = Installation::new().account("anna");
    let (plain, tls) = (server.pop3_addr(), server.pop3s_addr());
    let ca_file = server.ca_file().display().to_string();
    let ways = [
        ("tls", format!("localhost:{}", tls.port()), "tls"),
        ("stls", format!("localhost:{}", plain.port()), "starttls"),
        ("none", format!("localhost:{}", plain.port()), "none"),
    ];
    for (name, at, security) in &ways {
        let mut how = vec!["--server", at, "--security", security, "--folder", name];
        if *security != "none" {
            how.extend(["--ca-file", &ca_file]);
        }
        home.retrieval(name, "u1", "anna", &how);
        let tested = home.json(&["retrieval", "test", name]);
        assert_eq!(
            steps(&tested),
            [
                ("find", true),
                ("connect", true),
                ("secure", true),
                ("sign-in", true),
                ("look-inside", true),
                ("leave-copies", true)
            ],
            "{tested}"
        );
        assert_eq!(
            (&tested["ok"], &tested["messages"], &tested["uidl"]),
            (&true.into(), &4.into(), &true.into())
        );
        let secure = tested["steps"][2]["what"].as_str().unwrap();
        let expected = match *security {
            "none" => "none: the password crosses the line readable",
            "starttls" => "TLS 1.3 by STLS, certificate valid until 2",
            _ => "TLS 1.3, certificate valid until 2",
        };
        assert!(secure.starts_with(expected), "{secure}");
    }
    let said = home.inhaul.ok(&["retrieval", "test", "tls"]).unwrap();
    for line in [
        "v Find the server        localhost is ",
        "v Sign in                as u1 ",
        "v Look inside            4 messages, ",
        "v Can leave copies       yes (UIDL) ",
        "This mailbox works.",
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
    assert!(
        !said.contains(Dovecot::PASSWORD),
        "the password is nowhere to be read"
    );
    assert_eq!(
        home.inhaul.ok(&["-q", "retrieval", "test", "tls"]).unwrap(),
        ""
    );
    home.fails(&["retrieval", "test", "nobody"], 67);
}

#[test]
fn a_test_stops_at_the_step_that_fails() {
    let mut server = Dovecot::start(&DovecotOptions::default()).unwrap();
    server.fill("u1", letters(1)).unwrap();
    let home = Installation::new().account("anna");
    let (plain, tls) = (server.pop3_addr(), server.pop3s_addr());
    let (tls, plain) = (tls.to_string(), plain.to_string());
    for (name, how, password, code, exit, last) in [
        (
            "refused",
            &["--server", &plain, "--security=none"][..],
            "wrong-word",
            "auth-refused",
            77,
            "sign-in",
        ),
        (
            "untrusted",
            &["--server", &tls, "--security=tls"],
            Dovecot::PASSWORD,
            "certificate",
            76,
            "secure",
        ),
        (
            "closed",
            &["--server", "127.0.0.1:1", "--security=none"],
            Dovecot::PASSWORD,
            "no-answer",
            75,
            "connect",
        ),
        (
            "unknown",
            &["--server", &format!("{}.invalid:995", "long".repeat(20))],
            Dovecot::PASSWORD,
            "name-not-found",
            68,
            "find",
        ),
    ] {
        let how = [how, &["--no-test"]].concat();
        let added = home.try_retrieval(name, "u1", "anna", password, &how);
        assert!(added.status.success(), "{added:?}");
        let failed = home.fails(&["retrieval", "test", name, "--json"], exit);
        let told = document(&failed.stdout);
        assert_eq!((&told["ok"], &told["code"]), (&false.into(), &code.into()));
        assert_eq!(steps(&told).last(), Some(&(last, false)), "{told}");
        let failed = home.fails(&["retrieval", "test", name], exit);
        assert!(failed.stdout.contains("\nX ") || failed.stdout.starts_with("X "));
        assert!(failed.stderr.contains(code), "{failed:?}");
    }
}

#[test]
fn a_mailbox_is_looked_at_before_it_is_set_up() {
    let mut server = Dovecot::start(&DovecotOptions::default()).unwrap();
    server.fill("u1", letters(2)).unwrap();
    let home = Installation::new();
    let at = server.pop3_addr().to_string();
    let words = [
        "check",
        "--server",
        &at,
        "--security=none",
        "--user=u1",
        "--password-stdin",
    ];
    let said = home
        .inhaul
        .ok_with_input(&words, Dovecot::PASSWORD)
        .unwrap();
    assert!(
        said.contains("v Look inside            2 messages"),
        "{said}"
    );
    assert!(
        said.contains("inhaul retrieval add --name NAME --server '127.0.0.1 "),
        "{said}"
    );
    assert!(!home.data().exists(), "nothing is saved");
    let wrong = home.inhaul.run_with_input(&words, "wrong-word").unwrap();
    assert_eq!(wrong.code(), Some(77), "{wrong:?}");
    assert!(wrong.stderr.contains("The server said: -ERR"), "{wrong:?}");

    // The address is the name to sign in with; here it is one the server does not know.
    let words = [
        "check",
        "u1@example.org",
        "--server",
        &at,
        "--security=none",
    ];
    let finished = home
        .inhaul
        .run_with_input(&[&words[..], &["--password-stdin", "--json"]].concat(), "x")
        .unwrap();
    assert_eq!(document(&finished.stdout)["user"], "u1@example.org");

    // What can be no name is looked up nowhere.
    let guessed = home.fails(&["check", "anna@no where.invalid"], 68);
    assert!(
        guessed
            .stderr
            .contains("no mail server was found for no where.invalid"),
        "{guessed:?}"
    );
    assert!(guessed.stderr.contains("--server"), "{guessed:?}");
    assert!(!home.data().exists(), "nothing is saved");
    home.fails(&["check", "--user", "u1"], 64);
    home.fails(&["check", "--server", &at], 64);
}

#[test]
fn a_server_without_unique_ids_is_told_apart() {
    let dialogue = "S: +OK hello
        C: CAPA
        S: -ERR no
        C: USER u1
        S: +OK
        C: PASS *
        S: +OK
        C: STAT
        S: +OK 2 700
        C: UIDL
        S: -ERR no
        C: QUIT
        S: +OK";
    let server = Script::parse(dialogue).unwrap().serve().unwrap();
    let home = Installation::new();
    let at = server.addr().to_string();
    let words = [
        "check",
        "--server",
        &at,
        "--security=none",
        "--user=u1",
        "--password-stdin",
    ];
    let said = home.inhaul.ok_with_input(&words, "secret").unwrap();
    assert!(
        said.contains("Look inside            2 messages, 700 B"),
        "{said}"
    );
    assert!(said.contains("the server knows no UIDL"), "{said}");
    server.finish().unwrap();
}

#[test]
fn a_dry_run_names_what_would_come_and_what_would_go() {
    let (mut server, home) = house(2, &[]);
    home.inhaul.ok(&["pull", "isp"]).unwrap();
    server.fill("u1", letters(5).split_off(2)).unwrap();
    let delete = ["retrieval", "set", "isp", "--after-storing=delete", "--yes"];
    home.inhaul.ok(&delete).unwrap();
    let would = home.json(&["pull", "-n", "isp"]);
    let isp = &would["retrievals"][0];
    assert!(isp["run"].is_null(), "{isp}");
    assert_eq!((&isp["new"], &would["new"]), (&3.into(), &3.into()));
    let preview = &isp["would"];
    assert_eq!(preview["retrieve"].as_array().unwrap().len(), 3, "{isp}");
    assert_eq!(preview["delete_fetched"], 3);
    assert_eq!(preview["delete"].as_array().unwrap().len(), 2, "{isp}");
    let first = &preview["retrieve"][0];
    assert!(
        first["unique_id"].is_string() && first["bytes"].is_u64(),
        "{first}"
    );
    assert!(first.get("subject").is_none(), "{first}");
    let verbose = home.json(&["pull", "-n", "-v", "isp"]);
    let first = &verbose["retrievals"][0]["would"]["retrieve"][0];
    assert_eq!(first["subject"], "letter number 2");

    let said = home.inhaul.ok(&["pull", "-n", "-v", "isp"]).unwrap();
    for words in [
        "3 would come",
        "Ann <ann@example.org>",
        "letter number 4",
        "3 of them would be deleted there once stored here",
        "2 messages stored here before would be deleted there",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    let keep = home.json(&["pull", "-n", "-k", "isp"]);
    let preview = &keep["retrievals"][0]["would"];
    assert_eq!(preview["delete_fetched"], 0, "{keep}");
    assert_eq!(preview["delete"], serde_json::json!([]), "{keep}");
    assert_eq!(runs(&home), 1, "a look is no run");
    assert_eq!(server.count("u1").unwrap(), 5);
    assert_eq!(home.pull("isp").deleted, 5);
}

#[test]
fn a_pull_is_narrowed_by_account_group_and_number() {
    let (server, home) = house(6, &[]);
    let home = home.account("ben");
    home.inhaul.ok(&["group", "add", "Staff"]).unwrap();
    home.inhaul
        .ok(&["account", "set", "ben", "--group=Staff"])
        .unwrap();
    let at = server.pop3_addr().to_string();
    let how = ["--server", &at, "--security=none"];
    home.retrieval("bens", "u2", "ben", &how);
    let names = |words: &[&str]| -> Vec<String> {
        let pulled = home.json(&[&["pull", "-n"], words].concat());
        let retrievals = pulled["retrievals"].as_array().unwrap().iter();
        retrievals
            .map(|one| one["name"].as_str().unwrap().into())
            .collect()
    };
    assert_eq!(names(&["--all"]), ["bens", "isp"]);
    assert_eq!(names(&["--account", "anna"]), ["isp"]);
    assert_eq!(names(&["--group", "staff"]), ["bens"]);
    assert_eq!(names(&["*s*", "--account", "ben"]), ["bens"]);
    home.fails(&["pull", "--account", "nobody"], 67);
    home.fails(&["pull", "--group", "Nobodies"], 67);
    home.fails(&["pull", "isp", "--limit", "0"], 64);
    home.fails(&["pull", "isp", "--timeout", "5"], 64);

    let would = home.json(&["pull", "-n", "isp", "--limit", "4"]);
    assert_eq!(would["new"], 4, "{would}");
    let some = home.json(&["pull", "isp", "--limit", "4", "--timeout", "5m"]);
    let isp = &some["retrievals"][0];
    assert_eq!((&isp["new"], &isp["remaining"]), (&4.into(), &2.into()));
    let codes = ["pull", "isp", "--fetchmail-codes"];
    home.inhaul.ok(&codes).unwrap();
    home.fails(&codes, 1);
    assert_eq!(home.messages("anna").len(), 6);
}

#[test]
fn where_names_message_retrieval_and_run() {
    let (_server, home) = house(3, &[]);
    home.pull("isp");
    let message = &home.json(&["message", "list", "anna"])["messages"][1];
    let number = message["id"].to_string();
    let found = home.json(&["where", &number]);
    let stories = found["found"].as_array().unwrap();
    // The number may be part of a unique-id too.
    let story = stories
        .iter()
        .find(|story| story["messages"] == serde_json::json!([message["id"]]))
        .unwrap();
    assert_eq!(story["retrieval"], "isp", "{story}");
    assert_eq!(story["run"]["started_by"], "cli");
    assert_eq!(story["message_id"], message["message_id"]);
    let run = story["run"]["run"].to_string();
    let text = home.inhaul.ok(&["where", "letter-1@example.org"]).unwrap();
    // As it stands in a message, brackets and all.
    let pasted = home
        .inhaul
        .ok(&["where", "<letter-1@example.org>"])
        .unwrap();
    assert_eq!(pasted, text);
    for words in [
        format!("message {number} in anna / INBOX"),
        format!("by isp, run {run}, started by cli 2"),
    ] {
        assert!(text.contains(&words), "{words} in {text}");
    }
    home.inhaul
        .ok(&["retrieval", "remove", "isp", "-y"])
        .unwrap();
    home.inhaul
        .ok(&["account", "remove", "anna", "-y"])
        .unwrap();
    let unique_id = story["unique_id"].as_str().unwrap();
    let text = home.inhaul.ok(&["where", unique_id]).unwrap();
    assert!(text.contains("deleted here since"), "{text}");
}
