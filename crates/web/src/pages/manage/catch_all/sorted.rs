//! Headers as a table: whom each message was for and where it would go.

use inhaul_domain::route::{Counts, Routed, Router, sender_shown, without_rule};
use inhaul_message::{HeaderBlock, summarize};
use inhaul_types::Timestamp;

use super::places::shown_words;
use crate::look::many;
use crate::look::time::{Ago, ago, at};
use crate::runs::{Survey, Surveyed};

/// The messages of a survey, sorted.
pub(super) struct Sorted {
    pub(super) rows: Vec<Row>,
    /// `17 to their person, 1 to two people, 2 to the fallback account`.
    pub(super) words: String,
    /// `These 20 messages`.
    pub(super) these: String,
    pub(super) read_at: Ago,
    /// The addresses that nobody has, and how many messages are for each.
    pub(super) unclaimed: Vec<(String, u64)>,
    /// Messages in which no address was found.
    pub(super) no_address: u64,
}

/// A message and where it would go.
pub(super) struct Row {
    pub(super) date: Option<Ago>,
    pub(super) from: String,
    pub(super) subject: String,
    pub(super) found: String,
    pub(super) to: Vec<String>,
    /// Each recipient's explanation.
    pub(super) why: String,
    pub(super) has_no_rule: bool,
}

impl Sorted {
    /// As this router shares them out.
    pub(super) fn by(router: &Router, survey: &Survey, now: Timestamp) -> Self {
        let headers = &survey.headers;
        let routed: Vec<Routed> = headers
            .iter()
            .map(|surveyed| router.route(&HeaderBlock::new(&surveyed.header)))
            .collect();
        let unclaimed = without_rule(&routed).into_iter();
        let rows = headers.iter().zip(&routed);
        Self {
            words: Counts::of(&routed).words(),
            these: these(headers.len() as u64),
            read_at: ago(survey.at, now),
            unclaimed: unclaimed
                .map(|(address, count)| (address.to_owned(), count))
                .collect(),
            no_address: routed.iter().filter(|one| one.found.is_empty()).count() as u64,
            rows: rows
                .map(|(one, routed)| Row::of(one, routed, now))
                .collect(),
        }
    }

    /// `2 have no rule`.
    pub(super) fn without_words(&self) -> String {
        match self.rows.iter().filter(|row| row.has_no_rule).count() {
            1 => "1 has no rule".to_owned(),
            more => format!("{more} have no rule"),
        }
    }

    /// Whether a message has no rule.
    pub(super) fn has_some_without(&self) -> bool {
        !self.unclaimed.is_empty() || self.no_address > 0
    }
}

fn these(messages: u64) -> String {
    match messages {
        1 => "This 1 message".to_owned(),
        more => format!("These {}", many(more, "message")),
    }
}

impl Row {
    fn of(surveyed: &Surveyed, routed: &Routed, now: Timestamp) -> Self {
        let summary = summarize(&surveyed.header);
        let placements = routed.placements.iter();
        Self {
            date: summary.date.map(|date| at(date, now)),
            from: sender_shown(&summary.from).to_owned(),
            subject: summary.subject,
            found: routed.found_words(),
            to: placements
                .clone()
                .map(|placement| shown_words(&placement.place.shown))
                .collect(),
            why: placements
                .map(|placement| placement.why.as_str())
                .collect::<Vec<_>>()
                .join("; "),
            has_no_rule: routed.has_no_rule(),
        }
    }
}
