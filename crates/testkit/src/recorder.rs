//! A relay that writes down what is said, and takes the messages out of it.
//!
//! For servers that change their mail between two sessions: what such a server sent to the client
//! under test is known only to who listened. As naive as [`RawPop3`](crate::RawPop3), and written
//! apart from `inhaul-pop3-proto` as that is.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::{Context as _, Result, ensure};

/// A relay on a free port of the loopback. Dropping it closes the port; sessions under way end
/// with their ends.
#[derive(Debug)]
pub struct Recorder {
    addr: SocketAddr,
    sessions: Sessions,
    closing: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

type Sessions = Arc<Mutex<Vec<Arc<Mutex<Session>>>>>;

/// What both sides said.
#[derive(Debug, Default)]
struct Session {
    client: Vec<u8>,
    server: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum Side {
    Client,
    Server,
}

impl Recorder {
    /// Starts a relay in front of `target`.
    pub fn start(target: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
        let addr = listener.local_addr()?;
        let sessions = Sessions::default();
        let closing = Arc::new(AtomicBool::new(false));
        let accepting = thread::spawn({
            let (sessions, closing) = (Arc::clone(&sessions), Arc::clone(&closing));
            move || accept(&listener, target, &sessions, &closing)
        });
        Ok(Self {
            addr,
            sessions,
            closing,
            accepting: Some(accepting),
        })
    }

    /// Where clients connect.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The messages sent in answer to RETR in all sessions since this was asked last, in their
    /// order; without the stuffed dots and without the line that ends them.
    pub fn retrieved(&self) -> Result<Vec<Vec<u8>>> {
        let sessions: Vec<_> = lock(&self.sessions).drain(..).collect();
        let messages: Result<Vec<_>> = sessions
            .iter()
            .map(|session| lock(session).retrieved())
            .collect();
        Ok(messages?.concat())
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        drop(TcpStream::connect(self.addr));
        let panicked = |thread: JoinHandle<()>| thread.join().is_err();
        if self.accepting.take().is_some_and(panicked) {
            eprintln!("a thread of the recorder panicked");
        }
    }
}

fn accept(listener: &TcpListener, target: SocketAddr, sessions: &Sessions, closing: &AtomicBool) {
    for client in listener.incoming() {
        if closing.load(Ordering::SeqCst) {
            return;
        }
        let both = client.and_then(|client| Ok((client, TcpStream::connect(target)?)));
        let Ok((client, server)) = both else {
            eprintln!("the recorder has no connection to {target}");
            continue;
        };
        let session = Arc::new(Mutex::new(Session::default()));
        lock(sessions).push(Arc::clone(&session));
        for (from, to, side) in [
            (client.try_clone(), server.try_clone(), Side::Client),
            (Ok(server), Ok(client), Side::Server),
        ] {
            let (Ok(from), Ok(to)) = (from, to) else {
                continue;
            };
            let session = Arc::clone(&session);
            thread::spawn(move || carry(from, to, &session, side));
        }
    }
}

/// Writes down first and hands on then: who has got an octet finds it written down.
fn carry(mut from: TcpStream, mut to: TcpStream, session: &Mutex<Session>, side: Side) {
    let mut octets = vec![0; 64 * 1024];
    drop(to.set_nodelay(true));
    while let Ok(count @ 1..) = from.read(&mut octets) {
        let mut written = lock(session);
        let said = match side {
            Side::Client => &mut written.client,
            Side::Server => &mut written.server,
        };
        said.extend_from_slice(&octets[..count]);
        drop(written);
        if to.write_all(&octets[..count]).is_err() {
            break;
        }
    }
    drop(to.shutdown(Shutdown::Write));
}

impl Session {
    /// Goes through commands and answers side by side; each command has one answer, in order.
    fn retrieved(&self) -> Result<Vec<Vec<u8>>> {
        let mut lines: VecDeque<&[u8]> = lines_of(&self.server).into();
        let mut messages = Vec::new();
        lines.pop_front().context("no greeting")?;
        for command in lines_of(&self.client) {
            let command = String::from_utf8_lossy(command).trim().to_uppercase();
            let Some(status) = lines.pop_front() else {
                break;
            };
            let words: Vec<_> = command.split(' ').collect();
            let many = match words[0] {
                "RETR" | "TOP" | "CAPA" => true,
                "UIDL" | "LIST" => words.len() == 1,
                _ => false,
            };
            if !many || !status.starts_with(b"+OK") {
                continue;
            }
            let mut body = Vec::new();
            let mut ended = false;
            while let Some(line) = lines.pop_front() {
                ended = line == b".\r\n";
                if ended {
                    break;
                }
                body.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
            }
            ensure!(ended, "{command} was not answered to the end");
            if words[0] == "RETR" {
                messages.push(body);
            }
        }
        Ok(messages)
    }
}

/// Cuts behind each CR LF.
fn lines_of(said: &[u8]) -> Vec<&[u8]> {
    let (mut lines, mut rest) = (Vec::new(), said);
    while let Some(at) = rest.windows(2).position(|octets| octets == b"\r\n") {
        let (line, behind) = rest.split_at(at + 2);
        lines.push(line);
        rest = behind;
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_taken_out_of_what_was_said() {
        let session = Session {
            client: b"CAPA\r\nUSER a\r\nPASS b\r\nLIST 1\r\nRETR 1\r\nTOP 1 0\r\nRETR 2\r\nRETR 3\r\n"
                .to_vec(),
            server: b"+OK hello\r\n+OK\r\nTOP\r\n.\r\n+OK\r\n+OK\r\n+OK 1 7\r\n+OK\r\n..a\nb\r\n\r\n.\r\n\
                +OK\r\nx\r\n.\r\n-ERR no\r\n+OK\r\nc\r\n.\r\n"
                .to_vec(),
        };
        let messages = session.retrieved().unwrap();
        assert_eq!(messages, [&b".a\nb\r\n\r\n"[..], b"c\r\n"]);
    }

    #[test]
    fn an_answer_that_is_cut_off_is_no_message() {
        let session = Session {
            client: b"RETR 1\r\n".to_vec(),
            server: b"+OK hello\r\n+OK\r\nhalf".to_vec(),
        };
        assert!(session.retrieved().is_err());
    }
}
