//! Counts, as people read them. Templates hand references, code hands values: both are taken.

use std::borrow::Borrow;

/// With commas between thousands: `1,318`.
pub fn number(count: impl Borrow<u64>) -> String {
    let digits = count.borrow().to_string();
    let mut words = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            words.push(',');
        }
        words.push(digit);
    }
    words
}

/// A count of things: `1 message`, `2,310 messages`.
pub fn many(count: impl Borrow<u64>, thing: &str) -> String {
    let count = *count.borrow();
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {thing}{ending}", number(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (count, words) in [
            (0, "0"),
            (999, "999"),
            (1_318, "1,318"),
            (12_345_678, "12,345,678"),
        ] {
            assert_eq!(number(count), words);
            assert_eq!(many(1, "message"), "1 message");
        }
        assert_eq!(many(2_310, "message"), "2,310 messages");
    }
}
