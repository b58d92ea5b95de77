//! Sizes, as lists show them.

use inhaul_types::Octets;

/// `9.8 MB`; nothing at all is `-`.
pub fn size(octets: Octets) -> String {
    match octets {
        Octets::ZERO => "-".to_owned(),
        octets => octets.in_words(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_one_decimal_and_nothing_is_a_dash() {
        for (octets, words) in [(0, "-"), (9_800_000, "9.8 MB"), (182_400, "182.4 KB")] {
            assert_eq!(size(Octets::new(octets)), words);
        }
    }
}
