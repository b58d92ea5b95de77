//! What happens to retrievals, as it happens.

use std::time::Duration;

use futures_util::stream::BoxStream;
use inhaul_domain::trigger::Refusal;
use inhaul_types::{Activation, Card, Octets, RetrievalId, RunId, Timestamp};

use super::Come;

/// What happens from now on, until the service ends.
pub type Events = BoxStream<'static, Heard>;

/// What a listener hears.
#[derive(Clone, Debug)]
pub enum Heard {
    /// Something happened.
    Event(Event),
    /// It listened too slowly and missed so many events: look for yourself.
    Missed(u64),
}

/// Something happened to a retrieval.
#[derive(Clone, Debug)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// To which.
    pub retrieval: RetrievalId,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum EventKind {
    /// A run waits for its turn.
    Queued {
        /// Why it is to run.
        activation: Activation,
        /// How many are before it.
        position: usize,
    },
    /// A run has its turn, or has come further; at most four times a second.
    Progress {
        /// Why it runs.
        activation: Activation,
        /// How far it has come.
        come: Come,
    },
    /// A run ended.
    Ended {
        /// Why it ran.
        activation: Activation,
        /// How.
        ended: Box<Ended>,
    },
    /// Somebody asked for a run and was refused.
    Refused {
        /// Why it was to run.
        activation: Activation,
        /// Why it does not.
        refusal: Refusal,
    },
    /// It was added, changed or removed.
    Changed,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The recorded run; `None` if it could not even be recorded.
    pub run: Option<RunId>,
    /// What went wrong, if anything did. A mailbox in use is a card, too, and no failure
    /// ([`Self::is_busy`]).
    pub card: Option<Card>,
    /// Somebody else had the mailbox, or it was asked too often: neutral.
    pub is_busy: bool,
    /// Somebody stopped it before it had begun to bring anything; the card says so.
    pub is_stopped: bool,
    /// Messages stored.
    pub stored: u64,
    /// Octets of those.
    pub octets: Octets,
    /// Deletions the server confirmed.
    pub deleted: u64,
    /// Messages left to later runs.
    pub remaining: u64,
    /// When the next run is due by the schedule.
    pub next: Option<Timestamp>,
    /// How long it took.
    pub took: Duration,
}
