//! Accounts: administrators add, change and remove them; everybody changes their own password.

use inhaul_store::{Account, AccountChange, Limits, NewAccount, StoreError};
use inhaul_types::{AccountId, Address, Secret};

use crate::audit::Change;
use crate::manage::{administrators_only, other, unless_written};
use crate::names::{addresses, check_account_name, check_password};
use crate::{Actor, Manage, Refused};

/// An account to be made, as typed.
#[derive(Clone, Debug, Default)]
pub struct NewAccountForm {
    /// Sign-in name.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<String>,
    /// Group by name; `None` is Everyone.
    pub group: Option<String>,
    /// Whether it may manage the installation.
    pub admin: bool,
    /// Nobody signs in to an account without one.
    pub password: Option<Secret>,
}

/// What an account is to say from now on, as typed; `None` leaves a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct AccountForm {
    /// Sign-in name.
    pub name: Option<String>,
    /// All addresses there are now.
    pub addresses: Option<Vec<String>>,
    /// Group by name.
    pub group: Option<String>,
    /// Whether it may manage the installation.
    pub admin: Option<bool>,
    /// Whether it may sign in and receive.
    pub enabled: Option<bool>,
    /// All limits of its own there are now.
    pub limits: Option<Limits>,
}

impl Manage {
    /// All accounts by name, for administrators.
    pub async fn account_list(&self, actor: &Actor) -> Result<Vec<Account>, Refused> {
        administrators_only(actor)?;
        Ok(self.store.account_list().await?)
    }

    /// One account: a person's own, any of an administrator.
    pub async fn account(&self, actor: &Actor, id: AccountId) -> Result<Account, Refused> {
        match actor.person() {
            Some(person) if person != id => Err(Refused::not_found(ACCOUNT, id)),
            _ => self.account_row(id).await,
        }
    }

    /// Adds an account.
    pub async fn account_add(
        &self,
        actor: &Actor,
        form: NewAccountForm,
    ) -> Result<AccountId, Refused> {
        administrators_only(actor)?;
        check_account_name(&form.name)?;
        if let Some(password) = &form.password {
            check_password(password)?;
        }
        let new = NewAccount {
            addresses: addresses(&form.addresses)?,
            name: form.name,
            group: form.group,
            admin: form.admin,
            password: form.password,
        };
        let made = self.store.account_create(new).await;
        let id = made.map_err(refused)?;
        let added = self.account_row(id).await?;
        self.take_down(actor, [Change::added(&added)]).await;
        Ok(id)
    }

    /// Changes what is named and differs. A person's own account is theirs to see, not to change.
    pub async fn account_change(
        &self,
        actor: &Actor,
        id: AccountId,
        form: AccountForm,
    ) -> Result<(), Refused> {
        let before = self.account_to_manage(actor, id).await?;
        let change = change_of(form, &before)?;
        let says_what_files_say = change.name.is_some()
            || !change.add_addresses.is_empty()
            || !change.remove_addresses.is_empty()
            || change.group.is_some();
        if says_what_files_say {
            unless_written(before.written_at.as_deref())?;
        }
        let changed = self.store.account_change(id, change).await;
        changed.map_err(refused)?;
        let after = self.account_row(id).await?;
        self.take_down(actor, Change::between(&before, &after))
            .await;
        Ok(())
    }

    /// Removes an account with all its mail here.
    pub async fn account_remove(&self, actor: &Actor, id: AccountId) -> Result<(), Refused> {
        let account = self.account_to_manage(actor, id).await?;
        unless_written(account.written_at.as_deref())?;
        self.store.account_remove(id).await?;
        self.take_down(actor, [Change::removed(&account)]).await;
        Ok(())
    }

    /// Gives an account another password, which ends its sessions.
    pub async fn set_password(
        &self,
        actor: &Actor,
        id: AccountId,
        password: Secret,
    ) -> Result<(), Refused> {
        let account = self.account_to_manage(actor, id).await?;
        self.give_password(actor, &account, password).await
    }

    /// Gives whoever asks another password for their own account. Whether they know the old one has
    /// been found out before.
    pub async fn own_password(&self, actor: &Actor, password: Secret) -> Result<(), Refused> {
        let Some(own) = actor.person().or(actor.account) else {
            return Err(Refused::NotAllowed("You have no account here.".into()));
        };
        let account = self.account_row(own).await?;
        self.give_password(actor, &account, password).await
    }

    async fn give_password(
        &self,
        actor: &Actor,
        account: &Account,
        password: Secret,
    ) -> Result<(), Refused> {
        check_password(&password)?;
        let change = AccountChange {
            password: Some(password),
            ..AccountChange::default()
        };
        self.store.account_change(account.id, change).await?;
        self.take_down(actor, [Change::secret(account, "password")])
            .await;
        Ok(())
    }

    /// An account that an administrator is about to change.
    async fn account_to_manage(&self, actor: &Actor, id: AccountId) -> Result<Account, Refused> {
        let account = self.account(actor, id).await?;
        administrators_only(actor)?;
        Ok(account)
    }
}

/// What of it says something else than what is there.
fn change_of(form: AccountForm, before: &Account) -> Result<AccountChange, Refused> {
    let name = other(form.name, &before.name);
    if let Some(name) = &name {
        check_account_name(name)?;
    }
    let mut change = AccountChange {
        name,
        group: other(form.group, &before.group),
        admin: other(form.admin, &before.admin),
        enabled: other(form.enabled, &before.enabled),
        limits: other(form.limits, &before.limits),
        ..AccountChange::default()
    };
    if let Some(texts) = form.addresses {
        let wanted = addresses(&texts)?;
        let without = |one: &[Address], other: &[Address]| {
            let left = one.iter().filter(|address| !other.contains(address));
            left.cloned().collect::<Vec<_>>()
        };
        change.add_addresses = without(&wanted, &before.addresses);
        change.remove_addresses = without(&before.addresses, &wanted);
    }
    Ok(change)
}

/// A group that is not there was named in the form.
fn refused(error: StoreError) -> Refused {
    match Refused::from(error) {
        missing @ Refused::NotFound { what: "group", .. } => {
            Refused::invalid("group", missing.to_string())
        }
        refused => refused,
    }
}

const ACCOUNT: &str = "account";
