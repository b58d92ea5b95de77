//! What a run of a catch-all decides by: its router, and how this installation calls itself.
//!
//! Built when there is something to be shared out, and kept until an account, a group or a retrieval
//! changes: ten thousand addresses are not read for each look into a maildrop. Start at
//! [`Engine::sharing`].

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use inhaul_domain::route::{CatchAll, Place, Router, Rule, carries_trace};
use inhaul_message::{HeaderBlock, identity};
use inhaul_store::{Placement, Retrieval, StoreError};
use inhaul_types::{AccountId, Digest, Identity, RetrievalId};

use crate::engine::Engine;
use crate::sabotage::{Sabotage, breaks};

/// Shares out what one catch-all brings.
#[derive(Debug)]
pub(crate) struct Sharing {
    router: Router,
    instance: String,
}

/// Where one message goes.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) placements: Vec<Placement>,
    /// Whose those folders are.
    pub(crate) accounts: Vec<AccountId>,
    /// What tells whether two messages are copies of one.
    pub(crate) identity: Option<Identity>,
    /// Addresses that nobody has.
    pub(crate) unclaimed: Vec<String>,
}

impl Sharing {
    /// Whether a message was handed on by this installation and has come back.
    pub(crate) fn is_own(&self, header: &HeaderBlock<'_>) -> bool {
        carries_trace(header, &self.instance)
    }

    /// Decides who gets a message; `body` is the digest of what stands behind its header.
    pub(crate) fn share(&self, header: &HeaderBlock<'_>, body: &Digest) -> Shared {
        let mut routed = self.router.route(header);
        if routed.placements.len() > 1 && breaks(Sabotage::ForgetsSomebody) {
            routed.placements.pop();
        }
        let accounts = routed.placements.iter().map(|one| one.place.account);
        Shared {
            accounts: accounts.collect(),
            identity: identity(header, body),
            unclaimed: routed.unclaimed,
            placements: (routed.placements.into_iter())
                .map(|one| Placement {
                    folder: one.place.folder,
                    why: one.why,
                    recipients: one.recipients,
                })
                .collect(),
        }
    }
}

/// What a router is built from: the retrieval as it is set, with these rules instead of its own.
/// `None` where it is no catch-all.
pub fn catch_all(retrieval: &Retrieval, rules: Vec<Rule>) -> Option<CatchAll> {
    let fallback = Place {
        account: retrieval.account,
        folder: retrieval.folder,
        shown: format!("{}/{}", retrieval.account_name, retrieval.folder_name),
    };
    let settings = retrieval.routing.catch_all()?;
    Some(settings.sorting(&retrieval.remote, rules, fallback))
}

impl Engine {
    /// What shares this retrieval's messages out, among `most` accounts each; `None` where it is no
    /// catch-all.
    pub(crate) async fn sharing(
        &self,
        retrieval: &Retrieval,
        most: Option<u32>,
    ) -> Result<Option<Arc<Sharing>>, StoreError> {
        // Before anything is read: what changes meanwhile makes it old.
        let as_of = *self.store.changes().borrow();
        let Some(mut settings) = catch_all(retrieval, Vec::new()) else {
            return Ok(None);
        };
        if let Some(most) = most {
            settings.max_recipients = settings.max_recipients.min(most);
        }
        if let Some(sharing) = self.sharings.find(retrieval.id, as_of, &settings) {
            return Ok(Some(sharing));
        }
        let key = settings.clone();
        let (book, rules, instance) = tokio::try_join!(
            self.store.address_book(),
            self.store.router_rules(retrieval.id),
            self.store.instance()
        )?;
        settings.rules = rules;
        let sharing = Arc::new(Sharing {
            router: Router::new(settings, &book),
            instance,
        });
        self.sharings.keep(Kept {
            retrieval: retrieval.id,
            as_of,
            settings: key,
            sharing: Arc::clone(&sharing),
        });
        Ok(Some(sharing))
    }
}

/// Routers kept: few installations have more catch-alls, and one of ten thousand addresses takes a
/// few MiB.
const KEPT: usize = 8;

/// What was built, the latest last.
#[derive(Debug, Default)]
pub(crate) struct Sharings {
    kept: Mutex<VecDeque<Kept>>,
}

#[derive(Debug)]
struct Kept {
    retrieval: RetrievalId,
    /// What the store had counted when it was read.
    as_of: u64,
    /// The retrieval as the run knows it, without its rules.
    settings: CatchAll,
    sharing: Arc<Sharing>,
}

impl Sharings {
    fn find(
        &self,
        retrieval: RetrievalId,
        as_of: u64,
        settings: &CatchAll,
    ) -> Option<Arc<Sharing>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |one: &&Kept| {
            one.retrieval == retrieval && one.as_of == as_of && one.settings == *settings
        };
        kept.iter().find(is_it).map(|one| Arc::clone(&one.sharing))
    }

    fn keep(&self, new: Kept) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| one.retrieval != new.retrieval && one.as_of >= new.as_of);
        while kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back(new);
    }
}
