//! Somebody who is no administrator tries to make this server knock on doors inside its own network.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::thread;

use serde_json::{Value, json};

use super::siege::{house_of, is_logged, kept, visitor};
use super::wire::Visitor;
use crate::house::House;
use crate::installation::{Installation, wait_until};

/// A door inside: whoever knocks is counted. Its port is one that people may use, so that only the
/// address is against it.
struct Inside {
    listener: TcpListener,
    port: u16,
}

impl Inside {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        Self { listener, port }
    }

    fn house(&self) -> House {
        let home = Installation::alone();
        house_of(home.env("INHAUL_CHECKS__USER_PORTS", self.port.to_string()))
    }

    /// Nobody knocked: the kernel takes a connection whether or not it is accepted.
    #[track_caller]
    fn assert_quiet(&self, why: &str) {
        let knock = self.listener.accept();
        let error = knock.map(drop).expect_err(why);
        assert_eq!(error.kind(), ErrorKind::WouldBlock, "{why}");
    }

    /// Lets the next one in and hangs up.
    fn open_once(&self) -> thread::JoinHandle<()> {
        let listener = self.listener.try_clone().unwrap();
        listener.set_nonblocking(false).unwrap();
        thread::spawn(move || drop(listener.accept().unwrap()))
    }
}

/// Addresses as such: refused when they are typed.
const ADDRESSES: &[&str] = &[
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[fe80::1]",
    "[fc00::1]",
    "[::ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::]",
];

/// What the system takes for a name of this machine: refused when it is looked up.
const NAMES: &[&str] = &[
    "localhost",
    "LOCALHOST",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "127.1",
    "0",
];

/// A retrieval as a program sends it.
fn retrieval(name: &str, server: &str, port: u16) -> Value {
    json!({ "name": name, "server": server, "port": port, "user": "u", "password": "pass-word" })
}

#[track_caller]
fn is_refused(answer: &super::wire::Answer, host: &str) {
    assert!(matches!(answer.status, 403 | 422), "{host}: {answer:?}");
    assert!(
        ["server-not-allowed", "not-allowed", "not-understood"]
            .iter()
            .any(|code| answer.body.contains(code)),
        "{host}: {answer:?}"
    );
}

#[test]
fn a_program_of_a_person_reaches_no_private_address_whatever_it_is_called() {
    let inside = Inside::new();
    let house = inside.house();
    let alice = visitor(&house, "alice");
    let before = kept(&house.home);
    for host in ADDRESSES.iter().chain(NAMES) {
        let answer = alice.send(
            "POST",
            "/api/v1/retrievals",
            &retrieval("a", host, inside.port),
        );
        is_refused(&answer, host);
        inside.assert_quiet(host);
    }
    for address in [
        "u@localhost",
        "u@127.0.0.1",
        "u@[127.0.0.1]",
        "u@2130706433",
    ] {
        let sent = json!({ "address": address });
        let answer = alice.send("POST", "/api/v1/detect", &sent);
        assert_ne!(answer.status, 200, "{address}: {answer:?}");
        inside.assert_quiet(address);
    }
    assert_eq!(kept(&house.home), before);
    is_logged(&house, "refused: no public server");
}

#[test]
fn what_is_saved_without_a_test_is_judged_where_it_is_dialled() {
    let inside = Inside::new();
    let house = inside.house();
    let alice = visitor(&house, "alice");
    for host in ADDRESSES {
        let mut sent = retrieval("never", host, inside.port);
        sent["test"] = false.into();
        is_refused(&alice.send("POST", "/api/v1/retrievals", &sent), host);
    }
    for host in NAMES {
        let mut sent = retrieval(&format!("by {host}"), host, inside.port);
        sent["test"] = false.into();
        let answer = alice.send("POST", "/api/v1/retrievals", &sent);
        if answer.status == 422 {
            // It is no name that could be looked up.
            continue;
        }
        assert_eq!(answer.status, 201, "{host}: {answer:?}");
        let saved: Value = serde_json::from_str(&answer.body).unwrap();
        let at = format!("/api/v1/retrievals/{}", saved["id"]);

        let test = alice.send("POST", &format!("{at}/test"), &json!({}));
        assert!(test.body.contains("server-not-allowed"), "{host}: {test:?}");
        let check = alice.send("POST", &format!("{at}/check"), &json!({}));
        assert!(check.status < 300, "{host}: {check:?}");
        wait_until("its check has ended", || {
            let runs = alice.get(&format!("{at}/runs")).body;
            runs.contains("server-not-allowed")
        });
        let other = json!({ "server": "127.0.0.1", "port": inside.port, "password": "pass-word" });
        is_refused(&alice.send("PATCH", &at, &other), host);
        inside.assert_quiet(host);
    }
}

#[test]
fn a_person_with_a_browser_reaches_no_private_address_either() {
    let inside = Inside::new();
    let house = inside.house();
    let alice = visitor(&house, "alice");
    let port = inside.port.to_string();
    for host in ADDRESSES.iter().chain(NAMES) {
        let first = [
            ("address", "u@example.org"),
            ("password", "pass-word"),
            ("server", host),
        ];
        let begun = alice.post("/retrievals/add", &first);
        if begun.status == 422 {
            inside.assert_quiet(host);
            continue;
        }
        let server = begun.header("location").unwrap().to_owned();
        let chosen = [
            ("host", *host),
            ("port", &port),
            ("security", "tls"),
            ("user", "u"),
        ];
        let chosen = alice.post(&server, &chosen);
        let page = match chosen.header("location") {
            Some(test) => alice.get(test),
            None => chosen,
        };
        let why = [
            "may not be used here",
            "not a public address",
            "Write one such as",
        ];
        let is_told = why.iter().any(|why| page.body.contains(why));
        assert!(is_told, "{host}: {page:?}");
        inside.assert_quiet(host);
    }
    is_logged(&house, "refused: no public server");
    let kept = kept(&house.home);
    assert_eq!(kept[1]["retrievals"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_port_that_is_none_of_pop3_is_not_knocked_at() {
    let inside = Inside::new();
    let house = inside.house();
    let alice = visitor(&house, "alice");
    for port in [22, 25, 80, 443, 6379] {
        let answer = alice.send(
            "POST",
            "/api/v1/retrievals",
            &retrieval("a", "9.9.9.9", port),
        );
        assert!(
            answer.body.contains("server-not-allowed"),
            "{port}: {answer:?}"
        );
    }
}

/// Whether this server knocks there for them.
#[track_caller]
fn is_let(who: &Visitor, inside: &Inside) {
    let door = inside.open_once();
    let sent = retrieval("a", "127.0.0.1", inside.port);
    let answer = who.send("POST", "/api/v1/retrievals", &sent);
    // Nobody speaks POP3 there.
    assert_eq!(answer.status, 422, "{answer:?}");
    assert!(!answer.body.contains("not-allowed"), "{answer:?}");
    door.join().unwrap();
}

#[test]
fn an_administrator_and_a_group_that_may_reach_private_addresses() {
    let inside = Inside::new();
    let house = inside.house();
    is_let(&visitor(&house, "root"), &inside);
    let words = [
        "group",
        "set",
        "Everyone",
        "--users-may",
        "edit,private-networks",
    ];
    house.home.inhaul.ok(&words).unwrap();
    is_let(&visitor(&house, "alice"), &inside);
}
