//! A mailbox as one session sees it: the snapshot taken at its sign-in (RFC 1939 section 4).
//!
//! Holds the mailbox's lock until it is released or dropped. Marks are the session's own; only
//! [`Maildrop::update`] carries them to the mailbox, so a session that ends any other way removes
//! nothing.

use std::collections::HashSet;
use std::sync::Arc;

use crate::body::Body;
use crate::mailbox::{Mailbox, Message, SampleId};
use crate::switches::{MailboxSwitches, Sizes};
use crate::unique_ids::{Naming, unique_id};

/// One session's view.
pub(crate) struct Maildrop {
    mailbox: Mailbox,
    messages: Vec<Arc<Message>>,
    /// By place in `messages`.
    marked: HashSet<usize>,
    retrieved: HashSet<SampleId>,
    rules: Rules,
    lock: Lock,
}

/// Whether this session still keeps others out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Lock {
    Held,
    Released,
}

/// How the snapshot shows itself: fixed at the sign-in, as a listing must agree with itself.
struct Rules {
    unique_ids: crate::switches::UniqueIds,
    sizes: Sizes,
    epoch: u64,
    session: u64,
}

impl Maildrop {
    pub(crate) fn new(
        mailbox: Mailbox,
        messages: Vec<Arc<Message>>,
        switches: &MailboxSwitches,
        epoch: u64,
        session: u64,
    ) -> Self {
        let rules = Rules {
            unique_ids: switches.unique_ids,
            sizes: switches.sizes,
            epoch,
            session,
        };
        Self {
            mailbox,
            messages,
            marked: HashSet::new(),
            retrieved: HashSet::new(),
            rules,
            lock: Lock::Held,
        }
    }

    pub(crate) fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// The numbers of the messages that are not marked, in order.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.messages.len())
            .filter(|place| !self.marked.contains(place))
            .filter_map(|place| u32::try_from(place + 1).ok())
    }

    /// Whether this number is a message that is not marked.
    pub(crate) fn holds(&self, number: u32) -> bool {
        place(number).is_some_and(|at| at < self.messages.len() && !self.marked.contains(&at))
    }

    /// The size that LIST shows.
    pub(crate) fn size(&self, number: u32) -> u64 {
        let exact = self
            .message(number)
            .map_or(0, |message| message.body.size());
        match self.rules.sizes {
            Sizes::Exact => exact,
            Sizes::Off(octets) => exact.saturating_add_signed(octets),
            Sizes::Growing => exact + self.rules.session,
        }
    }

    /// The name that UIDL shows; `None` without UIDL.
    pub(crate) fn unique_id(&self, number: u32) -> Option<String> {
        let message = self.message(number)?;
        let naming = Naming {
            epoch: self.rules.epoch,
            session: self.rules.session,
            id: message.id.0,
            slot: message.slot,
        };
        unique_id(self.rules.unique_ids, naming)
    }

    pub(crate) fn body(&self, number: u32) -> Option<Body> {
        Some(self.message(number)?.body.clone())
    }

    pub(crate) fn id(&self, number: u32) -> Option<SampleId> {
        Some(self.message(number)?.id)
    }

    /// Marks a message as deleted.
    pub(crate) fn mark(&mut self, number: u32) {
        self.marked.extend(place(number));
    }

    /// Takes all marks back.
    pub(crate) fn reset(&mut self) {
        self.marked.clear();
    }

    /// Takes note that a message was handed over.
    pub(crate) fn note_retrieved(&mut self, number: u32) {
        self.retrieved.extend(self.id(number));
    }

    /// Removes what is marked, and says what: the session's `UPDATE` state.
    pub(crate) fn update(&mut self) -> Vec<SampleId> {
        let marked: HashSet<_> = self
            .marked
            .drain()
            .filter_map(|at| Some(self.messages.get(at)?.id))
            .collect();
        self.mailbox.remove_all(&marked);
        self.mailbox.mark_retrieved(self.retrieved.drain());
        let mut removed: Vec<_> = marked.into_iter().collect();
        removed.sort_unstable();
        removed
    }

    /// Lets others in, ahead of the end.
    pub(crate) fn release(&mut self) {
        if self.lock == Lock::Held {
            self.lock = Lock::Released;
            self.mailbox.close();
        }
    }

    fn message(&self, number: u32) -> Option<&Arc<Message>> {
        self.messages.get(place(number)?)
    }
}

/// Numbers count from 1, places from 0.
fn place(number: u32) -> Option<usize> {
    usize::try_from(number).ok()?.checked_sub(1)
}

impl Drop for Maildrop {
    fn drop(&mut self) {
        self.release();
    }
}
