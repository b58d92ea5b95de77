//! Sizes on the wire.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use crate::message_number::parse_decimal;

/// A number of octets, as LIST and STAT count them.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Octets(u64);

impl Octets {
    /// No octets.
    pub const ZERO: Self = Self(0);

    /// Wraps a count.
    pub const fn new(count: u64) -> Self {
        Self(count)
    }

    /// How many octets a slice or file of this length has.
    pub const fn of_len(len: usize) -> Self {
        Self(len as u64)
    }

    /// Reads the decimal digits of a listing line; `None` for anything but digits and for what
    /// does not fit 64 bits.
    pub fn parse(digits: &[u8]) -> Option<Self> {
        parse_decimal(digits).map(Self)
    }

    /// The count.
    pub const fn count(self) -> u64 {
        self.0
    }

    /// For people, to one decimal: `1.2 GB`.
    pub fn in_words(self) -> String {
        #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
        let of = |unit: f64, name: &str| format!("{:.1} {name}", self.0 as f64 / unit);
        match self.0 {
            0..1_000 => format!("{self} B"),
            1_000..1_000_000 => of(1e3, "KB"),
            1_000_000..1_000_000_000 => of(1e6, "MB"),
            _ => of(1e9, "GB"),
        }
    }
}

impl Add for Octets {
    type Output = Self;

    /// Saturates: a server may list sizes whose sum does not fit.
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Octets {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Octets {
    fn sum<I: Iterator<Item = Self>>(sizes: I) -> Self {
        sizes.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_said_in_its_largest_unit() {
        let rows = [
            (0, "0 B"),
            (999, "999 B"),
            (1_500, "1.5 KB"),
            (72_000_000, "72.0 MB"),
            (1_240_000_000, "1.2 GB"),
        ];
        for (count, words) in rows {
            assert_eq!(Octets::new(count).in_words(), words);
        }
    }

    #[test]
    fn a_sum_of_lying_sizes_saturates() {
        let sizes = [Octets::new(u64::MAX), Octets::new(5)];
        assert_eq!(sizes.into_iter().sum::<Octets>(), Octets::new(u64::MAX));
    }
}
