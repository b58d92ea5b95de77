//! From the plan to what this session does: ledger changes, and the errand.

use std::sync::Arc;

use inhaul_domain::{
    BodyJudge, Ledger, LedgerIndex, LeftOutReason, Listing, Part, ProbeVerdict, RunPlan,
    looks_partial,
};
use inhaul_store::LedgerChange;
use inhaul_types::{ErrorCode, LedgerId, MessageNumber, Octets, UniqueId};

use super::{Known, RELINK_HOLD, Visit};
use crate::failure::RunError;
use crate::session::delivery::newest_row;
use crate::session::retrieve::Errand;

impl Visit<'_> {
    /// Turns the plan's findings into ledger changes.
    pub(super) fn note_plan(
        &mut self,
        listing: &Listing,
        ledger: &Ledger,
        plan: &RunPlan,
        verdict: &ProbeVerdict,
    ) {
        let rows = |indexes: &[LedgerIndex]| -> Vec<LedgerId> {
            indexes.iter().map(|index| ledger.at(*index).id).collect()
        };
        let unique_id = |octets: Option<&[u8]>| octets.and_then(|id| UniqueId::parse(id).ok());
        let lists_in_parts = self.retrieval.lists_in_parts || looks_partial(listing, ledger);
        let changes = &mut self.outcome.changes;
        if lists_in_parts && !self.retrieval.lists_in_parts {
            self.retrieval.lists_in_parts = true;
            changes.push(LedgerChange::ListsInParts);
        }
        if plan.holds_deletion {
            let until = (self.engine.clock)().plus(RELINK_HOLD);
            changes.push(LedgerChange::HoldRelinkedDeletion(Some(until)));
        }
        if !plan.appeared.is_empty() {
            changes.push(LedgerChange::Appeared(rows(&plan.appeared)));
        }
        if plan.ids_broken || verdict.ids_broken {
            changes.push(LedgerChange::IdsBroken);
        }
        for (index, reason) in plan.leave.iter().chain(&verdict.leave) {
            let listed = listing.at(*index);
            changes.push(LedgerChange::Leave {
                unique_id: unique_id(listed.unique_id),
                listed_size: listed.size,
                reason: *reason,
                detail: left_out_text(*reason, listed.size),
            });
        }
        for (index, row) in &verdict.relink {
            let listed = listing.at(*index);
            changes.push(LedgerChange::Relink {
                row: ledger.at(*row).id,
                unique_id: unique_id(listed.unique_id),
                listed_size: listed.size,
            });
        }
        let left = plan.leave.iter().chain(&verdict.leave);
        let count = |reasons: &[LeftOutReason]| {
            let is_one = |(_, reason): &&(_, LeftOutReason)| reasons.contains(reason);
            left.clone().filter(is_one).count() as u64
        };
        self.outcome.left = count(&[
            LeftOutReason::TooLarge,
            LeftOutReason::Refused,
            LeftOutReason::Poisoned,
        ]);
        let too_large = count(&[LeftOutReason::TooLarge]);
        let relinked = if plan.holds_deletion {
            verdict.relink.len() as u64
        } else {
            0
        };
        self.note(ErrorCode::TooLarge, too_large);
        self.note(ErrorCode::IdsChanged, relinked);
        self.note(ErrorCode::NotDeleted, plan.not_deleted);
    }

    /// What is no longer listed is recorded by a run that ended well only: a message that came
    /// under a new id may still be re-linked while bodies arrive.
    pub(super) fn note_vanished(&mut self, ledger: &Ledger, judge: &BodyJudge) {
        let rows: Vec<_> = judge
            .vanished()
            .into_iter()
            .map(|row| ledger.at(row).id)
            .collect();
        if !rows.is_empty() {
            self.outcome.changes.push(LedgerChange::Vanished(rows));
        }
    }

    /// Re-links and the hold on deletion are durable before anything is deleted by them.
    pub(super) async fn apply_before_deleting(&mut self) -> Result<(), RunError> {
        let changes = std::mem::take(&mut self.outcome.changes);
        if changes.is_empty() {
            return Ok(());
        }
        Ok(self
            .engine
            .store
            .ledger_apply(self.retrieval.maildrop, changes)
            .await?)
    }

    pub(super) fn errand<'a>(
        &'a self,
        known: &'a Known,
        listing: &'a Listing,
        plan: &RunPlan,
        verdict: &ProbeVerdict,
        part: Part,
        judge: &'a mut BodyJudge,
    ) -> Errand<'a> {
        let delete: Vec<(MessageNumber, LedgerId)> = verdict
            .delete
            .iter()
            .map(|(index, row)| (listing.at(*index).number, known.ledger.at(*row).id))
            .collect();
        let mut policy = self.policy();
        if plan.holds_deletion {
            policy.relinked_deletion_held_until = Some((self.engine.clock)().plus(RELINK_HOLD));
        }
        Errand {
            store: Arc::clone(&self.engine.store),
            budget: Arc::clone(&self.engine.budget),
            spool: self.engine.checks().spool.clone(),
            now: &*self.engine.clock,
            observer: self.observer,
            run: self.run,
            retrieval: &self.retrieval,
            listing,
            ledger: &known.ledger,
            others: &known.others,
            sharing: None,
            peer: self.outcome.learned.peer,
            newest_row: newest_row(self.outcome.learned.peer, &known.ledger),
            policy,
            judge,
            ahead: Vec::new(),
            retrieve: part.retrieve,
            spare: part.spare,
            postponed_messages: part.postponed,
            postponed_deletions: plan.postponed,
            octets: self.octets_most(),
            room: self.account_room(),
            stored_before: self.outcome.earlier.stored,
            delete,
            pipelining: false,
            deadline: self.deadline,
            hard_deadline: self.deadline + self.engine.checks().read_timeout,
            stop: self.stop.clone(),
        }
    }
}

/// Why a message stays there that went round.
pub(crate) const LOOP: &str = "it is here already, and the server is an inhaul too: a loop";

/// Why a message stays there that a catch-all has shared out already.
pub(crate) const OWN_TRACE: &str =
    "it carries this installation's own X-Inhaul-Instance: it was shared out here before, a loop";

/// Why a message stays there, in words.
pub(crate) fn left_out_text(reason: LeftOutReason, size: Option<Octets>) -> String {
    let size = size
        .map(|size| format!(" ({size} octets)"))
        .unwrap_or_default();
    match reason {
        LeftOutReason::TooLarge => format!("larger than the limit{size}"),
        LeftOutReason::Refused => "the server would not hand it over".to_owned(),
        LeftOutReason::Poisoned => "the line was cut at it again and again".to_owned(),
        LeftOutReason::Interrupted => "the line was cut while it came".to_owned(),
        LeftOutReason::Unwanted => {
            "it was there before the time from which mail is wanted".to_owned()
        }
        LeftOutReason::Ordered => "it was ordered and has not come yet".to_owned(),
        LeftOutReason::Loop => LOOP.to_owned(),
    }
}
