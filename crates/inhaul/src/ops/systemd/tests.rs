//! What a service manager sees: this test program starts itself again as the service, because what
//! a service is handed comes in its environment.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use inhaul_testkit::TestDir;

use super::*;
use crate::ops::health::Checks;
use crate::ops::metrics::Snapshot;

/// What the child is to do.
const ROLE: &str = "INHAUL_TEST_ROLE";

/// This program once more, carrying out one test in a role.
fn child(role: &str) -> Command {
    let mut shell = Command::new("sh");
    // The shell becomes the program, and so knows its process number before it starts.
    let script = "exec 3<&0; LISTEN_PID=$$; export LISTEN_PID; exec \"$0\" \"$@\"";
    shell.args(["-c", script]);
    shell.arg(std::env::current_exe().unwrap());
    shell.args(["--exact", "ops::systemd::tests::a_service", "--nocapture"]);
    shell.env(ROLE, role).stdout(Stdio::null());
    shell
}

/// The child's part. It is a test of its own only because that is how it can be started.
#[tokio::test]
async fn a_service() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    match role.as_str() {
        "life" => {
            ready("49 retrievals\nMAINPID=1");
            status("2 runs");
            reloading();
            ready("49 retrievals");
            stopping();
        }
        "watched" => {
            let (stop, stopping) = watch::channel(false);
            let source = Arc::new(Sick(AtomicBool::new(false), stop));
            watchdog(source, stopping).await;
        }
        "sockets" => {
            let mut opened = listeners_from_systemd().unwrap();
            match opened.take("ops").pop() {
                Some(OpenedSocket::Tcp(socket)) => answer(socket).await,
                other => panic!("{other:?}"),
            }
            assert!(opened.take("ops").is_empty());
            assert!(opened.left().is_empty());
        }
        other => panic!("{other}"),
    }
}

/// Serves one connection, by tokio as the program does.
async fn answer(socket: net::TcpListener) {
    let socket = tokio::net::TcpListener::from_std(socket).unwrap();
    let (stream, _) = socket.accept().await.unwrap();
    while stream.try_write(b"hello").is_err() {
        stream.writable().await.unwrap();
    }
}

/// Well once, then not, and then stopped.
struct Sick(AtomicBool, watch::Sender<bool>);

#[async_trait]
impl Source for Sick {
    async fn alive(&self) -> Checks {
        if !self.0.swap(true, Ordering::Relaxed) {
            return Checks::default().good("scheduler");
        }
        if self.1.send_replace(true) {
            return Checks::default();
        }
        Checks::default().fault("scheduler", "it does not answer")
    }

    async fn ready(&self) -> Checks {
        Checks::default()
    }

    async fn snapshot(&self) -> Snapshot {
        Snapshot::default()
    }
}

/// Everything the child told until it ended, message by message.
fn told(role: &str, patience: Option<&str>) -> Vec<String> {
    let dir = TestDir::new("notify").unwrap();
    let path = dir.join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    let mut service = child(role);
    service.env("NOTIFY_SOCKET", &path);
    if let Some(patience) = patience {
        service
            .env("WATCHDOG_USEC", patience)
            .env_remove("WATCHDOG_PID");
    }
    assert!(service.status().unwrap().success());
    drain(&manager, &path)
}

fn drain(manager: &UnixDatagram, path: &Path) -> Vec<String> {
    // The end of what was told, behind everything else.
    let end = UnixDatagram::unbound().unwrap();
    end.send_to(b"end", path).unwrap();
    let mut told = Vec::new();
    let mut room = [0; 4096];
    loop {
        let size = manager.recv(&mut room).unwrap();
        match String::from_utf8_lossy(&room[..size]).into_owned() {
            end if end == "end" => return told,
            message => told.push(message),
        }
    }
}

#[test]
fn the_manager_is_told_of_every_turn() {
    let told = told("life", None);
    let [ready, status, reloading, again, stopping] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!(ready, "READY=1\nSTATUS=49 retrievals MAINPID=1\n");
    assert_eq!(status, "STATUS=2 runs\n");
    let since_boot = reloading
        .strip_prefix("RELOADING=1\nMONOTONIC_USEC=")
        .unwrap();
    assert!(since_boot.trim_end().parse::<u64>().unwrap() > 0);
    assert_eq!(again, "READY=1\nSTATUS=49 retrievals\n");
    assert_eq!(stopping, "STOPPING=1\n");
}

#[test]
fn the_watchdog_hears_of_us_only_while_we_are_well() {
    // Well at the first look, not at the second, and stopped at the third.
    assert_eq!(told("watched", Some("20000")), ["WATCHDOG=1\n"]);
    // Nobody wants to hear: nothing is said, and nobody waits.
    assert!(told("watched", None).is_empty());
}

#[test]
fn a_socket_is_known_by_the_name_in_its_unit() {
    let socket = net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let mut service = child("sockets");
    service.env("LISTEN_FDS", "1").env("LISTEN_FDNAMES", "ops");
    // Standard input, which the shell makes number 3.
    service.stdin(OwnedFd::from(socket));
    let mut service = service.spawn().unwrap();
    let mut stream = net::TcpStream::connect(address).unwrap();
    let mut heard = String::new();
    io::Read::read_to_string(&mut stream, &mut heard).unwrap();
    assert_eq!(heard, "hello");
    assert!(service.wait().unwrap().success());
}

#[test]
fn sockets_for_another_process_or_for_nobody_are_left_alone() {
    let mut opened = listeners_from_systemd().unwrap();
    assert!(opened.take("ops").is_empty());
}

#[test]
fn every_socket_has_a_name() {
    for (sockets, text, names) in [
        (0, "", Some(&[][..])),
        (1, "ops", Some(&["ops"])),
        (3, "ops:web:ops", Some(&["ops", "web", "ops"])),
        (1, "", None),
        (2, "ops", None),
        (2, "ops:", None),
    ] {
        let read = names_of(sockets, text).ok();
        let expected = names.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(read, expected, "{sockets} {text:?}");
    }
}
