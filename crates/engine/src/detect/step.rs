//! The steps of a search, and their words.

use inhaul_domain::providers::Source;
use inhaul_net::DialError;
use inhaul_pop3_proto::client::ClientError;

use crate::failure::RunError;

/// What a source said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step {
    /// The source.
    pub source: Source,
    /// What it said.
    pub outcome: Outcome,
}

impl Step {
    /// What stands behind the source's label.
    pub fn words(&self) -> String {
        match &self.outcome {
            Outcome::Found(what) => what.clone(),
            Outcome::NotListed => "not in the list".to_owned(),
            Outcome::NoPop3(name) => format!("{name}, which does not offer POP3"),
            Outcome::NotAskedYet => "not asked yet".to_owned(),
            Outcome::NotNeeded => "not needed".to_owned(),
            Outcome::Tried(attempt) => attempt.words(),
            Outcome::Nothing => "no server found".to_owned(),
        }
    }
}

/// How it went.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The server is known now; what was found, in words.
    Found(String),
    /// The list does not have the domain.
    NotListed,
    /// The provider of this name is known to have no POP3.
    NoPop3(&'static str),
    /// Nobody asks this source yet.
    NotAskedYet,
    /// An earlier source knew.
    NotNeeded,
    /// One usual name was tried; there may be more.
    Tried(Attempt),
    /// All was tried.
    Nothing,
}

/// One name at one port, and why it is not the server, if it is not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attempt {
    /// The name.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Why not; `None` if POP3 answers there as it should.
    pub missed: Option<Miss>,
}

impl Attempt {
    /// What stands behind "Usual names".
    pub fn words(&self) -> String {
        let Self { host, port, missed } = self;
        match missed {
            None => format!("{host}, port {port}"),
            Some(Miss::NoSuchName) => format!("{host}: {}", Miss::NoSuchName.words()),
            Some(miss) => format!("{host}, port {port}: {}", miss.words()),
        }
    }
}

/// Why a name at a port is not the server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Miss {
    /// DNS knows no such name.
    NoSuchName,
    /// DNS did not answer.
    NotLookedUp,
    /// It leads to an address that may not be dialled for this person.
    NotAllowed,
    /// Nothing answers, or not in time.
    NoAnswer,
    /// What answers does not greet as POP3.
    NotPop3,
    /// It offers no encryption.
    NoEncryption,
    /// Its certificate is not good for the name.
    Certificate,
}

impl Miss {
    /// Completes the name of the server.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoSuchName => "there is no such name",
            Self::NotLookedUp => "the name could not be looked up",
            Self::NotAllowed => "an address that may not be used here",
            Self::NoAnswer => "nothing answers",
            Self::NotPop3 => "something else than POP3 answers",
            Self::NoEncryption => "no encryption is offered",
            Self::Certificate => "its certificate does not prove this name",
        }
    }

    pub(super) fn of(error: &RunError) -> Self {
        match error {
            RunError::Dial(error) => Self::of_dial(error),
            RunError::NoStls => Self::NoEncryption,
            RunError::Client(ClientError::NotPop3 { .. }) => Self::NotPop3,
            _ => Self::NoAnswer,
        }
    }

    pub(super) fn of_dial(error: &DialError) -> Self {
        match error {
            DialError::NameNotFound(_) => Self::NoSuchName,
            DialError::LookUp { .. } => Self::NotLookedUp,
            DialError::NotAllowed(_) => Self::NotAllowed,
            DialError::Certificate { .. } | DialError::CaFile { .. } => Self::Certificate,
            DialError::NotTls { .. } => Self::NoEncryption,
            DialError::Refused { .. }
            | DialError::NoAnswer { .. }
            | DialError::Unreachable { .. } => Self::NoAnswer,
        }
    }
}
