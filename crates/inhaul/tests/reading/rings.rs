//! An inhaul that reads itself, and two that read each other: no message is multiplied, and none
//! is lost.

use crate::from_another::read_from;
use crate::house::{House, Served, inbox, octets_of};
use crate::installation::{Installation, LOCAL_PASSWORD, assert_each_once};

fn letters(count: u32) -> Vec<Vec<u8>> {
    let letter = |number| {
        format!(
            "From: ann@example.org\r\nMessage-ID: <{number}@example.org>\r\n\
             Subject: letter {number}\r\n\r\nThis is letter {number}.\r\n"
        )
    };
    (1..=count)
        .map(|number| letter(number).into_bytes())
        .collect()
}

/// anna reads anna.
fn read_itself(house: &House, served: &Served, more: &[&str]) {
    let at = served.plain.to_string();
    let how = ["--server", &at, "--security=none", "--no-test"];
    let words = [&how[..], more].concat();
    let added = house
        .home
        .try_retrieval("self", "anna", "anna", LOCAL_PASSWORD, &words);
    assert!(added.status.success(), "{added:?}");
}

#[test]
fn an_account_that_reads_itself_keeps_what_it_has() {
    for retention in ["--after-storing=keep", "--after-storing=delete"] {
        let house = House::holding(&letters(3));
        let served = house.serve();
        read_itself(&house, &served, &["--every=never", retention]);
        for _ in 0..3 {
            let (_, pulled) = house.home.pull_with(&["self"]);
            assert_eq!((pulled.new, pulled.deleted), (0, 0), "{retention}");
        }
        let held = octets_of(&inbox(&house.home, "anna"));
        assert_each_once(&letters(3), &held);
    }
}

#[test]
fn a_message_that_came_around_is_recorded_with_that_reason() {
    let house = House::holding(&letters(1));
    let served = house.serve();
    read_itself(&house, &served, &["--every=never"]);
    house.home.pull_with(&["self"]);
    let name = &inbox(&house.home, "anna")[0].unique_id;
    let document = house.home.json(&["where", name]);
    let found = document["found"].as_array().unwrap();
    assert_eq!(found.len(), 1, "{document}");
    assert_eq!(found[0]["state"], "left-out");
    let reason = found[0]["reason"].as_str().unwrap();
    assert!(reason.contains("loop"), "{reason}");
}

/// anna's house and bob's, each reading the other's account.
struct Ring {
    anna: House,
    bob: Installation,
    _served: [Served; 2],
}

impl Ring {
    fn of(letters: &[Vec<u8>], more: &[&str]) -> Self {
        let anna = House::holding(letters);
        let at_anna = anna.serve();
        let bob = Installation::alone().account("bob");
        let at_bob = Served::start(&bob);
        read_from(&bob, "around", &at_anna, "anna", more);
        let at = at_bob.plain.to_string();
        let how = ["--server", &at, "--security=none", "--every=never"];
        let words = [&how[..], more].concat();
        let added = anna
            .home
            .try_retrieval("around", "bob", "anna", LOCAL_PASSWORD, &words);
        assert!(added.status.success(), "{added:?}");
        Self {
            anna,
            bob,
            _served: [at_anna, at_bob],
        }
    }

    /// Once around: how many messages each of them took for new.
    fn turn(&self) -> [u64; 2] {
        let (_, bob) = self.bob.pull_with(&["around"]);
        let (_, anna) = self.anna.home.pull_with(&["around"]);
        [bob.new, anna.new]
    }

    fn held(&self) -> [Vec<Vec<u8>>; 2] {
        [
            octets_of(&inbox(&self.bob, "bob")),
            octets_of(&inbox(&self.anna.home, "anna")),
        ]
    }
}

#[test]
fn a_ring_of_two_gives_each_its_copy_and_no_more() {
    let ring = Ring::of(&letters(3), &[]);
    assert_eq!(ring.turn(), [3, 0]);
    for _ in 0..3 {
        assert_eq!(ring.turn(), [0, 0]);
    }
    for held in ring.held() {
        assert_each_once(&letters(3), &held);
    }
    // New mail goes around as far as the other one.
    let more = b"From: ann@example.org\r\nMessage-ID: <9@example.org>\r\n\r\nnews\r\n";
    ring.anna.mailbox.append(&more[..]);
    assert_eq!(ring.anna.home.pull("isp").new, 1);
    assert_eq!(ring.turn(), [1, 0]);
    assert_eq!(ring.turn(), [0, 0]);
}

/// Each of them has what the other one does not have any more: mail moves, and that is all.
#[test]
fn a_ring_of_two_that_deletes_neither_loses_nor_multiplies() {
    let ring = Ring::of(&letters(3), &["--after-storing=delete"]);
    for _ in 0..4 {
        ring.turn();
        assert_each_once(&letters(3), &ring.held().concat());
    }
}
