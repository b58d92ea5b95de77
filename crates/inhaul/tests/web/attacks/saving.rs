//! What is saved on a page is saved whole or not at all: the server is killed in the middle of it, and
//! its disk is full.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

use super::siege::{assert_whole, house, house_of, kept, visitor};
use super::wire::{Visitor, Wire};
use crate::house::House;
use crate::installation::{LOCAL_PASSWORD, wait_until};
use crate::namespace::SmallDisk;

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// Adds an account by the form, where the server may be gone at any moment. Whether it said so.
fn add(root: &Visitor, address: SocketAddr, name: &str) -> bool {
    let Ok(mut wire) = Wire::try_at(address) else {
        return false;
    };
    let body = format!("name={name}");
    let head = root.head("POST", "/manage/accounts/add") + FORM + "Connection: close\r\n";
    let length = body.len();
    wire.send(format!("{head}Content-Length: {length}\r\n\r\n{body}").as_bytes());
    wire.rest().starts_with("HTTP/1.1 303 ")
}

fn names(house: &House) -> BTreeSet<String> {
    let [accounts, ..] = kept(&house.home);
    let accounts = accounts["accounts"].as_array().unwrap().iter();
    accounts
        .map(|account| account["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn what_a_page_said_is_saved_is_there_after_a_kill_and_nothing_is_half_there() {
    let mut house = house();
    let saved = Mutex::new(BTreeSet::new());
    for round in 0..3 {
        let root = visitor(&house, "root");
        let address = house.address();
        let count = AtomicUsize::new(0);
        let (tried, home) = thread::scope(|scope| {
            let (root, saved, count) = (&root, &saved, &count);
            let saving = scope.spawn(move || {
                let names = (0..).map(|number| format!("kill{round}-{number}"));
                for name in names {
                    if !add(root, address, &name) {
                        return name;
                    }
                    saved.lock().unwrap().insert(name);
                    count.fetch_add(1, Ordering::SeqCst);
                }
                unreachable!("the server is killed before")
            });
            wait_until("some are saved", || {
                count.load(Ordering::SeqCst) >= 5 + round
            });
            let home = house.kill();
            (saving.join().unwrap(), home)
        });
        assert_whole(&home);
        house = House::of(home);
        let there = names(&house);
        let said = saved.lock().unwrap().clone();
        assert!(
            there.is_superset(&said),
            "lost: {:?}",
            said.difference(&there)
        );
        let mut more: Vec<_> = there.difference(&said).cloned().collect();
        more.retain(|name| name.starts_with("kill"));
        // The one that was not answered may be there, whole.
        assert!(more.is_empty() || more == [tried], "{more:?}");
        saved.lock().unwrap().extend(more);
    }
}

#[test]
fn a_form_that_finds_the_disk_full_says_so_and_saves_nothing_until_there_is_room() {
    let disk = SmallDisk::new(64 << 20);
    let house = house_of(disk.installation());
    let root = visitor(&house, "root");
    let mailbox = json!({
        "name": "club", "server": "pop.example.org", "user": "u", "password": "p", "test": false,
        "paused": true,
    });
    let added = root.send("POST", "/api/v1/retrievals", &mailbox);
    assert_eq!(added.status, 201, "{added:?}");
    let added: Value = serde_json::from_str(&added.body).unwrap();
    let club = format!("/api/v1/retrievals/{}", added["id"]);
    let before = kept(&house.home);
    disk.leave_free(4096);

    // What little room there is may take some; each is saved and said to be, or neither.
    let mut refused = 0;
    for number in 0..20 {
        let name = format!("full{number}");
        let answer = root.post(
            "/manage/accounts/add",
            &[("name", &name), ("password", LOCAL_PASSWORD)],
        );
        match answer.status {
            303 => assert!(names(&house).contains(&name), "{name}"),
            503 => {
                refused += 1;
                assert!(answer.body.contains("disk"), "{answer:?}");
                assert!(!names(&house).contains(&name), "{name}");
            }
            _ => panic!("{answer:?}"),
        }
    }
    assert!(refused > 0, "the disk has room");
    let renamed = json!({ "name": "other" });
    let answer = root.send("PATCH", &club, &renamed);
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.body.contains("disk-full"), "{answer:?}");
    let answer = root.post("/preferences/look", &[("theme", "dark")]);
    assert_eq!(answer.status, 503, "{answer:?}");
    // Whoever only looks is served, and nobody is let in by halves.
    assert_eq!(root.get("/retrievals").status, 200);
    assert_eq!(kept(&house.home)[1], before[1]);

    disk.resize(128 << 20);
    let answer = root.send("PATCH", &club, &renamed);
    assert_eq!(answer.status, 200, "{answer:?}");
    let name = [("name", "roomy"), ("password", LOCAL_PASSWORD)];
    let answer = root.post("/manage/accounts/add", &name);
    assert_eq!(answer.status, 303, "{answer:?}");
    assert!(names(&house).contains("roomy"));
}
