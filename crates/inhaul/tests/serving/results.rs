//! A command says and does the same with a server and without one.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use inhaul_testkit::{Finished, Guarded, Inhaul, Server};

use crate::House;
use crate::installation::{Installation, LOCAL_PASSWORD, document};

/// Without what differs from one time to the next: durations, and the numbers of runs.
fn without_times(text: &str) -> String {
    let words = text.split([' ', ',', '"', '}']).map(|word| {
        let is_time = word.contains('.') && word.parse::<f64>().is_ok();
        let is_number = word.starts_with(':') && word[1..].parse::<u64>().is_ok();
        match word {
            _ if is_time => "TIME",
            _ if is_number => "NUMBER",
            word => word,
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn assert_same(words: &[&str], alone: &Finished, served: &Finished) {
    assert_eq!(
        alone.code(),
        served.code(),
        "{words:?}: {alone:?} {served:?}"
    );
    for (alone, served) in [
        (&alone.stdout, &served.stdout),
        (&alone.stderr, &served.stderr),
    ] {
        assert_eq!(without_times(alone), without_times(served), "{words:?}");
    }
}

#[test]
fn a_command_that_looks_says_the_same_with_a_server() {
    let house = House::new(3, 2_000);
    let home = &house.home;
    home.pull("isp");
    let with_json: Vec<Vec<&str>> = [
        &["account", "list"][..],
        &["account", "show", "anna"],
        &["account", "show", "nobody"],
        &["account", "add", "a/b"],
        &["account", "add", "ben", "--password-file", "nowhere"],
        &["account", "remove", "anna"],
        &["group", "show", "Everyone"],
        &["group", "set", "Everyone"],
        &["retrieval", "list"],
        &["retrieval", "show", "isp"],
        &["retrieval", "history", "isp"],
        &["retrieval", "history", "isp", "--run", "1"],
        &["retrieval", "remove", "isp", "--no-input"],
        &["message", "list", "anna"],
        &["message", "list", "anna", "NoFolder"],
        &["message", "show", "1"],
        &["message", "show", "1", "--raw"],
        &["where", "nothing"],
        &["check", "isp"],
        &["check", "nobody@127.0.0.1"],
        &["pull", "nobody"],
        &["pull", "isp"],
        &["pull", "isp", "-n", "-v"],
        &["pull", "isp", "-q", "--fetchmail-codes"],
        &["pull", "isp", "--timeout", "5m", "--limit", "1"],
        &["export", "mbox", "nobody", "out"],
    ]
    .into_iter()
    .flat_map(|words| [words.to_vec(), [words, &["--json"]].concat()])
    .collect();
    let alone: Vec<Finished> = with_json
        .iter()
        // The second of two runs with nothing new is what is compared, so that both have a past.
        .map(|words| home.inhaul.run(words).unwrap())
        .collect();
    let server = Server::start(&home.inhaul).unwrap();
    for (words, alone) in with_json.iter().zip(&alone) {
        if words.contains(&"history") && !words.contains(&"--run") {
            continue;
        }
        let served = home.inhaul.run(words).unwrap();
        if words.starts_with(&["retrieval", "show"]) || words.starts_with(&["retrieval", "list"]) {
            // They tell of the runs that came in between.
            assert_eq!(alone.code(), served.code());
            continue;
        }
        if words.contains(&"--json") && words[0] == "pull" && alone.code() == Some(0) {
            let (alone, served) = (document(&alone.stdout), document(&served.stdout));
            assert_eq!(alone["new"], served["new"], "{words:?}");
            continue;
        }
        assert_same(words, alone, &served);
    }
    drop(server);
}

#[test]
fn an_export_is_written_by_whoever_asked_for_it() {
    let house = House::new(5, 300_000);
    let home = &house.home;
    home.pull("isp");
    let folder = |name: &str| home.beside(name).display().to_string();
    for format in ["maildir", "mbox"] {
        let (alone, served) = (folder("alone"), folder("served"));
        home.inhaul.ok(&["export", format, "anna", &alone]).unwrap();
        let server = Server::start(&home.inhaul).unwrap();
        home.inhaul
            .ok(&["export", format, "anna", &served])
            .unwrap();
        // A second time over the first.
        home.inhaul
            .ok(&["export", format, "anna", &served])
            .unwrap();
        drop(server);
        assert_eq!(files(Path::new(&alone)), files(Path::new(&served)));
        fs::remove_dir_all(&alone).unwrap();
        fs::remove_dir_all(&served).unwrap();
    }
}

/// Names and contents, the messages' own octets among them.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(one) = folders.pop() {
        for entry in fs::read_dir(one).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty());
    found.sort();
    found
}

#[test]
fn paths_start_where_the_command_was_typed() {
    let home = Installation::new().account("anna");
    let there = home.beside("there");
    fs::create_dir(&there).unwrap();
    fs::write(there.join("password"), LOCAL_PASSWORD).unwrap();
    let _server = Server::start(&home.inhaul).unwrap();
    let run = |words: &[&str]| {
        let ended = Command::new(env!("CARGO_BIN_EXE_inhaul"))
            .args(words)
            .env("INHAUL_DATA", home.data())
            .current_dir(&there)
            .output()
            .unwrap();
        assert!(ended.status.success(), "{words:?}: {ended:?}");
    };
    run(&["account", "add", "ben", "--password-file", "password"]);
    run(&["export", "maildir", "anna", "out"]);
    assert!(there.join("out/new").is_dir());
}

#[test]
fn two_visits_to_one_maildrop_wait_for_each_other() {
    let house = House::new(8, 50_000);
    house.slow(400_000);
    let _server = Server::start(&house.home.inhaul).unwrap();
    let pull = ["pull", "isp", "--json"];
    let mut pulls: Vec<_> = (0..3)
        .map(|_| house.home.inhaul.spawn(&pull).unwrap())
        .collect();
    let new: u64 = pulls
        .iter_mut()
        .map(|pull| {
            let ended = pull.wait(crate::clients::PATIENCE).unwrap().unwrap();
            assert!(ended.success(), "{}", pull.stderr());
            document(&pull.stdout())["new"].as_u64().unwrap()
        })
        .sum();
    assert_eq!(new, 8);
    for id in house.mailbox.ids() {
        assert_eq!(house.mailbox.retrieved(id), 1);
    }
}

/// A command at a terminal of its own; what is shown there comes out of its stdout.
fn at_a_terminal(inhaul: &Inhaul, command: &str) -> Guarded {
    let program = env!("CARGO_BIN_EXE_inhaul");
    let mut script = Command::new("script");
    script
        .args(["-qec", &format!("{program} {command}"), "/dev/null"])
        .env("INHAUL_DATA", inhaul.data())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    Guarded::spawn(&mut script).unwrap()
}

/// Runs a command at a terminal, and types this once it has asked.
fn typed_at_a_terminal(inhaul: &Inhaul, command: &str, typed: &str) -> (Option<i32>, String) {
    let mut script = at_a_terminal(inhaul, command);
    let mut keyboard = script.child().stdin.take().unwrap();
    let mut screen = script.child().stdout.take().unwrap();
    let mut shown = Vec::new();
    let mut octet = [0];
    while !QUESTIONS.iter().any(|end| shown.ends_with(end)) {
        assert_eq!(screen.read(&mut octet).unwrap(), 1, "{shown:?}");
        shown.extend(octet);
    }
    keyboard.write_all(typed.as_bytes()).unwrap();
    screen.read_to_end(&mut shown).unwrap();
    let ended = script.wait(crate::clients::PATIENCE).unwrap().unwrap();
    (ended.code(), String::from_utf8(shown).unwrap())
}

/// How questions end.
const QUESTIONS: [&[u8]; 3] = [b"[y/N] ", b"to go on: ", b"alone: "];

#[test]
fn questions_and_passwords_are_asked_at_the_terminal_of_whoever_typed_the_command() {
    let home = Installation::new().account("anna");
    let mut said = Vec::new();
    for is_served in [false, true] {
        let server = is_served.then(|| Server::start(&home.inhaul).unwrap());
        let typed = |command: &str, typed: &str, code: i32| {
            let (ended, shown) = typed_at_a_terminal(&home.inhaul, command, typed);
            assert_eq!(ended, Some(code), "{command}: {shown}");
            shown
        };
        let shown = [
            typed("account add alone", "hidden-otter-11\n", 0),
            typed("account remove alone", "no\n", 1),
            typed("account remove alone", "alone\n", 0),
        ]
        .concat();
        assert!(!shown.contains("hidden-otter-11"), "{shown}");
        for words in ["New password for alone: ", "Type alone to go on: "] {
            assert!(shown.contains(words), "{shown}");
        }
        said.push(shown);
        drop(server);
    }
    assert_eq!(said[0], said[1]);
}

#[test]
fn bars_are_drawn_at_the_terminal_of_whoever_typed_the_command() {
    let house = House::new(6, 50_000);
    house.slow(200_000);
    let home = &house.home;
    let _server = Server::start(&home.inhaul).unwrap();
    let mut pull = at_a_terminal(&home.inhaul, "pull isp");
    let mut shown = String::new();
    let mut screen = pull.child().stdout.take().unwrap();
    screen.read_to_string(&mut shown).unwrap();
    let ended = pull.wait(crate::clients::PATIENCE).unwrap().unwrap();
    assert!(ended.success(), "{shown}");
    let bar = shown.find("isp   [").unwrap_or_else(|| panic!("{shown}"));
    let result = shown
        .find("isp   6 new")
        .unwrap_or_else(|| panic!("{shown}"));
    assert!(bar < result, "{shown}");
}
