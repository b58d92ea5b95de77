//! What lists and pages show, sent to its statements. However much there is to read, no read
//! transaction is longer than a page of it.

mod account_rows;
mod brought;
pub(super) mod newest;
mod stories;
mod strips;

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use inhaul_types::{AccountId, FolderId, MessageId, RetrievalId, RunId, Timestamp};

use super::{SqliteStore, accounts, retrievals, runs};
use crate::views::{AccountRow, Bar, Views};
use crate::{Account, LedgerStory, Message, Retrieval, Shown, StoreError};

/// Conversations read in one transaction: some are as large as 800 lines.
const CONVERSATIONS: usize = 20;

#[async_trait]
impl Views for SqliteStore {
    async fn newest_messages(
        &self,
        folder: FolderId,
        before: Option<(Timestamp, MessageId)>,
        most: u32,
    ) -> Result<Vec<Message>, StoreError> {
        self.readers
            .read(move |conn| newest::messages(conn, folder, Shown::All, before, most))
            .await
    }

    async fn strips(
        &self,
        retrievals: &[RetrievalId],
        most: u32,
    ) -> Result<HashMap<RetrievalId, Vec<Bar>>, StoreError> {
        strips::of(&self.readers, retrievals, most).await
    }

    async fn bars_since(
        &self,
        retrieval: RetrievalId,
        since: Timestamp,
        most: u32,
    ) -> Result<Vec<Bar>, StoreError> {
        strips::since(&self.readers, retrieval, since, most).await
    }

    async fn retrievals_of(&self, account: AccountId) -> Result<Vec<Retrieval>, StoreError> {
        self.readers
            .read(move |conn| retrievals::of_account(conn, account))
            .await
    }

    async fn account_by_id(&self, account: AccountId) -> Result<Account, StoreError> {
        self.readers
            .read(move |conn| accounts::by_id(conn, account))
            .await
    }

    async fn group_members(&self, group: &str) -> Result<HashSet<AccountId>, StoreError> {
        let group = group.to_owned();
        self.readers
            .read(move |conn| accounts::of_group(conn, &group))
            .await
    }

    async fn stories(
        &self,
        of: Option<AccountId>,
        words: &[String],
        since: Timestamp,
    ) -> Result<Vec<LedgerStory>, StoreError> {
        stories::search(&self.readers, of, words, since).await
    }

    async fn story_of(
        &self,
        account: AccountId,
        message: MessageId,
    ) -> Result<Option<LedgerStory>, StoreError> {
        stories::of_message(&self.readers, account, message).await
    }

    async fn accounts_page(
        &self,
        find: &str,
        after: Option<String>,
        most: u32,
    ) -> Result<Vec<AccountRow>, StoreError> {
        account_rows::page(&self.readers, find, after, most).await
    }

    async fn brought(&self, retrieval: RetrievalId) -> Result<u64, StoreError> {
        brought::count(&self.readers, retrieval).await
    }

    async fn conversations(&self, runs: &[RunId]) -> Result<HashMap<RunId, String>, StoreError> {
        let mut conversations = HashMap::new();
        for some in runs.chunks(CONVERSATIONS) {
            let some = some.to_vec();
            let read = move |conn: &_| {
                let mut found = Vec::new();
                for run in some {
                    if let Some(text) = runs::conversation(conn, run)? {
                        found.push((run, text));
                    }
                }
                Ok(found)
            };
            conversations.extend(self.readers.read(read).await?);
        }
        Ok(conversations)
    }
}
