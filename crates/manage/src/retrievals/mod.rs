//! Retrievals: who sees them, who adds, changes, pauses and removes them.
//!
//! A person sees the retrievals they own and those that fill their account alone; they change the
//! ones they own, as far as their group lets them ([`Rights`]).

mod add;
mod bring;
mod change;
mod held;
mod pause;
mod person;
mod settings;
mod way;

use inhaul_store::{Retrieval, StoreError};
use inhaul_types::{AccountId, RetrievalId};

use crate::audit::Change;
use crate::manage::unless_written;
use crate::{Actor, Manage, Refused};

pub use person::{Rights, SWITCHED_OFF};

impl Manage {
    /// The retrievals that somebody sees, by name.
    pub async fn retrievals(&self, actor: &Actor) -> Result<Vec<Retrieval>, Refused> {
        let Some(person) = actor.person() else {
            return Ok(self.store.retrieval_list().await?);
        };
        let mut retrievals = self.store.views().retrievals_of(person).await?;
        retrievals.retain(|retrieval| is_seen(actor, retrieval));
        Ok(retrievals)
    }

    /// One retrieval that somebody sees; [`Refused::NotFound`] of any other.
    pub async fn retrieval(&self, actor: &Actor, id: RetrievalId) -> Result<Retrieval, Refused> {
        let unknown = || Refused::not_found(RETRIEVAL, id);
        match self.store.retrieval_by_id(id).await {
            Ok(retrieval) if is_seen(actor, &retrieval) => Ok(retrieval),
            Ok(_) | Err(StoreError::Missing { .. }) => Err(unknown()),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a retrieval. What it brought stays, and so does the record of it.
    pub async fn retrieval_remove(&self, actor: &Actor, id: RetrievalId) -> Result<(), Refused> {
        let (retrieval, _) = self.retrieval_to_change(actor, id).await?;
        unless_written(written_at(&retrieval))?;
        self.store.retrieval_remove(id).await?;
        self.take_down(actor, [Change::removed(&retrieval)]).await;
        Ok(())
    }

    /// A retrieval that somebody may change; with what its person may decide, where a person asks.
    pub(crate) async fn retrieval_to_change(
        &self,
        actor: &Actor,
        id: RetrievalId,
    ) -> Result<(Retrieval, Option<Rights>), Refused> {
        let retrieval = self.retrieval(actor, id).await?;
        let Some(person) = actor.person() else {
            return Ok((retrieval, None));
        };
        if retrieval.owner != Some(person) {
            return Err(Refused::NotAllowed(NOT_THEIRS.into()));
        }
        let rights = self.rights_to_edit(person).await?;
        Ok((retrieval, Some(rights)))
    }
}

/// Whether somebody sees it: of what fills others too a person sees nothing.
fn is_seen(actor: &Actor, retrieval: &Retrieval) -> bool {
    let is_theirs = |person: AccountId| {
        let fills_only_them =
            retrieval.account == person && retrieval.routing.catch_all().is_none();
        retrieval.owner == Some(person) || fills_only_them
    };
    actor.person().is_none_or(is_theirs)
}

pub(crate) fn written_at(retrieval: &Retrieval) -> Option<&str> {
    retrieval.written_at.as_ref().map(|there| there.at.as_str())
}

const RETRIEVAL: &str = "retrieval";
const NOT_THEIRS: &str = "An administrator looks after this mailbox. Ask one to change it.";
