//! `inhaul retrieval bring`: messages that were left on their server and are wanted after all.

use clap::Args;
use inhaul_domain::{Ledger, LedgerState, LeftOutReason};
use inhaul_store::{LedgerChange, Retrieval, Store, StoreError, ledger_number, ledger_row};
use inhaul_types::LedgerId;

use crate::cli::Globals;
use crate::cli::audited::{self, Change};
use crate::cli::names::retrieval_named;
use crate::cli::output::{counted, print, print_json, size, table};
use crate::exit::{Exit, Failure};

#[derive(Args, Debug)]
pub(crate) struct Bring {
    /// Which retrieval
    name: String,
    /// Which messages: their numbers, as "inhaul where" shows them. Without any, those that were
    /// left on the server are listed
    numbers: Vec<u32>,
}

impl Bring {
    pub(super) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        let (retrieval, ledger) = globals
            .with_store(async |store, _| {
                let retrieval = retrieval_named(&*store, &self.name).await?;
                let ledger = store.ledger_load(retrieval.maildrop).await?;
                if !self.numbers.is_empty() {
                    let rows = ordered(&self.numbers, &retrieval, &ledger)?;
                    let order = vec![LedgerChange::Order(rows)];
                    store.ledger_apply(retrieval.maildrop, order).await?;
                    let numbers: Vec<_> = self.numbers.iter().map(u32::to_string).collect();
                    let object = format!("messages of retrieval {}", retrieval.name);
                    let change = Change::of("ordered", object).now(numbers.join(", "));
                    audited::take_down(&*store, [change]).await;
                }
                Ok((retrieval, ledger))
            })
            .await?;
        match self.numbers.is_empty() {
            true => list(globals, &retrieval, &ledger),
            false => self.tell(globals, &retrieval),
        }
    }

    fn tell(&self, globals: &Globals, retrieval: &Retrieval) -> Result<Exit, Failure> {
        if globals.json {
            print_json(&serde_json::json!({
                "retrieval": retrieval.name,
                "ordered": self.numbers,
            }))?;
        } else if !globals.quiet {
            let one = self.numbers.len() == 1;
            print(&format!(
                "Ordered: {}. {} with the next check, whatever {} size: inhaul pull \"{}\"\n",
                counted(self.numbers.len() as u64, "message"),
                if one { "It comes" } else { "They come" },
                if one { "its" } else { "their" },
                retrieval.name,
            ))?;
        }
        Ok(Exit::OK)
    }
}

/// The rows of these numbers. Each has to be of a message that was left out.
fn ordered(
    numbers: &[u32],
    retrieval: &Retrieval,
    ledger: &Ledger,
) -> Result<Vec<LedgerId>, Failure> {
    let row = |number: &u32| {
        let id = ledger_row(retrieval.maildrop, *number);
        match ledger.iter().find(|row| row.id == id).map(|row| row.state) {
            Some(LedgerState::LeftOut(_)) => Ok(id),
            Some(_) => Err(Failure::usage(format!(
                "message {number} of \"{}\" has come already",
                retrieval.name
            ))),
            None => Err(StoreError::Missing {
                what: "message",
                name: format!("{number} of {}", retrieval.name),
            }
            .into()),
        }
    };
    numbers.iter().map(row).collect()
}

fn list(globals: &Globals, retrieval: &Retrieval, ledger: &Ledger) -> Result<Exit, Failure> {
    let left = ledger.iter().filter_map(|row| match row.state {
        LedgerState::LeftOut(reason) => Some((row, reason)),
        _ => None,
    });
    let left: Vec<_> = left.collect();
    if globals.json {
        let rows: Vec<_> = left
            .iter()
            .map(|(row, reason)| {
                serde_json::json!({
                    "number": ledger_number(row.id),
                    "bytes": row.listed_size.map(inhaul_types::Octets::count),
                    "why": reason_words(*reason),
                    "since": row.since.to_string(),
                })
            })
            .collect();
        print_json(&serde_json::json!({ "retrieval": retrieval.name, "left": rows }))?;
        return Ok(Exit::OK);
    }
    if left.is_empty() {
        let host = &retrieval.remote.host;
        print(&format!("No message was left on {host}.\n"))?;
        return Ok(Exit::OK);
    }
    let rows: Vec<_> = left
        .iter()
        .map(|(row, reason)| {
            vec![
                ledger_number(row.id).to_string(),
                row.listed_size.map(size).unwrap_or_default(),
                row.since.to_string(),
                reason_words(*reason).into(),
            ]
        })
        .collect();
    print(&table(&["NUMBER", "SIZE", "SINCE", "WHY"], &rows))?;
    Ok(Exit::OK)
}

fn reason_words(reason: LeftOutReason) -> &'static str {
    match reason {
        LeftOutReason::TooLarge => "larger than the limit",
        LeftOutReason::Refused => "the server would not hand it over",
        LeftOutReason::Poisoned => "the line was cut at it again and again",
        LeftOutReason::Interrupted => "the line was cut while it came",
        LeftOutReason::Unwanted => "older than what is wanted",
        LeftOutReason::Loop => "it is here already, and the server is an inhaul too: a loop",
        LeftOutReason::Ordered => "ordered, comes with the next check",
    }
}
