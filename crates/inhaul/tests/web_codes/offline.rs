//! The machine's network is cut for an hour (A6): nothing that fails then counts, the pages say it
//! in one banner, and all that is due runs within two minutes when the network is back.
//!
//! What is cut is the name service: nobody answers for the names of three remote servers.

use std::thread::sleep;
use std::time::{Duration, Instant};

use inhaul_sample::Tls;
use serde_json::Value;

use crate::house::House;
use crate::installation::wait_until;
use crate::peers::{Peers, Remote, letter, user_at};
use crate::text::seen;

const MINUTE: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_millis(100);
const NAMES: [&str; 3] = ["pop.one.example", "pop.two.example", "pop.three.example"];
const BANNER: &str = "This server has no internet connection since";

/// The retrievals as programs are told of them.
fn retrievals(house: &House) -> Vec<Value> {
    let all = house.pages().data("GET", "/api/v1/retrievals");
    all["retrievals"].as_array().unwrap().clone()
}

fn banners(house: &House) -> usize {
    let page = house.pages().get("/manage");
    assert_eq!(page.status, 200, "{page:?}");
    seen(&page.body).matches(BANNER).count()
}

#[test]
fn an_hour_without_a_network_is_nobodys_failure() {
    let mut peers = Peers::new();
    let (house, clock) = House::out_of_reach();
    for (name, number) in NAMES.iter().zip(1..) {
        let at = peers.server(Tls::Absent).address();
        peers
            .last()
            .mailbox(&user_at(at))
            .append(letter(number, 500));
        let remote = Remote::named(&format!("{name}:{}", at.port()), "none");
        house.add(name, &remote.of(peers.last()).with("--every=10m"));
    }
    wait_until("it is known that the network is cut", || {
        banners(&house) > 0
    });
    // An hour of it.
    for _ in 0..6 {
        clock.advance(10 * MINUTE).unwrap();
        assert_eq!(banners(&house), 1);
        for one in retrievals(&house) {
            assert_eq!(one["failures"], 0, "{one}");
            assert_eq!(one["failing_since"], Value::Null, "{one}");
            assert_eq!(one["state"], "offline", "{one}");
        }
    }
    let status = house.pages().data("GET", "/api/v1/status");
    assert!(status["offline_since"].is_string(), "{status}");

    house.knows(&NAMES);
    // It is looked for every 30 seconds.
    let begin = Instant::now();
    while banners(&house) > 0 {
        assert!(begin.elapsed() < PATIENCE, "the banner stays");
        sleep(POLL);
    }
    // The clock goes on, as clocks do, five times as fast.
    let back = clock.now();
    loop {
        let all = retrievals(&house);
        if all.iter().all(|one| one["last_good"].is_string()) {
            break;
        }
        assert!(clock.now().since(back) <= 2 * MINUTE, "{all:?}");
        clock.advance(5 * POLL).unwrap();
        sleep(POLL);
    }
    for one in retrievals(&house) {
        let (state, failures) = (&one["state"], &one["failures"]);
        assert_eq!((state, failures), (&"working".into(), &0.into()), "{one}");
    }
    assert_eq!(house.home.messages("anna").len(), 3, "and no notice");
}
