//! Judges messages by their headers, where id and size do not say enough.
//!
//! Messages are matched with rows as multisets, never by position: first within one id, by size
//! and fingerprint, then by fingerprint alone; then, where a server has no ids, gave new ones or is
//! another one than before, across all ids. Where several messages look alike and fewer of them
//! are stored, all are retrieved: only their octets can tell which ([`BodyJudge`](crate::BodyJudge)).

use std::collections::HashMap;

use inhaul_types::{Fingerprint, Octets, Timestamp};

use crate::{IdTrust, Ledger, LedgerIndex, LedgerRow, LedgerState, LeftOutReason, Listed, Listing};
use crate::{ListingIndex, Probe, Proof, Retention, RowEpoch, RunPlan, RunPolicy};

use super::facts::{ASKS, Facts, Sizes};
use super::left_out::{Fresh, LeftOutRows};
use super::matching::{Pairing, Printed, pair_off, pair_unique};
use super::{known, renumbering};

/// What becomes of the probed messages.
#[derive(Clone, Debug, Default)]
pub struct ProbeVerdict {
    /// To be retrieved, after the plan's own, in this order.
    pub retrieve: Vec<ListingIndex>,
    /// To be retrieved behind all others, after the plan's own: lines were cut at them.
    pub retrieve_last: Vec<ListingIndex>,
    /// Known under another id or size: the row is to carry those listed now, and to be `Stored`.
    pub relink: Vec<(ListingIndex, LedgerIndex)>,
    /// Stored, proven to be the same message, and due for deletion. A pair may stand in `relink`
    /// too: re-link first.
    pub delete: Vec<(ListingIndex, LedgerIndex)>,
    /// Proven to be the message of this row, which is right as it is: nothing to do.
    pub same: Vec<(ListingIndex, LedgerIndex)>,
    /// To stay on the server; to be recorded with the reason. Only those not recorded yet.
    pub leave: Vec<(ListingIndex, LeftOutReason)>,
    /// Still there although a server confirmed their deletion.
    pub not_deleted: Vec<LedgerIndex>,
    /// Rows that only probing could find, and did not: no longer listed. See
    /// [`RunPlan::vanished`] for when to record it.
    pub vanished: Vec<LedgerIndex>,
    /// Ids turned out to be reused.
    pub ids_broken: bool,
}

/// Judges the messages that the plan wanted probed.
///
/// `probes` has what TOP said of each, `proofs` what the store knows of the rows in
/// [`RunPlan::proofs`]. A message whose probe is missing (the line was cut) is left alone until
/// the next run. To be called even if the plan probes nothing.
#[expect(
    clippy::too_many_arguments,
    reason = "each is a fact of its own, and most are plan_run's"
)]
pub fn judge_probes(
    listing: &Listing,
    ledger: &Ledger,
    others: &[Ledger],
    plan: &RunPlan,
    probes: &HashMap<ListingIndex, Probe>,
    proofs: &HashMap<LedgerIndex, Proof>,
    policy: &RunPolicy,
    now: Timestamp,
) -> ProbeVerdict {
    let mut judge = Judge {
        facts: Facts::new(listing, ledger, others, policy, now),
        plan,
        probes,
        proofs,
        entries: vec![Entry::Absent; listing.len()],
        rows: vec![Row::Free; ledger.len()],
        verdict: ProbeVerdict::default(),
    };
    judge.admit();
    judge.match_within_ids();
    judge.match_across_ids();
    judge.judge_the_rest();
    judge.verdict
}

struct Judge<'a> {
    facts: Facts<'a>,
    plan: &'a RunPlan,
    probes: &'a HashMap<ListingIndex, Probe>,
    proofs: &'a HashMap<LedgerIndex, Proof>,
    /// By message.
    entries: Vec<Entry>,
    /// By row.
    rows: Vec<Row>,
    verdict: ProbeVerdict,
}

/// How far a message is judged.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Entry {
    /// Not probed, or the probe was not answered: not judged in this run.
    Absent,
    /// Its header was read and has no row yet.
    Open,
    /// The server would not show its header.
    Refused,
    /// It looks like a stored message, but so do others, or chance may have it.
    Crowded,
    /// It is the message of a row.
    Settled,
}

/// How far a row is judged.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Row {
    /// It has no message yet.
    Free,
    /// Which message is its, if any, only octets can tell.
    Crowded,
    /// It has its message.
    Taken,
}

impl<'a> Judge<'a> {
    fn admit(&mut self) {
        for index in &self.plan.probe {
            self.entries[index.position()] = match self.probes.get(index) {
                Some(Probe::Read(_)) => Entry::Open,
                Some(Probe::Refused) => Entry::Refused,
                None => Entry::Absent,
            };
        }
    }

    fn match_within_ids(&mut self) {
        let Facts { listing, .. } = self.facts;
        let mut seen = vec![false; listing.len()];
        for index in &self.plan.probe {
            let Some(id) = listing.at(*index).unique_id else {
                continue;
            };
            let first = listing.first_with_unique_id(id).unwrap_or(*index);
            if !std::mem::replace(&mut seen[first.position()], true) {
                self.match_within_id(id);
            }
        }
    }

    fn match_within_id(&mut self, id: &[u8]) {
        let Facts {
            listing,
            ledger,
            sizes,
            ..
        } = self.facts;
        let with_id = || listing.with_unique_id(id).map(|entry| entry.index);
        let rows_of_id = || known::rows_of(ledger, id).map(|row| row.index);
        // Counted first: in the worst case all messages have this id, and a vector that grows takes
        // half as much again.
        let row_count = rows_of_id().count();
        let mut entries = Vec::with_capacity(with_id().count());
        let mut rows = Vec::with_capacity(row_count);
        entries.extend(with_id().filter_map(|index| self.open(index)));
        rows.extend(rows_of_id().filter_map(|index| self.free(index)));

        let pairing = self.pair_by_size(&mut entries, &mut rows, |_| true);
        self.note(&pairing);

        // What is left may have been resized. A row that was deleted and seen to be gone is not
        // resurrected by a look-alike of another size.
        entries.retain(|entry| self.entries[entry.index.position()] == Entry::Open);
        rows.retain(|row| {
            let is_gone = ledger.at(row.index).state == LedgerState::Deleted
                && !ledger.at(row.index).listed_last
                && sizes == Sizes::Listed;
            self.rows[row.index.position()] == Row::Free && !is_gone
        });
        let pairing = pair_off(
            &mut entries,
            &mut rows,
            |entry| Some(*entry.print),
            |row| Some(*row.print),
            |row| rank(&ledger.at(row)),
        );
        self.note(&pairing);

        let is = |index: ListingIndex, state| self.entries[index.position()] == state;
        let reused = row_count > 0 && with_id().any(|index| is(index, Entry::Open));
        // While one message of an id is not judged, its rows are nobody else's.
        if with_id().any(|index| is(index, Entry::Absent) || is(index, Entry::Refused)) {
            for row in rows_of_id() {
                let row = &mut self.rows[row.position()];
                if *row == Row::Free {
                    *row = Row::Crowded;
                }
            }
        }
        self.verdict.ids_broken |= reused;
    }

    /// Matches what has no id, what has a new one since the server renumbered, and what is listed
    /// by a server that took another's place.
    fn match_across_ids(&mut self) {
        let Facts {
            listing, ledger, ..
        } = self.facts;
        let past_only = !self.plan.renumbered && !listing.has_anonymous();
        let may_be_found = |row: &LedgerRow<'_>| match row.epoch {
            RowEpoch::Past => row.state != LedgerState::Deleted || row.listed_last,
            RowEpoch::Present => !past_only,
        };
        let candidates = || {
            let found = self
                .plan
                .proofs
                .iter()
                .filter(|row| may_be_found(&ledger.at(**row)));
            found.filter_map(|index| self.free(*index))
        };
        let probed = || self.plan.probe.iter().filter_map(|index| self.open(*index));
        let (mut entries, mut rows) = (Vec::new(), Vec::new());
        entries.reserve_exact(probed().count());
        rows.reserve_exact(candidates().count());
        entries.extend(probed());
        rows.extend(candidates());

        let by_size = self.pair_by_size(&mut entries, &mut rows, |size| size.is_some());
        self.mark(&by_size);

        // A fingerprint that is the only one of its kind on both sides proves a message of another
        // size. Not so for rows of an older epoch: there the size has to agree.
        rows.retain(|row| {
            let position = row.index.position();
            self.rows[position] == Row::Free && is_resizable(&ledger.at(row.index))
        });
        let by_print = pair_unique(&mut entries, &mut rows, |entry| {
            self.entries[entry.position()] == Entry::Open
        });
        self.mark(&by_print);

        let by_size_too = by_size.pairs.iter().chain(&by_size.shared);
        let pairs = || by_size_too.clone().chain(&by_print.pairs).copied();
        if self.plan.renumbered && pairs().count() < renumbering::FEWEST {
            // Another program may have emptied the maildrop, and these are mail that only looks
            // like what was there: a few are soon retrieved, and their octets tell for certain.
            for (entry, row) in pairs() {
                self.entries[entry.position()] = Entry::Crowded;
                self.rows[row.position()] = Row::Crowded;
            }
            return;
        }
        for (entry, row) in pairs() {
            self.settle(entry, row);
        }
    }

    fn judge_the_rest(&mut self) {
        let Facts {
            listing, ledger, ..
        } = self.facts;
        let left_out = LeftOutRows::new(self.facts);
        let ids_hold = ledger.trust() == IdTrust::Unbroken
            && !self.plan.renumbered
            && !self.plan.ids_broken
            && !self.verdict.ids_broken;
        for index in &self.plan.probe {
            let entry = listing.at(*index);
            let fresh = left_out.judge(&entry);
            match (self.entries[index.position()], self.known_by_id(&entry)) {
                (Entry::Absent | Entry::Settled, _) => {}
                (Entry::Refused, Some(row))
                    if ids_hold && self.facts.allows_deletion(&entry, &row) =>
                {
                    self.verdict.delete.push((*index, row.index));
                }
                // It is stored; only its octets will prove it. Where they are too many, it stays.
                (Entry::Refused, Some(_)) if matches!(fresh, Fresh::Leave(_) | Fresh::Stay) => {}
                (Entry::Open | Entry::Crowded | Entry::Refused, _) => match fresh {
                    // In order, as it may be: what was not probed has its place already.
                    Fresh::Retrieve | Fresh::RetrieveFirst => self.verdict.retrieve.push(*index),
                    Fresh::RetrieveLast => self.verdict.retrieve_last.push(*index),
                    Fresh::Leave(reason) => self.verdict.leave.push((*index, reason)),
                    Fresh::Stay => {}
                },
            }
        }
        self.note_vanished();
    }

    /// The row of a message that was probed only because it is due for deletion or its id is doubted:
    /// the one row of its id, stored, with its size.
    fn known_by_id(&self, entry: &Listed<'_>) -> Option<LedgerRow<'a>> {
        let Facts {
            listing, ledger, ..
        } = self.facts;
        let id = entry
            .unique_id
            .filter(|_| !listing.is_doubled(entry.index))?;
        let mut rows = known::rows_of(ledger, id);
        let (Some(row), None) = (rows.next(), rows.next()) else {
            return None;
        };
        let known = row.state == LedgerState::Stored && row.listed_size == entry.size;
        known.then_some(row)
    }

    fn note_vanished(&mut self) {
        let Facts {
            listing, ledger, ..
        } = self.facts;
        let all_read =
            self.plan.probe.iter().all(|index| {
                matches!(self.entries[index.position()], Entry::Open | Entry::Settled)
            });
        if !all_read || self.plan.postponed > 0 {
            return;
        }
        let unlisted = |row: &LedgerRow<'_>| {
            let only_probing_finds_it = match (row.epoch, row.unique_id) {
                (RowEpoch::Present, Some(_)) => false,
                (RowEpoch::Present, None) => listing.has_anonymous(),
                (RowEpoch::Past, _) => super::is_listed(listing, row) != super::Named::No,
            };
            // A row of a message left out may be the one that this run's delivery takes over.
            only_probing_finds_it && row.listed_last && row.state.is_stored()
        };
        let free = ledger
            .iter()
            .filter(|row| self.rows[row.index.position()] == Row::Free);
        self.verdict.vanished = free.filter(unlisted).map(|row| row.index).collect();
    }

    fn pair_by_size(
        &self,
        entries: &mut [Printed<'a, ListingIndex>],
        rows: &mut [Printed<'a, LedgerIndex>],
        counts: impl Fn(Option<Octets>) -> bool,
    ) -> Pairing {
        let Facts {
            listing, ledger, ..
        } = self.facts;
        let listed = |index| Some(listing.at(index).size).filter(|size| counts(*size));
        let recorded = |index| Some(ledger.at(index).listed_size).filter(|size| counts(*size));
        pair_off(
            entries,
            rows,
            |entry| listed(entry.index).map(|size| (*entry.print, size)),
            |row| recorded(row.index).map(|size| (*row.print, size)),
            |row| rank(&ledger.at(row)),
        )
    }

    fn note(&mut self, pairing: &Pairing) {
        self.mark(pairing);
        for (entry, row) in &pairing.pairs {
            if self.may_be_a_look_alike(*entry, *row) {
                self.leave_to_octets(*entry, *row);
            } else {
                self.settle(*entry, *row);
            }
        }
        for (entry, row) in &pairing.shared {
            // Another program may have deleted one of them, and a new one come: deleted unseen, it
            // would be stored nowhere.
            let (listed, known) = (self.facts.listing.at(*entry), self.facts.ledger.at(*row));
            if self.facts.allows_deletion(&listed, &known) {
                self.leave_to_octets(*entry, *row);
            } else {
                self.settle(*entry, *row);
            }
        }
    }

    /// Whether this may be another message than the one whose deletion a server has confirmed: it
    /// came since, and the server makes its ids of the header. Not so where ids hold and the
    /// octets have shown again and again that the server ignores deletions.
    fn may_be_a_look_alike(&self, entry: ListingIndex, row: LedgerIndex) -> bool {
        let (listed, row) = (self.facts.listing.at(entry), self.facts.ledger.at(row));
        let ids_hold = self.facts.ledger.trust() == IdTrust::Unbroken && !self.plan.ids_broken;
        let is_proven = ids_hold && row.asks >= ASKS && listed.size == row.listed_size;
        row.state == LedgerState::Deleted && !is_proven
    }

    /// Undoes a pair: the message is retrieved, and its octets tell whether it is stored.
    fn leave_to_octets(&mut self, entry: ListingIndex, row: LedgerIndex) {
        self.entries[entry.position()] = Entry::Crowded;
        self.rows[row.position()] = Row::Crowded;
    }

    fn mark(&mut self, pairing: &Pairing) {
        for entry in &pairing.crowd {
            self.entries[entry.position()] = Entry::Crowded;
        }
        for row in &pairing.crowded {
            self.rows[row.position()] = Row::Crowded;
        }
        for (entry, row) in pairing.pairs.iter().chain(&pairing.shared) {
            self.entries[entry.position()] = Entry::Settled;
            self.rows[row.position()] = Row::Taken;
        }
    }

    /// Says what becomes of a message that is a row's.
    fn settle(&mut self, entry: ListingIndex, row: LedgerIndex) {
        let pair = (entry, row);
        let (entry, row) = (self.facts.listing.at(entry), self.facts.ledger.at(row));
        let moved = row.epoch == RowEpoch::Past
            || row.unique_id != entry.unique_id
            || entry.size.is_some() && entry.size != row.listed_size
            || row.unique_id.is_none() && !row.listed_last;
        let delete = !self.plan.holds_deletion && self.facts.allows_deletion(&entry, &row);
        let reopen = match row.state {
            LedgerState::Stored | LedgerState::LeftOut(_) => false,
            // Asked for, and no longer wanted: it is a stored message like others.
            LedgerState::Asked => !delete,
            LedgerState::Deleted => {
                self.verdict.not_deleted.push(row.index);
                self.facts.policy.retention == Retention::Keep
            }
        };
        if moved || reopen {
            self.verdict.relink.push(pair);
        }
        if delete {
            self.verdict.delete.push(pair);
        }
        if !moved && !reopen && !delete {
            self.verdict.same.push(pair);
        }
    }

    fn open(&self, index: ListingIndex) -> Option<Printed<'a, ListingIndex>> {
        match self.probes.get(&index)? {
            Probe::Read(print) if self.entries[index.position()] == Entry::Open => {
                Some(Printed { index, print })
            }
            Probe::Read(_) | Probe::Refused => None,
        }
    }

    fn free(&self, index: LedgerIndex) -> Option<Printed<'a, LedgerIndex>> {
        let print: &Fingerprint = self.proofs.get(&index)?.fingerprint.as_ref()?;
        (self.rows[index.position()] == Row::Free).then_some(Printed { index, print })
    }
}

/// Which of several like rows is taken first: the one whose message is likeliest to be there.
fn rank(row: &LedgerRow<'_>) -> (bool, u8) {
    let likelihood = match row.state {
        LedgerState::Stored => 0,
        LedgerState::Asked => 1,
        LedgerState::Deleted if row.listed_last => 2,
        LedgerState::Deleted => 3,
        LedgerState::LeftOut(_) => 4,
    };
    (row.epoch == RowEpoch::Past, likelihood)
}

fn is_resizable(row: &LedgerRow<'_>) -> bool {
    row.epoch == RowEpoch::Present && matches!(row.state, LedgerState::Stored | LedgerState::Asked)
}
