//! How a retrieval stands: the one of ten states that a person should know of first.
//!
//! Owns the conditions, the fixed words, the signs and who is alarmed; the sentences are in
//! `sentence`. Facts in, [`Standing`] out. Start at [`standing`].

mod sentence;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use inhaul_types::{ErrorCode, Timestamp};

use crate::schedule::{ScheduleState, Setback};

pub use sentence::sentence;

/// How a retrieval stands.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Standing {
    /// No run has ended yet.
    New,
    /// A run goes on.
    Checking,
    /// The last run was good.
    Working,
    /// Somebody else had the mailbox, or the server was asked too often. Not a failure.
    Busy,
    /// It failed, not often or not for long.
    Trying,
    /// It has been failing for a while.
    Failing,
    /// It fails until somebody does something.
    NeedsYou,
    /// It should have run long ago, and has not.
    Overdue,
    /// Somebody paused it.
    Paused,
    /// The machine has no line.
    Offline,
}

/// Who is told, once, when a retrieval comes to stand so.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Alarm {
    /// Nobody.
    None,
    /// Administrators.
    Admin,
    /// Its owner.
    Owner,
}

/// What the standing and its sentence depend on.
#[derive(Clone, Copy, Debug)]
pub struct StandingFacts<'a> {
    /// The moment.
    pub now: Timestamp,
    /// The remote host's name.
    pub host: &'a str,
    /// Somebody paused it.
    pub paused: Option<Paused<'a>>,
    /// A run goes on.
    pub checking: Option<Checking>,
    /// Since when the machine has no line.
    pub offline_since: Option<Timestamp>,
    /// When it runs next, and what trouble it had.
    pub schedule: &'a ScheduleState,
    /// The normal interval; `None` if it runs only when triggered.
    pub interval: Option<Duration>,
    /// When the last good run ended.
    pub last_good: Option<Timestamp>,
    /// The last run's error; `None` if it was good.
    pub last_error: Option<ErrorCode>,
    /// Failed runs in a row.
    pub failures: u32,
    /// When the first of them ended.
    pub failing_since: Option<Timestamp>,
    /// The server refused with `[AUTH]` (RFC 3206 section 4): the password is wrong, and it is no
    /// passing trouble of its own.
    pub said_auth: bool,
}

/// A pause.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Paused<'a> {
    /// By whom.
    pub by: PausedBy<'a>,
    /// Since when, if that is known.
    pub since: Option<Timestamp>,
}

/// Who paused a retrieval, as the reader of the sentence sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PausedBy<'a> {
    /// The reader.
    You,
    /// An administrator who is not the reader.
    Administrator,
    /// Another account, by name.
    Account(&'a str),
    /// The file of settings.
    File,
    /// Not on record.
    Unknown,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Checking {
    /// Messages brought, and to be brought; `None` before that is known.
    pub messages: Option<(u64, u64)>,
}

/// How the retrieval stands.
///
/// What a person asked for or can see comes first, then what only a person can mend: a server
/// without a line does not make a wrong password right. Being overdue is this server's trouble, and
/// hides what the last run had.
pub fn standing(facts: &StandingFacts<'_>) -> Standing {
    if facts.checking.is_some() {
        Standing::Checking
    } else if facts.paused.is_some() {
        Standing::Paused
    } else if needs_you(facts) {
        Standing::NeedsYou
    } else if facts.offline_since.is_some() {
        Standing::Offline
    } else if is_overdue(facts) {
        Standing::Overdue
    } else {
        by_last_run(facts)
    }
}

fn by_last_run(facts: &StandingFacts<'_>) -> Standing {
    match facts.schedule.setback {
        None if facts.last_good.is_none() && facts.last_error.is_none() => Standing::New,
        None if facts.last_error.is_none() => Standing::Working,
        Some(Setback::Busy) => Standing::Busy,
        _ => {
            let failing_for = facts
                .failing_since
                .map_or(Duration::ZERO, |since| facts.now.since(since));
            if facts.failures >= FAILURES && failing_for >= FAILING_FOR {
                Standing::Failing
            } else {
                Standing::Trying
            }
        }
    }
}

/// A sign-in refused twice, or once for certain; a certificate that proves nothing; renumbered
/// messages; a mailbox here that is full.
fn needs_you(facts: &StandingFacts<'_>) -> bool {
    match facts.schedule.setback {
        Some(Setback::SignInRefused) => {
            // These name what is wrong: no second try will go better.
            let certain = facts.last_error.is_some_and(|code| {
                Setback::of(code) == Setback::SignInRefused && code != ErrorCode::AuthRefused
            });
            certain || facts.said_auth || facts.schedule.setbacks >= REFUSALS
        }
        Some(Setback::IdsChanged) => true,
        _ => matches!(
            facts.last_error,
            Some(ErrorCode::Certificate | ErrorCode::MailboxFull)
        ),
    }
}

fn is_overdue(facts: &StandingFacts<'_>) -> bool {
    let (Some(due), Some(interval)) = (facts.schedule.next_due, facts.interval) else {
        return false;
    };
    facts.now.since(due) > interval.saturating_mul(2)
}

impl Standing {
    /// All ten, in the order of the documentation.
    pub const ALL: [Self; 10] = [
        Self::New,
        Self::Checking,
        Self::Working,
        Self::Busy,
        Self::Trying,
        Self::Failing,
        Self::NeedsYou,
        Self::Overdue,
        Self::Paused,
        Self::Offline,
    ];

    /// The fixed word for documents, options and filters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Checking => "checking",
            Self::Working => "working",
            Self::Busy => "busy",
            Self::Trying => "trying",
            Self::Failing => "failing",
            Self::NeedsYou => "needs-you",
            Self::Overdue => "overdue",
            Self::Paused => "paused",
            Self::Offline => "offline",
        }
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Checking => "Checking",
            Self::Working => "Working",
            Self::Busy => "Busy",
            Self::Trying => "Trying again",
            Self::Failing => "Failing",
            Self::NeedsYou => "Needs you",
            Self::Overdue => "Overdue",
            Self::Paused => "Paused",
            Self::Offline => "Offline",
        }
    }

    /// Its sign, which is told from the others without colour.
    pub fn glyph(self) -> &'static str {
        match self {
            Self::New => "◌",
            Self::Checking => "◐",
            Self::Working => "●",
            Self::Busy => "○",
            Self::Trying => "▲",
            Self::Failing => "■",
            Self::NeedsYou => "✖",
            Self::Overdue => "◷",
            Self::Paused => "❚❚",
            Self::Offline => "⌁",
        }
    }

    /// Who is told of it.
    pub fn alarm(self) -> Alarm {
        match self {
            Self::Failing | Self::NeedsYou => Alarm::Owner,
            Self::Overdue | Self::Offline => Alarm::Admin,
            Self::New
            | Self::Checking
            | Self::Working
            | Self::Busy
            | Self::Trying
            | Self::Paused => Alarm::None,
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word is none of the ten.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnknownStanding;

impl fmt::Display for UnknownStanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a state; the ten are ")?;
        for (place, standing) in Standing::ALL.into_iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{standing}")?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownStanding {}

impl FromStr for Standing {
    type Err = UnknownStanding;

    fn from_str(word: &str) -> Result<Self, UnknownStanding> {
        Self::ALL
            .into_iter()
            .find(|standing| standing.as_str() == word)
            .ok_or(UnknownStanding)
    }
}

/// So many failures, over so long a time, are no passing trouble any more.
const FAILURES: u32 = 3;
const FAILING_FOR: Duration = Duration::from_secs(30 * 60);
/// A refused password may be the server's own trouble once.
const REFUSALS: u32 = 2;

#[cfg(test)]
mod tests;
