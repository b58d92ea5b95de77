//! Looking at a mailbox that is not saved yet: finding its server, testing it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use inhaul_domain::providers::Source;
use inhaul_domain::stages::Stage;
use inhaul_net::Encryption;
use inhaul_store::{Security, SignInMemory};
use inhaul_types::{Card, KeyPin, Octets};

/// What a stage found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Found {
    /// The addresses of the server, at least one.
    Server(Vec<SocketAddr>),
    /// A connection to this port.
    Connection(u16),
    /// The line's encryption; `None` where none is wanted.
    Encryption(Option<Encryption>),
    /// The server accepted the sign-in.
    SignedIn,
    /// Messages and their octets.
    Inside(u64, Octets),
    /// Whether the server names its messages.
    Names(bool),
}

/// Somebody who watches a test. Must return at once.
pub trait Look: Send + Sync {
    /// A stage begins.
    fn begins(&self, stage: Stage);
    /// It ended well, after this time.
    fn found(&self, stage: Stage, found: &Found, took: Duration);
}

/// What a test found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Inspection {
    /// Messages in the mailbox.
    pub messages: u64,
    /// Their octets, as the server counts them.
    pub octets: Octets,
    /// Whether the server names its messages: then copies can stay without costing more than a look.
    pub names_messages: bool,
    /// What it took to sign in, for the first run to begin with.
    pub sign_in_memory: Option<SignInMemory>,
}

/// Where a test ended, and why.
#[derive(Clone, Debug)]
pub struct InspectionFailure {
    /// The stage it was at.
    pub stage: Stage,
    /// How long that stage had taken.
    pub took: Duration,
    /// What went wrong.
    pub card: Card,
    /// The key the server showed, where it could not prove who it is: a person may trust it.
    pub shown_key: Option<KeyPin>,
    /// How often a sign-in was tried: the server may count each as a wrong password.
    pub sign_ins: u8,
}

/// Where a setting comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origin {
    /// The built-in table: the provider's name.
    Table(String),
    /// A name that POP3 servers usually have, at which one answers.
    Guess,
}

/// The settings of an address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Detection {
    /// Name of the server.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection of the line; never none.
    pub security: Security,
    /// The authority of its certificate, where that is none of the system's.
    pub ca_file: Option<PathBuf>,
    /// Sign-in name.
    pub user: String,
    /// The name to try where that one is refused, if the provider does not say which it takes.
    pub other_user: Option<String>,
    /// Where this comes from.
    pub origin: Origin,
    /// What a person should know before they go on, in sentences.
    pub notes: Vec<String>,
    /// Signing in with a password is not possible there; why, and what to do instead.
    pub not_possible: Option<Card>,
}

/// Why nothing was found.
#[derive(Clone, Debug)]
pub enum DetectionFailure {
    /// That is no mail address.
    BadAddress(String),
    /// No server was found for the domain; names worth trying by hand.
    NothingFound(Vec<String>),
    /// The provider is known to have no POP3; in sentences.
    NotOffered(String),
}

/// What a step came to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StepResult {
    /// It begins.
    Begins,
    /// It found the settings; in words.
    Found(String),
    /// It did not; in words.
    Nothing(String),
    /// It was not asked; why.
    Skipped(String),
}

/// A step, as it happens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DetectionStep {
    /// Who was asked.
    pub source: Source,
    /// What it came to.
    pub result: StepResult,
}
