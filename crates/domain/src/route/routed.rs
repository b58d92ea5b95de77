//! What was decided about one message, and why.

use super::catch_all::Place;

/// Where one message goes. There is at least one placement, and no folder twice.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Routed {
    /// In the order in which their recipients were found; the fallback last.
    pub placements: Vec<Placement>,
    /// The accepted addresses that nobody has, or nobody who receives: they put the message into
    /// the fallback. An address that is one too many has somebody and is not here.
    pub unclaimed: Vec<String>,
    /// Which source decided.
    pub by: FoundBy,
    /// The accepted addresses that it yielded, each once.
    pub found: Vec<Found>,
}

/// One copy of the message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Placement {
    /// Where it goes.
    pub place: Place,
    /// The addresses that led there.
    pub recipients: Vec<String>,
    /// One line for each recipient: where it was found, what matched, where it goes.
    pub why: String,
}

/// An address that counts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found {
    /// The header field: `Delivered-To`, `Received`.
    pub source: String,
    /// Which of several of that name, from the top, from 1.
    pub number: u32,
    /// The address as it was read: the local part as written, the domain in lower case.
    pub address: String,
}

/// The source that decided about a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FoundBy {
    /// A header in which a server noted the recipient.
    Evidence(String),
    /// A `Received` field of the provider that says `for`.
    Received,
    /// Whom the header mentions: the weakest evidence.
    Addressees,
    /// The header that the catch-all names.
    Header(String),
    /// To and Cc, and nothing else was to be asked.
    ToCc,
    /// No source yielded an accepted address.
    Nothing,
}
