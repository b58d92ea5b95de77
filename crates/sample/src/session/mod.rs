//! One client's session, from the accepted connection to the closed one.
//!
//! `inhaul_pop3_proto::server` knows the syntax and the states; this room knows the mailbox and
//! the switches, one file for each command. Lines are fed to the grammar one by one, so that what
//! stands behind a line can be lost if a switch wants it. Start at `Conversation::hold`.

mod auth;
mod capa;
mod dele;
mod greeting;
mod journal;
mod listings;
mod pending;
mod quit;
mod retr;
mod sign_in;
mod stls;
mod top;

use std::sync::Arc;

use inhaul_pop3_proto::server::{BadCommand, Command, Limits, Session};
use tokio::time::sleep;

use crate::mailbox::Mailbox;
use crate::maildrop::Maildrop;
use crate::server::Shared;
use crate::switches::{Line, MailboxSwitches, Times, Utf8};
use crate::watch::{SessionEvent, Watcher};
use crate::wire::{End, Socket, Wire};

use auth::Exchange;
use journal::Journal;
use pending::Pending;

/// Whether a connection starts with a handshake.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Start {
    Plain,
    Tls,
}

/// A session in progress.
pub(crate) struct Conversation {
    /// Before `wire`: a session that is dropped frees the maildrop, then closes the line.
    maildrop: Option<Maildrop>,
    shared: Arc<Shared>,
    wire: Wire,
    grammar: Session,
    pending: Pending,
    encrypted: bool,
    user: Option<String>,
    /// The SASL exchange under way.
    exchange: Option<Exchange>,
    /// Messages asked for by `RETR` so far.
    retrs: u32,
    journal: Journal,
    watcher: Option<Watcher>,
}

/// Answers that are longer go out before they are complete.
const OUTPUT_MOST: usize = 64 * 1024;

impl Conversation {
    pub(crate) fn new(
        shared: Arc<Shared>,
        stream: Box<dyn Socket>,
        watcher: Option<Watcher>,
    ) -> Self {
        Self {
            shared,
            wire: Wire::new(stream),
            grammar: Session::new(Limits::default()),
            pending: Pending::default(),
            encrypted: false,
            user: None,
            exchange: None,
            retrs: 0,
            maildrop: None,
            journal: Journal::default(),
            watcher,
        }
    }

    /// Talks until one side closes the line.
    pub(crate) async fn hold(mut self, start: Start) {
        let end = match self.talk(start).await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        if end == End::LineCut {
            self.repair_line();
        }
        // The lock goes first: a client that sees the line closed may sign in at once.
        self.maildrop = None;
        self.wire.close(end).await;
    }

    async fn talk(&mut self, start: Start) -> Result<std::convert::Infallible, End> {
        if start == Start::Tls {
            self.begin_tls().await?;
        }
        self.greet().await?;
        loop {
            let Some(line) = self.pending.take_line() else {
                self.receive().await?;
                continue;
            };
            self.grammar.handle_input(line);
            while let Some(command) = self.grammar.poll_command() {
                self.answer(command).await?;
            }
            if !self.pending.has_line() {
                self.flush().await?;
            }
        }
    }

    async fn receive(&mut self) -> Result<(), End> {
        if self.wire.receive(self.pending.room()).await? == 0 {
            return Err(End::Lost);
        }
        sleep(self.line().latency).await;
        Ok(())
    }

    async fn answer(&mut self, command: Result<Command, BadCommand>) -> Result<(), End> {
        let command = match command {
            Ok(command) => command,
            Err(bad) => {
                self.note(format!("? {bad}"));
                self.grammar.err(None, bad);
                return Ok(());
            }
        };
        if matches!(command, Command::Quit) {
            return self.answer_quit().await;
        }
        self.note(journal::shown(&command, self.user.as_deref()));
        match command {
            Command::Capa => self.answer_capa().await?,
            Command::Stls => self.answer_stls().await?,
            Command::Utf8 => self.answer_utf8(),
            Command::User(user) => self.answer_user(user),
            Command::Pass(password) => self.answer_pass(&password).await?,
            Command::Auth { mechanism, initial } => self.answer_auth(&mechanism, initial).await?,
            Command::AuthResponse(response) => self.answer_auth_response(&response).await?,
            Command::AuthCancelled => {
                self.exchange = None;
                self.grammar.err(None, "cancelled");
            }
            Command::Apop { user, digest } => self.answer_apop(&user, &digest).await?,
            Command::Stat => self.answer_stat(),
            Command::List(which) => self.answer_list(which).await?,
            Command::Uidl(which) => self.answer_uidl(which).await?,
            Command::Top { number, lines } => self.answer_top(number, lines).await?,
            Command::Retr(number) => self.answer_retr(number).await?,
            Command::Dele(number) => self.answer_dele(number),
            Command::Rset => self.answer_rset(),
            Command::Noop => self.grammar.ok(""),
            Command::Lang(_) | Command::Last | Command::Unknown(_) | Command::Quit => {
                self.grammar.err(None, "unknown command");
            }
        }
        self.flush_if_long().await
    }

    fn answer_utf8(&mut self) {
        match self.shared.switches().utf8 {
            Utf8::Works => self.grammar.ok("UTF-8 it is"),
            Utf8::Absent => self.grammar.err(None, "unknown command"),
            Utf8::Refused => self.grammar.err(None, "not now"),
        }
    }

    /// How octets travel now: the mailbox's way once it is open, if it has one.
    fn line(&self) -> Line {
        let own = self
            .mailbox()
            .and_then(|mailbox| mailbox.switches().line.clone());
        own.unwrap_or_else(|| self.shared.switches().line.clone())
    }

    fn mailbox(&self) -> Option<&Mailbox> {
        self.maildrop.as_ref().map(Maildrop::mailbox)
    }

    fn mailbox_switches(&self) -> Arc<MailboxSwitches> {
        self.mailbox().map(Mailbox::switches).unwrap_or_default()
    }

    /// A cut that was to happen once has happened.
    fn repair_line(&self) {
        let repair = |line: &mut Line| line.cut = line.cut.filter(|cut| cut.times != Times::Once);
        match self.mailbox() {
            Some(mailbox) if mailbox.switches().line.is_some() => {
                mailbox.set(|switches| switches.line.iter_mut().for_each(repair));
            }
            _ => self.shared.change(|switches| repair(&mut switches.line)),
        }
    }

    /// Sends what is said so far.
    async fn flush(&mut self) -> Result<(), End> {
        if self.grammar.poll_output().is_empty() {
            return Ok(());
        }
        let line = self.line();
        let output = self.grammar.poll_output();
        self.wire.send(output, &line).await?;
        let sent = output.len();
        self.grammar.output_written(sent);
        self.wire.flush().await
    }

    async fn flush_if_long(&mut self) -> Result<(), End> {
        if self.grammar.poll_output().len() >= OUTPUT_MOST {
            self.flush().await
        } else {
            Ok(())
        }
    }

    /// Says what is said so far and nothing more, until the client gives up.
    async fn hang(&mut self) -> Result<(), End> {
        self.flush().await?;
        self.wire.hang().await;
        Err(End::Lost)
    }

    /// Says what is said so far, and lets the line break.
    async fn break_line(&mut self) -> Result<(), End> {
        self.flush().await?;
        Err(End::Broken)
    }

    fn tell(&self, event: &SessionEvent<'_>) {
        if let Some(watcher) = &self.watcher {
            watcher(event);
        }
    }

    fn note(&mut self, line: String) {
        match self.maildrop.as_ref().map(Maildrop::mailbox) {
            Some(mailbox) => mailbox.note_command(line),
            None => self.journal.note(line),
        }
    }
}
