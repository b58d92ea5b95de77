//! API keys: administrators make them and take them away.

use inhaul_manage::Refused;
use inhaul_store::{Store as _, TokenHash};

use super::house::{House, root};

#[tokio::test]
async fn administrators_make_keys_and_take_them_away_and_the_audit_has_both() {
    let (house, boss) = (House::new().await, root());
    let token = TokenHash([7; 32]);
    let made = house
        .manage
        .api_key_add(&boss, house.alice, "backup", token);
    let id = made.await.unwrap();
    let found = house.store.visitors().api_key_find(&token).await.unwrap();
    assert_eq!(found.unwrap().account.id, house.alice);
    assert_eq!(house.manage.api_key_list(&boss).await.unwrap().len(), 1);
    house.manage.api_key_remove(&boss, id).await.unwrap();
    let found = house.store.visitors().api_key_find(&token).await.unwrap();
    assert_eq!(found, None);
    let audit = house.audit().await;
    let last: Vec<_> = audit.iter().rev().take(2).collect();
    assert!(
        last[1].contains("added API key backup of account alice"),
        "{audit:?}"
    );
    assert!(
        last[0].contains("removed API key backup of account alice"),
        "{audit:?}"
    );
}

#[tokio::test]
async fn people_make_no_keys_and_see_none() {
    let (house, boss) = (House::new().await, root());
    let manage = &house.manage;
    let token = TokenHash([7; 32]);
    let made = manage.api_key_add(&boss, house.alice, "backup", token);
    let id = made.await.unwrap();
    let alice = house.alice();
    let add = manage.api_key_add(&alice, house.alice, "mine", TokenHash([8; 32]));
    assert!(matches!(add.await, Err(Refused::NotAllowed(_))));
    let list = manage.api_key_list(&alice).await;
    assert!(matches!(list, Err(Refused::NotAllowed(_))));
    let remove = manage.api_key_remove(&alice, id).await;
    assert!(matches!(remove, Err(Refused::NotFound { .. })));
}

#[tokio::test]
async fn a_key_has_a_name_that_shows() {
    let (house, boss) = (House::new().await, root());
    for name in ["", " ", "a\tb"] {
        let token = TokenHash([7; 32]);
        let made = house.manage.api_key_add(&boss, house.alice, name, token);
        let refused = made.await.unwrap_err();
        assert_eq!(refused.field(), Some("name"), "{name:?}");
    }
}
