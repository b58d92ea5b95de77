//! Those who come in, sent to their statements. Tokens are hashed when they come here, and found by
//! the primary key of their table.

mod api_keys;
mod forgetting;
mod links;
mod preferences;
mod sessions;
mod trusted;

use async_trait::async_trait;
use inhaul_types::{AccountId, ApiKeyId, Timestamp};
use rusqlite::{Connection, OptionalExtension};

use super::SqliteStore;
use super::errors::{Doing, missing};
use super::writer::Durability;
use crate::visitors::{
    ApiKey, NewApiKey, NewLink, NewSession, Preferences, Session, SetUp, TokenHash, TrustedSender,
    Visitors,
};
use crate::{NewAccount, StoreError};

pub(crate) use forgetting::{forget, has_old};
pub(crate) use sessions::{shut_out, shut_out_group};

#[async_trait]
impl Visitors for SqliteStore {
    async fn session_begin(&self, session: NewSession) -> Result<(), StoreError> {
        let begin = move |txn: &_, _: &_| sessions::begin(txn, &session);
        self.threads.writer.write(begin).await
    }

    async fn session_find(&self, token: &TokenHash) -> Result<Option<Session>, StoreError> {
        let token = *token;
        self.readers
            .read(move |conn| sessions::find(conn, token))
            .await
    }

    async fn session_seen(&self, token: &TokenHash, at: Timestamp) -> Result<(), StoreError> {
        let token = *token;
        let seen = move |txn: &_, _: &_| sessions::seen(txn, token, at);
        // Of every page that somebody opens, and nothing hangs on it.
        self.threads
            .writer
            .write_with(Durability::WithTheNext, seen)
            .await
    }

    async fn session_end(&self, token: &TokenHash) -> Result<(), StoreError> {
        let token = *token;
        let end = move |txn: &_, _: &_| sessions::end(txn, token);
        self.threads.writer.write(end).await
    }

    async fn session_end_all(
        &self,
        account: AccountId,
        but: Option<TokenHash>,
    ) -> Result<u64, StoreError> {
        let end = move |txn: &_, _: &_| sessions::end_all(txn, account, but);
        self.threads.writer.write(end).await
    }

    async fn session_list(&self, account: AccountId) -> Result<Vec<Session>, StoreError> {
        self.readers
            .read(move |conn| sessions::list(conn, account))
            .await
    }

    async fn link_make(&self, link: NewLink) -> Result<(), StoreError> {
        let make = move |txn: &_, _: &_| links::make(txn, &link);
        self.threads.writer.write(make).await
    }

    async fn link_use(
        &self,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<AccountId>, StoreError> {
        let token = *token;
        let use_up = move |txn: &_, _: &_| links::use_up(txn, token, now);
        self.threads.writer.write(use_up).await
    }

    async fn set_up(
        &self,
        token: &TokenHash,
        now: Timestamp,
        mut account: NewAccount,
    ) -> Result<SetUp, StoreError> {
        let token = *token;
        let look = move |conn: &_| links::why_no_set_up(conn, token, now);
        // A hash is costly: whoever has no link is not worth one.
        if let Some(refused) = self.readers.read(look).await? {
            return Ok(refused);
        }
        let Some(password) = account.password.take() else {
            return Err(missing("password", account.name));
        };
        let password = self.passwords.hash(password).await?;
        account.admin = true;
        let set_up =
            move |txn: &_, around: &_| links::set_up(txn, around, token, now, &account, &password);
        let became = self.threads.writer.write(set_up).await?;
        if matches!(became, SetUp::Done(_)) {
            self.has_changed();
        }
        Ok(became)
    }

    async fn is_set_up(&self) -> Result<bool, StoreError> {
        self.readers.read(links::is_set_up).await
    }

    async fn api_key_make(&self, key: NewApiKey) -> Result<ApiKeyId, StoreError> {
        let make = move |txn: &_, _: &_| api_keys::make(txn, &key);
        self.threads.writer.write(make).await
    }

    async fn api_key_find(&self, token: &TokenHash) -> Result<Option<ApiKey>, StoreError> {
        let token = *token;
        self.readers
            .read(move |conn| api_keys::find(conn, token))
            .await
    }

    async fn api_key_used(&self, key: ApiKeyId, at: Timestamp) -> Result<(), StoreError> {
        let used = move |txn: &_, _: &_| api_keys::used(txn, key, at);
        self.threads
            .writer
            .write_with(Durability::WithTheNext, used)
            .await
    }

    async fn api_key_list(&self, account: Option<AccountId>) -> Result<Vec<ApiKey>, StoreError> {
        self.readers
            .read(move |conn| api_keys::list(conn, account))
            .await
    }

    async fn api_key_rename(&self, key: ApiKeyId, name: String) -> Result<(), StoreError> {
        let rename = move |txn: &_, _: &_| api_keys::rename(txn, key, &name);
        self.threads.writer.write(rename).await
    }

    async fn api_key_remove(&self, key: ApiKeyId) -> Result<(), StoreError> {
        let remove = move |txn: &_, _: &_| api_keys::remove(txn, key);
        self.threads.writer.write(remove).await
    }

    async fn preferences(&self, account: AccountId) -> Result<Preferences, StoreError> {
        self.readers
            .read(move |conn| preferences::of(conn, account))
            .await
    }

    async fn set_preferences(
        &self,
        account: AccountId,
        preferences: Preferences,
    ) -> Result<(), StoreError> {
        let set = move |txn: &_, _: &_| preferences::set(txn, account, &preferences);
        self.threads.writer.write(set).await
    }

    async fn trusted_sender_add(
        &self,
        account: AccountId,
        address: &str,
        since: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(address) = trusted::spelled(address) else {
            return Ok(false);
        };
        let add = move |txn: &_, _: &_| trusted::add(txn, account, &address, since);
        self.threads.writer.write(add).await?;
        Ok(true)
    }

    async fn trusted_sender_remove(
        &self,
        account: AccountId,
        address: &str,
    ) -> Result<bool, StoreError> {
        let Some(address) = trusted::spelled(address) else {
            return Ok(false);
        };
        let remove = move |txn: &_, _: &_| trusted::remove(txn, account, &address);
        self.threads.writer.write(remove).await
    }

    async fn trusted_senders(&self, account: AccountId) -> Result<Vec<TrustedSender>, StoreError> {
        self.readers
            .read(move |conn| trusted::list(conn, account))
            .await
    }

    async fn is_trusted(&self, account: AccountId, address: &str) -> Result<bool, StoreError> {
        let Some(address) = trusted::spelled(address) else {
            return Ok(false);
        };
        self.readers
            .read(move |conn| trusted::is_one(conn, account, &address))
            .await
    }
}

/// Whether the account is there, and neither it nor its group is switched off.
pub(crate) fn may_sign_in(conn: &Connection, account: AccountId) -> Result<bool, StoreError> {
    let enabled: Option<bool> = conn
        .prepare_cached(
            "SELECT a.enabled AND g.enabled
             FROM account a JOIN account_group g ON g.id = a.group_id WHERE a.id = ?1",
        )
        .and_then(|mut select| {
            select
                .query_row([account.row()], |row| row.get(0))
                .optional()
        })
        .doing("see whether an account may sign in")?;
    Ok(enabled == Some(true))
}
