//! The end of a server: runs finish the message under way, sessions end with QUIT.

use std::fs;
use std::time::{Duration, Instant};

use inhaul_testkit::{Server, Signal};

use crate::House;
use crate::clients::PATIENCE;
use crate::installation::{Installation, assert_each_once, wait_until};

/// Stops a server by this signal in the middle of a run.
fn stopped_in_a_run(signal: Signal, exit: i32) {
    let house = House::new(40, 50_000);
    let home = &house.home;
    house.slow(200_000);
    let mut server = Server::start(&home.inhaul).unwrap();
    let mut pull = home.inhaul.spawn(&["pull", "isp"]).unwrap();
    wait_until("bodies are on their way", || {
        house.mailbox.count("RETR") > 0
    });
    let began = Instant::now();
    server.signal(signal).unwrap();
    let ended = server.wait(PATIENCE).unwrap().unwrap();
    assert_eq!(ended.code(), Some(exit), "{}", server.stderr());
    assert!(began.elapsed() < Duration::from_secs(20));
    assert_eq!(house.mailbox.count("QUIT"), 1);
    assert_eq!(pull.wait(PATIENCE).unwrap().unwrap().code(), Some(143));

    house.remote.behave();
    let pulled = home.pull("isp");
    assert!(pulled.new > 0 && pulled.new < 40, "{pulled:?}");
    for id in house.mailbox.ids() {
        assert_eq!(house.mailbox.retrieved(id), 1);
    }
    assert_eq!(home.messages("anna").len(), 40);
}

#[test]
fn sigterm_finishes_the_message_under_way_says_quit_and_is_no_failure() {
    stopped_in_a_run(Signal::TERM, 0);
}

#[test]
fn an_interrupt_finishes_the_message_under_way_and_says_quit() {
    stopped_in_a_run(Signal::INT, 130);
}

#[test]
fn a_second_signal_waits_for_nobody() {
    let house = House::new(40, 50_000);
    let home = &house.home;
    // A message takes minutes.
    house.slow(300);
    let mut server = Server::start(&home.inhaul).unwrap();
    let mut pull = home.inhaul.spawn(&["pull", "isp"]).unwrap();
    wait_until("bodies are on their way", || {
        house.mailbox.count("RETR") > 0
    });
    let socket = home.data().join("control.sock");
    server.signal(Signal::TERM).unwrap();
    wait_until("it takes no more commands", || !socket.exists());
    server.signal(Signal::TERM).unwrap();
    let ended = server.wait(Duration::from_secs(15)).unwrap();
    assert_eq!(ended.and_then(|ended| ended.code()), Some(143));
    let told = pull.wait(PATIENCE).unwrap().unwrap();
    assert!([Some(75), Some(143)].contains(&told.code()), "{told:?}");
}

#[test]
fn a_client_hears_that_its_server_was_killed_and_nothing_comes_twice() {
    let house = House::new(40, 50_000);
    let home = &house.home;
    house.slow(200_000);
    let mut server = Server::start(&home.inhaul).unwrap();
    let mut pull = home.inhaul.spawn(&["pull", "isp"]).unwrap();
    wait_until("bodies are on their way", || {
        house.mailbox.count("RETR") > 0
    });
    server.kill().unwrap();
    let ended = pull.wait(PATIENCE).unwrap().unwrap();
    assert_eq!(ended.code(), Some(75), "{}", pull.stderr());
    assert!(pull.stderr().contains("the server went away"));
    house.remote.behave();
    wait_until("the remote server has let go", || {
        house.mailbox.open_sessions() == 0
    });
    home.pull("isp");
    assert_each_once(&house.mailbox.contents(), &home.messages("anna"));
}

#[test]
fn sighup_ends_nothing_and_tells_of_a_broken_configuration() {
    let home = Installation::new();
    let file = home.beside("inhaul.toml");
    fs::write(&file, "[checks]\nread_timeout = \"30s\"\n").unwrap();
    let more = ["--config", file.to_str().unwrap()];
    let mut server = Server::start_with(&home.inhaul, &more).unwrap();
    fs::write(&file, "[checks]\nread_timeot = \"30s\"\n").unwrap();
    server.signal(Signal::HUP).unwrap();
    wait_until("it has told", || {
        server.stderr().contains("nothing is changed")
    });
    assert!(
        server.stderr().contains("inhaul.toml:2:1"),
        "{}",
        server.stderr()
    );
    home.inhaul.ok(&["account", "list"]).unwrap();
}
