//! Hands a message to the server by LMTP (RFC 2033), as a mail exchanger does.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// Delivers one message to one user. `message` has CRLF line ends and no line that begins with a dot.
pub(super) fn deliver(socket: &Path, user: &str, message: &[u8]) -> Result<()> {
    let stream = UnixStream::connect(socket).context("no LMTP")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut stream = BufReader::new(stream);
    expect(&mut stream, "220")?;
    for (command, code) in [
        ("LHLO localhost".to_owned(), "250"),
        ("MAIL FROM:<sender@example.org>".to_owned(), "250"),
        (format!("RCPT TO:<{user}>"), "250"),
        ("DATA".to_owned(), "354"),
    ] {
        write!(stream.get_mut(), "{command}\r\n")?;
        expect(&mut stream, code)?;
    }
    stream.get_mut().write_all(message)?;
    stream.get_mut().write_all(b".\r\n")?;
    expect(&mut stream, "250")?;
    stream.get_mut().write_all(b"QUIT\r\n")?;
    Ok(())
}

const PATIENCE: Duration = Duration::from_secs(30);

/// Reads one answer, of however many lines.
fn expect(stream: &mut BufReader<UnixStream>, code: &str) -> Result<()> {
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        if !line.starts_with(code) {
            bail!("the server said {line:?}, not {code}");
        }
        if line.as_bytes().get(3) != Some(&b'-') {
            return Ok(());
        }
    }
}
