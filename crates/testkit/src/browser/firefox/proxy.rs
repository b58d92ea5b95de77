//! The proxy that Firefox asks for everything: it hands on what is for this machine, answers 502 to
//! the rest, and remembers both.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context as _, Result, ensure};

/// One thing that the browser asked its proxy for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Passed {
    /// `GET`, `POST`; `CONNECT` for a line to another place, which TLS would have been on.
    pub method: String,
    /// The address; `HOST:PORT` with `CONNECT`.
    pub url: String,
    /// What for, in the words of `Sec-Fetch-Dest`: `document`, `iframe`, `image`, `empty`. Nothing
    /// where an insecure place elsewhere is asked: it is not told.
    pub kind: String,
    /// Whether a cookie went with it.
    pub cookie: bool,
    /// Whether it was refused because it leads away from this machine.
    pub refused: bool,
}

/// A running proxy. Dropping it closes its port; lines that are open end with the browser.
#[derive(Debug)]
pub(super) struct Proxy {
    addr: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    passed: Mutex<Vec<Passed>>,
    closing: AtomicBool,
}

impl Proxy {
    /// Starts it on a free port of the loopback.
    pub(super) fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
        let addr = listener.local_addr()?;
        let shared = Arc::<Shared>::default();
        let of_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for line in listener.incoming().flatten() {
                if of_thread.closing.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&of_thread);
                // A line that is given up is nobody's fault.
                thread::spawn(move || drop(hand_on(line, &shared)));
            }
        });
        Ok(Self { addr, shared })
    }

    pub(super) fn port(&self) -> u16 {
        self.addr.port()
    }

    /// What was asked for since this was last asked.
    pub(super) fn passed(&self) -> Vec<Passed> {
        std::mem::take(&mut *self.shared.lock())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<Passed>> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        drop(TcpStream::connect(self.addr));
    }
}

/// One request of a line, and its answer for as long as it goes on.
fn hand_on(mut line: TcpStream, shared: &Shared) -> Result<()> {
    let mut reader = BufReader::new(line.try_clone()?);
    let Some((passed, head, octets)) = request(&mut reader)? else {
        return Ok(());
    };
    // Before anything is done about it: whoever has the answer finds it here.
    shared.lock().push(passed.clone());
    let server = target(&passed).map(TcpStream::connect);
    let Some(Ok(mut server)) = server else {
        line.write_all(REFUSAL)?;
        return Ok(());
    };
    server.write_all(head.as_bytes())?;
    io::copy(&mut reader.take(octets), &mut server)?;
    io::copy(&mut server, &mut line)?;
    Ok(())
}

/// The request, its head as its server wants it, and the octets of its body.
fn request(reader: &mut BufReader<TcpStream>) -> Result<Option<(Passed, String, u64)>> {
    let mut line = String::new();
    // Firefox opens lines that it may come to need.
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_ascii_whitespace();
    let mut word = || words.next().unwrap_or_default().to_owned();
    let mut passed = Passed {
        method: word(),
        url: word(),
        ..Passed::default()
    };
    passed.refused = target(&passed).is_none();
    let path = passed.url.splitn(4, '/').nth(3).unwrap_or_default();
    let mut head = format!(
        "{} /{path} HTTP/1.1\r\nConnection: close\r\n",
        passed.method
    );
    let mut octets = 0;
    loop {
        line.clear();
        ensure!(reader.read_line(&mut line)? > 0, "a head without an end");
        if line.trim().is_empty() {
            head.push_str("\r\n");
            return Ok(Some((passed, head, octets)));
        }
        let (name, value) = line.split_once(':').context("not a field")?;
        match name.to_ascii_lowercase().as_str() {
            "connection" | "proxy-connection" => continue,
            "content-length" => octets = value.trim().parse()?,
            "cookie" => passed.cookie = true,
            "sec-fetch-dest" => value.trim().clone_into(&mut passed.kind),
            _ => {}
        }
        head.push_str(&line);
    }
}

/// Where a request for the loopback leads to; nothing else is handed on, and nothing by TLS.
fn target(passed: &Passed) -> Option<SocketAddr> {
    let authority = passed.url.strip_prefix("http://")?.split('/').next()?;
    let target: SocketAddr = authority.parse().ok()?;
    target.ip().is_loopback().then_some(target)
}

const REFUSAL: &[u8] =
    b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
