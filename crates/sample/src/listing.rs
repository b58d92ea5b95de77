//! Which messages a session gets to see.

use std::collections::HashSet;
use std::sync::Arc;

use crate::mailbox::{Message, SampleId};
use crate::switches::Listing;

/// The messages of a new session, by the switch's rule.
pub(crate) fn selected(
    rule: Listing,
    messages: &[Arc<Message>],
    retrieved: &HashSet<SampleId>,
) -> Vec<Arc<Message>> {
    match rule {
        Listing::All => messages.to_vec(),
        Listing::First(most) => messages.iter().take(most).cloned().collect(),
        Listing::Conversations(most) => {
            let unseen = messages
                .iter()
                .filter(|message| !retrieved.contains(&message.id));
            let mut conversations = HashSet::new();
            let mut chosen = Vec::new();
            for message in unseen {
                let conversation = conversation(message);
                if conversations.len() < most || conversations.contains(&conversation) {
                    conversations.insert(conversation);
                    chosen.push(Arc::clone(message));
                }
            }
            chosen
        }
    }
}

/// The subject without `Re:`; a message without a subject is a conversation of its own.
fn conversation(message: &Message) -> String {
    let top = message.body.piece(0);
    let top = String::from_utf8_lossy(&top[..top.len().min(SUBJECT_WITHIN)]);
    let header = top.split("\r\n\r\n").next().unwrap_or_default();
    let subject = header.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("subject").then(|| value.trim())
    });
    let Some(mut subject) = subject else {
        return message.id.0.to_string();
    };
    while let Some(rest) = subject.strip_prefix("Re:") {
        subject = rest.trim_start();
    }
    subject.to_owned()
}

/// Subjects are looked for in so much of a message.
const SUBJECT_WITHIN: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::Body;

    fn message(id: u64, subject: &str) -> Arc<Message> {
        let octets = format!("From: a@example.org\r\nSubject: {subject}\r\n\r\nbody\r\n");
        let body = Body::Held(octets.into_bytes().into());
        Arc::new(Message {
            id: SampleId(id),
            slot: id,
            body,
        })
    }

    #[test]
    fn a_partial_listing_keeps_conversations_together() {
        let messages = [
            message(1, "lunch"),
            message(2, "report"),
            message(3, "Re: lunch"),
            message(4, "dinner"),
            message(5, "Re: Re: lunch"),
        ];
        let ids = |rule, retrieved: &[u64]| {
            let retrieved = retrieved.iter().copied().map(SampleId).collect();
            selected(rule, &messages, &retrieved)
                .iter()
                .map(|m| m.id.0)
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(Listing::All, &[1]), [1, 2, 3, 4, 5]);
        assert_eq!(ids(Listing::First(2), &[1]), [1, 2]);
        assert_eq!(ids(Listing::Conversations(2), &[]), [1, 2, 3, 5]);
        assert_eq!(ids(Listing::Conversations(2), &[1, 2, 3, 5]), [4]);
    }
}
