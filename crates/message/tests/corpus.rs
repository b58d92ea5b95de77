//! Messages as other people's software wrote them, where the corpus is there; our own in any case.
//!
//! The corpus is looked for in `$INHAUL_CORPUS`, or beside the repository.

#![expect(
    clippy::disallowed_methods,
    reason = "the test, not the room, reads the corpus' files"
)]

use std::fs;
use std::path::{Path, PathBuf};

use inhaul_message::{HEADER_MOST, HeaderBlock, fingerprint, header_end, summarize};

const OWN: &[(&str, &[u8])] = &[
    (
        "plain",
        b"From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\n\r\nbody\r\n",
    ),
    ("bare LF", b"From: a@example.org\nSubject: x\n y\n\nbody\n"),
    ("bare CR", b"From: a@example.org\rSubject: x\r\rbody\r"),
    (
        "mixed",
        b"From: a@example.org\nSubject: x\r\n\ty\r\n\nbody\n",
    ),
    ("no body", b"From: a@example.org\r\nSubject: x\r\n"),
    ("no header", b"\r\nbody\r\n"),
    ("not a header", b"body without a header\r\nat all\r\n"),
    (
        "mbox line",
        b"From a Mon Jan  1 10:00:00 2024\nFrom: a@example.org\n\nbody\n",
    ),
    (
        "raw latin-1",
        b"From: \xe9 <a@example.org>\r\nSubject: caf\xe9\r\n\r\n\xe9\r\n",
    ),
    (
        "NUL",
        b"From: a\0b@example.org\r\nSubject: \0\r\n\r\n\0\r\n",
    ),
    ("nothing", b""),
];

fn corpus() -> Vec<PathBuf> {
    let root = std::env::var_os("INHAUL_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
        PathBuf::from,
    );
    let mut files: Vec<_> = ["ordinary", "odd"]
        .iter()
        .filter_map(|folder| fs::read_dir(root.join(folder)).ok())
        .flat_map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())))
        .collect();
    files.sort();
    files
}

fn check(name: &str, message: &[u8]) {
    let summary = summarize(message);
    for text in [&summary.from, &summary.subject] {
        assert!(!text.chars().any(char::is_control), "{name}: {text:?}");
    }

    let header = HeaderBlock::new(message);
    let alone = &message[..header.len()];
    let known = fingerprint(&header);
    assert_eq!(
        fingerprint(&HeaderBlock::new(alone)),
        known,
        "{name}: header alone"
    );
    let top = [alone, b"\r\n"].concat();
    assert_eq!(
        fingerprint(&HeaderBlock::new(&top)),
        known,
        "{name}: TOP with a blank line more"
    );

    if alone.len() < HEADER_MOST {
        let lf = replace(alone, b"\r\n", b"\n");
        let crlf = replace(&lf, b"\n", b"\r\n");
        assert_eq!(fingerprint(&HeaderBlock::new(&lf)), known, "{name}: LF");
        assert_eq!(fingerprint(&HeaderBlock::new(&crlf)), known, "{name}: CRLF");
        assert_eq!(summarize(&lf).subject, summarize(&crlf).subject, "{name}");
    }
    assert_eq!(summarize(alone).subject, summary.subject, "{name}");

    let end = header_end(message);
    for length in (0..message.len()).step_by(message.len() / 50 + 1) {
        assert_eq!(
            header_end(&message[..length]),
            end.filter(|end| *end <= length),
            "{name}"
        );
    }
}

fn replace(octets: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let Some((first, behind)) = rest.split_first() {
        if let Some(behind) = rest.strip_prefix(from) {
            replaced.extend(to);
            rest = behind;
        } else {
            replaced.push(*first);
            rest = behind;
        }
    }
    replaced
}

#[test]
fn our_own_messages_read_alike_in_every_form() {
    for (name, message) in OWN {
        check(name, message);
    }
}

#[test]
fn the_corpus_reads_alike_in_every_form() {
    for file in corpus() {
        check(&file.display().to_string(), &fs::read(&file).unwrap());
    }
}

#[test]
fn raw_latin_1_is_shown_as_meant() {
    let summary = summarize(OWN[8].1);
    assert_eq!(summary.from, "é <a@example.org>");
    assert_eq!(summary.subject, "café");
}
