//! Whose an address is: exact, alias, `user+tag`, wildcard, in this order.

use std::cmp::Reverse;

use hashbrown::{HashMap, HashSet};
use inhaul_types::{AccountId, Address};

use super::accepted::Accepted;
use super::book::{AddressBook, BookEntry};
use super::catch_all::{CatchAll, Place, Rule};
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
    wildcards: HashMap<String, Vec<Wildcard>>,
    separators: String,
}

/// A pattern and whose it is. Most patterns are another's by their first or last letter, which
/// stand here: hundreds of rules are passed over without being looked at.
#[derive(Clone, Copy, Debug)]
struct Wildcard {
    ends: (Option<u8>, Option<u8>),
    pattern: usize,
    holder: usize,
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
        let people = People::new(book);
        let mut lookup = Self {
            holders: Vec::new(),
            exact: HashMap::new(),
            names: HashMap::new(),
            patterns: Vec::new(),
            wildcards: HashMap::new(),
            separators: catch_all.separators.clone(),
        };
        lookup.add_all_exact(catch_all, book, &people);
        for name in &book.names {
            let holder = people.holder(&name.place, name.account, Title::SignInName);
            let at = lookup.hold(holder);
            lookup.names.entry(spelled(&name.name)).or_insert(at);
        }
        lookup.add_all_wildcards(catch_all, book, &people, accepted);
        lookup
    }

    /// Accounts' own addresses, then rules.
    ///
    /// Whoever is switched off gives way to a rule for the very address: that is how somebody else
    /// is made to get this mail. Nothing else takes it over.
    fn add_all_exact(&mut self, catch_all: &CatchAll, book: &AddressBook, people: &People<'_>) {
        let (on, off): (Vec<_>, Vec<_>) = book
            .entries
            .iter()
            .filter(|entry| !entry.address.is_wildcard())
            .partition(|entry| people.receives(entry.account));
        let owned = |entry: &&BookEntry| people.holder(&entry.place, entry.account, Title::Address);
        for entry in on {
            self.add_exact(&entry.address, owned(&entry));
        }
        for (holder, rule) in people
            .rules(catch_all)
            .filter(|(_, rule)| !rule.address.is_wildcard())
        {
            self.add_exact(&rule.address, holder);
        }
        for entry in off {
            self.add_exact(&entry.address, owned(&entry));
        }
    }

    /// Rules in their order, then accounts' wildcards, the most specific first.
    fn add_all_wildcards(
        &mut self,
        catch_all: &CatchAll,
        book: &AddressBook,
        people: &People<'_>,
        accepted: &Accepted,
    ) {
        let rules = people
            .rules(catch_all)
            .filter(|(_, rule)| rule.address.is_wildcard());
        let mut all: Vec<_> = rules
            .map(|(holder, rule)| (&rule.address, holder))
            .collect();
        let entries = book.entries.iter();
        let mut theirs: Vec<_> = entries
            .filter(|entry| entry.address.is_wildcard())
            .collect();
        theirs.sort_by_cached_key(|entry| Reverse(specificity(&entry.address)));
        all.extend(theirs.into_iter().map(|entry| {
            let title = Title::Wildcard(entry.address.clone());
            let holder = people.holder(&entry.place, entry.account, title);
            (&entry.address, holder)
        }));
        self.add_wildcards(all, accepted);
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
        let mut by_domain: HashMap<String, Vec<Wildcard>> = HashMap::new();
        for (address, holder) in wildcards {
            let pattern = Pattern::new(address.local_part());
            let wildcard = Wildcard {
                ends: pattern.ends(),
                pattern: self.patterns.len(),
                holder: self.hold(holder),
            };
            self.patterns.push(pattern);
            let domain = match address.domain() {
                "*" => "*".to_owned(),
                domain => spelling::domain(domain),
            };
            by_domain.entry(domain).or_default().push(wildcard);
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
                here.sort_unstable_by_key(|wildcard| wildcard.pattern);
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
        let (first, last) = (name.bytes().next(), name.bytes().next_back());
        let wildcard = self.wildcards.get(domain)?.iter().find(|wildcard| {
            let (front, back) = wildcard.ends;
            (front.is_none() || front == first)
                && (back.is_none() || back == last)
                && self.patterns[wildcard.pattern].matches(&name)
        })?;
        Some(self.matched(wildcard.holder, None, None))
    }

    /// What may stand between a name and its tag.
    pub(super) fn separators(&self) -> &str {
        &self.separators
    }

    /// What holds the address of the rule in this place, from 1.
    pub(super) fn rule(&self, number: usize) -> Option<&Holder> {
        let title = Title::Rule(number);
        self.holders.iter().find(|holder| holder.title == title)
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

/// What a holder needs to know of its account.
struct People<'b> {
    names: HashMap<AccountId, &'b str>,
    switched_off: HashSet<AccountId>,
}

impl<'b> People<'b> {
    fn new(book: &'b AddressBook) -> Self {
        let names = book.names.iter();
        let entries = book
            .entries
            .iter()
            .map(|entry| (entry.account, entry.receives));
        Self {
            names: names
                .clone()
                .map(|name| (name.account, name.name.as_str()))
                .collect(),
            switched_off: names
                .map(|name| (name.account, name.receives))
                .chain(entries)
                .filter_map(|(account, receives)| (!receives).then_some(account))
                .collect(),
        }
    }

    fn receives(&self, account: AccountId) -> bool {
        !self.switched_off.contains(&account)
    }

    fn holder(&self, place: &Place, account: AccountId, title: Title) -> Holder {
        let shown = || place.shown.split('/').next().unwrap_or_default();
        Holder {
            place: place.clone(),
            title,
            person: self
                .names
                .get(&account)
                .copied()
                .unwrap_or_else(shown)
                .to_owned(),
            receives: self.receives(account),
        }
    }

    /// The rules of a catch-all, each with what holds its address.
    fn rules<'c>(&self, catch_all: &'c CatchAll) -> impl Iterator<Item = (Holder, &'c Rule)> {
        (1..).zip(&catch_all.rules).map(|(number, rule)| {
            let place = &rule.place;
            (self.holder(place, place.account, Title::Rule(number)), rule)
        })
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
