//! Headers that were read of catch-alls that exist: in memory, for an hour, so that a rule that
//! changes sorts them again and the server is not asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use inhaul_store::{Remote, Retrieval};
use inhaul_types::{Card, RetrievalId, Timestamp};

use crate::runs::Survey;

/// What a look into a maildrop came to.
#[derive(Clone)]
pub(super) struct Looked {
    /// The headers, or why there are none.
    pub(super) survey: Result<Arc<Survey>, Card>,
    /// How many were asked for.
    pub(super) newest: u32,
}

/// The last look into each. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Kept(Arc<Mutex<VecDeque<One>>>);

struct One {
    retrieval: RetrievalId,
    /// Where the maildrop was.
    remote: Remote,
    at: Timestamp,
    looked: Looked,
}

/// Looks at once: each may hold 4 MiB of headers.
const MOST: usize = 8;
/// Mail of an hour ago says as much about rules as that of now; others' subjects are kept no longer
/// than that.
const KEPT_FOR: Duration = Duration::from_secs(3600);

impl Kept {
    /// The last look into this maildrop.
    pub(super) fn find(&self, retrieval: &Retrieval, now: Timestamp) -> Option<Looked> {
        let kept = self.fresh(now);
        let is_meant =
            |one: &&One| one.retrieval == retrieval.id && is_same(&one.remote, &retrieval.remote);
        kept.iter().find(is_meant).map(|one| one.looked.clone())
    }

    /// Keeps this one in place of the last.
    pub(super) fn put(&self, retrieval: &Retrieval, at: Timestamp, looked: Looked) {
        let mut kept = self.fresh(at);
        kept.retain(|one| one.retrieval != retrieval.id);
        while kept.len() >= MOST {
            kept.pop_front();
        }
        kept.push_back(One {
            retrieval: retrieval.id,
            remote: retrieval.remote.clone(),
            at,
            looked,
        });
    }

    fn fresh(&self, now: Timestamp) -> MutexGuard<'_, VecDeque<One>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| now.since(one.at) < KEPT_FOR);
        kept
    }
}

/// Another host or user is another maildrop.
fn is_same(one: &Remote, other: &Remote) -> bool {
    one.host.eq_ignore_ascii_case(&other.host) && one.user == other.user
}
