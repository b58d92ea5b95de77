//! The messages that are read: odd ones made for tests, and real ones where they are at hand.

use inhaul_testkit::{CorpusMessage, corpus, fixtures};

/// All of them, each ending as a server that knows its protocol ends it: with CRLF.
pub(crate) fn mail() -> Vec<Vec<u8>> {
    let lines = CorpusMessage {
        name: "a-line-of-100000-octets".to_owned(),
        octets: [
            &b"From: ann@example.org\r\nSubject: one line\r\n\r\n."[..],
            &[b'z'; 100_000],
            b"\r\n",
        ]
        .concat(),
    };
    let empty = CorpusMessage {
        name: "empty".to_owned(),
        octets: Vec::new(),
    };
    let all = fixtures().into_iter().chain([lines, empty]);
    let all = all.chain(corpus().unwrap_or_default());
    all.map(|message| message.octets).collect()
}

/// A message as it is sent to mail programs: like it is stored, but for a bare LF before a dot, which
/// goes out as CRLF, so that everybody sees the same lines.
pub(crate) fn as_sent(octets: &[u8]) -> Vec<u8> {
    let mut sent = Vec::new();
    for (at, octet) in octets.iter().enumerate() {
        let is_bare = *octet == b'\n' && !octets[..at].ends_with(b"\r");
        if is_bare && octets.get(at + 1) == Some(&b'.') {
            sent.push(b'\r');
        }
        sent.push(*octet);
    }
    sent
}
