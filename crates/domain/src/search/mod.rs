//! What people type to find mail: words, and conditions on a message's fields.
//!
//! A [`Query`] says what a message must be; whoever has the messages finds those that are. Text is
//! compared after [`fold()`]: a word is found wherever its letters stand, in any case, and white space
//! of any kind and length is one space. Start at [`Query::parse`].

mod fold;
mod parse;
#[cfg(test)]
mod tests;

use inhaul_types::{Octets, Timestamp};

pub use fold::{Folding, SEPARATOR, fold};

/// Characters that are read of what was typed.
pub const QUERY_MOST: usize = 1_000;
/// Words and conditions in one query. Each is looked for by itself, and nobody types so many.
pub const TERMS_MOST: usize = 32;

/// What a message must be: all of these.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Query {
    /// In the order in which they were typed.
    pub terms: Vec<Term>,
}

/// One word or condition.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Term {
    /// It must not be so: a `-` stood before it.
    pub negated: bool,
    /// What.
    pub what: What,
}

/// What a message is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum What {
    /// It has this text, folded and not empty, in this place.
    Text(Place, String),
    /// It is in the folder of this name.
    In(String),
    /// The retrieval of this name brought it.
    Via(String),
    /// It has an attachment.
    Attachment,
    /// Nobody has read it.
    Unread,
    /// It has a star.
    Starred,
    /// It came before this moment.
    Before(Timestamp),
    /// It came at this moment or later.
    Since(Timestamp),
    /// It has more octets than this.
    Larger(Octets),
    /// It has fewer octets than this.
    Smaller(Octets),
}

/// Where text is looked for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Place {
    /// In any of those below, and in the text.
    Anywhere,
    /// In the From field.
    From,
    /// In the To field.
    To,
    /// In the Cc field.
    Cc,
    /// In the Subject field.
    Subject,
}

/// Why a query is not understood.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadQuery {
    /// The word, as it was typed.
    pub word: String,
    /// What is wrong with it.
    pub why: BadWord,
}

/// What is wrong with a word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BadWord {
    /// Nothing stands behind its colon.
    Empty {
        /// One that is right.
        example: &'static str,
    },
    /// It is no day.
    NoDay {
        /// One that is right.
        example: &'static str,
    },
    /// It is no size.
    NoSize {
        /// One that is right.
        example: &'static str,
    },
    /// It is none of these.
    NoneOf {
        /// All that are right.
        words: &'static str,
    },
    /// All of it is longer than [`QUERY_MOST`].
    TooLong,
    /// There are more than [`TERMS_MOST`] words.
    TooMany,
}

impl BadQuery {
    /// What is wrong, in a sentence.
    pub fn what(&self) -> String {
        let word = &self.word;
        match self.why {
            BadWord::Empty { .. } => format!("Nothing stands behind {word:?}."),
            BadWord::NoDay { .. } => format!("{word:?} names no day."),
            BadWord::NoSize { .. } => format!("{word:?} names no size."),
            BadWord::NoneOf { .. } => format!("{word:?} means nothing here."),
            BadWord::TooLong => {
                format!("What was typed is longer than {QUERY_MOST} characters.")
            }
            BadWord::TooMany => format!("These are more than {TERMS_MOST} words."),
        }
    }

    /// What to type instead, in a sentence.
    pub fn instead(&self) -> String {
        match self.why {
            BadWord::Empty { example }
            | BadWord::NoDay { example }
            | BadWord::NoSize { example } => format!("Write for example {example}"),
            BadWord::NoneOf { words } => format!("There are: {words}."),
            BadWord::TooLong | BadWord::TooMany => "Search for fewer words.".to_owned(),
        }
    }
}

impl std::fmt::Display for BadQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.what(), self.instead())
    }
}

impl std::error::Error for BadQuery {}

/// A word of the language, for lists that explain it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Explained {
    /// One that can be typed.
    pub example: &'static str,
    /// What it finds.
    pub finds: &'static str,
}

/// All that can be typed, each with an example.
pub const WORDS: &[Explained] = &[
    explained(
        "invoice",
        "mail with this word in its subject, addresses or text",
    ),
    explained("\"annual report\"", "mail with these words side by side"),
    explained(
        "-draft",
        "mail without this word; a - works before everything here",
    ),
    explained("from:jana", "mail from whoever has this in name or address"),
    explained("to:sales@example.org", "mail to this address"),
    explained("cc:team", "mail with this among those who got a copy"),
    explained("subject:\"board meeting\"", "mail with this in its subject"),
    explained(
        "in:Archive",
        "mail in this folder; in:anywhere is all folders",
    ),
    explained("via:work", "mail that this mailbox brought"),
    explained("has:attachment", "mail with a file"),
    explained(
        "is:unread",
        "mail that nobody has read; is:read is the other",
    ),
    explained("is:starred", "mail with a star"),
    explained("before:2026-03-01", "mail that came before this day (UTC)"),
    explained(
        "after:2026-03-01",
        "mail that came on this day or later (UTC)",
    ),
    explained(
        "larger:5M",
        "mail of more than 5 MiB; K, M and G are understood",
    ),
    explained("smaller:20K", "mail of less than 20 KiB"),
];

const fn explained(example: &'static str, finds: &'static str) -> Explained {
    Explained { example, finds }
}

impl Query {
    /// Reads what was typed.
    pub fn parse(typed: &str) -> Result<Self, BadQuery> {
        parse::parse(typed)
    }

    /// Whether it says in which folder, so that nobody else needs to.
    pub fn names_a_folder(&self) -> bool {
        self.terms
            .iter()
            .any(|term| !term.negated && matches!(term.what, What::In(_)))
    }
}
