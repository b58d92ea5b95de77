//! What people do with their mail, sent to its statements.

mod act;

use std::sync::Arc;

use async_trait::async_trait;
use inhaul_types::{AccountId, FolderId, MessageId, Timestamp};
use tokio::sync::oneshot;

use self::act::{Act, What};
use super::views::newest;
use super::{SqliteStore, accounts};
use crate::mail::{ActedOn, FlagChange, Mail, Shown};
use crate::{Message, StoreError};

#[async_trait]
impl Mail for SqliteStore {
    async fn mark(
        &self,
        account: AccountId,
        messages: &[MessageId],
        change: FlagChange,
    ) -> Result<Vec<ActedOn>, StoreError> {
        self.act(account, messages, What::Mark(change)).await
    }

    async fn move_to(
        &self,
        account: AccountId,
        messages: &[MessageId],
        to: FolderId,
    ) -> Result<Vec<ActedOn>, StoreError> {
        self.act(account, messages, What::Move(to)).await
    }

    async fn folder_create(&self, account: AccountId, name: &str) -> Result<FolderId, StoreError> {
        let name = name.to_owned();
        let create = move |txn: &_, around: &_| {
            let there = accounts::folders(txn, account)?;
            if there.iter().any(|folder| folder.name == name) {
                let (what, name) = ("folder", name.clone());
                return Err(StoreError::Exists { what, name });
            }
            accounts::folder_or_new(txn, around, account, &name)
        };
        self.threads.writer.write(create).await
    }

    async fn folder_named(&self, account: AccountId, name: &str) -> Result<FolderId, StoreError> {
        let name = name.to_owned();
        let named = move |txn: &_, around: &_| accounts::folder_or_new(txn, around, account, &name);
        self.threads.writer.write(named).await
    }

    async fn newest_shown(
        &self,
        folder: FolderId,
        shown: Shown,
        before: Option<(Timestamp, MessageId)>,
        most: u32,
    ) -> Result<Vec<Message>, StoreError> {
        self.readers
            .read(move |conn| newest::messages(conn, folder, shown, before, most))
            .await
    }

    async fn numbers_shown(
        &self,
        folder: FolderId,
        shown: Shown,
        most: u32,
    ) -> Result<Vec<MessageId>, StoreError> {
        self.readers
            .read(move |conn| newest::numbers(conn, folder, shown, most))
            .await
    }
}

impl SqliteStore {
    async fn act(
        &self,
        account: AccountId,
        messages: &[MessageId],
        what: What,
    ) -> Result<Vec<ActedOn>, StoreError> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        let (reply, answer) = oneshot::channel();
        let announcer = Arc::clone(&self.announcer);
        let act = Act::new(account, messages.to_vec(), what, announcer, reply);
        self.threads.writer.send(Box::new(act))?;
        answer.await.map_err(|_| StoreError::Closing)?
    }
}
