//! Real mail to test with, where it is at hand, and our own odd mail where it is not.

use std::fs;
use std::path::{Path, PathBuf};

use crate::fixtures::fixtures;

/// One message and where it is from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CorpusMessage {
    /// A short name that a failed test can print; the path below the folder for a file.
    pub name: String,
    /// The message as a server sends it, un-stuffed.
    pub octets: Vec<u8>,
}

/// The folder with the collection of real messages: `INHAUL_CORPUS`, or `../shared/corpus` beside
/// the workspace. Not everybody has it; it is not ours to hand on.
pub fn corpus_dir() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let dir = std::env::var_os("INHAUL_CORPUS").map_or(beside, PathBuf::from);
    dir.is_dir().then_some(dir)
}

/// All messages of the collection in the order of their names; `None` where there is none.
///
/// Where a file has LF line ends throughout, that is how its project keeps text, not how the
/// message arrived: such a file is given CR LF line ends.
pub fn corpus() -> Option<Vec<CorpusMessage>> {
    let dir = corpus_dir()?;
    let mut messages: Vec<_> = ["ordinary", "odd"]
        .iter()
        .filter_map(|class| fs::read_dir(dir.join(class)).ok())
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let path = entry.path();
            let name = path.strip_prefix(&dir).ok()?.to_str()?.to_string();
            let octets = fs::read(&path).ok()?;
            name.ends_with(".eml").then(|| CorpusMessage {
                name,
                octets: as_sent(octets),
            })
        })
        .collect();
    messages.sort_by(|one, other| one.name.cmp(&other.name));
    (!messages.is_empty()).then_some(messages)
}

/// The collection of real messages if it is there, else [`fixtures`]; and which of the two.
pub fn corpus_or_fixtures() -> (Vec<CorpusMessage>, &'static str) {
    match corpus() {
        Some(messages) => (messages, "corpus"),
        None => (fixtures(), "fixtures"),
    }
}

/// CR LF for LF in a text that knows no CR.
fn as_sent(octets: Vec<u8>) -> Vec<u8> {
    if octets.contains(&b'\r') {
        return octets;
    }
    octets
        .split(|&octet| octet == b'\n')
        .collect::<Vec<_>>()
        .join(&b"\r\n"[..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_that_knows_no_cr_gets_new_line_ends() {
        for (stored, sent) in [
            ("a\n\nb\n", "a\r\n\r\nb\r\n"),
            ("a\nb", "a\r\nb"),
            ("a\r\nb\n", "a\r\nb\n"),
            ("a\rb\n", "a\rb\n"),
            ("", ""),
        ] {
            assert_eq!(as_sent(stored.into()), sent.as_bytes(), "{stored:?}");
        }
    }

    #[test]
    fn there_is_always_something_to_test_with() {
        let (messages, origin) = corpus_or_fixtures();
        assert!(messages.len() >= 40, "{} from {origin}", messages.len());
    }
}
