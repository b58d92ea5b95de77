//! Figures out of many measurements.

use serde::{Deserialize, Serialize};

/// What is said of many measurements, in their unit.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Spread {
    /// How many.
    pub(crate) count: usize,
    /// The middle one.
    pub(crate) median: f64,
    /// 95 of 100 are no more than this.
    #[serde(default)]
    pub(crate) p95: f64,
    /// 99 of 100 are no more than this.
    pub(crate) p99: f64,
    /// The highest.
    pub(crate) worst: f64,
}

impl Spread {
    /// Of these, in any order; zeros of none.
    pub(crate) fn of(measured: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = measured.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        Self {
            count: sorted.len(),
            median: nearest_rank(&sorted, 50),
            p95: nearest_rank(&sorted, 95),
            p99: nearest_rank(&sorted, 99),
            worst: sorted.last().copied().unwrap_or_default(),
        }
    }
}

/// The least value that `percent` of all do not exceed.
fn nearest_rank(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_measurements_that_were_made() {
        let hundred = Spread::of((1..=100).rev().map(f64::from));
        assert_eq!(
            (hundred.median, hundred.p99, hundred.worst),
            (50.0, 99.0, 100.0)
        );
        let three = Spread::of([3.0, 1.0, 2.0]);
        assert_eq!((three.median, three.p99, three.worst), (2.0, 3.0, 3.0));
        assert_eq!(Spread::of([]), Spread::default());
    }
}
