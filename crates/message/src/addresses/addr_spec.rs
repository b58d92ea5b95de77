//! One address, as it compares: local part without quotes, domain in lower case and in ASCII.

use std::borrow::Cow;
use std::fmt;

use super::part::{Part, is_atext};

/// The longest address that is read as one, in octets and without quotes: what RFC 5321 section
/// 4.5.3.1 gives a local part and a domain together. A longer one is no address.
pub const ADDRESS_MOST: usize = 64 + 1 + 255;

/// RFC 5322's addr-spec as a header names it.
///
/// `Display` writes it as a header would: the local part in quotes where it would not be read
/// otherwise. Dots alone never need them (`s..palmer@example.org` is in use as it stands).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct AddrSpec<'a> {
    /// What stands before the `@`: quotes and escapes taken off, case as written, never empty.
    /// Octets that are no UTF-8 show as U+FFFD. Nothing is decoded: an encoded-word stays one.
    pub local_part: Cow<'a, str>,
    /// What stands behind the `@`, in lower case, never empty. An international domain has A-labels
    /// (`xn--`), so that both of its spellings compare equal; a domain literal keeps its brackets.
    /// The dot of the root is taken off.
    pub domain: Cow<'a, str>,
}

impl<'a> AddrSpec<'a> {
    /// None if either side could not stand in an address, or if both are too long together.
    pub(super) fn new(mut local_part: Part<'a>, mut domain: Part<'a>) -> Option<Self> {
        if local_part.starts_with_apostrophe() && domain.ends_with_apostrophe() {
            // 'anna@example.org': quoted by a program that took apostrophes for quotes.
            local_part.drop_first();
            domain.drop_last();
        }
        let address = Self {
            local_part: local_part.into_local_part()?,
            domain: domain.into_domain()?,
        };
        let octets = address.local_part.len() + 1 + address.domain.len();
        (octets <= ADDRESS_MOST).then_some(address)
    }

    /// The same, independent of the header it was read from.
    pub fn into_owned(self) -> AddrSpec<'static> {
        AddrSpec {
            local_part: self.local_part.into_owned().into(),
            domain: self.domain.into_owned().into(),
        }
    }
}

impl fmt::Display for AddrSpec<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |octet: u8| octet == b'.' || is_atext(octet);
        if self.local_part.bytes().all(plain) {
            f.write_str(&self.local_part)?;
        } else {
            f.write_str("\"")?;
            for c in self.local_part.chars() {
                if matches!(c, '"' | '\\') {
                    f.write_str("\\")?;
                }
                write!(f, "{c}")?;
            }
            f.write_str("\"")?;
        }
        write!(f, "@{}", self.domain)
    }
}
