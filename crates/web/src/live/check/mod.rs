//! A check that somebody watches: its mailboxes, and what it has told so far.

mod board;
mod line;
mod log;
mod message;
#[cfg(test)]
mod tests;
pub(crate) mod words;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use inhaul_types::{AccountId, Activation, RetrievalId, Timestamp};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::request::token::random;
use crate::runs::{Answer, Event, State};

use board::Board;
pub(crate) use line::Line;
pub(crate) use log::Told;
pub(crate) use message::NewMessage;

/// The number of a check: 96 random bits as 16 letters, digits, `-` and `_`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct CheckId(String);

impl CheckId {
    fn new() -> io::Result<Self> {
        Ok(Self(URL_SAFE_NO_PAD.encode(random::<12>()?)))
    }

    /// One that somebody showed, whatever it is.
    pub(crate) fn shown(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A check that somebody watches.
#[derive(Debug)]
pub(crate) struct Check {
    /// Its number.
    pub(crate) id: CheckId,
    /// Whose it is.
    pub(crate) account: AccountId,
    /// Why it was begun.
    pub(crate) activation: Activation,
    board: Mutex<Board>,
    /// The number of what was told last.
    told: watch::Sender<u64>,
}

/// How a check stands, for a page.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// The headline.
    pub(crate) title: String,
    /// Each mailbox.
    pub(crate) lines: Vec<Line>,
    /// What came.
    pub(crate) messages: Vec<NewMessage>,
    /// Nothing more is to come.
    pub(crate) is_over: bool,
}

impl Check {
    /// A check of nothing yet. `asked`: what happened before is another one's. `until`: somebody
    /// waits for a message. Fails only where the system has no random octets.
    pub(crate) fn new(
        account: AccountId,
        activation: Activation,
        asked: Timestamp,
        until: Option<Timestamp>,
    ) -> io::Result<Self> {
        let mut board = Board::new(activation, asked);
        board.until = until;
        Ok(Self {
            id: CheckId::new()?,
            account,
            activation,
            board: Mutex::new(board),
            told: watch::Sender::new(0),
        })
    }

    /// What became of a start.
    pub(crate) fn answered(&self, answers: &[(State, Answer)], now: Timestamp) {
        self.change(|board| {
            for (state, answer) in answers {
                board.answered(state, answer, now);
            }
            board.settle(now);
        });
    }

    /// Something happened to some retrieval. `needs_you`: that is how it stands now.
    pub(crate) fn hear(&self, event: &Event, needs_you: bool, now: Timestamp) {
        self.change(|board| {
            board.hear(event, needs_you, now, Instant::now());
            board.settle(now);
        });
    }

    /// A message came into the account's folders.
    pub(crate) fn came(&self, message: NewMessage, now: Timestamp) {
        self.change(|board| board.came(message, now));
    }

    /// How the retrievals stand, in case an event was missed.
    pub(crate) fn look(&self, states: &[(RetrievalId, Option<State>)], now: Timestamp) {
        self.change(|board| {
            for (id, state) in states {
                board.look(*id, state.as_ref(), now);
            }
            board.settle(now);
        });
    }

    /// When [`Self::flush`] has something to do.
    pub(crate) fn next_flush(&self) -> Option<Instant> {
        self.lock().next_flush()
    }

    /// Tells what came too soon after the last.
    pub(crate) fn flush(&self, now: Timestamp) {
        self.change(|board| board.flush(now, Instant::now()));
    }

    /// Somebody wants it to stop.
    pub(crate) fn stop(&self, now: Timestamp) {
        self.change(|board| {
            board.stop(now);
            board.settle(now);
        });
    }

    /// It is over, whatever goes on.
    pub(crate) fn finish(&self, now: Timestamp) {
        self.change(|board| board.finish(now));
    }

    /// Since when it is over.
    pub(crate) fn over_since(&self) -> Option<Timestamp> {
        self.lock().over.as_ref().map(|over| over.at)
    }

    /// Whether nothing more is to come.
    pub(crate) fn is_over(&self) -> bool {
        self.over_since().is_some()
    }

    /// Whether somebody waits for a message.
    pub(crate) fn is_waiting(&self) -> bool {
        self.lock().until.is_some()
    }

    /// Its retrievals.
    pub(crate) fn retrievals(&self) -> BTreeSet<RetrievalId> {
        self.lock().lines.keys().copied().collect()
    }

    /// Those that are not done with.
    pub(crate) fn under_way(&self) -> Vec<RetrievalId> {
        let board = self.lock();
        let going = board.lines.values().filter(|line| !line.is_done());
        going.map(|line| line.retrieval).collect()
    }

    /// Messages that would still be told by name.
    pub(crate) fn wants_messages(&self) -> bool {
        let board = self.lock();
        let counts = board.lines.values().any(|line| line.is_shared);
        board.over.is_none() && (counts || board.messages.len() < board::MESSAGES_MOST)
    }

    /// How it stands, for a page.
    pub(crate) fn view(&self, now: Timestamp) -> View {
        let board = self.lock();
        View {
            title: board.title(now),
            lines: board.lines.values().cloned().collect(),
            messages: board.messages.clone(),
            is_over: board.over.is_some(),
        }
    }

    /// How it stands, as data.
    pub(crate) fn data(&self, now: Timestamp) -> Value {
        let mut data = self.lock().data(now);
        data["v"] = 1.into();
        data["check_id"] = self.id.to_string().into();
        data
    }

    /// What was told behind this number, and whether nothing follows it.
    pub(crate) fn told_behind(&self, id: u64) -> (Vec<Told>, bool) {
        let board = self.lock();
        let told = board.log.behind(id).cloned().collect();
        (told, board.over.is_some())
    }

    /// Wakes whoever waits for what is told next.
    pub(crate) fn listen(&self) -> watch::Receiver<u64> {
        self.told.subscribe()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Board) -> T) -> T {
        let (result, last) = {
            let mut board = self.lock();
            let result = change(&mut board);
            (result, board.log.last())
        };
        self.told
            .send_if_modified(|told| std::mem::replace(told, last) != last);
        result
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
