//! Who does something, by which way, and with which right.

use inhaul_types::AccountId;

/// Whoever does something.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Actor {
    /// An account's name, or the system's name of a user: what the audit shows.
    pub name: String,
    /// Their account, if they have one.
    pub account: Option<AccountId>,
    /// By which way: `web 192.0.2.7`, `api 192.0.2.7`, `command line`.
    pub channel: String,
    /// With which right.
    pub authority: Authority,
}

/// What somebody acts as. An administrator who looks after their own mailboxes on a page for people
/// acts as a person there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Authority {
    /// Whoever manages the installation: sees and changes everything.
    Administrator,
    /// The person of this account: sees and changes what is theirs, as far as their group lets them.
    Person(AccountId),
}

impl Actor {
    /// The person they act as; `None` manages the installation.
    pub fn person(&self) -> Option<AccountId> {
        match self.authority {
            Authority::Administrator => None,
            Authority::Person(account) => Some(account),
        }
    }
}
