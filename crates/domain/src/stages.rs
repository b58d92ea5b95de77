//! How far something has come that somebody watches: a run, a look into a mailbox.

use inhaul_types::{Octets, RunId};

/// What a run is doing, in the order in which it does it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum RunStage {
    /// It waits for its turn.
    Waiting,
    /// Looking the name up.
    Finding,
    /// Dialling.
    Connecting,
    /// Encrypting the line.
    Securing,
    /// Signing in.
    SigningIn,
    /// Asking for what is there.
    Looking,
    /// Retrieving and storing messages.
    Bringing,
    /// Asking for so many remote copies to be deleted.
    Deleting(u64),
    /// It has ended.
    Ended,
}

impl RunStage {
    /// The fixed word for API and events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Finding => "find",
            Self::Connecting => "connect",
            Self::Securing => "secure",
            Self::SigningIn => "sign-in",
            Self::Looking => "look",
            Self::Bringing => "fetch",
            Self::Deleting(_) => "delete",
            Self::Ended => "ended",
        }
    }
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Come {
    /// The recorded run; `None` until it has its place.
    pub run: Option<RunId>,
    /// What it is doing.
    pub stage: RunStage,
    /// Messages durable.
    pub stored: u64,
    /// Messages to come in all, as the listing promised.
    pub wanted: u64,
    /// Octets that arrived.
    pub octets: Octets,
    /// Octets to come in all, as listed.
    pub of_octets: Octets,
}

impl Default for Come {
    fn default() -> Self {
        Self {
            run: None,
            stage: RunStage::Waiting,
            stored: 0,
            wanted: 0,
            octets: Octets::ZERO,
            of_octets: Octets::ZERO,
        }
    }
}

/// The stages of a look into a mailbox that brings nothing, in their order.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Stage {
    /// The name is looked up.
    FindServer,
    /// A connection is made; where it is not encrypted at once, the server greets.
    Connect,
    /// The line is encrypted, and the server proves its name.
    Secure,
    /// Name and password.
    SignIn,
    /// Messages are counted.
    LookInside,
    /// Whether messages have names that last.
    LeaveCopies,
}

impl Stage {
    /// What a line about it begins with.
    pub fn label(self) -> &'static str {
        match self {
            Self::FindServer => "Find the server",
            Self::Connect => "Connect",
            Self::Secure => "Secure the connection",
            Self::SignIn => "Sign in",
            Self::LookInside => "Look inside",
            Self::LeaveCopies => "Can leave copies",
        }
    }

    /// All, in order.
    pub const ALL: [Self; 6] = [
        Self::FindServer,
        Self::Connect,
        Self::Secure,
        Self::SignIn,
        Self::LookInside,
        Self::LeaveCopies,
    ];
}
