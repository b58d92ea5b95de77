//! SHA-256 of a whole message, of the header fields that identify it, and of both together.

use std::fmt;

macro_rules! sha256_value {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Wraps the 32 octets of a finished SHA-256.
            pub const fn new(octets: [u8; 32]) -> Self {
                Self(octets)
            }

            /// The 32 octets.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

sha256_value! {
    /// SHA-256 of a message's octets after un-stuffing: two messages with one digest are one.
    Digest
}

sha256_value! {
    /// SHA-256 over the raw, unfolded Message-ID, Date, From, To, Cc and Subject fields
    /// (`DESIGN`, "Identity"): what is left of a message's identity when a server renumbers it or
    /// adds header fields of its own.
    Fingerprint
}

sha256_value! {
    /// SHA-256 over the fields that name a message and its body's digest (`DESIGN`, "Catch-all"):
    /// what two copies of one message share although each came by a way of its own.
    Identity
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_prints_as_hex() {
        let mut octets = [0; 32];
        octets[0] = 0xab;
        assert!(Digest::new(octets).to_string().starts_with("ab00"));
        assert_eq!(Digest::new(octets).to_string().len(), 64);
    }
}
