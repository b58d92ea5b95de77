//! What a trigger does: start a run, join one, wait behind one, or nothing, with its reason.
//!
//! Owns the policy of the nine activations. Knows no queue, no clock and no retrieval: facts in,
//! [`Decision`] out. A refusal always says why, and when it is possible again.

mod refusal;
mod wanted;

use std::time::Duration;

use inhaul_types::{Activation, Timestamp};

use crate::schedule::rested;

pub use refusal::{Refusal, RefusalReason};
pub use wanted::{Force, What};

/// What the decision depends on. [`TriggerFacts::new`] begins with a quiet, unlimited retrieval.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TriggerFacts {
    /// What wants a run.
    pub activation: Activation,
    /// When.
    pub now: Timestamp,
    /// The group's switch for it: seconds between two runs it starts; `None` is off.
    pub switch: Option<u32>,
    /// When it started a run of this retrieval last.
    pub last_by_activation: Option<Timestamp>,
    /// When a run of this retrieval began last, whatever started it.
    pub last_started: Option<Timestamp>,
    /// No mailbox is visited more often.
    pub floor: Duration,
    /// The server wants to be asked no more often.
    pub min_interval: Option<Duration>,
    /// What the retrieval is doing.
    pub progress: Progress,
    /// The server refuses the sign-in: until when no trigger signs in
    /// ([`sign_in_block`](crate::schedule::sign_in_block)).
    pub sign_in_blocked_until: Option<Timestamp>,
    /// A person says "try again" although the sign-in is refused. Only `button` and `cli` may.
    pub retry: bool,
    /// Somebody paused the retrieval.
    pub paused: bool,
    /// The account and its group are switched on.
    pub enabled: bool,
    /// This process is about to end.
    pub stopping: bool,
    /// Since when the machine has no line.
    pub offline_since: Option<Timestamp>,
    /// Runs this account started today.
    pub by_account: StartedToday,
    /// Runs that were started today from the caller's network address.
    pub by_address: StartedToday,
    /// When today is over.
    pub day_ends: Timestamp,
    /// Runs that wait for a place.
    pub queued: usize,
    /// How many may.
    pub queue_size: usize,
    /// An administrator says so: neither the group's minimum intervals nor its daily numbers
    /// count, nor does it matter that there seems to be no line. The floor and what the server
    /// asks for stand, because they protect the remote account and not this server: a provider
    /// that locks it does not ask who gave the order.
    pub force: bool,
}

/// What a retrieval is doing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Progress {
    /// Nothing.
    Idle,
    /// A run waits for its place.
    Queued,
    /// A run goes on and has not asked yet what there is.
    BeforeUidl,
    /// A run goes on and knows what there is: what comes now it does not see.
    AfterUidl,
    /// The same, and one more waits behind it.
    OneMoreQueued,
}

/// Runs started today, and how many may be; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct StartedToday {
    /// So many were.
    pub started: u32,
    /// So many may be.
    pub limit: Option<u32>,
}

/// What a trigger does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// A run starts, or waits for its place.
    Start,
    /// A run that has not asked yet what there is will answer this trigger too.
    Join,
    /// One more run follows the present one, not before the given moment.
    QueueBehind {
        /// The present one's beginning and the floor, or now.
        not_before: Timestamp,
    },
    /// Nothing.
    Refuse(Refusal),
}

impl TriggerFacts {
    /// An activation that is on without an interval of its own, and nothing that speaks against it.
    pub fn new(activation: Activation, now: Timestamp) -> Self {
        Self {
            activation,
            now,
            switch: Some(0),
            last_by_activation: None,
            last_started: None,
            floor: Duration::from_secs(60),
            min_interval: None,
            progress: Progress::Idle,
            sign_in_blocked_until: None,
            retry: false,
            paused: false,
            enabled: true,
            stopping: false,
            offline_since: None,
            by_account: StartedToday::default(),
            by_address: StartedToday::default(),
            day_ends: now.plus(Duration::from_secs(24 * 60 * 60)),
            queued: 0,
            queue_size: usize::MAX,
            force: false,
        }
    }

    fn refuse(&self, reason: RefusalReason, until: Option<Timestamp>) -> Decision {
        Decision::Refuse(Refusal { reason, until })
    }

    fn not_allowed(&self) -> Option<Decision> {
        let refuse = |reason| Some(self.refuse(reason, None));
        if self.stopping {
            refuse(RefusalReason::Stopping)
        } else if !self.enabled {
            refuse(RefusalReason::Disabled)
        } else if self.paused {
            refuse(RefusalReason::Paused)
        } else if self.switch.is_none() {
            refuse(RefusalReason::SwitchedOff)
        } else {
            None
        }
    }

    /// The schedule has waited as long as a refused sign-in demands; a person may say "try again"
    /// a quarter of an hour after the last try; nothing else signs in.
    fn sign_in_refused(&self) -> Option<Decision> {
        let blocked = self.sign_in_blocked_until.filter(|until| *until > self.now);
        let mut until = blocked?;
        if self.activation == Activation::Schedule {
            return None;
        }
        if self.retry && matches!(self.activation, Activation::Button | Activation::Cli) {
            until = rested(self.last_started?, TRY_AGAIN_GAP, self.now)?;
        }
        Some(self.refuse(RefusalReason::SignInRefused, Some(until)))
    }

    fn offline(&self) -> Option<Decision> {
        let since = self.offline_since.filter(|_| !self.force)?;
        Some(self.refuse(RefusalReason::Offline { since }, None))
    }

    /// Runs that people and their programs started, not the schedule's.
    fn over_daily_number(&self) -> Option<Decision> {
        if self.force || self.activation == Activation::Schedule {
            return None;
        }
        let account = self.by_account.reached();
        let address = self.by_address.reached();
        let reason = match (account, address) {
            (Some(limit), _) => RefusalReason::LimitAccount { limit },
            (None, Some(limit)) => RefusalReason::LimitAddress { limit },
            (None, None) => return None,
        };
        Some(self.refuse(reason, Some(self.day_ends)))
    }

    fn too_soon(&self) -> Option<Decision> {
        let until = possible_at(self);
        let checked = self.last_started.or(self.last_by_activation)?;
        let reason = match self.progress {
            Progress::Idle => RefusalReason::TooSoon { checked },
            _ => RefusalReason::TooSoonAfterStart,
        };
        (until > self.now).then(|| self.refuse(reason, Some(until)))
    }

    fn queue_full(&self) -> Option<Decision> {
        let size = self.queue_size;
        (self.queued >= size).then(|| self.refuse(RefusalReason::QueueFull { size }, None))
    }
}

impl StartedToday {
    fn reached(self) -> Option<u32> {
        self.limit.filter(|limit| self.started >= *limit)
    }
}

/// What the trigger does.
///
/// Only a run that has not sent UIDL is joined: a later one does not see what came meanwhile. Then
/// one more is queued right behind it, and all triggers that follow join that one. The floor holds
/// between the beginnings of the two: it does not refuse the second, it makes it wait.
pub fn decide(facts: &TriggerFacts) -> Decision {
    if let Some(refused) = facts.not_allowed() {
        return refused;
    }
    match facts.progress {
        Progress::Queued | Progress::BeforeUidl | Progress::OneMoreQueued => return Decision::Join,
        Progress::Idle | Progress::AfterUidl => {}
    }
    let refused = facts
        .sign_in_refused()
        .or_else(|| facts.offline())
        .or_else(|| facts.over_daily_number())
        .or_else(|| facts.too_soon())
        .or_else(|| facts.queue_full());
    if let Some(refused) = refused {
        return refused;
    }
    match facts.progress {
        Progress::AfterUidl => Decision::QueueBehind {
            not_before: gap_over(facts).unwrap_or(facts.now),
        },
        _ => Decision::Start,
    }
}

/// When the activation may start a run next, as far as its own interval, the floor and the server
/// are concerned; now or later. `waiting` checks at each of these moments.
pub fn possible_at(facts: &TriggerFacts) -> Timestamp {
    let own_gap = facts.switch.filter(|_| !facts.force).unwrap_or_default();
    let own_gap = Duration::from_secs(own_gap.into());
    let own = facts
        .last_by_activation
        .and_then(|then| rested(then, own_gap, facts.now));
    let of_all = match facts.progress {
        // It waits behind the present run until the floor is over.
        Progress::AfterUidl => None,
        _ => gap_over(facts),
    };
    own.max(of_all).unwrap_or(facts.now)
}

/// When the floor and the server's own interval are over; `None` if they are.
fn gap_over(facts: &TriggerFacts) -> Option<Timestamp> {
    let gap = facts.floor.max(facts.min_interval.unwrap_or_default());
    rested(facts.last_started?, gap, facts.now)
}

/// As often as a person may try a sign-in again that was refused.
const TRY_AGAIN_GAP: Duration = Duration::from_secs(15 * 60);

#[cfg(test)]
mod tests;
