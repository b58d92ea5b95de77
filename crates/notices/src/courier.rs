//! One courier for each kind of channel: carries out letters, tries again, gives up.
//!
//! A letter is delivered first and settled then: a kill in between delivers it once more, but into
//! an inbox here, where both are one transaction.

use std::sync::Arc;
use std::time::Duration;

use inhaul_types::Timestamp;

use crate::inbox::Inbox;
use crate::memory::{Channel, ChannelKind, LetterId, Memory, MemoryError, Settled, Waiting};
use crate::program::Program;
use crate::webhook::Webhook;

/// How one delivery ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It is there.
    Delivered,
    /// It may work later.
    Later {
        /// Why it did not work now, in words.
        why: String,
        /// How long the receiver wants to be left alone, where it said so.
        after: Option<Duration>,
    },
    /// It will never work.
    Never {
        /// Why, in words.
        why: String,
    },
}

/// How letters of one kind are carried out.
pub enum Way {
    /// Into inboxes here.
    Inbox(Arc<dyn Inbox>),
    /// To the web address.
    Webhook(Webhook),
    /// To the program.
    Program(Program),
}

impl Way {
    /// Which letters it carries.
    pub fn kind(&self) -> ChannelKind {
        match self {
            Self::Inbox(_) => ChannelKind::Inbox,
            Self::Webhook(_) => ChannelKind::Webhook,
            Self::Program(_) => ChannelKind::Program,
        }
    }

    /// Carries out one letter; `id` where it is of the outbox.
    pub async fn deliver(&self, channel: Channel, text: String, id: Option<LetterId>) -> Outcome {
        match (self, channel) {
            (Self::Inbox(inbox), Channel::Inbox(account)) => {
                match inbox.deliver(account, text, id).await {
                    Ok(()) => Outcome::Delivered,
                    Err(error) => Outcome::Later {
                        why: error.to_string(),
                        after: None,
                    },
                }
            }
            (Self::Webhook(webhook), Channel::Webhook) => webhook.deliver(text.into()).await,
            (Self::Program(program), Channel::Program) => program.deliver(text.into()).await,
            _ => Outcome::Never {
                why: "it is for another channel".into(),
            },
        }
    }
}

/// What a round did.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Round {
    /// Letters delivered.
    pub delivered: usize,
    /// Letters given up.
    pub given_up: usize,
    /// Letters that wait.
    pub waiting: usize,
    /// Why the last one that failed was not delivered.
    pub trouble: Option<String>,
    /// When the next round makes sense; none while nothing waits.
    pub next: Option<Timestamp>,
}

/// Carries out the letters of one kind.
pub struct Courier {
    way: Way,
    memory: Arc<dyn Memory>,
}

impl Courier {
    /// A courier who has not looked into the outbox yet.
    pub fn new(way: Way, memory: Arc<dyn Memory>) -> Self {
        Self { way, memory }
    }

    /// How it carries them.
    pub fn way(&self) -> &Way {
        &self.way
    }

    /// Carries out what is due, the oldest first. The first letter that has to wait ends a round:
    /// what is behind it waits for the same receiver. It does not block them, though: by the next
    /// round it is not due, and the next oldest is tried.
    pub async fn round(&self, now: Timestamp) -> Result<Round, MemoryError> {
        let waiting = self.memory.outbox_waiting(self.way.kind()).await?;
        let mut round = Round::default();
        let too_many = waiting.len().saturating_sub(MOST_WAITING);
        let (pushed_out, waiting) = waiting.split_at(too_many);
        for letter in pushed_out {
            self.give_up(letter, TOO_MANY.to_owned(), &mut round)
                .await?;
        }
        let mut is_held = false;
        for letter in waiting {
            if !is_held && letter.due <= now {
                is_held = self.try_one(letter, now, &mut round).await?;
            } else {
                // Nobody is asked more than once a minute.
                let due = letter.due.max(now.plus(BETWEEN_ROUNDS));
                round.wait_until(due);
            }
        }
        Ok(round)
    }

    /// Whether those behind it have to wait.
    async fn try_one(
        &self,
        letter: &Waiting,
        now: Timestamp,
        round: &mut Round,
    ) -> Result<bool, MemoryError> {
        let Some(text) = self.memory.outbox_text(letter.id).await? else {
            return Ok(false);
        };
        match self
            .way
            .deliver(letter.channel, text, Some(letter.id))
            .await
        {
            Outcome::Delivered => {
                self.memory
                    .outbox_settle(letter.id, Settled::Delivered)
                    .await?;
                round.delivered += 1;
                Ok(false)
            }
            Outcome::Never { why } => {
                self.give_up(letter, why, round).await?;
                Ok(false)
            }
            Outcome::Later { why, after } => {
                let due = now.plus(wait_after(letter.tries).max(after.unwrap_or_default()));
                if due.since(letter.written) > LIFE {
                    self.give_up(letter, why, round).await?;
                } else {
                    let (channel, tries) = (letter.channel, letter.tries + 1);
                    tracing::warn!(%channel, tries, why, "a notice was not delivered; tries again");
                    round.trouble = Some(why.clone());
                    let settled = Settled::Later { due, why };
                    self.memory.outbox_settle(letter.id, settled).await?;
                    round.wait_until(due);
                }
                // One account's inbox says nothing about another's.
                Ok(self.way.kind() != ChannelKind::Inbox)
            }
        }
    }

    async fn give_up(
        &self,
        letter: &Waiting,
        why: String,
        round: &mut Round,
    ) -> Result<(), MemoryError> {
        tracing::error!(channel = %letter.channel, why, "a notice is given up");
        round.given_up += 1;
        round.trouble = Some(why.clone());
        self.memory
            .outbox_settle(letter.id, Settled::GivenUp { why })
            .await
    }
}

impl Round {
    fn wait_until(&mut self, due: Timestamp) {
        self.waiting += 1;
        self.next = Some(self.next.map_or(due, |next| next.min(due)));
    }
}

/// How long a letter waits that was tried so often before: a minute, then twice as long each time,
/// at most an hour.
pub fn wait_after(tries: u32) -> Duration {
    let doubled = BETWEEN_ROUNDS.saturating_mul(1 << tries.min(16));
    doubled.min(LONGEST_WAIT)
}

/// The shortest wait for a receiver that failed.
const BETWEEN_ROUNDS: Duration = Duration::from_secs(60);
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);
/// A notice older than this tells nobody anything new: by then a reminder says the same.
const LIFE: Duration = Duration::from_secs(3 * 24 * 60 * 60);
/// Letters that wait for one kind of channel; beyond it the oldest are given up.
const MOST_WAITING: usize = 1000;
const TOO_MANY: &str = "too many newer notices wait for the same receiver";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        let minutes: Vec<_> = (0..9)
            .map(|tries| wait_after(tries).as_secs() / 60)
            .collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(wait_after(u32::MAX), LONGEST_WAIT);
    }
}
