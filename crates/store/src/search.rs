//! Full text search of one's own mail. Start at [`Search`].
//!
//! An index makes it quick, and nothing else: what is not in it is read from the messages
//! themselves, so what is found never depends on how far the index has come.

use std::time::Duration;

use async_trait::async_trait;
use inhaul_domain::search::Query;
use inhaul_types::{AccountId, FolderId, MessageId, Timestamp};

use crate::{Message, StoreError};

/// What is looked for.
#[derive(Clone, Debug)]
pub struct SearchFor {
    /// What a message must be.
    pub query: Query,
    /// In this folder alone, unless the query names one. `None` is in all folders.
    pub folder: Option<FolderId>,
    /// Behind this one, as [`Views::newest_messages`](crate::Views::newest_messages) lists them.
    pub before: Option<(Timestamp, MessageId)>,
    /// So many at most.
    pub most: u32,
    /// After so long it ends with what it has found.
    pub patience: Duration,
}

/// A page of what was found.
#[derive(Clone, Debug)]
pub struct SearchPage {
    /// The messages, newest first.
    pub messages: Vec<Message>,
    /// Whether that is all.
    pub more: More,
}

/// Whether there is more to be found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum More {
    /// All of it was looked through.
    End,
    /// There is at least one more behind the last of this page.
    Page,
    /// The time was up: it was looked through back to this place, and goes on behind it.
    Unfinished(Timestamp, MessageId),
}

/// What a step of indexing left to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Indexed {
    /// Messages that this step put into the index or took out of it.
    pub messages: u64,
    /// Whether there is more to do at once.
    pub more: bool,
}

/// How far the index has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct IndexState {
    /// Messages in it.
    pub indexed: u64,
    /// Messages there are.
    pub messages: u64,
    /// Octets of its file.
    pub octets: u64,
}

/// Full text search. A fault of the index fails nothing but this, and what needs it.
#[async_trait]
pub trait Search: Send + Sync {
    /// The newest of an account's messages that the query finds. [`StoreError::Missing`] where it
    /// names a folder that the account has not.
    async fn find(&self, account: AccountId, wanted: SearchFor) -> Result<SearchPage, StoreError>;
    /// Takes the next step of indexing: some messages, some 100 ms. To be called now and then, and
    /// again at once where there is more to do; nothing else brings the index up to date. One that
    /// cannot be used is thrown away and begun anew.
    async fn index_some(&self) -> Result<Indexed, StoreError>;
    /// Throws the index away; the next step begins it anew.
    async fn forget_index(&self) -> Result<(), StoreError>;
    /// How far the index has come.
    async fn index_state(&self) -> Result<IndexState, StoreError>;
}
