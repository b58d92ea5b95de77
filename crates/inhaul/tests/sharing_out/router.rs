//! The decision alone, for all of the firm's letters: no server, no store.

use std::collections::{BTreeMap, HashMap, HashSet};

use inhaul_domain::route::{
    AddressBook, BookEntry, BookName, CatchAll, DEFAULT_MAX_RECIPIENTS, DEFAULT_SEPARATORS,
    OwnNames, Place, RecipientSource, Router, Rule,
};
use inhaul_message::HeaderBlock;
use inhaul_testkit::{Copies, Firm, Postfix, Provider, Source};
use inhaul_types::{AccountId, Address, FolderId};

use crate::home::{Folders, assert_same, subject};
use crate::letters;

#[test]
fn every_letter_goes_where_it_must_whatever_the_provider_leaves() {
    let firm = Firm::with_letters(letters().max(1500));
    let auto = RecipientSource::default();
    let header = |name: &str| RecipientSource::Header {
        name: name.into(),
        index: 1,
        strip: String::new(),
    };
    for (provider, by, source) in [
        (Provider::DeliveredTo, auto.clone(), Source::Auto),
        (Provider::DeliveredTo, header("Delivered-To"), Source::Auto),
        (Provider::OriginalTo, auto.clone(), Source::Auto),
        (Provider::OriginalTo, header("x-original-to"), Source::Auto),
        (
            Provider::EnvelopeTo(Copies::One),
            auto.clone(),
            Source::Auto,
        ),
        (
            Provider::EnvelopeTo(Copies::PerRecipient),
            auto.clone(),
            Source::Auto,
        ),
        (Provider::Silent(Copies::One), auto.clone(), Source::Auto),
        (
            Provider::Silent(Copies::PerRecipient),
            auto.clone(),
            Source::Auto,
        ),
        (
            Provider::Silent(Copies::One),
            RecipientSource::ToCc,
            Source::ToCc,
        ),
        (Provider::DeliveredTo, RecipientSource::ToCc, Source::ToCc),
    ] {
        let found = shared_out(&firm, provider, by);
        assert_same(&found, &firm, provider, source);
    }
}

/// What a store would hold that knows copies of one message.
fn shared_out(firm: &Firm, provider: Provider, by: RecipientSource) -> Folders {
    let router = router(firm, by);
    let with_id = firm.letters.iter().filter(|letter| letter.has_id);
    let with_id: HashSet<_> = with_id.map(|letter| letter.subject.clone()).collect();
    let mut folders = Folders::new();
    for message in firm.as_left_by(provider) {
        let subject = subject(&message);
        for placement in router.route(&HeaderBlock::new(&message)).placements {
            let folder: &mut BTreeMap<_, _> = folders.entry(placement.place.shown).or_default();
            let count = folder.entry(subject.clone()).or_insert(0);
            if *count == 0 || !with_id.contains(&subject) {
                *count += 1;
            }
        }
    }
    folders
}

fn router(firm: &Firm, source: RecipientSource) -> Router {
    let mut places = Places::default();
    let mut book = AddressBook {
        local_domains: Firm::DOMAINS.map(String::from).to_vec(),
        ..AddressBook::default()
    };
    for person in &firm.people {
        let place = places.of(&format!("{}/INBOX", person.name));
        for address in &person.addresses {
            book.entries.push(BookEntry {
                address: address.parse::<Address>().unwrap(),
                account: place.account,
                place: place.clone(),
                receives: true,
            });
        }
        book.names.push(BookName {
            name: person.name.clone(),
            account: place.account,
            place,
            receives: true,
        });
    }
    let rules = Firm::RULES.map(|(address, place)| Rule {
        address: address.parse().unwrap(),
        place: places.of(place),
    });
    let catch_all = CatchAll {
        source,
        domains: Firm::DOMAINS.map(String::from).to_vec(),
        domain_aliases: vec![(Firm::ALIAS.into(), Firm::DOMAINS[0].into())],
        separators: DEFAULT_SEPARATORS.into(),
        max_recipients: DEFAULT_MAX_RECIPIENTS,
        own_names: OwnNames {
            user: Postfix::USER.into(),
            host: "127.0.0.1".into(),
        },
        rules: rules.to_vec(),
        fallback: places.of(&format!("{}/INBOX", Firm::FALLBACK)),
    };
    Router::new(catch_all, &book)
}

/// Numbers for places, as a store gives them.
#[derive(Default)]
struct Places {
    accounts: HashMap<String, i64>,
    folders: HashMap<String, i64>,
}

impl Places {
    fn of(&mut self, shown: &str) -> Place {
        let (account, _) = shown.split_once('/').unwrap();
        let next = self.accounts.len() as i64 + 1;
        let account = *self.accounts.entry(account.to_string()).or_insert(next);
        let next = self.folders.len() as i64 + 1;
        let folder = *self.folders.entry(shown.to_string()).or_insert(next);
        Place {
            account: AccountId::new(account),
            folder: FolderId::new(folder),
            shown: shown.to_string(),
        }
    }
}
