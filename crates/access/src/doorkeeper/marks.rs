//! Keyed digests of what is typed: names and passwords can be told apart, and not be read again.

use hmac::{Hmac, KeyInit as _, Mac as _};
use inhaul_domain::tries::Tag;
use inhaul_types::Secret;
use rustix::rand::{GetRandomFlags, getrandom};
use sha2::Sha256;

/// A name with its password, as memory has it.
pub(super) type Mark = [u8; 32];

/// A key that lives as long as the process and is nowhere else. Without it, what memory holds of
/// a password is of no use to anybody, not even for guessing it at home.
pub(super) struct Marker {
    keyed: Hmac<Sha256>,
}

impl Marker {
    /// With a new key. Fails only where the system has no random octets.
    pub(super) fn new() -> std::io::Result<Self> {
        let mut key = [0; 32];
        let mut rest = &mut key[..];
        while !rest.is_empty() {
            match getrandom(&mut *rest, GetRandomFlags::empty()) {
                Ok(filled) => rest = &mut rest[filled..],
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let keyed = Hmac::new_from_slice(&key).expect("HMAC takes a key of any length");
        Ok(Self { keyed })
    }

    /// A sign-in name. Letter case does not count.
    pub(super) fn name(&self, name: &str) -> Tag {
        self.tag(b"name", &name.to_lowercase(), "")
    }

    /// A guess at a name's password.
    pub(super) fn guess(&self, name: &str, password: &Secret) -> Tag {
        self.tag(b"guess", &name.to_lowercase(), password.expose())
    }

    /// A name and a password, octet by octet: which letters count as one is for the store to say.
    pub(super) fn pair(&self, name: &str, password: &Secret) -> Mark {
        self.digest(b"pair", name, password.expose())
    }

    fn tag(&self, what: &[u8], name: &str, password: &str) -> Tag {
        let [a, b, c, d, e, f, g, h, ..] = self.digest(what, name, password);
        Tag::new([a, b, c, d, e, f, g, h])
    }

    /// The name's length goes in front of it, so that no other name with another password reads
    /// the same.
    fn digest(&self, what: &[u8], name: &str, password: &str) -> Mark {
        let mut mac = self.keyed.clone();
        mac.update(what);
        mac.update(&(name.len() as u64).to_be_bytes());
        mac.update(name.as_bytes());
        mac.update(password.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn every_name_and_password_has_a_mark_of_its_own() {
        let marker = Marker::new().unwrap();
        let pair = marker.pair("anna", &secret("bc"));
        assert_eq!(marker.pair("anna", &secret("bc")), pair);
        for (name, password) in [
            ("annab", "c"),
            ("ann", "abc"),
            ("Anna", "bc"),
            ("anna", "Bc"),
        ] {
            assert_ne!(
                marker.pair(name, &secret(password)),
                pair,
                "{name} {password}"
            );
        }
        assert_ne!(Marker::new().unwrap().pair("anna", &secret("bc")), pair);
    }

    #[test]
    fn letter_case_counts_in_a_guess_and_not_in_its_name() {
        let marker = Marker::new().unwrap();
        assert_eq!(
            marker.name("Anna@Example.ORG"),
            marker.name("anna@example.org")
        );
        let guess = marker.guess("anna", &secret("a"));
        assert_eq!(marker.guess("ANNA", &secret("a")), guess);
        assert_ne!(marker.guess("anna", &secret("A")), guess);
        assert_ne!(marker.guess("anna", &secret("")), marker.name("anna"));
    }
}
