//! A preview's table and the sentences below it.

use std::collections::BTreeMap;

use inhaul_domain::route::{
    Counts, FoundBy, Routed, sender_shown, without_rule as addresses_without_rule,
};
use inhaul_types::Timestamp;

use super::Sorted;
use crate::cli::catch_all::words::place_words;
use crate::cli::output::{counted, plain, shorten};

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
        shorten(sender_shown(&summary.from), 20),
        shorten(&summary.subject, 30),
        shorten(&routed.found_words(), 40),
        plain(&places(routed)),
    ]
}

/// `alice / Inbox, petr / Inbox`; `!  unclaimed / Inbox (no rule)`.
fn places(routed: &Routed) -> String {
    let places = routed
        .placements
        .iter()
        .map(|placement| place_words(&placement.place.shown));
    let places = places.collect::<Vec<_>>().join(", ");
    match routed.has_no_rule() {
        true if routed.found.is_empty() => format!("!  {places} (no address)"),
        true => format!("!  {places} (no rule)"),
        false => format!("   {places}"),
    }
}

/// `20 messages: 17 to their person, 1 to two people, 2 to the fallback account.`
pub(super) fn sentence(counts: Counts) -> String {
    let all = counted(counts.all(), "message");
    format!("{all}: {}.\n", counts.words())
}

/// Addresses that nobody has, and how to give them to somebody.
pub(super) fn without_rule(name: &str, sorted: &[Sorted<'_>]) -> String {
    let counts = addresses_without_rule(sorted.iter().map(|one| &one.routed));
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
                (routed.found_words().as_str(), places(&routed).as_str()),
                (shown_found, shown_places)
            );
        }
    }

    #[test]
    fn counts_are_told_in_one_sentence() {
        let one = routed(&["a@x"], &["a/INBOX"], &[]);
        let two = routed(&["a@x", "b@x"], &["a/INBOX", "b/INBOX"], &[]);
        let lost = routed(&["c@x"], &["u/INBOX"], &["c@x"]);
        let counts = Counts::of([&one, &one, &two, &lost].into_iter());
        let words = "4 messages: 2 to their person, 1 to two people, 1 to the fallback account.\n";
        assert_eq!(sentence(counts), words);
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
