//! Who may come in: a trait for whoever knows the passwords.

use std::net::IpAddr;

use async_trait::async_trait;
use inhaul_store::Account;
use inhaul_types::{Secret, Timestamp};

/// Lets people in.
#[async_trait]
pub trait Door: Send + Sync + 'static {
    /// Lets somebody in who says an account's name or address and its password. Takes the same time
    /// and says the same whether there is such an account or not; counts wrong tries.
    async fn admit(&self, name: &str, password: &Secret, from: IpAddr) -> Result<Account, Denied>;
}

/// Why somebody may not come in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Denied {
    /// Name or password is wrong.
    Wrong,
    /// Too many wrong tries.
    TooManyTries {
        /// Until then nothing is looked at.
        until: Timestamp,
    },
    /// The password is right, and the account may not sign in.
    SwitchedOff {
        /// Its whole group may not.
        by_group: bool,
    },
    /// It could not be looked up: see the log.
    Unavailable,
}
