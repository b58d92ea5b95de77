//! The socket: who gets in, what a kill leaves, whom a client finds there.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;

use inhaul_testkit::Server;

use crate::installation::Installation;
use crate::troubles;

#[test]
fn the_ready_file_is_there_while_the_server_is_ready() {
    let home = Installation::new();
    let mut server = Server::start(&home.inhaul).unwrap();
    let socket = home.data().join("control.sock");
    let lines = server.ready().unwrap();
    let control = format!("control {}\n", socket.display());
    assert!(lines.starts_with(&control), "{lines}");
    home.inhaul.ok(&["account", "list"]).unwrap();
    server.signal(inhaul_testkit::Signal::TERM).unwrap();
    let ended = server.wait(crate::clients::PATIENCE).unwrap().unwrap();
    assert_eq!(ended.code(), Some(0));
    assert_eq!(troubles(&server.stderr()), "");
    // Behind the addresses a new installation says how it is set up.
    let printed = server.stdout();
    let rest = printed.strip_prefix(lines.as_str());
    assert!(
        rest.is_some_and(|rest| rest.contains("Not set up yet.")),
        "{printed}"
    );
    assert!(server.ready().is_err());
    assert!(!socket.exists());
}

#[test]
fn a_ready_file_that_cannot_be_written_ends_the_server() {
    let home = Installation::new();
    let nowhere = home.beside("nowhere/ready").display().to_string();
    let refused = home.fails(&["serve", "--ready-file", &nowhere], 73);
    assert!(refused.stderr.contains("nowhere/ready"), "{refused:?}");
    assert!(!home.data().join("control.sock").exists());
    home.inhaul.ok(&["account", "list"]).unwrap();
}

#[test]
fn a_data_directory_has_one_server() {
    let home = Installation::new();
    let server = Server::start(&home.inhaul).unwrap();
    let ready = home.data().with_extension("ready").display().to_string();
    let second = home.fails(&["serve", "--ready-file", &ready], 75);
    assert!(second.stderr.contains("data-in-use"), "{second:?}");
    // It leaves what is the first one's alone.
    assert!(server.ready().is_ok());
    home.inhaul.ok(&["account", "list"]).unwrap();
    drop(server);
}

#[test]
fn what_a_killed_server_leaves_stops_nobody() {
    let home = Installation::new().account("anna");
    let mut server = Server::start(&home.inhaul).unwrap();
    server.kill().unwrap();
    let socket = home.data().join("control.sock");
    assert!(socket.exists());
    home.inhaul.ok(&["account", "list"]).unwrap();
    let again = Server::start(&home.inhaul).unwrap();
    home.inhaul.ok(&["account", "list"]).unwrap();
    drop(again);
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

#[test]
fn the_socket_is_the_owners_and_elsewhere_the_groups_too() {
    let home = Installation::new();
    let server = Server::start(&home.inhaul).unwrap();
    assert_eq!(mode(&home.data().join("control.sock")), 0o600);
    drop(server);
    let elsewhere = home.beside("elsewhere.sock");
    let inhaul = home
        .inhaul
        .clone()
        .env("INHAUL_SERVER__CONTROL", &elsewhere);
    let server = Server::start(&inhaul).unwrap();
    assert_eq!(mode(&elsewhere), 0o660);
    inhaul.ok(&["account", "list"]).unwrap();
    // Whoever does not know of it sees that the directory is in use.
    home.fails(&["account", "list"], 75);
    drop(server);
}

#[test]
fn a_server_answers_for_its_own_data_directory_only() {
    let (one, other) = (Installation::new(), Installation::new());
    let socket = one.beside("both.sock");
    let both = |home: &Installation| home.inhaul.clone().env("INHAUL_SERVER__CONTROL", &socket);
    let add = ["account", "add", "anna", "--password-stdin"];
    let server = Server::start(&both(&one)).unwrap();
    both(&other).ok_with_input(&add, "a-password").unwrap();
    assert!(
        !both(&one)
            .ok(&["account", "list"])
            .unwrap()
            .contains("anna")
    );
    assert!(
        both(&other)
            .ok(&["account", "list"])
            .unwrap()
            .contains("anna")
    );
    let second = both(&other).run(&["serve"]).unwrap();
    assert_eq!(second.code(), Some(69), "{second:?}");
    assert!(
        second.stderr.contains("another inhaul listens"),
        "{second:?}"
    );
    drop(server);
}

#[test]
fn a_path_that_is_too_long_or_no_socket_is_told() {
    let home = Installation::new();
    let long = home.beside(&"x".repeat(120));
    let inhaul = home.inhaul.clone().env("INHAUL_SERVER__CONTROL", &long);
    let refused = inhaul.run(&["serve"]).unwrap();
    assert_eq!(refused.code(), Some(78), "{refused:?}");
    assert!(refused.stderr.contains("[server] control"), "{refused:?}");
    // Where no server can be, a command goes on alone.
    inhaul.ok(&["account", "list"]).unwrap();
    let file = home.beside("file");
    fs::write(&file, "precious").unwrap();
    let inhaul = home.inhaul.clone().env("INHAUL_SERVER__CONTROL", &file);
    let refused = inhaul.run(&["serve"]).unwrap();
    assert_eq!(refused.code(), Some(73), "{refused:?}");
    assert_eq!(fs::read(&file).unwrap(), b"precious");
    inhaul.ok(&["account", "list"]).unwrap();
    let nowhere = home.beside("nowhere/control.sock");
    let inhaul = home.inhaul.clone().env("INHAUL_SERVER__CONTROL", nowhere);
    assert_eq!(inhaul.run(&["serve"]).unwrap().code(), Some(73));
}

#[test]
fn a_server_of_another_version_is_told_in_clear_words() {
    for (greeting, exit, words) in [
        (
            &b"inhaul-control 7 9.4.1 ready\n"[..],
            69,
            "the running server is inhaul 9.4.1, this command is inhaul ",
        ),
        (b"220 mail.example ESMTP\r\n", 69, "is no inhaul"),
        (
            b"inhaul-control 1 0.1.0 denied\n",
            77,
            "takes no commands from you",
        ),
    ] {
        let home = Installation::new().account("anna");
        let socket = UnixListener::bind(home.data().join("control.sock")).unwrap();
        let server = std::thread::spawn(move || {
            let (mut line, _) = socket.accept().unwrap();
            line.write_all(greeting).unwrap();
        });
        let finished = home.fails(&["account", "list"], exit);
        assert!(finished.stderr.contains(words), "{finished:?}");
        server.join().unwrap();
    }
}

#[test]
fn a_server_may_open_as_many_files_as_the_system_lets_it() {
    let home = Installation::new();
    let server = Server::start(&home.inhaul).unwrap();
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.id())).unwrap();
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let mut words = line.unwrap().split_whitespace();
    assert_eq!(words.next(), words.next(), "soft and hard: {limits}");
}
