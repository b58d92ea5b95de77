//! Signs in by IMAP, and fills a mailbox by its APPEND where a server's storage cannot be written by
//! hand.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// What to do about a message that the server does not take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum IfRefused {
    Fail,
    LeaveOut,
}

/// Appends messages to the user's INBOX and returns how many.
pub(crate) fn append<M: AsRef<[u8]>>(
    addr: SocketAddr,
    user: &str,
    password: &str,
    messages: impl IntoIterator<Item = M>,
) -> Result<usize> {
    append_all(addr, user, password, messages, IfRefused::Fail)
}

/// As [`append`], but leaves out what the server refuses, as its peers would have to.
pub(crate) fn append_accepted<M: AsRef<[u8]>>(
    addr: SocketAddr,
    user: &str,
    password: &str,
    messages: impl IntoIterator<Item = M>,
) -> Result<usize> {
    append_all(addr, user, password, messages, IfRefused::LeaveOut)
}

fn append_all<M: AsRef<[u8]>>(
    addr: SocketAddr,
    user: &str,
    password: &str,
    messages: impl IntoIterator<Item = M>,
    if_refused: IfRefused,
) -> Result<usize> {
    let (mut stream, _) = sign_in(addr, user, password)?;
    let mut count = 0;
    for message in messages {
        let message = message.as_ref();
        // A synchronising literal: the server's refusal comes before the octets are on their way.
        send(
            &mut stream,
            format!("b APPEND INBOX {{{}}}\r\n", message.len()).as_bytes(),
        )?;
        expect(&mut stream, "+")?;
        send(&mut stream, message)?;
        send(&mut stream, b"\r\n")?;
        let answer = tagged(&mut stream, "b ").with_context(|| format!("message {count}"))?;
        if answer.starts_with("OK") {
            count += 1;
        } else if if_refused == IfRefused::Fail {
            bail!("IMAP said {answer:?} to message {count}");
        }
    }
    sign_out(&mut stream)?;
    Ok(count)
}

/// Signs in and out again, and says how long the server took to answer the sign-in.
pub(crate) fn visit(addr: SocketAddr, user: &str, password: &str) -> Result<Duration> {
    let (mut stream, took) = sign_in(addr, user, password)?;
    sign_out(&mut stream)?;
    Ok(took)
}

fn sign_in(
    addr: SocketAddr,
    user: &str,
    password: &str,
) -> Result<(BufReader<TcpStream>, Duration)> {
    let stream = TcpStream::connect(addr).with_context(|| format!("no IMAP at {addr}"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    expect(&mut stream, "* OK")?;
    let began = Instant::now();
    let command = format!("a LOGIN {user} {password}\r\n");
    send(&mut stream, command.as_bytes())?;
    expect(&mut stream, "a OK")?;
    Ok((stream, began.elapsed()))
}

fn sign_out(stream: &mut BufReader<TcpStream>) -> Result<()> {
    send(stream, b"z LOGOUT\r\n")?;
    expect(stream, "z OK")
}

fn send(stream: &mut BufReader<TcpStream>, octets: &[u8]) -> Result<()> {
    stream
        .get_mut()
        .write_all(octets)
        .context("IMAP does not take it")
}

fn expect(stream: &mut BufReader<TcpStream>, start: &str) -> Result<()> {
    tagged(stream, start).map(drop)
}

/// Reads lines until one begins with `start`, and returns what stands behind; untagged ones in
/// between are of no interest.
fn tagged(stream: &mut BufReader<TcpStream>, start: &str) -> Result<String> {
    loop {
        let mut line = Vec::new();
        if stream
            .read_until(b'\n', &mut line)
            .context("IMAP is silent")?
            == 0
        {
            bail!("IMAP closed the connection where {start:?} was due");
        }
        let line = String::from_utf8_lossy(&line);
        if let Some(rest) = line.strip_prefix(start) {
            return Ok(rest.trim_end().to_string());
        }
        if !line.starts_with('*') {
            bail!("IMAP said {line:?} where {start:?} was due");
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
