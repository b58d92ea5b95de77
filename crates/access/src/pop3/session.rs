//! One client's session, from its first octet to its last.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use inhaul_net::ServerLine;
use inhaul_pop3_proto::server::{BadCommand, Command};
use inhaul_pop3_proto::{ResponseCode, SessionState};
use tokio::sync::watch;
use tokio::time::Instant;

use super::maildrop::Maildrop;
use super::retr::ReadAhead;
use super::sign_in::Exchange;
use super::wire::{End, Wire};
use super::{Service, Settings};

/// A session in progress.
pub(super) struct Conversation {
    /// First: a session that is dropped frees its maildrop, then closes its line.
    pub(super) maildrop: Option<Maildrop>,
    pub(super) ahead: ReadAhead,
    pub(super) service: Arc<Service>,
    pub(super) settings: Arc<Settings>,
    pub(super) wire: Wire,
    pub(super) peer: SocketAddr,
    /// Nobody between it and its proxy can read what it says.
    pub(super) encrypted_to_proxy: bool,
    stop: watch::Receiver<bool>,
    began: Instant,
    /// Of `USER`.
    pub(super) user: Option<String>,
    /// The SASL exchange under way.
    pub(super) exchange: Option<Exchange>,
    /// Passwords that were wrong.
    pub(super) wrong: u32,
    /// Lines that were no command, one after the other.
    faults: u32,
    pub(super) tally: Tally,
}

/// What a session came to, for the log.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Sign-in name, once somebody has signed in.
    pub(super) account: Option<String>,
    pub(super) retrieved: u64,
    pub(super) octets: u64,
    pub(super) removed: u64,
}

/// A client has so long to sign in: whoever has not is nobody yet, and holds a place.
const SIGN_IN_MOST: Duration = Duration::from_secs(3 * 60);
/// A handshake takes a few round trips.
pub(super) const HANDSHAKE_MOST: Duration = Duration::from_secs(30);
/// Behind so many lines in a row that are no command nobody speaks POP3.
const FAULTS_MOST: u32 = 50;

impl Conversation {
    pub(super) fn new(
        service: Arc<Service>,
        line: ServerLine,
        peer: SocketAddr,
        encrypted_to_proxy: bool,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            maildrop: None,
            ahead: ReadAhead::default(),
            settings: service.settings(),
            service,
            wire: Wire::new(line),
            peer,
            encrypted_to_proxy,
            stop,
            began: Instant::now(),
            user: None,
            exchange: None,
            wrong: 0,
            faults: 0,
            tally: Tally::default(),
        }
    }

    /// Talks until one side ends it.
    pub(super) async fn hold(mut self) {
        let end = match self.talk().await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        // The lock goes first: a client that sees the line closed may sign in at once.
        self.maildrop = None;
        self.tell_log(end);
        self.wire.close().await;
    }

    async fn talk(&mut self) -> Result<Infallible, End> {
        // By the first word an inhaul that reads from this one knows it (engine/src/session/peer.rs):
        // without it mail would go round between the two.
        self.wire.grammar.ok("inhaul is ready");
        loop {
            while let Some(command) = self.wire.grammar.poll_command() {
                self.answer(command).await?;
                self.wire.flush_if_much().await?;
            }
            self.wire.flush().await?;
            self.receive().await?;
        }
    }

    /// Waits for a command; a server that stops says so.
    async fn receive(&mut self) -> Result<(), End> {
        let patience = self.patience();
        tokio::select! {
            biased;
            received = self.wire.receive(patience) => return received,
            _ = self.stop.wait_for(|stop| *stop) => {}
        }
        let text = "The server is stopping. Nothing was removed";
        self.wire.grammar.err(Some(ResponseCode::SysTemp), text);
        self.wire.flush().await?;
        Err(End::Stopping)
    }

    fn patience(&self) -> Duration {
        match self.wire.grammar.state() {
            SessionState::Authorization => SIGN_IN_MOST.saturating_sub(self.began.elapsed()),
            _ => self.settings.idle,
        }
    }

    async fn answer(&mut self, command: Result<Command, BadCommand>) -> Result<(), End> {
        let command = match command {
            Ok(Command::Unknown(_)) => return self.refuse_line("There is no such command").await,
            Ok(Command::Apop { .. }) => {
                return self
                    .refuse_line("APOP is not offered, use USER or AUTH")
                    .await;
            }
            Ok(Command::Last) => return self.refuse_line("LAST is gone since RFC 1725").await,
            Ok(command) => command,
            Err(bad) => {
                self.exchange = None;
                return self.refuse_line(bad).await;
            }
        };
        self.faults = 0;
        match command {
            Command::Capa => self.answer_capa(),
            Command::Stls => self.answer_stls().await?,
            Command::Utf8 => self.wire.grammar.ok("UTF-8 is sent as it is"),
            Command::Lang(_) => self.wire.grammar.err(None, "There is one language only"),
            Command::User(name) => self.answer_user(name),
            Command::Pass(password) => self.answer_pass(&password).await?,
            Command::Auth { mechanism, initial } => self.answer_auth(&mechanism, initial).await?,
            Command::AuthResponse(response) => self.answer_response(&response).await?,
            Command::AuthCancelled => {
                self.exchange = None;
                self.wire.grammar.err(None, "The sign-in is given up");
            }
            Command::Stat => self.answer_stat(),
            Command::List(which) => self.answer_list(which).await?,
            Command::Uidl(which) => self.answer_uidl(which).await?,
            Command::Retr(number) => self.answer_retr(number).await?,
            Command::Top { number, lines } => self.answer_top(number, lines).await?,
            Command::Dele(number) => self.answer_dele(number),
            Command::Rset => self.answer_rset(),
            Command::Noop => self.wire.grammar.ok(""),
            Command::Quit => return self.answer_quit().await,
            Command::Apop { .. } | Command::Last | Command::Unknown(_) => {}
        }
        Ok(())
    }

    /// Says what is wrong with a line, and hangs up on whoever sends nothing else.
    async fn refuse_line(&mut self, why: impl std::fmt::Display) -> Result<(), End> {
        self.faults += 1;
        if self.faults < FAULTS_MOST {
            self.wire.grammar.err(None, why);
            return Ok(());
        }
        self.hang_up(None, "Too many lines that are no command")
            .await
    }

    /// Says why, and ends the session.
    pub(super) async fn hang_up<T>(
        &mut self,
        code: Option<ResponseCode>,
        why: &str,
    ) -> Result<T, End> {
        self.wire.grammar.err(code, why);
        self.wire.flush().await?;
        Err(End::Said)
    }

    /// The open maildrop: the grammar lets commands that need it through in no other state.
    pub(super) fn maildrop(&self) -> &Maildrop {
        self.maildrop
            .as_ref()
            .expect("Transaction begins when the maildrop is open")
    }

    pub(super) fn maildrop_mut(&mut self) -> &mut Maildrop {
        self.maildrop
            .as_mut()
            .expect("Transaction begins when the maildrop is open")
    }

    fn tell_log(&self, end: End) {
        let Some(account) = &self.tally.account else {
            tracing::debug!(address = %self.peer.ip(), ?end, "pop3 session without sign-in");
            return;
        };
        let Tally {
            retrieved,
            octets,
            removed,
            ..
        } = self.tally;
        let duration_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            account,
            address = %self.peer.ip(),
            retrieved,
            octets,
            removed,
            duration_ms,
            end = end.word(),
            "pop3 session"
        );
    }
}

impl End {
    /// For the log.
    fn word(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Silent => "silent",
            Self::Said => "quit",
            Self::Stopping => "stopping",
        }
    }
}
