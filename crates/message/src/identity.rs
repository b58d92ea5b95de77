//! What two copies of one message share, of whatever way each came.
//!
//! A provider that hands a catch-all one copy per recipient adds fields of its own to each
//! (`Delivered-To`, `Received`), so the octets differ and the message is the same. SHA-256 over this
//! text, and nothing else:
//!
//! ```text
//! inhaul-identity-1 LF
//! NAME : VALUE LF          once for every field that counts
//! BODY                     the 32 octets of the body's digest
//! ```
//!
//! - The fields are Message-ID, Date, From, Subject, Resent-Message-ID and Resent-Date, taken as
//!   the fingerprint takes its fields. A message that somebody sent again is another message.
//! - To and Cc do not count: a provider or a list may write them anew for each copy.
//!
//! Changing any of this lets copies through that are remembered under the old value: it needs
//! another first line.

use inhaul_types::{Digest, Identity};
use sha2::{Digest as _, Sha256};

use crate::fingerprint::{trim, update_fields};
use crate::header::HeaderBlock;

/// Keeps this hash apart from every other use of SHA-256, and names the rules it follows.
const VERSION: &[u8] = b"inhaul-identity-1\n";

const COUNTED: [&str; 6] = [
    "message-id",
    "date",
    "from",
    "subject",
    "resent-message-id",
    "resent-date",
];

/// What makes two copies of one message the same: the raw, unfolded Message-ID, Date, From,
/// Subject, Resent-Message-ID and Resent-Date fields, and `body`, the digest of the octets behind
/// the header.
///
/// None for a message without a Message-ID, or with an empty one: then nothing tells two messages
/// of the same words apart, and each is stored.
pub fn identity(header: &HeaderBlock<'_>, body: &Digest) -> Option<Identity> {
    let named = |field: crate::Field<'_>| field.is(COUNTED[0]) && !trim(field.value).is_empty();
    if !header.fields().any(named) {
        return None;
    }
    let mut sha256 = Sha256::new();
    sha256.update(VERSION);
    update_fields(&mut sha256, header, &COUNTED);
    sha256.update(body.as_bytes());
    Some(Identity::new(sha256.finalize().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: Digest = Digest::new([7; 32]);

    fn of(header: &str) -> Option<Identity> {
        identity(&HeaderBlock::new(header.as_bytes()), &BODY)
    }

    const PLAIN: &str = "Message-ID: <1@example.org>\r\n\
        Date: Fri, 13 Mar 2026 09:00:00 +0100\r\n\
        From: a@example.org\r\n\
        Subject: b\r\n\r\n";

    #[test]
    fn the_hashed_text_is_the_documented_one() {
        let mut text = b"inhaul-identity-1\n\
            message-id:<1@example.org>\n\
            date:Fri, 13 Mar 2026 09:00:00 +0100\n\
            from:a@example.org\n\
            subject:b\n"
            .to_vec();
        text.extend(BODY.as_bytes());
        assert_eq!(of(PLAIN), Some(Identity::new(Sha256::digest(&text).into())));
    }

    #[test]
    fn the_way_a_copy_came_does_not_count() {
        for way in [
            "Delivered-To: anna@firm.example\r\n",
            "Received: by mx.firm.example for <bob@firm.example>; Fri, 13 Mar 2026 09:00:01 +0100\r\n",
            "X-Original-To: bob@firm.example\r\nStatus: RO\r\n",
            "To: bob@firm.example\r\nCc: anna@firm.example\r\n",
        ] {
            assert_eq!(of(&format!("{way}{PLAIN}")), of(PLAIN), "{way}");
        }
        assert_eq!(of(&PLAIN.replace("\r\n", "\n")), of(PLAIN));
        assert_eq!(
            of(&PLAIN.replace(": ", ":\r\n\t")),
            of(&PLAIN.replace(": ", ": \t"))
        );
    }

    #[test]
    fn what_makes_another_message_counts() {
        let again = "Resent-Message-ID: <2@example.org>\r\n";
        let others = [
            PLAIN.replace("<1@", "<2@"),
            PLAIN.replace("13 Mar", "14 Mar"),
            PLAIN.replace("From: a", "From: c"),
            PLAIN.replace("Subject: b", "Subject: B"),
            format!("{again}{PLAIN}"),
            format!("Resent-Date: Sat, 14 Mar 2026 09:00:00 +0100\r\n{PLAIN}"),
        ];
        for other in &others {
            assert!(of(other).is_some());
            assert_ne!(of(other), of(PLAIN), "{other}");
        }
        let other = identity(&HeaderBlock::new(PLAIN.as_bytes()), &Digest::new([8; 32]));
        assert_ne!(other, of(PLAIN));
    }

    #[test]
    fn there_is_none_without_a_message_id() {
        for header in [
            "",
            "\r\n",
            "Subject: b\r\n\r\n",
            "Message-ID:\r\nSubject: b\r\n\r\n",
            "Message-ID: \r\n \r\nSubject: b\r\n\r\n",
            "Subject: b\r\n\r\nMessage-ID: <1@example.org>\r\n",
        ] {
            assert_eq!(of(header), None, "{header:?}");
        }
    }
}
