//! Any octets: no panic, and answers that do not depend on how the octets arrived.

use inhaul_message::{HEADER_MOST, HeaderBlock, fingerprint, header_end, summarize};
use proptest::prelude::*;

const PIECES: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b":",
    b"From:",
    b"subject:",
    b"Date: Fri, 13 Mar 2026 09:00:00 +0100",
    b"Message-ID:",
    b"Content-Type: multipart/mixed; boundary=b",
    b"Content-Disposition: attachment",
    b"=?utf-8?q?a=C3=A9?=",
    b"=?ISO-2022-JP?B?GyRCRnw?=",
    b"<a@example.org>",
    b"\"",
    b"(",
    b"\\",
    b"--b--",
    b"\0",
    b"\xe9",
    b"\xc3\xa9",
    b"x",
];

/// Octets in which line ends, folds, colons and encoded-words are as frequent as in mail.
fn mail_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(PIECES);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn octets() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![3 => mail_like(), 1 => prop::collection::vec(any::<u8>(), 0..400)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_columns_stay_within_bounds(octets in octets()) {
        let summary = summarize(&octets);
        for text in [&summary.from, &summary.subject, summary.message_id.as_ref().unwrap_or(&String::new())] {
            prop_assert!(text.chars().count() <= 1_000);
            prop_assert!(!text.chars().any(char::is_control));
        }
        fingerprint(&HeaderBlock::new(&octets));
    }

    #[test]
    fn more_octets_never_move_the_end(octets in octets()) {
        let end = header_end(&octets);
        for length in 0..=octets.len() {
            let expected = end.filter(|end| *end <= length);
            prop_assert_eq!(header_end(&octets[..length]), expected);
        }
    }

    #[test]
    fn every_field_lies_inside_the_header(octets in octets()) {
        let header = HeaderBlock::new(&octets);
        let fields: usize = header.fields().map(|field| field.name.len() + field.value.len() + 1).sum();
        prop_assert!(fields <= header.len());
    }

    #[test]
    fn the_body_does_not_count(octets in octets(), body in octets()) {
        let end = header_end(&octets).unwrap_or(octets.len());
        let mut header = octets[..end].to_vec();
        let alone = fingerprint(&HeaderBlock::new(&header));
        if header_end(&octets).is_some() {
            header.extend(body);
        }
        prop_assert_eq!(fingerprint(&HeaderBlock::new(&header)), alone);
    }
}

#[test]
fn hostile_headers_cost_one_pass() {
    for (what, piece) in [
        ("continuations", &b"a:\r\n "[..]),
        ("empty encoded-words", b"=?"),
        ("open encoded-words", b"=?a?q?"),
        ("open base64 words", b"=?utf-8?B?a"),
        ("open comments", b"("),
        ("open angles", b"<"),
        ("quotes", b"\"\\"),
        ("bare CRs", b"a:\r"),
        ("no colon", b"xxxxxxxx\n"),
        ("fields", b"To:a\n"),
    ] {
        for name in [
            &b"From: "[..],
            b"Subject: ",
            b"Date: ",
            b"Content-Type: ",
            b"Message-ID: ",
        ] {
            let mut octets = name.to_vec();
            while octets.len() < HEADER_MOST + 1000 {
                octets.extend(piece);
            }
            // Not timed: quadratic work on 256 KiB would take minutes and be noticed.
            let summary = summarize(&octets);
            assert!(summary.subject.chars().count() <= 1_000, "{what}");
            fingerprint(&HeaderBlock::new(&octets));
        }
    }
}
