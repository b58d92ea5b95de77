//! How addresses compare: letter case never counts, and a domain is in ASCII.

use inhaul_message::addresses;
use inhaul_types::Address;

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

/// Whether an address is this one, or one of those that this wildcard stands for.
///
/// Letter case and the spelling of the domain do not count; a domain of `*` is every domain. Tags
/// and domains that stand for others are a catch-all's business: see [`super::Router::place_of`].
pub fn covers(pattern: &Address, address: &str) -> bool {
    let Some(address) = addresses(address.as_bytes()).next() else {
        return false;
    };
    let is_there = pattern.domain() == "*" || domain(pattern.domain()) == address.domain;
    is_there && Pattern::new(pattern.local_part()).matches(&folded(&address.local_part))
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

    /// Looks at a text without letter case, once: both ends, then each part where it first is.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some(rest) = text.strip_prefix(self.first.as_str()) else {
            return false;
        };
        let Some(last) = &self.last else {
            return rest.is_empty();
        };
        let Some(mut rest) = rest.strip_suffix(last.as_str()) else {
            return false;
        };
        self.middle.iter().all(|part| {
            let found = rest.split_once(part.as_str());
            rest = found.map_or("", |(_, behind)| behind);
            found.is_some()
        })
    }

    /// The octets that a text begins and ends with, if they are given.
    pub(super) fn ends(&self) -> (Option<u8>, Option<u8>) {
        let last = self.last.as_ref().unwrap_or(&self.first);
        (self.first.bytes().next(), last.bytes().next_back())
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

    #[test]
    fn a_pattern_covers_its_addresses_in_every_spelling() {
        for (pattern, address, covered) in [
            ("infos@firm.example", "Infos@FIRM.example", true),
            ("infos@firm.example", "info@firm.example", false),
            (
                "*+news@bücher.example",
                "alice+news@xn--bcher-kva.example",
                true,
            ),
            ("*@*", "alice@elsewhere.example", true),
            ("*@firm.example", "alice@elsewhere.example", false),
            ("*@firm.example", "\"a b\"@firm.example", true),
            ("*@firm.example", "no address", false),
        ] {
            let pattern = pattern.parse().unwrap();
            assert_eq!(covers(&pattern, address), covered, "{pattern} {address}");
        }
    }
}
