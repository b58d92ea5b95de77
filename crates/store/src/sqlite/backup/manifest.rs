//! The list at the end of a backup: its members with their digests, and what it is.
//!
//! Text, a line a fact, the last one the digest of those before it. What is changed or missing
//! anywhere in the file comes out here.

use inhaul_types::{Digest, Timestamp};
use sha2::{Digest as _, Sha256};

/// The name of the first member, whose text says what the file is.
pub(super) const FIRST: &str = "inhaul-backup";
/// The name of the last member.
pub(super) const LAST: &str = "inhaul-backup.digests";
/// The layout of the file.
const VERSION: &str = "1";

/// The first member's text.
pub(super) fn first() -> String {
    format!("inhaul backup {VERSION}\n")
}

/// What a backup holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Manifest {
    /// As of when.
    pub(super) taken: Timestamp,
    pub(super) messages: u64,
    pub(super) members: Vec<Member>,
}

/// A file in a backup.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) digest: Digest,
}

impl Manifest {
    pub(super) fn to_text(&self) -> String {
        let mut text = format!("taken {}\n", self.taken.millis());
        text += &format!("messages {}\n", self.messages);
        for Member { name, size, digest } in &self.members {
            text += &format!("file {digest} {size} {name}\n");
        }
        let digest = digest(&text);
        text + &format!("{END}{digest}\n")
    }

    /// `None` if it is not what `to_text` wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (facts, end) = text.split_at(text.rfind(END)?);
        if end.strip_prefix(END)?.strip_suffix('\n')? != digest(facts).to_string() {
            return None;
        }
        let mut lines = facts.lines();
        let taken = lines.next()?.strip_prefix("taken ")?.parse().ok()?;
        let messages = lines.next()?.strip_prefix("messages ")?.parse().ok()?;
        let members = lines.map(member).collect::<Option<Vec<_>>>()?;
        Some(Self {
            taken: Timestamp::from_millis(taken),
            messages,
            members,
        })
    }
}

const END: &str = "digest ";

fn member(line: &str) -> Option<Member> {
    let mut words = line.strip_prefix("file ")?.splitn(3, ' ');
    let digest = words.next()?;
    let mut octets = [0; 32];
    for (octet, hex) in octets.iter_mut().zip(digest.as_bytes().chunks(2)) {
        *octet = u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?;
    }
    Some(Member {
        digest: Digest::new(octets),
        size: words.next()?.parse().ok()?,
        name: words.next()?.to_owned(),
    })
}

fn digest(text: &str) -> Digest {
    Digest::new(Sha256::digest(text.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_back_and_any_change_shows() {
        let member = |name: &str, size| Member {
            name: name.into(),
            size,
            digest: digest(name),
        };
        let manifest = Manifest {
            taken: Timestamp::from_millis(77),
            messages: 9,
            members: vec![member("inhaul.db", 4096), member("segments/00000001", 7)],
        };
        let text = manifest.to_text();
        assert_eq!(Manifest::parse(&text), Some(manifest));
        for place in 0..text.len() {
            assert_eq!(Manifest::parse(&text[..place]), None, "cut at {place}");
            let mut changed = text.clone().into_bytes();
            changed[place] ^= 1;
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(Manifest::parse(&changed), None, "octet {place}");
        }
    }
}
