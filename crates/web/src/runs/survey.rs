//! Headers of a maildrop's newest messages, for somebody who decides whom they are for.

use inhaul_types::{MessageNumber, Octets, Timestamp};

/// The newest messages of a maildrop, by their headers. Nothing else was read, and nothing changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Survey {
    /// When the server was asked.
    pub at: Timestamp,
    /// Messages in the maildrop.
    pub listed: u64,
    /// Those whose header came, the newest first.
    pub headers: Vec<Surveyed>,
}

/// One message of a [`Survey`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Surveyed {
    /// Its number in the session that read it.
    pub number: MessageNumber,
    /// What the server said of its size.
    pub size: Option<Octets>,
    /// The header as it came, cut where it was too long.
    pub header: Vec<u8>,
}
