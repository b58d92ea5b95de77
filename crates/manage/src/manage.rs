//! The handle through which everything is changed.

use std::fmt;
use std::sync::Arc;

use inhaul_store::{Account, Clock, Store, StoreError};
use inhaul_types::{AccountId, Timestamp};

use crate::audit::{self, Change};
use crate::{Actor, OwnAddresses, Refused};

/// Everything that people and administrators may do. Cheap to clone.
///
/// What returned `Ok` is done, durable and in the audit; what was refused left nothing behind.
#[derive(Clone)]
pub struct Manage {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    pub(crate) own: Arc<OwnAddresses>,
}

impl fmt::Debug for Manage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manage").finish_non_exhaustive()
    }
}

impl Manage {
    /// Works on this store. `own` are the addresses at which this very server is reached.
    pub fn new(store: Arc<dyn Store>, clock: Clock, own: OwnAddresses) -> Self {
        let own = Arc::new(own);
        Self { store, clock, own }
    }

    /// The moment.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Takes changes down that were made. They stay made where that fails: the log says so.
    pub(crate) async fn take_down(&self, actor: &Actor, changes: impl IntoIterator<Item = Change>) {
        let now = self.now();
        if let Err(error) = audit::take_down(&*self.store, actor, now, changes).await {
            tracing::error!(%error, "a change was made, but the audit could not take it down");
        }
    }

    /// An account by its number, whoever asks.
    pub(crate) async fn account_row(&self, id: AccountId) -> Result<Account, Refused> {
        match self.store.views().account_by_id(id).await {
            Err(StoreError::Missing { .. }) => Err(Refused::not_found("account", id)),
            found => Ok(found?),
        }
    }
}

/// Refuses people what only administrators do.
pub(crate) fn administrators_only(actor: &Actor) -> Result<(), Refused> {
    match actor.person() {
        None => Ok(()),
        Some(_) => Err(Refused::NotAllowed(ADMINISTRATORS_ONLY.into())),
    }
}

/// Tells people that a thing is not there which only administrators see.
pub(crate) fn unseen_by_people(
    actor: &Actor,
    what: &'static str,
    name: impl ToString,
) -> Result<(), Refused> {
    match actor.person() {
        None => Ok(()),
        Some(_) => Err(Refused::not_found(what, name)),
    }
}

/// Refuses to change what a file says.
pub(crate) fn unless_written(at: Option<&str>) -> Result<(), Refused> {
    at.map_or(Ok(()), |at| Err(Refused::Written { at: at.to_owned() }))
}

/// What is to be changed, where it says something else than what is there.
pub(crate) fn other<T: PartialEq>(new: Option<T>, now: &T) -> Option<T> {
    new.filter(|new| new != now)
}

const ADMINISTRATORS_ONLY: &str = "Only an administrator may do this.";
