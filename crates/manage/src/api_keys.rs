//! API keys: administrators make them for programs, name them, and take them away.

use inhaul_store::{ApiKey, NewApiKey, TokenHash};
use inhaul_types::{AccountId, ApiKeyId};

use crate::audit::Change;
use crate::manage::{administrators_only, unseen_by_people};
use crate::names::check_text;
use crate::{Actor, Manage, Refused};

/// Characters of a key's name.
pub const LONGEST_KEY_NAME: usize = 100;

impl Manage {
    /// All API keys by the accounts' names and their own, for administrators.
    pub async fn api_key_list(&self, actor: &Actor) -> Result<Vec<ApiKey>, Refused> {
        administrators_only(actor)?;
        Ok(self.store.visitors().api_key_list(None).await?)
    }

    /// Makes an API key that acts for this account. Whoever calls has made the random token and
    /// shows it once.
    pub async fn api_key_add(
        &self,
        actor: &Actor,
        account: AccountId,
        name: &str,
        token: TokenHash,
    ) -> Result<ApiKeyId, Refused> {
        administrators_only(actor)?;
        check_text("name", name, LONGEST_KEY_NAME)?;
        let owner = self.account_row(account).await?;
        let key = NewApiKey {
            token,
            account,
            name: name.to_owned(),
            at: self.now(),
        };
        let id = self.store.visitors().api_key_make(key).await?;
        let change = Change::of("added", object(name, &owner.name));
        self.take_down(actor, [change]).await;
        Ok(id)
    }

    /// Calls an API key something else. It stays the same key.
    pub async fn api_key_rename(
        &self,
        actor: &Actor,
        id: ApiKeyId,
        name: &str,
    ) -> Result<(), Refused> {
        let key = self.api_key(actor, id).await?;
        check_text("name", name, LONGEST_KEY_NAME)?;
        let visitors = self.store.visitors();
        visitors.api_key_rename(id, name.to_owned()).await?;
        let change = Change::of("renamed", object(&key.name, &key.account.name));
        self.take_down(actor, [change.now(name.to_owned())]).await;
        Ok(())
    }

    /// One of them, for administrators.
    pub async fn api_key(&self, actor: &Actor, id: ApiKeyId) -> Result<ApiKey, Refused> {
        unseen_by_people(actor, API_KEY, id)?;
        let mut keys = self.store.visitors().api_key_list(None).await?.into_iter();
        let key = keys.find(|key| key.id == id);
        key.ok_or_else(|| Refused::not_found(API_KEY, id))
    }

    /// Removes an API key: whoever has it is nobody from now on.
    pub async fn api_key_remove(&self, actor: &Actor, id: ApiKeyId) -> Result<(), Refused> {
        let key = self.api_key(actor, id).await?;
        self.store.visitors().api_key_remove(id).await?;
        let change = Change::of("removed", object(&key.name, &key.account.name));
        self.take_down(actor, [change]).await;
        Ok(())
    }
}

/// What the audit calls it.
fn object(name: &str, account: &str) -> String {
    format!("API key {name} of account {account}")
}

const API_KEY: &str = "API key";
