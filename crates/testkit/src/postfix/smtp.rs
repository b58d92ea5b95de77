//! Sends mail over several connections at once (RFC 5321), with pipelining (RFC 2920).

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};

/// A message and its envelope.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// The sender; empty for the null sender.
    pub from: &'a str,
    /// The recipients, as they are to be written.
    pub to: &'a [&'a str],
    /// The message, with CRLF line ends.
    pub message: &'a [u8],
}

/// Sends all, in no order.
pub(super) fn send(addr: SocketAddr, envelopes: &[Envelope<'_>]) -> Result<()> {
    let each = envelopes.len().div_ceil(CONNECTIONS).max(1);
    thread::scope(|scope| {
        let threads: Vec<_> = envelopes
            .chunks(each)
            .map(|some| scope.spawn(move || send_by_one(addr, some)))
            .collect();
        let join = |thread: thread::ScopedJoinHandle<'_, Result<()>>| thread.join();
        threads
            .into_iter()
            .try_for_each(|thread| join(thread).map_err(|_| anyhow!("a sender panicked"))?)
    })
}

/// The line a server greets with.
pub(super) fn greeting(addr: SocketAddr) -> Option<String> {
    let stream = TcpStream::connect(addr).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    Some(line)
}

fn send_by_one(addr: SocketAddr, envelopes: &[Envelope<'_>]) -> Result<()> {
    let stream = TcpStream::connect(addr).with_context(|| format!("no SMTP at {addr}"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    expect(&mut stream, "220")?;
    write(&mut stream, b"EHLO client.example\r\n")?;
    expect(&mut stream, "250")?;
    for Envelope { from, to, message } in envelopes {
        let mut commands = format!("MAIL FROM:<{from}>\r\n");
        for recipient in *to {
            commands.push_str(&format!("RCPT TO:<{recipient}>\r\n"));
        }
        commands.push_str("DATA\r\n");
        write(&mut stream, commands.as_bytes())?;
        for _ in 0..=to.len() {
            expect(&mut stream, "250").with_context(|| commands.clone())?;
        }
        expect(&mut stream, "354")?;
        write(&mut stream, &stuffed(message))?;
        expect(&mut stream, "250")?;
    }
    write(&mut stream, b"QUIT\r\n")?;
    expect(&mut stream, "221")
}

/// The message as it goes over the line, with its final dot.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(message.len() + 8);
    for line in message.split_inclusive(|&octet| octet == b'\n') {
        if line.starts_with(b".") {
            octets.push(b'.');
        }
        octets.extend_from_slice(line);
    }
    octets.extend_from_slice(b".\r\n");
    octets
}

fn write(stream: &mut BufReader<TcpStream>, octets: &[u8]) -> Result<()> {
    let stream = stream.get_mut();
    stream.write_all(octets).context("SMTP does not take it")
}

/// Reads one answer, of however many lines.
fn expect(stream: &mut BufReader<TcpStream>, code: &str) -> Result<()> {
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).context("SMTP is silent")?;
        if !line.starts_with(code) {
            bail!("SMTP said {line:?}, not {code}");
        }
        if line.as_bytes().get(3) != Some(&b'-') {
            return Ok(());
        }
    }
}

/// More do not help a machine of a few cores.
const CONNECTIONS: usize = 8;
const PATIENCE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_begins_with_a_dot_gets_another_one() {
        assert_eq!(stuffed(b"a\r\n.b\r\n..\r\n"), b"a\r\n..b\r\n...\r\n.\r\n");
    }
}
