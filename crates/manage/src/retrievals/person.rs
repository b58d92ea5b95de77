//! What a person may decide about retrievals: their group's word, the limits of group and account.

use inhaul_domain::Retention;
use inhaul_domain::reach::{Realm, Unreachable, realm};
use inhaul_store::{Remote, RemoteSecret, Security, UsersMay};
use inhaul_types::AccountId;

use crate::{Actor, Manage, Refused};

/// What is said of everything that a group does not let people do.
pub const SWITCHED_OFF: &str = "An administrator has switched this off for your group.";

/// What somebody may decide, for pages that show it before it is tried.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rights {
    /// What their group lets people do; of an administrator everything.
    pub may: UsersMay,
    /// Days after storing before which they may not have a remote copy deleted.
    pub delete_after_min_days: u32,
    /// Retrievals there are for their account; 0 of an administrator.
    pub retrievals: u64,
    /// Retrievals there may be; `None` is no limit.
    pub most_retrievals: Option<u32>,
}

impl Rights {
    /// `3 of 10 mailboxes used.`; `None` without a limit.
    pub fn places_words(&self) -> Option<String> {
        let most = self.most_retrievals?;
        Some(format!("{} of {most} mailboxes used.", self.retrievals))
    }

    /// Why this may not become of remote copies, in words; `None` if it may.
    pub fn why_not(&self, retention: Retention) -> Option<String> {
        let days = match retention {
            Retention::Keep => return None,
            Retention::Delete => 0,
            Retention::DeleteAfter { days } => days,
        };
        if !self.may.delete_remote {
            return Some(SWITCHED_OFF.into());
        }
        let min = self.delete_after_min_days;
        let day = if min == 1 { "day" } else { "days" };
        (days < min).then(|| {
            format!(
                "Your group lets messages be deleted there {min} {day} after they were stored here, \
                 not earlier."
            )
        })
    }

    /// Refuses one retrieval too many.
    pub(super) fn check_places(&self) -> Result<(), Refused> {
        match self.most_retrievals {
            Some(most) if self.retrievals >= u64::from(most) => Err(Refused::NotAllowed(format!(
                "{} of {most} mailboxes used. Remove one that you do not need any more, or ask an \
                 administrator for more.",
                self.retrievals
            ))),
            _ => Ok(()),
        }
    }

    pub(super) fn check_retention(&self, retention: Retention) -> Result<(), Refused> {
        match self.why_not(retention) {
            None => Ok(()),
            Some(why) => Err(Refused::not_allowed_in("retention", why)),
        }
    }

    /// Refuses a way to a server that their group does not let people take. `before` is the one
    /// that is there; what it has already is not judged again, unless it leads elsewhere now.
    pub(super) fn check_remote(
        &self,
        remote: &Remote,
        before: Option<&Remote>,
    ) -> Result<(), Refused> {
        let same_place = before.filter(|before| is_same_place(before, remote));
        let is_new_way = same_place.is_none_or(|before| before.security != remote.security);
        if remote.security == Security::None && is_new_way && !self.may.plain {
            return Err(Refused::not_allowed_in("security", SWITCHED_OFF));
        }
        let is_new_pin = same_place.is_none_or(|before| before.pin != remote.pin);
        if remote.pin.is_some() && is_new_pin && !self.may.pin_certificate {
            return Err(Refused::not_allowed_in("pin", SWITCHED_OFF));
        }
        let known_file = before.and_then(|before| before.ca_file.as_ref());
        if remote.ca_file.is_some() && remote.ca_file.as_ref() != known_file {
            return Err(Refused::not_allowed_in("ca_file", FILES));
        }
        if same_place.is_none() && !self.may.private_networks {
            check_address(&remote.host)?;
        }
        Ok(())
    }
}

/// Another port of the same host is another server.
fn is_same_place(one: &Remote, other: &Remote) -> bool {
    one.host.eq_ignore_ascii_case(&other.host) && one.port == other.port
}

/// Where a name leads is judged when it is dialled; what an address is can be said at once.
fn check_address(host: &str) -> Result<(), Refused> {
    let Ok(address) = host.parse() else {
        return Ok(());
    };
    match realm(address) {
        Realm::Public => Ok(()),
        other => {
            let why = Unreachable::Address(address, other).to_string();
            tracing::warn!(host, "refused: no public server");
            Err(Refused::not_allowed_in("host", why))
        }
    }
}

/// A person gives passwords; programs and files of this machine are the administrator's.
pub(super) fn check_secret(secret: &RemoteSecret) -> Result<(), Refused> {
    match secret {
        RemoteSecret::Stored(_) => Ok(()),
        RemoteSecret::Command(_) | RemoteSecret::Token(_) | RemoteSecret::File { .. } => {
            Err(Refused::not_allowed_in("password", FILES))
        }
    }
}

impl Manage {
    /// What somebody may decide.
    pub async fn rights(&self, actor: &Actor) -> Result<Rights, Refused> {
        match actor.person() {
            Some(person) => self.rights_of(person).await,
            None => Ok(Rights {
                may: UsersMay {
                    edit: true,
                    delete_remote: true,
                    plain: true,
                    pin_certificate: true,
                    private_networks: true,
                },
                delete_after_min_days: 0,
                retrievals: 0,
                most_retrievals: None,
            }),
        }
    }

    /// What a person may decide who is to change something: not without the right to.
    pub(super) async fn rights_to_edit(&self, person: AccountId) -> Result<Rights, Refused> {
        let rights = self.rights_of(person).await?;
        match rights.may.edit {
            true => Ok(rights),
            false => Err(Refused::NotAllowed(SWITCHED_OFF.into())),
        }
    }

    async fn rights_of(&self, person: AccountId) -> Result<Rights, Refused> {
        let account = self.account_row(person).await?;
        let group = self.store.group_by_name(&account.group).await?;
        let limits = group.limits.and(&account.limits);
        Ok(Rights {
            may: group.users_may,
            delete_after_min_days: limits.delete_after_min_days.unwrap_or(0),
            retrievals: account.retrievals,
            most_retrievals: limits.retrievals,
        })
    }
}

const FILES: &str = "Only an administrator may name files and programs of this server.";
