//! What the doorkeeper asks of the store.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use inhaul_store::{SignIn, Store, StoreError};
use inhaul_types::Secret;
use tokio::sync::{Mutex, watch};

/// Names and passwords of local accounts.
#[async_trait]
pub trait Credentials: Send + Sync + 'static {
    /// Holds a password against the one that is saved. Costs the same whoever it is.
    async fn account_sign_in(&self, name: &str, password: &Secret) -> Result<SignIn, StoreError>;
    /// The name of the account that signs in with this name or address, if there is one: for the
    /// log, which shows nothing else of what somebody typed. People type passwords there.
    async fn account_named(&self, name: &str) -> Result<Option<String>, StoreError>;
    /// Counts up whenever accounts or groups are saved: what was held against them before has to
    /// be held against them again.
    fn changes(&self) -> watch::Receiver<u64>;
}

/// The accounts of a store.
pub(super) struct StoredCredentials {
    store: Arc<dyn Store>,
    addresses: Mutex<Addresses>,
}

/// Whose each address is, in lower case. Read again once something was saved, and only when
/// somebody signs in wrongly with an address: never more than once for each time something is
/// saved, however many do.
#[derive(Default)]
struct Addresses {
    as_of: Option<u64>,
    owners: HashMap<String, Arc<str>>,
}

impl StoredCredentials {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            addresses: Mutex::default(),
        }
    }

    async fn owner_of(&self, address: &str) -> Result<Option<String>, StoreError> {
        let mut addresses = self.addresses.lock().await;
        let as_of = *self.store.changes().borrow();
        if addresses.as_of != Some(as_of) {
            addresses.owners = self.read_owners().await?;
            addresses.as_of = Some(as_of);
        }
        let owner = addresses.owners.get(&address.to_lowercase());
        Ok(owner.map(|owner| owner.to_string()))
    }

    async fn read_owners(&self) -> Result<HashMap<String, Arc<str>>, StoreError> {
        let mut owners = HashMap::new();
        for account in self.store.account_list().await? {
            let name: Arc<str> = account.name.into();
            // Nobody signs in with a wildcard.
            let full = account.addresses.iter().filter(|one| !one.is_wildcard());
            for address in full {
                owners.insert(address.as_str().to_lowercase(), Arc::clone(&name));
            }
        }
        Ok(owners)
    }
}

#[async_trait]
impl Credentials for StoredCredentials {
    async fn account_sign_in(&self, name: &str, password: &Secret) -> Result<SignIn, StoreError> {
        self.store.account_sign_in(name, password).await
    }

    async fn account_named(&self, name: &str) -> Result<Option<String>, StoreError> {
        match self.store.account_by_name(name).await {
            Ok(account) => Ok(Some(account.name)),
            Err(StoreError::Missing { .. }) if name.contains('@') => self.owner_of(name).await,
            Err(StoreError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.store.changes()
    }
}

#[cfg(test)]
mod tests {
    use inhaul_store::{AccountChange, NewAccount, SqliteStore, StoreOptions};
    use inhaul_testkit::TestDir;

    use super::*;

    #[tokio::test]
    async fn the_log_learns_the_account_behind_a_name_or_a_full_address() {
        let dir = TestDir::new("credentials").unwrap();
        let store = SqliteStore::open(dir.path(), StoreOptions::default());
        let store = Arc::new(store.await.unwrap());
        let anna = NewAccount {
            name: "anna".into(),
            addresses: vec![
                "Anna@Example.org".parse().unwrap(),
                "*@example.net".parse().unwrap(),
            ],
            group: None,
            admin: false,
            password: None,
        };
        let anna = store.account_create(anna).await.unwrap();
        let credentials = StoredCredentials::new(Arc::clone(&store) as _);
        let named = async |name: &str| credentials.account_named(name).await.unwrap();
        for (name, account) in [
            ("ANNA", Some("anna")),
            ("anna@example.ORG", Some("anna")),
            ("ben@example.org", None),
            ("*@example.net", None),
            ("ben", None),
        ] {
            assert_eq!(named(name).await.as_deref(), account, "{name}");
        }
        let renamed = AccountChange {
            name: Some("anne".into()),
            add_addresses: vec!["ben@example.org".parse().unwrap()],
            ..AccountChange::default()
        };
        store.account_change(anna, renamed).await.unwrap();
        assert_eq!(named("ben@example.org").await.as_deref(), Some("anne"));
        store.close().await.unwrap();
    }
}
