//! Checks that somebody watches, or may still ask about. In memory only: a restart ends the runs too.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use inhaul_types::{AccountId, Activation, Timestamp};

use super::button::Switches;
use super::check::{Check, CheckId};

/// The newest checks, the oldest first, and what the groups let their people begin.
#[derive(Default)]
pub(crate) struct Checks {
    all: Mutex<VecDeque<Arc<Check>>>,
    pub(super) switches: Switches,
}

impl Checks {
    /// Adds a check, unless one of the same account goes on that covers all of its mailboxes: then
    /// that one, which two tabs show together (UX A14).
    pub(super) fn join_or_add(&self, check: Check, now: Timestamp) -> Joined {
        let mut checks = self.lock();
        forget(&mut checks, now);
        if let Some(present) = checks.iter().rev().find(|present| covers(present, &check)) {
            return Joined::Present(Arc::clone(present));
        }
        let check = Arc::new(check);
        checks.push_back(Arc::clone(&check));
        if checks.len() > MOST {
            let over = checks.iter().position(|check| check.is_over());
            if let Some(gone) = checks.remove(over.unwrap_or(0)) {
                // Whoever follows it need not any more.
                gone.finish(now);
            }
        }
        Joined::Added(check)
    }

    /// A check of this account; somebody else's is none.
    pub(crate) fn find(
        &self,
        id: &CheckId,
        account: AccountId,
        now: Timestamp,
    ) -> Option<Arc<Check>> {
        let mut checks = self.lock();
        forget(&mut checks, now);
        let mut all = checks.iter();
        all.find(|check| check.id == *id && check.account == account)
            .cloned()
    }

    /// The newest check of this account that goes on; one that opening a folder began counts only
    /// where no other does.
    pub(crate) fn current(&self, account: AccountId) -> Option<Arc<Check>> {
        let checks = self.lock();
        let going = || {
            let all = checks.iter().rev();
            all.filter(|check| check.account == account && !check.is_over())
        };
        let loud = going().find(|check| check.activation != Activation::Folder);
        loud.or_else(|| going().next()).cloned()
    }

    /// The check of this account that waits for a message, going on or just over.
    pub(crate) fn waiting(&self, account: AccountId) -> Option<Arc<Check>> {
        let checks = self.lock();
        let mut all = checks.iter().rev();
        all.find(|check| check.account == account && check.is_waiting())
            .cloned()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Check>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which check somebody watches.
pub(super) enum Joined {
    /// A new one.
    Added(Arc<Check>),
    /// One that goes on already.
    Present(Arc<Check>),
}

fn covers(present: &Check, check: &Check) -> bool {
    let is_quiet = |check: &Check| check.activation == Activation::Folder;
    present.account == check.account
        && !present.is_over()
        && present.is_waiting() == check.is_waiting()
        // What opening a folder began nobody asked to see.
        && (!is_quiet(present) || is_quiet(check))
        && check.retrievals().is_subset(&present.retrievals())
}

fn forget(checks: &mut VecDeque<Arc<Check>>, now: Timestamp) {
    checks.retain(|check| {
        let over = check.over_since();
        over.is_none_or(|at| now.since(at) < KEPT)
    });
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Checks").field(&self.lock().len()).finish()
    }
}

/// Checks that are remembered.
const MOST: usize = 1_000;

/// For so long after its end.
const KEPT: Duration = Duration::from_secs(15 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(account: i64, activation: Activation) -> Check {
        let until = (activation == Activation::Waiting).then_some(at(300));
        Check::new(AccountId::new(account), activation, at(0), until).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn add(checks: &Checks, check: Check, now: Timestamp) -> (Arc<Check>, bool) {
        match checks.join_or_add(check, now) {
            Joined::Added(check) => (check, false),
            Joined::Present(check) => (check, true),
        }
    }

    #[test]
    fn a_second_press_gets_the_check_that_goes_on_and_nobody_else_does() {
        let checks = Checks::default();
        let (first, joined) = add(&checks, check(1, Activation::Button), at(0));
        assert!(!joined);
        let (second, joined) = add(&checks, check(1, Activation::Button), at(1));
        assert!(joined && second.id == first.id);
        let (other, joined) = add(&checks, check(2, Activation::Button), at(1));
        assert!(!joined);
        assert!(checks.find(&first.id, AccountId::new(2), at(1)).is_none());
        assert!(checks.find(&other.id, AccountId::new(2), at(1)).is_some());
        first.finish(at(2));
        assert!(!add(&checks, check(1, Activation::Button), at(3)).1);
    }

    #[test]
    fn who_presses_does_not_join_what_opening_a_folder_began_or_waiting() {
        let checks = Checks::default();
        let (quiet, _) = add(&checks, check(1, Activation::Folder), at(0));
        let (waiting, joined) = add(&checks, check(1, Activation::Waiting), at(0));
        assert!(!joined);
        assert_eq!(checks.current(quiet.account).unwrap().id, waiting.id);
        let (pressed, joined) = add(&checks, check(1, Activation::Button), at(0));
        assert!(!joined);
        assert_eq!(checks.current(quiet.account).unwrap().id, pressed.id);
        assert_eq!(checks.waiting(quiet.account).unwrap().id, waiting.id);
        pressed.finish(at(1));
        waiting.finish(at(1));
        assert_eq!(checks.current(quiet.account).unwrap().id, quiet.id);
    }

    #[test]
    fn a_check_is_forgotten_a_quarter_of_an_hour_after_its_end() {
        let checks = Checks::default();
        let (first, _) = add(&checks, check(1, Activation::Button), at(0));
        let find = |seconds| checks.find(&first.id, first.account, at(seconds));
        assert!(find(3600).is_some());
        first.finish(at(3600));
        assert!(find(3600 + 899).is_some());
        assert!(find(3600 + 900).is_none());
    }

    #[test]
    fn of_too_many_one_that_is_over_goes_first() {
        let checks = Checks::default();
        let (first, _) = add(&checks, check(0, Activation::Button), at(0));
        let (second, _) = add(&checks, check(1, Activation::Button), at(0));
        second.finish(at(0));
        for account in 2..=1_001 {
            add(&checks, check(account, Activation::Button), at(0));
        }
        assert!(checks.find(&second.id, second.account, at(0)).is_none());
        assert!(first.is_over());
        assert_eq!(checks.lock().len(), MOST);
    }
}
