//! New mail is in the very session whose sign-in asked for it; a sign-in is never held up beyond
//! its wait and never refused because of a check.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use inhaul_sample::switches::{Greeting, Pipelining, Refusal, SignIn};

use crate::clients::{Client, Line, curl, poplib};
use crate::fetched::account;
use crate::house::House;
use crate::installation::wait_until;

const LETTER: &[u8] = b"From: ann@example.org\r\nSubject: news\r\n\r\nJust in.\r\n";

/// A sign-in waits for as long as it takes.
const PATIENT: &[(&str, &str)] = &[
    ("INHAUL_POP3__LOGIN_WAIT", "100s"),
    ("INHAUL_CHECKS__FLOOR", "1s"),
];

/// With a retrieval of anna's own, which her sign-ins start as often as they like.
fn house(variables: &[(&str, &str)]) -> House {
    let house = House::with(variables);
    let often = ["group", "set", "Everyone", "--trigger", "pop3-login=1s"];
    house.home.inhaul.ok(&often).unwrap();
    house.retrieval("own", &["--owner=anna"]);
    house
}

/// Runs of anna's retrieval, the latest first.
fn runs(house: &House) -> Vec<serde_json::Value> {
    let history = house.home.json(&["retrieval", "history", "own"]);
    history["runs"].as_array().unwrap().clone()
}

fn new_mail_is_in_the_session(client: &Client) {
    let house = house(PATIENT);
    let served = house.serve();
    house.mailbox.append(LETTER);
    let account = account(&house, &served, "anna");
    let fetched = (client.fetch)(&account, Line::Plain, 1);
    assert_eq!(fetched, [LETTER]);
    let runs = runs(&house);
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert_eq!(runs[0]["started_by"], "pop3-login");
}

#[test]
fn new_mail_is_in_the_very_session_of_curl() {
    new_mail_is_in_the_session(&curl());
}

#[test]
fn new_mail_is_in_the_very_session_of_poplib() {
    new_mail_is_in_the_session(&poplib());
}

#[test]
fn mail_that_came_behind_a_runs_listing_is_in_the_session_too() {
    let house = house(PATIENT);
    let served = house.serve();
    for _ in 0..3 {
        house.mailbox.append_generated(60_000);
    }
    house.remote.set(|switches| {
        switches.line.rate = NonZeroU32::new(60_000);
        switches.pipelining = Pipelining::Unannounced;
    });
    let mut under_way = house.home.inhaul.spawn(&["pull", "own"]).unwrap();
    wait_until("bodies are on their way", || {
        house.mailbox.count("RETR") > 0
    });
    // This run has listed what there is. It cannot know of this one.
    house.mailbox.append(LETTER);
    let mut session = served.anna();
    assert!(house.mailbox.sign_ins().accepted == 2, "one more has run");
    let messages = session.messages();
    assert_eq!(messages.len(), 4);
    assert_eq!(
        messages.iter().filter(|octets| *octets == LETTER).count(),
        1
    );
    session.quit();
    assert!(
        under_way
            .wait(Duration::from_secs(60))
            .unwrap()
            .unwrap()
            .success()
    );
}

#[test]
fn a_server_slower_than_the_wait_holds_nobody_up() {
    let slow = Duration::from_secs(8);
    let wait = Duration::from_secs(1);
    let house = house(&[
        ("INHAUL_POP3__LOGIN_WAIT", "1s"),
        ("INHAUL_CHECKS__FLOOR", "1s"),
    ]);
    let served = house.serve();
    house.mailbox.append(LETTER);
    let greet = Greeting::Slow(slow);
    house.remote.set(|switches| switches.greeting = greet);
    let began = Instant::now();
    let mut session = served.anna();
    let took = began.elapsed();
    // It has waited, and not for the server, which has not even greeted yet.
    assert!(took >= wait && took < slow, "{took:?}");
    assert_eq!(house.mailbox.sign_ins().accepted, 0);
    assert_eq!(session.count(), 0);
    let held = || house.home.json(&["account", "show", "anna"])["messages"].clone();
    wait_until("the run has brought it", || held() == 1);
    // A session is what it was when it began.
    assert_eq!(session.count(), 0);
    session.quit();
    let mut next = served.anna();
    assert_eq!(next.messages(), [LETTER]);
    next.quit();
}

#[test]
fn a_sign_in_that_does_not_wait_starts_the_run_all_the_same() {
    let house = house(&[("INHAUL_POP3__LOGIN_WAIT", "0s")]);
    let served = house.serve();
    house.mailbox.append(LETTER);
    served.anna().quit();
    let held = || house.home.json(&["account", "show", "anna"])["messages"].clone();
    wait_until("the run has brought it", || held() == 1);
    let mut next = served.anna();
    assert_eq!(next.messages(), [LETTER]);
    next.quit();
}

#[test]
fn a_group_without_the_switch_starts_nothing() {
    let house = house(PATIENT);
    let off = ["group", "set", "Everyone", "--trigger", "pop3-login=off"];
    house.home.inhaul.ok(&off).unwrap();
    let served = house.serve();
    house.mailbox.append(LETTER);
    let mut session = served.anna();
    assert_eq!(session.count(), 0);
    session.quit();
    assert_eq!(house.remote.connections(), 0);
    assert!(runs(&house).is_empty());
}

#[test]
fn a_check_that_is_refused_refuses_no_sign_in() {
    // A sign-in starts one check a minute, by what groups have at first.
    let house = House::with(&[("INHAUL_POP3__LOGIN_WAIT", "100s")]);
    house.retrieval("own", &["--owner=anna"]);
    let served = house.serve();
    house.mailbox.append(LETTER);
    let mut first = served.anna();
    assert_eq!(first.count(), 1);
    first.quit();
    house.mailbox.append(LETTER);
    let mut second = served.anna();
    assert_eq!(second.count(), 1, "too soon for another check");
    second.quit();
    assert_eq!(house.mailbox.sign_ins().accepted, 1);
}

#[test]
fn a_check_that_fails_refuses_no_sign_in() {
    let house = house(PATIENT);
    let served = house.serve();
    house.mailbox.append(LETTER);
    let refused = SignIn::Refused(Refusal::Auth);
    house.mailbox.set(|switches| switches.sign_in = refused);
    let mut session = served.anna();
    assert_eq!(session.count(), 0);
    session.quit();
    assert_eq!(house.mailbox.sign_ins().refused, 1);
}

#[test]
fn a_sign_in_starts_what_its_account_owns_and_nothing_else() {
    let house = House::with(PATIENT);
    house.retrieval("polled", &["--every=1d"]);
    let served = house.serve();
    let polled = || house.mailbox.sign_ins().accepted;
    wait_until("the schedule's own is over", || {
        polled() == 1 && house.mailbox.open_sessions() == 0
    });
    house.mailbox.append(LETTER);
    let mut session = served.anna();
    assert_eq!(session.count(), 0);
    session.quit();
    assert_eq!(polled(), 1);
}

#[test]
fn a_wrong_password_starts_nothing() {
    let house = house(PATIENT);
    let served = house.serve();
    house.mailbox.append(LETTER);
    let mut session = crate::talk::Talk::to(served.plain);
    let said = session.try_sign_in("anna", "wrong");
    assert!(said.starts_with("-ERR"), "{said}");
    session.quit();
    assert_eq!(house.remote.connections(), 0);
}
