//! `[[account]]` entries.

use inhaul_manage::check_account_name;
use inhaul_store::{Account, AccountChange, NewAccount, StoreError};
use inhaul_types::Address;

use super::{Deed, Refused, Work, place, same_name, unless_there};
use crate::config::entries::account::AccountEntry;

impl Work<'_> {
    pub(super) async fn bring_in_accounts(&mut self) -> Result<(), StoreError> {
        let config = self.config;
        if config.accounts.is_empty() {
            return Ok(());
        }
        let mut present = self.store.account_list().await?;
        if self.take_addresses(&present).await? {
            present = self.store.account_list().await?;
        }
        for entry in &config.accounts {
            let row = present.iter().find(|row| same_name(&row.name, &entry.name));
            let done = match self.bring_in_account(entry, row).await {
                Err(Refused::Store(StoreError::Exists {
                    what: "address",
                    name,
                })) => Err(taken(&name, &self.store.account_list().await?)),
                done => done,
            };
            self.settle("account", &entry.name, &place(&entry.written_at), done)?;
        }
        Ok(())
    }

    async fn bring_in_account(
        &self,
        entry: &AccountEntry,
        row: Option<&Account>,
    ) -> Result<Deed, Refused> {
        check_account_name(&entry.name).map_err(|bad| Refused::Entry(bad.to_string()))?;
        let (id, change, deed) = match row {
            Some(row) => match difference(entry, row) {
                None => return Ok(Deed::Nothing),
                Some(change) => (row.id, change, Deed::Changed),
            },
            None => {
                let new = NewAccount {
                    name: entry.name.clone(),
                    addresses: entry.addresses.clone(),
                    group: Some(entry.group.clone()),
                    admin: false,
                    password: None,
                };
                let change = AccountChange {
                    written_at: Some(Some(place(&entry.written_at))),
                    ..AccountChange::default()
                };
                // A crash in between leaves an account that the next application takes over.
                (self.store.account_create(new).await?, change, Deed::Added)
            }
        };
        self.store.account_change(id, change).await?;
        Ok(deed)
    }

    /// Takes from accounts the addresses that other entries name now, before those get them. Whether
    /// there was any.
    async fn take_addresses(&self, present: &[Account]) -> Result<bool, StoreError> {
        let mut taken = false;
        for entry in &self.config.accounts {
            let row = present.iter().find(|row| same_name(&row.name, &entry.name));
            let Some(row) = row else { continue };
            let mut remove_addresses = without(&row.addresses, &entry.addresses);
            let wanted = |address: &Address| {
                let mut entries = self.config.accounts.iter();
                entries.any(|entry| entry.addresses.contains(address))
            };
            remove_addresses.retain(wanted);
            if remove_addresses.is_empty() {
                continue;
            }
            let change = AccountChange {
                remove_addresses,
                ..AccountChange::default()
            };
            self.store.account_change(row.id, change).await?;
            taken = true;
        }
        Ok(taken)
    }

    /// An account that is written no longer stays, with its mail; commands and pages change it again.
    pub(super) async fn let_go_of_accounts(&mut self) -> Result<(), StoreError> {
        for row in self.store.account_list().await? {
            let Some(at) = &row.written_at else {
                continue;
            };
            let mut entries = self.config.accounts.iter();
            if entries.any(|entry| same_name(&entry.name, &row.name)) || !self.may_let_go_of(at) {
                continue;
            }
            let change = AccountChange {
                written_at: Some(None),
                ..AccountChange::default()
            };
            self.store.account_change(row.id, change).await?;
            let name = &row.name;
            let text = format!(
                "account {name:?} is written there no longer; it stays with its mail, for commands and pages to change or remove"
            );
            self.warn(at, text);
        }
        Ok(())
    }
}

/// Says whose an address is, and not which: this lands in logs.
fn taken(address: &str, accounts: &[Account]) -> Refused {
    let mut holders = accounts.iter().filter(|account| {
        let mut addresses = account.addresses.iter();
        addresses.any(|own| own.as_str().eq_ignore_ascii_case(address))
    });
    let whose = match holders.next() {
        Some(holder) => format!("the account {:?}", holder.name),
        None => "another account".to_owned(),
    };
    Refused::Entry(format!("one of its addresses belongs to {whose}"))
}

/// What makes the row say what the entry says; `None` where it does.
fn difference(entry: &AccountEntry, row: &Account) -> Option<AccountChange> {
    let group = (!same_name(&entry.group, &row.group)).then(|| entry.group.clone());
    let change = AccountChange {
        name: unless_there(entry.name.clone(), &row.name),
        add_addresses: without(&entry.addresses, &row.addresses),
        remove_addresses: without(&row.addresses, &entry.addresses),
        group,
        written_at: unless_there(Some(place(&entry.written_at)), &row.written_at),
        ..AccountChange::default()
    };
    let nothing = change.name.is_none()
        && change.add_addresses.is_empty()
        && change.remove_addresses.is_empty()
        && change.group.is_none()
        && change.written_at.is_none();
    (!nothing).then_some(change)
}

/// Those of `all` that are not in `others`, each once.
fn without(all: &[Address], others: &[Address]) -> Vec<Address> {
    let mut left: Vec<Address> = Vec::new();
    for address in all {
        if !others.contains(address) && !left.contains(address) {
            left.push(address.clone());
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use inhaul_store::Limits;
    use inhaul_types::{AccountId, GroupId, Octets};

    use super::*;

    fn addresses(texts: &[&str]) -> Vec<Address> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn entry(names: &[&str]) -> AccountEntry {
        AccountEntry {
            name: "alice".into(),
            addresses: addresses(names),
            group: "Staff".into(),
            written_at: "/etc/inhaul.toml:7".into(),
        }
    }

    fn row(names: &[&str]) -> Account {
        Account {
            id: AccountId::new(3),
            name: "alice".into(),
            addresses: addresses(names),
            group_id: GroupId::new(2),
            group: "staff".into(),
            admin: true,
            enabled: false,
            limits: Limits::default(),
            messages: 0,
            octets: Octets::ZERO,
            retrievals: 0,
            written_at: Some("/etc/inhaul.toml:7".into()),
        }
    }

    #[test]
    fn a_row_that_says_the_same_is_left_alone() {
        let (one, other) = ("a@x.example", "b@x.example");
        assert!(difference(&entry(&[one, other]), &row(&[other, one])).is_none());
        assert!(difference(&entry(&[one, one]), &row(&[one])).is_none());
    }

    #[test]
    fn only_what_differs_is_written() {
        let (one, other) = ("a@x.example", "b@x.example");
        let change = difference(&entry(&[one]), &row(&[other])).unwrap();
        assert_eq!(change.add_addresses, addresses(&[one]));
        assert_eq!(change.remove_addresses, addresses(&[other]));
        assert!(change.group.is_none() && change.written_at.is_none());
        // No file says these: whoever changed them has changed them.
        assert!(change.admin.is_none() && change.enabled.is_none() && change.limits.is_none());
        let free = Account {
            written_at: None,
            group: "Everyone".into(),
            ..row(&[])
        };
        let change = difference(&entry(&[]), &free).unwrap();
        assert_eq!(change.group.as_deref(), Some("Staff"));
        assert_eq!(change.written_at, Some(entry(&[]).written_at.into()));
    }

    #[test]
    fn whose_an_address_is_says_not_which() {
        let Refused::Entry(why) = taken("A@x.example", &[row(&["a@x.example"])]) else {
            panic!("an entry's own fault");
        };
        assert_eq!(why, "one of its addresses belongs to the account \"alice\"");
    }
}
