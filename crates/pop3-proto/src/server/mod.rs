//! The server's end of one session.
//!
//! Owns what was received and is no whole line yet, and what is to be sent. Knows which commands
//! belong to which state; what they lead to is for the caller to say: whom to let in, what the
//! maildrop holds. Trusts nothing: [`Limits`] bound what a client can make us hold, and no fault
//! of a client ends the session. Start at [`Session::poll_command`].

mod bad_command;
mod command;
mod verb;

use std::fmt;

use crate::input_buffer::{InputBuffer, LineEnd};
use crate::output_buffer::OutputBuffer;
use crate::transparency::Stuffer;
use crate::{ResponseCode, SessionState};

pub use self::bad_command::BadCommand;
pub use self::command::Command;
pub use self::verb::Verb;

/// How long lines may be, their ends included.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// A command line.
    pub command_line: usize,
    /// AUTH, and the lines of its exchange.
    pub auth_line: usize,
}

/// One session, from before the greeting on. The greeting itself is an [`ok`](Session::ok).
///
/// Feed it with [`handle_input`](Self::handle_input), answer what
/// [`poll_command`](Self::poll_command) gives until it gives `None`, write what
/// [`poll_output`](Self::poll_output) has, read again. Commands are answered in their order: what
/// is written between two polls is the answer to the first.
#[derive(Debug)]
pub struct Session {
    limits: Limits,
    input: InputBuffer,
    output: OutputBuffer,
    state: SessionState,
    next_line: NextLine,
    stuffer: Stuffer,
}

/// What the next line is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum NextLine {
    Command,
    /// The client's part of a SASL exchange.
    AuthResponse,
    /// The rest of a line that was too long.
    TooLong,
    /// Nothing: STLS has to be answered first.
    StlsAnswer,
    /// Nothing: a TLS handshake is none of our business.
    Handshake,
}

impl Limits {
    /// RFC 2449 section 4.
    pub const COMMAND_LINE: usize = 255;

    /// The same as RFC 4954 section 4 sets for SMTP: Kerberos tickets and OAuth tokens fit.
    pub const AUTH_LINE: usize = 12_288;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            command_line: Self::COMMAND_LINE,
            auth_line: Self::AUTH_LINE,
        }
    }
}

impl Session {
    /// A session in the Authorization state.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            input: InputBuffer::default(),
            output: OutputBuffer::new(),
            state: SessionState::Authorization,
            next_line: NextLine::Command,
            stuffer: Stuffer::new(),
        }
    }

    /// Takes octets from the client. Drain [`poll_command`](Self::poll_command) to `None` before
    /// the next call: then what is held stays below the [`Limits`].
    pub fn handle_input(&mut self, octets: &[u8]) {
        // Plain text sent before the handshake could come from anyone.
        if !self.is_over() && self.next_line != NextLine::Handshake {
            self.input.push(octets);
        }
    }

    /// The next command, or what is wrong with it; `None` if it takes more input, after `QUIT`,
    /// and between `STLS` and its handshake.
    pub fn poll_command(&mut self) -> Option<Result<Command, BadCommand>> {
        match self.next_line {
            _ if self.is_over() => return None,
            NextLine::StlsAnswer | NextLine::Handshake => return None,
            NextLine::TooLong => self.skip_line(),
            NextLine::Command | NextLine::AuthResponse => {}
        }
        let longest = self.longest_line();
        match self.input.take_line(longest) {
            Ok(None) => None,
            Ok(Some(line)) => {
                let line = &mut self.input[line];
                let command = match self.next_line {
                    NextLine::AuthResponse => Command::parse_response(line),
                    _ => Command::parse(line, self.state),
                };
                // It may have been a password.
                line.fill(0);
                self.next_line = NextLine::Command;
                Some(command.inspect(|command| self.follow(command)))
            }
            Err(_) => {
                self.skip_line();
                Some(Err(BadCommand::LineTooLong { longest }))
            }
        }
    }

    /// Where the session stands.
    pub fn state(&self) -> SessionState {
        self.state
    }

    /// The user is who they say, and their maildrop is open: Transaction begins.
    pub fn signed_in(&mut self) {
        self.state = SessionState::Transaction;
    }

    /// The handshake after `STLS` is done. Whatever came before it is forgotten (RFC 2595
    /// section 4).
    pub fn tls_established(&mut self) {
        self.input.clear();
        self.next_line = NextLine::Command;
    }

    /// Says `+OK`, and `text` if there is any. Said to `STLS`, it is the last thing before the
    /// handshake.
    pub fn ok(&mut self, text: impl fmt::Display) {
        if self.next_line == NextLine::StlsAnswer {
            self.next_line = NextLine::Handshake;
        }
        self.output.push(b"+OK");
        self.push_text(text);
    }

    /// Says `-ERR`, why for programs, and `text` if there is any.
    pub fn err(&mut self, code: Option<ResponseCode>, text: impl fmt::Display) {
        if self.next_line == NextLine::StlsAnswer {
            self.next_line = NextLine::Command;
        }
        self.output.push(b"-ERR");
        if let Some(code) = code {
            self.output.push_line_text(format_args!(" {code}"));
        }
        self.push_text(text);
    }

    /// Says `+ `, which asks for the next line of a SASL exchange. That line comes as
    /// [`Command::AuthResponse`] or [`Command::AuthCancelled`].
    pub fn continuation(&mut self, text: impl fmt::Display) {
        self.output.push(b"+ ");
        self.output.push_line_text(text);
        self.output.push(b"\r\n");
        self.next_line = NextLine::AuthResponse;
    }

    /// Says one line of an answer of many, behind its [`ok`](Self::ok) and before its
    /// [`end`](Self::end).
    pub fn line(&mut self, octets: &[u8]) {
        let start = self.start_line();
        self.output.push(octets);
        self.end_line(start);
    }

    /// The same from text: `line_text(format_args!("{number} {size}"))`.
    pub fn line_text(&mut self, text: impl fmt::Display) {
        let start = self.start_line();
        self.output.push_text(text);
        self.end_line(start);
    }

    /// Ends an answer of many lines.
    pub fn end(&mut self) {
        self.output.push(b".\r\n");
    }

    /// Sends the next octets of a message, stuffed, behind its [`ok`](Self::ok). A message may
    /// come in any pieces.
    pub fn body_chunk(&mut self, octets: &[u8]) {
        self.stuffer.push(octets, self.output.octets_mut());
    }

    /// Ends a message; completes its last line.
    pub fn body_end(&mut self) {
        self.stuffer.finish(self.output.octets_mut());
    }

    /// Sends octets as they are: for a server that is to misbehave.
    pub fn raw(&mut self, octets: &[u8]) {
        self.output.push(octets);
    }

    /// What is to be written to the client, in order. Write it before more of a long message is
    /// put behind it.
    pub fn poll_output(&self) -> &[u8] {
        self.output.unwritten()
    }

    /// The first `count` octets of [`poll_output`](Self::poll_output) were written.
    ///
    /// # Panics
    /// If there were fewer.
    pub fn output_written(&mut self, count: usize) {
        self.output.mark_written(count);
    }

    /// What a command means for what is read next.
    fn follow(&mut self, command: &Command) {
        match command {
            Command::Stls => self.next_line = NextLine::StlsAnswer,
            Command::Quit if self.state == SessionState::Transaction => {
                self.state = SessionState::Update;
            }
            Command::Quit => self.state = SessionState::Closed,
            _ => {}
        }
    }

    fn is_over(&self) -> bool {
        matches!(self.state, SessionState::Update | SessionState::Closed)
    }

    fn longest_line(&self) -> usize {
        let verb = self.input.unread().get(..b"AUTH ".len());
        let auth = verb.is_some_and(|verb| verb.eq_ignore_ascii_case(b"AUTH "));
        if auth || self.next_line == NextLine::AuthResponse {
            self.limits.auth_line
        } else {
            self.limits.command_line
        }
    }

    fn skip_line(&mut self) {
        self.next_line = match self.input.skip_line() {
            LineEnd::Reached => NextLine::Command,
            LineEnd::Ahead => NextLine::TooLong,
        };
    }

    /// Ends a status line. Without text there is no space either.
    fn push_text(&mut self, text: impl fmt::Display) {
        self.output.push(b" ");
        let start = self.start_line();
        self.output.push_line_text(text);
        let octets = self.output.octets_mut();
        if octets.len() == start {
            octets.pop();
        }
        self.output.push(b"\r\n");
    }

    fn start_line(&mut self) -> usize {
        self.output.octets_mut().len()
    }

    /// Makes sure that what was written since `start` is one line, stuffed.
    fn end_line(&mut self, start: usize) {
        self.output.keep_on_line(start);
        let octets = self.output.octets_mut();
        if octets.get(start) == Some(&b'.') {
            octets.insert(start, b'.');
        }
        octets.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests;
