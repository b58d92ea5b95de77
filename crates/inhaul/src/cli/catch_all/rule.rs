//! `inhaul catch-all rule add` and `rule remove`.

use clap::{Args, Subcommand};
use inhaul_store::{CatchAllSettings, Retrieval, RetrievalChange, Routing, RuleSetting, Store};
use inhaul_types::{Address, FolderId};
use serde_json::json;

use super::options::rule_setting;
use super::sorting::catch_all_named;
use super::words::{place_words, rule_document};
use crate::cli::Globals;
use crate::cli::audited::{self, Change};
use crate::cli::output::{counted, print, print_json};
use crate::cli::retrieval::refuse_if_written;
use crate::config::entries::Destination;
use crate::exit::{Exit, Failure};
use crate::sharing::RuleWord;

#[derive(Debug, Subcommand)]
pub(crate) enum Rule {
    /// Add a rule: mail for this address goes there
    Add(Add),
    /// Remove a rule; what it brought stays where it is
    Remove(Remove),
}

#[derive(Args, Debug)]
pub(crate) struct Add {
    /// Which catch-all
    name: String,
    /// The address; * stands for anything: sales@firm.example, *+news@firm.example, info@*
    address: Address,
    /// Where its mail goes: ACCOUNT or ACCOUNT/FOLDER
    place: Destination,
    /// In this place of the rules, from 1; without it behind all others
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    at: Option<u32>,
    /// Move what the fallback has of it there too
    #[arg(long = "move")]
    moves: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Remove {
    /// Which catch-all
    name: String,
    /// Its number, or its address
    rule: String,
}

impl Rule {
    pub(super) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        match self {
            Self::Add(add) => add.run(globals).await,
            Self::Remove(remove) => remove.run(globals).await,
        }
    }
}

impl Add {
    async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        let Self {
            name,
            address,
            place,
            at,
            moves,
        } = self;
        let word = RuleWord { address, to: place };
        let (number, moved, fallback) = globals
            .with_store(async |store, _| {
                let (retrieval, mut settings) = catch_all_named(&*store, &name).await?;
                refuse_if_written(&retrieval)?;
                let rule = rule_setting(&*store, word.clone()).await?;
                let number = insert(&mut settings.rules, rule, at, moves)?;
                save(&*store, &retrieval, settings).await?;
                let moved = match moves {
                    true => Some(claim(&*store, &retrieval, number).await?),
                    false => None,
                };
                let fallback = format!("{}/{}", retrieval.account_name, retrieval.folder_name);
                Ok((number, moved, fallback))
            })
            .await?;
        let RuleWord { address, to } = &word;
        if globals.json {
            print_json(&json!({
                "rule": number,
                "address": address.as_str(),
                "to": to.to_string(),
                "moved": moved,
            }))?;
        } else if !globals.quiet {
            let moved = moved.map_or_else(String::new, |moved| {
                let moved = counted(moved, "message");
                format!(" {moved} of {} came along.", place_words(&fallback))
            });
            let to = place_words(&to.to_string());
            print(&format!("Rule {number}: {address} goes to {to}.{moved}\n"))?;
        }
        Ok(Exit::OK)
    }
}

/// Puts the rule into its place and says which, from 1. A rule that is there already is found again
/// by somebody who wants to move what it missed.
fn insert(
    rules: &mut Vec<RuleSetting>,
    rule: RuleSetting,
    at: Option<u32>,
    moves: bool,
) -> Result<usize, Failure> {
    let is_same = |other: &RuleSetting| {
        let [one, other] = [&rule.address, &other.address].map(|one| one.as_str().to_lowercase());
        one == other
    };
    if let Some(place) = rules.iter().position(is_same) {
        let there = &rules[place];
        let leads_there = there.account == rule.account && same_folder(&there.folder, &rule.folder);
        if leads_there && moves && at.is_none() {
            return Ok(place + 1);
        }
        let (number, address) = (place + 1, &rule.address);
        let what = format!(
            "rule {number} is for {address} already: it goes to {}/{}",
            there.account_name, there.folder
        );
        return Err(Failure::usage(what)
            .hint("The first rule that matches wins. Remove that one first: inhaul catch-all rule remove."));
    }
    let last = rules.len() + 1;
    let number = at.map_or(last, |at| usize::try_from(at).unwrap_or(usize::MAX));
    if number > last {
        let rules = counted(rules.len() as u64, "rule");
        let what = format!("--at {number}: there are {rules}, so the new one is {last} at most");
        return Err(Failure::usage(what));
    }
    rules.insert(number - 1, rule);
    Ok(number)
}

fn same_folder(one: &str, other: &str) -> bool {
    one == other || (one.eq_ignore_ascii_case("INBOX") && other.eq_ignore_ascii_case("INBOX"))
}

/// Saves the settings and takes down what changed.
async fn save(
    store: &dyn Store,
    retrieval: &Retrieval,
    settings: CatchAllSettings,
) -> Result<(), Failure> {
    let routing = Routing::CatchAll(settings);
    if routing == retrieval.routing {
        return Ok(());
    }
    let change = RetrievalChange {
        routing: Some(routing),
        ..RetrievalChange::default()
    };
    store.retrieval_change(retrieval.id, change).await?;
    let after = store.retrieval_by_id(retrieval.id).await?;
    audited::take_down(store, Change::between(retrieval, &after)).await;
    Ok(())
}

/// Moves what the fallback has for the addresses of a rule into the folder it leads to.
async fn claim(store: &dyn Store, retrieval: &Retrieval, number: usize) -> Result<u64, Failure> {
    let rules = store.router_rules(retrieval.id).await?;
    let Some(rule) = rules.get(number - 1) else {
        return Ok(0);
    };
    let to: FolderId = rule.place.folder;
    let moved = store.claim(retrieval.id, &rule.address, to).await?;
    if moved > 0 {
        let what = counted(moved, "message");
        let change = Change::of("moved", format!("{what} of catch-all {}", retrieval.name));
        let change = change.now(format!("{} to {}", rule.address, rule.place.shown));
        audited::take_down(store, [change]).await;
    }
    Ok(moved)
}

impl Remove {
    async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        let Self { name, rule } = self;
        let removed = globals
            .with_store(async |store, _| {
                let (retrieval, mut settings) = catch_all_named(&*store, &name).await?;
                refuse_if_written(&retrieval)?;
                let place = meant(&settings.rules, &rule, &retrieval.name)?;
                let removed = settings.rules.remove(place);
                save(&*store, &retrieval, settings).await?;
                Ok(removed)
            })
            .await?;
        if globals.json {
            print_json(&json!({ "removed": rule_document(&removed) }))?;
        } else if !globals.quiet {
            print(&format!(
                "Removed the rule for {}. What it brought stays where it is.\n",
                removed.address
            ))?;
        }
        Ok(Exit::OK)
    }
}

/// Which rule somebody means, from 0.
fn meant(rules: &[RuleSetting], word: &str, name: &str) -> Result<usize, Failure> {
    let place = match word.parse::<usize>() {
        Ok(number) => number.checked_sub(1).filter(|place| *place < rules.len()),
        Err(_) => {
            let wanted = word.to_lowercase();
            rules
                .iter()
                .position(|rule| rule.address.as_str().to_lowercase() == wanted)
        }
    };
    place.ok_or_else(|| {
        let what = format!("the catch-all {name:?} has no rule {word}");
        Failure::new(Exit::NO_USER, what)
            .hint(format!("Its rules: inhaul catch-all rules {name:?}."))
    })
}

#[cfg(test)]
mod tests {
    use inhaul_types::AccountId;

    use super::*;

    fn rule(address: &str, account: i64, folder: &str) -> RuleSetting {
        RuleSetting {
            address: address.parse().unwrap(),
            account: AccountId::new(account),
            account_name: format!("a{account}"),
            folder: folder.into(),
        }
    }

    fn addresses(rules: &[RuleSetting]) -> Vec<&str> {
        rules.iter().map(|rule| rule.address.as_str()).collect()
    }

    #[test]
    fn a_rule_gets_the_place_it_is_given() {
        let mut rules = Vec::new();
        for (address, at, number) in [
            ("a@x", None, 1),
            ("b@x", None, 2),
            ("c@x", Some(1), 1),
            ("d@x", Some(4), 4),
        ] {
            let rule = rule(address, 1, "INBOX");
            assert_eq!(insert(&mut rules, rule, at, false).ok(), Some(number));
        }
        assert_eq!(addresses(&rules), ["c@x", "a@x", "b@x", "d@x"]);
        assert!(insert(&mut rules, rule("e@x", 1, "INBOX"), Some(6), false).is_err());
    }

    #[test]
    fn an_address_has_one_rule() {
        let mut rules = vec![rule("a@x", 1, "INBOX"), rule("b@x", 1, "Shop")];
        let again = |account, folder| rule("B@x", account, folder);
        assert!(insert(&mut rules, again(1, "Shop"), None, false).is_err());
        assert!(insert(&mut rules, again(2, "Shop"), None, true).is_err());
        assert_eq!(
            insert(&mut rules, again(1, "Shop"), None, true).ok(),
            Some(2)
        );
        assert_eq!(rules.len(), 2);
    }

    #[test]
    fn a_rule_is_meant_by_number_or_address() {
        let rules = [rule("a@x", 1, "INBOX"), rule("2@x", 1, "INBOX")];
        for (word, place) in [
            ("1", Some(0)),
            ("2", Some(1)),
            ("2@X", Some(1)),
            ("0", None),
            ("3", None),
            ("c@x", None),
        ] {
            assert_eq!(meant(&rules, word, "firm").ok(), place, "{word}");
        }
    }
}
