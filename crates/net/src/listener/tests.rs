//! Real sockets: who is served, who is not, and what becomes of peers who stall.

mod handshakes;
mod proxies;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Mutex;

use inhaul_types::{Network, Timestamp};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpSocket;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, yield_now};

use super::*;
use crate::tls::Trust;
use crate::{
    Admission, CertificateSource, ConnectionLimits, Dialler, Line, MinimumTls, Patience, ServerTls,
    Target,
};

/// Longer than any test.
const LONG: Duration = Duration::from_secs(600);

/// Nobody waits for it.
const SHORT: Duration = Duration::from_millis(20);

const PATIENT: Patience = Patience {
    proxy_header: LONG,
    handshake: LONG,
    refusal: LONG,
    drain: LONG,
};

/// Every peer that a test has.
const LOOPBACK: &str = "127.0.0.0/8";

/// A port whose protocol is: a greeting that says who is there, then every line comes back.
struct Port {
    address: SocketAddr,
    admission: Arc<Admission>,
    stop: watch::Sender<bool>,
    listening: JoinHandle<usize>,
    troubles: mpsc::UnboundedReceiver<Trouble>,
}

/// What is special about a port.
struct Opening {
    limits: ConnectionLimits,
    proxies: Vec<Network>,
    patience: Patience,
    tls: Option<Arc<ServerTls>>,
}

impl Default for Opening {
    fn default() -> Self {
        Self {
            limits: limits(100, 100),
            proxies: Vec::new(),
            patience: PATIENT,
            tls: None,
        }
    }
}

fn limits(in_all: usize, per_address: usize) -> ConnectionLimits {
    ConnectionLimits {
        in_all,
        per_address,
    }
}

fn behind_proxies() -> Opening {
    Opening {
        proxies: vec![LOOPBACK.parse().unwrap()],
        ..Opening::default()
    }
}

async fn open(opening: Opening) -> Port {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    open_with(listener, address, opening)
}

fn open_with(incoming: impl Incoming + 'static, address: SocketAddr, opening: Opening) -> Port {
    let (stop, stopping) = watch::channel(false);
    let (told, troubles) = mpsc::unbounded_channel();
    let admission = Admission::new(opening.limits);
    let host = Host {
        door: Door {
            admission: Arc::clone(&admission),
            tls: opening.tls,
            proxies: opening.proxies.into(),
            patience: opening.patience,
            stop: stopping,
        },
        serve: echo,
        refuse: |mut refused: Refused| async move {
            let text = format!("-ERR {}\r\n", refused.full);
            refused.line.write_all(text.as_bytes()).await.ok();
            refused.line.shutdown().await.ok();
            // As long as its peer stays.
            refused.line.read_to_end(&mut Vec::new()).await.ok();
        },
        refusing: Semaphore::new(REFUSALS_MOST),
        tell: move |trouble| told.send(trouble).unwrap_or_default(),
    };
    Port {
        address,
        admission,
        stop,
        listening: tokio::spawn(take(incoming, Arc::new(host))),
        troubles,
    }
}

async fn echo(accepted: Accepted) {
    let _place = accepted.admitted;
    let encrypted = accepted.line.is_encrypted() || accepted.encrypted_to_proxy;
    let greeting = format!("+OK {} {encrypted}\r\n", accepted.peer.ip());
    let (mut stop, mut line) = (accepted.stop, BufReader::new(accepted.line));
    line.write_all(greeting.as_bytes()).await.unwrap();
    loop {
        let mut said = String::new();
        tokio::select! {
            () = stopped(&mut stop) => {
                line.write_all(b"bye\r\n").await.unwrap();
                return;
            }
            read = line.read_line(&mut said) => match read {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
        match said.trim_end() {
            "panic" => panic!("this session was asked to"),
            "deaf" => std::future::pending().await,
            _ => line.write_all(said.as_bytes()).await.unwrap(),
        }
    }
}

struct Client<L>(BufReader<L>);

impl<L: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> Client<L> {
    /// The next line; empty at the end of the connection.
    async fn hear(&mut self) -> String {
        let mut heard = String::new();
        // A connection that is cut off has ended too.
        self.0.read_line(&mut heard).await.ok();
        heard.trim_end().to_owned()
    }

    async fn say(&mut self, octets: &[u8]) {
        self.0.write_all(octets).await.unwrap();
        self.0.flush().await.unwrap();
    }
}

impl Port {
    async fn connect(&self) -> Client<TcpStream> {
        self.connect_from("127.0.0.1").await
    }

    async fn connect_from(&self, address: &str) -> Client<TcpStream> {
        let socket = TcpSocket::new_v4().unwrap();
        let address: IpAddr = address.parse().unwrap();
        socket.bind(SocketAddr::new(address, 0)).unwrap();
        let stream = socket.connect(self.address).await.unwrap();
        Client(BufReader::new(stream))
    }

    /// As a proxy, with this header.
    async fn relay(&self, header: &[u8]) -> Client<TcpStream> {
        let mut client = self.connect().await;
        client.say(header).await;
        client
    }

    async fn connected_are(&self, many: usize) {
        while self.admission.connected() != many {
            yield_now().await;
        }
    }

    /// Stops and tells how many were cut off.
    async fn close(self) -> usize {
        self.stop.send(true).unwrap();
        self.listening.await.unwrap()
    }
}

#[tokio::test]
async fn a_session_knows_whose_it_is() {
    let port = open(Opening::default()).await;
    let mut client = port.connect_from("127.0.0.3").await;
    assert_eq!(client.hear().await, "+OK 127.0.0.3 false");
    client.say(b"hello\r\n").await;
    assert_eq!(client.hear().await, "hello");
}

/// A listener for both families, as it tells of peers with IPv4.
struct BothFamilies(TcpListener);

impl Incoming for BothFamilies {
    fn poll_next(&self, context: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let accepted = self.0.poll_accept(context);
        accepted.map_ok(|(stream, peer)| match peer.ip() {
            IpAddr::V4(v4) => (
                stream,
                SocketAddr::new(v4.to_ipv6_mapped().into(), peer.port()),
            ),
            IpAddr::V6(_) => (stream, peer),
        })
    }
}

#[tokio::test]
async fn ipv4_is_never_taken_for_ipv6() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let port = open_with(BothFamilies(listener), address, Opening::default());
    let mut client = port.connect().await;
    assert_eq!(client.hear().await, "+OK 127.0.0.1 false");

    // Nor when it is looked up among the proxies.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let port = open_with(BothFamilies(listener), address, behind_proxies());
    let mut client = port.relay(b"PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n").await;
    assert_eq!(client.hear().await, "+OK 192.0.2.7 false");
}

#[tokio::test]
async fn there_are_so_many_in_all_and_the_next_is_told_so() {
    let limits = limits(2, 2);
    let port = open(Opening {
        limits,
        ..Opening::default()
    })
    .await;
    let mut first = port.connect_from("127.0.0.2").await;
    assert_eq!(first.hear().await, "+OK 127.0.0.2 false");
    let mut second = port.connect_from("127.0.0.3").await;
    assert_eq!(second.hear().await, "+OK 127.0.0.3 false");
    let mut third = port.connect_from("127.0.0.4").await;
    assert_eq!(third.hear().await, "-ERR too many connections");
    assert_eq!(third.hear().await, "");
    drop(first);
    port.connected_are(1).await;
    let mut fourth = port.connect_from("127.0.0.4").await;
    assert_eq!(fourth.hear().await, "+OK 127.0.0.4 false");
}

#[tokio::test]
async fn one_address_does_not_take_the_places_of_others() {
    let limits = limits(10, 1);
    let port = open(Opening {
        limits,
        ..Opening::default()
    })
    .await;
    let mut first = port.connect_from("127.0.0.2").await;
    assert_eq!(first.hear().await, "+OK 127.0.0.2 false");
    let mut second = port.connect_from("127.0.0.2").await;
    let refusal = "-ERR too many connections from your address";
    assert_eq!(second.hear().await, refusal);
    let mut other = port.connect_from("127.0.0.3").await;
    assert_eq!(other.hear().await, "+OK 127.0.0.3 false");
}

#[tokio::test]
async fn a_refusal_that_takes_too_long_is_cut_off() {
    let patience = Patience {
        refusal: SHORT,
        ..PATIENT
    };
    let limits = limits(0, 0);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (_stop, stop) = watch::channel(false);
    let door = Door {
        admission: Admission::new(limits),
        tls: None,
        proxies: Arc::new([]),
        patience,
        stop,
    };
    let hold = |refused: Refused| async move {
        let _line = refused.line;
        std::future::pending().await
    };
    tokio::spawn(listen(listener, door, echo, hold, |_| ()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    assert_eq!(
        stream.read_u8().await.unwrap_err().kind(),
        io::ErrorKind::UnexpectedEof
    );
}

/// A self-made certificate, and where it is.
fn self_made() -> (Arc<ServerTls>, TempDir) {
    let dir = TempDir::new().unwrap();
    let source = CertificateSource::SelfMade {
        dir: dir.path().to_owned(),
    };
    let clock = Arc::new(|| Timestamp::from_system_time(std::time::SystemTime::now()));
    let tls = ServerTls::open(source, MinimumTls::Tls12, clock).unwrap();
    (tls, dir)
}

#[tokio::test]
async fn a_stop_lets_sessions_end() {
    let port = open(Opening::default()).await;
    let mut client = port.connect().await;
    assert_eq!(client.hear().await, "+OK 127.0.0.1 false");
    let (address, admission) = (port.address, Arc::clone(&port.admission));
    assert_eq!(port.close().await, 0);
    assert_eq!(client.hear().await, "bye");
    assert_eq!(admission.connected(), 0);
    let refused = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_stop_cuts_off_whoever_does_not_end() {
    let patience = Patience {
        drain: SHORT,
        ..PATIENT
    };
    let port = open(Opening {
        patience,
        ..Opening::default()
    })
    .await;
    let mut deaf = port.connect().await;
    assert_eq!(deaf.hear().await, "+OK 127.0.0.1 false");
    deaf.say(b"once\r\ndeaf\r\n").await;
    assert_eq!(deaf.hear().await, "once");
    let mut other = port.connect().await;
    assert_eq!(other.hear().await, "+OK 127.0.0.1 false");
    let admission = Arc::clone(&port.admission);
    assert_eq!(port.close().await, 1);
    assert_eq!(deaf.hear().await, "");
    assert_eq!(other.hear().await, "bye");
    assert_eq!(admission.connected(), 0);
}

#[tokio::test]
async fn a_stop_waits_for_nobody_who_has_not_begun() {
    let (tls, _dir) = self_made();
    let port = open(Opening {
        tls: Some(tls),
        ..behind_proxies()
    })
    .await;
    let _no_header = port.connect().await;
    let _no_handshake = port.relay(b"PROXY UNKNOWN\r\n").await;
    port.connected_are(2).await;
    assert_eq!(port.close().await, 0);
}

#[tokio::test]
async fn that_nobody_can_say_stop_any_more_is_a_stop() {
    let port = open(Opening::default()).await;
    drop(port.stop);
    assert_eq!(port.listening.await.unwrap(), 0);
}

#[tokio::test]
async fn a_session_that_breaks_off_leaves_the_others_alone() {
    let mut port = open(Opening::default()).await;
    let mut other = port.connect().await;
    assert_eq!(other.hear().await, "+OK 127.0.0.1 false");
    let mut client = port.connect().await;
    client.say(b"panic\r\n").await;
    let trouble = port.troubles.recv().await.unwrap();
    assert!(matches!(trouble, Trouble::Session(_)), "{trouble}");
    assert_eq!(client.hear().await, "+OK 127.0.0.1 false");
    assert_eq!(client.hear().await, "");
    port.connected_are(1).await;
    other.say(b"hello\r\n").await;
    assert_eq!(other.hear().await, "hello");
}

/// A system that has no connection to give for a while.
struct Short {
    errors: Mutex<VecDeque<io::Error>>,
    listener: TcpListener,
}

impl Incoming for Short {
    fn poll_next(&self, context: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        match self.errors.lock().unwrap().pop_front() {
            Some(error) => Poll::Ready(Err(error)),
            None => self.listener.poll_accept(context),
        }
    }
}

#[tokio::test]
async fn a_system_out_of_descriptors_is_waited_for_and_told_of_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let none_left = || rustix::io::Errno::MFILE.into();
    let gave_up = io::ErrorKind::ConnectionAborted.into();
    let errors = Mutex::new(VecDeque::from([gave_up, none_left(), none_left()]));
    let mut port = open_with(Short { errors, listener }, address, Opening::default());
    let mut client = port.connect().await;
    assert_eq!(client.hear().await, "+OK 127.0.0.1 false");
    let trouble = port.troubles.try_recv().unwrap();
    assert!(matches!(trouble, Trouble::Accept(_)), "{trouble}");
    assert!(port.troubles.try_recv().is_err());
}

#[tokio::test]
async fn an_answer_leaves_at_once_and_a_dead_peer_is_noticed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (_client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
    let (stream, _) = accepted.unwrap();
    prepare(&stream);
    assert!(stream.nodelay().unwrap());
    assert!(sockopt::socket_keepalive(&stream).unwrap());
    assert_eq!(sockopt::tcp_keepidle(&stream).unwrap(), KEEP_ALIVE_AFTER);
    assert_eq!(sockopt::tcp_keepcnt(&stream).unwrap(), KEEP_ALIVE_TRIES);
}

#[tokio::test]
async fn who_does_not_go_after_a_refusal_keeps_no_place_and_is_in_nobodys_way() {
    let limits = limits(1, 1);
    let port = open(Opening {
        limits,
        ..Opening::default()
    })
    .await;
    let mut first = port.connect_from("127.0.0.2").await;
    assert_eq!(first.hear().await, "+OK 127.0.0.2 false");
    let mut refused = Vec::new();
    for _ in 0..REFUSALS_MOST {
        let mut client = port.connect_from("127.0.0.3").await;
        assert_eq!(client.hear().await, "-ERR too many connections");
        refused.push(client);
    }
    // The next is not told why.
    let mut client = port.connect_from("127.0.0.3").await;
    assert_eq!(client.hear().await, "");
    drop(first);
    port.connected_are(0).await;
    let mut next = port.connect_from("127.0.0.4").await;
    assert_eq!(next.hear().await, "+OK 127.0.0.4 false");
    // Nor does a stop wait for them.
    assert_eq!(port.close().await, 0);
}
