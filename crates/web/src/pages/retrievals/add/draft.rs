//! A mailbox that is being added: what was typed so far, and what was found out.

use inhaul_domain::{Retention, StartPoint};
use inhaul_store::{Every, Remote};
use inhaul_types::Secret;

use super::job::Job;
use super::search::Search;
use super::steps::Step;
use super::trial::Trial;
use crate::runs::{Detection, Inspection};

/// What was typed so far.
#[derive(Debug)]
pub(super) struct Draft {
    /// The mail address.
    pub(super) address: String,
    /// The remote password.
    pub(super) password: Secret,
    /// Sign-in name, where it is not the address.
    pub(super) user: String,
    /// The server as typed, where somebody knows it.
    pub(super) server: String,
    /// The search for the server.
    pub(super) search: Option<Job<Search>>,
    /// The way to the server that was chosen.
    pub(super) way: Option<Way>,
    /// The test of it.
    pub(super) trial: Option<Job<Trial>>,
    /// Name, folder, what to bring, how often.
    pub(super) place: Option<Place>,
    /// What was chosen of remote copies.
    pub(super) retention: Retention,
}

/// A way to a mailbox.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// The server, and the name to sign in with first.
    pub(super) remote: Remote,
    /// The name to try where that one is refused.
    pub(super) other_user: Option<String>,
}

/// What becomes of the mail here.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The retrieval's name.
    pub(super) name: String,
    /// The folder, there or not.
    pub(super) folder: String,
    /// What to bring.
    pub(super) bring: Bring,
    /// How often to check.
    pub(super) every: Every,
}

/// Which of the messages that are there already are wanted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Bring {
    All,
    Days(u32),
    New,
}

impl Draft {
    /// The step that may be gone to: each needs what the one before it came to.
    pub(super) fn furthest(&self) -> Step {
        if self.way.is_none() && self.search.is_none() {
            Step::Address
        } else if self.trial.is_none() {
            Step::Server
        } else if self.inspection().is_none() {
            Step::Test
        } else if self.place.is_none() {
            Step::Where
        } else {
            Step::Copy
        }
    }

    /// What the test found, if it went well.
    pub(super) fn inspection(&self) -> Option<Inspection> {
        self.trial.as_ref()?.now().inspection()
    }

    /// What the search found, if it did.
    pub(super) fn detection(&self) -> Option<Detection> {
        self.search.as_ref()?.now().detection()
    }

    /// The server's name, as far as it is known.
    pub(super) fn host(&self) -> String {
        let way = self.way.as_ref();
        way.map_or_else(String::new, |way| way.remote.host.clone())
    }
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            address: String::new(),
            password: Secret::new(String::new()),
            user: String::new(),
            server: String::new(),
            search: None,
            way: None,
            trial: None,
            place: None,
            retention: Retention::Keep,
        }
    }
}

impl Bring {
    /// The same, for the store. The days count back from now.
    pub(super) fn start(self, now: inhaul_types::Timestamp) -> StartPoint {
        match self {
            Self::All => StartPoint::Everything,
            Self::New => StartPoint::Now,
            Self::Days(days) => {
                let back = std::time::Duration::from_secs(u64::from(days) * 24 * 60 * 60);
                StartPoint::Since(now.minus(back))
            }
        }
    }
}
