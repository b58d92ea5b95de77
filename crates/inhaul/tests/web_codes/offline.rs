//! The machine's network is cut for an hour (A6): nothing that fails then counts, the pages say it
//! in one banner, and all that is due runs when the network is back.
//!
//! The server runs in a network of its own, of which only the loopback is there, and so do its
//! remote servers: a process of this test file. Its pages are on a socket, which is no network.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread::{park, sleep};
use std::time::{Duration, Instant};
use std::{env, fs};

use inhaul_sample::{SampleConfig, SampleServer};
use inhaul_testkit::{ClockFile, Guarded, Server, TestDir};
use serde_json::Value;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use crate::installation::{Installation, wait_until};
use crate::namespace::{Namespace, Own};
use crate::peers::letter;
use crate::text::seen;

const MINUTE: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(100);
const PASSWORD: &str = "three-calm-herons-9021";
const MAILBOXES: [&str; 3] = ["u1", "u2", "u3"];
/// Where the remote server is: on the loopback, and away with its address.
const ADDRESS: &str = "192.0.2.1";
const BACK: &str = "ip addr add 192.0.2.1/32 dev lo";
const CUT: &str = "ip addr del 192.0.2.1/32 dev lo";
/// Names the file into which the peer writes where it is.
const PEER: &str = "INHAUL_TEST_PEER";
const BANNER: &str = "This server has no internet connection since";

/// The remote server of the test below, started by it in its network.
#[test]
#[ignore = "a peer of `an_hour_without_a_network_is_nobodys_failure`, which starts it"]
fn peer() {
    let Some(place) = env::var_os(PEER).map(PathBuf::from) else {
        return;
    };
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(SampleServer::start(SampleConfig::default()));
    let server = server.unwrap();
    let (door, behind) = (
        runtime.block_on(TcpListener::bind((ADDRESS, 0))),
        server.address(),
    );
    let door = door.unwrap();
    let at = door.local_addr().unwrap();
    runtime.spawn(async move {
        while let Ok((mut caller, _)) = door.accept().await {
            tokio::spawn(async move {
                let mut server = TcpStream::connect(behind).await.unwrap();
                // Whoever hangs up first, both are done.
                copy_bidirectional(&mut caller, &mut server).await.ok();
            });
        }
    });
    for (name, number) in MAILBOXES.iter().zip(1..) {
        server.mailbox(name).append(letter(number, 500));
    }
    let next = place.with_extension("next");
    fs::write(&next, at.to_string()).unwrap();
    fs::rename(next, place).unwrap();
    // The test ends it.
    loop {
        park();
    }
}

/// The pages on their socket, without script.
struct Pages {
    socket: PathBuf,
    cookie: String,
}

impl Pages {
    fn sign_in(&mut self) {
        let form = format!("name=alice&password={PASSWORD}");
        let (head, _) = self.ask("POST", "/sign-in", &form);
        assert!(head.starts_with("HTTP/1.1 303"), "{head}");
        let mut lines = head.lines();
        let cookie = lines.find_map(|line| line.strip_prefix("set-cookie: "));
        cookie
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .clone_into(&mut self.cookie);
    }

    /// What is there, with a session that is as old as the clock lets it be.
    fn get(&mut self, path: &str) -> String {
        let (head, body) = self.ask("GET", path, "");
        if head.starts_with("HTTP/1.1 200") {
            return body;
        }
        self.sign_in();
        let (head, body) = self.ask("GET", path, "");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        body
    }

    fn ask(&self, method: &str, path: &str, form: &str) -> (String, String) {
        let mut line = UnixStream::connect(&self.socket).unwrap();
        write!(
            line,
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\
             sec-fetch-site: same-origin\r\ncookie: {}\r\ncontent-length: {}\r\n\
             content-type: application/x-www-form-urlencoded\r\n\r\n{form}",
            self.cookie,
            form.len()
        )
        .unwrap();
        let mut octets = Vec::new();
        line.read_to_end(&mut octets).unwrap();
        let text = String::from_utf8(octets).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    /// The retrievals as programs are told of them.
    fn retrievals(&mut self) -> Vec<Value> {
        let all: Value = serde_json::from_str(&self.get("/api/v1/retrievals")).unwrap();
        all["retrievals"].as_array().unwrap().clone()
    }

    fn banners(&mut self) -> usize {
        seen(&self.get("/manage")).matches(BANNER).count()
    }
}

#[test]
fn an_hour_without_a_network_is_nobodys_failure() {
    let files = TestDir::new("offline").unwrap();
    let namespace = Namespace::new(Own::Network, &format!("ip link set lo up\n{BACK}"));
    let place = files.join("peer");
    let mut command = namespace.command(&env::current_exe().unwrap());
    let peer = command
        .args(["--exact", "offline::peer", "--ignored", "--nocapture"])
        .env(PEER, &place)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let _peer = Guarded::spawn(peer).unwrap();
    wait_until("the remote server listens", || place.exists());
    let remote = fs::read_to_string(&place).unwrap();

    let clock = ClockFile::create(files.join("clock")).unwrap();
    let socket = files.join("http.sock");
    let home = Installation::through(namespace.program(), &files.join("data"))
        .env("INHAUL_TEST_CLOCK", clock.path())
        .env(
            "INHAUL_SERVER__LISTEN",
            format!("unix:{}", socket.display()),
        );
    let add = ["account", "add", "alice", "--admin", "--password-stdin"];
    home.inhaul.ok_with_input(&add, PASSWORD).unwrap();
    let server = Server::start(&home.inhaul).unwrap();
    let mut pages = Pages {
        socket,
        cookie: String::new(),
    };

    namespace.sh(CUT);
    let how = ["--security=none", "--no-test", "--every=10m"];
    for name in MAILBOXES {
        let at = format!("--server={remote}");
        let words = [&[at.as_str(), "--user", name][..], &how].concat();
        let words = [
            &["retrieval", "add", "--name", name, "--to", "alice"][..],
            &words,
        ]
        .concat();
        let words = [&words[..], &["--password-stdin"]].concat();
        home.inhaul.ok_with_input(&words, "secret").unwrap();
    }
    wait_until("the machine knows that it is offline", || {
        pages.banners() > 0
    });
    // An hour of it, in steps.
    for _ in 0..6 {
        clock.advance(10 * MINUTE).unwrap();
        assert_eq!(pages.banners(), 1);
        for one in pages.retrievals() {
            assert_eq!(one["failures"], 0, "{one}");
            assert_eq!(one["state"], "offline", "{one}");
        }
    }
    let status: Value = serde_json::from_str(&pages.get("/api/v1/status")).unwrap();
    assert!(status["offline_since"].is_string(), "{status}");

    namespace.sh(BACK);
    // It is looked for every 30 seconds.
    let begin = Instant::now();
    while pages.banners() > 0 {
        assert!(begin.elapsed() < PATIENCE, "the banner stays");
        sleep(POLL);
    }
    // The clock goes on, as clocks do, five times as fast.
    let back = clock.now();
    loop {
        let all = pages.retrievals();
        if all.iter().all(|one| one["last_good"].is_string()) {
            break;
        }
        assert!(clock.now().since(back) <= 2 * MINUTE, "{all:?}");
        clock.advance(5 * POLL).unwrap();
        sleep(POLL);
    }
    for one in pages.retrievals() {
        assert_eq!(
            (&one["state"], &one["failures"]),
            (&"working".into(), &0.into())
        );
    }
    let inbox = pages.get("/");
    assert_eq!(
        inbox.matches("<li class=\"message\">").count(),
        3,
        "{inbox}"
    );
    drop(server);
}
