//! Notices: who is to be told that a retrieval fails, needs someone, or works again.
//!
//! A [`Told`] is what is kept of one retrieval between two notices: what is known of it, and what
//! the owner and the administrators have heard ([`Ear`]). [`Told::observe`] takes what is seen after
//! a run; [`Told::tell`] says what an owner hears now, [`gather()`] what the administrators hear of
//! all retrievals at one server. Nothing is told twice: a change of state once, a reminder at most
//! once a day, and one that comes and goes falls silent until the next day ([`MOST_A_DAY`]).
//!
//! A mailbox here that holds more than it may is told of in the same way ([`Told::observe_fill`]).
//!
//! Asking again later gives the rest: what is held back is never forgotten, because it is not a
//! queue but the difference between what is and what was heard. Touches nothing; `now` is an
//! argument.

mod ear;
mod gather;
mod mailbox;
mod present;
mod text;

#[cfg(test)]
mod histories;

use std::time::Duration;

use inhaul_types::{ErrorCode, Timestamp};

pub use ear::{Ear, MOST_A_DAY};
pub use gather::{GATHERING, Gathered, Gathering, Place, gather};
pub use mailbox::Fill;
pub use present::{Present, Sight};
pub use text::BadTold;

/// How loud a trouble is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Urgency {
    /// No mail comes; inhaul goes on trying and nobody can do better yet.
    Failing,
    /// Only a person can help.
    NeedsYou,
}

/// What is wrong with a retrieval.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Trouble {
    /// How loud it is.
    pub urgency: Urgency,
    /// The code of the last failure; none where it is this server's own line to the internet.
    pub code: Option<ErrorCode>,
    /// When the row of failures began.
    pub since: Timestamp,
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Event {
    /// A trouble begins, or becomes one that needs a person.
    Begins,
    /// A trouble that was told is over.
    WorksAgain,
    /// A trouble that was told is still there.
    Reminder,
}

/// One thing to be told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct News {
    /// What it is about.
    pub event: Event,
    /// The trouble; the one that was told where it is over.
    pub trouble: Trouble,
    /// How long it has lasted, or lasted.
    pub lasted: Duration,
    /// Messages that came in since it began.
    pub came: u64,
    /// Set where this is the last word before this moment, because the retrieval comes and goes.
    pub quiet_until: Option<Timestamp>,
}

/// How people want to be told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Manner {
    /// How often a trouble that lasts is told again; less than a day counts as a day. `None` never.
    pub remind_every: Option<Duration>,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            remind_every: Some(DAY),
        }
    }
}

/// Whose turn it is to hear.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Listener {
    /// The person whose mail it is.
    Owner,
    /// Those who keep this server.
    Admin,
}

/// What is known of one retrieval, and what was told of it. Kept over restarts as text
/// ([`Told::to_text`], [`Told::parse`]).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Told {
    /// What is known.
    pub present: Present,
    /// What its owner has heard.
    pub owner: Ear,
    /// What the administrators have heard.
    pub admin: Ear,
}

impl Told {
    /// Takes what is seen of the retrieval, and how many messages came in since the last look.
    pub fn observe(&mut self, sight: Sight, stored: u64, now: Timestamp) {
        let owed = self.owner.is_in_trouble() || self.admin.is_in_trouble();
        self.present.observe(sight, stored, owed, now);
    }

    /// What this listener hears now, if anything; it counts as told from then on.
    pub fn tell(&mut self, listener: Listener, manner: Manner, now: Timestamp) -> Option<News> {
        let news = self.due(listener, manner, now)?;
        self.ear_mut(listener).hear(&news, now);
        Some(news)
    }

    /// Nobody is there to hear this: counts as told without a word, so that nobody is told of it
    /// later, when it is old.
    pub fn pass_over(&mut self, listener: Listener, manner: Manner, now: Timestamp) {
        if let Some(news) = self.due(listener, manner, now) {
            self.ear_mut(listener).hear(&news, now);
        }
    }

    /// Whether anything may be told of it without a new sight: it is in trouble, or someone
    /// believes that it is.
    pub fn is_open(&self) -> bool {
        self.present.trouble().is_some() || self.owner.is_in_trouble() || self.admin.is_in_trouble()
    }

    fn due(&self, listener: Listener, manner: Manner, now: Timestamp) -> Option<News> {
        let ear = match listener {
            Listener::Owner => &self.owner,
            Listener::Admin => &self.admin,
        };
        ear.due(&self.present, manner, now)
    }

    fn ear_mut(&mut self, listener: Listener) -> &mut Ear {
        match listener {
            Listener::Owner => &mut self.owner,
            Listener::Admin => &mut self.admin,
        }
    }
}

/// Whether `span` is over since `start`. A start that lies ahead is of a clock that was set back:
/// it counts as over, so that one wrong clock does not silence us for years.
fn is_over(start: Timestamp, span: Duration, now: Timestamp) -> bool {
    now < start || now.since(start) >= span
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
