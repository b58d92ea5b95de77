//! Where a letter must be in the end, given what its provider leaves of the envelope.

use std::collections::{BTreeMap, BTreeSet};

use super::{Firm, Letter, Mailbox};
use crate::postfix::{Copies, Provider};

/// What a catch-all goes by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Source {
    /// The envelope recipient where the provider shows it, else To and Cc; everybody whom nobody
    /// has puts the letter into the fallback as well.
    Auto,
    /// To and Cc alone: those who are known, and the fallback where nobody is.
    ToCc,
}

impl Letter {
    /// How many messages in the maildrop this provider makes of it.
    pub fn copies(&self, provider: Provider) -> usize {
        let copies = self.envelopes.iter().map(|to| copies_of(to, provider));
        copies.sum()
    }

    /// `place -> how often`.
    pub fn expected(&self, provider: Provider, source: Source) -> BTreeMap<String, usize> {
        let mut expected = BTreeMap::new();
        for to in &self.envelopes {
            for copy in 0..copies_of(to, provider) {
                for place in self.places(provider, source, to, copy) {
                    *expected.entry(place).or_default() += 1;
                }
            }
        }
        if self.has_id {
            // Copies of one message are known by it, and a folder has it once.
            expected.values_mut().for_each(|count| *count = 1);
        }
        expected
    }

    /// Where this copy, of those that were made for these recipients, goes.
    fn places(
        &self,
        provider: Provider,
        source: Source,
        to: &[Mailbox],
        copy: usize,
    ) -> BTreeSet<String> {
        if source == Source::ToCc {
            let known: BTreeSet<_> = self.shown.iter().filter_map(|m| m.place.clone()).collect();
            return or_fallback(known);
        }
        let told: &[Mailbox] = match provider {
            Provider::DeliveredTo
            | Provider::OriginalTo
            | Provider::EnvelopeTo(Copies::PerRecipient) => &to[copy..=copy],
            Provider::EnvelopeTo(Copies::One) => to,
            // Received tells it where there is one.
            Provider::Silent(_) if to.len() == 1 => to,
            Provider::Silent(_) if !self.resent_to.is_empty() => &self.resent_to,
            Provider::Silent(_) => &self.shown,
        };
        or_fallback(told.iter().map(place).collect())
    }
}

fn copies_of(to: &[Mailbox], provider: Provider) -> usize {
    match provider {
        Provider::EnvelopeTo(Copies::One) | Provider::Silent(Copies::One) => 1,
        _ => to.len(),
    }
}

fn place(mailbox: &Mailbox) -> String {
    mailbox.place.clone().unwrap_or_else(fallback)
}

fn or_fallback(places: BTreeSet<String>) -> BTreeSet<String> {
    if places.is_empty() {
        return BTreeSet::from([fallback()]);
    }
    places
}

fn fallback() -> String {
    format!("{}/INBOX", Firm::FALLBACK)
}
