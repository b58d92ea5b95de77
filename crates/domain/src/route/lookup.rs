//! Whose an address is: exact, alias, `user+tag`, wildcard, in this order.

use std::cmp::Reverse;

use hashbrown::{HashMap, HashSet};
use inhaul_types::{AccountId, Address};

use super::accepted::Accepted;
use super::book::AddressBook;
use super::catch_all::{CatchAll, Place};
use super::spelling::{self, Pattern, folded};

/// Everything that an address can match, ready to be asked.
#[derive(Clone, Debug)]
pub(super) struct Lookup {
    holders: Vec<Holder>,
    /// Whole addresses without letter case: the accounts' own first, then rules.
    exact: HashMap<String, usize>,
    /// Sign-in names without letter case: what stands before the `@`, or a whole address.
    names: HashMap<String, usize>,
    patterns: Vec<Pattern>,
    /// For each accepted domain the patterns that can match there, in order, with their holders.
    wildcards: HashMap<String, Vec<(usize, usize)>>,
    separators: String,
}

/// Somebody or something that has an address.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    pub(super) place: Place,
    pub(super) title: Title,
    /// The account's name.
    pub(super) person: String,
    /// Whether the account is switched on.
    pub(super) receives: bool,
}

/// By what an address is somebody's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Title {
    /// It is the account's.
    Address,
    /// The account has a wildcard.
    Wildcard(Address),
    /// It is the account's sign-in name at an accepted domain.
    SignInName,
    /// A rule of the catch-all, from 1.
    Rule(usize),
}

/// Whose an address turned out to be.
#[derive(Clone, Debug)]
pub(super) struct Match<'r> {
    pub(super) holder: &'r Holder,
    /// The domain that was put in for its alias.
    pub(super) alias_of: Option<&'r str>,
    /// What was taken off the name, separator included, as it was written.
    pub(super) tag: Option<String>,
}

impl Lookup {
    pub(super) fn new(catch_all: &CatchAll, book: &AddressBook, accepted: &Accepted) -> Self {
        let mut lookup = Self {
            holders: Vec::new(),
            exact: HashMap::new(),
            names: HashMap::new(),
            patterns: Vec::new(),
            wildcards: HashMap::new(),
            separators: catch_all.separators.clone(),
        };
        lookup.add(catch_all, book, accepted);
        lookup
    }

    fn add(&mut self, catch_all: &CatchAll, book: &AddressBook, accepted: &Accepted) {
        let names: HashMap<AccountId, &str> = book
            .names
            .iter()
            .map(|name| (name.account, name.name.as_str()))
            .collect();
        let off: HashSet<AccountId> = (book.names.iter().map(|name| (name.account, name.receives)))
            .chain(
                book.entries
                    .iter()
                    .map(|entry| (entry.account, entry.receives)),
            )
            .filter_map(|(account, receives)| (!receives).then_some(account))
            .collect();
        let holder = |place: &Place, account: AccountId, title| Holder {
            place: place.clone(),
            title,
            person: names.get(&account).map_or_else(
                || place.shown.split('/').next().unwrap_or_default().to_owned(),
                |name| (*name).to_owned(),
            ),
            receives: !off.contains(&account),
        };
        let mut wildcards = Vec::new();

        // Whoever is switched off gives way to a rule for the very address: that is how somebody
        // else is made to get this mail. Nothing else takes it over.
        let is_on = |account: &AccountId| !off.contains(account);
        let (on, switched_off): (Vec<_>, Vec<_>) =
            book.entries.iter().partition(|entry| is_on(&entry.account));
        let own = |lookup: &mut Self, entries: &[&super::BookEntry]| {
            for entry in entries.iter().filter(|entry| !entry.address.is_wildcard()) {
                let holder = holder(&entry.place, entry.account, Title::Address);
                lookup.add_exact(&entry.address, holder);
            }
        };
        own(self, &on);
        for (number, rule) in (1..).zip(&catch_all.rules) {
            let holder = holder(&rule.place, rule.place.account, Title::Rule(number));
            if rule.address.is_wildcard() {
                wildcards.push((&rule.address, holder));
            } else {
                self.add_exact(&rule.address, holder);
            }
        }
        own(self, &switched_off);
        for name in &book.names {
            let at = self.hold(holder(&name.place, name.account, Title::SignInName));
            self.names.entry(spelled(&name.name)).or_insert(at);
        }

        let mut theirs: Vec<_> = book
            .entries
            .iter()
            .filter(|entry| entry.address.is_wildcard())
            .collect();
        theirs.sort_by_cached_key(|entry| Reverse(specificity(&entry.address)));
        wildcards.extend(theirs.into_iter().map(|entry| {
            let title = Title::Wildcard(entry.address.clone());
            (&entry.address, holder(&entry.place, entry.account, title))
        }));
        self.add_wildcards(wildcards, accepted);
    }

    fn hold(&mut self, holder: Holder) -> usize {
        self.holders.push(holder);
        self.holders.len() - 1
    }

    /// The first to have an address keeps it.
    fn add_exact(&mut self, address: &Address, holder: Holder) {
        let at = self.hold(holder);
        self.exact.entry(spelled(address.as_str())).or_insert(at);
    }

    fn add_wildcards(&mut self, wildcards: Vec<(&Address, Holder)>, accepted: &Accepted) {
        let mut by_domain: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
        for (address, holder) in wildcards {
            let held = self.hold(holder);
            let pattern = self.patterns.len();
            self.patterns.push(Pattern::new(address.local_part()));
            let domain = match address.domain() {
                "*" => "*".to_owned(),
                domain => spelling::domain(domain),
            };
            by_domain.entry(domain).or_default().push((pattern, held));
        }
        for (domain, alias_of) in accepted.iter() {
            let all: Vec<_> = [Some(domain), alias_of, Some("*")]
                .into_iter()
                .flatten()
                .filter_map(|domain| by_domain.get(domain))
                .flatten()
                .copied()
                .collect();
            if !all.is_empty() {
                let here = self.wildcards.entry(domain.to_owned()).or_insert(all);
                here.sort_unstable();
            }
        }
    }

    /// Whose the address is. The domain must be an accepted one; `alias_of` is the one that it
    /// stands for.
    pub(super) fn find<'r>(
        &'r self,
        local_part: &str,
        domain: &str,
        alias_of: Option<&'r str>,
    ) -> Option<Match<'r>> {
        let name = folded(local_part);
        if let Some((at, alias_of)) = self.named(&name, domain, alias_of) {
            return Some(self.matched(at, alias_of, None));
        }
        let tag_at = local_part
            .find(|c| self.separators.contains(c))
            .filter(|at| *at > 0);
        if let Some((user, tag)) = tag_at.map(|at| local_part.split_at(at))
            && let Some((at, alias_of)) = self.named(&folded(user), domain, alias_of)
        {
            return Some(self.matched(at, alias_of, Some(tag.to_owned())));
        }
        let wildcards = self.wildcards.get(domain)?;
        let (_, at) = wildcards
            .iter()
            .find(|(pattern, _)| self.patterns[*pattern].matches(&name))?;
        Some(self.matched(*at, None, None))
    }

    /// Whether an account or a rule has this very address; the name without letter case.
    pub(super) fn is_somebodys(&self, name: &str, domain: &str, alias_of: Option<&str>) -> bool {
        self.named(name, domain, alias_of).is_some()
    }

    /// Exact, alias, sign-in name; the name without letter case.
    fn named<'r>(
        &'r self,
        name: &str,
        domain: &str,
        alias_of: Option<&'r str>,
    ) -> Option<(usize, Option<&'r str>)> {
        let mut key = String::with_capacity(name.len() + 1 + domain.len());
        let mut whole = |domain: &str| {
            key.clear();
            key.push_str(name);
            key.push('@');
            key.push_str(domain);
            (self.exact.get(&key).copied(), self.names.get(&key).copied())
        };
        let (exact, called) = whole(domain);
        let (alias, alias_called) = alias_of.map(&mut whole).unwrap_or_default();
        exact
            .map(|at| (at, None))
            .or_else(|| alias.map(|at| (at, alias_of)))
            .or_else(|| {
                called
                    .or_else(|| self.names.get(name).copied())
                    .map(|at| (at, None))
            })
            .or_else(|| alias_called.map(|at| (at, alias_of)))
    }

    fn matched<'r>(
        &'r self,
        at: usize,
        alias_of: Option<&'r str>,
        tag: Option<String>,
    ) -> Match<'r> {
        Match {
            holder: &self.holders[at],
            alias_of,
            tag,
        }
    }
}

/// An address as it compares; a name without a domain without letter case.
fn spelled(typed: &str) -> String {
    match typed.rsplit_once('@') {
        Some((local_part, domain)) => {
            format!("{}@{}", folded(local_part), spelling::domain(domain))
        }
        None => folded(typed),
    }
}

/// The more of an address is given, the more it means; the text only makes the order lasting.
fn specificity(address: &Address) -> (usize, bool, Reverse<&str>) {
    let given = Pattern::new(address.local_part()).given();
    (given, address.domain() != "*", Reverse(address.as_str()))
}
