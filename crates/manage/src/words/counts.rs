//! Sizes and counts for people: `1.3 GB`, `4,310 messages`.

use inhaul_types::Octets;

/// A size for people: octets below 1,000, then KB, MB or GB with one decimal.
pub fn size(octets: Octets) -> String {
    octets.in_words()
}

/// A count for people: `4,310`.
pub fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 message`, `4,310 messages`.
pub fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", count(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_one_decimal() {
        for (octets, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (42_000, "42.0 KB"),
            (9_840_000, "9.8 MB"),
            (1_300_000_000, "1.3 GB"),
        ] {
            assert_eq!(size(Octets::new(octets)), text);
        }
    }

    #[test]
    fn counts_are_read_in_threes() {
        for (number, text) in [
            (0, "0 messages"),
            (1, "1 message"),
            (999, "999 messages"),
            (4_310, "4,310 messages"),
            (1_000_000, "1,000,000 messages"),
        ] {
            assert_eq!(counted(number, "message"), text);
        }
    }
}
