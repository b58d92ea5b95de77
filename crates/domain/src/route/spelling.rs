//! How addresses compare: letter case never counts, and a domain is in ASCII.

use inhaul_message::addresses;

/// A text without its letter case, in ASCII and beyond.
pub(super) fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Upper case first: final sigma and long s have another lower case than they were written in.
    text.chars()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

/// A domain as the scanner of addresses yields it, whichever way it was typed.
pub(super) fn domain(typed: &str) -> String {
    let typed = typed.trim().trim_end_matches('.');
    addresses(format!("x@{typed}").as_bytes())
        .next()
        .map_or_else(|| folded(typed), |address| address.domain.into_owned())
}

/// A text without anything that could end a line or move a cursor: it goes into explanations.
pub(super) fn shown(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        })
        .collect()
}

/// Addresses of which only a part is given; each `*` stands for any characters or none.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    first: String,
    middle: Vec<String>,
    /// What stands behind the last `*`; `None` if there is none.
    last: Option<String>,
}

impl Pattern {
    pub(super) fn new(typed: &str) -> Self {
        let mut parts = typed.split('*').map(folded);
        let first = parts.next().unwrap_or_default();
        let mut middle: Vec<_> = parts.collect();
        let last = middle.pop();
        middle.retain(|part| !part.is_empty());
        Self {
            first,
            middle,
            last,
        }
    }

    /// Looks at a text without letter case, once: each part is taken where it first is.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some(mut rest) = text.strip_prefix(self.first.as_str()) else {
            return false;
        };
        let Some(last) = &self.last else {
            return rest.is_empty();
        };
        for part in &self.middle {
            let Some((_, behind)) = rest.split_once(part.as_str()) else {
                return false;
            };
            rest = behind;
        }
        rest.ends_with(last.as_str())
    }

    /// How many octets are given: the more, the fewer addresses match.
    pub(super) fn given(&self) -> usize {
        let middle: usize = self.middle.iter().map(String::len).sum();
        self.first.len() + middle + self.last.as_ref().map_or(0, String::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letter_case_never_counts() {
        for (one, other) in [
            ("Alice+News", "aLICE+nEWS"),
            ("JÖRG", "jörg"),
            ("ΣΟΦΟΣ", "σοφος"),
            ("STRASSE", "straße"),
        ] {
            assert_eq!(folded(one), folded(other), "{one}");
        }
        assert_ne!(folded("alice"), folded("alicia"));
    }

    #[test]
    fn a_domain_is_the_same_in_all_its_spellings() {
        for (typed, compared) in [
            ("Firm.Example", "firm.example"),
            ("firm.example.", "firm.example"),
            (" firm.example ", "firm.example"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("", ""),
        ] {
            assert_eq!(domain(typed), compared, "{typed:?}");
        }
    }

    #[test]
    fn a_star_stands_for_any_characters_or_none() {
        for (pattern, text, matches) in [
            ("*", "", true),
            ("*", "anything", true),
            ("sales", "sales", true),
            ("sales", "salesman", false),
            ("sales*", "sales", true),
            ("sales*", "salesman", true),
            ("sales*", "presales", false),
            ("*+news", "alice+news", true),
            ("*+news", "+news", true),
            ("*+news", "alice+newsletter", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("**x**", "axb", true),
            ("**x**", "ab", false),
            ("a*a*a", "aa", false),
            ("SALES*", "sales1", true),
        ] {
            assert_eq!(
                Pattern::new(pattern).matches(text),
                matches,
                "{pattern} {text}"
            );
        }
    }
}
