//! Chance that a seed determines (SplitMix64).

use std::time::Duration;

/// A stream of numbers. Streams of their own for those who draw at the same time keep one from
/// changing what another draws.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    /// A stream for one purpose, the same whatever was drawn here.
    pub(crate) fn fork(seed: u64, purpose: &str, which: usize) -> Self {
        let mut state = mix(seed ^ 0x5eed);
        for octet in purpose.bytes() {
            state = mix(state ^ u64::from(octet));
        }
        Self(mix(state ^ which as u64))
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// From 0 on, below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        // The bias of the remainder is far below anything we count.
        self.number() % end.max(1)
    }

    /// From `first` to `last`.
    pub(crate) fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last - first + 1)
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn seconds(&mut self, first: u64, last: u64) -> Duration {
        Duration::from_millis(self.between(first * 1000, last * 1000))
    }
}

fn mix(mut state: u64) -> u64 {
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same() {
        let draw = |seed| {
            let mut dice = Dice::new(seed);
            [dice.number(), dice.below(10), dice.between(3, 4)]
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn purposes_draw_apart() {
        let first = |purpose, which| Dice::fork(7, purpose, which).number();
        assert_ne!(first("mail", 1), first("mail", 2));
        assert_ne!(first("mail", 1), first("lines", 1));
        assert_eq!(first("mail", 1), first("mail", 1));
    }

    #[test]
    fn numbers_stay_within_their_bounds() {
        let mut dice = Dice::new(3);
        assert!((0..1000).all(|_| (5..=9).contains(&dice.between(5, 9))));
        assert!((0..100).any(|_| dice.once_in(10)));
    }
}
