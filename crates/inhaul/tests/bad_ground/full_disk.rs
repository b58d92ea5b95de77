//! A disk that is full, at any moment of a run.

use std::fs;
use std::path::Path;

use inhaul_testkit::RawPop3;

use crate::installation::{Installation, LOCAL_PASSWORD, assert_each_once, difference, wait_until};
use crate::mail::{
    assert_nothing_lost, counting_line, message, messages, server_with, subscribe, subscribe_at,
};
use crate::namespace::SmallDisk;

const MB: u64 = 1 << 20;

/// Brings what fits, then, with more room, the rest.
#[track_caller]
fn comes_in_two_parts(mail: &[Vec<u8>], small: u64, large: u64) {
    let (server, sent) = server_with(mail);
    let disk = SmallDisk::new(small);
    let home = subscribe(disk.installation(), &server);
    let (exit, pulled) = home.pull_with(&["isp"]);
    assert_eq!(
        (exit, pulled.code.as_str()),
        (Some(74), "disk-full"),
        "{pulled:?}"
    );
    assert!(pulled.new < sent.len() as u64, "{pulled:?}");
    home.inhaul.ok(&["message", "list", "anna"]).unwrap();
    assert_nothing_lost(&sent, &server, &home);
    // It stays full, and nothing changes.
    let (exit, pulled) = home.pull_with(&["isp"]);
    assert_eq!(
        (exit, pulled.code.as_str()),
        (Some(74), "disk-full"),
        "{pulled:?}"
    );
    assert_nothing_lost(&sent, &server, &home);
    disk.resize(large);
    assert_nothing_lost(&sent, &server, &home);
    home.pull("isp");
    assert_eq!(server.count("u1").unwrap(), 0);
    assert_each_once(&sent, &home.messages("anna"));
}

#[test]
fn small_messages_that_do_not_fit_stay_on_the_server() {
    comes_in_two_parts(&messages(1_500, 4_000), 5 * MB, 60 * MB);
}

#[test]
fn messages_in_segments_that_do_not_fit_stay_on_the_server() {
    comes_in_two_parts(&messages(120, 75 << 10), 5 * MB, 60 * MB);
}

#[test]
fn a_large_message_that_does_not_fit_the_spool_stays_on_the_server() {
    comes_in_two_parts(&messages(1, 20 << 20), 8 * MB, 80 * MB);
}

#[test]
fn a_large_message_that_fits_the_spool_only_stays_on_the_server() {
    comes_in_two_parts(&messages(1, 20 << 20), 30 * MB, 80 * MB);
}

/// The disk fills where a run reads its ledger, records its beginning, spools, writes a segment,
/// commits, records its end: at any octet, by steps too small to miss one of them.
#[test]
fn it_does_not_matter_at_which_octet_the_disk_is_full() {
    let mut mail = messages(24, 3_000);
    mail.extend((24..28).map(|number| message(number, 75 << 10)));
    mail.push(message(28, 1_500_000));
    let (mut server, sent) = server_with(&mail);
    let template = subscribe(Installation::new(), &server);
    let disk = SmallDisk::new(64 * MB);
    let home = disk.installation();
    let mut ended = Vec::new();
    for round in 0..24 {
        // A little at first, more and more later on: up to 8 MB.
        let free = round * round * (14 << 10);
        disk.renew(64 * MB);
        copy(&disk, template.data());
        disk.leave_free(free);
        let finished = home.inhaul.run(&["pull", "isp"]).unwrap();
        ended.push(finished.code());
        if finished.code() != Some(0) {
            assert_eq!(finished.code(), Some(74), "{free} free: {finished:?}");
            assert!(
                finished.stderr.contains("disk-full"),
                "{free} free: {finished:?}"
            );
        }
        home.inhaul.ok(&["message", "list", "anna"]).unwrap();
        assert_nothing_lost(&sent, &server, &home);
        disk.resize(64 * MB);
        home.pull("isp");
        assert_eq!(server.count("u1").unwrap(), 0, "{free} free");
        assert_each_once(&sent, &home.messages("anna"));
        server.fill("u1", &mail).unwrap();
    }
    assert!(
        ended.contains(&Some(0)) && ended.contains(&Some(74)),
        "{ended:?}"
    );
}

/// The log is copied back in the middle of the run, and has no room to go to.
#[test]
fn a_log_that_cannot_be_copied_back_loses_nothing() {
    let (server, sent) = server_with(&messages(1_500, 15_000));
    let disk = SmallDisk::new(24 * MB);
    let home = subscribe(disk.installation(), &server);
    let finished = home.inhaul.run(&["pull", "isp"]).unwrap();
    assert_eq!(finished.code(), Some(74), "{finished:?}");
    // One card for one trouble, and no log lines between.
    let marked = finished.stderr.lines().filter(|line| line.starts_with('X'));
    assert_eq!(marked.count(), 2, "{finished:?}");
    assert!(!finished.stderr.contains("WARN"), "{finished:?}");
    assert_nothing_lost(&sent, &server, &home);
    disk.resize(200 * MB);
    home.pull("isp");
    assert_eq!(server.count("u1").unwrap(), 0);
    assert_each_once(&sent, &home.messages("anna"));
}

#[test]
fn a_disk_with_too_little_room_is_left_alone() {
    let mail = messages(3, 2_000);
    let (server, sent) = server_with(&mail);
    let disk = SmallDisk::new(64 * MB);
    let line = counting_line(&server);
    let home = subscribe_at(disk.careful_installation(), line.addr());
    // A tenth of so small a disk is enough; 500 MB are for larger ones.
    let ballast = home.data().with_file_name("ballast");
    disk.sh(&format!(
        "head -c 61000000 /dev/zero > {}",
        ballast.display()
    ));
    let finished = home.inhaul.run(&["pull", "isp"]).unwrap();
    assert_eq!(finished.code(), Some(74), "{finished:?}");
    for word in ["disk-full", "127.0.0.1", "stop_free", "6.7 MB"] {
        assert!(finished.stderr.contains(word), "no {word:?}: {finished:?}");
    }
    assert_eq!(line.connections(), 0, "nobody is dialled");
    let shown = home.inhaul.ok(&["retrieval", "show", "isp"]).unwrap();
    assert!(shown.contains("disk-full"), "{shown}");
    // A look costs no room.
    let (exit, looked) = home.pull_with(&["isp", "--dry-run"]);
    assert_eq!((exit, looked.new), (Some(0), 3));
    let home = home.env("INHAUL_STORAGE__STOP_FREE", "1MB");
    home.pull("isp");
    assert_each_once(&sent, &home.messages("anna"));
}

/// What a mail program marked stays where the disk has no room to note that it went: the program is
/// told so, and may do it again.
#[test]
fn a_removal_by_pop3_that_has_no_room_is_refused_and_works_later() {
    const MAIL: usize = 2_000;
    let (server, sent) = server_with(&messages(MAIL, 1_000));
    let disk = SmallDisk::new(64 * MB);
    let home = subscribe(disk.installation(), &server);
    home.pull("isp");
    // What is on the disk is seen from inside only.
    let ready = home.beside("ready");
    let words = ["serve", "--ready-file", ready.to_str().unwrap()];
    let _serving = home.inhaul.spawn(&words).unwrap();
    wait_until("the server is ready", || ready.exists());
    let ready = fs::read_to_string(ready).unwrap();
    let at = ready.lines().find_map(|line| line.strip_prefix("pop3 "));
    let at = at.unwrap().trim().parse().unwrap();
    let marked_all = || {
        let mut session = RawPop3::sign_in(at, "anna", LOCAL_PASSWORD).unwrap();
        let (there, _) = session.stat().unwrap();
        (1..=there).for_each(|number| session.dele(number).unwrap());
        (there, session)
    };
    let (there, session) = marked_all();
    assert_eq!(there, MAIL);
    disk.leave_free(16 << 10);
    let refused = format!("{:#}", session.quit().unwrap_err());
    assert!(refused.contains("[SYS/TEMP]"), "{refused}");
    // Each is here or was removed, and what is here is whole.
    assert_eq!(difference(&sent, &home.messages("anna")).doubled, 0);
    disk.resize(128 * MB);
    let (_, session) = marked_all();
    session.quit().unwrap();
    assert_eq!(home.messages("anna").len(), 0);
    let (there, _session) = marked_all();
    assert_eq!(there, 0);
}

#[test]
fn a_disk_that_is_full_at_the_first_start_gives_room_to_a_second() {
    let disk = SmallDisk::new(64 * MB);
    let home = disk.installation();
    let mut refused = 0;
    // Not zero: the kernel takes no room for no limit.
    for free in (1..80).step_by(8) {
        disk.renew(64 * MB);
        disk.leave_free(free * 16_384);
        let finished = home.inhaul.run(&["account", "list"]).unwrap();
        if finished.code() != Some(0) {
            refused += 1;
            assert_eq!(finished.code(), Some(74), "{free}: {finished:?}");
            assert!(
                finished.stderr.contains("disk-full"),
                "{free}: {finished:?}"
            );
        }
        disk.resize(64 * MB);
        home.inhaul.ok(&["account", "list"]).unwrap();
    }
    assert!(refused > 2, "{refused}");
}

fn copy(disk: &SmallDisk, template: &Path) {
    let (from, to) = (template.display(), disk.data());
    disk.sh(&format!("cp -a {from} {}", to.display()));
}
