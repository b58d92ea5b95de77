//! A firm whose whole domain a provider puts into one maildrop: fifty people, their addresses, and
//! as many letters to them as a test wants, with what each person must have of them in the end.
//!
//! The same letters every time. Who must have what is known where an address is written, not read
//! out of it again: nothing here judges a header.

mod left;
mod letters;
mod people;
mod truth;

use std::collections::{BTreeMap, BTreeSet};

pub use self::people::Person;
pub use self::truth::Source;

use crate::postfix::{Envelope, Postfix, Provider};

/// The firm and its letters.
#[derive(Clone, Debug)]
pub struct Firm {
    /// Who works there.
    pub people: Vec<Person>,
    /// What came for them.
    pub letters: Vec<Letter>,
}

impl Firm {
    /// Domains that are the firm's own.
    pub const DOMAINS: [&str; 2] = ["firm.example", "lab.firm.example"];
    /// A domain that stands for the first one.
    pub const ALIAS: &str = "firma.example";
    /// Every domain the provider takes mail for.
    pub const ALL_DOMAINS: [&str; 3] = ["firm.example", "lab.firm.example", "firma.example"];
    /// Whose INBOX takes what is nobody's.
    pub const FALLBACK: &str = "unclaimed";
    /// Addresses with a place of their own, in order: the catch-all's rules.
    pub const RULES: [(&str, &str); 3] = [
        ("sales@firm.example", "anna/Shop"),
        ("info@firm.example", "ben/Info"),
        ("*-bills@firm.example", "carl/Bills"),
    ];

    /// The firm with so many letters.
    pub fn with_letters(count: usize) -> Self {
        let people = people::all();
        let letters = letters::write(&people, count);
        Self { people, letters }
    }

    /// Sends all letters through this provider and waits until they are in its maildrop.
    pub fn send(&self, postfix: &Postfix) -> anyhow::Result<()> {
        self.send_some(postfix, 0..self.letters.len())
    }

    /// As [`Firm::send`], only these.
    pub fn send_some(
        &self,
        postfix: &Postfix,
        which: std::ops::Range<usize>,
    ) -> anyhow::Result<()> {
        let transactions: Vec<_> = self.letters[which]
            .iter()
            .flat_map(|letter| letter.envelopes.iter().map(move |to| (letter, to)))
            .map(|(letter, to)| {
                let to: Vec<_> = to.iter().map(|mailbox| mailbox.written.as_str()).collect();
                (letter, to)
            })
            .collect();
        let envelopes: Vec<_> = transactions
            .iter()
            .map(|(letter, to)| Envelope {
                from: &letter.sender,
                to,
                message: &letter.octets,
            })
            .collect();
        postfix.send(&envelopes)
    }

    /// All messages that this provider puts into the maildrop.
    pub fn as_left_by(&self, provider: Provider) -> Vec<Vec<u8>> {
        let copies = self.letters.iter().flat_map(|l| l.as_left_by(provider));
        copies.collect()
    }

    /// The accounts as a spreadsheet has them, for `inhaul account import`.
    pub fn sheet(&self) -> String {
        let line = |person: &Person| format!("{},{}\n", person.name, person.addresses.join(" "));
        let people: String = self.people.iter().map(line).collect();
        format!("name,addresses\n{people}{},\n", Self::FALLBACK)
    }

    /// What every folder must hold of the letters: `place -> subject -> how often`.
    pub fn expected(
        &self,
        provider: Provider,
        source: Source,
    ) -> BTreeMap<String, BTreeMap<String, usize>> {
        let mut folders: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for letter in &self.letters {
            for (place, count) in letter.expected(provider, source) {
                let folder = folders.entry(place).or_default();
                folder.insert(letter.subject.clone(), count);
            }
        }
        folders
    }

    /// Addresses of the firm's that are nobody's, and how many letters came for each.
    pub fn unclaimed(&self) -> BTreeMap<String, usize> {
        let mut letters = BTreeMap::new();
        for letter in &self.letters {
            let names = letter.envelopes.iter().flatten();
            let names = names.filter(|mailbox| mailbox.place.is_none());
            let names: BTreeSet<_> = names.map(|mailbox| &mailbox.written).collect();
            for name in names {
                *letters.entry(name.clone()).or_default() += 1;
            }
        }
        letters
    }

    /// How many messages the provider puts into the maildrop.
    pub fn copies(&self, provider: Provider) -> usize {
        let copies = self.letters.iter().map(|letter| letter.copies(provider));
        copies.sum()
    }
}

/// A letter.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Its subject, which no other letter has.
    pub subject: String,
    /// Who sent it: an address.
    pub sender: String,
    /// The recipients, once for each time that it is handed to the provider.
    pub envelopes: Vec<Vec<Mailbox>>,
    /// The firm's addresses that To and Cc show.
    pub shown: Vec<Mailbox>,
    /// Those in Resent-To.
    pub resent_to: Vec<Mailbox>,
    /// Whether it has a Message-ID.
    pub has_id: bool,
    /// It all, as it is sent.
    pub octets: Vec<u8>,
}

/// An address of the firm's, as somebody wrote it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mailbox {
    /// `Anna+news@FIRM.example`.
    pub written: String,
    /// `anna/INBOX`; `None` if it is nobody's.
    pub place: Option<String>,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::postfix::Copies;

    #[test]
    fn letters_are_the_same_every_time_and_a_smaller_firm_has_the_first_ones() {
        let (all, some) = (Firm::with_letters(600), Firm::with_letters(60));
        let octets =
            |firm: &Firm| -> Vec<_> { firm.letters.iter().map(|l| l.octets.clone()).collect() };
        assert_eq!(octets(&all)[..60], octets(&some));
    }

    #[test]
    fn an_envelope_names_nobody_twice_and_every_subject_is_one_letters() {
        let firm = Firm::with_letters(5000);
        for letter in &firm.letters {
            for to in &letter.envelopes {
                let names: HashSet<_> = to.iter().map(|m| m.written.to_lowercase()).collect();
                assert_eq!(names.len(), to.len(), "{letter:?}");
                assert!((1..=50).contains(&to.len()), "{letter:?}");
            }
        }
        let subjects: HashSet<_> = firm.letters.iter().map(|letter| &letter.subject).collect();
        assert_eq!(subjects.len(), 5000);
    }

    /// Among a sample there is something of everything.
    #[test]
    fn a_few_hundred_letters_are_of_every_kind() {
        let firm = Firm::with_letters(300);
        let has = |what: &dyn Fn(&Letter) -> bool| firm.letters.iter().any(what);
        let envelope = |letter: &Letter| letter.envelopes.concat();
        assert!(has(&|letter| letter.envelopes.len() > 1));
        assert!(has(&|letter| !letter.has_id && envelope(letter).len() > 1));
        assert!(has(&|letter| !letter.resent_to.is_empty()));
        assert!(has(&|letter| letter.shown.is_empty()));
        assert!(has(&|letter| envelope(letter).len() == firm.people.len()));
        for what in [
            "+",
            "FIRM",
            "@firma.example",
            "-bills@",
            "@lab.firm.example",
            "sales@",
        ] {
            let written =
                |letter: &Letter| envelope(letter).iter().any(|m| m.written.contains(what));
            assert!(has(&written), "{what}");
        }
        let everywhere = firm.expected(Provider::DeliveredTo, Source::Auto);
        for (_, place) in Firm::RULES {
            assert!(everywhere.contains_key(place), "{place}");
        }
        // Each person has something, and what nobody has is in the fallback.
        for person in &firm.people {
            assert!(everywhere.contains_key(&format!("{}/INBOX", person.name)));
        }
        assert!(everywhere["unclaimed/INBOX"].len() > 10);
    }

    #[test]
    fn how_many_copies_a_provider_makes_changes_nothing_where_it_names_all() {
        let firm = Firm::with_letters(2000);
        let with_id = |copies| {
            let mut firm = firm.clone();
            firm.letters.retain(|letter| letter.has_id);
            firm.expected(Provider::EnvelopeTo(copies), Source::Auto)
        };
        assert_eq!(with_id(Copies::One), with_id(Copies::PerRecipient));
        assert_eq!(
            firm.expected(Provider::DeliveredTo, Source::Auto),
            firm.expected(Provider::OriginalTo, Source::Auto)
        );
        assert!(
            firm.copies(Provider::DeliveredTo) > firm.copies(Provider::EnvelopeTo(Copies::One))
        );
    }
}
