//! A notice: one thing that happened, for one listener, before it is written for a channel.

use std::time::Duration;

use inhaul_domain::notices::Listener;
use inhaul_types::{Card, Octets, RetrievalId, Timestamp};

/// What happened. The words are the `event` of the JSON and never change.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// Mail has stopped; inhaul goes on trying.
    Failing,
    /// Mail has stopped, and only a person can help.
    NeedsYou,
    /// It works again.
    WorksAgain,
    /// It still does not work.
    Reminder,
    /// This server has no internet connection.
    Offline,
    /// It has one again.
    Online,
    /// A mailbox here holds more than it may.
    OverLimit,
    /// Somebody wants to see whether notices arrive.
    Test,
}

impl Kind {
    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::NeedsYou => "needs-you",
            Self::WorksAgain => "works-again",
            Self::Reminder => "reminder",
            Self::Offline => "offline",
            Self::Online => "online",
            Self::OverLimit => "over-limit",
            Self::Test => "test",
        }
    }
}

/// A retrieval that a notice is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct About {
    /// Its number.
    pub retrieval: RetrievalId,
    /// Its name.
    pub name: String,
    /// Its remote server.
    pub host: String,
    /// The account whose mail it brings.
    pub account: String,
    /// When its trouble began.
    pub since: Timestamp,
    /// What is wrong, or was.
    pub card: Option<Card>,
    /// Messages that came in since then.
    pub came: u64,
    /// Set where nothing more is said of it before then.
    pub quiet_until: Option<Timestamp>,
}

/// A mailbox here that mail is put into although it holds more than it may.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Overfull {
    /// Its account's name.
    pub account: String,
    /// Octets it holds.
    pub used: Octets,
    /// Octets it may hold.
    pub limit: Octets,
    /// The catch-all that fills it; none while no run has shown it since the start.
    pub through: Option<String>,
    /// Set where nothing more is said of it before then.
    pub quiet_until: Option<Timestamp>,
}

/// Mailboxes here that hold more than they may.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mailboxes {
    /// Who reads of them: an owner of the one that is theirs.
    pub reader: Listener,
    /// The mailboxes; never none.
    pub over: Vec<Overfull>,
}

/// One thing that happened, for one listener.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notice {
    /// Tells it from all others: a receiver that gets it twice can know.
    pub id: String,
    /// What happened.
    pub kind: Kind,
    /// When it was noticed.
    pub at: Timestamp,
    /// When it began; the moment itself for a test.
    pub since: Timestamp,
    /// How long it has lasted, or lasted.
    pub lasted: Duration,
    /// The retrievals, the one that has been in trouble longest first; none where it is about this
    /// server's line.
    pub about: Vec<About>,
    /// How many retrievals are in this trouble, with those that were told of before.
    pub in_trouble: usize,
    /// Whether the trouble is at this server itself, not at a remote one.
    pub is_here: bool,
    /// The mailboxes, where it is about some here and no retrieval.
    pub mailboxes: Option<Mailboxes>,
}

impl Notice {
    /// The retrieval, where there is exactly one.
    pub(crate) fn only(&self) -> Option<&About> {
        match (&self.about[..], self.kind) {
            // Each mailbox that needs someone has a matter of its own.
            ([only], Kind::WorksAgain | Kind::NeedsYou) => Some(only),
            ([only], _) if self.in_trouble <= 1 => Some(only),
            _ => None,
        }
    }

    /// How many retrievals it speaks of.
    pub(crate) fn count(&self) -> usize {
        match self.kind {
            Kind::WorksAgain | Kind::NeedsYou => self.about.len(),
            _ => self.about.len().max(self.in_trouble),
        }
    }

    /// The card that stands for all of them: of the one that has been in trouble longest.
    pub(crate) fn card(&self) -> Option<&Card> {
        self.about.iter().find_map(|about| about.card.as_ref())
    }

    /// The remote server, where they share one.
    pub(crate) fn host(&self) -> Option<&str> {
        let first = self.about.first()?;
        let is_shared = self
            .about
            .iter()
            .all(|about| about.host.eq_ignore_ascii_case(&first.host));
        (is_shared && !self.is_here).then_some(first.host.as_str())
    }

    /// Messages that came in since it began.
    pub(crate) fn came(&self) -> u64 {
        self.about.iter().map(|about| about.came).sum()
    }
}
