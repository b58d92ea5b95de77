//! A message's place in one POP3 session.

use std::fmt;
use std::num::NonZeroU32;

/// The number a message has in this session, from 1 (RFC 1939 section 4). Means nothing in the
/// next session.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MessageNumber(NonZeroU32);

impl MessageNumber {
    /// The first message of a maildrop.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// `None` for 0, which numbers nothing.
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// Reads the decimal digits of a command or listing line; `None` for 0, for anything but
    /// digits, and for what does not fit: `RETR 4294967297` is not message 1.
    pub fn parse(digits: &[u8]) -> Option<Self> {
        Self::new(parse_decimal(digits).and_then(|n| u32::try_from(n).ok())?)
    }

    /// The number, from 1.
    pub const fn number(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for MessageNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Reads ASCII digits and nothing else: no sign, no space, no empty text, no wrap-around.
pub(crate) fn parse_decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |value, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_positive_decimal_that_fits_is_a_message_number() {
        for (digits, number) in [
            ("1", Some(1)),
            ("007", Some(7)),
            ("4294967295", Some(u32::MAX)),
            ("0", None),
            ("", None),
            ("+1", None),
            ("-1", None),
            ("1.5", None),
            ("4294967296", None),
            ("4294967297", None),
            ("99999999999999999999999", None),
        ] {
            let parsed = MessageNumber::parse(digits.as_bytes()).map(MessageNumber::number);
            assert_eq!(parsed, number, "{digits:?}");
        }
    }
}
