//! Known answers: each rule of a run's plan by itself. The name of a test is the rule.

#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and so may what only tests call"
)]

mod bodies;
mod contested;
mod deletion;
mod hostile;
mod known;
mod left_out;
mod partial;
mod renumbering;
mod share;
mod sizes;

use std::collections::HashMap;

use inhaul_domain::{
    BodyJudge, IdTrust, Ledger, LedgerIndex, LedgerState, Listing, ListingIndex, NewLedgerRow,
    Probe, ProbeVerdict, Proof, Retention, RowEpoch, RunPlan, RunPolicy, SessionSize, StartPoint,
    judge_probes, plan_run,
};
use inhaul_types::{Digest, Fingerprint, LedgerId, MessageNumber, Octets, Timestamp};

/// A row, with what the store would prove of it.
#[derive(Clone, Copy)]
struct Row {
    id: Option<&'static str>,
    size: Option<u64>,
    state: LedgerState,
    hours_ago: i64,
    listed_last: bool,
    asks: u8,
    epoch: RowEpoch,
    print: u8,
    octets: u8,
}

/// A stored message of the last listing; `print` stands for its header and its octets.
fn stored(id: &'static str, size: u64, print: u8) -> Row {
    Row {
        id: Some(id),
        size: Some(size),
        state: LedgerState::Stored,
        hours_ago: 0,
        listed_last: true,
        asks: 0,
        epoch: RowEpoch::Present,
        print,
        octets: print,
    }
}

/// A listed message.
#[derive(Clone, Copy)]
struct Line {
    id: Option<&'static str>,
    size: Option<u64>,
    probe: Option<Probe>,
}

fn line(id: &'static str, size: u64, print: u8) -> Line {
    Line {
        id: Some(id),
        size: Some(size),
        probe: Some(Probe::Read(fingerprint(print))),
    }
}

/// A listed message of a server without TOP.
fn mute(id: &'static str, size: u64) -> Line {
    Line {
        id: Some(id),
        size: Some(size),
        probe: Some(Probe::Refused),
    }
}

fn anonymous(size: u64, print: u8) -> Line {
    Line {
        id: None,
        ..line("", size, print)
    }
}

const KEEP: RunPolicy = RunPolicy {
    retention: Retention::Keep,
    largest: None,
    relinked_deletion_held_until: None,
    start: StartPoint::Everything,
    session: SessionSize::UNBOUND,
    asks_again: true,
};
const DELETE: RunPolicy = RunPolicy {
    retention: Retention::Delete,
    ..KEEP
};

/// A maildrop and its ledger at one moment.
struct Scene {
    listing: Listing,
    ledger: Ledger,
    others: Vec<Ledger>,
    policy: RunPolicy,
    probes: HashMap<ListingIndex, Probe>,
    rows: Vec<Row>,
}

impl Scene {
    fn new(policy: RunPolicy, rows: &[Row], lines: &[Line]) -> Self {
        let mut listing = Listing::new();
        for (number, line) in (1..).zip(lines) {
            let number = MessageNumber::new(number).unwrap();
            listing
                .push_unique_id(number, line.id.unwrap_or_default().as_bytes())
                .unwrap();
            if let Some(size) = line.size {
                listing.push_size(number, Octets::new(size)).unwrap();
            }
        }
        let probed = listing.iter().zip(lines);
        let probes = probed
            .filter_map(|(listed, line)| Some((listed.index, line.probe?)))
            .collect();
        let ledger = ledger(IdTrust::Unbroken, rows);
        Self {
            listing,
            ledger,
            others: Vec::new(),
            policy,
            probes,
            rows: rows.to_vec(),
        }
    }

    fn broken(mut self) -> Self {
        self.ledger = ledger(IdTrust::Broken, &self.rows);
        self
    }

    fn with_other(mut self, rows: &[Row]) -> Self {
        self.others.push(ledger(IdTrust::Unbroken, rows));
        self
    }

    fn plan(&self) -> RunPlan {
        plan_run(
            &self.listing,
            &self.ledger,
            &self.others,
            &self.policy,
            now(),
        )
    }

    /// The proofs the plan asked for, and no others.
    fn proofs(&self, plan: &RunPlan) -> HashMap<LedgerIndex, Proof> {
        let proof = |row: Row| Proof {
            fingerprint: Some(fingerprint(row.print)),
            digest: Some(digest(row.octets)),
            size: Octets::ZERO,
        };
        plan.proofs
            .iter()
            .map(|index| (*index, proof(self.rows[index.position()])))
            .collect()
    }

    fn judge(&self) -> (RunPlan, ProbeVerdict) {
        let plan = self.plan();
        let probes: HashMap<_, _> = plan
            .probe
            .iter()
            .filter_map(|index| Some((*index, *self.probes.get(index)?)))
            .collect();
        let verdict = judge_probes(
            &self.listing,
            &self.ledger,
            &self.others,
            &plan,
            &probes,
            &self.proofs(&plan),
            &self.policy,
            now(),
        );
        (plan, verdict)
    }

    fn verdict(&self) -> ProbeVerdict {
        self.judge().1
    }

    fn bodies(&self) -> BodyJudge {
        let (plan, verdict) = self.judge();
        BodyJudge::new(
            &self.listing,
            &self.ledger,
            &plan,
            &verdict,
            &self.proofs(&plan),
        )
    }

    fn message(&self, place: usize) -> ListingIndex {
        self.listing.iter().nth(place).unwrap().index
    }

    fn row(&self, place: usize) -> LedgerIndex {
        self.ledger.iter().nth(place).unwrap().index
    }
}

fn ledger(trust: IdTrust, rows: &[Row]) -> Ledger {
    let mut ledger = Ledger::new(trust);
    for (id, row) in (1..).zip(rows) {
        ledger.push(NewLedgerRow {
            id: LedgerId::new(id),
            unique_id: row.id.map(str::as_bytes),
            listed_size: row.size.map(Octets::new),
            state: row.state,
            since: Timestamp::from_millis(now().millis() - row.hours_ago * 3_600_000),
            listed_last: row.listed_last,
            asks: row.asks,
            epoch: row.epoch,
        });
    }
    ledger
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_773_483_726_000)
}

fn in_hours(hours: i64) -> Timestamp {
    Timestamp::from_millis(now().millis() + hours * 3_600_000)
}

fn fingerprint(print: u8) -> Fingerprint {
    Fingerprint::new([print; 32])
}

fn digest(octets: u8) -> Digest {
    Digest::new([octets; 32])
}

/// Places instead of indices, which tests cannot write down.
trait Places {
    type Places;
    fn places(&self) -> Self::Places;
}

impl Places for Vec<ListingIndex> {
    type Places = Vec<usize>;
    fn places(&self) -> Vec<usize> {
        self.iter().map(|index| index.position()).collect()
    }
}

impl Places for Vec<LedgerIndex> {
    type Places = Vec<usize>;
    fn places(&self) -> Vec<usize> {
        self.iter().map(|index| index.position()).collect()
    }
}

impl Places for Vec<(ListingIndex, LedgerIndex)> {
    type Places = Vec<(usize, usize)>;
    fn places(&self) -> Vec<(usize, usize)> {
        self.iter()
            .map(|(entry, row)| (entry.position(), row.position()))
            .collect()
    }
}
