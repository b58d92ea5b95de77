//! The rules of catch-alls, and what their fallback holds for addresses that got one: administrators
//! alone see them.

use inhaul_store::{CatchAllSettings, Retrieval, RetrievalChange, Routing, RuleSetting};
use inhaul_types::{AccountId, Address, RetrievalId};

use crate::audit::Change;
use crate::manage::{unless_written, unseen_by_people};
use crate::names::{LONGEST_FOLDER, check_text};
use crate::retrievals::written_at;
use crate::words::counted;
use crate::{Actor, Manage, Refused};

/// A rule to be added, as typed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewRule {
    /// The address; `*` is a wildcard.
    pub address: String,
    /// Whose folder.
    pub account: AccountId,
    /// The folder; made if it is not there.
    pub folder: String,
    /// In this place of the rules, from 1; `None` is behind all others.
    pub at: Option<usize>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RuleAdded {
    /// Its place, from 1.
    pub number: usize,
    /// Messages of the fallback that moved along.
    pub moved: u64,
}

/// What becomes of what the fallback has for a rule's address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Claim {
    /// It stays there.
    Leave,
    /// It moves to where the rule leads.
    Move,
}

impl Manage {
    /// Adds a rule to a catch-all. One that is there already is found again by somebody who wants
    /// to move what it missed.
    pub async fn rule_add(
        &self,
        actor: &Actor,
        id: RetrievalId,
        rule: NewRule,
        claim: Claim,
    ) -> Result<RuleAdded, Refused> {
        let (retrieval, mut settings) = self.catch_all(actor, id).await?;
        unless_written(written_at(&retrieval))?;
        check_text("folder", &rule.folder, LONGEST_FOLDER)?;
        let address: Address = rule
            .address
            .trim()
            .parse()
            .map_err(|why| Refused::invalid("address", format!("{}: {why}.", rule.address)))?;
        let setting = RuleSetting {
            address,
            account: rule.account,
            account_name: self.account_row(rule.account).await?.name,
            folder: rule.folder,
        };
        let number = insert(&mut settings.rules, setting, rule.at, claim)?;
        self.save_rules(actor, &retrieval, settings).await?;
        let moved = match claim {
            Claim::Leave => 0,
            Claim::Move => self.claim(actor, id, number).await?,
        };
        Ok(RuleAdded { number, moved })
    }

    /// Removes the rule in this place, from 1. What it brought stays where it is.
    pub async fn rule_remove(
        &self,
        actor: &Actor,
        id: RetrievalId,
        number: usize,
    ) -> Result<(), Refused> {
        let (retrieval, mut settings) = self.catch_all(actor, id).await?;
        unless_written(written_at(&retrieval))?;
        let place = number.checked_sub(1);
        let place = place.filter(|place| *place < settings.rules.len());
        let place = place.ok_or_else(|| Refused::not_found("rule", number))?;
        settings.rules.remove(place);
        self.save_rules(actor, &retrieval, settings).await
    }

    /// Puts the rule in the place `from` into the place `to`, both from 1: the first that matches
    /// wins.
    pub async fn rule_move(
        &self,
        actor: &Actor,
        id: RetrievalId,
        from: usize,
        to: usize,
    ) -> Result<(), Refused> {
        let (retrieval, mut settings) = self.catch_all(actor, id).await?;
        unless_written(written_at(&retrieval))?;
        let there = 1..=settings.rules.len();
        if let Some(missing) = [from, to].into_iter().find(|place| !there.contains(place)) {
            return Err(Refused::not_found("rule", missing));
        }
        let rule = settings.rules.remove(from - 1);
        settings.rules.insert(to - 1, rule);
        self.save_rules(actor, &retrieval, settings).await
    }

    /// Moves what the fallback has for the addresses of the rule in this place, from 1, to where it
    /// leads, and says how many messages that were.
    pub async fn claim(
        &self,
        actor: &Actor,
        id: RetrievalId,
        number: usize,
    ) -> Result<u64, Refused> {
        let (retrieval, _) = self.catch_all(actor, id).await?;
        let rules = self.store.router_rules(id).await?;
        let rule = number.checked_sub(1).and_then(|place| rules.get(place));
        let rule = rule.ok_or_else(|| Refused::not_found("rule", number))?;
        let moved = self
            .store
            .claim(id, &rule.address, rule.place.folder)
            .await?;
        if moved > 0 {
            let change = moved_messages(&retrieval, moved, &rule.address, &rule.place.shown);
            self.take_down(actor, [change]).await;
        }
        Ok(moved)
    }

    /// A catch-all and its settings, for administrators.
    async fn catch_all(
        &self,
        actor: &Actor,
        id: RetrievalId,
    ) -> Result<(Retrieval, CatchAllSettings), Refused> {
        unseen_by_people(actor, CATCH_ALL, id)?;
        let retrieval = self.retrieval(actor, id).await?;
        match retrieval.routing.catch_all().cloned() {
            Some(settings) => Ok((retrieval, settings)),
            None => Err(Refused::not_found(CATCH_ALL, id)),
        }
    }

    async fn save_rules(
        &self,
        actor: &Actor,
        before: &Retrieval,
        settings: CatchAllSettings,
    ) -> Result<(), Refused> {
        let routing = Routing::CatchAll(settings);
        if routing == before.routing {
            return Ok(());
        }
        let change = RetrievalChange {
            routing: Some(routing),
            ..RetrievalChange::default()
        };
        self.store.retrieval_change(before.id, change).await?;
        let after = self.store.retrieval_by_id(before.id).await?;
        self.take_down(actor, Change::between(before, &after)).await;
        Ok(())
    }
}

/// The audit's row for messages that a rule got out of the fallback.
fn moved_messages(retrieval: &Retrieval, moved: u64, address: &Address, to: &str) -> Change {
    let what = counted(moved, "message");
    let change = Change::of("moved", format!("{what} of catch-all {}", retrieval.name));
    change.now(format!("{address} to {to}"))
}

/// Puts the rule into its place and says which, from 1.
fn insert(
    rules: &mut Vec<RuleSetting>,
    rule: RuleSetting,
    at: Option<usize>,
    claim: Claim,
) -> Result<usize, Refused> {
    let is_same = |other: &RuleSetting| {
        let [one, other] = [&rule.address, &other.address].map(|one| one.as_str().to_lowercase());
        one == other
    };
    if let Some(place) = rules.iter().position(is_same) {
        let (there, number) = (&rules[place], place + 1);
        let leads_there = there.account == rule.account && same_folder(&there.folder, &rule.folder);
        if leads_there && claim == Claim::Move && at.is_none() {
            return Ok(number);
        }
        let what = format!(
            "Rule {number} is for {} already: it goes to {}/{}. Remove that one first.",
            rule.address, there.account_name, there.folder
        );
        return Err(Refused::invalid("address", what));
    }
    let last = rules.len() + 1;
    let number = at.unwrap_or(last);
    if !(1..=last).contains(&number) {
        let what = format!("Write a place from 1 to {last}.");
        return Err(Refused::invalid("at", what));
    }
    rules.insert(number - 1, rule);
    Ok(number)
}

fn same_folder(one: &str, other: &str) -> bool {
    one == other || (one.eq_ignore_ascii_case("INBOX") && other.eq_ignore_ascii_case("INBOX"))
}

const CATCH_ALL: &str = "catch-all";
