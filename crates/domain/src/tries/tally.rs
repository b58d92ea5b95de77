//! The wrong passwords of one source, or for one name.

use std::time::Duration;

use inhaul_types::Timestamp;

use super::Tag;

/// How long a wrong password counts. A person mistypes two or three times and then looks the
/// password up; what lies ten minutes back is another attempt at signing in.
pub(super) const WINDOW: Duration = Duration::from_secs(10 * 60);

/// How long nobody looks once there were too many. Never less than [`WINDOW`], so that a tally is
/// empty when its bar ends. A try meanwhile does not prolong it: a program that asks every minute
/// with an old password would keep its owner out for ever.
pub(super) const BARRED_FOR: Duration = WINDOW;

/// The wrong passwords of the last while, each once however often it came.
///
/// A mail program with an old password says the same one every minute; that is no guessing, and it
/// is the most frequent way in which people lock themselves out of other servers.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    wrong: Vec<Wrong>,
    /// Passwords that are being looked at. Each may turn out wrong and has its room.
    looked_at: usize,
    barred_until: Option<Timestamp>,
}

/// A password that was wrong.
#[derive(Clone, Copy, Debug)]
struct Wrong {
    guess: Tag,
    /// The saved accounts it was held against.
    as_of: u64,
    /// When it came last.
    at: Timestamp,
}

impl Tally {
    fn forget_what_is_old(&mut self, now: Timestamp) {
        self.wrong.retain(|wrong| now.since(wrong.at) < WINDOW);
    }

    /// Until when nobody looks.
    pub(super) fn barred_until(&self) -> Option<Timestamp> {
        self.barred_until
    }

    /// How many different ones were wrong.
    pub(super) fn count(&self) -> usize {
        self.wrong.len()
    }

    pub(super) fn has_room(&self, most: usize, now: Timestamp) -> bool {
        let fresh = |wrong: &&Wrong| now.since(wrong.at) < WINDOW;
        self.wrong.iter().filter(fresh).count() + self.looked_at < most
    }

    pub(super) fn is_being_looked_at(&self) -> bool {
        self.looked_at > 0
    }

    /// Nothing here is worth its memory.
    pub(super) fn is_spent(&self, now: Timestamp) -> bool {
        self.looked_at == 0 && self.wrong.iter().all(|wrong| now.since(wrong.at) >= WINDOW)
    }

    pub(super) fn begin(&mut self) {
        self.looked_at += 1;
    }

    pub(super) fn end(&mut self) {
        self.looked_at = self.looked_at.saturating_sub(1);
    }

    /// Forgets what was wrong, not what is being looked at.
    pub(super) fn forgive(&mut self) {
        self.wrong.clear();
    }

    /// Whether this one was wrong when the same accounts were saved; then it counts as said now.
    pub(super) fn repeats(&mut self, guess: Tag, as_of: u64, now: Timestamp) -> bool {
        self.forget_what_is_old(now);
        let mut wrong = self.wrong.iter_mut();
        let known = wrong.find(|wrong| wrong.guess == guess && wrong.as_of == as_of);
        if let Some(known) = known {
            known.at = now;
            return true;
        }
        false
    }

    /// Counts a wrong one. With the `most`-th different one the bar begins.
    pub(super) fn count_wrong(&mut self, guess: Tag, as_of: u64, most: usize, now: Timestamp) {
        self.forget_what_is_old(now);
        let wrong = Wrong {
            guess,
            as_of,
            at: now,
        };
        match self.wrong.iter_mut().find(|known| known.guess == guess) {
            Some(known) => *known = wrong,
            None => self.wrong.push(wrong),
        }
        if self.wrong.len() >= most {
            self.barred_until = Some(now.plus(BARRED_FOR));
        }
    }
}
