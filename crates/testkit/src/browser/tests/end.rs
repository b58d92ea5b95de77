//! The end of a browser: with its value, and with a test that was killed.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::super::Browser;

/// Set in the process that is to be killed.
const TO_BE_KILLED: &str = "INHAUL_TESTKIT_TO_BE_KILLED";

#[test]
fn no_process_outlives_a_dropped_browser() {
    let browser = Browser::start().unwrap();
    let namespace = namespace_of(&browser.profile().to_string_lossy());
    assert!(processes_in(&namespace).len() > 2);
    drop(browser);
    assert_eq!(processes_in(&namespace), BTreeSet::new());
}

#[test]
fn no_process_outlives_a_test_that_was_killed() {
    if std::env::var_os(TO_BE_KILLED).is_some() {
        let browser = Browser::start().unwrap();
        eprintln!("profile {}", browser.profile().display());
        loop {
            std::thread::park();
        }
    }
    let own_name = "browser::tests::end::no_process_outlives_a_test_that_was_killed";
    let mut test = Command::new(std::env::current_exe().unwrap())
        .args([own_name, "--exact", "--nocapture"])
        .env(TO_BE_KILLED, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(test.stderr.take().unwrap()).lines();
    let mut profiles = lines.filter_map(|line| Some(line.ok()?.strip_prefix("profile ")?.into()));
    let profile: String = profiles.next().expect("the test starts a browser");
    let namespace = namespace_of(&profile);
    assert!(processes_in(&namespace).len() > 2);

    test.kill().unwrap();
    test.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while !processes_in(&namespace).is_empty() {
        assert!(Instant::now() < deadline, "they are still there");
        std::thread::sleep(Duration::from_millis(10));
    }
    // The profile was in memory: only the empty place for it is left.
    let place = PathBuf::from(profile);
    assert!(!place.exists());
    fs::remove_dir_all(place.parent().unwrap()).unwrap();
}

/// The process namespace of the browser with this profile.
pub(super) fn namespace_of(profile: &str) -> PathBuf {
    let has = |pid: &u32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(profile)
    };
    let browser = pids().find(has).expect("the browser runs");
    fs::read_link(format!("/proc/{browser}/ns/pid")).unwrap()
}

pub(super) fn processes_in(namespace: &PathBuf) -> BTreeSet<u32> {
    let within =
        |pid: &u32| fs::read_link(format!("/proc/{pid}/ns/pid")).is_ok_and(|at| at == *namespace);
    pids().filter(within).collect()
}

fn pids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}
