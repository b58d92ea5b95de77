//! Rules of catch-alls.

use inhaul_manage::{Claim, NewRule, Refused, UnsavedCatchAll};
use inhaul_store::{CatchAllSettings, RuleSetting, Store};
use inhaul_types::RetrievalId;

use crate::house::{House, remote, root, told};

async fn addresses(house: &House, id: RetrievalId) -> Vec<String> {
    let retrieval = house.store.retrieval_by_id(id).await.unwrap();
    let rules = &retrieval.routing.catch_all().unwrap().rules;
    rules.iter().map(|rule| rule.address.to_string()).collect()
}

#[tokio::test]
async fn a_rule_gets_the_place_it_is_given_and_an_address_one_rule() {
    let house = House::new().await;
    let firm = house.firm().await;
    let add = async |address: &str, folder: &str, at, claim| {
        let rule = NewRule {
            address: address.into(),
            account: house.bob,
            folder: folder.into(),
            at,
        };
        let added = house.manage.rule_add(&root(), firm, rule, claim).await;
        told(added.map(|added| added.number))
    };
    for (address, folder, at, claim, answer) in [
        ("a@x.example", "INBOX", None, Claim::Leave, "done: 1"),
        ("b@x.example", "INBOX", None, Claim::Leave, "done: 2"),
        ("c@x.example", "INBOX", Some(1), Claim::Leave, "done: 1"),
        (
            "d@x.example",
            "INBOX",
            Some(5),
            Claim::Leave,
            "invalid at: Write a place from 1 to 4.",
        ),
        (
            "d@x.example",
            "INBOX",
            Some(0),
            Claim::Leave,
            "invalid at: Write a place from 1 to 4.",
        ),
        ("B@x.example", "inbox", None, Claim::Move, "done: 3"),
        (
            "B@x.example",
            "inbox",
            None,
            Claim::Leave,
            "invalid address: Rule 3 is for B@x.example already: it goes to bob/INBOX. Remove that \
             one first.",
        ),
        (
            "b@x.example",
            "Shop",
            None,
            Claim::Move,
            "invalid address: Rule 3 is for b@x.example already: it goes to bob/INBOX. Remove that \
             one first.",
        ),
        (
            "nobody",
            "INBOX",
            None,
            Claim::Leave,
            "invalid address: nobody: an address needs a name, an @ and a domain, as in \
             alice@example.org.",
        ),
        (
            "d@x.example",
            " ",
            None,
            Claim::Leave,
            "invalid folder: Write something here.",
        ),
    ] {
        assert_eq!(
            add(address, folder, at, claim).await,
            answer,
            "{address} {at:?}"
        );
    }
    let all = ["c@x.example", "a@x.example", "b@x.example"];
    assert_eq!(addresses(&house, firm).await, all);
    house.manage.rule_remove(&root(), firm, 2).await.unwrap();
    assert_eq!(
        addresses(&house, firm).await,
        ["c@x.example", "b@x.example"]
    );
    for number in [0, 3] {
        let gone = house.manage.rule_remove(&root(), firm, number).await;
        assert_eq!(told(gone), format!("not found: There is no rule {number}."));
    }
}

#[tokio::test]
async fn only_a_catch_all_has_rules() {
    let house = House::new().await;
    let work = house.work().await;
    let words = format!("not found: There is no catch-all {work}.");
    assert_eq!(
        told(house.manage.rule_remove(&root(), work, 1).await),
        words
    );
    assert_eq!(told(house.manage.claim(&root(), work, 1).await), words);
}

#[tokio::test]
async fn rules_change_places_and_the_audit_has_both_orders() {
    let house = House::new().await;
    let firm = house.firm().await;
    for address in ["a@x.example", "b@x.example", "c@x.example"] {
        let rule = NewRule {
            address: address.into(),
            account: house.bob,
            folder: "INBOX".into(),
            at: None,
        };
        let added = house
            .manage
            .rule_add(&root(), firm, rule, Claim::Leave)
            .await;
        assert!(added.is_ok(), "{added:?}");
    }
    for (from, to, order) in [
        (3, 1, ["c@x.example", "a@x.example", "b@x.example"]),
        (1, 2, ["a@x.example", "c@x.example", "b@x.example"]),
    ] {
        let moved = house.manage.rule_move(&root(), firm, from, to).await;
        assert_eq!(told(moved), "done: ()");
        assert_eq!(addresses(&house, firm).await, order);
    }
    for (from, to, missing) in [(0, 1, 0), (4, 1, 4), (1, 4, 4)] {
        let gone = house.manage.rule_move(&root(), firm, from, to).await;
        let words = format!("not found: There is no rule {missing}.");
        assert_eq!(told(gone), words);
    }
    assert!(house.audit().await.iter().any(|row| row.contains("rules")));
}

#[tokio::test]
async fn a_catch_all_that_is_not_saved_sorts_as_it_would() {
    let house = House::new().await;
    let settings = CatchAllSettings {
        domains: vec!["x.example".into()],
        rules: vec![RuleSetting {
            address: "sales@x.example".parse().unwrap(),
            account: house.bob,
            account_name: "bob".into(),
            folder: "Shop".into(),
        }],
        ..CatchAllSettings::default()
    };
    let remote = remote();
    let unsaved = UnsavedCatchAll {
        remote: &remote,
        settings: &settings,
        fallback: house.bob,
        fallback_name: "bob",
        fallback_folder: "inbox",
    };
    let router = house.manage.router_of(&root(), &unsaved).await.unwrap();
    let place = |address| router.place_of(address).map(|place| place.shown.clone());
    assert_eq!(place("sales@x.example").as_deref(), Some("bob/Shop"));
    assert_eq!(place("nobody@x.example"), None);
    let folders = house.store.folder_list(house.bob).await.unwrap();
    assert_eq!(folders.len(), 1, "nothing is made to look");
    let refused = house.manage.router_of(&house.bob(), &unsaved).await;
    assert!(matches!(refused, Err(Refused::NotAllowed(_))));

    house
        .manage
        .headers_looked_at(&root(), 20, "x.example")
        .await;
    let line = "the headers of 20 messages of x.example";
    let audit = house.audit().await;
    assert!(audit.iter().any(|row| row.contains(line)), "{audit:?}");
}
