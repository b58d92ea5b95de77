//! What happened to a message, moment by moment, and how it is asked for.

use inhaul_domain::{LedgerState, Retention};
use inhaul_store::LedgerStory;
use inhaul_types::Timestamp;

use super::size;

/// A moment of a message's story.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoryEvent {
    /// When.
    pub at: Timestamp,
    /// What kind.
    pub kind: StoryEventKind,
    /// In words, a part of a line without a full stop. What servers and messages say is in them as
    /// it was said.
    pub words: String,
}

/// What happened to a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StoryEventKind {
    /// A server listed it.
    Seen,
    /// It became durable here.
    Stored,
    /// It stays there.
    LeftOut,
    /// The server was asked to delete it.
    Asked,
    /// The server has deleted it.
    Deleted,
}

/// A message's story so far, in its order.
pub fn story_events(story: &LedgerStory) -> Vec<StoryEvent> {
    use StoryEventKind::{Asked, Deleted, LeftOut, Seen, Stored};
    let host = &story.host;
    let event = |at, kind, words| StoryEvent { at, kind, words };
    let unique_id = story.unique_id.as_ref().map(|id| format!(" as {id}"));
    let unique_id = unique_id.unwrap_or_default();
    let seen = format!("seen on {host}{unique_id}");
    let mut events = vec![event(story.first_seen, Seen, seen)];
    if let Some(at) = story.stored_at {
        let octets = story.size.map(size).unwrap_or_default();
        events.push(event(at, Stored, format!("stored, {octets}")));
    }
    let is_copy = story.stored_at.is_some() && !matches!(story.state, LedgerState::LeftOut(_));
    if let Some(reason) = story.reason.as_ref().filter(|_| !is_copy) {
        let words = format!("left there: {reason}");
        events.push(event(story.first_seen, LeftOut, words));
    }
    if let Some(at) = story.asked_at {
        events.push(event(at, Asked, format!("{host} asked to delete it")));
    }
    if let Some(at) = story.deleted_at {
        events.push(event(at, Deleted, format!("deleted on {host}")));
    }
    events
}

/// When the remote copy of a stored message may go by this retention; `None` if it stays, or is
/// gone, or was never stored. `held` is until when deletion waits after a renumbering.
pub fn may_go_at(
    story: &LedgerStory,
    retention: Retention,
    held: Option<Timestamp>,
) -> Option<Timestamp> {
    if story.state != LedgerState::Stored {
        return None;
    }
    let stored = story.stored_at?;
    let due = match retention {
        Retention::Keep => return None,
        Retention::Delete => stored,
        Retention::DeleteAfter { days } => stored.plus(DAY.saturating_mul(days)),
    };
    Some(held.map_or(due, |held| held.max(due)))
}

/// Words that a message is looked for by, typed in one line.
pub fn search_words(typed: &str) -> Vec<String> {
    typed.split_whitespace().map(search_word).collect()
}

/// One of them, as records have it: a Message-ID is pasted with its brackets and kept without.
pub fn search_word(word: &str) -> String {
    let inside = word
        .strip_prefix('<')
        .and_then(|word| word.strip_suffix('>'));
    inside.unwrap_or(word).to_owned()
}

const DAY: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use inhaul_domain::LeftOutReason;
    use inhaul_types::{LedgerId, Octets};

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn story(state: LedgerState) -> LedgerStory {
        LedgerStory {
            id: LedgerId::new(1),
            host: "pop.club.example".into(),
            user: "alice".into(),
            unique_id: None,
            listed_size: None,
            size: Some(Octets::new(42_000)),
            state,
            first_seen: at(1),
            stored_at: None,
            asked_at: None,
            deleted_at: None,
            reason: None,
            placements: Vec::new(),
            retrieval: None,
            run: None,
            summary: None,
        }
    }

    fn words(story: &LedgerStory) -> Vec<String> {
        let events = story_events(story).into_iter();
        events.map(|event| event.words).collect()
    }

    #[test]
    fn a_story_is_told_from_listing_to_deletion() {
        let mut whole = story(LedgerState::Deleted);
        whole.stored_at = Some(at(2));
        whole.asked_at = Some(at(3));
        whole.deleted_at = Some(at(4));
        assert_eq!(
            words(&whole),
            [
                "seen on pop.club.example",
                "stored, 42.0 KB",
                "pop.club.example asked to delete it",
                "deleted on pop.club.example",
            ]
        );
        let mut left = story(LedgerState::LeftOut(LeftOutReason::TooLarge));
        left.reason = Some("larger than 50 MB".into());
        assert_eq!(
            words(&left),
            ["seen on pop.club.example", "left there: larger than 50 MB"]
        );
    }

    #[test]
    fn a_stored_copy_may_go_when_retention_and_hold_let_it() {
        let mut stored = story(LedgerState::Stored);
        stored.stored_at = Some(at(0));
        let day = 86_400;
        for (retention, held, go) in [
            (Retention::Keep, None, None),
            (Retention::Delete, None, Some(0)),
            (Retention::Delete, Some(at(9)), Some(9)),
            (Retention::DeleteAfter { days: 14 }, None, Some(14 * day)),
            (
                Retention::DeleteAfter { days: 14 },
                Some(at(9)),
                Some(14 * day),
            ),
        ] {
            assert_eq!(may_go_at(&stored, retention, held), go.map(at));
        }
        stored.state = LedgerState::Asked;
        assert_eq!(may_go_at(&stored, Retention::Delete, None), None);
    }

    #[test]
    fn a_message_id_is_looked_for_without_its_brackets() {
        assert_eq!(
            search_words(" <a@b.example>  minutes <"),
            ["a@b.example", "minutes", "<"]
        );
        assert!(search_words(" \t").is_empty());
    }
}
