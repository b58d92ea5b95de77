//! Rules of catch-alls.

use inhaul_manage::{Claim, NewRule};
use inhaul_store::Store;
use inhaul_types::RetrievalId;

use crate::house::{House, root, told};

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
