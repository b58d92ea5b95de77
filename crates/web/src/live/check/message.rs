//! A message that came while somebody watched.

use inhaul_store::Message;
use inhaul_types::{FolderId, MessageId, RetrievalId};
use serde_json::{Value, json};

/// A message that came.
#[derive(Clone, Debug)]
pub(crate) struct NewMessage {
    /// Its number.
    pub(crate) id: MessageId,
    /// Which mailbox it is from.
    pub(crate) retrieval: RetrievalId,
    /// Where it is.
    pub(crate) folder: FolderId,
    /// The folder's name as people read it.
    pub(crate) folder_name: String,
    /// The sender's name, or their address.
    pub(crate) from: String,
    /// Its subject.
    pub(crate) subject: String,
}

impl NewMessage {
    /// Of the stored message; `None` if no retrieval brought it.
    pub(crate) fn of(message: &Message) -> Option<Self> {
        let subject = message.summary.subject.trim();
        Some(Self {
            id: message.id,
            retrieval: message.retrieval?,
            folder: message.folder,
            folder_name: match message.folder_name.as_str() {
                "INBOX" => "Inbox".to_owned(),
                name => name.to_owned(),
            },
            from: sender(&message.summary.from).to_owned(),
            subject: match subject {
                "" => "(no subject)".to_owned(),
                subject => subject.to_owned(),
            },
        })
    }

    /// Where it is seen.
    pub(crate) fn open(&self) -> String {
        format!("/folder/{}", self.folder)
    }

    /// As data, with the name of its mailbox.
    pub(crate) fn data(&self, retrieval: &str) -> Value {
        json!({
            "retrieval": retrieval,
            "folder": self.folder_name,
            "id": self.id.row(),
            "from": self.from,
            "subject": self.subject,
            "open": self.open(),
        })
    }
}

/// `Ann Lee <ann@example.org>` is Ann Lee, `<ann@example.org>` ann@example.org.
fn sender(from: &str) -> &str {
    let Some((name, address)) = from.rsplit_once('<') else {
        return from.trim();
    };
    match name.trim() {
        "" => address.trim_end_matches('>').trim(),
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_their_name_or_their_address() {
        for (from, shown) in [
            ("Ann Lee <ann@example.org>", "Ann Lee"),
            ("<ann@example.org>", "ann@example.org"),
            ("ann@example.org", "ann@example.org"),
            ("", ""),
        ] {
            assert_eq!(sender(from), shown, "{from}");
        }
    }
}
