//! A POP3 client that costs next to nothing: it counts what comes and keeps none of it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use memchr::memmem::Finder;

/// One session.
#[derive(Debug)]
pub(crate) struct Session {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Octets of the buffer that are not read yet.
    unread: std::ops::Range<usize>,
}

/// Ends an answer of many lines, whatever stands before it: dots at line starts are doubled.
const END: &[u8] = b"\r\n.\r\n";
const BUFFER: usize = 1 << 18;
const PATIENCE: Duration = Duration::from_secs(120);

impl Session {
    /// Connects and signs in.
    pub(crate) fn sign_in(at: SocketAddr, user: &str, password: &str) -> Result<Self> {
        let stream = TcpStream::connect(at).with_context(|| format!("no POP3 at {at}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut session = Self {
            stream,
            buffer: vec![0; BUFFER],
            unread: 0..0,
        };
        session.status()?;
        session.say(&format!("USER {user}"))?;
        session.say(&format!("PASS {password}"))?;
        Ok(session)
    }

    /// Says a line that is answered by one.
    pub(crate) fn say(&mut self, line: &str) -> Result<String> {
        self.stream.write_all(format!("{line}\r\n").as_bytes())?;
        self.status().with_context(|| format!("after {line:?}"))
    }

    /// How many messages there are, and their octets.
    pub(crate) fn stat(&mut self) -> Result<(usize, u64)> {
        let said = self.say("STAT")?;
        let mut words = said.split(' ').skip(1);
        let mut next = || words.next().with_context(|| format!("STAT said {said:?}"));
        Ok((next()?.parse()?, next()?.parse()?))
    }

    /// Says a line that is answered by many; how many octets came.
    pub(crate) fn many(&mut self, line: &str) -> Result<u64> {
        self.stream.write_all(format!("{line}\r\n").as_bytes())?;
        self.answers(1)
    }

    /// Brings messages 1 to `count`, one after the other.
    pub(crate) fn one_at_a_time(&mut self, count: usize) -> Result<u64> {
        (1..=count)
            .map(|number| self.many(&format!("RETR {number}")))
            .sum()
    }

    /// Brings messages 1 to `count`; all of them are asked for before anything is waited for.
    pub(crate) fn pipelined(&mut self, count: usize) -> Result<u64> {
        let mut writing = self.stream.try_clone()?;
        let commands: String = (1..=count)
            .map(|number| format!("RETR {number}\r\n"))
            .collect();
        // The server stops reading while we do not: who writes must not be who reads.
        let asked = thread::spawn(move || writing.write_all(commands.as_bytes()));
        let octets = self.answers(count)?;
        asked.join().expect("it panics nowhere")?;
        Ok(octets)
    }

    /// Ends it properly.
    pub(crate) fn quit(mut self) -> Result<()> {
        self.say("QUIT").map(drop)
    }

    /// Reads so many answers of many lines: their octets.
    fn answers(&mut self, count: usize) -> Result<u64> {
        let end = Finder::new(END);
        let (mut left, mut octets) = (count, 0);
        while left > 0 {
            match end.find(&self.buffer[self.unread.clone()]) {
                Some(at) => {
                    octets += (at + END.len()) as u64;
                    self.unread.start += at + END.len();
                    left -= 1;
                }
                None => {
                    // Its first octets may be here already.
                    let kept = self.unread.len().min(END.len() - 1);
                    octets += (self.unread.len() - kept) as u64;
                    self.unread.start = self.unread.end - kept;
                    self.read()?;
                }
            }
        }
        Ok(octets)
    }

    fn status(&mut self) -> Result<String> {
        loop {
            let unread = &self.buffer[self.unread.clone()];
            if let Some(at) = memchr::memmem::find(unread, b"\r\n") {
                let line = String::from_utf8_lossy(&unread[..at]).into_owned();
                self.unread.start += at + 2;
                ensure!(line.starts_with("+OK"), "the server said {line:?}");
                return Ok(line);
            }
            self.read()?;
        }
    }

    fn read(&mut self) -> Result<()> {
        self.buffer.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        let read = self.stream.read(&mut self.buffer[self.unread.end..])?;
        if read == 0 {
            bail!("the server closed the connection");
        }
        self.unread.end += read;
        Ok(())
    }
}
