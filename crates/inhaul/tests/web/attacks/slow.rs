//! Peers that take their time, and very many of them. That each is ended after its patience is shown
//! with a clock that jumps, in `web`; here they are there, and the others are served all the same.

use std::process::Command;

use super::siege::{Memory, house, is_logged, is_served, visitor};
use super::wire::Wire;
use crate::installation::wait_until;

#[test]
fn two_hundred_slow_ones_keep_nobody_waiting() {
    let house = house();
    let alice = visitor(&house, "alice");
    let memory = Memory::watch(&house);
    let head = format!(
        "GET /sign-in HTTP/1.1\r\nHost: a\r\nX-Slow: {}",
        "a".repeat(80)
    );
    let head = head.as_bytes();
    let body = alice.head("POST", "/preferences/look")
        + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9999\r\n\r\n";
    let many = "GET /help/sign-in HTTP/1.1\r\nHost: a\r\n\r\n".repeat(500);
    let mut slow = Vec::new();
    for number in 0..200 {
        let mut wire = Wire::to(&house);
        match number % 4 {
            // Nothing at all.
            0 => true,
            1 => wire.send(&head[..number / 8]),
            2 => wire.send(body.as_bytes()),
            // Asks, and never reads what is answered.
            _ => wire.send(many.as_bytes()),
        };
        slow.push(wire);
    }
    for round in 0..20 {
        for (number, wire) in slow.iter_mut().enumerate() {
            match number % 4 {
                1 => wire.send(&head[number / 8 + round..=number / 8 + round]),
                2 => wire.send(b"a"),
                _ => true,
            };
        }
        is_served(&house);
        let answer = alice.get("/");
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    memory.assert_bounded();
    drop(slow);
    is_served(&house);
}

#[test]
fn streams_that_nobody_reads_keep_nobody_waiting() {
    let house = house();
    let root = visitor(&house, "root");
    let memory = Memory::watch(&house);
    let follow = root.head("GET", "/manage/log/follow") + "\r\n";
    let mut unread: Vec<_> = (0..50).map(|_| Wire::to(&house)).collect();
    for wire in &mut unread {
        assert!(wire.send(follow.as_bytes()));
    }
    for _ in 0..50 {
        assert_eq!(root.get("/preferences").status, 200);
        // Each leaves a line in the log that everybody is sent.
        Wire::to(&house).send(b"nonsense\r\n\r\n");
    }
    is_served(&house);
    memory.assert_bounded();
}

#[test]
fn one_address_has_so_many_connections_and_takes_nobody_elses_place() {
    let house = house();
    let idle: Vec<_> = (0..500).map(|_| Wire::to(&house)).collect();
    wait_until("there is no place for one more", || {
        let mut wire = Wire::to(&house);
        wire.send(b"GET /sign-in HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        wire.rest().starts_with("HTTP/1.1 503 ")
    });
    // This machine has more than one address.
    let other = Command::new("curl")
        .args(["-sS", "-o", "/dev/null", "-w", "%{http_code}"])
        .args(["--interface", "127.0.0.2", &house.at("/sign-in")])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&other.stdout), "200", "{other:?}");
    is_logged(&house, "refused: too many connections");
    drop(idle);
    wait_until("there is a place again", || {
        let mut wire = Wire::to(&house);
        wire.send(b"GET /sign-in HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        wire.rest().starts_with("HTTP/1.1 200 ")
    });
}
