//! Plans one run from what the server lists and what the ledger says of it.
//!
//! Three judgements, in the order in which a session learns: [`plan_run`] when the listing is
//! there, [`judge_probes`] when the headers that the plan wanted to see are there, and
//! [`BodyJudge`] for each message retrieved. None leaves a choice to the engine.
//!
//! Trusts nothing the server chose: ids, sizes, order and doubles may be hostile, and all of it
//! stays O(n log n) and within some 60 octets a message.

mod bodies;
mod cuts;
mod dates;
mod facts;
mod known;
mod left_out;
mod matching;
mod namesakes;
mod orders;
mod partial;
mod probes;
mod renumbering;
mod retention;
mod share;
mod sizes;

use std::collections::BTreeSet;

use inhaul_types::{Fingerprint, MessageNumber, Octets, Timestamp};

use crate::{Ledger, LedgerIndex, LedgerRow, LedgerState, LeftOutReason, Listed, Listing};
use crate::{ListingIndex, RowEpoch};

pub use bodies::{BodyJudge, BodyVerdict};
pub use cuts::{SessionSize, judge_cut};
pub use dates::{StartPoint, judge_dates};
pub use orders::is_ordered;
pub use partial::looks_partial;
pub use probes::{ProbeVerdict, judge_probes};
pub use retention::{Retention, deletes_fetched};
pub use share::{Amount, AtOwnLimit, Coming, LeftInRun, Part, RunBounds, coming};
pub use sizes::{expects_nothing_known, needs_sizes};

use facts::Facts;
use known::{Cause, Standing, Standings};
use left_out::{Fresh, LeftOutRows};

/// What the owner wants of this run.
#[derive(Clone, Copy, Debug)]
pub struct RunPolicy {
    /// What happens to remote copies.
    pub retention: Retention,
    /// Messages listed larger than this stay where they are.
    pub largest: Option<Octets>,
    /// Deletion of messages that were re-linked after a renumbering waits until then. No row says
    /// how it was re-linked, so until then nothing is deleted that its own session did not fetch.
    pub relinked_deletion_held_until: Option<Timestamp>,
    /// Whether deletions that were confirmed and not done may be asked for again: in the first
    /// session of a run.
    pub asks_again: bool,
    /// Where a retrieval begins that has not looked into the maildrop yet.
    pub start: StartPoint,
    /// How many messages this session may bring, and how many stored earlier it may delete.
    pub session: SessionSize,
}

/// What the server must be asked, and what may be done, once it has listed its messages.
#[derive(Clone, Debug, Default)]
pub struct RunPlan {
    /// To be retrieved, in this order.
    pub retrieve: Vec<ListingIndex>,
    /// To be retrieved behind all others, in this order: lines were cut at them.
    pub retrieve_last: Vec<ListingIndex>,
    /// Headers to be read (`TOP n 0`) before these can be judged, in this order.
    pub probe: Vec<ListingIndex>,
    /// To stay on the server; to be recorded with the reason. Only those not recorded yet.
    pub leave: Vec<(ListingIndex, LeftOutReason)>,
    /// Rows whose [`Proof`](crate::Proof) the later judgements need.
    pub proofs: Vec<LedgerIndex>,
    /// Rows listed now that the listing before did not name.
    pub appeared: Vec<LedgerIndex>,
    /// Rows not listed now that the listing before named. To be recorded only when the run has
    /// ended well, and without those re-linked meanwhile: [`BodyJudge::vanished`] has that list.
    /// Recorded earlier, a kill would make the next run forget what it has to look for.
    pub vanished: Vec<LedgerIndex>,
    /// 5 or more messages were expected and none is listed: the server renumbered. The hold of
    /// deletions is to be recorded before the first re-link is.
    pub renumbered: bool,
    /// The deletion of re-linked messages is to be held for a day from now: the server renumbered,
    /// and has not done so lately. One that renumbers all the time is held once in a while only, or
    /// nothing would ever be deleted there.
    pub holds_deletion: bool,
    /// Ids are doubled or resized: from now on they prove nothing in this maildrop.
    pub ids_broken: bool,
    /// Messages due for deletion that are left to a later session.
    pub postponed: u64,
    /// Messages listed again although a server has confirmed their deletion three times and more.
    pub not_deleted: u64,
}

/// What `TOP n 0` said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Probe {
    /// The header's fingerprint.
    Read(Fingerprint),
    /// The server knows no TOP, or not for this message.
    Refused,
}

/// Plans one run from the whole listing and the maildrop's ledger.
///
/// `others` are the ledgers of the other active retrievals of this maildrop: nothing is deleted
/// that one of them has not stored. A listing without any size (LIST was not needed, or not
/// answered) makes no message suspect and deletes nothing.
pub fn plan_run(
    listing: &Listing,
    ledger: &Ledger,
    others: &[Ledger],
    policy: &RunPolicy,
    now: Timestamp,
) -> RunPlan {
    let facts = Facts::new(listing, ledger, others, policy, now);
    let renumbered = renumbering::is_renumbered(listing, ledger);
    let mut planner = Planner {
        facts,
        standings: Standings::new(facts),
        left_out: LeftOutRows::new(facts),
        elsewhere: Elsewhere::of(ledger),
        wanted: vec![false; ledger.len()],
        coming: Vec::new(),
        unseen: BTreeSet::new(),
        deletions: policy.session.messages().unwrap_or(u32::MAX),
        ordered: Vec::new(),
        plan: RunPlan {
            renumbered,
            holds_deletion: renumbered && !renumbering::was_held_lately(policy, now),
            ..RunPlan::default()
        },
    };
    for entry in listing.iter() {
        planner.place(&entry);
    }
    planner.coming = planner.sizes_to_come();
    planner.doubt_namesakes();
    planner.note_rows();
    planner.finish()
}

/// What rows there are that no id of this listing can lead to.
#[derive(Clone, Copy, Default)]
struct Elsewhere {
    /// Rows of an older epoch, in its last listing: the new one may hold their messages.
    past: bool,
    /// Rows that a message without an id may be the message of.
    any: bool,
}

struct Planner<'a> {
    facts: Facts<'a>,
    standings: Standings<'a>,
    left_out: LeftOutRows<'a>,
    elsewhere: Elsewhere,
    /// By row: its proof is needed.
    wanted: Vec<bool>,
    /// Sizes of all messages that may be retrieved, ascending; none where no row asks for them.
    coming: Vec<Option<Octets>>,
    /// Sizes of messages that stay where they are unseen: each may be one that came under another id
    /// meanwhile, and goes on to a third.
    unseen: BTreeSet<Option<Octets>>,
    /// How many more messages may be deleted that were stored earlier.
    deletions: u32,
    /// To be retrieved before all others.
    ordered: Vec<ListingIndex>,
    plan: RunPlan,
}

impl Planner<'_> {
    fn place(&mut self, entry: &Listed<'_>) {
        self.plan.ids_broken |= self.facts.listing.is_doubled(entry.index);
        match self.standings.of(entry) {
            Standing::Anonymous if self.elsewhere.any => self.plan.probe.push(entry.index),
            Standing::Anonymous => self.place_fresh(entry),
            Standing::Unknown if self.plan.renumbered || self.elsewhere.past => {
                // An id that was left out is known, whatever became of the others.
                if self.left_out.judge(entry) == Fresh::Stay {
                    self.unseen.insert(entry.size);
                } else {
                    self.plan.probe.push(entry.index);
                }
            }
            Standing::Unknown => self.place_fresh(entry),
            Standing::Known(row) => {
                if self.plan.renumbered || !self.facts.allows_deletion(entry, &row) {
                    return;
                }
                self.wanted[row.index.position()] = true;
                self.probe_if_there_is_room(entry);
            }
            Standing::Contested(Cause::IdsBroken) => {
                self.plan.ids_broken = true;
                self.plan.probe.push(entry.index);
            }
            Standing::Contested(Cause::RowOpen) => {
                // Looked at or not, what comes under another id may be its message.
                let rows = entry.unique_id.into_iter();
                for row in rows.flat_map(|id| known::rows_of(self.facts.ledger, id)) {
                    self.wanted[row.index.position()] = true;
                }
                self.probe_if_there_is_room(entry);
            }
        }
    }

    /// Looks at a message that is stored and may be due for deletion, or leaves it to the next
    /// session.
    fn probe_if_there_is_room(&mut self, entry: &Listed<'_>) {
        if self.deletions > 0 {
            self.deletions -= 1;
            self.plan.probe.push(entry.index);
        } else {
            self.plan.postponed += 1;
        }
    }

    fn place_fresh(&mut self, entry: &Listed<'_>) {
        match self.left_out.judge(entry) {
            Fresh::Retrieve => self.plan.retrieve.push(entry.index),
            Fresh::RetrieveFirst => self.ordered.push(entry.index),
            Fresh::RetrieveLast => self.plan.retrieve_last.push(entry.index),
            Fresh::Leave(reason) => {
                self.unseen.insert(entry.size);
                self.plan.leave.push((entry.index, reason));
            }
            Fresh::Stay => drop(self.unseen.insert(entry.size)),
        }
    }

    /// Whether the message of a row whose id is gone may be one that stays unseen in this run.
    fn may_be_unseen(&self, row: &LedgerRow<'_>) -> bool {
        row.state.is_stored() && self.unseen.contains(&row.listed_size)
    }

    /// Notes for each row whether it appeared, vanished, and whether its proof is needed.
    fn note_rows(&mut self) {
        let Facts {
            listing, ledger, ..
        } = self.facts;
        self.want_contested();
        let looks_for_missing = !self.plan.retrieve.is_empty()
            || !self.ordered.is_empty()
            || !self.plan.retrieve_last.is_empty()
            || !self.plan.probe.is_empty();
        for row in ledger.iter() {
            match (row.epoch, is_listed(listing, &row)) {
                (RowEpoch::Present, Named::Yes) => {
                    // Known, or contested and wanted already.
                    if !row.listed_last {
                        self.plan.appeared.push(row.index);
                    }
                    let is_ignored = row.state == LedgerState::Deleted
                        && row.listed_last
                        && row.asks >= facts::ASKS;
                    self.plan.not_deleted += u64::from(is_ignored);
                    continue;
                }
                (_, Named::No) if row.listed_last && !self.may_be_unseen(&row) => {
                    self.plan.vanished.push(row.index);
                }
                _ => {}
            }
            if looks_for_missing && self.may_turn_up(&row) {
                self.wanted[row.index.position()] = true;
            }
        }
    }

    /// Whether the message of a row that is not listed by id may turn up in this listing under
    /// another name, so that headers or octets have to be compared with it.
    fn may_turn_up(&self, row: &LedgerRow<'_>) -> bool {
        let is_past = row.epoch == RowEpoch::Past;
        let anonymous = self.facts.listing.has_anonymous();
        match row.state {
            // Absence proves nothing: it may have been hidden while the ids changed, or have been
            // elsewhere for a while.
            LedgerState::Stored | LedgerState::Asked => {
                row.listed_last
                    || is_past
                    || anonymous
                    || self.coming.binary_search(&row.listed_size).is_ok()
            }
            // A deletion that was seen to be done is over: what looks the same came later.
            // One that was confirmed does not make its octets expected either: they were sent
            // again, unless the server cannot say which message is which.
            LedgerState::Deleted => {
                row.listed_last && (is_past || anonymous && row.unique_id.is_none())
            }
            LedgerState::LeftOut(_) => false,
        }
    }

    /// Wants the proofs of all rows that share an id with a probed message.
    fn want_contested(&mut self) {
        let Facts {
            listing, ledger, ..
        } = self.facts;
        let mut seen = vec![false; listing.len()];
        for index in &self.plan.probe {
            let Some(id) = listing.at(*index).unique_id else {
                continue;
            };
            let first = listing.first_with_unique_id(id).unwrap_or(*index);
            if std::mem::replace(&mut seen[first.position()], true) {
                continue;
            }
            for row in known::rows_of(ledger, id) {
                self.wanted[row.index.position()] = true;
            }
        }
    }

    fn finish(self) -> RunPlan {
        let Self {
            facts,
            mut plan,
            wanted,
            ordered,
            ..
        } = self;
        if plan.postponed > 0 {
            // What is not looked at may be the message of a row whose id is gone.
            plan.vanished.clear();
        }
        let wanted = wanted.into_iter().enumerate().filter(|(_, wanted)| *wanted);
        plan.proofs = wanted
            .map(|(position, _)| LedgerIndex::from_position(position))
            .collect();
        if facts
            .ledger
            .iter()
            .all(|row| row.state != LedgerState::Stored)
        {
            newest_batches_first(&mut plan.retrieve);
        }
        plan.retrieve.splice(..0, ordered);
        plan
    }
}

impl Elsewhere {
    fn of(ledger: &Ledger) -> Self {
        let mut elsewhere = Self::default();
        for row in ledger.iter().filter(|row| row.state.is_stored()) {
            elsewhere.past |= row.epoch == RowEpoch::Past && row.listed_last;
            elsewhere.any |= row.state != LedgerState::Deleted
                || row.listed_last && (row.epoch == RowEpoch::Past || row.unique_id.is_none());
        }
        elsewhere
    }
}

/// Whether a listing names a row.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Named {
    Yes,
    No,
    /// Row and message have no id: only the header can tell.
    Perhaps,
}

fn is_listed(listing: &Listing, row: &LedgerRow<'_>) -> Named {
    match row.unique_id {
        Some(id) if listing.first_with_unique_id(id).is_some() => Named::Yes,
        None if listing.has_anonymous() => Named::Perhaps,
        Some(_) | None => Named::No,
    }
}

/// Puts the newest batches first and keeps listing order inside a batch: whoever waits for a first
/// run sees the mail of this week before that of ten years ago.
fn newest_batches_first(retrieve: &mut Vec<ListingIndex>) {
    *retrieve = retrieve.rchunks(BATCH).flatten().copied().collect();
}

/// The numbers that [`plan_run`] retrieves first, at most `most`, where the ledger is empty and the
/// server numbers its `count` messages without a gap. So they can be asked for while the listing is
/// still on its way; whether they were the right ones shows when it is there.
pub fn first_numbers(count: u64, most: usize) -> Vec<MessageNumber> {
    let newest_batch = count.saturating_sub(BATCH as u64) + 1;
    let numbers = (newest_batch..=count).take(most);
    numbers
        .filter_map(|number| MessageNumber::new(u32::try_from(number).ok()?))
        .collect()
}

/// As many as the engine commits at once.
const BATCH: usize = 256;
