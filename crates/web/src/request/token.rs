//! Secrets that stand for somebody: in cookies, links and API keys.

use std::fmt;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use inhaul_store::TokenHash;
use rustix::rand::{GetRandomFlags, getrandom};
use sha2::{Digest as _, Sha256};

/// A secret that nobody can guess. Only its hash is kept in the store.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A new one of 256 bits: 43 letters, digits, `-` and `_`. Fails only where the system has no
    /// random octets.
    pub fn new() -> io::Result<Self> {
        Ok(Self(URL_SAFE_NO_PAD.encode(random::<32>()?)))
    }

    /// A new one of 69 bits for a link that works once and not for long, as people can type it:
    /// `k7Qm-94tX-ZpVd`.
    pub fn code() -> io::Result<Self> {
        let mut code = String::new();
        while code.len() < "k7Qm-94tX-ZpVd".len() {
            if matches!(code.len(), 4 | 9) {
                code.push('-');
            }
            // Of the octets only those below a multiple of the number of letters: no letter comes
            // oftener than another.
            let [octet] = random::<1>()?;
            let most = 256 / LETTERS.len() * LETTERS.len();
            if usize::from(octet) < most {
                code.push(char::from(LETTERS[usize::from(octet) % LETTERS.len()]));
            }
        }
        Ok(Self(code))
    }

    /// One that somebody showed, whatever it is.
    pub fn shown(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// What is kept of it. It is long and random, so one round of SHA-256 is enough.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// For whoever is to have it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

pub(crate) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut octets = [0; N];
    let mut filled = 0;
    while filled < N {
        filled += getrandom(&mut octets[filled..], GetRandomFlags::empty())?;
    }
    Ok(octets)
}

/// Without those that are taken for others: `0O 1lI`.
const LETTERS: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tokens_differ_and_none_is_printed() {
        let (one, other) = (Token::new().unwrap(), Token::new().unwrap());
        assert_ne!(one.reveal(), other.reveal());
        assert_eq!(one.reveal().len(), 43);
        assert_eq!(
            one.hash(),
            Token::shown(&format!(" {} ", one.reveal())).hash()
        );
        assert_eq!(format!("{one:?}"), "Token");
    }

    #[test]
    fn a_code_has_three_groups_of_letters_that_nobody_takes_for_others() {
        let code = Token::code().unwrap();
        let groups: Vec<_> = code.reveal().split('-').map(str::len).collect();
        assert_eq!(groups, [4, 4, 4]);
        let is_letter = |letter: u8| letter == b'-' || LETTERS.contains(&letter);
        assert!(code.reveal().bytes().all(is_letter), "{}", code.reveal());
        assert_ne!(code.reveal(), Token::code().unwrap().reveal());
    }
}
