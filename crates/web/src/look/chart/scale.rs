//! The top of a scale, so that its half is a round number too.

/// The least round number that is not below `most`, at least 2.
pub(super) fn top(most: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for digit in [2, 4, 6, 8, 10, 12, 16] {
            let Some(top) = power.checked_mul(digit) else {
                return u64::MAX;
            };
            if top >= most {
                return top;
            }
        }
        let Some(next) = power.checked_mul(10) else {
            return u64::MAX;
        };
        power = next;
    }
}

/// How high a part of a whole is drawn, at least `least` where it is anything.
pub(super) fn height(part: u64, whole: u64, full: usize, least: usize) -> usize {
    if part == 0 || whole == 0 {
        return 0;
    }
    let height = u128::from(part) * full as u128 / u128::from(whole);
    usize::try_from(height).unwrap_or(full).clamp(least, full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_ends_at_a_round_number_above_everything() {
        for (most, end) in [
            (0, 2),
            (2, 2),
            (3, 4),
            (12, 12),
            (17, 20),
            (117, 120),
            (1_318, 1_600),
            (u64::MAX, u64::MAX),
        ] {
            assert_eq!(top(most), end, "{most}");
            assert!(top(most) >= most);
        }
    }

    #[test]
    fn a_little_is_seen_and_nothing_is_not() {
        assert_eq!(height(0, 100, 90, 6), 0);
        assert_eq!(height(1, 1_000, 90, 6), 6);
        assert_eq!(height(50, 100, 90, 6), 45);
        assert_eq!(height(u64::MAX, u64::MAX, 90, 6), 90);
        assert_eq!(height(5, 0, 90, 6), 0);
    }
}
