//! How much a run may bring: what the settings, the account and the one who asked say, less what its
//! earlier sessions brought.

use inhaul_domain::limits::Limits;
use inhaul_domain::{
    Amount, AtOwnLimit, Coming, LeftInRun, Listing, ProbeVerdict, Retention, RunBounds, RunPlan,
    RunPolicy, coming,
};
use inhaul_types::{ErrorCode, Octets};

use super::Visit;
use crate::failure::RunError;
use crate::session::retrieve::AccountRoom;

impl Visit<'_> {
    pub(super) fn policy(&self) -> RunPolicy {
        // A restored installation may know less than it has deleted since: a person looks first.
        let kept = self.options.keep || self.allowance.deletion_paused;
        RunPolicy {
            retention: if kept {
                Retention::Keep
            } else {
                self.retrieval.retention
            },
            largest: self.largest(),
            relinked_deletion_held_until: self.retrieval.relinked_deletion_held_until,
            asks_again: self.outcome.earlier.sessions == 0,
            start: self.retrieval.start,
            session: self.retrieval.session_size,
        }
    }

    /// The limits that hold for the account that is filled.
    fn limits(&self) -> Limits {
        self.engine.checks().limits.and(&self.allowance.limits)
    }

    /// What is larger stays there. What is larger than the whole mailbox here will never fit it.
    fn largest(&self) -> Option<Octets> {
        let limits = self.limits();
        let largest = [
            self.retrieval.limits.largest,
            limits.message,
            limits.mailbox,
        ];
        largest.into_iter().flatten().min()
    }

    pub(super) fn bounds(&self) -> RunBounds {
        let own = self.retrieval.limits;
        let at_own_limit = match own.reconnect {
            true => AtOwnLimit::SignInAgain,
            false => AtOwnLimit::End,
        };
        RunBounds::new(
            &self.limits(),
            Amount {
                messages: own.max_messages.map(u64::from),
                octets: own.max_octets,
            },
            at_own_limit,
            self.engine.checks().batch,
            self.options.most,
        )
    }

    /// Whether what is wanted has to be known before anything is asked for.
    pub(super) fn is_bounded(&self) -> bool {
        self.bounds().are_any() || self.largest().is_some()
    }

    /// What this session, and those behind it, may bring.
    pub(super) fn left_in_run(&self) -> Amount {
        let earlier = &self.outcome.earlier;
        self.bounds().run.less(earlier.stored, earlier.octets)
    }

    /// Octets that the account has room for.
    fn room(&self) -> Option<Octets> {
        let limit = self.limits().mailbox?.count();
        let room = limit.saturating_sub(self.allowance.octets.count());
        Some(Octets::new(room))
    }

    pub(super) fn account_room(&self) -> Option<AccountRoom> {
        Some(AccountRoom {
            account: self.retrieval.account,
            limit: self.limits().mailbox?,
            used: self.allowance.octets,
        })
    }

    /// What this session may bring in octets, for whoever counts them as they come.
    pub(super) fn octets_most(&self) -> Option<Octets> {
        self.bounds().session.and(self.left_in_run()).octets
    }

    /// What of the messages that are wanted this session and those behind it bring.
    pub(super) fn coming(
        &self,
        listing: &Listing,
        plan: &RunPlan,
        verdict: &ProbeVerdict,
    ) -> Coming {
        let left = LeftInRun {
            amount: self.left_in_run(),
            brought: self.outcome.earlier.stored,
            room: self.room(),
        };
        coming(listing, plan, verdict, &left)
    }

    /// How much this session may bring, by the settings and by what the line has shown.
    pub(super) fn session_most(&self) -> Amount {
        let line = self.retrieval.session_size.messages();
        self.bounds().session.and(Amount {
            messages: line.map(u64::from),
            octets: None,
        })
    }

    /// A run that left something because the account is full says so, however well it ended.
    pub(super) async fn unless_full(&mut self) -> Result<(), RunError> {
        let held_back = self.outcome.tally.held_back;
        let Some(limit) = self.limits().mailbox.filter(|_| held_back > 0) else {
            return Ok(());
        };
        self.note(ErrorCode::MailboxFull, held_back);
        let store = &self.engine.store;
        let used = store
            .account_allowance(self.retrieval.account)
            .await?
            .octets;
        Err(RunError::MailboxFull { used, limit })
    }
}
