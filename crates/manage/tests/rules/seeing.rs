//! What is somebody else's is not there.

use inhaul_manage::{AccountForm, Claim, NewAccountForm, NewRule, Refused};
use inhaul_store::{GroupChange, Limits, RetrievalChange};
use inhaul_types::{RetrievalId, Secret};

use crate::house::{House, new_retrieval, root, told};

fn is_not_found<T>(result: Result<T, Refused>) -> bool {
    matches!(result, Err(Refused::NotFound { .. }))
}

#[tokio::test]
async fn a_person_sees_what_they_own_and_what_fills_them_alone() {
    let house = House::new().await;
    house.club().await;
    house.work().await;
    house.firm().await;
    for (actor, seen) in [
        (house.alice(), vec!["Club", "Work"]),
        (house.bob(), vec![]),
        (root(), vec!["Club", "Firm", "Work"]),
    ] {
        let retrievals = house.manage.retrievals(&actor).await.unwrap();
        let names: Vec<_> = retrievals.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, seen, "{}", actor.name);
    }
}

#[tokio::test]
async fn nothing_of_somebody_else_is_there() {
    let house = House::new().await;
    let manage = &house.manage;
    let rule = || NewRule {
        address: "sales@firm.example".into(),
        account: house.alice,
        folder: "INBOX".into(),
        at: None,
    };
    let retrievals = [house.club().await, house.work().await, house.firm().await];
    let rows = house.audit().await;
    for id in retrievals.into_iter().chain([RetrievalId::new(4711)]) {
        let bob = house.bob();
        let paused = RetrievalChange {
            paused: Some(true),
            ..RetrievalChange::default()
        };
        for (what, hidden) in [
            ("retrieval", is_not_found(manage.retrieval(&bob, id).await)),
            ("pause", is_not_found(manage.pause(&bob, id).await)),
            ("resume", is_not_found(manage.resume(&bob, id).await)),
            (
                "change",
                is_not_found(manage.retrieval_change(&bob, id, paused).await),
            ),
            (
                "remove",
                is_not_found(manage.retrieval_remove(&bob, id).await),
            ),
            (
                "rule_add",
                is_not_found(manage.rule_add(&bob, id, rule(), Claim::Move).await),
            ),
            (
                "rule_remove",
                is_not_found(manage.rule_remove(&bob, id, 1).await),
            ),
            ("claim", is_not_found(manage.claim(&bob, id, 1).await)),
        ] {
            assert!(hidden, "{what} {id}");
        }
    }
    let (bob, alice) = (house.bob(), house.alice);
    let everyone = house.everyone().await;
    let secret = || Secret::new("a long password".into());
    let other_name = AccountForm {
        name: Some("eve".into()),
        ..AccountForm::default()
    };
    let change = GroupChange::default();
    for (what, hidden) in [
        ("account", is_not_found(manage.account(&bob, alice).await)),
        (
            "account_change",
            is_not_found(manage.account_change(&bob, alice, other_name).await),
        ),
        (
            "account_remove",
            is_not_found(manage.account_remove(&bob, alice).await),
        ),
        (
            "set_password",
            is_not_found(manage.set_password(&bob, alice, secret()).await),
        ),
        ("group", is_not_found(manage.group(&bob, everyone).await)),
        (
            "group_change",
            is_not_found(manage.group_change(&bob, everyone, change).await),
        ),
        (
            "group_remove",
            is_not_found(manage.group_remove(&bob, everyone).await),
        ),
        (
            "group_affects",
            is_not_found(manage.group_affects(&bob, everyone).await),
        ),
        (
            "over_limit",
            is_not_found(manage.over_limit(&bob, everyone, &Limits::default()).await),
        ),
    ] {
        assert!(hidden, "{what}");
    }
    assert_eq!(house.audit().await, rows, "nothing was changed");
    assert_eq!(manage.retrievals(&root()).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_catch_all_is_not_there_for_whoever_its_fallback_is() {
    let house = House::new().await;
    let firm = house.firm().await;
    assert!(is_not_found(
        house.manage.retrieval(&house.alice(), firm).await
    ));
}

#[tokio::test]
async fn lists_of_accounts_and_groups_are_the_administrators() {
    let house = House::new().await;
    let (manage, alice) = (&house.manage, house.alice());
    let words = "not allowed: Only an administrator may do this.";
    assert_eq!(told(manage.account_list(&alice).await), words);
    assert_eq!(told(manage.group_list(&alice).await), words);
    let account = NewAccountForm::default();
    assert_eq!(told(manage.account_add(&alice, account).await), words);
    let group = manage.group_add(&alice, "Staff", GroupChange::default());
    assert_eq!(told(group.await), words);
    // Her own account she sees, and does not change.
    assert_eq!(
        manage.account(&alice, house.alice).await.unwrap().name,
        "alice"
    );
    let admin = AccountForm {
        admin: Some(true),
        ..AccountForm::default()
    };
    let change = manage.account_change(&alice, house.alice, admin);
    assert_eq!(told(change.await), words);
    assert_eq!(
        told(manage.account_remove(&alice, house.alice).await),
        words
    );
}

#[tokio::test]
async fn a_person_fills_nobody_elses_account() {
    let house = House::new().await;
    let for_alice = new_retrieval("Mine", house.alice);
    let added = house.manage.retrieval_add(&house.bob(), for_alice).await;
    assert!(is_not_found(added));
    let own = house.club().await;
    let moved = RetrievalChange {
        destination: Some((house.bob, "INBOX".into())),
        ..RetrievalChange::default()
    };
    let moved = house
        .manage
        .retrieval_change(&house.alice(), own, moved)
        .await;
    assert!(moved.is_err());
}
