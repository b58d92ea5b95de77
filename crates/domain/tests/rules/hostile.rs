//! A server that chooses ids, sizes, order and doubles to hurt. There is no time limit here: what
//! is quadratic in 200,000 does not end.

use std::collections::HashMap;

use inhaul_domain::{
    BodyJudge, IdTrust, Ledger, LedgerState, LeftOutReason, Listing, NewLedgerRow, Probe, Proof,
    RowEpoch, RunPolicy, deletes_fetched, judge_probes, needs_sizes, plan_run,
};
use inhaul_types::{Digest, Fingerprint, LedgerId, MessageNumber, Octets};

use crate::{DELETE, now};

const MANY: u32 = 200_000;

/// Enough to be noticed if it were quadratic, and few enough for a test without optimisation.
const ENOUGH: u32 = 20_000;

#[derive(Clone, Copy, Debug)]
enum Names {
    Same,
    Distinct,
    /// The ledger's and the listing's have nothing in common.
    Renumbered,
    None,
}

#[derive(Clone, Copy, Debug)]
enum Headers {
    Same,
    Distinct,
    Refused,
}

impl Names {
    fn listed(self, number: u32) -> Vec<u8> {
        match self {
            Self::Same => b"same".to_vec(),
            Self::Distinct => format!("{number:020}").into_bytes(),
            Self::Renumbered => format!("new{number:017}").into_bytes(),
            Self::None => Vec::new(),
        }
    }

    fn recorded(self, number: u32) -> Option<Vec<u8>> {
        match self {
            Self::Same | Self::Distinct => Some(self.listed(number)),
            Self::Renumbered => Some(Self::Distinct.listed(number)),
            Self::None => None,
        }
    }
}

impl Headers {
    fn print(self, number: u32) -> [u8; 32] {
        let mut octets = [0; 32];
        if let Self::Distinct = self {
            octets[..4].copy_from_slice(&number.to_be_bytes());
        }
        octets
    }
}

fn listing(many: u32, names: Names) -> Listing {
    let mut listing = Listing::new();
    for number in (1..=many).rev() {
        listing
            .push_unique_id(MessageNumber::new(number).unwrap(), &names.listed(number))
            .unwrap();
    }
    for number in 1..=many {
        listing
            .push_size(MessageNumber::new(number).unwrap(), Octets::new(7))
            .unwrap();
    }
    listing
}

fn ledger(many: u32, names: Names, state: LedgerState) -> Ledger {
    let mut ledger = Ledger::new(IdTrust::Broken);
    for number in 1..=many {
        ledger.push(NewLedgerRow {
            id: LedgerId::new(number.into()),
            unique_id: names.recorded(number).as_deref(),
            listed_size: Some(Octets::new(7)),
            state,
            since: now(),
            listed_last: true,
            asks: 0,
            epoch: RowEpoch::Present,
        });
    }
    ledger
}

fn visit(many: u32, names: Names, headers: Headers, state: LedgerState, others: &[Ledger]) {
    let listing = listing(many, names);
    let ledger = ledger(many, names, state);
    let policy: RunPolicy = DELETE;
    let stat = Some((many.into(), Octets::new(7 * u64::from(many))));
    needs_sizes(&listing, stat, &ledger, &policy, now());
    let plan = plan_run(&listing, &ledger, others, &policy, now());
    let probe = |number: u32| match headers {
        Headers::Refused => Probe::Refused,
        Headers::Same | Headers::Distinct => Probe::Read(Fingerprint::new(headers.print(number))),
    };
    let probes: HashMap<_, _> = plan
        .probe
        .iter()
        .map(|index| (*index, probe(listing.at(*index).number.number())))
        .collect();
    let proofs: HashMap<_, _> = plan
        .proofs
        .iter()
        .map(|index| {
            let print = headers.print(u32::try_from(index.position()).unwrap() + 1);
            let fingerprint = Some(Fingerprint::new(print));
            let digest = Some(Digest::new([0; 32]));
            (
                *index,
                Proof {
                    fingerprint,
                    digest,
                    size: Octets::new(7),
                },
            )
        })
        .collect();
    let verdict = judge_probes(
        &listing,
        &ledger,
        others,
        &plan,
        &probes,
        &proofs,
        &policy,
        now(),
    );
    let mut bodies = BodyJudge::new(&listing, &ledger, &plan, &verdict, &proofs);
    for index in plan.retrieve.iter().chain(&verdict.retrieve) {
        let judged = bodies.judge(*index, &Digest::new([0; 32]));
        deletes_fetched(&listing, *index, judged, &ledger, others, &policy, now());
    }
    let judged = plan.retrieve.len()
        + plan.leave.len()
        + verdict.retrieve.len()
        + verdict.delete.len()
        + verdict.relink.len()
        + verdict.same.len();
    assert!(judged >= listing.len() || !plan.leave.is_empty() || plan.probe.is_empty());
    bodies.vanished();
}

#[test]
fn two_hundred_thousand_messages_with_one_id_or_with_one_each_are_planned() {
    for names in [Names::Same, Names::Distinct] {
        visit(MANY, names, Headers::Distinct, LedgerState::Stored, &[]);
    }
}

#[test]
fn no_choice_of_ids_and_headers_makes_planning_quadratic() {
    for names in [Names::Same, Names::Distinct, Names::Renumbered, Names::None] {
        for headers in [Headers::Same, Headers::Distinct, Headers::Refused] {
            visit(ENOUGH, names, headers, LedgerState::Stored, &[]);
        }
    }
}

#[test]
fn neither_do_rows_left_out_nor_other_retrievals() {
    let left_out = LedgerState::LeftOut(LeftOutReason::Refused);
    for names in [Names::Same, Names::Distinct, Names::None] {
        visit(ENOUGH, names, Headers::Same, left_out, &[]);
        let other = ledger(ENOUGH, names, LedgerState::Stored);
        visit(ENOUGH, names, Headers::Same, LedgerState::Stored, &[other]);
    }
}
