//! What is left of a message's identity when a server renumbers it or adds fields of its own.
//!
//! SHA-256 over this text, and nothing else:
//!
//! ```text
//! inhaul-fingerprint-1 LF
//! NAME : VALUE LF          once for every field that counts
//! ```
//!
//! - The fields are Message-ID, Date, From, To, Cc and Subject, in this order and not in the
//!   header's; all occurrences of one name in the order in which the header has them. A field
//!   that is absent adds nothing.
//! - `NAME` is in lower case. `VALUE` is what was received, with every CR and LF dropped (the white
//!   space of a fold stays) and then without spaces and tabs at both ends; the case, encoded-words
//!   and 8-bit octets stay as they are. No value holds an LF, so fields cannot run into each other.
//! - Fields are those of `HeaderBlock::fields`: the empty line, what follows it, and lines that are
//!   no field count for nothing. So `TOP n 0`, with or without a blank line too many, and `RETR`
//!   agree, and so do CRLF and bare LF (a header longer than `HEADER_MOST` excepted).
//!
//! Changing any of this orphans every ledger: it needs another first line and a migration.

use inhaul_types::Fingerprint;
use memchr::memchr2;
use sha2::{Digest as _, Sha256};

use crate::header::HeaderBlock;

/// Keeps this hash apart from every other use of SHA-256, and names the rules it follows.
const VERSION: &[u8] = b"inhaul-fingerprint-1\n";

const COUNTED: [&str; 6] = ["message-id", "date", "from", "to", "cc", "subject"];

/// SHA-256 over the raw, unfolded Message-ID, Date, From, To, Cc and Subject fields, nothing else.
///
/// Not proof on its own: all messages that have none of these fields share one fingerprint.
///
/// The text that is hashed is `inhaul-fingerprint-1` LF and, for each field, `name:value` LF; the
/// names in lower case and in the order above, the values without CR, LF and white space at their
/// ends.
pub fn fingerprint(header: &HeaderBlock<'_>) -> Fingerprint {
    let mut sha256 = Sha256::new();
    sha256.update(VERSION);
    update_fields(&mut sha256, header, &COUNTED);
    Fingerprint::new(sha256.finalize().into())
}

/// Hashes `name:value` LF for each field that counts, in the order of `counted`.
pub(crate) fn update_fields(sha256: &mut Sha256, header: &HeaderBlock<'_>, counted: &[&str]) {
    let rank = |name: &[u8]| {
        counted
            .iter()
            .position(|counted| name.eq_ignore_ascii_case(counted.as_bytes()))
    };
    let mut fields: Vec<_> = header
        .fields()
        .filter_map(|field| Some((rank(field.name)?, field.value)))
        .collect();
    fields.sort_by_key(|(rank, _)| *rank); // stable: doubles keep the header's order

    for (rank, value) in fields {
        sha256.update(counted[rank]);
        sha256.update(b":");
        update_unfolded(sha256, value);
        sha256.update(b"\n");
    }
}

fn update_unfolded(sha256: &mut Sha256, value: &[u8]) {
    let mut rest = trim(value);
    while let Some(line_end) = memchr2(b'\r', b'\n', rest) {
        sha256.update(&rest[..line_end]);
        rest = &rest[line_end + 1..];
    }
    sha256.update(rest);
}

pub(crate) fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..]
    | [rest @ .., b' ' | b'\t' | b'\r' | b'\n'] = value
    {
        value = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(octets: &[u8]) -> Fingerprint {
        fingerprint(&HeaderBlock::new(octets))
    }

    fn sha256(text: &str) -> Fingerprint {
        Fingerprint::new(Sha256::digest(text).into())
    }

    #[test]
    fn the_hashed_text_is_the_documented_one() {
        let message = b"Received: from a\r\n\
            subject:  =?utf-8?q?x?=\r\n\t y \r\n\
            To: a@example.org\r\n\
            TO: b@example.org\r\n\
            Message-Id: <1@example.org>\r\n\
            From: c@example.org\r\n\
            \r\n\
            Date: body\r\n";
        let text = "inhaul-fingerprint-1\n\
            message-id:<1@example.org>\n\
            from:c@example.org\n\
            to:a@example.org\n\
            to:b@example.org\n\
            subject:=?utf-8?q?x?=\t y\n";
        assert_eq!(of(message), sha256(text));
        assert_eq!(of(b""), sha256("inhaul-fingerprint-1\n"));
    }

    #[test]
    fn the_value_is_known_and_does_not_drift() {
        // printf 'inhaul-fingerprint-1\nmessage-id:<1@example.org>\nsubject:hello\n' | sha256sum
        assert_eq!(
            of(b"Subject: hello\r\nMessage-ID: <1@example.org>\r\n\r\n").to_string(),
            "2b9eb7baa578b349e4e9f07000b71e0def9dcce7b312d8b958c2f3d77487906f"
        );
    }

    #[test]
    fn what_servers_change_does_not_count() {
        let plain = b"From: a@example.org\r\nSubject: b\r\n c\r\n\r\nbody\r\n";
        for changed in [
            &b"From: a@example.org\r\nSubject: b\r\n c\r\n\r\n"[..],
            b"From: a@example.org\r\nSubject: b\r\n c\r\n\r\n\r\n",
            b"From: a@example.org\r\nSubject: b\r\n c\r\n",
            b"From: a@example.org\nSubject: b\n c\n\nbody\n",
            b"Received: x\r\nX-UIDL: 7\r\nFrom:a@example.org\r\nSubject: b c  \r\nStatus: RO\r\n\r\n",
        ] {
            assert_eq!(of(changed), of(plain), "{}", changed.escape_ascii());
        }
    }

    #[test]
    fn fields_cannot_run_into_each_other() {
        let one = of(b"From: a\r\n to:b\r\n\r\n");
        assert_ne!(one, of(b"From: a\r\nTo: b\r\n\r\n"));
        assert_ne!(of(b"To: a\r\nTo: b\r\n\r\n"), of(b"To: b\r\nTo: a\r\n\r\n"));
        assert_ne!(of(b"To:\r\n\r\n"), of(b"\r\n"));
    }
}
