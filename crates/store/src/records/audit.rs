//! The audit: who changed what.

use inhaul_types::{AccountId, AuditId, Timestamp};

/// A change to be recorded. Every text is cut at [`NewAudit::LONGEST`] octets: some come from
/// whoever tries to sign in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewAudit {
    /// When.
    pub at: Timestamp,
    /// Who: an account's name, `root`, `-` for nobody we know.
    pub actor: String,
    /// Their account, if they have one.
    pub account: Option<AccountId>,
    /// By which way: `web 192.0.2.7`, `command line`.
    pub channel: String,
    /// What they did: `changed`, `removed`, `looked at headers`.
    pub action: String,
    /// To what: `retrieval Club`, `group Staff: largest message`.
    pub object: String,
    /// What it was before, in words.
    pub old: Option<String>,
    /// What it is now, in words.
    pub new: Option<String>,
}

impl NewAudit {
    /// Octets of a text.
    pub const LONGEST: usize = 2048;
    /// What stands in place of a secret's new value.
    pub const CHANGED: &str = "changed";

    /// The same of a secret: no value, only that it changed.
    #[must_use]
    pub fn of_secret(self) -> Self {
        Self {
            old: None,
            new: Some(Self::CHANGED.into()),
            ..self
        }
    }
}

/// A recorded change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Audit {
    /// Identity; ascends.
    pub id: AuditId,
    /// What was recorded.
    pub change: NewAudit,
}

/// Which changes to read; `None` is any.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AuditFilter {
    /// By this actor.
    pub actor: Option<String>,
    /// With this in what was done or to what, in any case of letters.
    pub what: Option<String>,
    /// At this time or later.
    pub since: Option<Timestamp>,
}
