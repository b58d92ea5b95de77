//! `inhaul explain`: what an error code means and what to do.

use clap::Args;
use inhaul_types::{Card, ErrorCode};
use serde::Serialize;

use super::Globals;
use super::card::{CardDocument, push_folded};
use super::output::{print, print_json, table};
use crate::config::near;
use crate::exit::{Exit, Failure};

#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// The code; without one, all codes are listed
    code: Option<String>,
}

#[derive(Serialize)]
struct ExplainDocument<'a> {
    #[serde(flatten)]
    card: CardDocument<'a>,
    exit: u8,
}

/// Near codes that are shown for one that is none.
const NEAREST: usize = 3;

impl Explain {
    pub(crate) fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        let Some(typed) = self.code else {
            return list(globals);
        };
        let code: ErrorCode = typed
            .trim()
            .to_ascii_lowercase()
            .replace('_', "-")
            .parse()
            .map_err(|_| unknown(&typed))?;
        let card = Card::new(code);
        if globals.json {
            print_json(&document(&card))?;
        } else {
            print(&explanation(&card))?;
        }
        Ok(Exit::OK)
    }
}

fn document(card: &Card) -> ExplainDocument<'_> {
    ExplainDocument {
        card: card.into(),
        exit: card.code.exit_status(),
    }
}

fn list(globals: &Globals) -> Result<Exit, Failure> {
    let cards: Vec<Card> = ErrorCode::ALL.iter().copied().map(Card::new).collect();
    if globals.json {
        let codes: Vec<_> = cards.iter().map(document).collect();
        print_json(&serde_json::json!({ "codes": codes }))?;
        return Ok(Exit::OK);
    }
    let rows: Vec<_> = cards
        .into_iter()
        .map(|card| {
            let exit = card.code.exit_status().to_string();
            vec![card.code.to_string(), exit, card.title]
        })
        .collect();
    print(&table(&["CODE", "EXIT", "WHAT HAPPENED"], &rows))?;
    Ok(Exit::OK)
}

fn unknown(typed: &str) -> Failure {
    let codes = ErrorCode::ALL.iter().map(|code| code.as_str());
    let near = near(typed.trim(), codes, NEAREST);
    let meant = if near.is_empty() {
        String::new()
    } else {
        format!("Did you mean {}? ", near.join(" or "))
    };
    Failure::usage(format!("there is no error code {typed:?}"))
        .hint(format!("{meant}All codes: inhaul explain"))
}

fn explanation(card: &Card) -> String {
    let mut text = format!("{}: {}\n\n", card.code, card.title);
    push_folded(&mut text, "What happened   ", MARGIN, &card.what);
    let mut label = "What to do      ";
    for (number, step) in (1..).zip(&card.todo) {
        let number = format!("{number}. ");
        push_folded(
            &mut text,
            &format!("{label}{number}"),
            "                   ",
            step,
        );
        label = MARGIN;
    }
    push_folded(&mut text, "Then            ", MARGIN, &card.next);
    text.push_str(&format!("Exit code       {}\n", card.code.exit_status()));
    text
}

const MARGIN: &str = "                ";
