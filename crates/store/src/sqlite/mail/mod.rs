//! What people do with their mail, sent to its statements.

mod across;
mod act;
mod everything;
mod folders;

use std::sync::Arc;

use async_trait::async_trait;
use inhaul_types::{AccountId, FolderId, MessageId, Octets, Timestamp, Uid};
use tokio::sync::oneshot;

use self::act::{Act, What};
use self::folders::FolderRemoval;
use super::views::newest;
use super::{SqliteStore, accounts};
use crate::mail::{ActedOn, FlagChange, Mail, Marked, Shown, Usage};
use crate::{FolderName, Message, Store as _, StoreError};

#[async_trait]
impl Mail for SqliteStore {
    async fn mark(
        &self,
        account: AccountId,
        messages: &[MessageId],
        change: FlagChange,
    ) -> Result<Vec<ActedOn>, StoreError> {
        let what = What::Mark(change);
        let marked = self.act(account, messages.to_vec(), what, usize::MAX);
        Ok(marked.await?.acted_on.unwrap_or_default())
    }

    async fn move_to(
        &self,
        account: AccountId,
        messages: &[MessageId],
        to: FolderId,
    ) -> Result<Vec<ActedOn>, StoreError> {
        let moved = self.act(account, messages.to_vec(), What::Move(to), usize::MAX);
        Ok(moved.await?.acted_on.unwrap_or_default())
    }

    async fn mark_all(
        &self,
        account: AccountId,
        folder: FolderId,
        upto: Uid,
        change: FlagChange,
    ) -> Result<Marked, StoreError> {
        let messages =
            everything::to_be_marked(&self.readers, account, folder, upto, change).await?;
        self.act(account, messages, What::Mark(change), Marked::UNDOABLE)
            .await
    }

    async fn folder_create(&self, account: AccountId, name: &str) -> Result<FolderId, StoreError> {
        let name = name.to_owned();
        let create = move |txn: &_, around: &_| {
            let name = accounts::folder_name(&name)?;
            let there = accounts::folders(txn, account)?;
            if there.iter().any(|folder| folder.name == name.as_str()) {
                let (what, name) = ("folder", name.to_string());
                return Err(StoreError::Exists { what, name });
            }
            accounts::folder_or_new(txn, around, account, name.as_str())
        };
        self.threads.writer.write(create).await
    }

    async fn folder_named(&self, account: AccountId, name: &str) -> Result<FolderId, StoreError> {
        let name = name.to_owned();
        let named = move |txn: &_, around: &_| accounts::folder_or_new(txn, around, account, &name);
        self.threads.writer.write(named).await
    }

    async fn folder_rename(
        &self,
        account: AccountId,
        folder: FolderId,
        name: &str,
    ) -> Result<(), StoreError> {
        let name = name.to_owned();
        let rename = move |txn: &_, _: &_| folders::rename(txn, account, folder, &name);
        // Retrievals say where they deliver to by name.
        self.save(rename).await
    }

    async fn folder_remove(&self, account: AccountId, folder: FolderId) -> Result<u64, StoreError> {
        let (reply, answer) = oneshot::channel();
        let announcer = Arc::clone(&self.announcer);
        let removal = FolderRemoval::new(account, folder, announcer, reply);
        self.threads.writer.send(Box::new(removal))?;
        answer.await.map_err(|_| StoreError::Closing)?
    }

    async fn empty_trash(&self, account: AccountId, upto: Uid) -> Result<u64, StoreError> {
        let folders = self.folder_list(account).await?;
        let trash = folders
            .iter()
            .find(|folder| folder.name == FolderName::TRASH);
        let Some(trash) = trash else {
            return Ok(0);
        };
        let uids = everything::uids(&self.readers, trash.id, upto).await?;
        self.message_remove(trash.id, &uids).await
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

    async fn newest_starred(
        &self,
        account: AccountId,
        before: Option<(Timestamp, MessageId)>,
        most: u32,
    ) -> Result<Vec<Message>, StoreError> {
        self.readers
            .read(move |conn| across::starred(conn, account, before, most))
            .await
    }

    async fn starred(&self, account: AccountId, most: u32) -> Result<u32, StoreError> {
        self.readers
            .read(move |conn| across::count_starred(conn, account, most))
            .await
    }

    async fn largest(
        &self,
        account: AccountId,
        folder: Option<FolderId>,
        before: Option<(Octets, MessageId)>,
        most: u32,
    ) -> Result<Vec<Message>, StoreError> {
        self.readers
            .read(move |conn| across::largest(conn, account, folder, before, most))
            .await
    }

    async fn usage(&self, account: AccountId) -> Result<Usage, StoreError> {
        let allowance = self.account_allowance(account).await?;
        Ok(Usage {
            octets: allowance.octets,
            quota: allowance.limits.mailbox,
        })
    }

    async fn place_at(
        &self,
        folder: FolderId,
        shown: Shown,
        newer: u64,
    ) -> Result<Option<(Timestamp, MessageId)>, StoreError> {
        self.readers
            .read(move |conn| newest::place_at(conn, folder, shown, newer))
            .await
    }
}

impl SqliteStore {
    async fn act(
        &self,
        account: AccountId,
        messages: Vec<MessageId>,
        what: What,
        undoable: usize,
    ) -> Result<Marked, StoreError> {
        if messages.is_empty() {
            return Ok(Marked {
                messages: 0,
                acted_on: Some(Vec::new()),
            });
        }
        let (reply, answer) = oneshot::channel();
        let announcer = Arc::clone(&self.announcer);
        let act = Act::new(account, messages, what, undoable, announcer, reply);
        self.threads.writer.send(Box::new(act))?;
        answer.await.map_err(|_| StoreError::Closing)?
    }
}
