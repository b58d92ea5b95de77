//! A server that keeps going, against a real Dovecot: what is dropped in there appears here by itself,
//! and a kill in the middle leaves nothing half done.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod installation;

use inhaul_testkit::{CutMode, CutProxy, Dovecot, DovecotOptions, Server};

use installation::{Installation, assert_each_once, wait_until};

fn letter(number: u32) -> Vec<u8> {
    format!(
        "From: ann@example.org\r\nTo: bob@example.org\r\nSubject: letter {number}\r\n\
         Message-ID: <letter-{number}@example.org>\r\n\r\nThis is letter {number}.\r\n"
    )
    .into_bytes()
}

/// An installation that may look every second.
fn eager() -> Installation {
    let home = Installation::new()
        .env("INHAUL_CHECKS__FLOOR", "1s")
        .account("anna");
    let often = ["group", "set", "Everyone", "--trigger", "schedule=1s"];
    home.inhaul.ok(&often).unwrap();
    home
}

/// Messages in the account.
fn held(home: &Installation) -> u64 {
    home.json(&["account", "show", "anna"])["messages"]
        .as_u64()
        .unwrap()
}

#[test]
fn mail_that_is_dropped_in_appears_by_itself_and_is_gone_there() {
    let remote = Dovecot::start(&DovecotOptions::default()).unwrap();
    let home = eager();
    let server = remote.pop3_addr().to_string();
    let how = ["--server", &server, "--security=none", "--every=1s"];
    let deleting = ["--after-storing=delete"];
    home.retrieval("isp", "u1", "anna", &[&how[..], &deleting].concat());
    let _server = Server::start(&home.inhaul).unwrap();
    for number in 0..3 {
        remote.deliver("u1", &letter(number)).unwrap();
        let brought = u64::from(number) + 1;
        wait_until("the letter is here", || held(&home) == brought);
    }
    wait_until("nothing is left there", || remote.count("u1").unwrap() == 0);
    let history = home.json(&["retrieval", "history", "isp"]);
    let runs = history["runs"].as_array().unwrap();
    assert!(
        runs.iter().all(|run| run["started_by"] == "schedule"),
        "{history}"
    );
}

#[test]
fn a_kill_in_the_middle_of_a_run_leaves_none_running_and_none_stuck() {
    let mut remote = Dovecot::start(&DovecotOptions::default()).unwrap();
    let long = |number| [letter(number), b"and so on\r\n".repeat(4_000)].concat();
    remote.fill("u1", (0..200).map(long)).unwrap();
    // Small pieces: there is time to be in the middle.
    let slow = CutProxy::start_each(remote.pop3_addr(), CutMode::SplitEvery(512)).unwrap();
    let home = eager();
    let server = slow.addr().to_string();
    let how = [
        "--server",
        &server,
        "--security=none",
        "--every=1s",
        "--no-test",
    ];
    home.retrieval("isp", "u1", "anna", &how);
    let mut first = Server::start(&home.inhaul).unwrap();
    wait_until("the run is in the middle", || {
        slow.server_octets() >= 500_000
    });
    first.kill().unwrap();
    let _second = Server::start(&home.inhaul).unwrap();
    wait_until("all of it is here", || held(&home) == 200);
    let history = home.json(&["retrieval", "history", "isp"]);
    let runs = history["runs"].as_array().unwrap();
    let ended = |run: &serde_json::Value| !run["ended"].is_null();
    let open = runs.iter().filter(|run| !ended(run)).count();
    assert!(open <= 1, "one may go on right now: {history}");
    assert_each_once(&remote.retr_all("u1").unwrap(), &home.messages("anna"));
}
