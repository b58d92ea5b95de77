//! Accounts and groups as notices know them: who is told, and whose retrievals rest.

use std::collections::HashMap;

use inhaul_notices::Person;
use inhaul_store::{Account, Retrieval, Store, StoreError};
use inhaul_types::AccountId;

use crate::notify::person;

/// All accounts, as they were read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct People(HashMap<AccountId, Somebody>);

#[derive(Clone, Debug, Eq, PartialEq)]
struct Somebody {
    person: Person,
    /// The account and its group may retrieve.
    is_active: bool,
}

impl People {
    /// Reads them, and the rows they are made of.
    pub(super) async fn read(store: &dyn Store) -> Result<(Self, Vec<Account>), StoreError> {
        let groups = store.group_list().await?;
        let accounts = store.account_list().await?;
        let is_active = |account: &Account| {
            let mut groups = groups.iter();
            let group = groups.find(|group| group.id == account.group_id);
            account.enabled && group.is_some_and(|group| group.enabled)
        };
        let everybody = accounts.iter().map(|account| {
            let somebody = Somebody {
                person: person(account),
                is_active: is_active(account),
            };
            (account.id, somebody)
        });
        Ok((Self(everybody.collect()), accounts))
    }

    /// Whose mail a retrieval brings: its owner, or the account it delivers to.
    pub(super) fn owner_of(&self, row: &Retrieval) -> Option<&Person> {
        let somebody = self.0.get(&row.owner.unwrap_or(row.account))?;
        Some(&somebody.person)
    }

    /// Whose mailbox an account is.
    pub(super) fn of(&self, account: AccountId) -> Option<&Person> {
        Some(&self.0.get(&account)?.person)
    }

    /// Whether an administrator has shut out whoever a retrieval delivers to: nothing runs then,
    /// and nobody needs to hear of it.
    pub(super) fn rests(&self, row: &Retrieval) -> bool {
        let mut accounts = [Some(row.account), row.owner].into_iter().flatten();
        accounts.any(|id| self.0.get(&id).is_some_and(|somebody| !somebody.is_active))
    }
}
