//! Real sockets: what is answered, and what peers who misbehave come to.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use inhaul_types::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::config::sections::log::LogLevel;
use crate::ops::metrics::Snapshot;

/// A server that is as well as the test wants.
#[derive(Default)]
struct Told {
    is_dead: AtomicBool,
    has_no_room: AtomicBool,
    snapshots: AtomicU64,
}

#[async_trait]
impl Source for Told {
    async fn alive(&self) -> Checks {
        if self.is_dead.load(Ordering::Relaxed) {
            Checks::default().fault("scheduler", "it does not answer")
        } else {
            Checks::default().good("scheduler")
        }
    }

    async fn ready(&self) -> Checks {
        let checks = Checks::default().good("store");
        if self.has_no_room.load(Ordering::Relaxed) {
            checks.fault("disk", "300 MB free, 500 MB needed")
        } else {
            checks.good("disk")
        }
    }

    async fn snapshot(&self) -> Snapshot {
        self.snapshots.fetch_add(1, Ordering::Relaxed);
        Snapshot {
            queued: 4,
            ..Snapshot::default()
        }
    }
}

struct World {
    told: Arc<Told>,
    desk: Arc<Desk>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    served: tokio::task::JoinHandle<()>,
}

impl World {
    async fn start(metrics: &Metrics) -> Self {
        Self::start_with(metrics, Limits::default()).await
    }

    async fn start_with(metrics: &Metrics, limits: Limits) -> Self {
        let told = Arc::new(Told::default());
        let log = Log::start(LogLevel::Error, Arc::new(|| Timestamp::from_millis(0)));
        let source = Arc::clone(&told) as Arc<dyn Source>;
        let desk = Desk::new(source, Arc::default(), log, metrics);
        let listeners = bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
        let address = listeners[0].local_addr().unwrap();
        let (stop, stopping) = watch::channel(false);
        let served = tokio::spawn(serve(listeners, Arc::clone(&desk), limits, stopping));
        Self {
            told,
            desk,
            address,
            stop,
            served,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// What comes back for these octets, to the end of the connection.
    async fn say(&self, octets: &[u8]) -> String {
        let mut stream = self.connect().await;
        // A peer who is refused in the middle of its words cannot say the rest.
        stream.write_all(octets).await.ok();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok();
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let answer = self
            .say(format!("GET {path} HTTP/1.1\r\nHost: ops\r\n\r\n").as_bytes())
            .await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (status(head), body.to_owned())
    }
}

fn status(answer: &str) -> u16 {
    let word = answer
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3));
    word.map_or(0, |word| word.parse().unwrap())
}

fn read_by(networks: &[&str]) -> Metrics {
    Metrics {
        enabled: true,
        allow: networks
            .iter()
            .map(|network| network.parse().unwrap())
            .collect(),
    }
}

fn open() -> Metrics {
    read_by(&["127.0.0.1"])
}

#[tokio::test]
async fn health_and_readiness_are_told_with_their_reasons() {
    let world = World::start(&open()).await;
    assert_eq!(world.get("/healthz").await, (200, "scheduler: ok\n".into()));
    assert_eq!(
        world.get("/readyz").await,
        (200, "store: ok\ndisk: ok\n".into())
    );
    world.told.has_no_room.store(true, Ordering::Relaxed);
    let full = "store: ok\ndisk: 300 MB free, 500 MB needed\n";
    assert_eq!(world.get("/readyz").await, (503, full.into()));
    assert_eq!(
        world.get("/healthz").await.0,
        200,
        "a restart makes no room"
    );
    world.told.is_dead.store(true, Ordering::Relaxed);
    let dead = "scheduler: it does not answer\n";
    assert_eq!(world.get("/healthz").await, (503, dead.into()));
    assert_eq!(world.get("/nothing").await.0, 404);
}

#[tokio::test]
async fn the_numbers_are_for_those_who_are_allowed() {
    let world = World::start(&open()).await;
    let (status, page) = world.get("/metrics").await;
    assert_eq!(status, 200);
    assert!(page.contains("\ninhaul_queue_length 4\n"), "{page}");
    for (metrics, expected) in [
        (
            Metrics {
                enabled: false,
                ..open()
            },
            404,
        ),
        (read_by(&[]), 403),
        (read_by(&["192.0.2.0/24", "::1"]), 403),
        (read_by(&["192.0.2.0/24", "127.0.0.0/8"]), 200),
        (read_by(&["0.0.0.0/0"]), 200),
    ] {
        world.desk.configure(&metrics);
        assert_eq!(world.get("/metrics").await.0, expected, "{metrics:?}");
        assert_eq!(world.get("/healthz").await.0, 200, "{metrics:?}");
    }
}

#[tokio::test]
async fn many_who_ask_at_once_cost_one_look() {
    let world = World::start(&open()).await;
    let asked = (0..50).map(|_| world.get("/metrics"));
    let began = Instant::now();
    let answers = futures_util::future::join_all(asked).await;
    assert!(answers.iter().all(|(status, _)| *status == 200));
    let looks = world.told.snapshots.load(Ordering::Relaxed);
    assert!(looks <= 1 + began.elapsed().as_secs(), "{looks}");
}

#[tokio::test]
async fn garbage_is_refused_and_the_line_closed() {
    let world = World::start(&open()).await;
    let many_headers = format!(
        "GET /healthz HTTP/1.1\r\n{}\r\n",
        "X: y\r\n".repeat(HEADERS_MOST + 1)
    );
    let long_header = format!(
        "GET /healthz HTTP/1.1\r\nX: {}\r\n\r\n",
        "y".repeat(100_000)
    );
    let long_path = format!("GET /{} HTTP/1.1\r\n\r\n", "y".repeat(100_000));
    let endless = vec![b'x'; 1_000_000];
    for (octets, expected) in [
        (&b"\0\xff\x16\x03\x01 what\r\n\r\n"[..], 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0),
        (b"GET /healthz\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (
            b"POST /healthz HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
            405,
        ),
        // A body that never comes is not waited for.
        (
            b"GET /healthz HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n",
            200,
        ),
        (
            b"POST /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFF\r\n",
            405,
        ),
        // The second request of a connection is never looked at.
        (
            b"GET /readyz HTTP/1.1\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n",
            200,
        ),
        (many_headers.as_bytes(), 431),
        (long_header.as_bytes(), 431),
        (&endless, 0),
    ] {
        let answer = world.say(octets).await;
        let start = String::from_utf8_lossy(&octets[..octets.len().min(40)]);
        if expected != 0 {
            assert_eq!(status(&answer), expected, "{start}: {answer}");
        }
        assert!(
            answer.matches("HTTP/1.1 ").count() <= 1,
            "{start}: {answer}"
        );
    }
    assert_ne!(status(&world.say(long_path.as_bytes()).await), 200);
    assert_eq!(world.get("/healthz").await.0, 200);
}

#[tokio::test]
async fn whoever_says_nothing_is_let_go_and_others_come_in_then() {
    let limits = Limits {
        connections: 4,
        life: Duration::from_millis(500),
    };
    let world = World::start_with(&open(), limits).await;
    // All places, taken by peers who begin a request and stop.
    let mut silent = Vec::new();
    for begun in [
        &b""[..],
        b"GET /healthz HT",
        b"GET ",
        b"GET /healthz HTTP/1.1\r\n",
    ] {
        let mut stream = world.connect().await;
        stream.write_all(begun).await.unwrap();
        silent.push(stream);
    }
    // Waits until their time is up, and is served then.
    let answer = loop {
        let answer = world.say(b"GET /healthz HTTP/1.1\r\n\r\n").await;
        // A machine that is busy enough cuts us short too.
        if !answer.is_empty() {
            break answer;
        }
    };
    assert_eq!(status(&answer), 200);
    for mut stream in silent {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.ok();
        assert_eq!(rest, b"");
    }
}

#[tokio::test]
async fn a_stop_ends_it_at_once_whoever_is_connected() {
    let world = World::start(&open()).await;
    let mut stream = world.connect().await;
    stream.write_all(b"GET /healthz HT").await.unwrap();
    assert_eq!(world.get("/healthz").await.0, 200);
    world.stop.send(true).unwrap();
    world.served.await.unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.ok();
    assert_eq!(rest, b"");
    assert!(TcpStream::connect(world.address).await.is_err());
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let world = World::start(&open()).await;
    let free = "127.0.0.1:0".parse().unwrap();
    let (address, error) = bind(&[free, world.address]).await.unwrap_err();
    assert_eq!(address, world.address);
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
}
