//! What administrators may make of accounts, and everybody of their password.

use inhaul_manage::{AccountForm, NewAccountForm};
use inhaul_store::{SignIn, Store};
use inhaul_types::Secret;

use crate::house::{House, new_retrieval, root, told};

fn form(name: &str) -> NewAccountForm {
    NewAccountForm {
        name: name.into(),
        ..NewAccountForm::default()
    }
}

fn secret(text: &str) -> Option<Secret> {
    Some(Secret::new(text.into()))
}

#[tokio::test]
async fn what_is_no_good_is_told_at_its_field() {
    let house = House::new().await;
    for (form, start) in [
        (
            form(""),
            "invalid name: \"\" cannot be an account's name. Use up to 64",
        ),
        (form("a b"), "invalid name: "),
        (form("a@b"), "invalid name: "),
        (
            form("alice"),
            "invalid name: The name alice is taken by another account.",
        ),
        (
            NewAccountForm {
                addresses: vec!["petr".into()],
                ..form("petr")
            },
            "invalid addresses: petr: an address needs",
        ),
        (
            NewAccountForm {
                addresses: vec!["alice@example.org".into()],
                ..form("petr")
            },
            "invalid addresses: alice@example.org is another account's address.",
        ),
        (
            NewAccountForm {
                password: secret("12345678901"),
                ..form("petr")
            },
            "invalid password: Use 12 characters or more.",
        ),
        (
            NewAccountForm {
                password: secret(&"x".repeat(1_001)),
                ..form("petr")
            },
            "invalid password: Use 1000 characters at most.",
        ),
        (
            NewAccountForm {
                group: Some("Staff".into()),
                ..form("petr")
            },
            "invalid group: There is no group Staff.",
        ),
    ] {
        let told = told(house.manage.account_add(&root(), form).await);
        assert!(told.starts_with(start), "{told} / {start}");
    }
    assert_eq!(house.manage.account_list(&root()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_person_gives_themselves_a_password_and_nobody_else() {
    let house = House::new().await;
    let password = Secret::new("twelve chars".into());
    let manage = &house.manage;
    assert_eq!(
        told(
            manage
                .own_password(&house.alice(), Secret::new("short".into()))
                .await
        ),
        "invalid password: Use 12 characters or more."
    );
    manage
        .own_password(&house.alice(), password.clone())
        .await
        .unwrap();
    let signed_in = |name| house.store.account_sign_in(name, &password);
    assert!(matches!(
        signed_in("alice").await.unwrap(),
        SignIn::Welcome(_)
    ));
    assert_eq!(signed_in("bob").await.unwrap(), SignIn::Refused);
    assert_eq!(
        told(manage.own_password(&root(), password.clone()).await),
        "not allowed: You have no account here."
    );
}

#[tokio::test]
async fn addresses_are_what_the_form_says() {
    let house = House::new().await;
    let addresses = |texts: &[&str]| AccountForm {
        addresses: Some(texts.iter().map(|text| (*text).to_owned()).collect()),
        ..AccountForm::default()
    };
    for texts in [
        &["alice@example.org", "*@example.net"][..],
        &["*@example.net", "*@example.net "],
        &[],
    ] {
        let change = addresses(texts);
        house
            .manage
            .account_change(&root(), house.alice, change)
            .await
            .unwrap();
        let account = house.manage.account(&root(), house.alice).await.unwrap();
        let mut shown: Vec<&str> = account.addresses.iter().map(|one| one.as_str()).collect();
        let mut wanted: Vec<&str> = texts.iter().map(|text| text.trim()).collect();
        wanted.dedup();
        shown.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(shown, wanted);
    }
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let house = House::new().await;
    let manage = &house.manage;
    let new = NewAccountForm {
        admin: true,
        password: secret("correct horse"),
        ..form("boss")
    };
    let boss = manage.account_add(&root(), new).await.unwrap();
    let words = "in the way: Without the account boss no administrator could sign in. Make \
                 somebody else an administrator first.";
    let less = |admin, enabled| AccountForm {
        admin,
        enabled,
        ..AccountForm::default()
    };
    for form in [less(Some(false), None), less(None, Some(false))] {
        assert_eq!(
            told(manage.account_change(&root(), boss, form).await),
            words
        );
    }
    assert_eq!(told(manage.account_remove(&root(), boss).await), words);
}

#[tokio::test]
async fn an_account_that_is_filled_stays() {
    let house = House::new().await;
    house.club().await;
    assert_eq!(
        told(house.manage.account_remove(&root(), house.alice).await),
        "in the way: The account alice is needed by Club. Remove that one first, or let it bring \
         its mail to somebody else."
    );
    let work = new_retrieval("Work", house.alice);
    house.manage.retrieval_add(&root(), work).await.unwrap();
    assert_eq!(
        told(house.manage.account_remove(&root(), house.alice).await),
        "in the way: The account alice is needed by Club, Work. Remove these first, or let them \
         bring their mail to somebody else."
    );
}
