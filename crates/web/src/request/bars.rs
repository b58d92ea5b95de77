//! Bars to signing in that the audit knows of: each is told once, however often somebody runs into it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use inhaul_types::Timestamp;

/// The ends of the last bars. Two that end in the same millisecond are taken for one.
#[derive(Debug, Default)]
pub(crate) struct Bars(Mutex<VecDeque<Timestamp>>);

impl Bars {
    /// Whether nobody has run into the bar that ends then; from now on somebody has.
    pub(crate) fn is_new(&self, until: Timestamp) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(&until) {
            return false;
        }
        if known.len() == MOST {
            known.pop_front();
        }
        known.push_back(until);
        true
    }
}

/// Each of them took ten wrong passwords, which are answered late.
const MOST: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_new_once_and_old_ones_are_forgotten() {
        let bars = Bars::default();
        let at = |milliseconds| Timestamp::from_millis(milliseconds);
        assert!(bars.is_new(at(1)));
        assert!(!bars.is_new(at(1)));
        for bar in 2..2_000 {
            assert!(bars.is_new(at(bar)));
        }
        assert_eq!(bars.0.lock().unwrap().len(), MOST);
    }
}
