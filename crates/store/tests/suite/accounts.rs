//! Accounts and their folders.

use inhaul_store::{AccountChange, EVERYONE, GroupChange, Limits, NewAccount, Store, StoreError};
use inhaul_types::{AccountId, Address, Octets, Secret};

use super::{Bed, Scene, delivery_to, new_account, new_retrieval, read_body};

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

pub(crate) async fn an_account_changes_what_is_named(bed: &impl Bed) {
    let store = bed.open().await;
    let id = store.account_create(new_account("alice")).await.unwrap();
    store.account_create(new_account("bob")).await.unwrap();
    store
        .group_create("Staff", GroupChange::default())
        .await
        .unwrap();
    let address = |text: &str| text.parse::<Address>().unwrap();
    let limits = Limits {
        mailbox: Some(Octets::new(5_000_000_000)),
        at_once: Some(1),
        ..Limits::default()
    };
    let change = AccountChange {
        name: Some("anna".into()),
        add_addresses: vec![address("anna@example.org")],
        remove_addresses: vec![address("alice@example.org")],
        group: Some("staff".into()),
        admin: Some(true),
        enabled: Some(false),
        limits: Some(limits),
        password: Some(Secret::new("new".into())),
        written_at: Some(Some("inhaul.toml:7".into())),
    };
    store.account_change(id, change).await.unwrap();
    let anna = store.account_by_name("anna").await.unwrap();
    assert_eq!((anna.id, anna.group.as_str()), (id, "Staff"));
    assert_eq!(anna.addresses, [address("anna@example.org")]);
    assert!(anna.admin && !anna.enabled);
    assert_eq!(anna.limits, limits);
    assert_eq!(anna.written_at.as_deref(), Some("inhaul.toml:7"));
    let lets_in = async || {
        let password = Secret::new("new".into());
        store.account_verify("anna", &password).await.unwrap()
    };
    assert!(!lets_in().await, "whoever may not sign in does not");
    let enabled = AccountChange {
        enabled: Some(true),
        written_at: Some(None),
        ..AccountChange::default()
    };
    store.account_change(id, enabled).await.unwrap();
    assert!(lets_in().await);
    let anna = store.account_by_name("anna").await.unwrap();
    assert_eq!(anna.limits, limits, "what is not named stays");
    assert_eq!(anna.written_at, None);
    assert!(store.account_by_name("anna").await.unwrap().admin);

    // All of a change or nothing of it.
    let foreign = AccountChange {
        admin: Some(false),
        add_addresses: vec![address("bob@example.org")],
        ..AccountChange::default()
    };
    let taken = store.account_change(id, foreign).await.unwrap_err();
    let what = |error: &StoreError| match error {
        StoreError::Exists { what, .. } | StoreError::Missing { what, .. } => *what,
        _ => "",
    };
    assert_eq!(what(&taken), "address");
    assert!(store.account_by_name("anna").await.unwrap().admin);
    let not_hers = AccountChange {
        remove_addresses: vec![address("bob@example.org")],
        ..AccountChange::default()
    };
    let missing = store.account_change(id, not_hers).await.unwrap_err();
    assert_eq!(what(&missing), "address");
    let nobody = AccountChange::default();
    let missing = store.account_change(AccountId::new(77), nobody).await;
    assert_eq!(what(&missing.unwrap_err()), "account");
}

pub(crate) async fn an_account_goes_with_its_mail_and_leaves_what_others_share(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let bob = scene
        .store
        .account_create(new_account("bob"))
        .await
        .unwrap();
    let bobs = scene.store.folder_list(bob).await.unwrap()[0].id;
    let shared = delivery_to(
        &[scene.inbox, bobs],
        "both",
        Octets::new(6),
        b"shared".into(),
    );
    let own = delivery_to(&[bobs], "own", Octets::new(3), b"own".into());
    let committed = scene.commit(vec![shared, own]).await;
    let (hers, his) = (committed[0].messages[0], committed[0].messages[1]);
    let only_his = committed[1].messages[0];

    scene.store.account_remove(bob).await.unwrap();
    for gone in [his, only_his] {
        for error in [
            scene.store.message_by_id(gone).await.unwrap_err(),
            read_body(&scene.store, gone).await.unwrap_err(),
        ] {
            assert!(matches!(error, StoreError::Missing { .. }), "{error:?}");
        }
    }
    assert!(scene.store.account_by_name("bob").await.is_err());
    assert_eq!(scene.read(hers).await, b"shared");
    // The record of what was brought stays: nothing of it comes again.
    let ledger = scene.store.ledger_load(scene.retrieval.maildrop);
    assert_eq!(ledger.await.unwrap().len(), 2);
    // Name and addresses are free, and what comes is a new account.
    let again = scene
        .store
        .account_create(new_account("bob"))
        .await
        .unwrap();
    assert_ne!(again, bob);
    let account = scene.store.account_by_name("bob").await.unwrap();
    assert_eq!((account.messages, account.octets), (0, Octets::ZERO));
    let gone = scene.store.account_remove(bob).await.unwrap_err();
    assert!(matches!(gone, StoreError::Missing { .. }), "{gone:?}");
}

pub(crate) async fn an_account_that_is_needed_stays(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    scene.commit_one("a", b"12345").await;
    let mut owned = new_retrieval("own", scene.account);
    (owned.owner, owned.folder) = (Some(scene.account), "Own".into());
    scene.store.retrieval_create(owned).await.unwrap();
    let needed = scene.store.account_remove(scene.account).await.unwrap_err();
    let StoreError::Needed { what, name, by } = needed else {
        panic!("{needed:?}")
    };
    assert_eq!((what, name.as_str()), ("account", "alice"));
    assert_eq!(by, ["own", "work"]);
    assert_eq!(scene.inbox_messages().await.len(), 1);
    for name in ["own", "work"] {
        let retrieval = scene.store.retrieval_by_name(name).await.unwrap();
        scene.store.retrieval_remove(retrieval.id).await.unwrap();
    }
    scene.store.account_remove(scene.account).await.unwrap();
    assert!(scene.store.account_list().await.unwrap().is_empty());
}

pub(crate) async fn nobody_of_a_disabled_group_signs_in(bed: &impl Bed) {
    let store = bed.open().await;
    let password = Secret::new("geheim".into());
    let alice = NewAccount {
        password: Some(password.clone()),
        ..new_account("alice")
    };
    store.account_create(alice).await.unwrap();
    let everyone = store.group_by_name(EVERYONE).await.unwrap().id;
    for enabled in [false, true] {
        let change = GroupChange {
            enabled: Some(enabled),
            ..GroupChange::default()
        };
        store.group_change(everyone, change).await.unwrap();
        let lets_in = store.account_verify("alice", &password).await.unwrap();
        assert_eq!(lets_in, enabled);
    }
}

pub(crate) async fn the_last_administrator_stays(bed: &impl Bed) {
    let store = bed.open().await;
    let admin = |name: &str| NewAccount {
        admin: true,
        ..new_account(name)
    };
    let alice = store.account_create(admin("alice")).await.unwrap();
    let carol = store.account_create(new_account("carol")).await.unwrap();
    let nobodies = GroupChange {
        enabled: Some(false),
        ..GroupChange::default()
    };
    store
        .group_create("Nobodies", nobodies.clone())
        .await
        .unwrap();
    let everyone = store.group_by_name(EVERYONE).await.unwrap().id;
    let ways_out = || {
        [
            AccountChange {
                admin: Some(false),
                ..AccountChange::default()
            },
            AccountChange {
                enabled: Some(false),
                ..AccountChange::default()
            },
            AccountChange {
                group: Some("Nobodies".into()),
                ..AccountChange::default()
            },
        ]
    };
    for change in ways_out() {
        let refused = store.account_change(alice, change).await.unwrap_err();
        assert!(
            matches!(&refused, StoreError::LastAdministrator { what: "account", name } if name == "alice"),
            "{refused:?}"
        );
    }
    let refused = store.account_remove(alice).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::LastAdministrator { .. }),
        "{refused:?}"
    );
    let refused = store.group_change(everyone, nobodies).await.unwrap_err();
    assert!(
        matches!(&refused, StoreError::LastAdministrator { what: "group", name } if name == EVERYONE),
        "{refused:?}"
    );
    let here = store.account_by_name("alice").await.unwrap();
    assert!(here.admin && here.enabled && here.group == EVERYONE);
    assert_eq!(store.folder_list(alice).await.unwrap().len(), 1);
    // Everybody else may go, and with a second one either of them.
    store.account_remove(carol).await.unwrap();
    store.account_create(admin("bob")).await.unwrap();
    for change in ways_out() {
        store.account_change(alice, change).await.unwrap();
    }
    store.account_remove(alice).await.unwrap();
}
