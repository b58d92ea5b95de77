//! `[[group]]` entries.

use std::time::Duration;

use inhaul_manage::check_group_name;
use inhaul_store::{
    EVERYONE, Group, GroupChange, Limits, StoreError, Triggers, UsersMay, built_in_triggers,
};
use inhaul_types::Octets;

use super::{Deed, Refused, Work, place, same_name, unless_there};
use crate::config::entries::group::{GroupEntry, Right};

impl Work<'_> {
    pub(super) async fn bring_in_groups(&mut self) -> Result<(), StoreError> {
        let config = self.config;
        if config.groups.is_empty() {
            return Ok(());
        }
        let present = self.store.group_list().await?;
        for entry in &config.groups {
            let row = present.iter().find(|row| same_name(&row.name, &entry.name));
            let done = self.bring_in_group(entry, row).await;
            self.settle("group", &entry.name, &place(&entry.written_at), done)?;
        }
        Ok(())
    }

    async fn bring_in_group(
        &self,
        entry: &GroupEntry,
        row: Option<&Group>,
    ) -> Result<Deed, Refused> {
        check_group_name(&entry.name).map_err(|bad| Refused::Entry(bad.to_string()))?;
        match row {
            None => {
                self.store.group_create(&entry.name, all_of(entry)).await?;
                Ok(Deed::Added)
            }
            Some(row) => match difference(entry, row) {
                None => Ok(Deed::Nothing),
                Some(change) => {
                    self.store.group_change(row.id, change).await?;
                    Ok(Deed::Changed)
                }
            },
        }
    }

    /// A group that is written no longer goes, unless somebody is in it: then it stays and is
    /// changed by commands and pages again.
    pub(super) async fn let_go_of_groups(&mut self) -> Result<(), StoreError> {
        for row in self.store.group_list().await? {
            let Some(at) = &row.written_at else {
                continue;
            };
            let mut entries = self.config.groups.iter();
            if entries.any(|entry| same_name(&entry.name, &row.name)) || !self.may_let_go_of(at) {
                continue;
            }
            let name = &row.name;
            if row.accounts == 0 && name != EVERYONE {
                self.store.group_remove(row.id).await?;
                let text = format!("group {name:?} is written there no longer and was removed");
                self.warn(at, text);
                continue;
            }
            let change = GroupChange {
                written_at: Some(None),
                ..GroupChange::default()
            };
            self.store.group_change(row.id, change).await?;
            let text = format!(
                "group {name:?} is written there no longer; it stays as it is, for commands and pages to change"
            );
            self.warn(at, text);
        }
        Ok(())
    }
}

/// Everything that an entry says.
fn all_of(entry: &GroupEntry) -> GroupChange {
    GroupChange {
        name: None,
        enabled: None,
        triggers: Some(triggers(entry)),
        users_may: Some(users_may(&entry.users_may)),
        limits: Some(limits(entry)),
        written_at: Some(Some(place(&entry.written_at))),
    }
}

/// What makes the row say what the entry says; `None` where it does.
fn difference(entry: &GroupEntry, row: &Group) -> Option<GroupChange> {
    // Everyone keeps its name, however it is written.
    let name = Some(entry.name.clone()).filter(|name| *name != row.name && row.name != EVERYONE);
    let written_at = Some(place(&entry.written_at));
    let change = GroupChange {
        name,
        enabled: None,
        triggers: unless_there(triggers(entry), &row.triggers),
        users_may: unless_there(users_may(&entry.users_may), &row.users_may),
        limits: unless_there(limits(entry), &row.limits),
        written_at: unless_there(written_at, &row.written_at),
    };
    let GroupChange {
        name,
        enabled,
        triggers,
        users_may,
        limits,
        written_at,
    } = &change;
    let nothing = name.is_none()
        && enabled.is_none()
        && triggers.is_none()
        && users_may.is_none()
        && limits.is_none()
        && written_at.is_none();
    (!nothing).then_some(change)
}

fn triggers(entry: &GroupEntry) -> Triggers {
    let Some(written) = &entry.triggers else {
        return built_in_triggers();
    };
    let seconds = |least: &Duration| u32::try_from(least.as_secs()).unwrap_or(u32::MAX);
    let written = written.iter();
    written
        .map(|(activation, least)| (*activation, seconds(least)))
        .collect()
}

fn users_may(rights: &[Right]) -> UsersMay {
    UsersMay {
        edit: rights.contains(&Right::Edit),
        delete_remote: rights.contains(&Right::DeleteRemote),
        plain: rights.contains(&Right::Plain),
        pin_certificate: rights.contains(&Right::PinCertificate),
        private_networks: rights.contains(&Right::PrivateNetworks),
    }
}

fn limits(entry: &GroupEntry) -> Limits {
    let written = &entry.limits;
    let days = entry.delete_after_min.as_secs().div_ceil(DAY);
    Limits {
        retrievals: written.retrievals,
        mailbox: written.mailbox.map(Octets::new),
        message: written.message.map(Octets::new),
        messages_per_run: written.messages_per_run,
        octets_per_run: written.octets_per_run.map(Octets::new),
        started_per_day: written.started_per_day,
        started_per_day_address: written.started_per_day_address,
        at_once: written.at_once,
        recipients: written.recipients,
        // Counted in whole days; what is begun counts, so that nothing is deleted too soon.
        delete_after_min_days: Some(u32::try_from(days).unwrap_or(u32::MAX))
            .filter(|days| *days > 0),
    }
}

const DAY: u64 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use inhaul_types::{Activation, GroupId};

    use super::*;
    use crate::config::entries::group::GroupLimits;

    fn entry() -> GroupEntry {
        GroupEntry {
            name: "Staff".into(),
            triggers: Some(BTreeMap::from([(
                Activation::Button,
                Duration::from_secs(90),
            )])),
            limits: GroupLimits {
                retrievals: Some(3),
                mailbox: Some(5_000_000_000),
                at_once: Some(2),
                ..GroupLimits::default()
            },
            users_may: vec![Right::Edit],
            delete_after_min: Duration::from_secs(DAY + 1),
            written_at: "/etc/inhaul.toml:3".into(),
        }
    }

    fn row() -> Group {
        let entry = entry();
        Group {
            id: GroupId::new(2),
            name: "Staff".into(),
            enabled: true,
            triggers: triggers(&entry),
            users_may: users_may(&entry.users_may),
            limits: limits(&entry),
            accounts: 0,
            retrievals: 0,
            written_at: Some("/etc/inhaul.toml:3".into()),
        }
    }

    #[test]
    fn a_row_that_says_the_same_is_left_alone() {
        assert!(difference(&entry(), &row()).is_none());
        let shut = Group {
            enabled: false,
            ..row()
        };
        // No file says whether a group is enabled.
        assert!(difference(&entry(), &shut).is_none());
    }

    #[test]
    fn only_what_differs_is_written() {
        let moved = Group {
            written_at: Some("/etc/inhaul.toml:2".into()),
            ..row()
        };
        let change = difference(&entry(), &moved).unwrap();
        assert_eq!(change.written_at, Some(entry().written_at.into()));
        assert!(change.limits.is_none() && change.triggers.is_none());
        let other = Group {
            name: "staff".into(),
            users_may: UsersMay::NOTHING,
            ..row()
        };
        let change = difference(&entry(), &other).unwrap();
        assert_eq!(change.name.as_deref(), Some("Staff"));
        assert_eq!(change.users_may, Some(row().users_may));
        assert!(change.written_at.is_none());
        let everyone = GroupEntry {
            name: "everyone".into(),
            ..entry()
        };
        let row = Group {
            name: EVERYONE.into(),
            ..row()
        };
        assert!(difference(&everyone, &row).is_none());
    }

    #[test]
    fn days_that_are_begun_count() {
        assert_eq!(limits(&entry()).delete_after_min_days, Some(2));
        let at_once = GroupEntry {
            delete_after_min: Duration::ZERO,
            ..entry()
        };
        assert_eq!(limits(&at_once).delete_after_min_days, None);
    }

    #[test]
    fn a_group_without_triggers_has_the_usual_ones() {
        let usual = GroupEntry {
            triggers: None,
            ..entry()
        };
        assert_eq!(triggers(&usual), built_in_triggers());
        assert_eq!(triggers(&entry()).get(&Activation::Button), Some(&90));
        assert_eq!(triggers(&entry()).len(), 1);
    }
}
