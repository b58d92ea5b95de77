//! Mailboxes that are being added: kept in memory, for one session each, and not for long.
//!
//! They hold passwords. A restart forgets them, and so does half an hour.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use inhaul_store::TokenHash;
use inhaul_types::Timestamp;
use tokio::time::Instant;

use super::draft::Draft;

/// All drafts there are. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drafts(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    drafts: HashMap<String, Entry>,
    /// Says which of two was used last, whatever the clock says.
    uses: u64,
    /// A task comes by to forget: one, however many drafts somebody begins.
    is_watched: bool,
}

/// A draft that requests of its session work on.
pub(super) type Shared = Arc<Mutex<Draft>>;

#[derive(Debug)]
struct Entry {
    session: TokenHash,
    touched: Timestamp,
    used: u64,
    draft: Shared,
}

impl Drafts {
    /// Keeps a draft under an id that nobody can guess. Makes room for it: the session's own oldest
    /// goes first, then anybody's.
    pub(super) fn begin(&self, id: String, session: TokenHash, draft: Draft, now: Timestamp) {
        let mut kept = self.kept();
        kept.sweep(now);
        while kept.of(&session) >= MOST_OF_A_SESSION {
            kept.forget_oldest(|entry| entry.session == session);
        }
        while kept.drafts.len() >= MOST {
            kept.forget_oldest(|_| true);
        }
        kept.uses += 1;
        let entry = Entry {
            session,
            touched: now,
            used: kept.uses,
            draft: Arc::new(Mutex::new(draft)),
        };
        kept.drafts.insert(id, entry);
        if !std::mem::replace(&mut kept.is_watched, true) {
            tokio::spawn(forget_later(Arc::downgrade(&self.0), now));
        }
    }

    /// The session's own draft of this id. `None` if it is over, or somebody else's.
    pub(super) fn find(&self, id: &str, session: &TokenHash, now: Timestamp) -> Option<Shared> {
        let mut kept = self.kept();
        kept.sweep(now);
        kept.uses += 1;
        let used = kept.uses;
        let entry = kept.drafts.get_mut(id)?;
        if entry.session != *session {
            return None;
        }
        (entry.touched, entry.used) = (now, used);
        Some(Arc::clone(&entry.draft))
    }

    /// Forgets one.
    pub(super) fn end(&self, id: &str) {
        self.kept().drafts.remove(id);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn sweep(&mut self, now: Timestamp) {
        self.drafts
            .retain(|_, entry| now.since(entry.touched) < LIFE);
    }

    fn of(&self, session: &TokenHash) -> usize {
        let entries = self.drafts.values();
        entries.filter(|entry| entry.session == *session).count()
    }

    fn forget_oldest(&mut self, of: impl Fn(&Entry) -> bool) {
        let entries = self.drafts.iter().filter(|(_, entry)| of(entry));
        let oldest = entries.min_by_key(|(_, entry)| entry.used);
        if let Some(id) = oldest.map(|(id, _)| id.clone()) {
            self.drafts.remove(&id);
        }
    }
}

/// Nobody has to come by for a password to be forgotten. Ends with the last draft.
async fn forget_later(kept: Weak<Mutex<Kept>>, begun: Timestamp) {
    let began = Instant::now();
    loop {
        tokio::time::sleep(BETWEEN_SWEEPS).await;
        let Some(kept) = kept.upgrade() else { return };
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.sweep(begun.plus(began.elapsed()));
        if kept.drafts.is_empty() {
            kept.is_watched = false;
            return;
        }
    }
}

/// A second and a third tab; more is no person.
const MOST_OF_A_SESSION: usize = 3;

/// Of everybody: some kilobytes each.
const MOST: usize = 1_000;

/// After the last look at it.
const LIFE: Duration = Duration::from_secs(30 * 60);

const BETWEEN_SWEEPS: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: u64) -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000).plus(Duration::from_secs(60 * minutes))
    }

    fn begin(drafts: &Drafts, id: &str, session: u8, minutes: u64) {
        drafts.begin(
            id.into(),
            TokenHash([session; 32]),
            Draft::default(),
            at(minutes),
        );
    }

    fn is_there(drafts: &Drafts, id: &str, session: u8, minutes: u64) -> bool {
        drafts
            .find(id, &TokenHash([session; 32]), at(minutes))
            .is_some()
    }

    #[tokio::test]
    async fn a_draft_is_its_sessions_own() {
        let drafts = Drafts::default();
        begin(&drafts, "a", 1, 0);
        assert!(is_there(&drafts, "a", 1, 0));
        assert!(!is_there(&drafts, "a", 2, 0));
        assert!(!is_there(&drafts, "b", 1, 0));
        drafts.end("a");
        assert!(!is_there(&drafts, "a", 1, 0));
    }

    #[tokio::test]
    async fn a_draft_lives_for_half_an_hour_behind_the_last_look_at_it() {
        let drafts = Drafts::default();
        begin(&drafts, "a", 1, 0);
        assert!(is_there(&drafts, "a", 1, 29));
        assert!(is_there(&drafts, "a", 1, 58));
        assert!(!is_there(&drafts, "a", 1, 88));
    }

    #[tokio::test]
    async fn the_oldest_of_a_session_makes_room_and_nobody_elses_does() {
        let drafts = Drafts::default();
        begin(&drafts, "other", 2, 0);
        for id in ["a", "b", "c"] {
            begin(&drafts, id, 1, 0);
        }
        assert!(is_there(&drafts, "a", 1, 0), "now b is the oldest");
        begin(&drafts, "d", 1, 0);
        for (id, there) in [("a", true), ("b", false), ("c", true), ("d", true)] {
            assert_eq!(is_there(&drafts, id, 1, 0), there, "{id}");
        }
        assert!(is_there(&drafts, "other", 2, 0));
    }

    #[tokio::test]
    async fn there_is_an_end_to_all_drafts_together() {
        let drafts = Drafts::default();
        for number in 0..1_001_usize {
            let mut session = [0; 32];
            session[..8].copy_from_slice(&number.to_be_bytes());
            drafts.begin(
                number.to_string(),
                TokenHash(session),
                Draft::default(),
                at(0),
            );
        }
        assert_eq!(drafts.kept().drafts.len(), 1_000);
        assert!(!drafts.kept().drafts.contains_key("0"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_draft_is_forgotten_although_nobody_comes_by() {
        let drafts = Drafts::default();
        begin(&drafts, "a", 1, 0);
        tokio::task::yield_now().await;
        tokio::time::advance(LIFE + Duration::from_secs(1)).await;
        tokio::task::yield_now().await;
        assert!(drafts.kept().drafts.is_empty());
    }

    #[tokio::test]
    async fn one_task_forgets_however_many_are_begun() {
        let drafts = Drafts::default();
        for number in 0..100 {
            begin(&drafts, &number.to_string(), 1, 0);
        }
        let tasks = tokio::runtime::Handle::current().metrics();
        assert_eq!(tasks.num_alive_tasks(), 1);
    }
}
