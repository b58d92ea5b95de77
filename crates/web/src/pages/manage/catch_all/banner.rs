//! What stands above the fallback's messages: how many had no rule, and for whom most of them are.
//!
//! Counting them costs a look at every message without a rule, so it is done once for a folder as it
//! stands ([`Counted`]) and not at each opening.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use inhaul_store::{Account, Folder, StoreError, Unclaimed};
use inhaul_types::{FolderId, RetrievalId, Timestamp, Uid};

use crate::app::App;
use crate::look::many;
use crate::runs::State;

/// Mail in a fallback that nobody claimed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Banner {
    pub(crate) retrieval: RetrievalId,
    messages: u64,
    /// Addresses that it is for.
    addresses: usize,
    pub(crate) most: Unclaimed,
    /// Rules are added here, not in a file.
    pub(crate) takes_rules: bool,
}

impl Banner {
    /// `12 messages here had no rule. Most frequent: infos@firm.example (9).`
    pub(crate) fn words(&self) -> String {
        let Unclaimed { address, messages } = &self.most;
        format!(
            "{} here had no rule. Most frequent: {address} ({messages}).",
            many(self.messages, "message")
        )
    }

    /// Where rules are added.
    pub(crate) fn action(&self) -> String {
        format!("/manage/retrievals/{}/rules", self.retrieval)
    }

    /// Whether there are other addresses, which stand where rules are added.
    pub(crate) fn has_others(&self) -> bool {
        self.addresses > 1
    }
}

/// What fallbacks hold without a rule, by catch-all, as it was counted last.
#[derive(Debug, Default)]
pub(crate) struct Counted(Mutex<HashMap<RetrievalId, Count>>);

#[derive(Clone, Debug)]
struct Count {
    of: Stand,
    at: Timestamp,
    /// Messages, addresses, and the address of most messages.
    found: Option<(u64, usize, Unclaimed)>,
}

/// How a fallback stood: while it stands so, what it holds without a rule is the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Stand {
    folder: FolderId,
    uid_next: Uid,
    messages: u64,
    /// A copy of a message that is there may name another address without a rule.
    last_good: Option<Timestamp>,
}

/// A claim at the command line may copy messages and leave the folder as it is; then the number is
/// that old at most.
const COUNTED_FOR: Duration = Duration::from_secs(600);
/// Catch-alls that are remembered.
const COUNTED_MOST: usize = 64;

impl Counted {
    /// It may have changed.
    pub(crate) fn forget(&self, id: RetrievalId) {
        self.counts().remove(&id);
    }

    fn find(&self, id: RetrievalId, of: Stand, now: Timestamp) -> Option<Count> {
        let counts = self.counts();
        let count = counts.get(&id)?;
        (count.of == of && now.since(count.at) < COUNTED_FOR).then(|| count.clone())
    }

    fn put(&self, id: RetrievalId, count: Count) {
        let mut counts = self.counts();
        if counts.len() >= COUNTED_MOST {
            counts.clear();
        }
        counts.insert(id, count);
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<RetrievalId, Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The banner of a folder, for an administrator who looks into it as its account; of several
/// catch-alls that fall back there the one with the most such mail.
///
/// Who is asked about no fallback costs a look at the list in memory.
pub(crate) async fn banner(
    app: &App,
    account: &Account,
    folder: &Folder,
) -> Result<Option<Banner>, StoreError> {
    if !account.admin {
        return Ok(None);
    }
    let fall_back_here = app.runs().states_where(&|row| {
        row.routing.catch_all().is_some() && (row.account, row.folder) == (account.id, folder.id)
    });
    let mut found: Option<Banner> = None;
    for state in fall_back_here {
        let Some((messages, addresses, most)) = counted(app, &state, folder).await? else {
            continue;
        };
        if found.as_ref().is_none_or(|found| messages > found.messages) {
            found = Some(Banner {
                retrieval: state.row.id,
                takes_rules: state.row.written_at.is_none(),
                messages,
                addresses,
                most,
            });
        }
    }
    Ok(found)
}

async fn counted(
    app: &App,
    state: &State,
    folder: &Folder,
) -> Result<Option<(u64, usize, Unclaimed)>, StoreError> {
    let (id, now) = (state.row.id, app.now());
    let of = Stand {
        folder: folder.id,
        uid_next: folder.uid_next,
        messages: folder.messages,
        last_good: state.row.last_good,
    };
    if let Some(count) = app.unclaimed().find(id, of, now) {
        return Ok(count.found);
    }
    let unclaimed = app.store().unclaimed(id).await?;
    let messages = unclaimed.iter().map(|one| one.messages).sum();
    let addresses = unclaimed.len();
    let most = unclaimed.into_iter().next();
    let found = most.map(|most| (messages, addresses, most));
    let count = Count {
        of,
        at: now,
        found: found.clone(),
    };
    app.unclaimed().put(id, count);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_serves_while_its_folder_stands_as_it_stood() {
        let (counted, id) = (Counted::default(), RetrievalId::new(1));
        let at = |seconds: u64| Timestamp::from_millis(0).plus(Duration::from_secs(seconds));
        let stood = Stand {
            folder: FolderId::new(7),
            uid_next: Uid::new(13),
            messages: 12,
            last_good: Some(at(5)),
        };
        let count = Count {
            of: stood,
            at: at(10),
            found: None,
        };
        counted.put(id, count.clone());
        let one_more = Stand {
            messages: 13,
            uid_next: Uid::new(14),
            ..stood
        };
        let one_less = Stand {
            messages: 11,
            ..stood
        };
        let checked = Stand {
            last_good: Some(at(20)),
            ..stood
        };
        for (of, now, serves) in [
            (stood, 10, true),
            (stood, 609, true),
            (stood, 610, false),
            (one_more, 10, false),
            (one_less, 10, false),
            (checked, 10, false),
        ] {
            let found = counted.find(id, of, at(now));
            assert_eq!(found.is_some(), serves, "{of:?} at {now}");
        }
        counted.forget(id);
        assert!(counted.find(id, stood, at(10)).is_none());
        for other in 0..200 {
            counted.put(RetrievalId::new(other), count.clone());
            assert!(counted.counts().len() <= COUNTED_MOST);
        }
    }
}
