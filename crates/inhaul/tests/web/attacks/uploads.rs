//! Bodies and heads that are larger than anything somebody has to say.

use std::fs::File;
use std::process::Command;

use super::siege::{Memory, house, is_logged, is_served, kept, visitor};
use super::wire::{Visitor, Wire};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
const JSON: &str = "Content-Type: application/json\r\n";

const GB: usize = 1 << 30;

/// Sends pieces until the other side takes no more, or a GB is gone.
fn pour(wire: &mut Wire, piece: &[u8]) -> usize {
    let mut sent = 0;
    while sent < GB && wire.send(piece) {
        sent += piece.len();
    }
    sent
}

#[test]
fn a_gigabyte_is_refused_wherever_and_by_whomever_it_is_sent() {
    let house = house();
    let before = kept(&house.home);
    let (stranger, alice) = (Visitor::stranger(&house), visitor(&house, "alice"));
    let root = visitor(&house, "root");
    let memory = Memory::watch(&house);
    let block = [b'a'; 64 * 1024];
    let chunk = [b"10000\r\n".as_slice(), &block, b"\r\n"].concat();
    for (who, path, kind) in [
        (&stranger, "/sign-in", FORM),
        (&stranger, "/setup", FORM),
        (&stranger, "/nothing/here", FORM),
        (&stranger, "/api/v1/detect", JSON),
        (&stranger, "/api/v1/nothing", JSON),
        (&alice, "/preferences/password", FORM),
        (&alice, "/retrievals/add", FORM),
        (&alice, "/api/v1/detect", JSON),
        (&root, "/manage/accounts/add", FORM),
        (&root, "/api/v1/accounts", JSON),
    ] {
        for (way, piece) in [
            (format!("Content-Length: {GB}\r\n\r\n"), &block[..]),
            ("Transfer-Encoding: chunked\r\n\r\n".to_owned(), &chunk),
        ] {
            let mut wire = Wire::to(&house);
            let head = who.head("POST", path) + kind + &way;
            assert!(wire.send(head.as_bytes()));
            let sent = pour(&mut wire, piece);
            assert!(sent < GB / 16, "{path}: {sent} octets were taken");
            // Whether its sender still hears why depends on who is faster.
            let text = wire.rest();
            assert!(text.matches("HTTP/1.1 ").count() <= 1, "{path}: {text}");
            let is_refused = text.is_empty() || text.starts_with("HTTP/1.1 4");
            assert!(is_refused, "{path}: {text}");
        }
        is_served(&house);
    }
    memory.assert_bounded();
    is_logged(&house, "refused: a request with too large a body");
    assert_eq!(kept(&house.home), before);
}

#[test]
fn who_announces_a_gigabyte_or_sends_a_little_too_much_reads_why_it_is_refused() {
    let house = house();
    let alice = visitor(&house, "alice");
    for length in [GB, 5 << 20] {
        for (path, kind, words) in [
            (
                "/preferences/look",
                FORM,
                "larger than anything this server takes",
            ),
            ("/api/v1/detect", JSON, "request-too-large"),
        ] {
            let mut wire = Wire::to(&house);
            let head = alice.head("POST", path) + kind;
            assert!(wire.send(format!("{head}Content-Length: {length}\r\n\r\n").as_bytes()));
            let text = wire.rest();
            assert!(text.starts_with("HTTP/1.1 413 "), "{path}: {text}");
            assert!(text.contains(words), "{path}: {text}");
        }
    }
    let long = "a".repeat(300 * 1024);
    let answer = alice.post("/preferences/look", &[("theme", &long)]);
    assert_eq!(answer.status, 413, "{answer:?}");
    let answer = alice.send(
        "POST",
        "/api/v1/detect",
        &serde_json::json!({ "address": long }),
    );
    assert_eq!(answer.status, 413, "{answer:?}");
    assert!(answer.body.contains("request-too-large"), "{answer:?}");
}

#[test]
fn curl_with_a_file_of_a_gigabyte_is_told_so_before_it_sends_it() {
    let house = house();
    let file = house.home.beside("large");
    File::create(&file).unwrap().set_len(GB as u64).unwrap();
    for path in ["/sign-in", "/api/v1/accounts"] {
        let curl = Command::new("curl")
            .args([
                "-sS",
                "-o",
                "/dev/null",
                "-w",
                "%{http_code} %{size_upload}",
            ])
            .args(["--expect100-timeout", "100", "-T"])
            .args([file.to_str().unwrap(), "-X", "POST", &house.at(path)])
            .output()
            .unwrap();
        let said = String::from_utf8(curl.stdout).unwrap();
        assert_eq!(
            said,
            "413 0",
            "{path}: {}",
            String::from_utf8_lossy(&curl.stderr)
        );
    }
}

#[test]
fn uploads_that_stop_in_the_middle_hold_up_nobody_and_little_memory() {
    let house = house();
    let alice = visitor(&house, "alice");
    let memory = Memory::watch(&house);
    let half = vec![b'a'; 128 * 1024];
    let stopped: Vec<_> = (0..100)
        .map(|_| {
            let mut wire = Wire::to(&house);
            let head = alice.head("POST", "/preferences/look") + FORM;
            wire.send(format!("{head}Content-Length: 262144\r\n\r\n").as_bytes());
            wire.send(&half);
            wire
        })
        .collect();
    for _ in 0..20 {
        is_served(&house);
        assert_eq!(alice.get("/preferences").status, 200);
    }
    memory.assert_bounded();
    drop(stopped);
    is_served(&house);
}

#[test]
fn a_head_that_is_too_large_is_refused_and_logged() {
    let house = house();
    let memory = Memory::watch(&house);
    let start = "GET /sign-in HTTP/1.1\r\nHost: a\r\n";
    let long = "a".repeat(64 * 1024);
    for (what, head) in [
        (
            "many lines",
            start.to_owned() + &"X-Some: thing\r\n".repeat(5_000),
        ),
        (
            "more lines than there may be",
            start.to_owned() + &"X: y\r\n".repeat(101) + "\r\n",
        ),
        ("a long line", format!("{start}X-Long: {long}\r\n\r\n")),
        ("a long name", format!("{start}{long}: a\r\n\r\n")),
        (
            "a long cookie",
            format!("{start}Cookie: inhaul={long}\r\n\r\n"),
        ),
        (
            "a long path",
            format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"),
        ),
        (
            "a long query",
            format!("GET /sign-in?to=/{long} HTTP/1.1\r\nHost: a\r\n\r\n"),
        ),
        (
            "a long method",
            format!("{long} / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ),
    ] {
        let mut wire = Wire::to(&house);
        wire.send(head.as_bytes());
        let text = wire.rest();
        let is_refused = text.is_empty() || text.starts_with("HTTP/1.1 4");
        assert!(is_refused, "{what}: {text}");
        assert!(text.matches("HTTP/1.1 ").count() <= 1, "{what}: {text}");
    }
    let mut endless = Wire::to(&house);
    endless.send(start.as_bytes());
    let sent = pour(
        &mut endless,
        "X-Some: more of it\r\n".repeat(1_000).as_bytes(),
    );
    assert!(sent < GB / 16, "{sent}");
    is_served(&house);
    memory.assert_bounded();
    is_logged(&house, "refused: a request with too large a head");
}
