//! Lines of the log, as a page shows them.

use inhaul_types::{RunId, Timestamp};

/// How important a line is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// Somebody must act.
    Error,
    /// It mended itself.
    Warn,
    /// What usually happens.
    Info,
    /// For whoever looks for a fault.
    Debug,
    /// Everything.
    Trace,
}

impl Level {
    /// All, the most important first.
    pub const ALL: [Self; 5] = [
        Self::Error,
        Self::Warn,
        Self::Info,
        Self::Debug,
        Self::Trace,
    ];

    /// Its word in an address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    /// From that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == word)
    }
}

/// Which lines are wanted; the empty filter wants all.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LogFilter {
    /// This important at least.
    pub level: Option<Level>,
    /// About this run.
    pub run: Option<RunId>,
    /// About the retrieval of this name.
    pub retrieval: Option<String>,
    /// With this in them, in any case of letters.
    pub text: Option<String>,
}

/// A line of the log. Its texts hold no control characters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogLine {
    /// Its place among all lines since the server started, from 1.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// How important it is.
    pub level: Level,
    /// What happened.
    pub message: String,
    /// The retrieval's name, if it is about one.
    pub retrieval: Option<String>,
    /// The run, if it is about one.
    pub run: Option<RunId>,
    /// What else is known: `new=12 bytes=10276044`.
    pub rest: String,
    /// The whole of it for people, with its time.
    pub text: String,
    /// The whole of it for programs: one JSON object.
    pub json: String,
}

/// A part of the log.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LogPage {
    /// Oldest first.
    pub lines: Vec<LogLine>,
    /// Whether older ones that were wanted are still in memory.
    pub has_older: bool,
}

/// What somebody who follows the log hears.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LogNews {
    /// A line that is wanted.
    Line(LogLine),
    /// So many lines went by unseen.
    Missed(u64),
}
