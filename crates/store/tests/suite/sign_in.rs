//! Who is let in, by which name, and what they hear otherwise.

use inhaul_store::{AccountChange, EVERYONE, GroupChange, NewAccount, SignIn, Store};
use inhaul_types::{AccountId, Address, Secret};

use super::{Bed, new_account};

const PASSWORD: &str = "correct horse";

async fn alice(store: &impl Store, addresses: &[&str]) -> AccountId {
    let addresses = addresses
        .iter()
        .map(|text| text.parse::<Address>().unwrap());
    let alice = NewAccount {
        addresses: addresses.collect(),
        password: Some(Secret::new(PASSWORD.into())),
        ..new_account("alice")
    };
    store.account_create(alice).await.unwrap()
}

async fn sign_in(store: &impl Store, name: &str, password: &str) -> SignIn {
    let password = Secret::new(password.into());
    store.account_sign_in(name, &password).await.unwrap()
}

pub(crate) async fn a_name_or_a_full_address_signs_in(bed: &impl Bed) {
    let store = bed.open().await;
    alice(
        &store,
        &["Alice@example.org", "sales@example.net", "*@x.org"],
    )
    .await;
    let account = store.account_by_name("alice").await.unwrap();
    for name in [
        "alice",
        "ALICE",
        "alice@example.org",
        "ALICE@Example.ORG",
        "sales@EXAMPLE.net",
    ] {
        let welcome = SignIn::Welcome(account.clone());
        assert_eq!(sign_in(&store, name, PASSWORD).await, welcome, "{name}");
    }
    for name in [
        "",
        "bob",
        "alice ",
        "alice@",
        "@example.org",
        "alice@example.com",
        "alice+tag@example.org",
        "*@x.org",
        "alice@x.org",
        "al%",
    ] {
        let refused = sign_in(&store, name, PASSWORD).await;
        assert_eq!(refused, SignIn::Refused, "{name:?}");
    }
}

pub(crate) async fn only_the_password_itself_signs_in(bed: &impl Bed) {
    let store = bed.open().await;
    let id = alice(&store, &["alice@example.org"]).await;
    store.account_create(new_account("nobody")).await.unwrap();
    for (name, password) in [
        ("alice", ""),
        ("alice", "Correct horse"),
        ("alice", "correct horse "),
        ("alice@example.org", "wrong"),
        ("nobody", ""),
        ("nobody@example.org", PASSWORD),
    ] {
        let refused = sign_in(&store, name, password).await;
        assert_eq!(refused, SignIn::Refused, "{name} {password:?}");
    }
    let change = AccountChange {
        password: Some(Secret::new("another".into())),
        ..AccountChange::default()
    };
    store.account_change(id, change).await.unwrap();
    assert_eq!(sign_in(&store, "alice", PASSWORD).await, SignIn::Refused);
    let welcome = sign_in(&store, "alice", "another").await;
    assert!(matches!(welcome, SignIn::Welcome(account) if account.id == id));
}

pub(crate) async fn a_name_comes_before_the_same_address_of_somebody_else(bed: &impl Bed) {
    let store = bed.open().await;
    alice(&store, &["office@example.org"]).await;
    let office = NewAccount {
        name: "office@example.org".into(),
        addresses: Vec::new(),
        password: Some(Secret::new("hers".into())),
        ..new_account("office")
    };
    let office = store.account_create(office).await.unwrap();
    let hers = sign_in(&store, "Office@example.org", "hers").await;
    assert!(matches!(hers, SignIn::Welcome(account) if account.id == office));
    let alices = sign_in(&store, "office@example.org", PASSWORD).await;
    assert_eq!(alices, SignIn::Refused);
}

pub(crate) async fn whoever_is_switched_off_hears_it_for_the_right_password_only(bed: &impl Bed) {
    let store = bed.open().await;
    let account = alice(&store, &["alice@example.org"]).await;
    let everyone = store.group_by_name(EVERYONE).await.unwrap().id;
    let switch = async |own: bool, groups: bool| {
        let change = AccountChange {
            enabled: Some(own),
            ..AccountChange::default()
        };
        store.account_change(account, change).await.unwrap();
        let change = GroupChange {
            enabled: Some(groups),
            ..GroupChange::default()
        };
        store.group_change(everyone, change).await.unwrap();
    };
    for (own, groups, by_group) in [
        (false, true, false),
        (true, false, true),
        (false, false, false),
    ] {
        switch(own, groups).await;
        for name in ["alice", "alice@example.org"] {
            let heard = sign_in(&store, name, PASSWORD).await;
            assert_eq!(heard, SignIn::SwitchedOff { account, by_group });
            assert_eq!(sign_in(&store, name, "wrong").await, SignIn::Refused);
        }
    }
    switch(true, true).await;
    let welcome = sign_in(&store, "alice", PASSWORD).await;
    assert!(matches!(welcome, SignIn::Welcome(_)), "{welcome:?}");
}
