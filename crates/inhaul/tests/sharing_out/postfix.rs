//! The firm's mail by way of a real Postfix and a real Dovecot, as providers of all habits leave it.

use std::collections::{BTreeMap, HashSet};

use inhaul_testkit::{Copies, Firm, Postfix, Provider, Source};

use crate::home::{Folders, Home, assert_same};
use crate::letters;

/// Sends the firm's letters through this provider in three goes, pulls after each, and returns
/// what is where.
fn brought(firm: &Firm, provider: Provider, by: &str) -> (Home, Folders) {
    let postfix = Postfix::start(provider, &Firm::ALL_DOMAINS).unwrap();
    let home = Home::of(firm);
    home.catch_all(postfix.dovecot().pop3_addr(), Postfix::USER, by);
    let mut octets = HashSet::new();
    let all = firm.letters.len();
    for goes in [0..all / 2, all / 2..all - 20, all - 20..all] {
        firm.send_some(&postfix, goes).unwrap();
        let there = postfix.dovecot().retr_all(Postfix::USER).unwrap();
        let (listed, pulled) = (there.len() as u64, home.installation.pull("firm"));
        assert_eq!((pulled.listed, pulled.deleted), (listed, listed));
        assert_eq!(postfix.dovecot().count(Postfix::USER).unwrap(), 0);
        octets.extend(there);
    }
    assert_eq!(home.installation.pull("firm").new, 0);
    let folders = home.folders(&octets);
    println!(
        "{} letters in {} messages by {provider:?}: {} folders",
        firm.letters.len(),
        firm.copies(provider),
        folders.len()
    );
    (home, folders)
}

#[test]
fn what_delivered_to_names_reaches_each_person_and_where_explains_it() {
    let firm = Firm::with_letters(letters());
    let (home, folders) = brought(&firm, Provider::DeliveredTo, "auto");
    assert_same(&folders, &firm, Provider::DeliveredTo, Source::Auto);
    explains_each(&home, &firm, "Delivered-To no. 1 = ");
    lists_what_is_there(&home, &folders);
    lists_what_is_nobodys(&home, &firm);
}

#[test]
fn what_x_original_to_names_reaches_each_person_although_delivered_to_is_the_providers() {
    let firm = Firm::with_letters(letters());
    let (home, folders) = brought(&firm, Provider::OriginalTo, "auto");
    assert_same(&folders, &firm, Provider::OriginalTo, Source::Auto);
    explains_each(&home, &firm, "X-Original-To no. 1 = ");
}

#[test]
fn a_named_header_gives_the_same() {
    let firm = Firm::with_letters(letters().min(300));
    let (_, folders) = brought(&firm, Provider::OriginalTo, "X-Original-To");
    assert_same(&folders, &firm, Provider::OriginalTo, Source::Auto);
}

#[test]
fn one_copy_for_each_and_one_for_all_give_the_same() {
    let mut firm = Firm::with_letters(letters());
    // Copies are known by their Message-ID; those without are counted below.
    firm.letters.retain(|letter| letter.has_id);
    let by = |copies| brought(&firm, Provider::EnvelopeTo(copies), "auto").1;
    let (each, all) = (by(Copies::PerRecipient), by(Copies::One));
    assert_same(
        &each,
        &firm,
        Provider::EnvelopeTo(Copies::PerRecipient),
        Source::Auto,
    );
    assert_same(&all, &firm, Provider::EnvelopeTo(Copies::One), Source::Auto);
    assert!(each == all, "the folders differ");
}

#[test]
fn a_silent_providers_mail_goes_by_received_and_by_to_and_cc() {
    let firm = Firm::with_letters(letters());
    for copies in [Copies::PerRecipient, Copies::One] {
        let provider = Provider::Silent(copies);
        let (_, folders) = brought(&firm, provider, "auto");
        assert_same(&folders, &firm, provider, Source::Auto);
    }
}

/// As the ancestor's plug-in did: blind copies and lists are the fallback's, whatever a header of
/// the provider's says.
#[test]
fn to_cc_goes_by_to_and_cc_alone() {
    let firm = Firm::with_letters(letters());
    for provider in [Provider::Silent(Copies::One), Provider::DeliveredTo] {
        let (_, folders) = brought(&firm, provider, "to-cc");
        assert_same(&folders, &firm, provider, Source::ToCc);
    }
}

/// `where` says of a sample of letters where each copy is and what put it there.
fn explains_each(home: &Home, firm: &Firm, evidence: &str) {
    let some = firm.letters.iter().enumerate();
    let some = some.filter(|(number, letter)| {
        number % SHARE == 5 && letter.has_id && !matches!(number % 97, 95 | 96)
    });
    for (number, letter) in some {
        let id = format!("n{number}.letters@elsewhere.example");
        let found = home.installation.json(&["where", &id]);
        let stories = found["found"].as_array().unwrap();
        let placements = stories
            .iter()
            .flat_map(|story| story["placements"].as_array().unwrap());
        // A copy that was not stored again is told of where the first one is.
        let mut why: BTreeMap<String, String> = BTreeMap::new();
        for placement in placements {
            let text = |key: &str| placement[key].as_str().unwrap();
            let place = format!("{}/{}", text("account"), text("folder"));
            why.entry(place).or_default().push_str(text("why"));
        }
        let expected = letter.expected(Provider::DeliveredTo, Source::Auto);
        assert!(why.keys().eq(expected.keys()), "{expected:?} {why:#?}");
        for mailbox in letter.envelopes.concat() {
            // The domain in lower case, the rest as it was written.
            let (local, domain) = mailbox.written.split_once('@').unwrap();
            let address = format!("{evidence}{local}@{}, ", domain.to_lowercase());
            let place = mailbox.place.as_deref().unwrap_or("unclaimed/INBOX");
            assert!(
                why[place].contains(&address),
                "{address:?} is not in {why:#?}"
            );
            if mailbox.place.is_none() {
                let told = "no rule, fallback unclaimed/INBOX";
                assert!(why[place].contains(told), "{why:#?}");
            }
        }
    }
}

/// `message list` has what `export` has.
fn lists_what_is_there(home: &Home, folders: &Folders) {
    for (place, folder) in folders.iter().step_by(6) {
        let (account, name) = place.split_once('/').unwrap();
        let list = home.installation.json(&["message", "list", account, name]);
        let mut listed: BTreeMap<String, usize> = BTreeMap::new();
        for message in list["messages"].as_array().unwrap() {
            let subject = message["subject"].as_str().unwrap();
            *listed.entry(subject.to_string()).or_default() += 1;
            assert!(
                message["why"].as_str().unwrap().ends_with(place),
                "{message:#}"
            );
        }
        assert!(listed == *folder, "{place}: {listed:?}, not {folder:?}");
    }
}

/// `catch-all unclaimed` counts the letters for each address that is nobody's.
fn lists_what_is_nobodys(home: &Home, firm: &Firm) {
    let said = home.installation.json(&["catch-all", "unclaimed", "firm"]);
    let lines = said["unclaimed"].as_array().unwrap().iter().map(|line| {
        let letters = usize::try_from(line["messages"].as_u64().unwrap()).unwrap();
        (line["address"].as_str().unwrap().to_string(), letters)
    });
    assert_eq!(lines.collect::<BTreeMap<_, _>>(), firm.unclaimed());
}

/// One letter of so many is asked for.
const SHARE: usize = 13;
