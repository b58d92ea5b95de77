//! What a check has told: numbered, so that whoever was cut off hears the rest.

use std::collections::VecDeque;

use inhaul_types::RetrievalId;
use serde_json::Value;

/// Something that was told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    /// From 1, each one larger than the one before.
    pub(crate) id: u64,
    /// Of which kind.
    pub(crate) event: EventName,
    /// Of which mailbox, if of one.
    pub(super) of: Option<RetrievalId>,
    /// What.
    pub(crate) data: Value,
}

/// The names of the events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum EventName {
    /// A mailbox has come further.
    Progress,
    /// A message came.
    Message,
    /// A mailbox is done with.
    Done,
    /// All are.
    Summary,
}

impl EventName {
    /// The fixed word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Progress => "progress",
            Self::Message => "message",
            Self::Done => "done",
            Self::Summary => "summary",
        }
    }
}

/// What a check has told. How far a mailbox has come is kept once: who comes late needs no more.
#[derive(Debug, Default)]
pub(super) struct Log {
    told: VecDeque<Told>,
    last: u64,
}

impl Log {
    /// Adds what is told now.
    pub(super) fn tell(&mut self, event: EventName, of: Option<RetrievalId>, data: Value) {
        if matches!(event, EventName::Progress | EventName::Done) {
            self.told
                .retain(|told| told.of != of || told.event != EventName::Progress);
        }
        if self.told.len() >= MOST {
            self.told.pop_front();
        }
        self.last += 1;
        self.told.push_back(Told {
            id: self.last,
            event,
            of,
            data,
        });
    }

    /// What was told behind this number, in order.
    pub(super) fn behind(&self, id: u64) -> impl Iterator<Item = &Told> {
        self.told.iter().filter(move |told| told.id > id)
    }

    /// The last number; 0 before anything was told.
    pub(super) fn last(&self) -> u64 {
        self.last
    }
}

/// Mailboxes, and their messages.
const MOST: usize = 2_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn who_comes_back_hears_what_they_missed_and_of_each_mailbox_the_latest() {
        let (one, other) = (Some(RetrievalId::new(1)), Some(RetrievalId::new(2)));
        let mut log = Log::default();
        log.tell(EventName::Progress, one, json!(1));
        log.tell(EventName::Progress, other, json!(2));
        log.tell(EventName::Message, one, json!(3));
        log.tell(EventName::Progress, one, json!(4));
        let ids = |log: &Log, id| log.behind(id).map(|told| told.id).collect::<Vec<_>>();
        assert_eq!(ids(&log, 0), [2, 3, 4]);
        assert_eq!(ids(&log, 3), [4]);
        log.tell(EventName::Done, one, json!(5));
        assert_eq!(ids(&log, 0), [2, 3, 5]);
        assert!(ids(&log, 5).is_empty());
        assert_eq!(log.last(), 5);
    }

    #[test]
    fn what_is_kept_has_an_end() {
        let mut log = Log::default();
        for _ in 0..MOST + 10 {
            log.tell(EventName::Message, None, json!(0));
        }
        assert_eq!(log.behind(0).count(), MOST);
        assert_eq!(log.behind(0).next().unwrap().id, 11);
    }
}
