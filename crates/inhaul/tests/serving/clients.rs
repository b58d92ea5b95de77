//! Whatever a client does costs that client only.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use inhaul_testkit::{Server, Signal};

use crate::House;
use crate::installation::{Installation, wait_until};

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A connection behind the server's greeting.
fn greeted(home: &Installation) -> UnixStream {
    let mut line = UnixStream::connect(home.data().join("control.sock")).unwrap();
    let mut said = Vec::new();
    while said.last() != Some(&b'\n') {
        let mut octet = [0];
        line.read_exact(&mut octet).unwrap();
        said.extend(octet);
    }
    let said = String::from_utf8(said).unwrap();
    assert!(said.starts_with("inhaul-control 1 "), "{said}");
    line
}

fn frame(head: &str, octets: &[u8]) -> Vec<u8> {
    let length = |length: usize| u32::try_from(length).unwrap().to_be_bytes();
    let lengths = [length(head.len()), length(octets.len())].concat();
    [&lengths[..], head.as_bytes(), octets].concat()
}

const COMMAND: &str =
    r#"{"Command":{"terminal":{"input":false,"errors":false,"dumb":false,"no_color":false}}}"#;

/// A command line as a client sends it.
fn command(home: &Installation, words: &[&str]) -> Vec<u8> {
    let data = home.data().display().to_string();
    let mut octets = Vec::new();
    for part in ["/", &data, "inhaul"].iter().chain(words) {
        octets.extend(part.bytes());
        octets.push(0);
    }
    frame(COMMAND, &octets)
}

#[test]
fn fifty_clients_at_once_are_served() {
    let home = Installation::new().account("anna");
    let _server = Server::start(&home.inhaul).unwrap();
    let mut clients: Vec<_> = (0..50)
        .map(|number| {
            let (name, words);
            if number % 5 == 0 {
                name = format!("user{number}");
                words = vec!["account", "add", &name, "--password-stdin", "--json"];
            } else {
                words = vec!["account", "show", "anna", "--json"];
            }
            home.inhaul.spawn_with_input(&words, "a-password").unwrap()
        })
        .collect();
    for client in &mut clients {
        let ended = client.wait(PATIENCE).unwrap();
        assert!(
            ended.is_some_and(|ended| ended.success()),
            "{}",
            client.stderr()
        );
    }
    let accounts = home.json(&["account", "list"]);
    assert_eq!(accounts["accounts"].as_array().unwrap().len(), 11);
}

#[test]
fn a_client_that_talks_nonsense_is_left() {
    let home = Installation::new().account("anna");
    let mut server = Server::start(&home.inhaul).unwrap();
    let huge = [&u32::MAX.to_be_bytes()[..], &u32::MAX.to_be_bytes()].concat();
    let half = command(&home, &["account", "list"]);
    let unknown = frame(r#"{"Reboot":{}}"#, b"");
    let no_command = frame(COMMAND, b"no zero octet");
    let no_words = frame(COMMAND, b"/\0/\0");
    for said in [
        &b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..],
        &[0xff; 4096],
        &huge,
        &half[..half.len() / 2],
        &unknown,
        &no_command,
        &no_words,
        &frame(r#""Answer""#, b"to no question"),
        b"",
    ] {
        let mut line = greeted(&home);
        line.write_all(said).unwrap();
        line.shutdown(Shutdown::Write).unwrap();
        // The server ends it, and says nothing that a client could take for a success.
        let mut answer = Vec::new();
        line.read_to_end(&mut answer).ok();
        let answer = String::from_utf8_lossy(&answer);
        assert!(
            !answer.contains(r#"{"Exit":{"code":0}}"#),
            "{said:?} {answer}"
        );
    }
    // Behind a good command too.
    let mut line = greeted(&home);
    line.write_all(&command(&home, &["pull", "--all"])).unwrap();
    line.write_all(&huge).unwrap();
    line.read_to_end(&mut Vec::new()).ok();
    home.inhaul.ok(&["account", "list"]).unwrap();
    assert_eq!(crate::troubles(&server.stderr()), "");
}

#[test]
fn a_command_that_is_no_clients_is_not_carried_out_for_one() {
    let home = Installation::new().account("anna");
    let _server = Server::start(&home.inhaul).unwrap();
    for words in [
        &["serve"][..],
        &["demo"],
        &["config", "show"],
        &["nonsense"],
    ] {
        let mut line = greeted(&home);
        line.write_all(&command(&home, words)).unwrap();
        let mut answer = Vec::new();
        line.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer);
        assert!(
            answer.contains(r#"{"Exit":{"code":64}}"#),
            "{words:?} {answer}"
        );
    }
}

#[test]
fn more_clients_than_there_is_room_for_hear_that() {
    let home = Installation::new().account("anna");
    let _server = Server::start(&home.inhaul).unwrap();
    let idle: Vec<_> = (0..200).map(|_| greeted(&home)).collect();
    let refused = home.fails(&["account", "list"], 75);
    assert!(refused.stderr.contains("too many commands"), "{refused:?}");
    drop(idle);
    wait_until("there is room again", || {
        home.inhaul.run(&["account", "list"]).unwrap().code() == Some(0)
    });
}

#[test]
fn a_client_that_stands_still_holds_nobody_up() {
    let house = House::new(1, 20_000_000);
    let home = &house.home;
    home.pull("isp");
    let raw = home.inhaul.ok_octets(&["message", "show", "1", "--raw"]);
    let mut server = Server::start(&home.inhaul).unwrap();
    // It asks for much and reads nothing: more than any buffer on the way holds.
    let mut still = greeted(home);
    let ask = command(home, &["message", "show", "1", "--raw"]);
    still.write_all(&ask).unwrap();
    let mut stopped = home
        .inhaul
        .spawn(&["message", "show", "1", "--raw"])
        .unwrap();
    stopped.signal(Signal::STOP).unwrap();
    for _ in 0..20 {
        home.inhaul.ok(&["account", "list"]).unwrap();
    }
    stopped.signal(Signal::CONT).unwrap();
    assert!(stopped.wait(PATIENCE).unwrap().unwrap().success());
    assert_eq!(stopped.stdout_octets(), raw.unwrap());
    // Nor does it hold the end up.
    server.signal(Signal::TERM).unwrap();
    let ended = server.wait(PATIENCE).unwrap().unwrap();
    assert_eq!(ended.code(), Some(0), "{}", server.stderr());
    drop(still);
}

#[test]
fn a_client_that_is_killed_stops_its_run_and_nothing_else() {
    let house = House::new(40, 50_000);
    let home = &house.home;
    house.slow(200_000);
    let _server = Server::start(&home.inhaul).unwrap();
    let mut pull = home.inhaul.spawn(&["pull", "isp"]).unwrap();
    wait_until("bodies are on their way", || {
        house.mailbox.count("RETR") > 0
    });
    pull.kill().unwrap();
    wait_until("the session has ended", || house.mailbox.count("QUIT") == 1);
    house.remote.behave();
    let pulled = home.pull("isp");
    assert_eq!(pulled.listed, 40);
    assert!(pulled.new > 0 && pulled.new < 40, "{pulled:?}");
    for id in house.mailbox.ids() {
        assert_eq!(house.mailbox.retrieved(id), 1);
    }
    assert_eq!(home.messages("anna").len(), 40);
}

/// A command breaks down while a file is there.
#[test]
#[cfg_attr(not(feature = "test-clock"), ignore = "needs the feature test-clock")]
fn a_command_that_breaks_down_takes_nobody_along() {
    let home = Installation::new();
    let file = home.beside("break");
    let home = home.env("INHAUL_TEST_BREAK", &file).account("anna");
    let _server = Server::start(&home.inhaul).unwrap();
    fs::write(&file, "").unwrap();
    let broken = home.fails(&["account", "list"], 70);
    assert!(
        broken.stderr.contains("a mistake of inhaul's"),
        "{broken:?}"
    );
    fs::remove_file(&file).unwrap();
    home.inhaul.ok(&["account", "list"]).unwrap();
}
