//! What lists and pages show, read as they need it. Start at [`Views`].

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;
use inhaul_types::{AccountId, FolderId, MessageId, RetrievalId, RunId, Timestamp};

use crate::{Account, LedgerStory, Message, Retrieval, StoreError};

/// How a run ended, as a bar shows it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BarOutcome {
    /// Good.
    Good,
    /// The server wanted to be left alone: somebody else had the maildrop, or it was asked too
    /// often. No failure.
    Busy,
    /// It failed.
    Failed,
    /// It was told to stop, or the process was killed in it.
    Stopped,
}

/// A run that ended, as one bar of a strip.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bar {
    /// Which.
    pub run: RunId,
    /// When it began.
    pub started: Timestamp,
    /// How it ended.
    pub outcome: BarOutcome,
    /// Messages stored.
    pub stored: u64,
    /// How long it took. Where it stands for others, from the beginning of the first to the end of
    /// the last.
    pub took: Duration,
    /// Other runs of the same hour that found nothing new either and that it stands for.
    pub folded: u64,
}

/// An account in a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountRow {
    /// The account.
    pub account: Account,
    /// When it signed in to the pages last, or used them; `None` was never.
    pub last_signed_in: Option<Timestamp>,
}

/// What lists and pages show. Every call reads in pieces, however much there is.
#[async_trait]
pub trait Views: Send + Sync {
    /// The newest messages of a folder by the time they arrived, newest first, behind `before`. Those
    /// of the same moment by their numbers. A folder that is not there has none.
    async fn newest_messages(
        &self,
        folder: FolderId,
        before: Option<(Timestamp, MessageId)>,
        most: u32,
    ) -> Result<Vec<Message>, StoreError>;
    /// The newest `most` runs of each retrieval that have ended, oldest first. One that has none is
    /// there with an empty strip.
    async fn strips(
        &self,
        retrievals: &[RetrievalId],
        most: u32,
    ) -> Result<HashMap<RetrievalId, Vec<Bar>>, StoreError>;
    /// A retrieval's runs that have ended and began at this time or later, newest first, at most
    /// `most`.
    async fn bars_since(
        &self,
        retrieval: RetrievalId,
        since: Timestamp,
        most: u32,
    ) -> Result<Vec<Bar>, StoreError>;
    /// The retrievals that an account owns or whose destination is its own, catch-alls that fall
    /// back on it too, by name.
    async fn retrievals_of(&self, account: AccountId) -> Result<Vec<Retrieval>, StoreError>;
    /// One account by its number.
    async fn account_by_id(&self, account: AccountId) -> Result<Account, StoreError>;
    /// The accounts in the group of this name; none where there is no such group.
    async fn group_members(&self, group: &str) -> Result<HashSet<AccountId>, StoreError>;
    /// Like [`Store::ledger_search`](crate::Store::ledger_search), of messages that were stored or
    /// first seen at `since` or later, and only what `of` may see (`None` is everything): messages
    /// of retrievals that it owns or that fill it alone, and of catch-alls only what was put into
    /// its folders. What is in the folders of others is neither found nor told.
    async fn stories(
        &self,
        of: Option<AccountId>,
        words: &[String],
        since: Timestamp,
    ) -> Result<Vec<LedgerStory>, StoreError>;
    /// The story of a message of this account, as it may see it; `None` of a message that no run
    /// brought, and where the account has none of this number.
    async fn story_of(
        &self,
        account: AccountId,
        message: MessageId,
    ) -> Result<Option<LedgerStory>, StoreError>;
    /// A page of accounts by name, behind the one of the name `after`: those with `find` in their
    /// name or one of their addresses, in any case of letters.
    async fn accounts_page(
        &self,
        find: &str,
        after: Option<String>,
        most: u32,
    ) -> Result<Vec<AccountRow>, StoreError>;
    /// How many messages a retrieval has brought that are here still, in whichever folder.
    async fn brought(&self, retrieval: RetrievalId) -> Result<u64, StoreError>;
    /// The conversations of these runs, of those that have one.
    async fn conversations(&self, runs: &[RunId]) -> Result<HashMap<RunId, String>, StoreError>;
}
