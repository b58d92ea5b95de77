//! Notices on their way, and messages of inhaul's own.

use inhaul_types::{AccountId, NoticeId, RetrievalId, Timestamp};

use crate::Summary;

/// A message of inhaul's own.
#[derive(Clone, Debug)]
pub struct LocalMessage {
    /// Whose.
    pub account: AccountId,
    /// Into which folder; made if it is not there.
    pub folder: String,
    /// The message.
    pub octets: Vec<u8>,
    /// List columns.
    pub summary: Summary,
    /// IMAP's INTERNALDATE.
    pub at: Timestamp,
    /// The waiting notice that has arrived with it: in one transaction, so that nobody gets it
    /// twice.
    pub settles: Option<NoticeId>,
}

/// What something was told about.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum NoticeSubject {
    /// This server itself.
    Server,
    /// A retrieval; what was told of it goes with it.
    Retrieval(RetrievalId),
    /// An account's mailbox; what was told of it goes with the account.
    Mailbox(AccountId),
}

/// A notice to be sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewNotice {
    /// When it came up; it is due at once.
    pub created: Timestamp,
    /// How it is sent, and behind a colon to whom: `inbox:7`, `program`, ...
    pub channel: String,
    /// What is sent.
    pub payload: String,
}

/// A notice that waits, without what is sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WaitingNotice {
    /// Identity; later ones have higher numbers.
    pub id: NoticeId,
    /// When it came up.
    pub created: Timestamp,
    /// How it is sent, and behind a colon to whom.
    pub channel: String,
    /// How often that was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub next_try: Timestamp,
}

/// A notice that waits or was given up.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notice {
    /// Identity.
    pub id: NoticeId,
    /// When it came up.
    pub created: Timestamp,
    /// How it is sent.
    pub channel: String,
    /// What is sent.
    pub payload: String,
    /// How often that was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub next_try: Timestamp,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When it was given up.
    pub given_up: Option<Timestamp>,
}

/// What becomes of a notice that could not be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoticeFate {
    /// It is tried again.
    Waits,
    /// It is not, after three days of trying; it stays to be seen for a month.
    GivenUp,
    /// It is not there any more.
    Gone,
}
