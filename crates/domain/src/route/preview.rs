//! A preview in words: who was found in a message, and what became of how many.

use std::collections::BTreeMap;

use super::routed::Routed;

/// What became of how many.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Messages for one person.
    pub one: u64,
    /// For two.
    pub two: u64,
    /// For more.
    pub more: u64,
    /// For somebody or nobody without a rule.
    pub fallback: u64,
}

impl Counts {
    /// Counts where messages go.
    pub fn of<'a>(all: impl IntoIterator<Item = &'a Routed>) -> Self {
        let mut counts = Self::default();
        for routed in all {
            *match routed.placements.len() {
                _ if routed.has_no_rule() => &mut counts.fallback,
                0 | 1 => &mut counts.one,
                2 => &mut counts.two,
                _ => &mut counts.more,
            } += 1;
        }
        counts
    }

    /// All of them.
    pub fn all(self) -> u64 {
        self.one + self.two + self.more + self.fallback
    }

    /// `17 to their person, 1 to two people, 2 to the fallback account`; nothing of nothing.
    pub fn words(self) -> String {
        let parts = [
            (self.one, "to their person"),
            (self.two, "to two people"),
            (self.more, "to several people"),
            (self.fallback, "to the fallback account"),
        ];
        let parts = parts.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<_> = parts
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        parts.join(", ")
    }
}

impl Routed {
    /// Whether it is in the fallback because nobody has an address of it, or it has none.
    pub fn has_no_rule(&self) -> bool {
        !self.unclaimed.is_empty() || self.found.is_empty()
    }

    /// One address whole; of several in one domain the names: `alice@, petr@`; `(none)`.
    pub fn found_words(&self) -> String {
        let addresses: Vec<&str> = self
            .found
            .iter()
            .map(|found| found.address.as_str())
            .collect();
        match addresses.as_slice() {
            [] => "(none)".to_owned(),
            [one] => (*one).to_owned(),
            several => {
                let domain = |address: &str| {
                    address
                        .rsplit_once('@')
                        .map(|(_, domain)| domain.to_owned())
                };
                let first = domain(several[0]);
                let is_one_domain = several.iter().all(|address| domain(address) == first);
                let shown = several
                    .iter()
                    .map(|address| match address.rsplit_once('@') {
                        Some((name, _)) if is_one_domain => format!("{name}@"),
                        _ => (*address).to_owned(),
                    });
                shown.collect::<Vec<_>>().join(", ")
            }
        }
    }
}

/// The addresses that nobody has, with the messages they are in, those of most messages first.
pub fn without_rule<'a>(all: impl IntoIterator<Item = &'a Routed>) -> Vec<(&'a str, u64)> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for address in all.into_iter().flat_map(|routed| &routed.unclaimed) {
        *counts.entry(address).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

/// The name where there is one, else the address: `Jana Novak <jana@example.org>`.
pub fn sender_shown(from: &str) -> &str {
    let name = from.split_once('<').map_or(from, |(name, _)| name);
    let name = name.trim().trim_matches('"');
    if name.is_empty() { from } else { name }
}

#[cfg(test)]
mod tests {
    use inhaul_types::{AccountId, FolderId};

    use super::super::{Found, FoundBy, Place, Placement};
    use super::*;

    fn routed(found: &[&str], places: usize, unclaimed: &[&str]) -> Routed {
        let address = |address: &&str| Found {
            source: "Delivered-To".into(),
            number: 1,
            address: (*address).into(),
        };
        let placement = Placement {
            place: Place {
                account: AccountId::new(1),
                folder: FolderId::new(1),
                shown: "alice/INBOX".into(),
            },
            recipients: Vec::new(),
            why: String::new(),
        };
        Routed {
            placements: vec![placement; places],
            unclaimed: unclaimed.iter().map(|one| (*one).to_owned()).collect(),
            by: FoundBy::Evidence("Delivered-To".into()),
            found: found.iter().map(address).collect(),
        }
    }

    #[test]
    fn who_was_found_is_one_address_or_names() {
        for (found, words) in [
            (&["alice@firm.example"][..], "alice@firm.example"),
            (
                &["alice@firm.example", "petr@firm.example"],
                "alice@, petr@",
            ),
            (
                &["a@firm.example", "a@firm.net"],
                "a@firm.example, a@firm.net",
            ),
            (&[], "(none)"),
        ] {
            assert_eq!(routed(found, 1, &[]).found_words(), words);
        }
    }

    #[test]
    fn a_sender_is_shown_by_name() {
        for (from, shown) in [
            ("Jana Novak <jana@example.org>", "Jana Novak"),
            ("\"Novak, Jana\" <jana@example.org>", "Novak, Jana"),
            ("<jana@example.org>", "<jana@example.org>"),
            ("jana@example.org", "jana@example.org"),
            ("", ""),
        ] {
            assert_eq!(sender_shown(from), shown);
        }
    }

    #[test]
    fn counts_are_told_in_one_sentence() {
        let one = routed(&["a@x"], 1, &[]);
        let two = routed(&["a@x", "b@x"], 2, &[]);
        let lost = routed(&["c@x"], 1, &["c@x"]);
        let nobody = routed(&[], 1, &[]);
        let all = [&one, &one, &two, &lost, &nobody];
        let counts = Counts::of(all);
        let words = "2 to their person, 1 to two people, 2 to the fallback account";
        assert_eq!((counts.words().as_str(), counts.all()), (words, 5));
        assert_eq!(Counts::default().words(), "");
    }

    #[test]
    fn addresses_without_a_rule_are_told_by_how_often_they_come() {
        let [one, other] = [&["b@x"][..], &["a@x", "b@x"]].map(|list| routed(list, 1, list));
        assert_eq!(without_rule([&one, &other]), [("b@x", 2), ("a@x", 1)]);
    }
}
