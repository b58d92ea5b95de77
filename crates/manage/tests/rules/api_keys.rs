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
    house
        .manage
        .api_key_rename(&boss, id, "cron")
        .await
        .unwrap();
    let renamed = house.manage.api_key(&boss, id).await.unwrap();
    assert_eq!(renamed.name, "cron");
    house.manage.api_key_remove(&boss, id).await.unwrap();
    let found = house.store.visitors().api_key_find(&token).await.unwrap();
    assert_eq!(found, None);
    let audit = house.audit().await;
    let last = audit.iter().rev().take(3).rev();
    for (line, said) in last.zip([
        "added API key backup of account alice",
        "renamed API key backup of account alice",
        "removed API key cron of account alice",
    ]) {
        assert!(line.contains(said), "{audit:?}");
    }
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
    let rename = manage.api_key_rename(&alice, id, "mine").await;
    assert!(matches!(rename, Err(Refused::NotFound { .. })));
    let remove = manage.api_key_remove(&alice, id).await;
    assert!(matches!(remove, Err(Refused::NotFound { .. })));
}

#[tokio::test]
async fn a_key_has_a_name_that_shows_and_no_other_of_the_account_has() {
    let (house, boss) = (House::new().await, root());
    let manage = &house.manage;
    let made = manage.api_key_add(&boss, house.alice, "backup", TokenHash([6; 32]));
    let backup = made.await.unwrap();
    manage
        .api_key_rename(&boss, backup, "backup")
        .await
        .unwrap();
    let made = manage.api_key_add(&boss, house.alice, "cron", TokenHash([5; 32]));
    let cron = made.await.unwrap();
    let again = manage.api_key_add(&boss, house.alice, "cron", TokenHash([4; 32]));
    assert_eq!(again.await.unwrap_err().field(), Some("name"));
    let taken = manage.api_key_rename(&boss, cron, "backup").await;
    assert_eq!(taken.unwrap_err().field(), Some("name"));
    for name in ["", " ", "a\tb"] {
        let token = TokenHash([7; 32]);
        let made = house.manage.api_key_add(&boss, house.alice, name, token);
        let refused = made.await.unwrap_err();
        assert_eq!(refused.field(), Some("name"), "{name:?}");
    }
}
