//! A preview's table and the sentences below it.

use std::collections::BTreeMap;

use inhaul_domain::route::{FoundBy, Routed};
use inhaul_types::Timestamp;

use super::Sorted;
use crate::cli::catch_all::words::place_words;
use crate::cli::output::{counted, plain, shorten};

/// What became of how many.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Counts {
    pub(super) one: u64,
    pub(super) two: u64,
    pub(super) more: u64,
    pub(super) fallback: u64,
}

/// `Delivered-To (19 of 20), none (1 of 20)`.
pub(super) fn sources(sorted: &[Sorted<'_>]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in sorted {
        *counts.entry(source(&one.routed.by)).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let of = sorted.len();
    let words = counts
        .iter()
        .map(|(source, count)| format!("{} ({count} of {of})", plain(source)));
    words.collect::<Vec<_>>().join(", ")
}

pub(super) fn source(by: &FoundBy) -> String {
    match by {
        FoundBy::Evidence(name) | FoundBy::Header(name) => name.clone(),
        FoundBy::Received => "Received".to_owned(),
        FoundBy::Addressees | FoundBy::ToCc => "To and Cc".to_owned(),
        FoundBy::Nothing => "none".to_owned(),
    }
}

pub(super) fn row(sorted: &Sorted<'_>, now: Timestamp) -> Vec<String> {
    let Sorted {
        summary, routed, ..
    } = sorted;
    vec![
        summary
            .date
            .map_or_else(String::new, |date| short_date(date, now)),
        shorten(sender(&summary.from), 20),
        shorten(&summary.subject, 30),
        shorten(&found(routed), 40),
        plain(&places(routed)),
    ]
}

/// The name where there is one, else the address: `Jana Novak <jana@example.org>`.
fn sender(from: &str) -> &str {
    let name = from.split_once('<').map_or(from, |(name, _)| name);
    let name = name.trim().trim_matches('"');
    if name.is_empty() { from } else { name }
}

/// One address whole; of several in one domain the names: `alice@, petr@`.
fn found(routed: &Routed) -> String {
    let addresses: Vec<&str> = routed
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

/// `alice / Inbox, petr / Inbox`; `!  unclaimed / Inbox (no rule)`.
fn places(routed: &Routed) -> String {
    let places = routed
        .placements
        .iter()
        .map(|placement| place_words(&placement.place.shown));
    let places = places.collect::<Vec<_>>().join(", ");
    match has_no_rule(routed) {
        true if routed.found.is_empty() => format!("!  {places} (no address)"),
        true => format!("!  {places} (no rule)"),
        false => format!("   {places}"),
    }
}

fn has_no_rule(routed: &Routed) -> bool {
    !routed.unclaimed.is_empty() || routed.found.is_empty()
}

impl Counts {
    pub(super) fn of<'a>(all: impl Iterator<Item = &'a Routed>) -> Self {
        let mut counts = Self::default();
        for routed in all {
            *match routed.placements.len() {
                _ if has_no_rule(routed) => &mut counts.fallback,
                0 | 1 => &mut counts.one,
                2 => &mut counts.two,
                _ => &mut counts.more,
            } += 1;
        }
        counts
    }

    /// `20 messages: 17 to their person, 1 to two people, 2 to the fallback account.`
    pub(super) fn words(self) -> String {
        let all = self.one + self.two + self.more + self.fallback;
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
        format!("{}: {}.\n", counted(all, "message"), parts.join(", "))
    }
}

/// Addresses that nobody has, and how to give them to somebody.
pub(super) fn without_rule(name: &str, sorted: &[Sorted<'_>]) -> String {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for address in sorted.iter().flat_map(|one| &one.routed.unclaimed) {
        *counts.entry(address).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let Some((most, _)) = counts.first() else {
        return String::new();
    };
    let shown = counts.iter().take(SHOWN_MOST);
    let shown: Vec<_> = shown
        .map(|(address, count)| format!("{} ({count})", plain(address)))
        .collect();
    let more = counts.len().saturating_sub(SHOWN_MOST);
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "No rule: {}{more}. To add one: inhaul catch-all rule add \"{}\" {} ACCOUNT\n",
        shown.join(", "),
        plain(name),
        plain(most)
    )
}

/// Addresses without a rule that are named.
const SHOWN_MOST: usize = 8;

/// `10:22` today, `Tue` within a week, else `14 Mar`, all by the clock on the wall here.
fn short_date(date: Timestamp, now: Timestamp) -> String {
    let here = |moment: Timestamp| {
        let moment = jiff::Timestamp::from_millisecond(moment.millis()).ok()?;
        Some(moment.to_zoned(jiff::tz::TimeZone::system()))
    };
    let (Some(date), Some(now)) = (here(date), here(now)) else {
        return String::new();
    };
    let days = (now.date() - date.date()).get_days();
    let format = match days {
        0 => "%H:%M",
        1..=6 => "%a",
        _ if date.year() == now.year() => "%-d %b",
        _ => "%-d %b %Y",
    };
    date.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use inhaul_domain::route::{Found, Place, Placement};
    use inhaul_types::{AccountId, FolderId};

    use super::*;

    fn routed(found: &[&str], places: &[&str], unclaimed: &[&str]) -> Routed {
        let address = |address: &&str| Found {
            source: "Delivered-To".into(),
            number: 1,
            address: (*address).into(),
        };
        let placement = |shown: &&str| Placement {
            place: Place {
                account: AccountId::new(1),
                folder: FolderId::new(1),
                shown: (*shown).into(),
            },
            recipients: Vec::new(),
            why: String::new(),
        };
        Routed {
            placements: places.iter().map(placement).collect(),
            unclaimed: unclaimed.iter().map(|one| (*one).to_owned()).collect(),
            by: FoundBy::Evidence("Delivered-To".into()),
            found: found.iter().map(address).collect(),
        }
    }

    #[test]
    fn a_line_says_who_was_found_and_where_it_would_go() {
        for (routed, shown_found, shown_places) in [
            (
                routed(&["alice@firm.example"], &["alice/INBOX"], &[]),
                "alice@firm.example",
                "   alice / Inbox",
            ),
            (
                routed(
                    &["alice@firm.example", "petr@firm.example"],
                    &["alice/INBOX", "petr/Shop"],
                    &[],
                ),
                "alice@, petr@",
                "   alice / Inbox, petr / Shop",
            ),
            (
                routed(&["a@firm.example", "a@firm.net"], &["alice/INBOX"], &[]),
                "a@firm.example, a@firm.net",
                "   alice / Inbox",
            ),
            (
                routed(
                    &["infos@firm.example"],
                    &["unclaimed/INBOX"],
                    &["infos@firm.example"],
                ),
                "infos@firm.example",
                "!  unclaimed / Inbox (no rule)",
            ),
            (
                routed(&[], &["unclaimed/INBOX"], &[]),
                "(none)",
                "!  unclaimed / Inbox (no address)",
            ),
        ] {
            assert_eq!(
                (found(&routed).as_str(), places(&routed).as_str()),
                (shown_found, shown_places)
            );
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
            assert_eq!(sender(from), shown);
        }
    }

    #[test]
    fn counts_are_told_in_one_sentence() {
        let one = routed(&["a@x"], &["a/INBOX"], &[]);
        let two = routed(&["a@x", "b@x"], &["a/INBOX", "b/INBOX"], &[]);
        let lost = routed(&["c@x"], &["u/INBOX"], &["c@x"]);
        let counts = Counts::of([&one, &one, &two, &lost].into_iter());
        let words = "4 messages: 2 to their person, 1 to two people, 1 to the fallback account.\n";
        assert_eq!(counts.words(), words);
    }

    #[test]
    fn a_date_is_as_short_as_it_can_be() {
        let at = |text: &str| {
            let moment: jiff::civil::DateTime = text.parse().unwrap();
            let moment = moment.to_zoned(jiff::tz::TimeZone::system()).unwrap();
            Timestamp::from_millis(moment.timestamp().as_millisecond())
        };
        let now = at("2026-03-20T12:00:00");
        for (date, shown) in [
            ("2026-03-20T10:22:00", "10:22"),
            ("2026-03-17T10:22:00", "Tue"),
            ("2026-03-02T10:22:00", "2 Mar"),
            ("2025-12-02T10:22:00", "2 Dec 2025"),
            ("2026-03-21T10:22:00", "21 Mar"),
        ] {
            assert_eq!(short_date(at(date), now), shown);
        }
    }
}
