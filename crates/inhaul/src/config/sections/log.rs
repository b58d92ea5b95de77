//! `[log]`: how much is logged, in which form and where.

use std::path::PathBuf;

use crate::config::paths::resolve;
use crate::config::reader::{KeyPath, Reader, Session, Setting};
use crate::config::tree::{Placed, quoted};
use crate::config::words::Words;

/// How much is logged, in which form and where.
#[derive(Debug, PartialEq)]
pub(crate) struct Log {
    /// What is important enough.
    pub(crate) level: LogLevel,
    /// The form of a line.
    pub(crate) format: LogFormat,
    /// Where lines go.
    pub(crate) output: LogOutput,
    /// The syslog facility, where `output` is syslog.
    pub(crate) facility: Facility,
}

/// What is important enough to log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LogLevel {
    /// Someone must act.
    Error,
    /// It recovered.
    Warn,
    /// One line for each run and delivery.
    Info,
    /// What led to it.
    Debug,
    /// Everything. Not the protocol: a run's record has its conversation, and no log does.
    Trace,
}

/// The form of a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Where lines go.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum LogOutput {
    /// The standard error stream.
    Stderr,
    /// The system's log.
    Syslog,
    /// A file.
    File(PathBuf),
}

/// Whose messages they are, in the system's log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Facility {
    /// Mail.
    Mail,
    /// Services without one of their own.
    Daemon,
    /// Ordinary programs.
    User,
    /// Kept for the administrator: `local0` to `local7`.
    Local(u8),
}

impl Log {
    pub(in crate::config) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            level: reader.value("level", LEVEL),
            format: reader.value("format", FORMAT),
            output: reader.value("output", OUTPUT),
            facility: reader.value("facility", FACILITY),
        }
    }
}

impl Words for LogLevel {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];
}

impl Words for LogFormat {
    const WORDS: &'static [(&'static str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
}

impl Words for Facility {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("mail", Self::Mail),
        ("daemon", Self::Daemon),
        ("user", Self::User),
        ("local0", Self::Local(0)),
        ("local1", Self::Local(1)),
        ("local2", Self::Local(2)),
        ("local3", Self::Local(3)),
        ("local4", Self::Local(4)),
        ("local5", Self::Local(5)),
        ("local6", Self::Local(6)),
        ("local7", Self::Local(7)),
    ];
}

impl Setting for LogOutput {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let help = "Write \"stderr\", \"syslog\" or the path of a file.";
        match from.text(path, session, help)? {
            "stderr" => Some(Self::Stderr),
            "syslog" => Some(Self::Syslog),
            // A word alone is more likely a slip than a file's name.
            text if text.contains('/') => resolve(text, from, path, session).map(Self::File),
            text => {
                session.refuse(
                    &from.place,
                    path,
                    format!("`{text}` is not known here"),
                    help,
                );
                None
            }
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Stderr => quoted("stderr"),
            Self::Syslog => quoted("syslog"),
            Self::File(file) => file.show(),
        }
    }
}

/// One line for each run: enough to answer "did it work?", little enough to keep.
const LEVEL: LogLevel = LogLevel::Info;

/// Whoever looks first is a person.
const FORMAT: LogFormat = LogFormat::Text;

/// A service manager or container collects it from there.
const OUTPUT: LogOutput = LogOutput::Stderr;

/// Where mail servers have always logged.
const FACILITY: Facility = Facility::Mail;
