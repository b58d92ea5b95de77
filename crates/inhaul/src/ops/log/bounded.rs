//! Text that cannot grow and cannot forge: a writer with a bound, through which nothing goes that a
//! terminal obeys or a log reads as a line end.
//!
//! What is written may be a peer's or a person's choice. It is cut while it is written, so even a
//! text of gigabytes costs no more than the bound.

use std::fmt::{self, Write as _};

/// A text of at most so many octets.
#[derive(Debug)]
pub(super) struct Bounded {
    text: String,
    most: usize,
    is_cut: bool,
}

impl Bounded {
    /// An empty text that will hold `most` octets, the mark of a cut included.
    pub(super) fn new(most: usize) -> Self {
        Self {
            text: String::new(),
            most,
            is_cut: false,
        }
    }

    /// What `value` prints, as far as it fits.
    pub(super) fn of(most: usize, value: &dyn fmt::Display) -> String {
        let mut bounded = Self::new(most);
        // An error is the bound speaking.
        write!(bounded, "{value}").ok();
        bounded.text
    }

    /// What was written.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn push(&mut self, piece: &str) -> fmt::Result {
        if self.text.len() + piece.len() + CUT.len() > self.most {
            self.text.push_str(CUT);
            self.is_cut = true;
            return Err(fmt::Error);
        }
        self.text.push_str(piece);
        Ok(())
    }
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if self.is_cut {
                // The formatting ends here: nobody formats what nobody will read.
                return Err(fmt::Error);
            }
            match c {
                '\n' => self.push("\\n")?,
                '\r' => self.push("\\r")?,
                '\t' => self.push("\\t")?,
                c if is_harmful(c) => self.push(&c.escape_unicode().to_string())?,
                c => self.push(c.encode_utf8(&mut [0; 4]))?,
            }
        }
        Ok(())
    }
}

/// What a terminal obeys, what ends a line somewhere, and what shows text in another order or not
/// at all.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Where the rest is missing.
const CUT: &str = "…";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_acts_goes_through() {
        for (text, harmless) in [
            ("Old ISP", "Old ISP"),
            ("čeština 日本", "čeština 日本"),
            ("a\r\nb\tc", "a\\r\\nb\\tc"),
            ("\u{1b}[2J\u{7f}\u{9b}", "\\u{1b}[2J\\u{7f}\\u{9b}"),
            ("\0", "\\u{0}"),
            (
                "a\u{2028}b\u{202e}c\u{feff}",
                "a\\u{2028}b\\u{202e}c\\u{feff}",
            ),
        ] {
            assert_eq!(Bounded::of(100, &text), harmless);
        }
    }

    #[test]
    fn a_text_is_cut_at_its_bound_between_two_characters() {
        assert_eq!(Bounded::of(8, &"12345"), "12345");
        assert_eq!(Bounded::of(8, &"123456"), "12345…");
        assert_eq!(Bounded::of(8, &"čččč"), "čč…");
        // An escape is written whole or not at all.
        assert_eq!(Bounded::of(8, &"abcd\u{1b}"), "abcd…");
    }

    #[test]
    fn formatting_ends_at_the_bound() {
        struct Endless;
        impl fmt::Display for Endless {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                loop {
                    f.write_str("more and ")?;
                }
            }
        }
        assert!(Bounded::of(50, &Endless).len() <= 50);
    }
}
