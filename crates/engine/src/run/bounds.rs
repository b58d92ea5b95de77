//! How much a run may bring: what the settings, the account and the one who asked say, less what its
//! earlier sessions brought.

use inhaul_domain::limits::Limits;
use inhaul_domain::{
    Amount, AtOwnLimit, Coming, LeftInRun, Listing, ProbeVerdict, Retention, RunBounds, RunPlan,
    RunPolicy, coming,
};
use inhaul_store::Routing;
use inhaul_types::{ErrorCode, Octets};

use super::{Outcome, Visit};
use crate::failure::RunError;
use crate::session::batch::AccountRoom;

/// Whose folders a run fills.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Filled {
    One,
    Many,
}

impl Visit<'_> {
    pub(super) fn policy(&self) -> RunPolicy {
        // A restored installation may know less than it has deleted since: a person looks first.
        let kept =
            self.options.keep || self.allowance.deletion_paused || self.retrieval.first_run_keeps;
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

    fn filled(&self) -> Filled {
        match self.retrieval.routing {
            Routing::Single => Filled::One,
            Routing::CatchAll(_) => Filled::Many,
        }
    }

    /// How many accounts may get one message, beside what the retrieval says.
    pub(super) fn recipients_most(&self) -> Option<u32> {
        self.limits().recipients
    }

    /// The limits that hold for the account that is filled.
    fn limits(&self) -> Limits {
        self.engine.checks().limits.and(&self.allowance.limits)
    }

    /// What is larger stays there. What is larger than the whole mailbox here will never fit it.
    fn largest(&self) -> Option<Octets> {
        let own = self.retrieval.limits.largest;
        let limits = match self.filled() {
            Filled::One => self.limits(),
            // Whom a message is for is not known before it is here.
            Filled::Many => Limits {
                mailbox: None,
                ..self.engine.checks().limits
            },
        };
        let largest = [own, limits.message, limits.mailbox];
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
        let octets = earlier.octets + earlier.copies.octets;
        let messages = earlier.stored + earlier.copies.messages;
        self.bounds().run.less(messages, octets)
    }

    /// What the account may hold, where that stops mail: nobody's mail waits in a catch-all because
    /// somebody's mailbox is full.
    fn mailbox_limit(&self) -> Option<Octets> {
        match self.filled() {
            Filled::One => self.limits().mailbox,
            Filled::Many => None,
        }
    }

    /// Octets that the account has room for.
    fn room(&self) -> Option<Octets> {
        let limit = self.mailbox_limit()?.count();
        let room = limit.saturating_sub(self.allowance.octets.count());
        Some(Octets::new(room))
    }

    pub(super) fn account_room(&self) -> Option<AccountRoom> {
        Some(AccountRoom {
            account: self.retrieval.account,
            limit: self.mailbox_limit()?,
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

    /// Tells of a catch-all's messages that went into mailboxes here which hold more than they may;
    /// of a message in two of them twice.
    pub(super) async fn note_who_is_over(&mut self) {
        let Outcome { tally, earlier, .. } = &mut self.outcome;
        let mut reached = std::mem::take(&mut earlier.reached);
        for (account, messages) in tally.reached.drain() {
            *reached.entry(account).or_default() += messages;
        }
        let mut over = 0;
        for (account, messages) in reached {
            // Removed meanwhile, perhaps. What cannot be read now is told by a later run.
            if let Ok(Some(account)) = self.engine.over_limit(account).await {
                over += messages;
                self.outcome.over_limit.push(account);
            }
        }
        self.outcome.over_limit.sort_by_key(|over| over.account);
        self.note(ErrorCode::MailboxFull, over);
    }
}
