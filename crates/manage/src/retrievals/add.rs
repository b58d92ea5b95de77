//! Adding a retrieval.

use inhaul_store::{NewRetrieval, Routing};
use inhaul_types::{AccountId, RetrievalId};

use super::person::{Rights, check_secret as check_persons_secret};
use super::settings::{check_every, check_limits, check_remote, check_retention, check_secret};
use crate::audit::Change;
use crate::names::{LONGEST_FOLDER, LONGEST_NAME, check_text};
use crate::{Actor, Manage, Refused};

impl Manage {
    /// Adds a retrieval, due at once. What a person adds is theirs, fills their account, and
    /// reaches public addresses only.
    pub async fn retrieval_add(
        &self,
        actor: &Actor,
        new: NewRetrieval,
    ) -> Result<RetrievalId, Refused> {
        let new = self.fit_to_add(actor, new).await?;
        let id = self.store.retrieval_create(new).await?;
        let added = self.store.retrieval_by_id(id).await?;
        self.take_down(actor, [Change::added(&added)]).await;
        Ok(id)
    }

    /// Whether they may add it: asked before its server is spoken to, for a retrieval that is
    /// refused is not tried out, either. Whether its name is free shows when it is added.
    pub async fn retrieval_may_be_added(
        &self,
        actor: &Actor,
        new: &NewRetrieval,
    ) -> Result<(), Refused> {
        self.fit_to_add(actor, new.clone()).await.map(drop)
    }

    async fn fit_to_add(
        &self,
        actor: &Actor,
        mut new: NewRetrieval,
    ) -> Result<NewRetrieval, Refused> {
        new.written_at = None;
        match actor.person() {
            None => {
                new.confined = false;
                check_owner(new.owner, new.account)?;
            }
            Some(person) => {
                let rights = self.rights_to_edit(person).await?;
                rights.check_places()?;
                self.check_persons(&new, person, &rights)?;
                new.owner = Some(person);
                new.confined = true;
            }
        }
        check_text("name", &new.name, LONGEST_NAME)?;
        check_text("folder", &new.folder, LONGEST_FOLDER)?;
        check_remote(&new.remote)?;
        check_secret(&new.secret, &new.remote)?;
        check_every(new.every)?;
        check_retention(new.retention)?;
        check_limits(&new.limits)?;
        Ok(new)
    }

    fn check_persons(
        &self,
        new: &NewRetrieval,
        person: AccountId,
        rights: &Rights,
    ) -> Result<(), Refused> {
        if new.account != person {
            return Err(Refused::not_found("account", new.account));
        }
        if new.routing != Routing::Single {
            return Err(Refused::NotAllowed(NO_CATCH_ALL.into()));
        }
        check_persons_secret(&new.secret)?;
        self.check_elsewhere(&new.remote.host, new.remote.port)?;
        rights.check_remote(&new.remote, None)?;
        rights.check_retention(new.retention)
    }

    /// Refuses this very server as a remote one.
    pub(super) fn check_elsewhere(&self, host: &str, port: u16) -> Result<(), Refused> {
        match self.own.lead_here(host, port) {
            true => Err(Refused::invalid("host", ROUND_IN_CIRCLES)),
            false => Ok(()),
        }
    }
}

/// Whoever owns a retrieval gets its mail.
pub(super) fn check_owner(owner: Option<AccountId>, account: AccountId) -> Result<(), Refused> {
    match owner {
        Some(owner) if owner != account => {
            let what = "A mailbox that somebody owns brings its mail to them only.";
            Err(Refused::invalid("owner", what))
        }
        _ => Ok(()),
    }
}

pub(super) const NO_CATCH_ALL: &str = "Only an administrator may share mail out among accounts.";
const ROUND_IN_CIRCLES: &str =
    "That is this server itself. A retrieval from here to here would go round in circles.";
