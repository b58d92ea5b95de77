//! Messages as other people's software wrote them, where the corpus is there; our own in any case.
//!
//! The corpus is looked for in `$INHAUL_CORPUS`, or beside the repository.

#![expect(
    clippy::disallowed_methods,
    reason = "the test, not the room, reads the corpus' files"
)]

use std::fs;
use std::path::{Path, PathBuf};

use inhaul_message::{
    HEADER_MOST, HeaderBlock, Holds, Prefer, Scanner, Structure, Unpacker, body_text, fingerprint,
    header_end, summarize,
};
use mail_parser::{MessageParser, PartType};

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

/// The parts are the same whatever pieces the message comes in, and each is sorted.
fn check_parts(name: &str, message: &[u8]) {
    let structure = Structure::of(message);
    let mut scanner = Scanner::new();
    for piece in message.chunks(1_000) {
        scanner.push(piece);
    }
    assert_eq!(scanner.finish(), structure, "{name}");
    for prefer in [Prefer::Formatted, Prefer::Plain] {
        let reading = structure.reading(prefer);
        for text in &reading.texts {
            let text = text_of(message, &structure, *text);
            let is_odd = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
            assert!(!text.contains(is_odd), "{name}: {text:?}");
        }
        let sorted = [&reading.texts, &reading.inline, &reading.files];
        let has = |number| sorted.iter().any(|numbers| numbers.contains(&number));
        for (number, part) in structure.parts().iter().enumerate() {
            let is_file = part.described.kind != "text" && part.described.kind != "multipart";
            let in_message = part.parent.is_some_and(|around| {
                structure.parts()[around].holds == Holds::Message || !has_way(&structure, around)
            });
            if is_file && !in_message {
                assert!(has(number), "{name}: part {number} is nowhere");
            }
        }
    }
}

/// Whether a part is not in an attached message, which is one file.
fn has_way(structure: &Structure, mut number: usize) -> bool {
    while let Some(part) = structure.part(number) {
        if part.holds == Holds::Message {
            return false;
        }
        let Some(parent) = part.parent else {
            break;
        };
        number = parent;
    }
    true
}

fn octets<'a>(message: &'a [u8], structure: &Structure, number: usize) -> &'a [u8] {
    let body = &structure.parts()[number].body;
    let place = |octet: u64| usize::try_from(octet).expect("a place in memory");
    &message[place(body.start)..place(body.end)]
}

fn text_of(message: &[u8], structure: &Structure, number: usize) -> String {
    let described = &structure.parts()[number].described;
    let unpacked = Unpacker::all(described.encoding, octets(message, structure, number));
    body_text(described, &unpacked)
}

/// Letters and digits of each part, as our reader and as mail-parser has it.
fn letters(message: &[u8]) -> (Vec<String>, Vec<String>) {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect();
    let structure = Structure::of(message);
    let leaves = structure.parts().iter().enumerate();
    let mut ours: Vec<String> = leaves
        .filter(|(_, part)| part.holds == Holds::Octets && part.described.kind == "text")
        .map(|(number, _)| letters(&text_of(message, &structure, number)))
        .collect();
    let mut theirs: Vec<String> = Vec::new();
    if let Some(parsed) = MessageParser::default().parse(message) {
        let mut messages = vec![&parsed];
        while let Some(parsed) = messages.pop() {
            for part in &parsed.parts {
                match &part.body {
                    PartType::Text(text) | PartType::Html(text) => theirs.push(letters(text)),
                    PartType::Message(inside) => messages.push(inside),
                    _ => {}
                }
            }
        }
    }
    ours.sort();
    theirs.sort();
    (ours, theirs)
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
        check_parts(name, message);
    }
}

#[test]
fn the_corpus_reads_alike_in_every_form() {
    for file in corpus() {
        let message = fs::read(&file).unwrap();
        check(&file.display().to_string(), &message);
        check_parts(&file.display().to_string(), &message);
    }
}

/// What we read otherwise is odd: mail-parser gives up on base64 with a stray octet, takes raw
/// latin-1 for broken UTF-8, and looks into attached messages that were packed.
#[test]
fn texts_are_those_that_another_reader_finds() {
    let files = corpus();
    let alike = files.iter().filter(|file| {
        let message = fs::read(file).unwrap();
        let (ours, theirs) = letters(&message);
        ours == theirs
    });
    let (alike, all) = (alike.count(), files.len());
    assert!(alike * 100 >= all * 92, "{alike} of {all} read alike");
}

#[test]
fn raw_latin_1_is_shown_as_meant() {
    let summary = summarize(OWN[8].1);
    assert_eq!(summary.from, "é <a@example.org>");
    assert_eq!(summary.subject, "café");
}
