//! Several recipients: one placement for each folder, and how many accounts there may be.

use crate::town::{Town, check, place};

#[test]
fn two_addresses_of_one_person_are_one_placement_with_both_reasons() {
    let town = Town::new().with_address("a.nova@firm.example", "alice/INBOX");
    check(
        &town,
        &[(
            "one folder",
            &["X-Envelope-To: alice@firm.example, petr@firm.example, a.nova@firm.example"],
            &["alice/INBOX", "petr/INBOX"],
            "X-Envelope-To no. 1 = alice@firm.example, alice's address, alice/INBOX\n\
         X-Envelope-To no. 1 = a.nova@firm.example, alice's address, alice/INBOX\n\
         X-Envelope-To no. 1 = petr@firm.example, petr's address, petr/INBOX",
        )],
    );
    let routed = town.route(&["X-Envelope-To: alice@firm.example, a.nova@firm.example"]);
    assert_eq!(
        routed.placements[0].recipients,
        ["alice@firm.example", "a.nova@firm.example"]
    );
}

#[test]
fn one_person_with_two_folders_gets_both_and_counts_once() {
    let mut town = Town::new().with_rule("news@firm.example", "alice/News");
    town.catch_all.max_recipients = 1;
    check(
        &town,
        &[(
            "two folders of one account, and one account too many",
            &["X-Envelope-To: alice@firm.example, petr@firm.example, news@firm.example"],
            &["alice/INBOX", "alice/News", "unclaimed/INBOX"],
            "X-Envelope-To no. 1 = alice@firm.example, alice's address, alice/INBOX\n\
         X-Envelope-To no. 1 = news@firm.example, rule 1, alice/News\n\
         X-Envelope-To no. 1 = petr@firm.example, petr's address, more than 1 account, \
         fallback unclaimed/INBOX",
        )],
    );
}

#[test]
fn who_is_one_too_many_is_named_in_the_fallback_and_not_unclaimed() {
    let mut town = Town::new();
    town.catch_all.max_recipients = 0;
    let routed = town.route(&["X-Envelope-To: alice@firm.example, infos@firm.example"]);
    assert_eq!(routed.placements.len(), 1);
    assert_eq!(
        routed.placements[0].recipients,
        ["alice@firm.example", "infos@firm.example"]
    );
    assert_eq!(routed.unclaimed, ["infos@firm.example"]);
}

#[test]
fn every_address_nobody_has_puts_the_message_into_the_fallback_as_well() {
    let town = Town::new();
    let routed = town.route(&[
        "X-Envelope-To: infos@firm.example, alice@firm.example, Help@firm.example, INFOS@firm.example",
    ]);
    let places: Vec<_> = routed
        .placements
        .iter()
        .map(|of| of.place.shown.as_str())
        .collect();
    assert_eq!(places, ["alice/INBOX", "unclaimed/INBOX"]);
    assert_eq!(
        routed.unclaimed,
        ["infos@firm.example", "Help@firm.example"]
    );
    assert_eq!(routed.placements[1].recipients, routed.unclaimed);
}

#[test]
fn a_recipient_whose_folder_is_the_fallback_is_one_placement_and_takes_no_ones_turn() {
    let mut town = Town::new();
    town.catch_all.fallback = place("alice/INBOX");
    town.catch_all.max_recipients = 1;
    check(
        &town,
        &[(
            "alice is the fallback",
            &["X-Envelope-To: alice@firm.example, infos@firm.example, petr@firm.example"],
            &["petr/INBOX", "alice/INBOX"],
            "X-Envelope-To no. 1 = petr@firm.example, petr's address, petr/INBOX\n\
         X-Envelope-To no. 1 = alice@firm.example, alice's address, alice/INBOX\n\
         X-Envelope-To no. 1 = infos@firm.example, no rule, fallback alice/INBOX",
        )],
    );
    assert_eq!(
        town.route(&["X-Envelope-To: alice@firm.example"]).unclaimed,
        Vec::<String>::new()
    );
}

#[test]
fn a_flood_of_addresses_goes_to_the_fallback_and_its_explanation_stays_short() {
    let town = Town::new();
    let list: Vec<_> = (0..5000)
        .map(|nobody| format!("n{nobody}@firm.example"))
        .collect();
    let routed = town.route(&[&format!("To: alice@firm.example, {}", list.join(",\r\n "))]);
    let places: Vec<_> = routed
        .placements
        .iter()
        .map(|of| of.place.shown.as_str())
        .collect();
    assert_eq!(places, ["alice/INBOX", "unclaimed/INBOX"]);
    assert_eq!(routed.found.len(), 1050);
    assert_eq!(routed.unclaimed.len(), 1049);
    let why = &routed.placements[1].why;
    assert_eq!(why.lines().count(), 202);
    assert!(
        why.contains("more than 1050 addresses, the others were not looked up"),
        "{why}"
    );
    assert!(why.contains("\nand 849 more\n"), "{why}");
}
