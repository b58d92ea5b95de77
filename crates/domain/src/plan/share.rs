//! How much of what is wanted one session brings, and what is left to the next one, to later runs,
//! or until there is room.

use inhaul_types::Octets;

use crate::limits::Limits;
use crate::{Listing, ListingIndex};

use super::{ProbeVerdict, RunPlan};

/// How much may be brought. `None` is without bound.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Amount {
    /// Messages.
    pub messages: Option<u64>,
    /// Octets, as listed.
    pub octets: Option<Octets>,
}

/// What happens when a run reaches its retrieval's own limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AtOwnLimit {
    /// The run ends; the rest comes with the next one.
    End,
    /// It signs out and in again at once, until all is brought.
    SignInAgain,
}

/// How much a run brings.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RunBounds {
    /// In each of its sessions.
    pub session: Amount,
    /// In all of them.
    pub run: Amount,
}

/// How much a run may still bring when one of its sessions begins.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct LeftInRun {
    /// In this session and those behind it.
    pub amount: Amount,
    /// Messages that its earlier sessions have brought.
    pub brought: u64,
    /// Octets that the account has room for.
    pub room: Option<Octets>,
}

/// What becomes of the messages that are wanted.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Coming {
    /// To be retrieved in this session and those of the run behind it, in this order.
    pub retrieve: Vec<ListingIndex>,
    /// How many of all that fit the account are no messages at which lines are cut; they are the
    /// first ones.
    sound: usize,
    /// Left to later runs, in this order.
    later: Vec<ListingIndex>,
    /// How many wait until the account has room for them.
    pub held_back: u64,
}

/// What one session brings.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Part {
    /// To be retrieved, in this order.
    pub retrieve: Vec<ListingIndex>,
    /// To be retrieved instead of those that the server will not hand over, or a few such would keep
    /// back all others: first what is left to the sessions behind this one, then what is left to
    /// later runs.
    pub spare: Vec<ListingIndex>,
    /// How many are left to the sessions behind this one.
    pub postponed: u64,
    /// How many are left to later runs.
    pub remaining: u64,
}

impl Amount {
    /// Without bound.
    pub const UNBOUND: Self = Self {
        messages: None,
        octets: None,
    };

    /// Of each the tighter one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            messages: tighter(self.messages, other.messages),
            octets: tighter(self.octets, other.octets),
        }
    }

    /// What is left of it when so much was brought.
    #[must_use]
    pub fn less(self, messages: u64, octets: Octets) -> Self {
        let octets_less = |most: Octets| most.count().saturating_sub(octets.count());
        Self {
            messages: self.messages.map(|most| most.saturating_sub(messages)),
            octets: self.octets.map(octets_less).map(Octets::new),
        }
    }

    /// Whether nothing more may be brought.
    pub fn is_used_up(self) -> bool {
        self.messages == Some(0) || self.octets == Some(Octets::ZERO)
    }

    /// How many of these messages, from the first on, stay within it. `one_at_least`: the first one
    /// is brought however large it is, or it would never come.
    fn reach(self, sizes: impl Iterator<Item = Octets>, one_at_least: Least) -> usize {
        let most = self.messages.unwrap_or(u64::MAX);
        let mut octets = 0_u64;
        let fits = |(place, size): &(usize, Octets)| {
            octets = octets.saturating_add(size.count());
            let enough = self.octets.is_none_or(|most| octets <= most.count());
            (*place as u64) < most && (enough || *place == 0 && one_at_least == Least::One)
        };
        sizes.enumerate().take_while(fits).count()
    }
}

/// What is brought although it is more octets than may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Least {
    One,
    Nothing,
}

fn tighter<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

impl RunBounds {
    /// The bounds of a run: `limits` of the account that it fills, hold for the whole run;
    /// the retrieval's `own` limit does so too, or for each session where it signs in again;
    /// `batch`, the installation's, for each session; `asked` is how many messages this one run is
    /// to bring.
    pub fn new(
        limits: &Limits,
        own: Amount,
        at_own_limit: AtOwnLimit,
        batch: Amount,
        asked: Option<u64>,
    ) -> Self {
        let account = Amount {
            messages: limits.messages_per_run.map(u64::from),
            octets: limits.octets_per_run,
        };
        let asked = Amount {
            messages: asked,
            octets: None,
        };
        let run = account.and(asked);
        match at_own_limit {
            AtOwnLimit::End => Self {
                session: batch,
                run: run.and(own),
            },
            AtOwnLimit::SignInAgain => Self {
                session: batch.and(own),
                run,
            },
        }
    }

    /// Whether a session may bring less than there is: then what is wanted has to be known before
    /// anything is asked for.
    pub fn are_any(&self) -> bool {
        *self != Self::default()
    }
}

/// Decides what of the messages that are wanted this run brings.
///
/// A message for which the account has no room stays behind, and smaller ones pass it. What is more
/// than the run may bring is cut off where the next message would be too much: order counts more
/// than a full measure. A message whose size is not listed counts as nothing here; whoever brings it
/// has to count.
pub fn coming(
    listing: &Listing,
    plan: &RunPlan,
    verdict: &ProbeVerdict,
    left: &LeftInRun,
) -> Coming {
    let size = |index: ListingIndex| listing.at(index).size.unwrap_or(Octets::ZERO);
    let mut room = left.room.map(Octets::count);
    let mut held_back = 0;
    let mut fits = |index: &ListingIndex| {
        let size = size(*index).count();
        let fits = room.is_none_or(|room| room > 0 && size <= room);
        if fits {
            room = room.map(|room| room - size);
        } else {
            held_back += 1;
        }
        fits
    };
    let mut retrieve: Vec<_> = sound(plan, verdict).filter(&mut fits).collect();
    let sound = retrieve.len();
    retrieve.extend(at_cuts(plan, verdict).filter(&mut fits));
    let least = match left.brought {
        0 if !left.amount.is_used_up() => Least::One,
        _ => Least::Nothing,
    };
    let reach = left.amount.reach(retrieve.iter().copied().map(size), least);
    let later = retrieve.split_off(reach);
    Coming {
        sound,
        later,
        held_back,
        retrieve,
    }
}

impl Coming {
    /// What the session that begins brings. Each of the messages at which lines are cut has a session
    /// of its own, which deletes nothing of the others: a session that is cut has deleted nothing.
    pub fn in_session(&self, listing: &Listing, verdict: &ProbeVerdict, session: Amount) -> Part {
        let sound = &self.retrieve[..self.sound.min(self.retrieve.len())];
        let size = |index: &ListingIndex| listing.at(*index).size.unwrap_or(Octets::ZERO);
        let messages = if !sound.is_empty() {
            session.reach(sound.iter().map(size), Least::One)
        } else if verdict.delete.is_empty() {
            self.retrieve.len().min(1)
        } else {
            0
        };
        let behind = &self.retrieve[messages..];
        let sound_behind = self.sound.saturating_sub(messages);
        Part {
            retrieve: self.retrieve[..messages].to_vec(),
            spare: (behind.iter().chain(&self.later).copied())
                .take(sound_behind)
                .collect(),
            postponed: behind.len() as u64,
            remaining: self.later.len() as u64,
        }
    }

    /// Whether nothing is left to later runs.
    pub fn is_all(&self) -> bool {
        self.later.is_empty() && self.held_back == 0
    }
}

fn sound<'a>(
    plan: &'a RunPlan,
    verdict: &'a ProbeVerdict,
) -> impl Iterator<Item = ListingIndex> + 'a {
    plan.retrieve.iter().chain(&verdict.retrieve).copied()
}

fn at_cuts<'a>(
    plan: &'a RunPlan,
    verdict: &'a ProbeVerdict,
) -> impl Iterator<Item = ListingIndex> + 'a {
    let last = plan.retrieve_last.iter().chain(&verdict.retrieve_last);
    last.copied()
}
