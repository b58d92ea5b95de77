//! Plans one run from what the server lists and what the ledger says of it.
//!
//! Three judgements, in the order in which a session learns: [`plan_run`] when the listing is
//! there, [`judge_probes`] when the headers that the plan wanted to see are there, and
//! [`BodyJudge`] for each message retrieved. None leaves a choice to the engine.

use std::collections::HashMap;

use inhaul_types::{Digest, Fingerprint, Octets, Timestamp};

use crate::{LeftOutReason, Ledger, LedgerIndex, Listing, ListingIndex, Proof};

/// What happens to the remote copy after ours is durable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Retention {
    /// It stays.
    Keep,
    /// It is deleted in the same session.
    Delete,
    /// It is deleted this many days after it was stored.
    DeleteAfter {
        /// Whole days of 24 hours.
        days: u32,
    },
}

/// What the owner wants of this run.
#[derive(Clone, Copy, Debug)]
pub struct RunPolicy {
    /// What happens to remote copies.
    pub retention: Retention,
    /// Messages listed larger than this stay where they are.
    pub largest: Option<Octets>,
    /// Deletion of messages that were re-linked after a renumbering waits until then.
    pub relinked_deletion_held_until: Option<Timestamp>,
}

/// What the server must be asked, and what may be done, once it has listed its messages.
#[derive(Clone, Debug, Default)]
pub struct RunPlan {
    /// To be retrieved, in this order.
    pub retrieve: Vec<ListingIndex>,
    /// Headers to be read (`TOP n 0`) before these can be judged, in this order.
    pub probe: Vec<ListingIndex>,
    /// To stay on the server; to be recorded with the reason. Only those not recorded yet.
    pub leave: Vec<(ListingIndex, LeftOutReason)>,
    /// Rows whose [`Proof`] the later judgements need.
    pub proofs: Vec<LedgerIndex>,
    /// Rows listed now that the listing before did not name.
    pub appeared: Vec<LedgerIndex>,
    /// Rows not listed now that the listing before named.
    pub vanished: Vec<LedgerIndex>,
    /// 5 or more messages were expected and none is listed: the server renumbered.
    pub renumbered: bool,
    /// Ids are doubled, reused or resized: from now on they prove nothing in this maildrop.
    pub ids_broken: bool,
}

/// What `TOP n 0` said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Probe {
    /// The header's fingerprint.
    Read(Fingerprint),
    /// The server knows no TOP, or not for this message.
    Refused,
}

/// What becomes of the probed messages.
#[derive(Clone, Debug, Default)]
pub struct ProbeVerdict {
    /// To be retrieved, after the plan's own, in this order.
    pub retrieve: Vec<ListingIndex>,
    /// Known under another id or size: the row is to carry those listed now.
    pub relink: Vec<(ListingIndex, LedgerIndex)>,
    /// Stored, proven to be the same message, and due for deletion.
    pub delete: Vec<(ListingIndex, LedgerIndex)>,
}
