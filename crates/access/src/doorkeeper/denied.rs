//! Why somebody is not let in.

use inhaul_store::StoreError;
use inhaul_types::Timestamp;

/// Why somebody is not let in. Only [`Denied::Wrong`] and [`Denied::TooManyTries`] are said to
/// people of whom nothing is known yet; they are the same for a name that is an account's and for
/// one that is nobody's.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// There is no such name, or it has another password.
    #[error("the name or the password is not right")]
    Wrong,
    /// Too many wrong ones came from this address, or for this name. The password was not looked at.
    #[error("there were too many wrong passwords; the next one is looked at after {until}")]
    TooManyTries {
        /// From then on it is worth a try.
        until: Timestamp,
    },
    /// The password is right, and the account may not sign in.
    #[error("{} is switched off", if *.by_group { "the account's group" } else { "the account" })]
    SwitchedOff {
        /// It is its group that may not.
        by_group: bool,
    },
    /// Nobody could look. That is no try.
    #[error("the password could not be looked at")]
    Store(#[source] StoreError),
}
