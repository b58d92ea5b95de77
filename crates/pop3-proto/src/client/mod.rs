//! The client's end of one session.
//!
//! Owns everything between the octets and the events: what was received and not understood yet,
//! what is to be sent, which commands wait for their answers. Touches nothing else. Trusts
//! nothing: [`MAX_LINE`] and [`Capabilities::MAX_LINES`] bound what a server can make us hold, and
//! bodies go through without being held. Fails with [`ClientError`], after which the session must
//! be dropped. Start at [`Client::poll_event`].

mod body;
mod capabilities;
mod command;
mod error;
mod event;
mod reply;
mod transcript;

use std::collections::VecDeque;
use std::mem;
use std::ops::Range;

use inhaul_types::Secret;

use self::body::{Body, BodyStep};
use self::command::SignIn;
use self::reply::Status;
use self::transcript::{Announced, BodyOf, Lines};
use crate::ResponseCode;
use crate::input_buffer::InputBuffer;
use crate::output_buffer::OutputBuffer;
use crate::sasl_plain;

pub use self::capabilities::{Capabilities, CapabilitiesTooLong, Expire};
pub use self::command::{Command, CommandKind, SendError};
pub use self::error::{Awaiting, ClientError};
pub use self::event::{BodyKind, Event};
pub use self::transcript::Transcript;
pub use crate::session_state::SessionState;

/// How long a status or listing line may be, its end included. RFC 2449 allows 512 octets;
/// servers put banners behind `+OK` and words behind numbers, but no novel.
pub const MAX_LINE: usize = 8 * 1024;

/// One session, from the greeting on.
///
/// Feed it with [`handle_input`](Self::handle_input), drain [`poll_event`](Self::poll_event) to
/// `None`, write what [`poll_output`](Self::poll_output) has, read again.
#[derive(Debug)]
pub struct Client {
    input: InputBuffer,
    output: OutputBuffer,
    state: SessionState,
    /// Commands sent and not fully answered, oldest first. Replies come in this order.
    unanswered: VecDeque<CommandKind>,
    /// The sign-in among them; there is at most one, because nothing is sent behind it.
    sign_in: Option<SignIn>,
    reading: Reading,
    input_ended: bool,
    failure: Option<ClientError>,
    transcript: Transcript,
}

/// What the next octets are.
#[derive(Debug, Default)]
enum Reading {
    /// The status line of the oldest unanswered command, or of the greeting.
    #[default]
    Status,
    Capabilities(Capabilities),
    Listing(Listing),
    Body(Body),
    /// A TLS handshake that is none of our business.
    Handshake,
}

#[derive(Clone, Copy, Debug)]
struct Listing {
    kind: ListingKind,
    lines: u64,
}

#[derive(Clone, Copy, Debug)]
enum ListingKind {
    Uidl,
    List,
}

impl Client {
    /// A session that expects the greeting.
    pub fn new() -> Self {
        Self {
            input: InputBuffer::default(),
            output: OutputBuffer::new(),
            state: SessionState::Greeting,
            unanswered: VecDeque::new(),
            sign_in: None,
            reading: Reading::Status,
            input_ended: false,
            failure: None,
            transcript: Transcript::default(),
        }
    }

    /// Takes octets from the server. Drain [`poll_event`](Self::poll_event) to `None` before the
    /// next call: then what is held stays below [`MAX_LINE`].
    pub fn handle_input(&mut self, octets: &[u8]) {
        // Plain text sent before the handshake could come from anyone; after a failure or the
        // server's good-bye nothing is read any more.
        if !matches!(self.reading, Reading::Handshake) && self.state != SessionState::Closed {
            self.input.push(octets);
        }
    }

    /// The server closed its end: once what it sent is drained, every poll gives
    /// [`ClientError::Closed`].
    pub fn handle_eof(&mut self) {
        self.input_ended = true;
    }

    /// The next thing that happened; `None` if it takes more input. After an error the session
    /// must be dropped; polled again, it gives the same error.
    pub fn poll_event(&mut self) -> Result<Option<Event<'_>>, ClientError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        // Each hand puts back what is still to be read; an answer read to its end leaves `Status`.
        match mem::take(&mut self.reading) {
            Reading::Status => self.poll_status(),
            Reading::Capabilities(capabilities) => self.poll_capabilities(capabilities),
            Reading::Listing(listing) => self.poll_listing(listing),
            Reading::Body(body) => self.poll_body(body),
            Reading::Handshake => {
                self.reading = Reading::Handshake;
                self.nothing_more()
            }
        }
    }

    /// What is to be written to the server, in order.
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

    /// Queues a command. Any number may be queued; whether the server bears it is for the caller
    /// to know. Only behind what changes the state of the session nothing can be sent.
    pub fn send(&mut self, command: Command) -> Result<(), SendError> {
        let kind = command.kind();
        if let Some(behind) = self
            .unanswered
            .back()
            .filter(|last| last.must_be_answered_first())
        {
            return Err(SendError::Unanswered {
                command: kind,
                behind: *behind,
            });
        }
        let handshake = matches!(self.reading, Reading::Handshake);
        if handshake || !kind.belongs_to(self.state) {
            return Err(SendError::WrongState {
                command: kind,
                state: self.state,
            });
        }
        command.check_texts()?;
        self.sign_in = command.write(&mut self.output);
        self.transcript.sent(&command);
        self.unanswered.push_back(kind);
        if kind == CommandKind::Quit && self.state == SessionState::Transaction {
            self.state = SessionState::Update;
        }
        Ok(())
    }

    /// Answers the open [`Event::Challenge`] with a message, as it is before base64.
    pub fn respond(&mut self, message: &Secret) -> Result<(), SendError> {
        let Some(sign_in) = self.challenged() else {
            return Err(SendError::NoChallenge);
        };
        let response = sign_in.respond(message);
        self.output.push_secret(response.expose().as_bytes());
        self.output.push(b"\r\n");
        self.transcript.sent_response();
        Ok(())
    }

    /// Gives the sign-in up at the open [`Event::Challenge`]: the server answers with a refusal
    /// (RFC 5034 section 4).
    pub fn cancel(&mut self) -> Result<(), SendError> {
        if self.challenged().is_none() {
            return Err(SendError::NoChallenge);
        }
        self.output.push(b"*\r\n");
        self.transcript.sent_cancellation();
        Ok(())
    }

    /// Where the session stands.
    pub fn state(&self) -> SessionState {
        self.state
    }

    /// How many commands are sent and not fully answered.
    pub fn outstanding(&self) -> usize {
        self.unanswered.len()
    }

    /// What the session waits for.
    pub fn awaiting(&self) -> Awaiting {
        match (&self.reading, self.next_answered()) {
            (_, None) => Awaiting::Nothing,
            (Reading::Status | Reading::Handshake, Some(kind)) => Awaiting::Status(kind),
            (_, Some(kind)) => Awaiting::Rest(kind),
        }
    }

    /// The handshake after [`Event::StlsReady`] is done. Whatever came before it is forgotten
    /// (RFC 2595 section 4), and the session goes on without another greeting. Does nothing at
    /// any other time.
    pub fn tls_established(&mut self) {
        if matches!(self.reading, Reading::Handshake) {
            self.input.clear();
            self.reading = Reading::Status;
        }
    }

    /// What was said so far.
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// The same, to add notes to.
    pub fn transcript_mut(&mut self) -> &mut Transcript {
        &mut self.transcript
    }

    /// The sign-in whose challenge is open; it is closed by that.
    fn challenged(&mut self) -> Option<&mut SignIn> {
        let sign_in = self.sign_in.as_mut()?;
        sign_in.close_challenge().then_some(sign_in)
    }

    fn poll_status(&mut self) -> Result<Option<Event<'_>>, ClientError> {
        let Some(kind) = self.next_answered() else {
            return self.expect_silence();
        };
        let Some(line) = self.take_status_line(kind)? else {
            return self.nothing_more();
        };
        let Some((mut status, mut text)) = Status::parse(&self.input[line.clone()]) else {
            return Err(self.fail_on_line(kind, line));
        };
        if let Some(sign_in) = &self.sign_in
            && !matches!(status, Status::Continuation)
        {
            // A code that nobody registered may be the password as well.
            let shown = match &status {
                Status::Err(Some(ResponseCode::Other(_))) => b"-ERR ".len(),
                _ => text,
            };
            let line = line.start..line.end;
            sign_in.blot_out(&mut self.input[line.start + shown..line.end]);
            if shown < text {
                (status, text) = Status::parse(&self.input[line])
                    .expect("the word of the status is not blotted out");
            }
        }
        let text = line.start + text..line.end;
        match status {
            Status::Ok => self.accept(kind, line, text),
            Status::Err(code) => {
                self.settle(line);
                if matches!(kind, CommandKind::Greeting | CommandKind::Quit) {
                    self.state = SessionState::Closed;
                }
                let text = String::from_utf8_lossy(&self.input[text]);
                Ok(Some(Event::Refused {
                    command: kind,
                    code,
                    text,
                }))
            }
            Status::Continuation => self.go_on_with_sign_in(kind, text),
        }
    }

    /// `+OK` to `kind`: what it means, and whether more lines follow.
    fn accept(
        &mut self,
        kind: CommandKind,
        line: Range<usize>,
        text: Range<usize>,
    ) -> Result<Option<Event<'_>>, ClientError> {
        match kind {
            CommandKind::Capa => {
                self.read_on(line, Reading::Capabilities(Capabilities::new()));
                self.poll_event()
            }
            CommandKind::Uidl => {
                self.read_on(line, Reading::Listing(Listing::new(ListingKind::Uidl)));
                self.poll_event()
            }
            CommandKind::List => {
                self.read_on(line, Reading::Listing(Listing::new(ListingKind::List)));
                self.poll_event()
            }
            CommandKind::Retr(number) => {
                self.read_on(line, Reading::Body(Body::new(number)));
                Ok(Some(Event::BodyStart {
                    number,
                    kind: BodyKind::Whole,
                }))
            }
            CommandKind::Top(number) => {
                self.read_on(line, Reading::Body(Body::new(number)));
                Ok(Some(Event::BodyStart {
                    number,
                    kind: BodyKind::Top,
                }))
            }
            CommandKind::Greeting => {
                self.settle(line);
                self.state = SessionState::Authorization;
                let text = &self.input[text];
                let apop_stamp = reply::apop_stamp(text);
                Ok(Some(Event::Greeting {
                    text: String::from_utf8_lossy(text),
                    apop_stamp,
                }))
            }
            CommandKind::Stls => {
                self.reading = Reading::Handshake;
                self.settle_with(line, Event::StlsReady)
            }
            CommandKind::Utf8 => self.settle_with(line, Event::Utf8On),
            CommandKind::User => self.settle_with(line, Event::UserAccepted),
            CommandKind::Lang => self.settle_with(line, Event::LangSet),
            CommandKind::Pass
            | CommandKind::AuthPlain
            | CommandKind::Auth(_)
            | CommandKind::Apop => {
                self.state = SessionState::Transaction;
                self.settle_with(line, Event::SignedIn)
            }
            CommandKind::Stat => {
                let (count, octets) = reply::parse_stat(&self.input[text]);
                self.settle_with(line, Event::Stat { count, octets })
            }
            CommandKind::Dele(number) => self.settle_with(line, Event::Deleted(number)),
            CommandKind::Noop => self.settle_with(line, Event::NoopOk),
            CommandKind::Rset => self.settle_with(line, Event::ResetOk),
            CommandKind::Quit => {
                self.state = SessionState::Closed;
                self.settle_with(line, Event::Bye)
            }
        }
    }

    /// A continuation: it asks for the opening response, or it is a challenge.
    fn go_on_with_sign_in(
        &mut self,
        kind: CommandKind,
        text: Range<usize>,
    ) -> Result<Option<Event<'_>>, ClientError> {
        let text = &self.input[text];
        self.transcript.challenged(text);
        let sign_in = self.sign_in.as_mut();
        let Some(sign_in) =
            sign_in.filter(|_| matches!(kind, CommandKind::AuthPlain | CommandKind::Auth(_)))
        else {
            return Err(self.fail(ClientError::ContinuationUnexpected { command: kind }));
        };
        if sign_in.write_opening(text, &mut self.output) {
            self.transcript.sent_response();
            return self.poll_status();
        }
        // PLAIN has said everything.
        if kind == CommandKind::AuthPlain {
            return Err(self.fail(ClientError::ContinuationUnexpected { command: kind }));
        }
        let Some(challenge) = sasl_plain::from_base64(text) else {
            return Err(self.fail(ClientError::BadChallenge { command: kind }));
        };
        sign_in.open_challenge();
        Ok(Some(Event::Challenge(challenge)))
    }

    fn poll_capabilities(
        &mut self,
        mut capabilities: Capabilities,
    ) -> Result<Option<Event<'_>>, ClientError> {
        while let Some(line) = self.take_line(Awaiting::Rest(CommandKind::Capa))? {
            match unstuff(&self.input[line]) {
                None => {
                    self.transcript.answer_ended(Announced(&capabilities));
                    self.unanswered.pop_front();
                    return Ok(Some(Event::Capabilities(capabilities)));
                }
                Some(line) => {
                    if capabilities.push(line).is_err() {
                        return Err(self.fail(ClientError::TooManyCapabilities));
                    }
                }
            }
        }
        self.reading = Reading::Capabilities(capabilities);
        self.nothing_more()
    }

    fn poll_listing(&mut self, listing: Listing) -> Result<Option<Event<'_>>, ClientError> {
        let kind = listing.kind.command();
        let Some(line) = self.take_line(Awaiting::Rest(kind))? else {
            self.reading = Reading::Listing(listing);
            return self.nothing_more();
        };
        let Some(line) = unstuff(&self.input[line]) else {
            self.transcript.answer_ended(Lines(listing.lines));
            self.unanswered.pop_front();
            return Ok(Some(listing.kind.end()));
        };
        self.reading = Reading::Listing(Listing {
            lines: listing.lines + 1,
            ..listing
        });
        let event = match listing.kind {
            ListingKind::Uidl => reply::parse_uidl_line(line)
                .map(|(number, unique_id)| Event::UidlLine { number, unique_id }),
            ListingKind::List => {
                reply::parse_list_line(line).map(|(number, size)| Event::ListLine { number, size })
            }
        };
        Ok(Some(event.unwrap_or(Event::BadListingLine { kind, line })))
    }

    fn poll_body(&mut self, mut body: Body) -> Result<Option<Event<'_>>, ClientError> {
        match body.advance(&mut self.input) {
            Some(BodyStep::Content(content)) => {
                self.reading = Reading::Body(body);
                Ok(Some(Event::BodyChunk(&self.input[content])))
            }
            Some(BodyStep::End) => {
                self.transcript.answer_ended(BodyOf(body.octets()));
                self.unanswered.pop_front();
                Ok(Some(Event::BodyEnd {
                    number: body.number(),
                }))
            }
            None => {
                self.reading = Reading::Body(body);
                self.nothing_more()
            }
        }
    }

    /// What the next reply belongs to.
    fn next_answered(&self) -> Option<CommandKind> {
        match self.state {
            SessionState::Greeting => Some(CommandKind::Greeting),
            _ => self.unanswered.front().copied(),
        }
    }

    /// The reply is complete with this line.
    fn settle(&mut self, line: Range<usize>) {
        self.transcript.received(&self.input[line]);
        self.unanswered.pop_front();
        self.sign_in = None;
    }

    fn settle_with(
        &mut self,
        line: Range<usize>,
        event: Event<'static>,
    ) -> Result<Option<Event<'_>>, ClientError> {
        self.settle(line);
        Ok(Some(event))
    }

    /// The reply goes on behind its status line.
    fn read_on(&mut self, line: Range<usize>, reading: Reading) {
        self.transcript.answer_started(&self.input[line]);
        self.reading = reading;
    }

    fn take_line(&mut self, awaiting: Awaiting) -> Result<Option<Range<usize>>, ClientError> {
        self.input
            .take_line(MAX_LINE)
            .map_err(|_| self.fail(ClientError::LineTooLong { awaiting }))
    }

    /// Reads a status line. A last refusal counts without its line end: a server that throws us
    /// out may be in a hurry, and why is worth knowing.
    fn take_status_line(&mut self, kind: CommandKind) -> Result<Option<Range<usize>>, ClientError> {
        let line = self.input.take_line(MAX_LINE);
        let unread = self.input.unread();
        let ended = self.input_ended && !unread.is_empty();
        match line {
            Ok(None) if ended && matches!(Status::parse(unread), Some((Status::Err(_), _))) => {
                Ok(Some(self.input.take(unread.len())))
            }
            Ok(None)
                if ended && kind == CommandKind::Greeting && !Status::may_begin_with(unread) =>
            {
                let said = reply::quote(unread);
                Err(self.fail(ClientError::NotPop3 { said }))
            }
            Ok(line) => Ok(line),
            Err(_) if kind == CommandKind::Greeting => {
                let said = reply::quote(unread);
                Err(self.fail(ClientError::NotPop3 { said }))
            }
            Err(_) => Err(self.fail(ClientError::LineTooLong {
                awaiting: Awaiting::Status(kind),
            })),
        }
    }

    /// No answer is due: whatever comes is out of step.
    fn expect_silence(&mut self) -> Result<Option<Event<'_>>, ClientError> {
        if self.input.unread().is_empty() || self.state == SessionState::Closed {
            return self.nothing_more();
        }
        let said = reply::quote(self.input.unread());
        Err(self.fail(ClientError::UnexpectedInput { said }))
    }

    /// All input is understood: more may come, or it has ended.
    fn nothing_more(&mut self) -> Result<Option<Event<'_>>, ClientError> {
        if self.input_ended {
            let awaiting = self.awaiting();
            return Err(self.fail(ClientError::Closed { awaiting }));
        }
        Ok(None)
    }

    /// A reply that starts with no status.
    fn fail_on_line(&mut self, kind: CommandKind, line: Range<usize>) -> ClientError {
        if let Some(sign_in) = &self.sign_in {
            sign_in.blot_out(&mut self.input[line.clone()]);
        }
        self.transcript.received(&self.input[line.clone()]);
        let said = reply::quote(&self.input[line]);
        self.fail(match kind {
            CommandKind::Greeting => ClientError::NotPop3 { said },
            command => ClientError::BadStatus { command, said },
        })
    }

    fn fail(&mut self, failure: ClientError) -> ClientError {
        self.transcript.cut_off();
        self.state = SessionState::Closed;
        self.failure = Some(failure.clone());
        failure
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl Listing {
    fn new(kind: ListingKind) -> Self {
        Self { kind, lines: 0 }
    }
}

impl ListingKind {
    fn command(self) -> CommandKind {
        match self {
            Self::Uidl => CommandKind::Uidl,
            Self::List => CommandKind::List,
        }
    }

    fn end(self) -> Event<'static> {
        match self {
            Self::Uidl => Event::UidlEnd,
            Self::List => Event::ListEnd,
        }
    }
}

/// Undoes stuffing on a listing line; `None` for the lone dot. Listings may end their lines with
/// a bare LF, bodies may not.
fn unstuff(line: &[u8]) -> Option<&[u8]> {
    match line {
        b"." => None,
        [b'.', rest @ ..] => Some(rest),
        _ => Some(line),
    }
}

#[cfg(test)]
mod tests;
