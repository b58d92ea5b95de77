//! What SCRAM needs of its hash, in one type for both of them.

use std::fmt::Write as _;

use hmac::digest::{KeyInit, Output};
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::scram::Hash;

/// Octets that may be a key: wiped when dropped.
pub(crate) type Octets = Zeroizing<Vec<u8>>;

impl Hash {
    /// `H` of RFC 5802.
    pub(crate) fn digest(self, octets: &[u8]) -> Octets {
        Zeroizing::new(match self {
            Self::Sha1 => Sha1::digest(octets).to_vec(),
            Self::Sha256 => Sha256::digest(octets).to_vec(),
        })
    }

    /// `HMAC` of RFC 5802.
    pub(crate) fn hmac(self, key: &[u8], text: &[u8]) -> Octets {
        Zeroizing::new(match self {
            Self::Sha1 => chain(&keyed::<Hmac<Sha1>>(key), text).to_vec(),
            Self::Sha256 => chain(&keyed::<Hmac<Sha256>>(key), text).to_vec(),
        })
    }

    /// `Hi` of RFC 5802: PBKDF2 as long as one output of the hash.
    pub(crate) fn stretch(self, password: &[u8], salt: &[u8], iterations: u32) -> Octets {
        match self {
            Self::Sha1 => stretch(&keyed::<Hmac<Sha1>>(password), salt, iterations),
            Self::Sha256 => stretch(&keyed::<Hmac<Sha256>>(password), salt, iterations),
        }
    }
}

fn keyed<M: Mac + KeyInit>(key: &[u8]) -> M {
    <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn chain<M: Mac + Clone>(keyed: &M, text: &[u8]) -> Output<M> {
    let mut mac = keyed.clone();
    mac.update(text);
    mac.finalize().into_bytes()
}

fn stretch<M: Mac + Clone>(keyed: &M, salt: &[u8], iterations: u32) -> Octets {
    let mut round = chain(keyed, &[salt, &1_u32.to_be_bytes()].concat());
    let mut stretched = Zeroizing::new(round.to_vec());
    for _ in 1..iterations {
        round = chain(keyed, &round);
        stretched
            .iter_mut()
            .zip(&round)
            .for_each(|(sum, octet)| *sum ^= octet);
    }
    stretched
}

/// Two as one, octet by octet.
pub(crate) fn xor(one: &[u8], other: &[u8]) -> Octets {
    Zeroizing::new(
        one.iter()
            .zip(other)
            .map(|(one, other)| one ^ other)
            .collect(),
    )
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && xor(one, other).iter().fold(0, |sum, octet| sum | octet) == 0
}

pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        let _infallible = write!(text, "{octet:02x}");
        text
    })
}
