//! Catch-alls: who gets a message that came into a maildrop for a whole domain.
//!
//! A [`Router`] is built once for a catch-all and asked for each message. It reads recipients out
//! of the header (`gather`: evidence headers, then the provider's own `Received ... for`, then the
//! addressees), looks each up (`lookup`: exact, alias, `user+tag`, wildcard), and answers with every
//! folder that gets the message and the reason (`decide`, `explain`). No message is lost: what
//! matches nobody goes into the fallback. No header makes it panic, and the work is linear in it.
//!
//! Knows nothing of what is stored, so it never leaves a copy out; the store does, by the identity
//! of the message. Start at [`Router::route`].

mod accepted;
mod advice;
mod book;
mod catch_all;
mod decide;
mod explain;
mod gather;
mod hindrance;
mod hops;
mod lookup;
mod preview;
mod routed;
mod spelling;
mod survey;
mod trace;

use hashbrown::HashSet;
use inhaul_message::{AddrSpec, HeaderBlock, addresses};

use accepted::{Accepted, Own};
use gather::Watched;
use lookup::{Lookup, Match};

pub use advice::{ONLY_TO_CC, best, is_only_to_cc};
pub use book::{AddressBook, BookEntry, BookName};
pub use catch_all::{
    CatchAll, DEFAULT_EVIDENCE, DEFAULT_MAX_RECIPIENTS, DEFAULT_SEPARATORS, OwnNames, Place,
    RecipientSource, Rule,
};
pub use hindrance::Hindrance;
pub use preview::{Counts, sender_shown, without_rule};
pub use routed::{Found, FoundBy, Placement, Routed};
pub use spelling::covers;
pub use survey::{AddressesEach, Reliability, Surveyed, SurveyedSource};
pub use trace::{TRACE, carries_trace};

/// A catch-all ready to decide.
#[derive(Clone, Debug)]
pub struct Router {
    source: RecipientSource,
    watched: Vec<Watched>,
    accepted: Accepted,
    own: Own,
    /// The organisations whose hosts are the provider's or ours.
    known_hosts: HashSet<String>,
    lookup: Lookup,
    max_recipients: usize,
    fallback: Place,
}

impl Router {
    /// Prepares to look up what this catch-all and these accounts say.
    pub fn new(catch_all: CatchAll, book: &AddressBook) -> Self {
        let accepted = Accepted::new(&catch_all, book);
        let host = spelling::domain(&catch_all.own_names.host);
        let hosts = accepted
            .iter()
            .map(|(domain, _)| domain)
            .chain([host.as_str()]);
        Self {
            watched: gather::watched(&catch_all.source),
            known_hosts: hosts
                .map(|host| hops::organization(host).to_owned())
                .collect(),
            lookup: Lookup::new(&catch_all, book, &accepted),
            own: Own::new(&catch_all.own_names),
            max_recipients: usize::try_from(catch_all.max_recipients).unwrap_or(usize::MAX),
            accepted,
            source: catch_all.source,
            fallback: catch_all.fallback,
        }
    }

    /// Decides where a message goes.
    ///
    /// Whatever the header is, the answer has a placement; so a message whose header cannot be
    /// read is nobody's, and a person looks at it.
    pub fn route(&self, header: &HeaderBlock<'_>) -> Routed {
        self.decide(self.gather(header))
    }

    /// Where mail for one address goes, if somebody here receives it; `None` is the fallback.
    pub fn place_of(&self, address: &str) -> Option<&Place> {
        let address = addresses(address.as_bytes()).next()?;
        let matched = self
            .find(&address)
            .filter(|matched| matched.holder.receives)?;
        Some(&matched.holder.place)
    }

    /// The domains whose addresses count, as they were typed; those that stand for others too.
    pub fn domains(&self) -> &[String] {
        self.accepted.typed()
    }

    /// Whose an address is; nobody's if it is in no accepted domain.
    fn find(&self, address: &AddrSpec<'_>) -> Option<Match<'_>> {
        if !self.accepted.contains(&address.domain) {
            return None;
        }
        let alias_of = self.accepted.alias_of(&address.domain);
        self.lookup
            .find(&address.local_part, &address.domain, alias_of)
    }

    /// Whether a server that notes this address notes the maildrop, not a recipient.
    ///
    /// A name that signs in without a domain may be noted at whichever of the accepted ones; there
    /// it is a person's address like any other if somebody here has it.
    fn is_own(&self, name: &str, address: &str, domain: &str) -> bool {
        let alias_of = self.accepted.alias_of(domain);
        self.own.is(address)
            || (self.own.may_be(name) && !self.lookup.is_somebodys(name, domain, alias_of))
    }
}
