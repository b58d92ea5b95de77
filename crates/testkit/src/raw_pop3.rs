//! A POP3 client of few lines, the measure for the real one.
//!
//! Written apart from `inhaul-pop3-proto` and kept naive: what both agree on is what the server
//! sent, unless two different mistakes are the same.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// One session without TLS.
#[derive(Debug)]
pub struct RawPop3 {
    stream: BufReader<TcpStream>,
}

impl RawPop3 {
    /// Connects and reads the greeting.
    pub fn connect(addr: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(addr).with_context(|| format!("no POP3 at {addr}"))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut session = Self {
            stream: BufReader::new(stream),
        };
        session.status()?;
        Ok(session)
    }

    /// Connects and signs in.
    pub fn sign_in(addr: SocketAddr, user: &str, password: &str) -> Result<Self> {
        let mut session = Self::connect(addr)?;
        session.command(&format!("USER {user}"))?;
        session.command(&format!("PASS {password}"))?;
        Ok(session)
    }

    /// Sends one command and returns what stands behind `+OK`; anything else is an error.
    pub fn command(&mut self, line: &str) -> Result<String> {
        self.stream
            .get_mut()
            .write_all(format!("{line}\r\n").as_bytes())?;
        self.status()
            .with_context(|| format!("after {:?}", line.split(' ').next()))
    }

    /// How many messages there are, and the sum of their sizes.
    pub fn stat(&mut self) -> Result<(usize, u64)> {
        let reply = self.command("STAT")?;
        let mut words = reply.split_whitespace();
        let mut next = || words.next().with_context(|| format!("STAT said {reply:?}"));
        Ok((next()?.parse()?, next()?.parse()?))
    }

    /// The unique-ids, in the order of the message numbers.
    pub fn uidl(&mut self) -> Result<Vec<String>> {
        self.command("UIDL")?;
        let text = String::from_utf8(self.body()?).context("UIDL is not text")?;
        let second = |line: &str| line.split_whitespace().nth(1).map(String::from);
        text.lines()
            .map(|line| second(line).with_context(|| format!("UIDL said {line:?}")))
            .collect()
    }

    /// The octets of one message, without the stuffed dots and without the line that ends them.
    pub fn retr(&mut self, number: usize) -> Result<Vec<u8>> {
        self.command(&format!("RETR {number}"))?;
        self.body()
    }

    /// Marks one message for deletion.
    pub fn dele(&mut self, number: usize) -> Result<()> {
        self.command(&format!("DELE {number}")).map(drop)
    }

    /// Ends the session, so that deletions count.
    pub fn quit(mut self) -> Result<()> {
        self.command("QUIT").map(drop)
    }

    fn status(&mut self) -> Result<String> {
        let line = self.line()?;
        let text = String::from_utf8_lossy(&line);
        match text.trim_end().strip_prefix("+OK") {
            Some(rest) => Ok(rest.trim().to_string()),
            None => bail!("the server said {text:?}"),
        }
    }

    /// Reads lines up to the one that is a dot and nothing else.
    fn body(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            if line == b".\r\n" {
                return Ok(body);
            }
            body.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }

    /// Reads up to CR LF; a bare LF is part of the line.
    fn line(&mut self) -> Result<Vec<u8>> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            if self
                .stream
                .read_until(b'\n', &mut line)
                .context("the server is silent")?
                == 0
            {
                bail!(
                    "the server closed the connection after {} octets of a line",
                    line.len()
                );
            }
        }
        Ok(line)
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
