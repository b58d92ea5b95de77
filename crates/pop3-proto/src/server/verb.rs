//! The words commands start with, and the states they belong to.

use std::fmt;

use crate::SessionState;

/// A command's first word, of those we know.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Verb {
    /// RFC 1939 section 7.
    Apop,
    /// RFC 5034.
    Auth,
    /// RFC 2449.
    Capa,
    /// RFC 1939 section 5.
    Dele,
    /// RFC 6856.
    Lang,
    /// RFC 1460, gone since 1994; a few clients still ask.
    Last,
    /// RFC 1939 section 5.
    List,
    /// RFC 1939 section 5.
    Noop,
    /// RFC 1939 section 7.
    Pass,
    /// RFC 1939 sections 4 and 6.
    Quit,
    /// RFC 1939 section 5.
    Retr,
    /// RFC 1939 section 5.
    Rset,
    /// RFC 1939 section 5.
    Stat,
    /// RFC 2595.
    Stls,
    /// RFC 1939 section 7.
    Top,
    /// RFC 1939 section 7.
    Uidl,
    /// RFC 1939 section 7.
    User,
    /// RFC 6856.
    Utf8,
}

const VERBS: [(&str, Verb); 18] = [
    ("RETR", Verb::Retr),
    ("DELE", Verb::Dele),
    ("TOP", Verb::Top),
    ("UIDL", Verb::Uidl),
    ("LIST", Verb::List),
    ("STAT", Verb::Stat),
    ("CAPA", Verb::Capa),
    ("USER", Verb::User),
    ("PASS", Verb::Pass),
    ("QUIT", Verb::Quit),
    ("AUTH", Verb::Auth),
    ("STLS", Verb::Stls),
    ("UTF8", Verb::Utf8),
    ("NOOP", Verb::Noop),
    ("RSET", Verb::Rset),
    ("APOP", Verb::Apop),
    ("LANG", Verb::Lang),
    ("LAST", Verb::Last),
];

impl Verb {
    /// Reads a word, in whatever case.
    pub(super) fn parse(word: &[u8]) -> Option<Self> {
        let known = VERBS
            .iter()
            .find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes()));
        known.map(|(_, verb)| *verb)
    }

    /// Whether the command exists in this state (RFC 1939 section 3 and the extensions).
    pub(super) fn belongs_to(self, state: SessionState) -> bool {
        match self {
            Self::Capa | Self::Lang | Self::Quit => {
                matches!(
                    state,
                    SessionState::Authorization | SessionState::Transaction
                )
            }
            Self::Apop | Self::Auth | Self::Pass | Self::Stls | Self::User | Self::Utf8 => {
                state == SessionState::Authorization
            }
            _ => state == SessionState::Transaction,
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = VERBS
            .iter()
            .find(|(_, verb)| verb == self)
            .map_or("", |(name, _)| name);
        f.write_str(name)
    }
}
