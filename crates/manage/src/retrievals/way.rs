//! What saving would refuse, said before anybody signs in anywhere.

use inhaul_store::{Remote, RemoteSecret, Retrieval};
use inhaul_types::RetrievalId;

use super::change::{PASSWORD_AGAIN, is_another_way};
use super::person::check_secret as check_persons_secret;
use super::settings::{check_remote, check_secret};
use super::written_at;
use crate::manage::unless_written;
use crate::{Actor, Manage, Refused};

impl Manage {
    /// Refuses somebody who may not add a mailbox, or has as many as they may.
    pub async fn check_place(&self, actor: &Actor) -> Result<(), Refused> {
        match actor.person() {
            Some(person) => self.rights_to_edit(person).await?.check_places(),
            None => Ok(()),
        }
    }

    /// A retrieval whose settings somebody may change here; refuses any other.
    pub async fn retrieval_to_edit(
        &self,
        actor: &Actor,
        id: RetrievalId,
    ) -> Result<Retrieval, Refused> {
        let (retrieval, _) = self.retrieval_to_change(actor, id).await?;
        unless_written(written_at(&retrieval))?;
        Ok(retrieval)
    }

    /// Refuses a way to a new mailbox that would be refused when it is saved.
    pub async fn check_way(
        &self,
        actor: &Actor,
        remote: &Remote,
        secret: &RemoteSecret,
    ) -> Result<(), Refused> {
        self.check(actor, remote, Some(secret), None).await
    }

    /// The same of a mailbox that is there: another way to it needs the password again.
    pub async fn check_other_way(
        &self,
        actor: &Actor,
        before: &Remote,
        remote: &Remote,
        secret: Option<&RemoteSecret>,
    ) -> Result<(), Refused> {
        self.check(actor, remote, secret, Some(before)).await
    }

    async fn check(
        &self,
        actor: &Actor,
        remote: &Remote,
        secret: Option<&RemoteSecret>,
        before: Option<&Remote>,
    ) -> Result<(), Refused> {
        check_remote(remote)?;
        if let Some(secret) = secret {
            check_secret(secret, remote)?;
        }
        let is_another = before.is_some_and(|before| is_another_way(before, remote));
        if is_another && secret.is_none() {
            return Err(Refused::invalid("password", PASSWORD_AGAIN));
        }
        let Some(person) = actor.person() else {
            return Ok(());
        };
        let rights = self.rights_to_edit(person).await?;
        secret.map_or(Ok(()), check_persons_secret)?;
        self.check_elsewhere(&remote.host, remote.port)?;
        rights.check_remote(remote, before)
    }
}
