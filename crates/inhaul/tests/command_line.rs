//! The commands as scripts and people use them: exit codes, JSON documents, what is said and what
//! must never be said.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod installation;

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use inhaul_testkit::{Dovecot, DovecotOptions, Inhaul, Script, Signal, fixtures};
use rustix::net::{AddressFamily, SocketType};

use installation::{Installation, LOCAL_PASSWORD, Pulled, assert_each_once, document, wait_until};

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
    let at = server.pop3_addr().to_string();
    home.retrieval(
        "isp",
        "u1",
        "anna",
        &[&["--server", &at, "--security=none"], more].concat(),
    );
    (server, home)
}

#[test]
fn an_account_is_added_once_and_shown() {
    let home = Installation::new();
    let words = [
        "account",
        "add",
        "anna",
        "--address",
        "anna@example.org",
        "--password-stdin",
    ];
    let said = home
        .inhaul
        .ok_with_input(&[&words[..], &["--json"]].concat(), "secret\n")
        .unwrap();
    assert_eq!(document(&said)["added"], "anna");
    let again = home.inhaul.run_with_input(&words, "secret").unwrap();
    assert_eq!(again.code(), Some(64), "{again:?}");
    assert!(again.stderr.contains("exists already"), "{again:?}");

    let listed = &home.json(&["account", "list"])["accounts"];
    let shown = home.json(&["account", "show", "anna"]);
    for account in [&listed[0], &shown] {
        assert_eq!(account["name"], "anna");
        assert_eq!(
            account["addresses"],
            serde_json::json!(["anna@example.org"])
        );
        assert_eq!(account["messages"], 0);
        assert_eq!(account["admin"], false);
    }
    assert_eq!(listed.as_array().unwrap().len(), 1);
}

#[test]
fn what_is_not_there_ends_with_67() {
    let home = Installation::new().account("anna");
    for words in [
        &["pull", "nobody"][..],
        &["account", "show", "nobody"],
        &["retrieval", "show", "nobody"],
        &["retrieval", "set", "nobody", "--folder", "Work"],
        &["message", "list", "nobody"],
        &["message", "list", "anna", "NoFolder"],
        &["message", "show", "99"],
        &["export", "maildir", "nobody", "/nonexistent/never-made"],
    ] {
        let finished = home.fails(words, 67);
        assert_eq!(finished.stdout, "", "{words:?}");
        assert!(
            finished.stderr.starts_with("inhaul: there is no "),
            "{words:?} {finished:?}"
        );
    }
    let how = ["--server", "localhost:1", "--no-test"];
    assert_eq!(
        home.try_retrieval("isp", "u1", "nobody", "secret", &how)
            .code(),
        Some(67)
    );
}

#[test]
fn what_is_typed_wrong_ends_with_64() {
    let home = Installation::new().account("anna");
    for words in [
        &[][..],
        &["fetch"],
        &["pull"],
        &["pull", "--all", "isp"],
        &["pull", "isp", "--no-such-option"],
        &["message", "show", "first"],
        &["account", "add", "a/b", "--password-stdin"],
        &[
            "account",
            "add",
            "ben",
            "--address",
            "no address",
            "--password-stdin",
        ],
        &[
            "account",
            "add",
            "ben",
            "--group",
            "NoGroup",
            "--password-stdin",
        ],
        // A password is never an argument, and never asked for where nobody can answer.
        &["account", "add", "ben", "--password", "secret"],
        &["account", "add", "ben", "--no-input"],
        &["account", "add", "ben"],
        &[
            "retrieval",
            "add",
            "--name=a",
            "--server=localhost",
            "--user=u",
            "--to=anna",
            "--no-input",
        ],
    ] {
        let finished = home.inhaul.run_with_input(words, "secret").unwrap();
        let expected = if words.contains(&"NoGroup") { 67 } else { 64 };
        assert_eq!(finished.code(), Some(expected), "{words:?} {finished:?}");
        assert_eq!(finished.stdout, "", "{words:?}");
        assert!(!finished.stderr.is_empty(), "{words:?}");
    }
    for how in [
        &["--server", "localhost 995s", "--security", "none"][..],
        &["--server", "localhost:0"],
        &["--server", "localhost", "--days", "3"],
        &[
            "--server",
            "localhost",
            "--after-storing",
            "keep",
            "--days",
            "3",
        ],
        &["--server", "localhost", "--every", "sometimes"],
        &["--server", "localhost", "--password-file", "/dev/null"],
        &[
            "--server",
            "localhost",
            "--no-test",
            "--owner",
            "anna",
            "--to",
            "anna",
        ],
    ] {
        let finished = home.try_retrieval("isp", "u1", "anna", "secret", how);
        assert_eq!(finished.code(), Some(64), "{how:?} {finished:?}");
    }
    assert_eq!(
        home.json(&["account", "list"])["accounts"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        home.json(&["retrieval", "list"])["retrievals"],
        serde_json::json!([])
    );
}

#[test]
fn a_missing_file_is_66_and_a_data_directory_that_cannot_be_is_73() {
    let home = Installation::new().account("anna");
    home.fails(
        &[
            "account",
            "add",
            "ben",
            "--password-file",
            "/nonexistent/file",
        ],
        66,
    );
    let how = ["--server", "localhost", "--ca-file", "/nonexistent/ca.pem"];
    let finished = home.try_retrieval("isp", "u1", "anna", "secret", &how);
    assert_eq!(finished.code(), Some(66), "{finished:?}");
    let in_the_way = home.beside("file");
    fs::write(&in_the_way, "not a folder").unwrap();
    let data = in_the_way.join("data").display().to_string();
    home.fails(&["account", "list", "--data", &data], 73);
    home.fails(
        &["export", "mbox", "anna", in_the_way.to_str().unwrap()],
        73,
    );
}

#[test]
fn a_broken_configuration_is_told_by_file_line_and_column() {
    let home = Installation::new();
    let (good, bad) = (home.beside("good.toml"), home.beside("bad.toml"));
    fs::write(&good, "[checks]\nread_timeout = \"30s\"\n").unwrap();
    fs::write(&bad, "# a comment\n[checks]\n  read_timeot = \"30s\"\n").unwrap();
    let (good, bad) = (good.to_str().unwrap(), bad.to_str().unwrap());

    let finished = home.fails(&["config", "check", "--config", bad], 1);
    assert!(
        finished.stderr.contains(&format!("{bad}:3:3: ")),
        "{finished:?}"
    );
    assert!(
        finished.stderr.contains("Did you mean `read_timeout`?"),
        "{finished:?}"
    );
    // Any other command refuses to work with it.
    let finished = home.fails(&["account", "list", "--config", bad], 78);
    assert!(
        finished.stderr.contains(&format!("{bad}:3:3: ")),
        "{finished:?}"
    );
    assert!(!home.data().exists());

    let checked = home.json(&["config", "check", "--config", good]);
    assert_eq!(checked["ok"], true);
    assert_eq!(checked["files"], serde_json::json!([good]));
    let shown = home
        .inhaul
        .ok(&["config", "show", "--config", good])
        .unwrap();
    assert!(shown.contains("\"30s\""), "{shown}");
    assert_eq!(
        home.inhaul
            .ok(&["config", "path", "--config", good])
            .unwrap(),
        format!("{good}\n")
    );
}

#[test]
fn a_server_that_nobody_is_behind_is_not_saved() {
    // Bound and not listening: the port is ours, and every connection to it is refused.
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    rustix::net::bind(&socket, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let port = SocketAddr::try_from(rustix::net::getsockname(&socket).unwrap())
        .unwrap()
        .port();
    let at = format!("127.0.0.1:{port}");
    let home = Installation::new().account("anna");
    let how = ["--server", &at, "--security", "none"];
    let finished = home.try_retrieval("isp", "u1", "anna", "secret", &how);
    assert_eq!(finished.code(), Some(75), "{finished:?}");
    assert!(finished.stderr.contains("no-answer"), "{finished:?}");
    assert!(
        finished.stderr.contains("Nothing was saved"),
        "{finished:?}"
    );
    assert_eq!(
        home.json(&["retrieval", "list"])["retrievals"],
        serde_json::json!([])
    );

    let saved = home.try_retrieval(
        "isp",
        "u1",
        "anna",
        "secret",
        &[&how[..], &["--no-test"]].concat(),
    );
    assert!(saved.status.success(), "{saved:?}");
    let again = home.try_retrieval("isp", "u1", "anna", "secret", &how);
    assert_eq!(again.code(), Some(64), "{again:?}");
    let (exit, pulled) = home.pull_with(&["isp"]);
    assert_eq!((exit, pulled.code.as_str()), (Some(75), "no-answer"));
    let shown = home.json(&["retrieval", "show", "isp"]);
    assert_eq!(
        (&shown["code"], &shown["failures"]),
        (&"no-answer".into(), &1.into())
    );
}

#[test]
fn every_document_has_the_fields_scripts_rely_on() {
    let (_server, home) = house(3, &["--after-storing", "delete", "--every", "never"]);
    let retrieval = home.json(&["retrieval", "show", "isp"]);
    assert_eq!(
        home.json(&["retrieval", "list"])["retrievals"][0]["name"],
        "isp"
    );
    for (key, value) in [
        ("name", "isp"),
        ("account", "anna"),
        ("folder", "INBOX"),
        ("server", "127.0.0.1"),
        ("security", "none"),
        ("user", "u1"),
        ("every", "never"),
        ("after_storing", "delete"),
    ] {
        assert_eq!(retrieval[key], value, "{key} in {retrieval}");
    }
    let pulled = home.json(&["pull", "--all"]);
    assert_eq!(pulled["new"], 3, "{pulled}");
    let run = &pulled["retrievals"][0];
    assert_eq!(
        (&run["name"], &run["result"]),
        (&"isp".into(), &"ok".into()),
        "{pulled}"
    );
    for key in [
        "run", "listed", "new", "bytes", "deleted", "left", "took_ms",
    ] {
        assert!(run[key].is_u64(), "{key} in {pulled}");
    }
    let list = home.json(&["message", "list", "anna"]);
    let message = &list["messages"][0];
    assert_eq!(message["from"], "Ann <ann@example.org>");
    assert_eq!(message["subject"], "letter number 0");
    assert_eq!(message["message_id"], "letter-0@example.org");
    assert_eq!(message["sha256"].as_str().unwrap().len(), 64);
    let id = message["id"].to_string();
    assert_eq!(
        home.json(&["message", "show", &id])["uidl"],
        message["uidl"]
    );
    let found = |words: &[&str]| {
        let words = [&["message", "search", "anna"], words].concat();
        home.json(&words)["messages"].clone()
    };
    for _ in ["as it is", "indexed"] {
        let search = found(&["from:ANN", "subject:\"letter number 0\""]);
        assert_eq!(search.as_array().unwrap().len(), 1, "{search}");
        assert_eq!(search[0]["id"], message["id"]);
        assert_eq!(found(&["letter -0 in:inbox"]).as_array().unwrap().len(), 2);
        let indexed = home.json(&["message", "reindex"]);
        assert_eq!(
            (&indexed["messages"], &indexed["indexed"]),
            (&3.into(), &3.into())
        );
    }
    assert_eq!(found(&["hippopotamus"]).as_array().unwrap().len(), 0);
    let refused = home.fails(&["message", "search", "anna", "before:soon"], 64);
    assert!(refused.stderr.contains("before:2026-03-01"), "{refused:?}");
    home.fails(&["message", "search", "anna", "x", "in:nowhere"], 67);
    let dir = home.beside("out").display().to_string();
    assert_eq!(home.json(&["export", "mbox", "anna", &dir])["messages"], 3);
    assert_eq!(
        home.json(&["retrieval", "set", "isp", "--every", "auto"])["changed"],
        "isp"
    );
    assert_eq!(
        home.json(&["where", "no-such-thing"])["found"],
        serde_json::json!([])
    );
}

#[test]
fn one_failure_of_several_decides_the_exit_and_the_others_run() {
    let (server, home) = house(3, &[]);
    let at = server.pop3_addr().to_string();
    let how = ["--server", &at, "--security=none", "--no-test"];
    let refused = home.try_retrieval("refused", "u2", "anna", "wrong-word", &how);
    assert!(refused.status.success());
    let finished = home.fails(&["pull", "--all"], 77);
    assert!(finished.stdout.contains("isp   3 new"), "{finished:?}");
    assert!(
        finished.stdout.contains("1 of 2 mailboxes checked, 1 not"),
        "{finished:?}"
    );
    assert!(
        finished.stderr.contains("X refused   auth-refused"),
        "{finished:?}"
    );
    // In cron: not a word where all is good.
    let quiet = home.inhaul.run(&["-q", "pull", "isp"]).unwrap();
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    let quiet = home.fails(&["-q", "pull", "--all"], 77);
    assert_eq!(quiet.stdout, "");
    assert!(quiet.stderr.contains("auth-refused"), "{quiet:?}");
}

#[test]
fn the_words_of_the_server_are_told_as_it_said_them() {
    let dialogue = "S: +OK hello
        C: CAPA
        S: +OK
        S: SASL PLAIN
        S: .
        C: AUTH PLAIN *
        S: -ERR [SYS/TEMP] Try again in a minute";
    let twice = format!("{dialogue}\n---\n{dialogue}");
    let server = Script::parse(&twice).unwrap().serve().unwrap();
    let home = Installation::new().account("anna");
    let at = server.addr().to_string();
    let how = ["--server", &at, "--security=none"];
    let finished = home.try_retrieval("isp", "u1", "anna", "secret", &how);
    assert_eq!(finished.code(), Some(75), "{finished:?}");
    let said = "The server said: -ERR [SYS/TEMP] Try again in a minute\n";
    assert!(finished.stderr.contains(said), "{finished:?}");
    home.retrieval("isp", "u1", "anna", &[&how[..], &["--no-test"]].concat());
    let pulled = home.inhaul.run(&["pull", "isp", "--json"]).unwrap();
    let report = &document(&pulled.stdout)["retrievals"][0];
    assert_eq!(report["code"], "server-busy");
    assert_eq!(report["said"], "-ERR [SYS/TEMP] Try again in a minute");
    server.finish().unwrap();
}

#[test]
fn a_question_is_an_error_where_nobody_can_answer() {
    let (server, home) = house(2, &[]);
    let change = ["retrieval", "set", "isp", "--after-storing", "delete"];
    for more in [&[][..], &["--no-input"]] {
        let finished = home.fails(&[&change[..], more].concat(), 64);
        assert!(finished.stderr.contains("cannot be undone"), "{finished:?}");
        assert!(finished.stderr.contains("--yes"), "{finished:?}");
    }
    home.pull("isp");
    assert_eq!(server.count("u1").unwrap(), 2);
}

#[test]
fn a_password_is_nowhere_to_be_read() {
    /// Not the usual one, which is part of the word "password".
    const SECRET: &str = "Velvet-Lantern-9307";
    /// How AUTH PLAIN says it: a zero octet, `u1`, a zero octet, the password, in base64.
    const AS_SAID: &str = "AHUxAFZlbHZldC1MYW50ZXJuLTkzMDc=";
    let every_user = format!("passdb {{\n driver = static\n args = password={SECRET}\n}}\n");
    let options = DovecotOptions {
        extra: every_user,
        ..DovecotOptions::default()
    };
    let mut server = Dovecot::start(&options).unwrap();
    server.fill("u1", letters(2)).unwrap();
    let home = Installation::new().account("anna");
    let at = server.pop3_addr().to_string();
    let how = ["--server", &at, "--security", "none", "-v"];
    let file = home.beside("password");
    fs::write(&file, format!("{SECRET}\n")).unwrap();
    let by_file = [
        "--password-file",
        file.to_str().unwrap(),
        "--server",
        &at,
        "--security=none",
    ];
    let add = [
        "retrieval",
        "add",
        "--name",
        "by file",
        "--user",
        "u1",
        "--to",
        "anna",
    ];
    let mut said = String::new();
    let added = home.try_retrieval("isp", "u1", "anna", SECRET, &how);
    let also = home.inhaul.run(&[&add[..], &by_file].concat()).unwrap();
    for finished in [&added, &also] {
        assert!(finished.status.success(), "{finished:?}");
        said += &format!("{finished:?}");
    }
    for words in [
        &["pull", "-v", "-v", "--all"][..],
        &["pull", "-v", "-v", "--all", "--json"],
        &["retrieval", "show", "isp"],
        &["retrieval", "show", "isp", "--json"],
        &["retrieval", "list", "--json"],
        &["account", "show", "anna", "--json"],
        &["config", "show"],
        &["where", "letter"],
    ] {
        let finished = home.inhaul.run(words).unwrap();
        assert!(finished.status.success(), "{finished:?}");
        said += &format!("{finished:?}");
    }
    // What fails says more than what goes well.
    let wrong = home.try_retrieval("wrong", "u2", "anna", &format!("{SECRET}x"), &how);
    assert_eq!(wrong.code(), Some(77), "{wrong:?}");
    said += &format!("{wrong:?}");
    for secret in [SECRET, AS_SAID, LOCAL_PASSWORD] {
        assert!(!said.contains(secret), "{said}");
        let files = files_with(home.data(), secret.as_bytes());
        assert_eq!(files, Vec::<String>::new(), "{secret}");
    }
    // The same search finds what is there to be found.
    assert!(!files_with(home.data(), b"letter number 1").is_empty());
}

/// The files below `dir` that hold these octets.
fn files_with(dir: &Path, octets: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, octets));
        } else if path.is_file()
            && fs::read(&path)
                .unwrap()
                .windows(octets.len())
                .any(|part| part == octets)
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn only_the_owner_may_read_the_data_directory() {
    use std::os::unix::fs::MetadataExt as _;
    let (_server, home) = house(1, &[]);
    home.pull("isp");
    for path in [
        home.data().to_path_buf(),
        home.data().join("secret.key"),
        home.data().join("inhaul.db"),
    ] {
        let mode = fs::metadata(&path).unwrap().mode();
        assert_eq!(mode & 0o077, 0, "{} {mode:o}", path.display());
    }
}

#[test]
fn the_log_tells_a_look_in_one_line_and_everything_else_in_steps() {
    let (mut server, home) = house(0, &[]);
    let lines = |from: usize| -> Vec<String> {
        let log = home.log();
        log.lines()
            .skip(from)
            .map(|line| line.split_once(' ').unwrap().1.to_string())
            .collect()
    };
    home.pull("isp");
    let look = lines(0);
    assert_eq!(look.len(), 1, "{look:?}");
    assert!(
        look[0].starts_with("run 1 isp: 127.0.0.1: nothing new, "),
        "{look:?}"
    );

    server.fill("u1", letters(3)).unwrap();
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
    home.pull("isp");
    let steps = lines(1);
    for (line, start) in [
        (0, "run 2 isp: connected"),
        (1, "run 2 isp: signed in"),
        (2, "run 2 isp: 3 listed, 3 new"),
        (3, "run 2 isp: 3 stored"),
        (4, "run 2 isp: 3 deleted on 127.0.0.1, "),
    ] {
        assert!(steps[line].starts_with(start), "{steps:?}");
    }
    assert_eq!(steps.len(), 5, "{steps:?}");

    home.pull("isp");
    assert_eq!(lines(6).len(), 1);
    drop(server);
    let (exit, _) = home.pull_with(&["isp"]);
    assert_eq!(exit, Some(75));
    let failed = lines(7);
    assert!(
        failed[0].starts_with("run 4 isp: error no-answer: "),
        "{failed:?}"
    );
    assert_eq!(failed.len(), 1, "{failed:?}");
    for word in ["letter", "ann@", Dovecot::PASSWORD] {
        assert!(!home.log().contains(word), "{word} in {}", home.log());
    }
}

#[test]
fn a_data_directory_belongs_to_one_process() {
    // A server that never greets: the pull waits, and has the directory meanwhile.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = silent.local_addr().unwrap().to_string();
    let home = Installation::alone().account("anna");
    home.retrieval(
        "isp",
        "u1",
        "anna",
        &["--server", &at, "--security=none", "--no-test"],
    );
    let mut pull = home.inhaul.spawn(&["pull", "isp"]).unwrap();
    let _line = silent.accept().unwrap();
    for words in [
        &["account", "list"][..],
        &["pull", "isp"],
        &["message", "list", "anna"],
    ] {
        let finished = home.fails(words, 75);
        assert_eq!(finished.stdout, "");
        assert!(
            finished
                .stderr
                .contains("another inhaul uses the data directory"),
            "{finished:?}"
        );
        assert!(
            finished.stderr.contains("Stop the other one"),
            "{finished:?}"
        );
    }
    // Nothing has to be cleaned up behind a process that was killed.
    pull.kill().unwrap();
    home.inhaul.ok(&["account", "list"]).unwrap();
}

/// Starts a pull of much mail and sends it a signal once bodies are on their way.
fn interrupted(signal: Signal, exit: i32) {
    const COUNT: usize = 60;
    let mut server = Dovecot::start(&DovecotOptions::default()).unwrap();
    let line = "A line of some length, of which there are many in this message.\r\n";
    let large: Vec<_> = letters(60)
        .into_iter()
        .map(|letter| [letter, line.repeat(10_000).into_bytes()].concat())
        .collect();
    server.fill("u1", &large).unwrap();
    let home = Installation::new().account("anna");
    let at = server.pop3_addr().to_string();
    home.retrieval("isp", "u1", "anna", &["--server", &at, "--security=none"]);
    let mut pull = home.inhaul.spawn(&["pull", "isp", "--json"]).unwrap();
    wait_until("bodies are on their way", || {
        home.log().contains(" listed, ")
    });
    pull.signal(signal).unwrap();
    let status = pull
        .wait(Duration::from_secs(30))
        .unwrap()
        .expect("it ends soon");
    assert_eq!(status.code(), Some(exit), "{}", pull.stderr());
    let report = document(&pull.stdout());
    let stored = report["new"].as_u64().unwrap();
    assert!(
        stored < COUNT as u64,
        "it was over before the signal came: {report}"
    );

    let pulled = home.pull("isp");
    assert_eq!(
        pulled,
        Pulled {
            code: String::new(),
            listed: 60,
            new: 60 - stored,
            deleted: 0
        }
    );
    assert_each_once(&large, &home.messages("anna"));
    // The server's own account of it: QUIT both times, and no body twice.
    wait_until("the server has told of the second session", || {
        server.log().matches("Logged out").count() >= 3
    });
    let log = server.log();
    assert_eq!(log.matches("Disconnected: Logged out").count(), 3, "{log}");
    let bodies: usize = log
        .split("retr=")
        .skip(1)
        .map(|rest| before(rest, '/'))
        .sum();
    assert_eq!(bodies, COUNT, "{log}");
}

/// The number in front of a mark.
fn before(text: &str, mark: char) -> usize {
    text.split(mark).next().unwrap().parse().unwrap()
}

#[test]
fn an_interrupt_ends_a_pull_with_quit_and_nothing_comes_twice() {
    interrupted(Signal::INT, 130);
}

#[test]
fn sigterm_ends_a_pull_with_quit_and_nothing_comes_twice() {
    interrupted(Signal::TERM, 143);
}

#[test]
fn an_interrupt_does_not_wait_for_a_server_that_says_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = silent.local_addr().unwrap().to_string();
    let home = Installation::new().account("anna");
    home.retrieval(
        "isp",
        "u1",
        "anna",
        &["--server", &at, "--security=none", "--no-test"],
    );
    let mut pull = home.inhaul.spawn(&["pull", "isp"]).unwrap();
    let _line = silent.accept().unwrap();
    pull.signal(Signal::INT).unwrap();
    // A person who pressed Ctrl-C takes a program that goes on for longer to hang.
    let status = pull.wait(Duration::from_secs(5)).unwrap();
    assert_eq!(
        status.and_then(|status| status.code()),
        Some(130),
        "still running after 5 s"
    );
}

#[test]
fn an_mbox_gives_the_very_octets_back() {
    let mut server = Dovecot::start(&DovecotOptions::default()).unwrap();
    let quoted =
        b"Subject: quotes\r\n\r\nFrom here\r\n>From there\r\n>>From everywhere\r\n From\r\n"
            .to_vec();
    let odd = fixtures()
        .into_iter()
        .map(|message| message.octets)
        .chain([quoted]);
    server.fill("u1", odd).unwrap();
    let there = server.retr_all("u1").unwrap();
    let home = Installation::new().account("anna");
    let at = server.pop3_addr().to_string();
    home.retrieval("isp", "u1", "anna", &["--server", &at, "--security=none"]);
    home.pull("isp");
    let dir = home.beside("out");
    let said = home
        .inhaul
        .ok(&["export", "mbox", "anna", dir.to_str().unwrap()])
        .unwrap();
    assert!(
        said.starts_with(&format!("{} messages", there.len())),
        "{said}"
    );
    assert_each_once(
        &there,
        &read_mbox(&fs::read(dir.join("INBOX.mbox")).unwrap()),
    );
    // Once more into the same place: the same file, not twice as much.
    home.inhaul
        .ok(&["export", "mbox", "anna", dir.to_str().unwrap()])
        .unwrap();
    assert_each_once(
        &there,
        &read_mbox(&fs::read(dir.join("INBOX.mbox")).unwrap()),
    );
}

/// Reads an mbox by the mboxrd rule: a line that begins with `From ` begins a message, and a line
/// that is `From ` behind one `>` or more has one `>` too many. An empty line ends a message.
fn read_mbox(octets: &[u8]) -> Vec<Vec<u8>> {
    let mut messages: Vec<Vec<u8>> = Vec::new();
    for line in octets.split_inclusive(|&octet| octet == b'\n') {
        if line.starts_with(b"From ") {
            messages.push(Vec::new());
            continue;
        }
        let quotes = line.iter().take_while(|&&octet| octet == b'>').count();
        let unquoted = if quotes > 0 && line[quotes..].starts_with(b"From ") {
            &line[1..]
        } else {
            line
        };
        messages.last_mut().unwrap().extend_from_slice(unquoted);
    }
    for message in &mut messages {
        assert_eq!(message.pop(), Some(b'\n'));
    }
    messages
}

#[test]
fn where_tells_the_story_of_a_message() {
    let (_server, home) = house(3, &[]);
    home.pull("isp");
    let story = |state: &str| {
        let found = home.json(&["where", "letter", "letter-1@example.org"]);
        let found = found["found"].as_array().unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        let story = found[0].clone();
        assert_eq!(story["state"], state, "{story}");
        assert_eq!(
            (&story["server"], &story["user"]),
            (&"127.0.0.1".into(), &"u1".into())
        );
        assert_eq!(story["subject"], "letter number 1");
        assert_eq!(story["places"].as_array().unwrap().len(), 1, "{story}");
        assert!(
            story["stored"].is_string() && story["unique_id"].is_string(),
            "{story}"
        );
        story
    };
    let stored = story("stored");
    assert!(
        stored["deleted"].is_null() && stored["asked"].is_null(),
        "{stored}"
    );
    let text = home.inhaul.ok(&["where", "letter-1@example.org"]).unwrap();
    assert!(
        text.contains("letter number 1") && text.contains("seen on 127.0.0.1"),
        "{text}"
    );
    assert!(
        text.contains("stored, ") && !text.contains("deleted"),
        "{text}"
    );

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
    home.pull("isp");
    let deleted = story("deleted");
    assert!(deleted["deleted"].is_string(), "{deleted}");
    let unique_id = deleted["unique_id"].as_str().unwrap();
    let text = home.inhaul.ok(&["where", unique_id]).unwrap();
    assert!(text.contains("deleted on 127.0.0.1"), "{text}");
    let text = home
        .inhaul
        .ok(&["where", "nothing", "like", "this"])
        .unwrap();
    assert!(
        text.contains("No remote server listed a message like that"),
        "{text}"
    );
}

#[test]
fn the_demo_shows_its_messages_and_keeps_nothing() {
    let home = Installation::new();
    let said = home.inhaul.ok(&["demo"]).unwrap();
    assert!(said.contains("Nothing here is real"), "{said}");
    assert!(said.contains("FROM") && said.contains("SUBJECT"), "{said}");
    let rows = said
        .lines()
        .filter(|line| line.contains("@example.org"))
        .count();
    assert!(rows > 5, "{said}");
    assert!(!home.data().exists());

    let tested = home.json(&["demo", "--selftest"]);
    assert_eq!(tested["ok"], true, "{tested}");
    let steps = tested["steps"].as_array().unwrap();
    assert!(
        steps.len() >= 9 && steps.iter().all(|step| step["ok"] == true),
        "{tested}"
    );
}

/// With `INHAUL_UPDATE_HELP=1` writes the file instead of comparing it.
#[test]
fn every_help_says_what_it_said() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help.txt");
    let home = Installation::new();
    // Wide enough that the machine's terminal does not matter.
    let inhaul = home.inhaul.clone().env("COLUMNS", "100");
    let mut said = String::new();
    help(&inhaul, &[], &mut said);
    if std::env::var_os("INHAUL_UPDATE_HELP").is_some() {
        fs::write(&file, &said).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap();
    for (line, (is, was)) in (1..).zip(said.lines().zip(expected.lines())) {
        assert_eq!(
            is, was,
            "help.txt:{line} (INHAUL_UPDATE_HELP=1 writes it anew)"
        );
    }
    assert_eq!(
        said.len(),
        expected.len(),
        "INHAUL_UPDATE_HELP=1 writes help.txt anew"
    );
}

/// The help of a command and of all commands below it.
fn help(inhaul: &Inhaul, command: &[&str], said: &mut String) {
    let text = inhaul.ok(&[command, &["--help"]].concat()).unwrap();
    // In groups, or under "Commands:"; in front of the options either way.
    let below = text
        .lines()
        .skip_while(|line| !line.starts_with("Usage:"))
        .skip_while(|line| !["Start:", "Commands:"].contains(line))
        .take_while(|line| !["Options:", "Arguments:"].contains(line))
        .filter(|line| line.starts_with("  ") && !line.starts_with("    "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help");
    let below: Vec<_> = below.collect();
    *said += &format!("$ inhaul {}\n", [command, &["--help"]].concat().join(" "));
    for line in text.lines() {
        *said += &format!("{}\n", line.trim_end());
    }
    *said += "\n";
    for name in below {
        help(inhaul, &[command, &[name]].concat(), said);
    }
}
