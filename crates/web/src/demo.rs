//! The switches of a demo: a trait for whoever holds the sample servers.

use std::time::Duration;

use async_trait::async_trait;
use inhaul_types::{RetrievalId, Timestamp};

/// Makes things happen at a demo's sample servers.
#[async_trait]
pub trait Controls: Send + Sync + 'static {
    /// How things are.
    fn now(&self) -> DemoState;

    /// Puts so many new messages into the mailbox that the switches act on.
    async fn send(&self, count: u64) -> Result<(), NotDone>;

    /// Puts a letter into the mailbox of the catch-all: the word of one of [`DemoState::scenes`].
    async fn play(&self, scene: &str) -> Result<(), NotDone>;

    /// Makes its server do this from now on: the word of one of [`DemoState::manners`].
    async fn make(&self, manner: &str) -> Result<(), NotDone>;

    /// Sets the demo's clock ahead. What is due then is checked.
    async fn skip(&self, time: Duration) -> Result<(), NotDone>;
}

/// How things are in a demo.
#[derive(Clone, Debug, Default)]
pub struct DemoState {
    /// The provider that the switches act on: `old-isp.example`.
    pub provider: String,
    /// Its retrieval, once there is one.
    pub retrieval: Option<RetrievalId>,
    /// That retrieval's name.
    pub name: String,
    /// What its server can be made to do.
    pub manners: Vec<Manner>,
    /// The word of what it does now.
    pub manner: &'static str,
    /// The domain whose mail is shared out: `firm.example`.
    pub domain: String,
    /// The catch-all that does it, once there is one.
    pub catch_all: Option<RetrievalId>,
    /// What can be sent there.
    pub scenes: Vec<Scene>,
    /// With what one signs in to its mailbox, for somebody who sets up another catch-all: the name
    pub user: String,
    /// and the password, which opens nothing but this.
    pub password: String,
    /// To try the adding of mailboxes with.
    pub open: Option<OpenMailbox>,
    /// What was done last: when, and what it came to.
    pub said: Option<(Timestamp, String)>,
}

/// With what one signs in to a mailbox that the demo itself does not read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenMailbox {
    /// Its address.
    pub address: String,
    /// Opens nothing but this.
    pub password: String,
}

/// Something that a server can be made to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Manner {
    /// For programs: `refuse-password`.
    pub word: &'static str,
    /// For people, behind "Make it": `refuse the password`.
    pub label: &'static str,
}

/// A letter that can be sent to the people of a domain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Scene {
    /// For programs: `nobody`.
    pub word: &'static str,
    /// For people, behind "Send it": `a letter to nobody`.
    pub label: &'static str,
}

/// Why nothing was done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NotDone {
    /// No server can be made to do that.
    NoSuchManner,
    /// There is no such letter.
    NoSuchScene,
    /// The demo ends.
    Ending,
}
