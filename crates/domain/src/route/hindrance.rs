//! Rules that never decide, or not always: somebody who wrote one wonders later why.
//!
//! What comes before a rule in [`super::Router::route`] may take all that it is for. Of a wildcard
//! that is found where another wildcard covers every address it stands for.

use std::fmt;

use inhaul_types::Address;

use super::Router;
use super::lookup::Title;
use super::spelling::{self, Pattern, folded};

/// What keeps a rule from deciding. `Display` says it in a sentence without a capital and a full stop.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Hindrance {
    /// An account has this address: it comes first.
    Owned(String),
    /// The rule in this place, from 1, takes everything that it is for.
    Behind(usize),
    /// No recipient is in this domain.
    Elsewhere(String),
    /// Its account is switched off: the fallback gets it.
    SwitchedOff(String),
    /// It is for names with a tag; those of somebody here are theirs already.
    TagsOfOthers,
}

impl Hindrance {
    /// Whether no message ever goes where the rule says.
    pub fn is_total(&self) -> bool {
        !matches!(self, Self::TagsOfOthers)
    }
}

impl fmt::Display for Hindrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owned(name) => write!(f, "never used: it is {name}'s own address"),
            Self::Behind(number) => write!(f, "never used: rule {number} takes all of it"),
            Self::Elsewhere(domain) => write!(f, "never used: {domain} is none of the domains"),
            Self::SwitchedOff(name) => write!(f, "{name} is switched off: to the fallback"),
            Self::TagsOfOthers => {
                f.write_str("not for people here: what has a tag is theirs first")
            }
        }
    }
}

impl Router {
    /// What keeps each of these rules from deciding: the addresses of the router's own, in their
    /// order.
    pub fn hindrances<'a>(
        &self,
        rules: impl IntoIterator<Item = &'a Address>,
    ) -> Vec<Option<Hindrance>> {
        let rules: Vec<&Address> = rules.into_iter().collect();
        let numbered = rules.iter().enumerate();
        numbered
            .map(|(at, address)| self.hindrance(&rules[..at], at + 1, address))
            .collect()
    }

    fn hindrance(
        &self,
        before: &[&Address],
        number: usize,
        address: &Address,
    ) -> Option<Hindrance> {
        let domain = address.domain();
        if domain != "*" && !self.accepted.contains(&spelling::domain(domain)) {
            return Some(Hindrance::Elsewhere(domain.to_owned()));
        }
        match address.is_wildcard() {
            true => self.hindrance_of_wildcard(before, address),
            false => self.hindrance_of_exact(number, address),
        }
        .or_else(|| self.is_off(number))
    }

    fn hindrance_of_exact(&self, number: usize, address: &Address) -> Option<Hindrance> {
        let domain = spelling::domain(address.domain());
        let alias_of = self.accepted.alias_of(&domain);
        let name = address.local_part();
        let matched = self.lookup.find(name, &domain, alias_of)?;
        let person = matched.holder.person.clone();
        match &matched.holder.title {
            Title::Rule(found) if *found != number => Some(Hindrance::Behind(*found)),
            Title::Address => Some(Hindrance::Owned(person)),
            // What has the very address goes before all others.
            Title::Rule(_) | Title::Wildcard(_) | Title::SignInName => None,
        }
    }

    fn hindrance_of_wildcard(&self, before: &[&Address], address: &Address) -> Option<Hindrance> {
        let covers = |earlier: &&Address| earlier.is_wildcard() && covers_all(earlier, address);
        if let Some(at) = before.iter().position(covers) {
            return Some(Hindrance::Behind(at + 1));
        }
        let separators = self.lookup.separators();
        let is_tagged = address.local_part().contains(|c| separators.contains(c));
        is_tagged.then_some(Hindrance::TagsOfOthers)
    }

    fn is_off(&self, number: usize) -> Option<Hindrance> {
        let holder = self.lookup.rule(number)?;
        (!holder.receives).then(|| Hindrance::SwitchedOff(holder.person.clone()))
    }
}

/// Whether everything that `later` stands for, `earlier` stands for as well.
fn covers_all(earlier: &Address, later: &Address) -> bool {
    let is_there = earlier.domain() == "*"
        || spelling::domain(earlier.domain()) == spelling::domain(later.domain());
    // No address has this character: only a `*` can stand for it, so what covers it covers any text.
    let anything = folded(later.local_part()).replace('*', "\u{1}");
    is_there && Pattern::new(earlier.local_part()).matches(&anything)
}
