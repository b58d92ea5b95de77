//! One session: octets in, octets out, one command at a time.
//!
//! The commands a client of kept messages needs, answered from arithmetic. Anything else is
//! refused. `DELE` is: a message of the farm stays.

use super::maildrops::{Maildrops, SIZE, message, unique_id};

/// What a server says first.
pub(super) const GREETING: &[u8] = b"+OK farm\r\n";

/// A line without an end may be so long.
const LINE_MOST: usize = 512;

/// A session with one client.
pub(super) struct Session {
    host: u8,
    heard: Vec<u8>,
    output: Vec<u8>,
    named: Option<u32>,
    maildrop: Option<u32>,
}

/// What a command led to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// No whole command is there.
    Waits,
    /// The answer is in the output.
    Answered,
    /// The same, and the client is in this maildrop now.
    SignedIn(u32),
    /// The same, and it is the last answer.
    Ended,
}

impl Session {
    /// At this host.
    pub(super) fn new(host: u8) -> Self {
        Self {
            host,
            heard: Vec::new(),
            output: Vec::new(),
            named: None,
            maildrop: None,
        }
    }

    pub(super) fn handle_input(&mut self, octets: &[u8]) {
        self.heard.extend_from_slice(octets);
    }

    /// What is to be written.
    pub(super) fn output(&self) -> &[u8] {
        &self.output
    }

    pub(super) fn output_written(&mut self) {
        self.output.clear();
    }

    /// Answers the next command.
    pub(super) fn step(&mut self, maildrops: &Maildrops) -> Step {
        let Some(end) = self.heard.iter().position(|octet| *octet == b'\n') else {
            if self.heard.len() > LINE_MOST {
                return Step::Ended;
            }
            return Step::Waits;
        };
        let line: Vec<u8> = self.heard.drain(..=end).collect();
        let line = line.trim_ascii();
        let (verb, rest) = match line.iter().position(|octet| *octet == b' ') {
            Some(space) => (&line[..space], &line[space + 1..]),
            None => (line, &[][..]),
        };
        match (verb.to_ascii_uppercase().as_slice(), self.maildrop) {
            (b"CAPA", _) => {
                self.say("+OK\r\nUSER\r\nUIDL\r\nTOP\r\nPIPELINING\r\nRESP-CODES\r\n.\r\n");
            }
            (b"QUIT", _) => {
                self.say("+OK\r\n");
                return Step::Ended;
            }
            (b"NOOP", _) => self.say("+OK\r\n"),
            (b"USER", None) => {
                self.named = maildrops.find(self.host, rest);
                self.say("+OK\r\n");
            }
            // Any password: what is measured is not here.
            (b"PASS", None) => {
                self.maildrop = self.named.take();
                match self.maildrop {
                    None => self.say("-ERR [AUTH] there is no such mailbox\r\n"),
                    Some(maildrop) => {
                        self.say("+OK\r\n");
                        return Step::SignedIn(maildrop);
                    }
                }
            }
            (b"STAT", Some(maildrop)) => {
                let count = maildrops.count(maildrop) as usize;
                self.say(&format!("+OK {count} {}\r\n", count * SIZE));
            }
            (verb @ (b"UIDL" | b"LIST"), Some(maildrop)) => {
                let is_uidl = verb == b"UIDL";
                self.list(maildrop, maildrops.count(maildrop), rest, is_uidl);
            }
            (b"RETR", Some(maildrop)) => {
                self.show(maildrop, maildrops.count(maildrop), rest, Part::Whole);
            }
            (b"TOP", Some(maildrop)) => {
                self.show(maildrop, maildrops.count(maildrop), rest, Part::Header);
            }
            _ => self.say("-ERR not here\r\n"),
        }
        Step::Answered
    }

    fn say(&mut self, text: &str) {
        self.output.extend_from_slice(text.as_bytes());
    }

    fn list(&mut self, maildrop: u32, count: u32, which: &[u8], is_uidl: bool) {
        let mut text = String::new();
        let mut line = |number: u32| {
            text.push_str(&number.to_string());
            text.push(' ');
            if is_uidl {
                unique_id(maildrop, number, &mut text);
            } else {
                text.push_str(&SIZE.to_string());
            }
            text.push_str("\r\n");
        };
        if which.is_empty() {
            (1..=count).for_each(line);
            self.say("+OK\r\n");
            self.say(&text);
            self.say(".\r\n");
        } else if let Some(number) = number(which, count) {
            line(number);
            self.say("+OK ");
            self.say(&text);
        } else {
            self.say("-ERR no such message\r\n");
        }
    }

    fn show(&mut self, maildrop: u32, count: u32, which: &[u8], part: Part) {
        let first = which.split(|octet| *octet == b' ').next().unwrap_or(&[]);
        let Some(number) = number(first, count) else {
            return self.say("-ERR no such message\r\n");
        };
        let text = message(maildrop, number);
        let shown = match part {
            Part::Whole => text.as_str(),
            Part::Header => text.split_inclusive("\r\n\r\n").next().unwrap_or(&text),
        };
        self.say("+OK\r\n");
        self.say(shown);
        self.say(".\r\n");
    }
}

#[derive(Clone, Copy)]
enum Part {
    Whole,
    Header,
}

fn number(text: &[u8], count: u32) -> Option<u32> {
    let number = std::str::from_utf8(text).ok()?.parse().ok()?;
    (1..=count).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Field;

    fn maildrops() -> Maildrops {
        Maildrops::new(Field {
            hosts: 2,
            maildrops: 4,
            kept: 2,
            accounts: 1,
            port: 1,
        })
    }

    /// What is said to these commands, all sent at once.
    fn said(commands: &str, maildrops: &Maildrops) -> (String, Vec<Step>) {
        let mut session = Session::new(1);
        session.handle_input(commands.as_bytes());
        let mut steps = Vec::new();
        loop {
            match session.step(maildrops) {
                Step::Waits => break,
                step => steps.push(step),
            }
        }
        let said = String::from_utf8(session.output().to_vec()).unwrap();
        (said, steps)
    }

    #[test]
    fn a_visit_that_finds_nothing_new() {
        let commands = "USER u00003\r\nPASS x\r\nSTAT\r\nUIDL\r\nQUIT\r\n";
        let (said, steps) = said(commands, &maildrops());
        let expected = "+OK\r\n+OK\r\n+OK 2 1024\r\n\
            +OK\r\n1 00003.00000001\r\n2 00003.00000002\r\n.\r\n+OK\r\n";
        assert_eq!(said, expected);
        assert_eq!(steps[1], Step::SignedIn(3));
        assert_eq!(steps[4], Step::Ended);
    }

    #[test]
    fn what_arrives_is_listed_and_can_be_had() {
        let mut maildrops = maildrops();
        maildrops.bring(Some(1), 1);
        let commands =
            "USER u00001\r\nPASS x\r\nUIDL 3\r\nLIST 3\r\nRETR 3\r\nTOP 3 0\r\nRETR 4\r\n";
        let (said, _) = said(commands, &maildrops);
        let signed_in = said.strip_prefix("+OK\r\n+OK\r\n").unwrap();
        let lines = "+OK 3 00001.00000003\r\n+OK 3 512\r\n";
        let text = message(1, 3);
        let header = text.split_inclusive("\r\n\r\n").next().unwrap();
        let expected =
            format!("{lines}+OK\r\n{text}.\r\n+OK\r\n{header}.\r\n-ERR no such message\r\n");
        assert_eq!(signed_in, expected);
    }

    #[test]
    fn nobody_gets_into_what_is_elsewhere() {
        let (said, _) = said("USER u00002\r\nPASS x\r\nSTAT\r\nDELE 1\r\n", &maildrops());
        let refused = "-ERR [AUTH] there is no such mailbox\r\n";
        assert_eq!(
            said,
            format!("+OK\r\n{refused}-ERR not here\r\n-ERR not here\r\n")
        );
    }

    #[test]
    fn a_line_without_an_end_is_the_end() {
        let mut session = Session::new(0);
        session.handle_input(&[b'x'; LINE_MOST + 1]);
        assert_eq!(session.step(&maildrops()), Step::Ended);
    }
}
