//! A running server that is attacked, and what must be true of it afterwards.

use std::fs;

use serde_json::Value;

use super::wire::Visitor;
use crate::house::House;
use crate::installation::{Installation, LOCAL_PASSWORD, wait_until};

/// A server with the administrator root, and the people alice and bob. No proxy is in front of it:
/// usually this machine is believed to be one.
pub(crate) fn house() -> House {
    house_of(unproxied())
}

/// An installation that believes nobody who says for whom they speak.
pub(crate) fn unproxied() -> Installation {
    Installation::alone().env("INHAUL_SERVER__TRUSTED_PROXIES", "192.0.2.1/32")
}

/// The same over this installation.
pub(crate) fn house_of(home: Installation) -> House {
    let house = House::of(home);
    for words in [
        &["account", "add", "root", "--admin", "--password-stdin"][..],
        &["account", "add", "alice", "--password-stdin"],
        &["account", "add", "bob", "--password-stdin"],
    ] {
        let inhaul = &house.home.inhaul;
        inhaul.ok_with_input(words, LOCAL_PASSWORD).unwrap();
    }
    house
}

/// Somebody of the house, signed in.
pub(crate) fn visitor(house: &House, name: &str) -> Visitor {
    Visitor::signed_in(house, name, LOCAL_PASSWORD)
}

/// What is kept: everything that a page could change.
#[track_caller]
pub(crate) fn kept(home: &Installation) -> [Value; 3] {
    let mut accounts = home.json(&["account", "list"]);
    // When somebody was seen last is no setting.
    forget_times(&mut accounts);
    let mut retrievals = home.json(&["retrieval", "list"]);
    forget_times(&mut retrievals);
    let groups = home.json(&["group", "list"]);
    [accounts, retrievals, groups]
}

fn forget_times(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !name.contains("last") && !name.contains("next"));
            fields.values_mut().for_each(forget_times);
        }
        Value::Array(all) => all.iter_mut().for_each(forget_times),
        _ => {}
    }
}

/// Waits until the log says this.
#[track_caller]
pub(crate) fn is_logged(house: &House, words: &str) {
    wait_until(&format!("the log says {words:?}"), || {
        house.home.inhaul.ok(&["log"]).unwrap().contains(words)
    });
}

/// A stranger is served as ever.
#[track_caller]
pub(crate) fn is_served(house: &House) {
    let answer = Visitor::stranger(house).get("/sign-in");
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// Every page of the database is as it was written. The server must have ended.
pub(crate) fn assert_whole(home: &Installation) {
    let database = rusqlite::Connection::open(home.data().join("inhaul.db")).unwrap();
    let check = "PRAGMA integrity_check";
    let told: String = database.query_row(check, [], |row| row.get(0)).unwrap();
    assert_eq!(told, "ok");
    let keys = "SELECT count(*) FROM pragma_foreign_key_check";
    let broken: i64 = database.query_row(keys, [], |row| row.get(0)).unwrap();
    assert_eq!(broken, 0);
}

/// How much memory the server has had since [`Memory::watch`], more than before.
pub(crate) struct Memory {
    process: u32,
    before: u64,
}

impl Memory {
    pub(crate) fn watch(house: &House) -> Self {
        let process = house.process();
        // From now on the peak is that of what follows (proc(5)).
        fs::write(format!("/proc/{process}/clear_refs"), "5").unwrap();
        let before = kibibytes(process, "VmRSS:");
        Self { process, before }
    }

    #[track_caller]
    pub(crate) fn assert_bounded(&self) {
        self.assert_below(MORE_MOST);
    }

    /// Not so many KiB more than before.
    #[track_caller]
    pub(crate) fn assert_below(&self, most: u64) {
        let peak = kibibytes(self.process, "VmHWM:");
        let more = peak.saturating_sub(self.before);
        assert!(more < most, "{more} KiB more than {}", self.before);
    }
}

fn kibibytes(process: u32, what: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let number = line.unwrap().trim().split(' ').next().unwrap();
    number.parse().unwrap()
}

/// KiB: what some hundred connections and pages may cost, and far less than what is sent at it.
const MORE_MOST: u64 = 64 * 1024;
