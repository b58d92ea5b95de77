//! What outlives a restart: what was told, and the letters that are still to be delivered.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use inhaul_types::{AccountId, RetrievalId, Timestamp};

/// What a row of what was told is about.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Key {
    /// This server's own line to the internet.
    Server,
    /// A retrieval. Its row goes with it.
    Retrieval(RetrievalId),
    /// The mailbox of an account. Its row goes with the account.
    Mailbox(AccountId),
}

/// Where a letter goes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Channel {
    /// Into an account's INBOX here.
    Inbox(AccountId),
    /// To the web address.
    Webhook,
    /// To the program.
    Program,
}

/// The kinds of channels; each has a courier of its own.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ChannelKind {
    /// All inboxes here.
    Inbox,
    /// The web address.
    Webhook,
    /// The program.
    Program,
}

impl Channel {
    /// Whose courier carries it.
    pub fn kind(self) -> ChannelKind {
        match self {
            Self::Inbox(_) => ChannelKind::Inbox,
            Self::Webhook => ChannelKind::Webhook,
            Self::Program => ChannelKind::Program,
        }
    }
}

impl fmt::Display for Channel {
    /// `inbox:7`, `webhook`, `program`: for a column and the log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inbox(account) => write!(f, "inbox:{account}"),
            Self::Webhook => f.write_str("webhook"),
            Self::Program => f.write_str("program"),
        }
    }
}

/// The text names no channel.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is no such channel")]
pub struct UnknownChannel;

impl FromStr for Channel {
    type Err = UnknownChannel;

    fn from_str(text: &str) -> Result<Self, UnknownChannel> {
        match text {
            "webhook" => Ok(Self::Webhook),
            "program" => Ok(Self::Program),
            _ => {
                let row = text.strip_prefix("inbox:").and_then(|row| row.parse().ok());
                row.map(|row| Self::Inbox(AccountId::new(row)))
                    .ok_or(UnknownChannel)
            }
        }
    }
}

/// The number of a letter in the outbox; later letters have higher ones.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LetterId(pub i64);

/// A letter to be written into the outbox, due at once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewLetter {
    /// Where it goes.
    pub channel: Channel,
    /// When it was written.
    pub written: Timestamp,
    /// What is delivered: a message for an inbox, JSON for the others.
    pub text: String,
}

/// A letter that waits, without its text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Waiting {
    /// Its number.
    pub id: LetterId,
    /// Where it goes.
    pub channel: Channel,
    /// When it was written.
    pub written: Timestamp,
    /// When it is due.
    pub due: Timestamp,
    /// How often it was tried.
    pub tries: u32,
}

/// What became of a letter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Settled {
    /// Delivered: it can go.
    Delivered,
    /// It is tried again; its tries are one more.
    Later {
        /// Then.
        due: Timestamp,
        /// Why it was not delivered, in words.
        why: String,
    },
    /// Never tried again, and kept for people to see for some time.
    GivenUp {
        /// Why, in words.
        why: String,
    },
}

/// The memory could not do it. Nothing of the call was kept.
#[derive(Debug, thiserror::Error)]
#[error("notices could not be read or written")]
pub struct MemoryError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// What notices need of a store. A call that returned `Ok` is durable.
#[async_trait]
pub trait Memory: Send + Sync + 'static {
    /// All rows of what was told, each as the text of `inhaul_domain::notices::Told`.
    async fn told_load(&self) -> Result<Vec<(Key, String)>, MemoryError>;
    /// Replaces rows of what was told and adds letters to the outbox: all in one transaction, or a
    /// crash would tell a thing twice or never. A row of a retrieval or an account that is
    /// gone is left out.
    async fn record(
        &self,
        told: Vec<(Key, String)>,
        letters: Vec<NewLetter>,
    ) -> Result<(), MemoryError>;
    /// Letters of this kind that wait, due or not, the oldest first. Not those given up.
    async fn outbox_waiting(&self, kind: ChannelKind) -> Result<Vec<Waiting>, MemoryError>;
    /// A letter's text; `None` where it is gone.
    async fn outbox_text(&self, id: LetterId) -> Result<Option<String>, MemoryError>;
    /// Records what became of a letter. Nothing happens where it is gone.
    async fn outbox_settle(&self, id: LetterId, settled: Settled) -> Result<(), MemoryError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_reads_back_from_its_word() {
        for channel in [
            Channel::Inbox(AccountId::new(7)),
            Channel::Webhook,
            Channel::Program,
        ] {
            assert_eq!(channel.to_string().parse(), Ok(channel));
        }
        for text in ["", "inbox", "inbox:", "inbox:x", "pager"] {
            assert_eq!(text.parse::<Channel>(), Err(UnknownChannel), "{text:?}");
        }
    }
}
