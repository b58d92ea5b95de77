//! A TCP proxy that breaks the line where a test wants it broken.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::net::sockopt::set_socket_linger;

/// What the proxy does to a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CutMode {
    /// Nothing.
    Pass,
    /// Resets both sides after this many octets from the server; the client gets exactly these.
    AfterServerOctets(u64),
    /// The client says `QUIT`, and the line is reset before the server sees it: nothing may be
    /// deleted there. (Not behind TLS.)
    BeforeQuit,
    /// The server gets `QUIT` and does what it says; the client sees nothing of what the server
    /// sends from then on. (Not behind TLS.)
    AfterQuit,
    /// Hands on at most this many octets with each write, both ways.
    SplitEvery(usize),
}

/// A proxy on a free port of the loopback. Dropping it ends every connection.
#[derive(Debug)]
pub struct CutProxy {
    addr: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

/// What the proxy's threads have in common.
#[derive(Debug)]
struct Shared {
    target: SocketAddr,
    /// For the next connection, and for those after it.
    modes: Mutex<(CutMode, CutMode)>,
    accepted: AtomicUsize,
    cuts: AtomicUsize,
    server_octets: AtomicU64,
    closing: AtomicBool,
}

impl CutProxy {
    /// Starts a proxy in front of `target` that treats the first connection so and passes the
    /// later ones.
    pub fn start(target: SocketAddr, first: CutMode) -> Result<Self> {
        Self::with_modes(target, (first, CutMode::Pass))
    }

    /// Starts a proxy in front of `target` that treats every connection so.
    pub fn start_each(target: SocketAddr, mode: CutMode) -> Result<Self> {
        Self::with_modes(target, (mode, mode))
    }

    /// Where clients connect.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Treats the next connection so and passes the later ones.
    pub fn set_next(&self, mode: CutMode) {
        *lock(&self.shared.modes) = (mode, CutMode::Pass);
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// How many of them were cut.
    pub fn cuts(&self) -> usize {
        self.shared.cuts.load(Ordering::SeqCst)
    }

    /// How many octets servers have sent, over all connections: where a cut may fall.
    pub fn server_octets(&self) -> u64 {
        self.shared.server_octets.load(Ordering::SeqCst)
    }

    fn with_modes(target: SocketAddr, modes: (CutMode, CutMode)) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared {
            target,
            modes: Mutex::new(modes),
            accepted: AtomicUsize::new(0),
            cuts: AtomicUsize::new(0),
            server_octets: AtomicU64::new(0),
            closing: AtomicBool::new(false),
        });
        let for_thread = Arc::clone(&shared);
        let accepting = thread::spawn(move || accept(&listener, &for_thread));
        Ok(Self {
            addr,
            shared,
            accepting: Some(accepting),
        })
    }
}

impl Drop for CutProxy {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts; it ends the connections and the threads that carry them.
        drop(TcpStream::connect(self.addr));
        if self
            .accepting
            .take()
            .is_some_and(|thread| thread.join().is_err())
        {
            eprintln!("a thread of the proxy panicked");
        }
    }
}

/// Accepts connections until the proxy closes, then ends those that are left.
fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut carried: Vec<(Weak<Line>, JoinHandle<()>)> = Vec::new();
    for client in listener.incoming() {
        if shared.closing.load(Ordering::SeqCst) {
            break;
        }
        shared.accepted.fetch_add(1, Ordering::SeqCst);
        let mode = {
            let mut modes = lock(&shared.modes);
            let (next, later) = *modes;
            modes.0 = later;
            next
        };
        match client.and_then(|client| Line::open(client, Arc::clone(shared), mode)) {
            Ok(line) => {
                let line = Arc::new(line);
                let weak = Arc::downgrade(&line);
                carried.push((weak, thread::spawn(move || line.carry())));
            }
            Err(error) => eprintln!("the proxy has no connection to {}: {error}", shared.target),
        }
    }
    for (line, thread) in carried {
        if let Some(line) = line.upgrade() {
            drop(line.client.shutdown(Shutdown::Both));
            drop(line.server.shutdown(Shutdown::Both));
        }
        if thread.join().is_err() {
            eprintln!("a thread of the proxy panicked");
        }
    }
}

/// One connection: the client's side and the server's.
#[derive(Debug)]
struct Line {
    shared: Arc<Shared>,
    client: TcpStream,
    server: TcpStream,
    mode: CutMode,
    /// The server has been told to quit and the client shall not hear of it.
    muted: AtomicBool,
}

impl Line {
    fn open(client: TcpStream, shared: Arc<Shared>, mode: CutMode) -> std::io::Result<Self> {
        let server = TcpStream::connect(shared.target)?;
        for side in [&client, &server] {
            side.set_nodelay(true)?;
            side.set_write_timeout(Some(WRITE_PATIENCE))?;
        }
        Ok(Self {
            shared,
            client,
            server,
            mode,
            muted: AtomicBool::new(false),
        })
    }

    /// Carries octets both ways until both have ended.
    fn carry(&self) {
        thread::scope(|scope| {
            scope.spawn(|| self.down());
            match self.mode {
                CutMode::BeforeQuit | CutMode::AfterQuit => self.up_to_quit(),
                _ => self.up(),
            }
        });
    }

    /// Client to server.
    fn up(&self) {
        let mut octets = vec![0; PIECE];
        while let Ok(count @ 1..) = (&self.client).read(&mut octets) {
            if self.write(&self.server, &octets[..count]).is_err() {
                break;
            }
        }
        drop(self.server.shutdown(Shutdown::Write));
    }

    /// Client to server, line by line, with an eye on `QUIT`.
    fn up_to_quit(&self) {
        let mut lines = BufReader::new(&self.client);
        let mut line = Vec::new();
        while let Ok(1..) = lines.read_until(b'\n', &mut line) {
            if line.trim_ascii().eq_ignore_ascii_case(b"QUIT") {
                if self.mode == CutMode::BeforeQuit {
                    return self.cut();
                }
                self.muted.store(true, Ordering::SeqCst);
            }
            if self.write(&self.server, &line).is_err() {
                break;
            }
            line.clear();
        }
        drop(self.server.shutdown(Shutdown::Write));
    }

    /// Server to client.
    fn down(&self) {
        let mut octets = vec![0; PIECE];
        let mut left = match self.mode {
            CutMode::AfterServerOctets(count) => count,
            _ => u64::MAX,
        };
        if left == 0 {
            return self.cut();
        }
        while let Ok(count @ 1..) = (&self.server).read(&mut octets) {
            self.shared
                .server_octets
                .fetch_add(count as u64, Ordering::SeqCst);
            if self.muted.load(Ordering::SeqCst) {
                continue;
            }
            let allowed = count.min(usize::try_from(left).unwrap_or(usize::MAX));
            left -= allowed as u64;
            if self.write(&self.client, &octets[..allowed]).is_err() {
                break;
            }
            if left == 0 {
                return self.cut();
            }
        }
        if self.muted.load(Ordering::SeqCst) {
            return self.cut();
        }
        drop(self.client.shutdown(Shutdown::Write));
    }

    fn write(&self, mut to: &TcpStream, octets: &[u8]) -> std::io::Result<()> {
        let piece = match self.mode {
            CutMode::SplitEvery(most) => most.max(1),
            _ => PIECE,
        };
        octets
            .chunks(piece)
            .try_for_each(|piece| to.write_all(piece))
    }

    /// Resets both sides: the sockets are set to send RST when they are closed, and both threads
    /// are woken to let go of them.
    fn cut(&self) {
        self.shared.cuts.fetch_add(1, Ordering::SeqCst);
        // What was written must arrive before the reset that would overtake it.
        thread::sleep(DELIVERY);
        for side in [&self.client, &self.server] {
            if let Err(error) = set_socket_linger(side, Some(Duration::ZERO)) {
                eprintln!("the proxy cannot reset a connection: {error}");
            }
        }
        // On the client's side only reading ends here, because the other way would send FIN.
        drop(self.client.shutdown(Shutdown::Read));
        drop(self.server.shutdown(Shutdown::Both));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const PIECE: usize = 64 * 1024;
/// On the loopback what was written has arrived long before this.
const DELIVERY: Duration = Duration::from_millis(10);
const WRITE_PATIENCE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use super::*;

    const ANSWER: &[u8] = b"+OK hi\r\n+OK 1 10\r\n+OK bye\r\n";

    /// A server that says [`ANSWER`] at once and then listens; what it heard on each connection
    /// comes through the channel.
    fn server() -> (SocketAddr, Receiver<Vec<u8>>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let (heard, hear) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, mut said) = (stream.unwrap(), Vec::new());
                stream.write_all(ANSWER).ok();
                stream.shutdown(Shutdown::Write).ok();
                stream.read_to_end(&mut said).ok();
                if heard.send(said).is_err() {
                    return;
                }
            }
        });
        (addr, hear)
    }

    /// What a client that sends `said` gets, and whether the line was reset at the end.
    fn talk(addr: SocketAddr, said: &[u8]) -> (Vec<u8>, bool) {
        let mut stream = TcpStream::connect(addr).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        // The line may be gone before we have said everything.
        stream.write_all(said).ok();
        stream.shutdown(Shutdown::Write).ok();
        let (mut got, mut octet) = (Vec::new(), [0]);
        loop {
            match stream.read(&mut octet) {
                Ok(0) => return (got, false),
                Ok(_) => got.push(octet[0]),
                Err(_) => return (got, true),
            }
        }
    }

    #[test]
    fn the_line_is_cut_after_so_many_octets_and_only_once() {
        let (addr, _hear) = server();
        for cut_at in 0..ANSWER.len() {
            let mode = CutMode::AfterServerOctets(cut_at as u64);
            let proxy = CutProxy::start(addr, mode).unwrap();
            assert_eq!(talk(proxy.addr(), b"").0, ANSWER[..cut_at], "{cut_at}");
            assert_eq!(
                talk(proxy.addr(), b""),
                (ANSWER.to_vec(), false),
                "{cut_at}"
            );
            assert_eq!((proxy.connections(), proxy.cuts()), (2, 1), "{cut_at}");
        }
    }

    #[test]
    fn a_cut_is_a_reset() {
        let (addr, _hear) = server();
        let proxy = CutProxy::start_each(addr, CutMode::AfterServerOctets(5)).unwrap();
        let mut stream = TcpStream::connect(proxy.addr()).unwrap();
        let mut got = Vec::new();
        let error = stream.read_to_end(&mut got).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        assert_eq!(got, ANSWER[..5]);
    }

    #[test]
    fn a_quit_that_is_cut_before_never_reaches_the_server() {
        let (addr, hear) = server();
        let proxy = CutProxy::start_each(addr, CutMode::BeforeQuit).unwrap();
        talk(proxy.addr(), b"DELE 1\r\nquit\r\n");
        assert_eq!(hear.recv().unwrap(), b"DELE 1\r\n");
        assert_eq!(proxy.cuts(), 1);
    }

    #[test]
    fn a_quit_that_is_cut_after_reaches_the_server_and_nothing_comes_back() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let proxy = CutProxy::start(addr, CutMode::AfterQuit).unwrap();
        let mut client = TcpStream::connect(proxy.addr()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        client.write_all(b"QUIT\r\n").unwrap();
        let mut said = [0; 6];
        server.read_exact(&mut said).unwrap();
        assert_eq!(&said, b"QUIT\r\n");
        server.write_all(b"+OK bye\r\n").unwrap();
        drop(server);
        let mut got = Vec::new();
        assert!(client.read_to_end(&mut got).is_err(), "{got:?}");
        assert_eq!(got, b"");
    }

    #[test]
    fn small_pieces_add_up() {
        let (addr, hear) = server();
        let proxy = CutProxy::start_each(addr, CutMode::SplitEvery(1)).unwrap();
        assert_eq!(talk(proxy.addr(), b"QUIT\r\n"), (ANSWER.to_vec(), false));
        assert_eq!(hear.recv().unwrap(), b"QUIT\r\n");
        assert_eq!(proxy.cuts(), 0);
        assert_eq!(proxy.server_octets(), ANSWER.len() as u64);
    }
}
