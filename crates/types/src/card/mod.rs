//! Error cards: what happened, what to do, what inhaul does next.
//!
//! One source for the command line, the API and `docs/errors.md`. The words are data (`words`),
//! with places that facts fill in (`fill`). A room that saw a failure gives a code and its
//! [`Facts`]; [`Card::of`] makes the rest. A card reads well without any fact, too.
//!
//! Commands stand in backticks. Touches nothing, knows no layout.

mod facts;
mod fill;
mod provider;
mod record;
mod words;

#[cfg(test)]
mod tests;

pub use facts::{CertificateFact, Detail, Facts, Occasion, Spoken};
pub use provider::Provider;

use crate::ErrorCode;
use fill::Filler;

/// An error as a person is told it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Card {
    /// The stable code.
    pub code: ErrorCode,
    /// The headline, without a full stop.
    pub title: String,
    /// What happened, in sentences.
    pub what: String,
    /// What to do, the first thing first. Never empty.
    pub todo: Vec<String>,
    /// What inhaul does, in sentences.
    pub next: String,
    /// The one command that comes next, if one is known.
    pub command: Option<String>,
    /// The server's own words, as it said them: a stranger's text.
    pub said: Option<String>,
}

impl Card {
    /// The card of a code of which nothing more is known.
    pub fn new(code: ErrorCode) -> Self {
        Self::of(code, &Facts::default())
    }

    /// The card of a failure.
    pub fn of(code: ErrorCode, facts: &Facts) -> Self {
        let words = words::choose(code, facts);
        let filler = Filler::new(facts);
        let next = match facts.occasion {
            Occasion::Run => words.next,
            Occasion::Trial => words::NEXT_TRIAL,
        };
        let steps = words.todo.iter().map(|step| filler.fill(step));
        Self {
            code,
            title: filler.fill(words.title),
            what: filler.fill(words.what),
            todo: steps.filter(|step| !step.is_empty()).collect(),
            next: filler.fill(next),
            command: filler.command(words.command),
            said: facts.said.clone(),
        }
    }

    /// The headline for one line of a table: names the server, and says since when.
    pub fn summary(&self, facts: &Facts) -> String {
        let mut summary = match &facts.server {
            Some(server) if !self.title.contains(server.as_str()) => {
                format!("{server}: {}", lower_first(&self.title))
            }
            _ => self.title.clone(),
        };
        if let Some(since) = facts.failing_since {
            summary.push_str(&format!(" since {}", since.in_words()));
        }
        summary
    }
}

impl ErrorCode {
    /// What a program that failed with this ends with: a number of `sysexits.h`, or 0 where the
    /// code is a note about a run that went well.
    pub fn exit_status(self) -> u8 {
        words::exit_status(self)
    }
}

/// "POP is ..." stays, "The program ..." does not.
fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    match (characters.next(), characters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => text.to_owned(),
    }
}
