//! The accounts of this installation as a catch-all sees them.

use inhaul_types::{AccountId, Address};

use super::catch_all::Place;

/// Who has which address here.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AddressBook {
    /// The accounts' addresses.
    pub entries: Vec<BookEntry>,
    /// The accounts' sign-in names, one for each account.
    pub names: Vec<BookName>,
    /// Domains whose addresses are ours.
    pub local_domains: Vec<String>,
}

/// An address of an account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BookEntry {
    /// The address; a wildcard where it holds a `*`.
    pub address: Address,
    /// Whose it is.
    pub account: AccountId,
    /// Where its mail goes.
    pub place: Place,
    /// Whether the account is switched on.
    pub receives: bool,
}

/// The name with which an account signs in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BookName {
    /// The name: what stands before the `@` of an accepted domain, or a whole address.
    pub name: String,
    /// Whose it is.
    pub account: AccountId,
    /// Its INBOX.
    pub place: Place,
    /// Whether the account is switched on.
    pub receives: bool,
}
