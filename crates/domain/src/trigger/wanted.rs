//! What a trigger asks for: which retrievals, and what it may pass over.

use inhaul_types::{AccountId, FolderId, RetrievalId};

/// Which retrievals a trigger is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum What {
    /// These.
    Retrievals(Vec<RetrievalId>),
    /// The account's own: what a sign-in starts.
    OwnedBy(AccountId),
    /// All that fill the account's folders: what its "Check mail" starts.
    FillingAccount(AccountId),
    /// All that fill the folder.
    Filling(FolderId),
}

/// What a trigger may pass over.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Force {
    /// Nothing.
    #[default]
    No,
    /// A refused sign-in: a person says "try again".
    TryAgain,
    /// The group's intervals and numbers: an administrator says so.
    Administrator,
}
