//! Groups: administrators add, change and remove them, and see first whom a change would concern.

use std::fmt;

use inhaul_store::{Account, Group, GroupChange, Limits};
use inhaul_types::GroupId;

use crate::audit::Change;
use crate::manage::{administrators_only, other, unless_written, unseen_by_people};
use crate::names::check_group_name;
use crate::words::{counted, size};
use crate::{Actor, Manage, Refused};

/// Whom a change of a group concerns.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Affected {
    /// Accounts in it.
    pub accounts: u64,
    /// Retrievals that deliver to them.
    pub retrievals: u64,
}

impl fmt::Display for Affected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let accounts = counted(self.accounts, "account");
        let retrievals = counted(self.retrievals, "retrieval");
        write!(f, "This affects {accounts} with {retrievals}.")
    }
}

/// Accounts that have more than a limit allows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OverLimit {
    /// The limit's word: `mailbox`, `retrievals`.
    pub limit: &'static str,
    /// What it allows, for people: `5.0 GB`.
    pub most: String,
    /// Their names.
    pub accounts: Vec<String>,
}

impl fmt::Display for OverLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (names, most) = (self.accounts.join(", "), &self.most);
        let number = self.accounts.len() as u64;
        let have = if number == 1 { "has" } else { "have" };
        let accounts = counted(number, "account");
        write!(f, "{accounts} {have} more than {most}: {names}.")?;
        match (self.limit, number) {
            (MAILBOX, 1) => write!(f, " It keeps its mail; {WAITS}"),
            (MAILBOX, _) => write!(f, " They keep their mail; {WAITS}"),
            (_, 1) => write!(f, " It keeps them."),
            (_, _) => write!(f, " They keep them."),
        }
    }
}

impl Manage {
    /// All groups by name, for administrators.
    pub async fn group_list(&self, actor: &Actor) -> Result<Vec<Group>, Refused> {
        administrators_only(actor)?;
        Ok(self.store.group_list().await?)
    }

    /// One group, for administrators.
    pub async fn group(&self, actor: &Actor, id: GroupId) -> Result<Group, Refused> {
        unseen_by_people(actor, GROUP, id)?;
        let mut groups = self.store.group_list().await?.into_iter();
        let found = groups.find(|group| group.id == id);
        found.ok_or_else(|| Refused::not_found(GROUP, id))
    }

    /// Adds a group.
    pub async fn group_add(
        &self,
        actor: &Actor,
        name: &str,
        change: GroupChange,
    ) -> Result<GroupId, Refused> {
        administrators_only(actor)?;
        check_group_name(name)?;
        let change = GroupChange {
            name: None,
            written_at: None,
            ..change
        };
        let id = self.store.group_create(name, change).await?;
        let added = self.group(actor, id).await?;
        self.take_down(actor, [Change::added(&added)]).await;
        Ok(id)
    }

    /// Changes what is named and differs.
    pub async fn group_change(
        &self,
        actor: &Actor,
        id: GroupId,
        change: GroupChange,
    ) -> Result<(), Refused> {
        let before = self.group(actor, id).await?;
        let change = GroupChange {
            name: other(change.name, &before.name),
            enabled: other(change.enabled, &before.enabled),
            triggers: other(change.triggers, &before.triggers),
            users_may: other(change.users_may, &before.users_may),
            limits: other(change.limits, &before.limits),
            written_at: None,
        };
        if let Some(name) = &change.name {
            check_group_name(name)?;
        }
        // No file says whether a group is enabled.
        let says_what_files_say = change.name.is_some()
            || change.triggers.is_some()
            || change.users_may.is_some()
            || change.limits.is_some();
        if says_what_files_say {
            unless_written(before.written_at.as_deref())?;
        }
        self.store.group_change(id, change).await?;
        let after = self.group(actor, id).await?;
        self.take_down(actor, Change::between(&before, &after))
            .await;
        Ok(())
    }

    /// Removes a group that nobody is in.
    pub async fn group_remove(&self, actor: &Actor, id: GroupId) -> Result<(), Refused> {
        let group = self.group(actor, id).await?;
        unless_written(group.written_at.as_deref())?;
        self.store.group_remove(id).await?;
        self.take_down(actor, [Change::removed(&group)]).await;
        Ok(())
    }

    /// Whom a change of this group concerns.
    pub async fn group_affects(&self, actor: &Actor, id: GroupId) -> Result<Affected, Refused> {
        let group = self.group(actor, id).await?;
        Ok(Affected {
            accounts: group.accounts,
            retrievals: group.retrievals,
        })
    }

    /// Who of this group has more already than these limits allow: at most one row for each limit.
    pub async fn over_limit(
        &self,
        actor: &Actor,
        id: GroupId,
        limits: &Limits,
    ) -> Result<Vec<OverLimit>, Refused> {
        unseen_by_people(actor, GROUP, id)?;
        let mut accounts = self.store.account_list().await?;
        accounts.retain(|account| account.group_id == id);
        Ok(over_limit(&accounts, limits))
    }
}

fn over_limit(accounts: &[Account], limits: &Limits) -> Vec<OverLimit> {
    let names = |is_over: &dyn Fn(&Account) -> bool| {
        let over = accounts.iter().filter(|account| is_over(account));
        over.map(|account| account.name.clone()).collect::<Vec<_>>()
    };
    let mailbox = limits.mailbox.map(|most| OverLimit {
        limit: MAILBOX,
        most: size(most),
        accounts: names(&|account| account.octets > most),
    });
    let retrievals = limits.retrievals.map(|most| OverLimit {
        limit: "retrievals",
        most: counted(most.into(), "retrieval"),
        accounts: names(&|account| account.retrievals > u64::from(most)),
    });
    let all = [mailbox, retrievals].into_iter().flatten();
    all.filter(|over| !over.accounts.is_empty()).collect()
}

const GROUP: &str = "group";
const MAILBOX: &str = "mailbox";
const WAITS: &str = "new mail waits on the remote servers.";
