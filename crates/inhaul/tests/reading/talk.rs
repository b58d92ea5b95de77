//! A naive POP3 client for dialogues: it says a line and shows what came.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::installation::LOCAL_PASSWORD;

/// One session without encryption.
pub(crate) struct Talk {
    stream: BufReader<TcpStream>,
    pub(crate) greeting: String,
}

impl Talk {
    /// Connects and reads the greeting.
    pub(crate) fn to(at: SocketAddr) -> Self {
        Self::behind(at, "")
    }

    /// The same, and says this before anything else.
    pub(crate) fn behind(at: SocketAddr, first: &str) -> Self {
        let mut stream = TcpStream::connect(at).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.write_all(first.as_bytes()).unwrap();
        let mut talk = Self {
            stream: BufReader::new(stream),
            greeting: String::new(),
        };
        talk.greeting = talk.line();
        assert!(talk.greeting.starts_with("+OK"), "{}", talk.greeting);
        talk
    }

    /// A session of somebody who has signed in.
    pub(crate) fn sign_in(at: SocketAddr, name: &str) -> Self {
        let mut talk = Self::to(at);
        let said = talk.try_sign_in(name, LOCAL_PASSWORD);
        assert!(said.starts_with("+OK"), "{said}");
        talk
    }

    /// What became of a sign-in by `USER` and `PASS`.
    pub(crate) fn try_sign_in(&mut self, name: &str, password: &str) -> String {
        let named = self.say(&format!("USER {name}"));
        if !named.starts_with("+OK") {
            return named;
        }
        self.say(&format!("PASS {password}"))
    }

    /// Says a line and returns the first line of the answer.
    pub(crate) fn say(&mut self, line: &str) -> String {
        let line = format!("{line}\r\n");
        self.stream.get_mut().write_all(line.as_bytes()).unwrap();
        self.line()
    }

    /// Says a line that must be answered by several, and returns them.
    pub(crate) fn list(&mut self, line: &str) -> Vec<String> {
        let text = String::from_utf8(self.octets(line)).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// Says a line that must be answered by a message, and returns it.
    pub(crate) fn octets(&mut self, line: &str) -> Vec<u8> {
        let said = self.say(line);
        assert!(said.starts_with("+OK"), "{line}: {said}");
        let mut octets = Vec::new();
        loop {
            let line = self.raw_line();
            if line == b".\r\n" {
                return octets;
            }
            octets.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }

    /// How many messages it sees.
    pub(crate) fn count(&mut self) -> usize {
        let said = self.say("STAT");
        let mut words = said.split(' ');
        assert_eq!(words.next(), Some("+OK"), "{said}");
        words.next().unwrap().parse().unwrap()
    }

    /// The unique-ids in their order.
    pub(crate) fn unique_ids(&mut self) -> Vec<String> {
        let lines = self.list("UIDL");
        let numbered = lines.iter().enumerate().map(|(at, line)| {
            let (number, id) = line.split_once(' ').unwrap();
            assert_eq!(number, (at + 1).to_string(), "{line}");
            id.to_owned()
        });
        numbered.collect()
    }

    /// All messages in their order.
    pub(crate) fn messages(&mut self) -> Vec<Vec<u8>> {
        let count = self.count();
        let numbers = 1..=count;
        numbers
            .map(|number| self.octets(&format!("RETR {number}")))
            .collect()
    }

    /// Ends it in the way that counts.
    pub(crate) fn quit(mut self) {
        let said = self.say("QUIT");
        assert!(said.starts_with("+OK"), "{said}");
    }

    fn line(&mut self) -> String {
        let line = String::from_utf8(self.raw_line()).unwrap();
        line.trim_end_matches("\r\n").to_owned()
    }

    /// Up to CR LF; a bare LF is part of the line.
    fn raw_line(&mut self) -> Vec<u8> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let read = self.stream.read_until(b'\n', &mut line).unwrap();
            assert!(read > 0, "closed behind {:?}", line.escape_ascii());
        }
        line
    }
}

const PATIENCE: Duration = Duration::from_secs(120);
