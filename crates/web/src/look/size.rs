//! Sizes, as lists show them.

use inhaul_types::Octets;

/// `9.8 MB`; nothing at all is `-`.
pub fn size(octets: Octets) -> String {
    match octets {
        Octets::ZERO => "-".to_owned(),
        octets => octets.in_words(),
    }
}

/// How much of how much, the unit once where it is the same: `1.3 of 5.0 GB`.
pub fn share(octets: Octets, of: Octets) -> String {
    let (part, whole) = (octets.in_words(), of.in_words());
    let unit = |words: &str| words.rsplit(' ').next().map(str::to_owned);
    match part.rsplit_once(' ') {
        Some((number, _)) if unit(&part) == unit(&whole) => format!("{number} of {whole}"),
        _ => format!("{part} of {whole}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_names_its_unit_once() {
        for (octets, of, words) in [
            (1_300_000_000, 5_000_000_000, "1.3 of 5.0 GB"),
            (980_000_000, 5_000_000_000, "980.0 MB of 5.0 GB"),
            (0, 1_000, "0 B of 1.0 KB"),
            (6_000_000_000, 5_000_000_000, "6.0 of 5.0 GB"),
        ] {
            assert_eq!(share(Octets::new(octets), Octets::new(of)), words);
        }
    }

    #[test]
    fn a_size_has_one_decimal_and_nothing_is_a_dash() {
        for (octets, words) in [(0, "-"), (9_800_000, "9.8 MB"), (182_400, "182.4 KB")] {
            assert_eq!(size(Octets::new(octets)), words);
        }
    }
}
