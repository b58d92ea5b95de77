//! Codes that no remote server provokes: this server's disk and keys, its limits, its data (A4).

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};

use inhaul_sample::Tls;
use inhaul_sample::switches::Greeting;
use inhaul_types::ErrorCode;
use inhaul_types::ErrorCode::*;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::faces::{Expected, assert_alike};
use crate::forms::Browser;
use crate::house::{House, add};
use crate::installation::{Installation, LOCAL_PASSWORD, document};
use crate::peers::{Peers, letter};
use crate::text::{assert_readable, seen};

/// Codes that come up here.
pub(crate) const COVERED: &[ErrorCode] = &[
    DiskFull,
    WrongKey,
    ServerNotAllowed,
    QueueFull,
    DataInUse,
    DataTooNew,
    DataDamaged,
];

/// The one name that these cards have.
const THIS_SERVER: &str = "127.0.0.1";

#[test]
fn a_full_disk_is_told_alike() {
    let mut peers = Peers::new();
    let house = House::on_a_full_disk();
    let (remote, mailbox) = peers.mailbox(|_| ());
    mailbox.append(letter(1, 500));
    house.add("isp", &remote);
    let expected = Expected {
        code: DiskFull,
        exit: 74,
        title: "This server's disk is full",
        step: "Free space on the disk of ",
        server: "mail waits on the remote servers",
    };
    assert_alike(&house, "isp", &expected);
    assert_eq!(mailbox.sign_ins().accepted, 0, "no run is begun");
}

#[test]
fn a_key_that_opens_no_password_is_told_alike() {
    let mut peers = Peers::new();
    let remote = peers.plain(|_| ());
    let break_key = |home: &Installation| {
        add(home, "isp", &remote);
        let key = home.data().join("secret.key");
        let other: Vec<u8> = fs::read(&key).unwrap().iter().map(|it| it ^ 1).collect();
        fs::write(&key, other).unwrap();
    };
    let house = House::prepared(break_key, |home| home);
    let expected = Expected {
        code: WrongKey,
        exit: 78,
        title: "The stored passwords cannot be opened",
        step: "Put the right key back into ",
        server: "secret.key",
    };
    assert_alike(&house, "isp", &expected);
}

#[test]
fn a_server_that_a_person_may_not_name_is_told_alike() {
    let mut peers = Peers::new();
    let house = House::new();
    let at = peers.server(Tls::Absent).address();
    let everyone = ["group", "set", "Everyone"];
    let group = |option: &str| {
        house
            .home
            .inhaul
            .ok(&[&everyone[..], &[option]].concat())
            .unwrap();
    };
    group("--users-may=edit,plain,private-networks");
    let mut anna = Browser::at(&house.server);
    anna.sign_in("anna", LOCAL_PASSWORD);
    let new = json!({
        "name": "club", "server": at.to_string(), "security": "none", "user": "u1",
        "password": "secret", "every": "never", "test": false,
    });
    let (status, made) = anna.send_data("POST", "/api/v1/retrievals", &new);
    assert_eq!(status, 201, "{made}");
    group("--users-may=edit,plain");
    let expected = Expected {
        code: ServerNotAllowed,
        exit: 77,
        title: "127.0.0.1 may not be used here",
        step: "Check the name and the port of the server",
        server: THIS_SERVER,
    };
    assert_alike(&house, "club", &expected);
}

/// Nothing is begun, so that nothing is recorded: whoever asked is told, each by the same code.
#[test]
fn a_full_queue_is_told_to_whoever_asked() {
    let mut peers = Peers::new();
    let house = House::with(|home| {
        let home = home.env("INHAUL_CHECKS__AT_ONCE", "1");
        home.env("INHAUL_CHECKS__QUEUE", "1")
    });
    // One that never says a word, and one that waits for its turn behind it.
    for name in ["mute", "waits"] {
        house.add(name, &peers.plain(|it| it.greeting = Greeting::Missing));
        let id = &house.api(name)["id"];
        let check = format!("/api/v1/retrievals/{id}/check");
        let (status, answer) = house.pages().send_data("POST", &check, &Value::Null);
        assert_eq!(status, 202, "{answer}");
    }
    house.add("isp", &peers.plain(|_| ()));
    let (exit, report) = house.pull("isp");
    assert_eq!(exit, Some(75), "{report}");
    assert_eq!(report["code"], QueueFull.as_str());
    assert_eq!(report["title"], "Too many checks are waiting");

    let id = house.api("isp")["id"].as_i64().unwrap();
    let check = format!("/api/v1/retrievals/{id}/check");
    let (status, problem) = house.pages().send_data("POST", &check, &Value::Null);
    assert_eq!(status, 409, "{problem}");
    assert_eq!(problem["code"], QueueFull.as_str());
    let what = problem["what"].as_str().unwrap();
    assert_readable(what);
    let page = house
        .pages()
        .post(&format!("/manage/retrievals/{id}/check"));
    assert_eq!(page.status, 409, "{page:?}");
    assert!(seen(&page.body).contains(what), "{page:?}");
    // Nobody has to be waited for.
    drop(peers);
}

/// Where no server runs, there is no page: the command that would start it says why.
#[track_caller]
fn does_not_start(home: &Installation, code: ErrorCode, exit: i32, title: &str) {
    let finished = home.fails(&["serve", "--json"], exit);
    let card = document(&finished.stdout);
    assert_eq!(card["code"], code.as_str(), "{card}");
    assert_eq!(card["title"], title, "{card}");
    assert!(card["do"][0].is_string() && card["next"].is_string());
    let told = home.fails(&["serve"], exit);
    assert_readable(&told.stderr);
    assert!(told.stderr.contains(title), "{told:?}");
    assert!(told.stderr.contains(code.as_str()), "{told:?}");
}

#[test]
fn a_server_that_cannot_have_its_data_says_why_and_does_not_start() {
    let house = House::new();
    let in_use = "This has to wait: another inhaul uses the data directory";
    does_not_start(&house.home, DataInUse, 75, in_use);

    let home = Installation::new().account("anna");
    let database = home.data().join("inhaul.db");
    let version = |version: i64| {
        let database = Connection::open(&database).unwrap();
        let before = database.pragma_query_value(None, "user_version", |row| row.get(0));
        database
            .pragma_update(None, "user_version", version)
            .unwrap();
        let done = database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        done.unwrap();
        before.unwrap()
    };
    let was: i64 = version(9_999);
    let newer = "The data directory is of a newer inhaul";
    does_not_start(&home, DataTooNew, 78, newer);
    version(was);

    let mut file = fs::OpenOptions::new().write(true).open(&database).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.write_all(&[0x5a; 4096]).unwrap();
    drop(file);
    does_not_start(&home, DataDamaged, 74, "The data directory is damaged");
}
