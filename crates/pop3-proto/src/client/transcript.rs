//! The conversation as an operator may read it: commands and status lines, no bodies, no secrets.
//!
//! Owns its lines. An answer of many lines is one line here. Bounded: the first and the last
//! [`Transcript::KEPT`] lines stay, whatever thousands of RETRs and DELEs come between.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};

use inhaul_types::Octets;

use super::reply::push_visible;
use super::{Capabilities, Command};

/// What was said, in order of sending and of arrival.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    first: Vec<String>,
    last: VecDeque<String>,
    left_out: u64,
    /// The status of an answer whose other lines are still coming.
    unfinished: Option<String>,
}

impl Transcript {
    /// How many lines stay, at the start and at the end each.
    pub const KEPT: usize = 200;

    /// How much of a line's text stays. Nothing an operator needs stands further behind.
    const LONGEST: usize = 400;

    /// The conversation as text, `C: ` before what was sent and `S: ` before what came, with a
    /// note where lines are left out.
    pub fn render(&self) -> String {
        let mut text = String::new();
        for line in self.lines() {
            text.push_str(&line);
            text.push('\n');
        }
        text
    }

    /// How many lines are left out.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Adds a line of the caller's own, such as what TLS agreed on.
    pub fn note(&mut self, text: &str) {
        let line = self.line("-- ");
        push_visible(line, text.as_bytes(), Self::LONGEST);
    }

    /// A command goes out.
    pub(super) fn sent(&mut self, command: &Command) {
        let line = self.line("C: ");
        match command {
            Command::User(user) => {
                line.push_str("USER ");
                push_visible(line, user.as_bytes(), Self::LONGEST);
            }
            Command::Pass(_) => line.push_str("PASS ********"),
            Command::AuthPlain { .. } | Command::Auth { .. } => {
                push(line, command.kind());
                if command.carries_response() {
                    line.push_str(" ********");
                }
            }
            Command::Apop { user, .. } => {
                line.push_str("APOP ");
                push_visible(line, user.as_bytes(), Self::LONGEST);
                line.push_str(" ********");
            }
            Command::Lang(tag) => {
                line.push_str("LANG ");
                push_visible(line, tag.as_bytes(), Self::LONGEST);
            }
            Command::Top { number, lines } => push(line, format_args!("TOP {number} {lines}")),
            _ => push(line, command.kind()),
        }
    }

    /// The response to a continuation goes out.
    pub(super) fn sent_response(&mut self) {
        self.line("C: ").push_str("********");
    }

    /// The sign-in is given up.
    pub(super) fn sent_cancellation(&mut self) {
        self.line("C: ").push('*');
    }

    /// A continuation came. Masked like its response: whoever has both may try passwords on them.
    pub(super) fn challenged(&mut self, text: &[u8]) {
        let line = self.line("S: ");
        line.push_str(if text.is_empty() { "+" } else { "+ ********" });
    }

    /// A line came that is all of its answer.
    pub(super) fn received(&mut self, line: &[u8]) {
        push_visible(self.line("S: "), line, Self::LONGEST);
    }

    /// The status line of an answer of many lines came.
    pub(super) fn answer_started(&mut self, status: &[u8]) {
        let mut line = String::new();
        push_visible(&mut line, status, Self::LONGEST);
        self.unfinished = Some(line);
    }

    /// The answer is complete; `summary` stands for its other lines.
    pub(super) fn answer_ended(&mut self, summary: impl fmt::Display) {
        if let Some(status) = self.unfinished.take() {
            push(self.line("S: "), format_args!("{status} {summary}"));
        }
    }

    /// The session is over, whatever was still coming.
    pub(super) fn cut_off(&mut self) {
        self.answer_ended("(cut off)");
    }

    fn lines(&self) -> impl Iterator<Item = std::borrow::Cow<'_, str>> {
        let gap = (self.left_out > 0)
            .then(|| format!("-- {} lines left out --", Grouped(self.left_out)).into());
        let unfinished = self
            .unfinished
            .iter()
            .map(|status| format!("S: {status} ...").into());
        let first = self.first.iter().map(|line| line.as_str().into());
        let last = self.last.iter().map(|line| line.as_str().into());
        first.chain(gap).chain(last).chain(unfinished)
    }

    /// A new last line that starts so.
    fn line(&mut self, start: &str) -> &mut String {
        if self.first.len() < Self::KEPT {
            self.first.push(start.to_owned());
            return self.first.last_mut().expect("a line was pushed just now");
        }
        let mut line = String::new();
        if self.last.len() == Self::KEPT {
            line = self.last.pop_front().unwrap_or_default();
            line.clear();
            self.left_out += 1;
        }
        line.push_str(start);
        self.last.push_back(line);
        self.last.back_mut().expect("a line was pushed just now")
    }
}

fn push(line: &mut String, text: impl fmt::Display) {
    let _infallible = write!(line, "{text}");
}

/// Stands for the lines of a listing.
pub(super) struct Lines(pub(super) u64);

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "({} {})",
            Grouped(self.0),
            if self.0 == 1 { "line" } else { "lines" }
        )
    }
}

/// Stands for a body.
pub(super) struct BodyOf(pub(super) Octets);

impl fmt::Display for BodyOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} octets)", Grouped(self.0.count()))
    }
}

/// Stands for the lines of CAPA: all of them, they are what people look for.
pub(super) struct Announced<'a>(pub(super) &'a Capabilities);

impl fmt::Display for Announced<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut room = Transcript::LONGEST;
        for (index, line) in self.0.lines().enumerate() {
            let Some(left) = room.checked_sub(line.len()) else {
                return f.write_str(", …");
            };
            room = left;
            write!(f, "{} {line}", if index == 0 { "/" } else { "," })?;
        }
        Ok(())
    }
}

/// A number with commas: 1,567.
struct Grouped(u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1000 {
            return self.0.fmt(f);
        }
        write!(f, "{},{:03}", Self(self.0 / 1000), self.0 % 1000)
    }
}

#[cfg(test)]
mod tests {
    use inhaul_types::{MessageNumber, Secret};

    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_567, "1,567"),
            (1_000_020, "1,000,020"),
        ] {
            assert_eq!(Grouped(number).to_string(), text);
        }
    }

    #[test]
    fn secrets_do_not_appear() {
        let mut transcript = Transcript::default();
        let password = Secret::new("hunter2".into());
        transcript.sent(&Command::User("anna\u{1b}[2J".into()));
        transcript.sent(&Command::Pass(password.clone()));
        transcript.sent(&Command::AuthPlain {
            user: "anna".into(),
            password: password.clone(),
        });
        transcript.sent_response();
        let scram = |initial| Command::Auth {
            mechanism: "SCRAM-SHA-1",
            initial,
            secret: password.clone(),
        };
        transcript.sent(&scram(Some(password.clone())));
        transcript.challenged(b"cj1oIy5xAA==");
        transcript.sent(&scram(None));
        transcript.challenged(b"");
        transcript.sent_cancellation();
        transcript.sent(&Command::Apop {
            user: "anna".into(),
            digest: password.clone(),
        });
        assert_eq!(
            transcript.render(),
            "C: USER anna\\u{1b}[2J\nC: PASS ********\nC: AUTH PLAIN ********\nC: ********\n\
             C: AUTH SCRAM-SHA-1 ********\nS: + ********\nC: AUTH SCRAM-SHA-1\nS: +\nC: *\n\
             C: APOP anna ********\n"
        );
    }

    #[test]
    fn an_answer_of_many_lines_is_one_line() {
        let mut transcript = Transcript::default();
        transcript.answer_started(b"+OK here they are");
        transcript.sent(&Command::Quit);
        assert_eq!(transcript.render(), "C: QUIT\nS: +OK here they are ...\n");
        transcript.answer_ended(Lines(1567));
        transcript.answer_started(b"+OK");
        transcript.cut_off();
        assert_eq!(
            transcript.render(),
            "C: QUIT\nS: +OK here they are (1,567 lines)\nS: +OK (cut off)\n"
        );
    }

    #[test]
    fn the_middle_of_a_long_conversation_is_left_out() {
        let mut transcript = Transcript::default();
        for number in (1..=2000).filter_map(MessageNumber::new) {
            transcript.sent(&Command::Dele(number));
            transcript.received(b"+OK");
        }
        let text = transcript.render();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2 * Transcript::KEPT + 1);
        assert_eq!((lines[0], lines[199]), ("C: DELE 1", "S: +OK"));
        assert_eq!(lines[200], "-- 3,600 lines left out --");
        assert_eq!((lines[201], lines[400]), ("C: DELE 1901", "S: +OK"));
        assert_eq!(transcript.left_out(), 3600);
    }
}
