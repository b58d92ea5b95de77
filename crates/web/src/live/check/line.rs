//! One mailbox of a check: what it is doing, and how that ended.

use std::time::Duration;

use inhaul_domain::trigger::{Refusal, RefusalReason};
use inhaul_store::Routing;
use inhaul_types::{Card, RetrievalId, RunId, Timestamp};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::words;
use crate::runs::{Answer, Come, Ended, RunStage, State};

/// One mailbox of a check.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Which.
    pub(crate) retrieval: RetrievalId,
    /// Its name.
    pub(crate) name: String,
    /// Its server.
    pub(crate) host: String,
    /// A catch-all: not everything that it stores is this person's.
    pub(crate) is_shared: bool,
    /// What it is doing.
    pub(crate) phase: Phase,
    /// The recorded run; `None` before it has its place.
    pub(crate) run: Option<RunId>,
    /// New messages that runs of this check stored for this person.
    pub(crate) new: u64,
    /// New messages of it that came into this person's folders, as far as anybody looked.
    pub(crate) heard: u64,
    /// One more run follows the present one, not before then.
    pub(crate) once_more: Option<Timestamp>,
    /// When it was last told how far it has come.
    pub(super) told: Option<Instant>,
    /// It has come further since.
    pub(super) is_untold: bool,
    /// The last look found no run of it.
    pub(super) was_idle: bool,
}

/// What a mailbox is doing.
#[derive(Clone, Debug)]
pub(crate) enum Phase {
    /// Its run waits for its turn.
    Waiting {
        /// So many are before it.
        before: usize,
    },
    /// Its run goes on.
    Working(Come),
    /// Somebody waits for a message: the next run comes by itself.
    Resting {
        /// When.
        next: Timestamp,
    },
    /// It is done with.
    Done(Done),
}

/// How a mailbox's check ended.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    /// How.
    pub(crate) outcome: Outcome,
    /// The same on its line.
    pub(crate) words: String,
    /// What went wrong.
    pub(crate) card: Option<Card>,
    /// Why nothing was begun.
    pub(crate) refusal: Option<Refusal>,
    /// Messages left to the next check.
    pub(crate) remaining: u64,
    /// When the next run is due, or possible.
    pub(crate) next: Option<Timestamp>,
    /// How long it took.
    pub(crate) took: Duration,
}

/// How a mailbox's check ended, in one word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// Well.
    Good,
    /// Somebody else had the mailbox, or it was asked too often.
    Busy,
    /// It failed, and will not get better without a person.
    NeedsYou,
    /// It failed.
    Failed,
    /// Somebody stopped it.
    Stopped,
    /// It was not begun.
    Refused,
    /// The retrieval was removed meanwhile.
    Gone,
}

impl Outcome {
    /// The fixed word for the API.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Busy => "busy",
            Self::NeedsYou => "needs-you",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Refused => "refused",
            Self::Gone => "gone",
        }
    }

    /// The sign in front of its line.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Busy => "○",
            Self::NeedsYou => "✖",
            Self::Failed => "▲",
            Self::Stopped => "■",
            Self::Refused | Self::Gone => "–",
        }
    }

    /// Whether mail that may be there was not brought.
    pub(crate) fn is_failure(self) -> bool {
        matches!(self, Self::NeedsYou | Self::Failed)
    }
}

impl Done {
    /// Nothing but how, in words.
    pub(crate) fn new(outcome: Outcome, words: String) -> Self {
        Self {
            outcome,
            words,
            card: None,
            refusal: None,
            remaining: 0,
            next: None,
            took: Duration::ZERO,
        }
    }

    /// It was not begun.
    pub(crate) fn refused(refusal: Refusal, now: Timestamp) -> Self {
        Self {
            refusal: Some(refusal),
            next: refusal.until,
            ..Self::new(Outcome::Refused, words::refused(&refusal, now))
        }
    }
}

impl Line {
    /// As the start was answered.
    pub(crate) fn new(state: &State, answer: &Answer, now: Timestamp) -> Self {
        let row = &state.row;
        let mut line = Self {
            retrieval: row.id,
            name: row.name.clone(),
            host: row.remote.host.clone(),
            is_shared: !matches!(row.routing, Routing::Single),
            phase: Phase::Waiting { before: 0 },
            run: None,
            new: 0,
            heard: 0,
            once_more: None,
            told: None,
            is_untold: false,
            was_idle: false,
        };
        let refusal = match answer {
            Answer::Refused(refusal) => Some(*refusal),
            // The run that was joined begins when the server bears it, and nobody looks on until
            // then.
            Answer::Joined => rests(state),
            _ => None,
        };
        match refusal {
            Some(refusal) => line.phase = Phase::Done(Done::refused(refusal, now)),
            None => line.begins(state, answer),
        }
        line
    }

    /// A start that goes on where an earlier one was: a run that is under way stays as it is.
    pub(crate) fn begins(&mut self, state: &State, answer: &Answer) {
        let under_way = || match (&state.doing, state.position) {
            (_, Some(before)) => Phase::Waiting { before },
            (Some((_, come)), None) if come.stage != RunStage::Waiting => Phase::Working(*come),
            _ => Phase::Waiting { before: 0 },
        };
        match *answer {
            Answer::Started => self.phase = under_way(),
            Answer::Joined if self.is_done() || self.run.is_none() => self.phase = under_way(),
            Answer::Joined => {}
            Answer::Queued(before) => self.phase = Phase::Waiting { before },
            Answer::Behind(next) => {
                if self.is_done() || self.run.is_none() {
                    self.phase = under_way();
                }
                self.once_more = Some(next);
            }
            // What goes on goes on.
            Answer::Refused(_) => {}
        }
    }

    /// Whether nothing more is to come.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.phase, Phase::Done(_))
    }

    /// How it ended, if it has.
    pub(crate) fn done(&self) -> Option<&Done> {
        match &self.phase {
            Phase::Done(done) => Some(done),
            _ => None,
        }
    }

    /// What stands on its line.
    pub(crate) fn words(&self, now: Timestamp) -> String {
        match &self.phase {
            Phase::Waiting { before } => words::waiting(*before),
            Phase::Working(come) => words::working(come, &self.host),
            Phase::Resting { next } => words::resting(*next, now),
            Phase::Done(done) => done.words.clone(),
        }
    }

    /// How much of the messages is here, where that is known.
    pub(crate) fn share(&self) -> Option<(u64, u64)> {
        match &self.phase {
            Phase::Working(come) if come.wanted > 0 => Some((come.stored, come.wanted)),
            _ => None,
        }
    }

    /// Where its trouble is mended.
    pub(crate) fn fix(&self) -> Option<String> {
        let done = self.done()?;
        (done.outcome == Outcome::NeedsYou).then(|| format!("/retrievals/{}", self.retrieval))
    }

    /// A run of it ended: adds what it brought, and says how. Whoever pressed has their result then,
    /// also where one more run follows: that may be a minute away.
    pub(super) fn ended(&mut self, ended: &Ended, outcome: Outcome, now: Timestamp) {
        self.run = ended.run.or(self.run);
        self.new = match self.is_shared {
            true => self.heard,
            false => self.new + ended.stored,
        };
        self.phase = Phase::Done(Done {
            outcome,
            words: words::ended(ended, outcome, self, now),
            card: ended.card.clone(),
            refusal: None,
            remaining: ended.remaining,
            next: self.once_more.or(ended.next),
            took: ended.took,
        });
    }

    /// As data: of an event, and of the state.
    pub(crate) fn data(&self, now: Timestamp) -> Map<String, Value> {
        let mut data = Map::new();
        let mut put = |name: &str, value: Value| drop(data.insert(name.to_owned(), value));
        put("retrieval", json!(self.name));
        put("run", json!(self.run.map(RunId::row)));
        match &self.phase {
            Phase::Waiting { before } => {
                put("stage", json!(RunStage::Waiting.as_str()));
                put("before", json!(before));
            }
            Phase::Working(come) => {
                put("stage", json!(come.stage.as_str()));
                put("n", json!(come.stored));
                put("of", json!(come.wanted));
                put("bytes", json!(come.octets.count()));
                put("of_bytes", json!(come.of_octets.count()));
            }
            Phase::Resting { next } => {
                put("stage", json!("rest"));
                put("next", json!(next.to_string()));
            }
            Phase::Done(done) => {
                put("result", json!(done.outcome.as_str()));
                if let Some(code) = done.code() {
                    put("code", json!(code));
                }
                put("new", json!(self.new));
                if let Some(next) = done.next {
                    put("next", json!(next.to_string()));
                }
                put("took_ms", json!(millis(done.took)));
                put("sign", json!(done.outcome.sign()));
                if let Some(fix) = self.fix() {
                    put("fix", json!(fix));
                }
            }
        }
        put("words", json!(self.words(now)));
        data
    }
}

/// A mailbox that was checked a moment ago, and is checked again by itself.
fn rests(state: &State) -> Option<Refusal> {
    let until = state.follows.filter(|_| state.doing.is_none())?;
    let checked = state.row.schedule.last_started?;
    Some(Refusal {
        reason: RefusalReason::TooSoon { checked },
        until: Some(until),
    })
}

impl Done {
    /// The stable code of what went wrong, or why nothing was begun.
    fn code(&self) -> Option<&'static str> {
        let of_card = self.card.as_ref().map(|card| card.code.as_str());
        of_card.or_else(|| Some(self.refusal?.reason.as_str()))
    }
}

fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}
