//! The explanation beside each placement, in words for people.

use std::fmt::Write as _;

use super::Router;
use super::catch_all::RecipientSource;
use super::decide::Way;
use super::gather::Recipient;
use super::lookup::{Match, Title};

/// How many accepted domains are named where none was found.
const DOMAINS_MOST: usize = 4;

impl Router {
    /// One recipient's line: `Delivered-To no. 1 = sales@firm.example, rule 3, petr/Shop`.
    pub(super) fn line(
        &self,
        recipient: &Recipient<'_>,
        address: &str,
        matched: Option<&Match<'_>>,
        way: &Way<'_>,
    ) -> String {
        let (field, number) = (recipient.field, recipient.number);
        let mut line = format!("{field} no. {number} = {address}, ");
        if let Some(matched) = matched {
            line.push_str(&title(matched));
            line.push_str(", ");
        }
        // Writing to a String cannot fail.
        let _ = match (way, matched) {
            (Way::To(place), _) => write!(line, "{}", place.shown),
            (Way::TooMany, _) => {
                let most = self.max_recipients;
                let accounts = if most == 1 { "account" } else { "accounts" };
                write!(line, "more than {most} {accounts}, {}", self.fallen_back())
            }
            (Way::Unclaimed, Some(matched)) => {
                let person = &matched.holder.person;
                write!(line, "{person} is switched off, {}", self.fallen_back())
            }
            (Way::Unclaimed, None) => write!(line, "no rule, {}", self.fallen_back()),
        };
        line
    }

    /// No source yielded an address that counts.
    pub(super) fn nothing_found(&self) -> String {
        let domains = self.accepted.typed();
        if domains.is_empty() {
            return format!("no domain is set, {}", self.fallen_back());
        }
        let mut said = match domains {
            [one] => format!("no address in {one} was found"),
            [all @ .., last] if domains.len() <= DOMAINS_MOST => {
                format!("no address in {} or {last} was found", all.join(", "))
            }
            _ => {
                let (named, more) = domains.split_at(DOMAINS_MOST - 1);
                let (named, more) = (named.join(", "), more.len());
                format!("no address in {named} or {more} more domains was found")
            }
        };
        let _ = match &self.source {
            RecipientSource::Auto { .. } => Ok(()),
            RecipientSource::Header { name, index, .. } => {
                write!(said, " in {name} no. {}", (*index).max(1))
            }
            RecipientSource::ToCc => write!(said, " in To and Cc"),
        };
        format!("{said}, {}", self.fallen_back())
    }

    /// More addresses than are looked up.
    pub(super) fn flood(&self, looked_up: usize) -> String {
        format!(
            "more than {looked_up} addresses, the others were not looked up, {}",
            self.fallen_back()
        )
    }

    fn fallen_back(&self) -> String {
        format!("fallback {}", self.fallback.shown)
    }
}

/// By what an address is somebody's: `alice's address without +news`.
fn title(matched: &Match<'_>) -> String {
    let person = &matched.holder.person;
    let mut title = match &matched.holder.title {
        Title::Address => format!("{person}'s address"),
        Title::Wildcard(address) => format!("{person}'s address {address}"),
        Title::SignInName => format!("{person}'s sign-in name"),
        Title::Rule(number) => format!("rule {number}"),
    };
    let in_domain = matched.alias_of.map(|domain| format!(" in {domain}"));
    let without = matched
        .tag
        .as_ref()
        .map(|tag| format!(" without {}", super::spelling::shown(tag)));
    title.extend([in_domain, without].into_iter().flatten());
    title
}
