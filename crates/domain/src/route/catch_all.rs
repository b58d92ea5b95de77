//! What an administrator sets for a catch-all: where recipients are read, and who gets what.

use inhaul_types::{AccountId, Address, FolderId};

/// The headers in which servers note whom a message was for, in the order in which they are asked
/// where the catch-all names none.
pub const DEFAULT_EVIDENCE: [&str; 5] = [
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-RCPT-TO",
];

/// What in a tag's place ends the name: `alice+news` is alice's.
pub const DEFAULT_SEPARATORS: &str = "+";

/// How many accounts one message is shared out to at most, where the catch-all says nothing else.
pub const DEFAULT_MAX_RECIPIENTS: u32 = 50;

/// Where a catch-all reads whom a message was for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RecipientSource {
    /// The evidence headers in this order, then `Received ... for` inside the provider, then the
    /// addressees: the first that yields an accepted address decides.
    Auto {
        /// Names of header fields, in any case; see [`DEFAULT_EVIDENCE`].
        evidence: Vec<String>,
    },
    /// One header field and nothing else.
    Header {
        /// Its name, in any case.
        name: String,
        /// Which of several of that name, from the top, from 1. Zero counts as 1.
        index: u32,
        /// What is taken off the front of the local part: qmail's `mbox-`. Mostly empty.
        strip: String,
    },
    /// To and Cc and nothing else; addresses nobody has are passed over.
    ToCc,
}

impl Default for RecipientSource {
    fn default() -> Self {
        Self::Auto {
            evidence: DEFAULT_EVIDENCE.map(str::to_owned).into(),
        }
    }
}

/// A folder that messages go into.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// Whose it is.
    pub account: AccountId,
    /// The folder.
    pub folder: FolderId,
    /// Both in words: `petr/Shop`.
    pub shown: String,
}

/// An address that goes somewhere whoever has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    /// The address; a wildcard where it holds a `*`.
    pub address: Address,
    /// Where its mail goes.
    pub place: Place,
}

/// The name under which the provider knows the maildrop itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OwnNames {
    /// What signs in there: `catchall`, or `catchall@isp.example`.
    pub user: String,
    /// The host that is dialled.
    pub host: String,
}

/// A catch-all as it is set.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CatchAll {
    /// Where recipients are read.
    pub source: RecipientSource,
    /// The domains whose addresses count. None: the local domains and those of all addresses and
    /// rules.
    pub domains: Vec<String>,
    /// Domains that are other names of one: (`firm.test`, `firm.example`) reads what is for
    /// `alice@firm.test` as for `alice@firm.example`. They are accepted too.
    pub domain_aliases: Vec<(String, String)>,
    /// Each of these characters ends the name in front of a tag; see [`DEFAULT_SEPARATORS`].
    pub separators: String,
    /// How many accounts one message is shared out to at most; the fallback is not counted.
    pub max_recipients: u32,
    /// The maildrop's own names: what a server notes as recipient when it says nothing.
    pub own_names: OwnNames,
    /// In order: the first that matches wins.
    pub rules: Vec<Rule>,
    /// Where goes what matches nobody.
    pub fallback: Place,
}
