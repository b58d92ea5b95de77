//! The server's lasting name for a message.

use std::fmt;

/// A unique-id as UIDL lists it (RFC 1939 section 7). A hint, never the sole proof of identity:
/// real servers repeat, renumber and reuse it.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UniqueId(Box<[u8]>);

/// Why some octets are no unique-id.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UniqueIdError {
    /// Some servers list a number and nothing behind it.
    #[error("the unique-id is blank")]
    Blank,
    /// Over [`UniqueId::LONGEST`].
    #[error("the unique-id has {0} octets, more than {max}", max = UniqueId::LONGEST)]
    TooLong(usize),
    /// A control octet or a space, at this offset.
    #[error("the unique-id has octet {octet:#04x} at offset {offset}")]
    Unexpected {
        /// The octet.
        octet: u8,
        /// Where it stands, from 0.
        offset: usize,
    },
}

impl UniqueId {
    /// RFC 1939 allows 70 octets; servers go beyond it, and a listing line has to end somewhere.
    pub const LONGEST: usize = 512;

    /// Checks what stands behind the message number on a UIDL line. Octets above 0x7e are
    /// accepted although RFC 1939 does not allow them: they identify as well as others.
    pub fn parse(octets: &[u8]) -> Result<Self, UniqueIdError> {
        Self::check(octets)?;
        Ok(Self(octets.into()))
    }

    /// What [`UniqueId::parse`] checks, for a caller that keeps ids in a store of its own.
    pub fn check(octets: &[u8]) -> Result<(), UniqueIdError> {
        if octets.is_empty() {
            return Err(UniqueIdError::Blank);
        }
        if octets.len() > Self::LONGEST {
            return Err(UniqueIdError::TooLong(octets.len()));
        }
        match octets
            .iter()
            .position(|octet| *octet <= b' ' || *octet == 0x7f)
        {
            Some(offset) => Err(UniqueIdError::Unexpected {
                octet: octets[offset],
                offset,
            }),
            None => Ok(()),
        }
    }

    /// The octets the server sent.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.escape_ascii().fmt(f)
    }
}

impl fmt::Debug for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UniqueId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unique_id_is_visible_octets_within_bounds() {
        for (octets, verdict) in [
            (&b"000000014a5f"[..], Ok(())),
            (b"\xe9\xff~!", Ok(())),
            (b"", Err(UniqueIdError::Blank)),
            (
                b"a b",
                Err(UniqueIdError::Unexpected {
                    octet: b' ',
                    offset: 1,
                }),
            ),
            (
                b"a\0",
                Err(UniqueIdError::Unexpected {
                    octet: 0,
                    offset: 1,
                }),
            ),
            (&[b'x'; 513], Err(UniqueIdError::TooLong(513))),
        ] {
            assert_eq!(
                UniqueId::check(octets),
                verdict,
                "{}",
                octets.escape_ascii()
            );
        }
    }
}
