//! A message that came, made ready for the store: where it goes, and what is known of it.

use inhaul_domain::{Ledger, LedgerState, ListingIndex, is_ordered};
use inhaul_message::{HeaderBlock, arrived, fingerprint, summarize};
use inhaul_store::{Delivery, IfHeld, Placement, Summary};
use inhaul_types::{AccountId, Digest, LedgerId, Octets, Timestamp, UniqueId};

use crate::budget::Reservation;
use crate::run::LOOP;
use crate::session::peer::Peer;
use crate::session::retrieve::Errand;
use crate::sharing::Shared;
use crate::spool::Received;

/// What becomes of the server's copy once the message is durable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Afterwards {
    Stays,
    IsDeleted,
}

/// A message that can be committed.
pub(super) struct Ready {
    pub(super) delivery: Delivery,
    /// Whose folders a catch-all's message goes into.
    pub(super) accounts: Vec<AccountId>,
    /// What it takes of the memory, until it is durable.
    pub(super) reservation: Reservation,
}

impl Errand<'_> {
    /// Makes a message ready.
    pub(super) fn delivery(
        &self,
        index: ListingIndex,
        received: Received,
        afterwards: Afterwards,
    ) -> Ready {
        let listed = self.listing.at(index);
        let header = HeaderBlock::new(received.head());
        let summary = summarize(received.head());
        let shared = self.shared(&header, received.behind_header);
        let delivery = Delivery {
            digest: received.digest,
            header_size: Octets::of_len(header.len()),
            fingerprint: fingerprint(&header),
            summary: Summary {
                from: summary.from,
                subject: summary.subject,
                date: summary.date,
                message_id: summary.message_id,
                has_attachment: summary.has_attachment,
            },
            placements: shared.placements,
            internal_date: self.arrived(&header),
            unique_id: unique_id(listed.unique_id),
            listed_size: listed.size,
            // Recorded as asked before it is asked: a crash in between repeats the question.
            state: match afterwards {
                Afterwards::IsDeleted => LedgerState::Asked,
                Afterwards::Stays => LedgerState::Stored,
            },
            if_held: self.if_held(index),
            identity: shared.identity,
            unclaimed: shared.unclaimed,
            body: received.body,
        };
        Ready {
            delivery,
            accounts: shared.accounts,
            reservation: received.reservation,
        }
    }

    /// When it came to the server that has it, as far as it says so and the clock allows it: what comes
    /// with the first run is listed by its age, not in the order in which it was brought.
    fn arrived(&self, header: &HeaderBlock<'_>) -> Timestamp {
        let now = (self.now)();
        let arrived = arrived(header).filter(|at| *at <= now && at.millis() > 0);
        arrived.unwrap_or(now)
    }

    /// Whether a message that came was handed on by this installation, and nobody has ordered it.
    pub(super) fn is_own(&self, index: ListingIndex, received: &Received) -> bool {
        self.sharing.as_ref().is_some_and(|sharing| {
            sharing.is_own(&HeaderBlock::new(received.head()))
                && !is_ordered(self.listing, index, self.ledger)
        })
    }

    fn shared(&self, header: &HeaderBlock<'_>, behind_header: Option<Digest>) -> Shared {
        match (&self.sharing, behind_header) {
            (Some(sharing), Some(body)) => sharing.share(header, &body),
            _ => Shared {
                placements: vec![Placement {
                    folder: self.retrieval.folder,
                    why: format!("retrieval {}", self.retrieval.name),
                    recipients: Vec::new(),
                }],
                ..Shared::default()
            },
        }
    }

    /// Only of an inhaul messages come that went round. What a person has ordered comes once more.
    fn if_held(&self, index: ListingIndex) -> IfHeld {
        match self.peer {
            Peer::Inhaul if !is_ordered(self.listing, index, self.ledger) => IfHeld::Leave {
                seen: self.newest_row,
                detail: LOOP,
            },
            Peer::Inhaul | Peer::Stranger => IfHeld::Store,
        }
    }
}

/// The last row of a ledger, for a server that may send what it had from here; nobody else asks.
pub(crate) fn newest_row(peer: Peer, ledger: &Ledger) -> Option<LedgerId> {
    match peer {
        Peer::Inhaul => ledger.iter().map(|row| row.id).max(),
        Peer::Stranger => None,
    }
}

pub(super) fn unique_id(listed: Option<&[u8]>) -> Option<UniqueId> {
    listed.and_then(|octets| UniqueId::parse(octets).ok())
}
