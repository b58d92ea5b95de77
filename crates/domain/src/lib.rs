//! Judgement: every decision we want to explain to an operator, as values in and values out.
//!
//! No I/O, no SQL, no async, no clock: `now` is an argument.

mod ledger;
mod listing;
mod plan;

pub use ledger::{
    IdTrust, LeftOutReason, Ledger, LedgerIndex, LedgerRow, LedgerState, NewLedgerRow, Proof,
    RowEpoch,
};
pub use listing::{Listed, Listing, ListingIndex, ListingTooLong};
pub use plan::{Probe, ProbeVerdict, Retention, RunPlan, RunPolicy};
