//! Which header says whom a message was for, measured over some messages.

/// What some messages show of one source of recipients.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SurveyedSource {
    /// `Delivered-To`, `Received ... for`, `To and Cc`.
    pub source: String,
    /// In how many messages it is.
    pub present: u32,
    /// How many messages were looked at.
    pub of: u32,
    /// In how many messages it names an accepted address that is not the maildrop's own.
    pub accepted: u32,
    /// How many accepted addresses it names in a message.
    pub addresses: AddressesEach,
    /// What to think of it.
    pub reliability: Reliability,
}

/// How many addresses a source names in each message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AddressesEach {
    /// Never one.
    None,
    /// Always one, where there is any.
    AlwaysOne,
    /// Several, at least once.
    Several,
}

/// What to think of a source.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reliability {
    /// It names somebody here in every message.
    Reliable,
    /// It does so in most.
    Mostly,
    /// It does so too seldom, or it is what the sender wrote.
    NotReliable,
    /// It is in no message.
    None,
}
