//! Unique-ids that unlike messages share, and sizes that change from one session to the next.

use std::collections::HashSet;

use inhaul_testkit::{LabServer, Make};

use super::{letters, pulled, retrieval, start};
use crate::installation::{Installation, assert_each_once};

/// Letters whose header is the same, so that servers who make unique-ids of the header give them
/// the same; those of one `kind` have the same size as well.
fn alike(kind: &str, numbers: std::ops::Range<u32>) -> Vec<Vec<u8>> {
    let letter = |n| {
        format!(
            "Received: from a by b; Sat, 14 Mar 2026 10:22:07 +0000\r\nFrom: ann@example.org\r\n\
             Date: Sat, 14 Mar 2026 10:22:06 +0000\r\nMessage-ID: <alike@example.org>\r\n\
             Subject: alike\r\n\r\n{kind} {n:05}\r\n"
        )
    };
    numbers.map(|n| letter(n).into_bytes()).collect()
}

fn ids(server: &LabServer) -> Vec<String> {
    let mut session = server.sign_in("u1").unwrap();
    let ids = session.uidl().unwrap();
    session.quit().unwrap();
    ids
}

fn delete(server: &LabServer, numbers: &[usize]) {
    let mut session = server.sign_in("u1").unwrap();
    for number in numbers {
        session.dele(*number).unwrap();
    }
    session.quit().unwrap();
}

fn doubled_ids_lose_nothing(make: Make) {
    let mut server = start(make);
    let mut all = letters(0..3);
    all.extend(alike("small", 0..4));
    all.extend(alike("a larger one", 0..4));
    // The very same octets once more: two messages.
    all.extend(alike("small", 0..1));
    server.fill("u1", &all).unwrap();
    let ids = ids(&server);
    let distinct: HashSet<_> = ids.iter().collect();
    assert!(distinct.len() <= 5, "no ids are doubled here: {ids:?}");
    let home = Installation::new().account("anna");
    retrieval(&home, &server, "isp", &[]);
    assert_eq!(home.pull("isp"), pulled(12, 12, 0));
    let mut ever = server.retr_all("u1").unwrap();
    assert_each_once(&ever, &home.messages("anna"));
    assert_eq!(home.pull("isp"), pulled(12, 0, 0));

    // New ones that share the id, and some of them the size, with what is known.
    let new = [alike("small", 4..6), alike("another size again", 0..2)].concat();
    server.fill("u1", &new).unwrap();
    assert_eq!(home.pull("isp"), pulled(16, 4, 0));
    let there = server.retr_all("u1").unwrap();
    ever.extend_from_slice(&there[12..]);
    assert_each_once(&ever, &home.messages("anna"));

    // Some go by another program's doing, new ones come: numbers move, ids tell nothing.
    delete(&server, &[2, 5, 9]);
    server.fill("u1", alike("small", 6..8)).unwrap();
    assert_eq!(home.pull("isp"), pulled(15, 2, 0));
    let there = server.retr_all("u1").unwrap();
    ever.extend_from_slice(&there[13..]);
    assert_each_once(&ever, &home.messages("anna"));

    let change = [
        "retrieval",
        "set",
        "isp",
        "--after-storing",
        "delete",
        "--yes",
    ];
    home.inhaul.ok(&change).unwrap();
    server.fill("u1", alike("small", 8..9)).unwrap();
    ever.push(server.retr_all("u1").unwrap().pop().unwrap());
    assert_eq!(home.pull("isp"), pulled(16, 1, 16));
    assert_eq!(server.count("u1").unwrap(), 0);
    assert_each_once(&ever, &home.messages("anna"));
}

#[test]
fn doubled_ids_of_popa3d_lose_nothing() {
    doubled_ids_lose_nothing(Make::Popa3d);
}

#[test]
fn doubled_ids_of_solid_lose_nothing() {
    doubled_ids_lose_nothing(Make::Solid);
}

/// Nothing tells the new message from the old one, whose deletion the server confirmed a moment
/// ago, but its octets; and for those nobody asks.
#[test]
#[ignore = "not so yet: a look-alike of what the last pull deleted goes with it, unread"]
fn a_look_alike_of_what_was_just_deleted_is_new() {
    for make in [Make::Popa3d, Make::Solid] {
        let mut server = start(make);
        let home = Installation::new().account("anna");
        retrieval(&home, &server, "isp", &["--after-storing", "delete"]);
        let mut ever = Vec::new();
        for letter in [
            alike("one", 0..1),
            alike("one", 1..2),
            alike("longer", 2..3),
        ] {
            server.fill("u1", &letter).unwrap();
            ever.extend(server.retr_all("u1").unwrap());
            let report = home.pull("isp");
            println!("{}: {report:?}", make.name());
        }
        assert_each_once(&ever, &home.messages("anna"));
    }
}

/// GNU mailutils writes the unique-id into each message that is asked for it: what was brought at
/// first is larger the next time, and is the same message.
#[test]
fn a_field_that_mailutils_adds_makes_no_new_message() {
    let mut server = start(Make::Mailutils);
    server.fill("u1", letters(0..30)).unwrap();
    let home = Installation::new().account("anna");
    retrieval(&home, &server, "isp", &["--no-test"]);
    let size = |server: &LabServer| {
        let mut session = server.sign_in("u1").unwrap();
        let (_, size) = session.stat().unwrap();
        session.quit().unwrap();
        size
    };
    let before = size(&server);
    assert_eq!(home.pull("isp"), pulled(30, 30, 0));
    let after = size(&server);
    println!("{before} octets before the first pull, {after} behind it");
    assert!(after > before, "this mailutils adds nothing");
    assert_eq!(home.pull("isp"), pulled(30, 0, 0));
    server.fill("u1", letters(30..35)).unwrap();
    assert_eq!(home.pull("isp"), pulled(35, 5, 0));
    assert_eq!(home.pull("isp"), pulled(35, 0, 0));
    let stored = home.messages("anna");
    assert_each_once(
        &letters(0..35),
        &stored
            .iter()
            .map(|m| without_additions(m))
            .collect::<Vec<_>>(),
    );

    let change = [
        "retrieval",
        "set",
        "isp",
        "--after-storing",
        "delete",
        "--yes",
    ];
    home.inhaul.ok(&change).unwrap();
    assert_eq!(home.pull("isp"), pulled(35, 0, 35));
    assert_eq!(server.count("u1").unwrap(), 0);
    assert_each_once(&stored, &home.messages("anna"));
}

/// A letter without the fields that GNU mailutils adds to it.
fn without_additions(message: &[u8]) -> Vec<u8> {
    let added = |line: &&[u8]| {
        let names: [&[u8]; 4] = [b"X-UIDL:", b"X-IMAPbase:", b"X-UID:", b"Status:"];
        names.iter().any(|name| line.starts_with(name))
    };
    let lines = message.split_inclusive(|&octet| octet == b'\n');
    lines
        .filter(|line| !added(line))
        .flatten()
        .copied()
        .collect()
}
