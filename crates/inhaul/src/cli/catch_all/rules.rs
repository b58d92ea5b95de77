//! `inhaul catch-all rules`: who gets which address, in the order in which it is looked up.

use inhaul_domain::route::{AddressBook, BookEntry};
use inhaul_store::{CatchAllSettings, Store};
use serde_json::json;

use super::sorting::catch_all_named;
use super::words::{place_words, rule_document};
use crate::cli::Globals;
use crate::cli::output::{count, plain, print, print_json, table};
use crate::exit::{Exit, Failure};

/// Lists who gets what, in the order in which it is looked up.
pub(super) async fn list(globals: &Globals, name: &str) -> Result<Exit, Failure> {
    let (retrieval, settings, book) = globals
        .with_store(async |store, _| {
            let (retrieval, settings) = catch_all_named(&*store, name).await?;
            Ok((retrieval, settings, store.address_book().await?))
        })
        .await?;
    let fallback = format!("{}/{}", retrieval.account_name, retrieval.folder_name);
    if globals.json {
        let own = |entry: &&BookEntry| json!({ "address": entry.address.as_str(), "to": entry.place.shown });
        let accounts: Vec<_> = own_addresses(&book, &settings).iter().map(own).collect();
        print_json(&json!({
            "retrieval": retrieval.name,
            "rules": settings.rules.iter().map(rule_document).collect::<Vec<_>>(),
            "accounts": accounts,
            "fallback": fallback,
        }))?;
        return Ok(Exit::OK);
    }
    print(&table(
        &["", "ADDRESS", "GOES TO", ""],
        &rows(&book, &settings, &fallback),
    ))?;
    Ok(Exit::OK)
}

/// Addresses of accounts that are in the domains that count.
fn own_addresses<'a>(book: &'a AddressBook, settings: &CatchAllSettings) -> Vec<&'a BookEntry> {
    let counts = |entry: &&BookEntry| {
        let domain = entry.address.domain();
        let aliases = settings.domain_aliases.iter();
        settings.domains.is_empty()
            || domain == "*"
            || settings.domains.iter().any(|one| one == domain)
            || aliases.map(|(other, _)| other).any(|one| one == domain)
    };
    book.entries.iter().filter(counts).collect()
}

/// Accounts' own addresses, rules, what accounts have as wildcards, everything else.
fn rows(book: &AddressBook, settings: &CatchAllSettings, fallback: &str) -> Vec<Vec<String>> {
    let own = own_addresses(book, settings);
    let (wild, exact): (Vec<_>, Vec<_>) = own
        .into_iter()
        .partition(|entry| entry.address.is_wildcard());
    let mut rows = own_rows(&exact);
    for (number, rule) in (1..).zip(&settings.rules) {
        let to = format!("{}/{}", rule.account_name, rule.folder);
        rows.push(cells(&format!("{number}"), rule.address.as_str(), &to, ""));
    }
    rows.extend(own_rows(&wild));
    rows.push(cells("", "everything else", fallback, "fallback"));
    rows
}

/// Of accounts' own addresses so many are listed.
const OWN_MOST: usize = 50;

fn own_rows(entries: &[&BookEntry]) -> Vec<Vec<String>> {
    let mut rows: Vec<_> = entries
        .iter()
        .take(OWN_MOST)
        .map(|entry| {
            let note = match entry.receives {
                true => "from the account",
                false => "from the account, which is switched off: goes to the fallback",
            };
            cells("", entry.address.as_str(), &entry.place.shown, note)
        })
        .collect();
    let more = entries.len().saturating_sub(OWN_MOST) as u64;
    if more > 0 {
        let more = format!("and {} more", count(more));
        rows.push(vec![
            String::new(),
            more,
            String::new(),
            "inhaul account list".into(),
        ]);
    }
    rows
}

fn cells(number: &str, address: &str, to: &str, note: &str) -> Vec<String> {
    vec![
        number.to_owned(),
        plain(address),
        plain(&place_words(to)),
        note.to_owned(),
    ]
}
