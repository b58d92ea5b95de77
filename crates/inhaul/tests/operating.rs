//! A running server as operators see it: its log, its health, and what it tells systemd.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use inhaul_sample::{SampleConfig, SampleServer};
use inhaul_testkit::{Guarded, Inhaul, Running, Signal, TestDir};

const PATIENCE: Duration = Duration::from_secs(60);
const PASSWORD: &str = "five-loud-herons-2093";

/// An installation whose log is a file.
struct World {
    dir: TestDir,
    inhaul: Inhaul,
}

impl World {
    fn new(settings: &[(&str, &str)]) -> Self {
        let dir = TestDir::new("operating").unwrap();
        let mut inhaul = Inhaul::new(env!("CARGO_BIN_EXE_inhaul"), dir.join("data"))
            .env("INHAUL_LOG__OUTPUT", dir.join("inhaul.log"))
            .env("NOTIFY_SOCKET", dir.join("notify"));
        for (name, value) in settings {
            inhaul = inhaul.env(name, value);
        }
        Self { dir, inhaul }
    }

    /// A server, and where it tells its health.
    fn serve(&self) -> (Running, SocketAddr) {
        let running = self.inhaul.spawn(&["serve"]).unwrap();
        let ops = running.wait_for_line("ops ", PATIENCE).unwrap();
        (running, ops.parse().unwrap())
    }

    fn log(&self) -> PathBuf {
        self.dir.join("inhaul.log")
    }
}

fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: ops\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Waits until the file holds this.
fn wait_for(file: &Path, words: &str) -> String {
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let text = fs::read_to_string(file).unwrap_or_default();
        if text.contains(words) {
            return text;
        }
        assert!(std::time::Instant::now() < deadline, "{words} in {text}");
        std::thread::yield_now();
    }
}

#[test]
fn a_server_tells_its_health_and_numbers_to_those_who_may_know() {
    let world = World::new(&[("INHAUL_METRICS__ENABLED", "true")]);
    let (mut running, ops) = world.serve();
    let health = get(ops, "/healthz");
    assert!(
        health.ends_with("\r\n\r\nscheduler: ok\nnotices: ok\nstore: ok\n"),
        "{health}"
    );
    let ready = get(ops, "/readyz");
    assert!(ready.starts_with("HTTP/1.1 "), "{ready}");
    assert!(
        ready.contains("scheduler: ok\nstore: ok\ndisk: "),
        "{ready}"
    );
    let page = get(ops, "/metrics");
    for name in [
        "inhaul_wal_bytes ",
        "inhaul_free_octets ",
        "inhaul_queue_length 0",
        "inhaul_runs_running 0",
        "inhaul_schedule_lateness_seconds 0",
        "inhaul_notices_failed_total 0",
        "inhaul_retrievals{state=\"needs-you\"} 0",
    ] {
        assert!(page.contains(&format!("\n{name}")), "{name} in {page}");
    }
    assert!(running.terminate(PATIENCE).unwrap().success());
    assert!(TcpStream::connect(ops).is_err());
}

#[test]
fn an_address_that_is_taken_stops_the_start_and_names_the_key() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let world = World::new(&[("INHAUL_OPS__LISTEN", &address)]);
    let ended = world.inhaul.run(&["serve"]).unwrap();
    assert_eq!(ended.code(), Some(69), "{}", ended.stderr);
    assert!(ended.stderr.contains(&address), "{}", ended.stderr);
    assert!(ended.stderr.contains("[ops] listen"), "{}", ended.stderr);
    // Nothing is left behind that would keep the next start out.
    let again = World {
        inhaul: world.inhaul.env("INHAUL_OPS__LISTEN", "off"),
        dir: world.dir,
    };
    let running = again.inhaul.spawn(&["serve"]).unwrap();
    running.wait_for_line("control ", PATIENCE).unwrap();
}

#[test]
fn a_run_in_the_server_is_a_line_of_its_log_and_a_moved_log_is_opened_anew() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = SampleConfig {
        password: PASSWORD.into(),
        ..SampleConfig::default()
    };
    let server = runtime.block_on(SampleServer::start(config)).unwrap();
    let words = "Subject: subject-quokka\r\nFrom: sender-quokka@example.org\r\n\r\nbody-quokka\r\n";
    server.mailbox("anna").append(words.as_bytes());
    let world = World::new(&[("INHAUL_LOG__FORMAT", "json")]);
    let (mut running, _) = world.serve();
    let inhaul = &world.inhaul;
    let password = format!("{PASSWORD}\n");
    let account = ["account", "add", "anna", "--address", "anna@example.net"];
    inhaul
        .ok_with_input(&[&account[..], &["--password-stdin"]].concat(), &password)
        .unwrap();
    let at = server.address().to_string();
    let add = ["retrieval", "add", "--name", "Old ISP", "--server", &at];
    let how = [
        "--security",
        "none",
        "--user",
        "anna",
        "--to",
        "anna",
        "--password-stdin",
    ];
    inhaul
        .ok_with_input(&[&add[..], &how].concat(), &password)
        .unwrap();
    inhaul.ok(&["pull", "Old ISP"]).unwrap();
    let text = wait_for(&world.log(), "run finished");
    let line = text
        .lines()
        .find(|line| line.contains("run finished"))
        .unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["retrieval"], "Old ISP");
    assert_eq!(line["run"], 1);
    assert_eq!(line["new"], 1);

    let moved = world.dir.join("inhaul.log.1");
    fs::rename(world.log(), &moved).unwrap();
    running.signal(Signal::USR1).unwrap();
    wait_for(&world.log(), "log reopened");
    inhaul.ok(&["pull", "Old ISP"]).unwrap();
    let text = wait_for(&world.log(), "run finished");
    assert!(running.terminate(PATIENCE).unwrap().success());
    let all = text + &fs::read_to_string(&moved).unwrap() + &running.stderr() + &running.stdout();
    for planted in [PASSWORD, "quokka"] {
        assert!(!all.contains(planted), "{planted} in {all}");
    }
}

#[test]
fn systemd_hears_when_it_is_ready_alive_and_stopping() {
    let world = World::new(&[("WATCHDOG_USEC", "20000")]);
    let manager = UnixDatagram::bind(world.dir.join("notify")).unwrap();
    let hear = || {
        let mut room = [0; 4096];
        let size = manager.recv(&mut room).unwrap();
        String::from_utf8_lossy(&room[..size]).into_owned()
    };
    let hear_first = |start: &str| {
        loop {
            let told = hear();
            if told.starts_with(start) {
                return told;
            }
            let is_between = ["WATCHDOG=1", "STATUS="].map(|start| told.starts_with(start));
            assert!(is_between.contains(&true), "{told}");
        }
    };
    let (mut running, _) = world.serve();
    let ready = hear_first("READY=1\n");
    assert!(
        ready.contains("STATUS=0 retrievals, no check is due"),
        "{ready}"
    );
    hear_first("WATCHDOG=1\n");
    running.signal(Signal::HUP).unwrap();
    assert!(hear_first("RELOADING=1\n").contains("MONOTONIC_USEC="));
    hear_first("READY=1\n");
    running.signal(Signal::TERM).unwrap();
    hear_first("STOPPING=1\n");
    assert!(running.wait(PATIENCE).unwrap().unwrap().success());
}

#[test]
fn a_socket_that_systemd_opened_takes_the_place_of_the_address() {
    let world = World::new(&[]);
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    // The shell becomes the program, and so knows its process number before it starts.
    let script = "exec 3<&0; LISTEN_PID=$$; export LISTEN_PID; exec \"$0\" serve";
    let mut command = Command::new("sh");
    command
        .args(["-c", script, env!("CARGO_BIN_EXE_inhaul")])
        .env("INHAUL_DATA", world.inhaul.data())
        // This one would be refused: it is no address of ours.
        .env("INHAUL_OPS__LISTEN", "192.0.2.1:1")
        .env("LISTEN_FDS", "1")
        .env("LISTEN_FDNAMES", "ops")
        .stdin(OwnedFd::from(socket))
        .stdout(Stdio::null());
    let mut served = Guarded::spawn(&mut command).unwrap();
    // It waits with the kernel until the server is there.
    assert!(get(address, "/healthz").ends_with("store: ok\n"));
    assert!(served.terminate(PATIENCE).unwrap().success());
}
