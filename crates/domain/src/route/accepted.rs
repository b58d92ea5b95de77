//! Which domains' addresses count, and which address is the maildrop's own.

use std::collections::BTreeSet;

use hashbrown::{HashMap, HashSet};
use inhaul_types::Address;

use super::book::AddressBook;
use super::catch_all::{CatchAll, OwnNames};
use super::hops::organization;
use super::spelling::{domain, folded};

/// The domains whose addresses count.
///
/// Whatever a header says, an address elsewhere is nobody here: mail to `kate@other.example` must
/// not reach the local kate.
#[derive(Clone, Debug)]
pub(super) struct Accepted {
    /// With the domain that each stands for.
    domains: HashMap<String, Option<String>>,
    /// As they were typed, for explanations.
    typed: Vec<String>,
}

impl Accepted {
    pub(super) fn new(catch_all: &CatchAll, book: &AddressBook) -> Self {
        let mut typed: Vec<String> = catch_all.domains.clone();
        if typed.is_empty() {
            let entries = book.entries.iter().map(|entry| &entry.address);
            let rules = catch_all.rules.iter().map(|rule| &rule.address);
            let theirs: BTreeSet<_> = entries.chain(rules).map(Address::domain).collect();
            let local = book.local_domains.iter().map(String::as_str);
            let all = local.chain(theirs.into_iter().filter(|domain| *domain != "*"));
            typed = all.map(str::to_owned).collect();
        }
        let aliases = catch_all.domain_aliases.iter();
        typed.extend(aliases.clone().map(|(alias, _)| alias.clone()));
        let mut domains: HashMap<_, _> = typed.iter().map(|typed| (domain(typed), None)).collect();
        for (alias, of) in aliases {
            domains.insert(domain(alias), Some(domain(of)));
        }
        let mut known = HashSet::new();
        typed.retain(|typed| known.insert(domain(typed)));
        Self { domains, typed }
    }

    /// The domains, each with the one that it stands for.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.domains
            .iter()
            .map(|(domain, of)| (domain.as_str(), of.as_deref()))
    }

    pub(super) fn contains(&self, domain: &str) -> bool {
        self.domains.contains_key(domain)
    }

    /// The domain that this one stands for.
    pub(super) fn alias_of(&self, domain: &str) -> Option<&str> {
        self.domains.get(domain)?.as_deref()
    }

    /// The domains as they were typed, each once.
    pub(super) fn typed(&self) -> &[String] {
        &self.typed
    }
}

/// The addresses that mean the maildrop itself: a server that notes one of them notes where it put
/// the message, not whom it was for.
#[derive(Clone, Debug)]
pub(super) struct Own {
    /// Without letter case.
    addresses: HashSet<String>,
    /// The name alone, if it was given without a domain.
    bare: Option<String>,
}

impl Own {
    pub(super) fn new(names: &OwnNames) -> Self {
        // Gmail shows another view of the same maildrop under this prefix.
        let user = names.user.trim();
        let user = user.strip_prefix("recent:").unwrap_or(user);
        // Some servers want the @ of a full name written so.
        if let Some((local, host)) = user.rsplit_once(['@', '%']) {
            let address = format!("{}@{}", folded(local), domain(host));
            return Self {
                addresses: [address].into(),
                bare: None,
            };
        }
        let user = folded(user);
        let host = domain(&names.host);
        let hosts = [host.as_str(), organization(&host)];
        Self {
            addresses: hosts.iter().map(|host| format!("{user}@{host}")).collect(),
            bare: Some(user),
        }
    }

    /// Whether this address, without letter case, is the maildrop's.
    pub(super) fn is(&self, address: &str) -> bool {
        self.addresses.contains(address)
    }

    /// Whether the maildrop signs in with this name, without any domain: its server may note it
    /// at whichever of the domains.
    pub(super) fn may_be(&self, local_part: &str) -> bool {
        self.bare.as_deref() == Some(local_part)
    }
}
