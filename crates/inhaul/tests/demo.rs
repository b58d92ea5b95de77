//! The demo as people and scripts have it: the real binary, its commands by a pipe, its end.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use inhaul_testkit::{Finished, Guarded, Inhaul, Signal, TestDir};
use serde_json::Value;

/// The program, with a folder for temporary data directories that nobody else uses.
struct Demo {
    inhaul: Inhaul,
    folder: TestDir,
}

impl Demo {
    fn new() -> Self {
        let folder = TestDir::new("demo").unwrap();
        let temporary = folder.join("tmp");
        fs::create_dir(&temporary).unwrap();
        let inhaul =
            Inhaul::new(env!("CARGO_BIN_EXE_inhaul"), folder.join("none")).env("TMPDIR", temporary);
        Self { inhaul, folder }
    }

    /// Gives it these commands, one a line.
    fn told(&self, commands: &[&str]) -> Finished {
        let input = commands.join("\n") + "\n";
        let finished = self.inhaul.run_with_input(&["demo"], &input).unwrap();
        self.assert_nothing_left();
        finished
    }

    /// The temporary data directories there are now.
    fn data_directories(&self) -> usize {
        fs::read_dir(self.folder.join("tmp")).unwrap().count()
    }

    fn assert_nothing_left(&self) {
        assert_eq!(self.data_directories(), 0);
        assert!(!self.inhaul.data().exists());
    }
}

/// What is said in this order, each behind the one before.
fn assert_in_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let at = rest.find(part);
        let at = at.unwrap_or_else(|| panic!("no {part:?} behind the others in\n{text}"));
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn the_self_test_holds_and_times_each_step() {
    let demo = Demo::new();
    let said = demo.inhaul.ok(&["demo", "--selftest"]).unwrap();
    let steps = said.lines().filter(|line| line.starts_with("v ")).count();
    assert!(steps >= 20, "{said}");
    assert!(
        said.contains(&format!("All {steps} steps held in ")),
        "{said}"
    );
    assert!(!said.contains("\nX "), "{said}");
    demo.assert_nothing_left();

    let said = demo.inhaul.ok(&["demo", "--selftest", "--json"]).unwrap();
    let document: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&document["v"], &document["ok"]), (&1.into(), &true.into()));
    assert!(document["took_ms"].is_u64(), "{document}");
    assert!(document["first_readable_ms"].is_u64(), "{document}");
    assert!(document["first_page_ms"].is_u64(), "{document}");
    assert!(document["first_on_page_ms"].is_u64(), "{document}");
    assert!(document.get("failed").is_none(), "{document}");
    let listed = document["steps"].as_array().unwrap();
    assert_eq!(listed.len(), steps);
    for step in listed {
        assert!(
            step["step"].is_string() && step["took_ms"].is_u64(),
            "{step}"
        );
        assert_eq!(step["ok"], true, "{step}");
    }
    demo.assert_nothing_left();
}

#[test]
fn without_commands_it_brings_shows_and_ends() {
    let demo = Demo::new();
    let finished = demo.inhaul.run(&["demo"]).unwrap();
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    assert_in_order(
        &finished.stdout,
        &[
            "Demo. Nothing here is real, nothing is kept. Stop with Ctrl-C.\n\n  \
             Sample remote server   127.0.0.1:",
            " (POP3), 6 mailboxes\n  Web                    http://127.0.0.1:",
            "/welcome#demo-",
            "\n  In another window      inhaul --data ",
            " retrieval list\n\n24 messages brought in ",
            " s. First one readable after ",
            "  Old ISP   24 new   ",
            "ID  FOLDER",
            "Two files from the holidays",
        ],
    );
    for result in [
        "\n  Shop   1 new ",
        "\n  Work   3 new ",
        "\n  Firm   20 new ",
    ] {
        assert!(finished.stdout.contains(result), "{finished:?}");
    }
    assert!(
        finished.stderr.contains("X Club   auth-refused"),
        "{finished:?}"
    );
    demo.assert_nothing_left();
}

#[test]
fn commands_by_a_pipe_happen_in_order() {
    let demo = Demo::new();
    let finished = demo.told(&[
        "send",
        "send 2",
        "make old-isp refuse-password",
        "pull old-isp",
        "conversation old-isp",
        "make old-isp behave",
        "pull old-isp",
        "delete-after old-isp 14",
        "pull old-isp",
        "skip 13d",
        "skip 1d",
        "status",
        "list old-isp",
        "quit",
        "never reached",
    ]);
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    assert_in_order(
        &finished.stdout,
        &[
            "1 new message lies in you@old-isp.example.\n",
            "2 new messages lie in you@old-isp.example.\n",
            "old-isp.example refuses the password: -ERR [AUTH].\n",
            "Old ISP, run ",
            "  S: -ERR [AUTH] ",
            "old-isp.example behaves.\n",
            "  Old ISP   3 new ",
            "Copies on old-isp.example are deleted 14 days after they were stored here.\n",
            "  Old ISP   nothing new ",
            "checks are due and begin.\n",
            "checks are due and begin.\n",
            "   27 deleted there\n",
            "\nworking ",
            " Old ISP  you@old-isp.example  27    0      go after 14 d ",
            "Message 3, sent by you",
        ],
    );
    let refused = "X Old ISP   auth-refused   ";
    assert_eq!(finished.stderr.matches(refused).count(), 1, "{finished:?}");
}

#[test]
fn a_letter_to_the_firm_goes_to_whom_it_is_for() {
    let demo = Demo::new();
    let finished = demo.told(&[
        "firm two",
        "firm copies",
        "firm nobody",
        "pull firm",
        "list firm",
        "status",
    ]);
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    assert_in_order(
        &finished.stdout,
        &[
            "Letter 1 to firm.example lies there for anna and ben, in one copy.",
            "Letter 2 to firm.example lies there in three copies: clara, david and emma",
            "Letter 3 to firm.example lies there for infos, whom nobody has a rule for.",
            "  Firm   5 new ",
            "*@firm.example ",
            " 25 ",
            " 25 ",
        ],
    );
    let list = finished.stdout.split("FOLDER").nth(1).unwrap();
    for (letter, places) in [
        (1, &["anna/INBOX", "ben/INBOX"][..]),
        (2, &["clara/INBOX", "david/INBOX", "emma/INBOX"]),
        (3, &["Firm"]),
    ] {
        let subject = format!("Letter {letter} to ");
        let lines = list.lines().filter(|line| line.contains(&subject));
        let mut is: Vec<_> = lines
            .map(|line| line.split_whitespace().nth(1).unwrap())
            .collect();
        is.sort_unstable();
        assert_eq!(is, places, "{list}");
    }
}

#[test]
fn every_switch_shows_in_the_next_check() {
    let demo = Demo::new();
    let finished = demo.told(&[
        "make cut",
        "send 5",
        "pull old-isp",
        "make behave",
        "pull old-isp",
        "make too-often",
        "pull old-isp",
        "make bad-certificate",
        "pull old-isp",
        "conversation",
        "make not-answer",
        "pull old-isp",
        "make renumber",
        "pull old-isp",
        "make forget-to-delete",
        "delete-after now",
        "skip 1d",
        "pull old-isp",
        "make behave",
        "skip 1d",
        "list old-isp",
        "status",
        "make club behave",
        "pull club",
    ]);
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    assert_in_order(
        &finished.stdout,
        &[
            "cuts the line in the middle of message",
            "old-isp.example behaves.\n",
            "  Old ISP   3 new ",
            "  Old ISP   works again\n",
            "shows a certificate that ended in 2002.\nOld ISP, run ",
            "  C: STLS\n  S: +OK begin\nold-isp.example takes connections and says nothing.\n",
            "has given all its messages (29) new unique-ids.\n  Old ISP   nothing new ",
            "   29 deleted there\n",
            "   29 deleted there\n",
            "old-isp.example behaves.\n",
            "   29 deleted there\n",
            "you@old-isp.example  29    0      go at once",
            "strict.example behaves.\n",
            "  Club   2 new ",
            "  Club   works again\n",
        ],
    );
    assert_in_order(
        &finished.stderr,
        &[
            "X Old ISP   cut-off   ",
            " 2 messages are stored.",
            "X Old ISP   certificate   ",
            "X Old ISP   no-answer   ",
        ],
    );
    let told = format!("{}{}", finished.stdout, finished.stderr);
    assert!(told.contains("too-often"), "{finished:?}");
}

#[test]
fn the_button_keeps_to_the_rules_of_the_service() {
    let demo = Demo::new();
    let finished = demo.told(&[
        "check club",
        "pull shop",
        "check shop",
        "status",
        "password club",
        "skip 10s",
        "check club",
        "status",
    ]);
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    assert_in_order(
        &finished.stdout,
        &[
            "  Club   The server refuses the password. Enter it again, or wait: it can be tried \
             again in ",
            "      The right one: password club\n",
            "  Shop   Checked ",
            ". You can check again in ",
            "needs-you  Club ",
            "\n✖ Club      strict.example refuses the password since ",
            " Next check in 1",
            "The password of club@strict.example is entered.\n",
            "  Club   2 new ",
            "  Club   works again\n",
            "It is 2",
            " for the demo now. ",
            "  Club   nothing new ",
            "\nworking ",
            "\n● Club      Last good check ",
        ],
    );
    assert!(
        finished.stderr.contains("  Club   next check in 1"),
        "{finished:?}"
    );
}

#[test]
fn who_waits_for_a_message_hears_of_it() {
    let demo = Demo::new();
    let finished = demo.told(&[
        "wait old-isp",
        "status",
        "send",
        "skip 10s",
        "pull old-isp",
        "quit",
    ]);
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    assert_in_order(
        &finished.stdout,
        &[
            "Waiting for a message in Old ISP. Next try in ",
            ". Stops at ",
            " Waiting for a message until ",
            "  Old ISP   1 new ",
            "Arrived: \"Message 1, sent by you",
        ],
    );
}

#[test]
fn a_slip_is_told_and_the_demo_goes_on() {
    let demo = Demo::new();
    let finished = demo.told(&[
        "fetch",
        "show 999",
        "make old-isp explode",
        "help",
        "status",
    ]);
    assert_eq!(finished.code(), Some(64), "{finished:?}");
    for told in [
        "\"fetch\" is no command here. Type help for what there is.\n",
        "there is no message \"999\"\n",
        "No server can be made to \"explode\".",
    ] {
        assert!(finished.stderr.contains(told), "{finished:?}");
    }
    assert!(finished.stdout.contains("forget-to-delete"), "{finished:?}");
    assert!(
        finished.stdout.contains("The demo's clock: "),
        "{finished:?}"
    );
}

#[test]
fn a_signal_ends_it_and_leaves_nothing_behind() {
    const SHOWN: (&[&str], &str) = (&["demo"], "  Old ISP   24 new");
    const ALONE: (&[&str], &str) = (&["demo", "--selftest"], "v 24 messages");
    for ((words, line), signal, code) in [
        (SHOWN, Signal::INT, 130),
        (SHOWN, Signal::TERM, 143),
        (SHOWN, Signal::HUP, 143),
        (ALONE, Signal::INT, 130),
    ] {
        let demo = Demo::new();
        let mut command = Command::new(env!("CARGO_BIN_EXE_inhaul"));
        command
            .args(words)
            .env("TMPDIR", demo.folder.join("tmp"))
            // It stays open, as a terminal's does.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut running = Guarded::spawn(&mut command).unwrap();
        let stdout = BufReader::new(running.child().stdout.take().unwrap());
        let mut lines = stdout.lines().map(Result::unwrap);
        assert!(lines.any(|said| said.starts_with(line)), "{words:?}");
        assert_eq!(demo.data_directories(), 1, "{words:?} {signal:?}");
        running.signal(signal).unwrap();
        let status = running.wait(Duration::from_secs(30)).unwrap();
        assert_eq!(status.unwrap().code(), Some(code), "{words:?} {signal:?}");
        demo.assert_nothing_left();
    }
}

#[test]
fn other_commands_reach_it_while_it_runs() {
    let demo = Demo::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_inhaul"));
    command
        .arg("demo")
        .env("TMPDIR", demo.folder.join("tmp"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut running = Guarded::spawn(&mut command).unwrap();
    let stdout = BufReader::new(running.child().stdout.take().unwrap());
    let mut lines = stdout.lines().map(Result::unwrap);
    let told = lines.find(|line| line.contains(" --data ")).unwrap();
    let mut words = told.split_whitespace();
    let data = words.find(|word| word.contains("inhaul-demo.")).unwrap();
    assert!(lines.any(|line| line.starts_with("  Firm   20 new")));
    let listed = ["retrieval", "list", "--data", data];
    let listed = demo.inhaul.ok(&listed).unwrap();
    for name in ["Old ISP", "Shop", "Big", "Club", "Work", "Firm"] {
        assert!(listed.contains(name), "{listed}");
    }
    // A line of headings, and a line each.
    for (account, folder, lines) in [("you", "Firm", 3), ("anna", "INBOX", 5), ("ben", "Shop", 3)] {
        let messages = ["message", "list", account, folder, "--data", data];
        let messages = demo.inhaul.ok(&messages).unwrap();
        assert_eq!(messages.lines().count(), lines, "{messages}");
    }
    running.signal(Signal::TERM).unwrap();
    let status = running.wait(Duration::from_secs(30)).unwrap();
    assert_eq!(status.unwrap().code(), Some(143));
    demo.assert_nothing_left();
}

#[test]
fn real_mail_is_left_alone() {
    let demo = Demo::new();
    let real = demo.folder.join("real");
    fs::create_dir(&real).unwrap();
    fs::write(real.join("inhaul.db"), "somebody's mail").unwrap();
    let path = real.to_str().unwrap();
    for words in [
        &["demo", "--data", path][..],
        &["demo", "--selftest", "--data", path],
    ] {
        let refused = demo.inhaul.run(words).unwrap();
        assert_eq!(refused.code(), Some(64), "{refused:?}");
        assert!(refused.stderr.contains("holds real mail"), "{refused:?}");
        assert_eq!(refused.stdout, "");
    }
    let files = fs::read_dir(&real).unwrap().count();
    assert_eq!(files, 1);
    assert_eq!(
        fs::read(real.join("inhaul.db")).unwrap(),
        b"somebody's mail"
    );

    let elsewhere = demo.folder.join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let path = elsewhere.to_str().unwrap();
    demo.inhaul.ok(&["demo", "--data", path]).unwrap();
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    demo.assert_nothing_left();

    let refused = demo.inhaul.run(&["demo", "--json"]).unwrap();
    assert_eq!((refused.code(), refused.stdout.as_str()), (Some(64), ""));
}
