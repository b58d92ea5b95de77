//! What a session sees from its sign-in to its end: a snapshot of the INBOX and the marks in it.
//!
//! Mail that comes later is for the next session. A message that somebody else removes meanwhile
//! keeps its number and is refused when it is asked for.

use std::iter;

use inhaul_store::{Maildrop as Snapshot, MaildropMessage};
use inhaul_types::{FolderId, MessageNumber, Octets, Uid};

use super::locks::Lock;

/// An open maildrop.
#[derive(Debug)]
pub(super) struct Maildrop {
    _lock: Lock,
    folder: FolderId,
    messages: Vec<MaildropMessage>,
    /// By place; empty until the first `DELE`.
    marked: Vec<bool>,
    count: usize,
    octets: u64,
}

/// Why a number names no message.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum NoMessage {
    /// It never was one.
    #[error("There is no message {number}, the last is {last}")]
    OutOfRange { number: MessageNumber, last: usize },
    /// It was, in this session.
    #[error("Message {0} is marked as deleted, RSET takes that back")]
    Marked(MessageNumber),
}

impl Maildrop {
    pub(super) fn new(lock: Lock, snapshot: Snapshot) -> Self {
        let Snapshot { folder, messages } = snapshot;
        Self {
            _lock: lock,
            folder,
            count: messages.len(),
            octets: octets_of(&messages),
            messages,
            marked: Vec::new(),
        }
    }

    /// The folder it is a view of.
    pub(super) fn folder(&self) -> FolderId {
        self.folder
    }

    /// Messages that are not marked, and their octets.
    pub(super) fn drop_listing(&self) -> (usize, Octets) {
        (self.count, Octets::new(self.octets))
    }

    /// The place of a message that is not marked.
    pub(super) fn find(&self, number: MessageNumber) -> Result<usize, NoMessage> {
        let place = usize::try_from(number.number() - 1).unwrap_or(usize::MAX);
        if place >= self.messages.len() {
            let last = self.messages.len();
            return Err(NoMessage::OutOfRange { number, last });
        }
        match self.is_marked(place) {
            true => Err(NoMessage::Marked(number)),
            false => Ok(place),
        }
    }

    /// The message at a place that [`find`](Self::find) gave.
    pub(super) fn message(&self, place: usize) -> &MaildropMessage {
        &self.messages[place]
    }

    /// The number and the message of every one from `place` on that is not marked.
    pub(super) fn unmarked_from(
        &self,
        place: usize,
    ) -> impl Iterator<Item = (usize, &MaildropMessage)> {
        let messages = self.messages.iter().enumerate().skip(place);
        messages
            .filter(|(place, _)| !self.is_marked(*place))
            .map(|(place, message)| (place + 1, message))
    }

    /// Marks a message that is not.
    pub(super) fn mark(&mut self, place: usize) {
        if self.marked.is_empty() {
            self.marked = iter::repeat_n(false, self.messages.len()).collect();
        }
        self.marked[place] = true;
        self.count -= 1;
        self.octets -= self.messages[place].size.count();
    }

    /// Takes all marks back.
    pub(super) fn unmark_all(&mut self) {
        self.marked = Vec::new();
        self.count = self.messages.len();
        self.octets = octets_of(&self.messages);
    }

    /// What is marked, ascending.
    pub(super) fn marked(&self) -> Vec<Uid> {
        let marked = self.marked.iter().zip(&self.messages);
        marked
            .filter(|(marked, _)| **marked)
            .map(|(_, message)| message.uid)
            .collect()
    }

    fn is_marked(&self, place: usize) -> bool {
        self.marked.get(place).copied().unwrap_or(false)
    }
}

fn octets_of(messages: &[MaildropMessage]) -> u64 {
    messages.iter().map(|message| message.size.count()).sum()
}

#[cfg(test)]
mod tests {
    use inhaul_types::AccountId;

    use super::super::locks::Locks;
    use super::*;

    fn maildrop(sizes: &[u64]) -> Maildrop {
        let messages = (1_u32..).zip(sizes).map(|(uid, size)| MaildropMessage {
            size: Octets::new(*size),
            uid: Uid::new(uid),
            uidl: [0; 12],
        });
        let snapshot = Snapshot {
            folder: FolderId::new(1),
            messages: messages.collect(),
        };
        let lock = Locks::default().take(AccountId::new(1)).unwrap();
        Maildrop::new(lock, snapshot)
    }

    fn number(number: u32) -> MessageNumber {
        MessageNumber::new(number).unwrap()
    }

    #[test]
    fn a_marked_message_is_gone_until_marks_are_taken_back() {
        let mut maildrop = maildrop(&[10, 20, 30]);
        assert_eq!(maildrop.drop_listing(), (3, Octets::new(60)));
        let second = maildrop.find(number(2)).unwrap();
        maildrop.mark(second);
        assert_eq!(maildrop.drop_listing(), (2, Octets::new(40)));
        assert_eq!(maildrop.find(number(2)), Err(NoMessage::Marked(number(2))));
        let numbers: Vec<_> = maildrop
            .unmarked_from(0)
            .map(|(number, _)| number)
            .collect();
        assert_eq!(numbers, [1, 3], "numbers do not move up");
        assert_eq!(maildrop.marked(), [Uid::new(2)]);
        maildrop.unmark_all();
        assert_eq!(maildrop.drop_listing(), (3, Octets::new(60)));
        assert_eq!(maildrop.find(number(2)), Ok(1));
        assert!(maildrop.marked().is_empty());
    }

    #[test]
    fn numbers_end_with_the_last_message() {
        let empty = maildrop(&[]);
        let last = 0;
        let number_1 = number(1);
        let out_of_range = NoMessage::OutOfRange {
            number: number_1,
            last,
        };
        assert_eq!(empty.find(number_1), Err(out_of_range));
        assert!(maildrop(&[1]).find(number(u32::MAX)).is_err());
    }
}
