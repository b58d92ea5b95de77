//! A size that may be unknown, in eight octets: maildrops of 200,000 messages hold two for each.

use inhaul_types::Octets;

/// An `Option<Octets>` without the room for its tag. A size of `u64::MAX`, which no message has,
/// reads as unknown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MaybeSize(u64);

impl MaybeSize {
    pub(crate) const UNKNOWN: Self = Self(u64::MAX);

    pub(crate) fn size(self) -> Option<Octets> {
        (self.0 != u64::MAX).then(|| Octets::new(self.0))
    }
}

impl From<Option<Octets>> for MaybeSize {
    fn from(size: Option<Octets>) -> Self {
        size.map_or(Self::UNKNOWN, |size| Self(size.count()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_but_the_impossible_one_reads_back() {
        for size in [None, Some(Octets::ZERO), Some(Octets::new(u64::MAX - 1))] {
            assert_eq!(MaybeSize::from(size).size(), size);
        }
        assert_eq!(MaybeSize::from(Some(Octets::new(u64::MAX))).size(), None);
    }
}
