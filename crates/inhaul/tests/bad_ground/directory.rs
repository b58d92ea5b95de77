//! Data directories that cannot be had: read-only, somebody else's, a file, newer, in use.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use inhaul_testkit::Finished;
use rusqlite::Connection;

use crate::installation::{Installation, assert_each_once, wait_until};
use crate::mail::{
    assert_nothing_lost, counting_line, messages, server_with, subscribe, subscribe_at,
};
use crate::namespace::SmallDisk;

const MB: u64 = 1 << 20;

/// It failed so, in words that name the directory, and without a panic.
#[track_caller]
fn assert_said(finished: &Finished, code: i32, words: &[&str]) {
    assert_eq!(finished.code(), Some(code), "{finished:?}");
    for word in words {
        assert!(
            finished.stderr.contains(word),
            "no {word:?} in {}",
            finished.stderr
        );
    }
    assert!(!finished.stderr.contains("panicked"), "{finished:?}");
}

#[test]
fn a_read_only_directory_is_named_and_nobody_is_dialled() {
    let mail = messages(3, 2_000);
    let (server, sent) = server_with(&mail);
    let disk = SmallDisk::new(64 * MB);
    let line = counting_line(&server);
    let home = subscribe_at(disk.installation(), line.addr());
    let data = disk.data();
    disk.set_writable(false);
    for words in [&["pull", "isp"][..], &["account", "list"]] {
        let finished = home.inhaul.run(words).unwrap();
        assert_said(&finished, 73, &[data.to_str().unwrap(), "nobody can write"]);
    }
    assert_eq!(line.connections(), 0);
    disk.set_writable(true);
    home.pull("isp");
    assert_each_once(&sent, &home.messages("anna"));
}

#[test]
fn a_directory_nobody_lets_us_into_is_named() {
    let disk = SmallDisk::new(8 * MB);
    let data = disk.data();
    disk.sh(&format!("mkdir {0}; chmod 000 {0}", data.display()));
    // Root would be let in.
    let program = disk.program_behind("setpriv --bounding-set=-all --inh-caps=-all --");
    let home = Installation::through(program, &data);
    let finished = home.inhaul.run(&["account", "list"]).unwrap();
    assert_said(
        &finished,
        73,
        &[data.to_str().unwrap(), "must belong to the user"],
    );
}

#[test]
fn a_file_in_the_place_of_the_directory_stays_as_it_is() {
    let home = Installation::new();
    fs::write(home.data(), "not a directory").unwrap();
    let finished = home.inhaul.run(&["account", "list"]).unwrap();
    assert_said(
        &finished,
        73,
        &[home.data().to_str().unwrap(), "A file has that name"],
    );
    assert_eq!(fs::read_to_string(home.data()).unwrap(), "not a directory");
    let below = Installation::through(
        env!("CARGO_BIN_EXE_inhaul").into(),
        &home.data().join("below"),
    );
    let finished = below.inhaul.run(&["account", "list"]).unwrap();
    assert_said(&finished, 73, &[below.data().to_str().unwrap()]);
}

#[test]
fn a_directory_of_a_newer_inhaul_is_not_touched() {
    let (server, _) = server_with(&messages(30, 20_000));
    let home = subscribe(Installation::new(), &server);
    home.pull_with(&["isp", "--keep"]);
    let database = Connection::open(home.data().join("inhaul.db")).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    // As a crash of the newer one would leave it: not copied back.
    database
        .set_db_config(
            rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
            true,
        )
        .unwrap();
    drop(database);
    let before = octets_of(home.data());
    for words in [
        &["pull", "isp"][..],
        &["account", "list"],
        &["message", "list", "anna"],
    ] {
        let finished = home.inhaul.run(words).unwrap();
        assert_said(
            &finished,
            78,
            &["data-too-new", home.data().to_str().unwrap()],
        );
    }
    let after = octets_of(home.data());
    assert!(
        before.keys().eq(after.keys()),
        "{:?} {:?}",
        before.keys(),
        after.keys()
    );
    for (name, octets) in &before {
        assert!(octets == &after[name], "{name} was changed");
    }
}

/// Every file but the log's index, which SQLite makes anew whenever it looks.
fn octets_of(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            let below = octets_of(&path);
            all.extend(
                below
                    .into_iter()
                    .map(|(file, octets)| (format!("{name}/{file}"), octets)),
            );
        } else if !name.ends_with("-shm") {
            all.insert(name, fs::read(&path).unwrap());
        }
    }
    all
}

#[test]
fn a_second_process_is_turned_away_at_once_and_a_killed_first_leaves_no_lock() {
    let mail = messages(400, 6_000);
    let (server, sent) = server_with(&mail);
    // The line is so slow that the first is still at it.
    let line = inhaul_testkit::CutProxy::start(
        server.pop3_addr(),
        inhaul_testkit::CutMode::SplitEvery(40),
    )
    .unwrap();
    let home = Installation::new().account("anna");
    let at = line.addr().to_string();
    let how = [
        "--server",
        &at,
        "--security=none",
        "--after-storing=delete",
        "--no-test",
    ];
    home.retrieval("isp", "u1", "anna", &how);
    let mut first = home.inhaul.spawn(&["pull", "isp"]).unwrap();
    wait_until("the first is talking", || line.server_octets() > 0);
    for words in [&["pull", "isp"][..], &["account", "list"]] {
        let began = Instant::now();
        let finished = home.inhaul.run(words).unwrap();
        assert_said(
            &finished,
            75,
            &["data-in-use", home.data().to_str().unwrap()],
        );
        assert!(
            began.elapsed() < Duration::from_secs(3),
            "{:?}",
            began.elapsed()
        );
    }
    assert!(
        first.wait(Duration::ZERO).unwrap().is_none(),
        "too fast to disturb it"
    );
    first.kill().unwrap();
    line.set_next(inhaul_testkit::CutMode::Pass);
    home.pull("isp");
    assert_eq!(server.count("u1").unwrap(), 0);
    assert_each_once(&sent, &home.messages("anna"));
}

#[test]
fn a_stranger_who_holds_the_database_is_waited_for_and_named() {
    let mail = messages(5, 3_000);
    let (server, sent) = server_with(&mail);
    let home = subscribe(Installation::new(), &server);
    let stranger = Connection::open(home.data().join("inhaul.db")).unwrap();
    stranger.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let began = Instant::now();
    let finished = home.inhaul.run(&["pull", "isp"]).unwrap();
    assert_said(
        &finished,
        75,
        &["data-in-use", "another program holds the database"],
    );
    assert!(
        began.elapsed() < Duration::from_secs(45),
        "{:?}",
        began.elapsed()
    );
    assert_nothing_lost(&sent, &server, &home);
    // One that goes away in time is only a delay.
    let mut pull = home.inhaul.spawn(&["pull", "isp"]).unwrap();
    std::thread::sleep(Duration::from_secs(1));
    stranger.execute_batch("ROLLBACK").unwrap();
    assert!(
        pull.wait(Duration::from_secs(60))
            .unwrap()
            .unwrap()
            .success(),
        "{}",
        pull.stderr()
    );
    assert_eq!(server.count("u1").unwrap(), 0);
    assert_each_once(&sent, &home.messages("anna"));
}

#[test]
fn mail_does_not_wait_for_a_log() {
    let mail = messages(3, 2_000);
    let (server, sent) = server_with(&mail);
    let home = subscribe(Installation::new(), &server);
    fs::create_dir(home.data().join("pop3.log")).unwrap();
    let finished = home.inhaul.run(&["pull", "isp"]).unwrap();
    assert_said(&finished, 0, &["pop3.log is not written"]);
    assert_eq!(server.count("u1").unwrap(), 0);
    assert_each_once(&sent, &home.messages("anna"));
}

#[test]
fn a_spool_that_cannot_be_made_is_named() {
    let (server, sent) = server_with(&messages(2, 2_000));
    let home = subscribe(Installation::new(), &server);
    fs::write(home.data().join("spool"), "").unwrap();
    let finished = home.inhaul.run(&["pull", "isp"]).unwrap();
    let spool = home.data().join("spool");
    assert_said(&finished, 74, &[spool.to_str().unwrap()]);
    fs::remove_file(spool).unwrap();
    home.pull("isp");
    assert_each_once(&sent, &home.messages("anna"));
}
