//! A server's key, told from all others.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// SHA-256 over the SubjectPublicKeyInfo of a server's own certificate. Written as curl and RFC
/// 7469 do: `sha256//` and base64. Another certificate for the same key has the same pin.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct KeyPin([u8; Self::LEN]);

const PREFIX: &str = "sha256//";

impl KeyPin {
    /// Octets of the hash.
    pub const LEN: usize = 32;

    /// From the hash.
    pub fn new(octets: [u8; Self::LEN]) -> Self {
        Self(octets)
    }

    /// The hash.
    pub fn octets(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Display for KeyPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", BASE64_STANDARD.encode(self.0))
    }
}

impl fmt::Debug for KeyPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPin({self})")
    }
}

/// The text is no pin.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a pin is sha256// and the 44 base64 characters of the SHA-256 of the server's public key")]
pub struct BadPin;

impl FromStr for KeyPin {
    type Err = BadPin;

    fn from_str(text: &str) -> Result<Self, BadPin> {
        let base64 = text.strip_prefix(PREFIX).ok_or(BadPin)?;
        let octets = BASE64_STANDARD.decode(base64).map_err(|_| BadPin)?;
        Ok(Self(octets.try_into().map_err(|_| BadPin)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_reads_back() {
        let text = "sha256//YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE=";
        assert_eq!(text.parse::<KeyPin>().unwrap().to_string(), text);
        for bad in [
            "",
            "YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE=",
            "sha256//YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE",
            "sha256//YhKJ",
            "sha256//=====",
            "first",
        ] {
            assert_eq!(bad.parse::<KeyPin>(), Err(BadPin), "{bad:?}");
        }
    }
}
