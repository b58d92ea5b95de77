//! INBOX as a POP3 session sees it.

use inhaul_types::{FolderId, Octets, Uid};

/// What an account's INBOX holds at one moment. A session numbers it from 1 on (RFC 1939 section 4)
/// and keeps it to its end, whatever comes or goes meanwhile.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Maildrop {
    /// INBOX.
    pub folder: FolderId,
    /// Its messages in ascending order of uid.
    pub messages: Vec<MaildropMessage>,
}

/// A message in a [`Maildrop`]. Every session holds one of these for each of its messages, so they
/// are small.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MaildropMessage {
    /// What was stored.
    pub size: Octets,
    /// Number in the folder.
    pub uid: Uid,
    /// Our own unique-id, the same for ever: 96 random bits, shown as 24 hex digits.
    pub uidl: [u8; 12],
}

const _: () = assert!(size_of::<MaildropMessage>() == 24);
