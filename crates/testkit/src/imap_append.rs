//! Fills a mailbox by IMAP's APPEND, for servers whose storage cannot be written by hand.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// Appends messages to the user's INBOX and returns how many.
pub(crate) fn append<M: AsRef<[u8]>>(
    addr: SocketAddr,
    user: &str,
    password: &str,
    messages: impl IntoIterator<Item = M>,
) -> Result<usize> {
    let stream = TcpStream::connect(addr).with_context(|| format!("no IMAP at {addr}"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    expect(&mut stream, "* OK")?;
    send(
        &mut stream,
        format!("a LOGIN {user} {password}\r\n").as_bytes(),
    )?;
    expect(&mut stream, "a OK")?;
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
        expect(&mut stream, "b OK").with_context(|| format!("message {count}"))?;
        count += 1;
    }
    send(&mut stream, b"z LOGOUT\r\n")?;
    expect(&mut stream, "z OK")?;
    Ok(count)
}

fn send(stream: &mut BufReader<TcpStream>, octets: &[u8]) -> Result<()> {
    stream
        .get_mut()
        .write_all(octets)
        .context("IMAP does not take it")
}

/// Reads lines until one begins with `start`; untagged ones in between are of no interest.
fn expect(stream: &mut BufReader<TcpStream>, start: &str) -> Result<()> {
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
        if line.starts_with(start) {
            return Ok(());
        }
        if !line.starts_with('*') {
            bail!("IMAP said {line:?} where {start:?} was due");
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
