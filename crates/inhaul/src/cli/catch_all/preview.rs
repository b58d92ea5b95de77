//! `inhaul catch-all preview`: where the newest messages would go.

use std::collections::BTreeMap;

use clap::Args;
use inhaul_domain::route::{FoundBy, Routed, Router};
use inhaul_engine::Surveyed;
use inhaul_message::{HeaderBlock, Summary, summarize};
use inhaul_types::Timestamp;
use serde_json::{Value, json};

use super::sorting::{Headers, LAST_MOST, Wanted, catch_all_named, router};
use super::words::place_words;
use crate::cli::Globals;
use crate::cli::output::{counted, plain, print, print_json, shorten, table};
use crate::exit::{Exit, Failure};
use crate::sharing::RuleWord;

#[derive(Args, Debug)]
pub(crate) struct Preview {
    /// Which catch-all
    name: String,
    /// How many of the newest messages to look at, 200 at most
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u16).range(1..=LAST_MOST))]
    last: u16,
    /// Read their headers from the server, also if they were read within the last hour
    #[arg(long)]
    fresh: bool,
    /// Try a rule without saving it (several allowed)
    #[arg(long = "rule", value_name = "ADDRESS=ACCOUNT[/FOLDER]")]
    rules: Vec<RuleWord>,
}

/// One message and where it would go.
struct Sorted<'a> {
    message: &'a Surveyed,
    summary: Summary,
    routed: Routed,
}

impl<'a> Sorted<'a> {
    fn new(router: &Router, message: &'a Surveyed) -> Self {
        Self {
            message,
            summary: summarize(&message.header),
            routed: router.route(&HeaderBlock::new(&message.header)),
        }
    }
}

/// What became of how many.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Counts {
    one: u64,
    two: u64,
    more: u64,
    fallback: u64,
}

impl Preview {
    pub(super) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        let (retrieval, headers, router) = globals
            .with_store(async |store, config| {
                let (retrieval, settings) = catch_all_named(&*store, &self.name).await?;
                let router = router(&*store, &retrieval, &self.rules).await?;
                let wanted = Wanted {
                    last: self.last,
                    fresh: self.fresh,
                };
                let domains = &settings.domains;
                let headers =
                    Headers::read(globals, &store, config, &retrieval, domains, wanted).await?;
                Ok((retrieval, headers, router))
            })
            .await?;
        let sorted: Vec<Sorted<'_>> = headers
            .all()
            .iter()
            .map(|message| Sorted::new(&router, message))
            .collect();
        let counts = Counts::of(sorted.iter().map(|one| &one.routed));
        if globals.json {
            print_json(&json!({
                "retrieval": retrieval.name,
                "read_at": headers.at().to_string(),
                "from_memory": headers.kept,
                "listed": headers.listed(),
                "messages": sorted.iter().map(document).collect::<Vec<_>>(),
                "to_one": counts.one,
                "to_two": counts.two,
                "to_more": counts.more,
                "to_fallback": counts.fallback,
            }))?;
            return Ok(Exit::OK);
        }
        if sorted.is_empty() {
            print("There is no message to look at.\n")?;
            return Ok(Exit::OK);
        }
        let now = (crate::clock::clock())();
        let rows: Vec<Vec<String>> = sorted.iter().map(|one| row(one, now)).collect();
        let mut text = format!("Header: {}\n", sources(&sorted));
        text.push_str(&table(
            &["DATE", "FROM", "SUBJECT", "FOUND", "WOULD GO TO"],
            &rows,
        ));
        text.push_str(&counts.words());
        text.push_str(&without_rule(&retrieval.name, &sorted));
        text.push_str("Only headers were read. Nothing was stored or deleted.\n");
        print(&text)?;
        if !globals.quiet {
            headers.tell_age();
        }
        Ok(Exit::OK)
    }
}

/// `Delivered-To (19 of 20), none (1 of 20)`.
fn sources(sorted: &[Sorted<'_>]) -> String {
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

fn source(by: &FoundBy) -> String {
    match by {
        FoundBy::Evidence(name) | FoundBy::Header(name) => name.clone(),
        FoundBy::Received => "Received".to_owned(),
        FoundBy::Addressees | FoundBy::ToCc => "To and Cc".to_owned(),
        FoundBy::Nothing => "none".to_owned(),
    }
}

fn row(sorted: &Sorted<'_>, now: Timestamp) -> Vec<String> {
    let Sorted {
        summary, routed, ..
    } = sorted;
    vec![
        summary
            .date
            .map_or_else(String::new, |date| short_date(date, now)),
        shorten(&summary.from, 20),
        shorten(&summary.subject, 30),
        shorten(&found(routed), 40),
        plain(&places(routed)),
    ]
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
    fn of<'a>(all: impl Iterator<Item = &'a Routed>) -> Self {
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
    fn words(self) -> String {
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
fn without_rule(name: &str, sorted: &[Sorted<'_>]) -> String {
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

fn document(sorted: &Sorted<'_>) -> Value {
    let Sorted {
        message,
        summary,
        routed,
    } = sorted;
    let place = |placement: &inhaul_domain::route::Placement| {
        json!({
            "to": placement.place.shown,
            "recipients": placement.recipients,
            "why": placement.why,
        })
    };
    let found = |found: &inhaul_domain::route::Found| json!({ "header": found.source, "number": found.number, "address": found.address });
    json!({
        "number": message.number.number(),
        "unique_id": message.unique_id.as_ref().map(ToString::to_string),
        "bytes": message.size.map(inhaul_types::Octets::count),
        "date": summary.date.map(|date| date.to_string()),
        "from": summary.from,
        "subject": summary.subject,
        "by": source(&routed.by),
        "found": routed.found.iter().map(found).collect::<Vec<_>>(),
        "places": routed.placements.iter().map(place).collect::<Vec<_>>(),
        "unclaimed": routed.unclaimed,
    })
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
