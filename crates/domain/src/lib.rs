#![doc = include_str!("../README.md")]

mod id_chains;
mod ledger;
pub mod limits;
mod listing;
mod maybe_size;
pub mod notices;
mod plan;
pub mod providers;
pub mod queue;
pub mod reach;
pub mod route;
pub mod schedule;
pub mod search;
mod server_spec;
pub mod spans;
pub mod stages;
pub mod standing;
pub mod tries;
pub mod trigger;

pub use ledger::{
    IdTrust, Ledger, LedgerEvent, LedgerIndex, LedgerRow, LedgerState, LeftOutReason, NewLedgerRow,
    Proof, RowEpoch,
};
pub use listing::{Listed, Listing, ListingIndex, ListingTooLong};
pub use plan::{
    Amount, AtOwnLimit, BodyJudge, BodyVerdict, Coming, LeftInRun, Part, Probe, ProbeVerdict,
    Retention, RunBounds, RunPlan, RunPolicy, SessionSize, StartPoint, coming, deletes_fetched,
    expects_nothing_known, first_numbers, is_ordered, judge_cut, judge_dates, judge_probes,
    looks_partial, needs_sizes, plan_run,
};
pub use server_spec::{Security, ServerSpec};
