//! Accounts and their folders.

use inhaul_store::{NewAccount, Store, StoreError};
use inhaul_types::{AccountId, Secret};

use super::{Bed, Scene, new_account, new_retrieval};

pub(crate) async fn an_account_has_its_inbox_from_the_start(bed: &impl Bed) {
    let store = bed.open().await;
    let mut new = new_account("alice");
    (new.admin, new.addresses) = (
        true,
        vec!["b@example.org".parse().unwrap(), "*@x.org".parse().unwrap()],
    );
    let id = store.account_create(new).await.unwrap();
    let account = store.account_by_name("alice").await.unwrap();
    assert_eq!((account.id, account.group.as_str()), (id, "Everyone"));
    assert!(account.admin && account.enabled);
    let addresses: Vec<&str> = account
        .addresses
        .iter()
        .map(|address| address.as_str())
        .collect();
    assert_eq!(addresses, ["*@x.org", "b@example.org"]);
    assert_eq!(store.account_list().await.unwrap(), [account]);
    let folders = store.folder_list(id).await.unwrap();
    assert_eq!(folders.len(), 1);
    assert_eq!(
        (folders[0].name.as_str(), folders[0].uid_next.number()),
        ("INBOX", 1)
    );
    assert!(folders[0].uid_validity.number() > 0);
}

pub(crate) async fn names_and_addresses_are_taken_once(bed: &impl Bed) {
    let store = bed.open().await;
    store.account_create(new_account("alice")).await.unwrap();
    let taken = store
        .account_create(new_account("Alice"))
        .await
        .unwrap_err();
    assert!(
        matches!(
            taken,
            StoreError::Exists {
                what: "account",
                ..
            }
        ),
        "{taken:?}"
    );
    let same_address = NewAccount {
        name: "bob".into(),
        ..new_account("alice")
    };
    let taken = store.account_create(same_address).await.unwrap_err();
    assert!(
        matches!(
            taken,
            StoreError::Exists {
                what: "address",
                ..
            }
        ),
        "{taken:?}"
    );
    let no_group = NewAccount {
        group: Some("Sales".into()),
        ..new_account("carol")
    };
    let missing = store.account_create(no_group).await.unwrap_err();
    assert!(
        matches!(missing, StoreError::Missing { what: "group", .. }),
        "{missing:?}"
    );
    let names: Vec<String> = store
        .account_list()
        .await
        .unwrap()
        .into_iter()
        .map(|account| account.name)
        .collect();
    assert_eq!(names, ["alice"], "what failed left nothing");
    for missing in [
        store.account_by_name("bob").await.unwrap_err(),
        store.folder_list(AccountId::new(77)).await.unwrap_err(),
    ] {
        assert!(
            matches!(
                missing,
                StoreError::Missing {
                    what: "account",
                    ..
                }
            ),
            "{missing:?}"
        );
    }
}

pub(crate) async fn only_the_right_password_lets_in(bed: &impl Bed) {
    let store = bed.open().await;
    let secret = |text: &str| Secret::new(text.into());
    let with = NewAccount {
        password: Some(secret("geheim")),
        ..new_account("alice")
    };
    store.account_create(with).await.unwrap();
    store.account_create(new_account("nobody")).await.unwrap();
    for (name, password, lets_in) in [
        ("alice", "geheim", true),
        ("alice", "Geheim", false),
        ("alice", "", false),
        ("nobody", "", false),
        ("unknown", "geheim", false),
    ] {
        let verified = store.account_verify(name, &secret(password)).await.unwrap();
        assert_eq!(verified, lets_in, "{name} {password:?}");
    }
}

pub(crate) async fn an_account_counts_what_it_holds(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let mut second = new_retrieval("second", scene.account);
    second.folder = "Lists/Rust".into();
    scene.store.retrieval_create(second).await.unwrap();
    scene.commit_one("a", b"12345").await;
    let account = scene.store.account_by_name("alice").await.unwrap();
    assert_eq!(
        (account.messages, account.octets.count(), account.retrievals),
        (1, 5, 2)
    );
    let folders = scene.store.folder_list(scene.account).await.unwrap();
    let names: Vec<&str> = folders.iter().map(|folder| folder.name.as_str()).collect();
    assert_eq!(names, ["INBOX", "Lists/Rust"]);
    assert_ne!(folders[0].uid_validity, folders[1].uid_validity);
}
