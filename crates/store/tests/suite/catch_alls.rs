//! Catch-alls share out what they bring, each message once to each person.

use inhaul_domain::route::{AddressBook, BookEntry, BookName, Place, RecipientSource, Rule};
use inhaul_store::{
    AccountChange, CatchAllSettings, EVERYONE, GroupChange, NewRetrieval, RetrievalChange, Routing,
    RuleSetting, Store, StoreError,
};
use inhaul_types::{AccountId, RetrievalId};

use super::{Bed, new_account, new_retrieval};

/// An account without an address.
async fn person(store: &impl Store, name: &str) -> AccountId {
    store.account_create(new_account(name)).await.unwrap()
}

fn rule(address: &str, account: AccountId, name: &str, folder: &str) -> RuleSetting {
    RuleSetting {
        address: address.parse().unwrap(),
        account,
        account_name: name.into(),
        folder: folder.into(),
    }
}

fn new_catch_all(name: &str, fallback: AccountId, settings: CatchAllSettings) -> NewRetrieval {
    NewRetrieval {
        routing: Routing::CatchAll(settings),
        ..new_retrieval(name, fallback)
    }
}

pub(crate) async fn every_setting_comes_back_as_it_was_made(bed: &impl Bed) {
    let mut store = bed.open().await;
    let fallback = person(&store, "unclaimed").await;
    let petr = person(&store, "petr").await;
    let sources = [
        RecipientSource::default(),
        RecipientSource::Auto {
            evidence: Vec::new(),
        },
        RecipientSource::Auto {
            evidence: vec!["X-B".into(), "X-A".into()],
        },
        // Its name alone would be a word of ours.
        RecipientSource::Header {
            name: "auto".into(),
            index: 2,
            strip: "mbox-".into(),
        },
        RecipientSource::Header {
            name: "Delivered-To".into(),
            index: 1,
            strip: String::new(),
        },
        RecipientSource::ToCc,
    ];
    let mut made = Vec::new();
    for (number, source) in sources.into_iter().enumerate() {
        let settings = CatchAllSettings {
            source,
            // In no order of their own.
            domains: vec!["z.example".into(), "A.example".into()],
            domain_aliases: vec![
                ("z.test".into(), "z.example".into()),
                ("a.test".into(), "A.example".into()),
            ],
            separators: "-+".into(),
            max_recipients: 7,
            rules: vec![
                rule("sales@z.example", petr, "petr", "Shop"),
                rule("*+news@A.example", fallback, "unclaimed", "INBOX"),
                rule("*@z.example", petr, "petr", "INBOX"),
            ],
        };
        let name = format!("firm{number}");
        let new = new_catch_all(&name, fallback, settings);
        store.retrieval_create(new.clone()).await.unwrap();
        made.push((name, new.routing));
    }
    for _ in ["as made", "after opening again"] {
        for (name, routing) in &made {
            let found = store.retrieval_by_name(name).await.unwrap();
            assert_eq!(&found.routing, routing, "{name}");
            assert_eq!(
                (found.account, found.folder_name.as_str()),
                (fallback, "INBOX")
            );
        }
        let list = store.retrieval_list().await.unwrap();
        let routings = list.into_iter().map(|one| (one.name, one.routing));
        assert_eq!(routings.collect::<Vec<_>>(), made);
        store.close().await.unwrap();
        drop(store);
        store = bed.open().await;
    }
}

pub(crate) async fn a_change_replaces_how_messages_are_shared_out(bed: &impl Bed) {
    let store = bed.open().await;
    let fallback = person(&store, "unclaimed").await;
    let petr = person(&store, "petr").await;
    let single = new_retrieval("firm", fallback);
    let id = store.retrieval_create(single).await.unwrap();
    let before = store.retrieval_by_id(id).await.unwrap();
    assert_eq!(before.routing, Routing::Single);
    let settings = CatchAllSettings {
        domains: vec!["firm.example".into()],
        rules: vec![rule("sales@firm.example", petr, "petr", "Shop")],
        ..CatchAllSettings::default()
    };
    let others = CatchAllSettings {
        source: RecipientSource::ToCc,
        rules: vec![rule("infos@firm.example", petr, "petr", "Shop")],
        ..CatchAllSettings::default()
    };
    for routing in [
        Routing::CatchAll(settings),
        Routing::CatchAll(others),
        Routing::Single,
    ] {
        let change = RetrievalChange {
            routing: Some(routing.clone()),
            ..RetrievalChange::default()
        };
        store.retrieval_change(id, change).await.unwrap();
        let after = store.retrieval_by_id(id).await.unwrap();
        assert_eq!(after.routing, routing);
        assert_eq!(after.schedule, before.schedule, "it is due when it was");
        assert_eq!(before.is_configured_as(&after), routing == Routing::Single);
    }
    let folders = store.folder_list(petr).await.unwrap();
    let folders: Vec<&str> = folders.iter().map(|folder| folder.name.as_str()).collect();
    assert_eq!(folders, ["INBOX", "Shop"], "made for a rule");
}

pub(crate) async fn a_catch_all_has_no_owner(bed: &impl Bed) {
    let store = bed.open().await;
    let alice = person(&store, "alice").await;
    let owned = |new: NewRetrieval| NewRetrieval {
        owner: Some(alice),
        ..new
    };
    let catch_all = || new_catch_all("firm", alice, CatchAllSettings::default());
    let refused = store.retrieval_create(owned(catch_all())).await;
    assert!(
        matches!(refused, Err(StoreError::OwnedCatchAll { .. })),
        "{refused:?}"
    );
    assert!(store.retrieval_list().await.unwrap().is_empty());
    let id = store.retrieval_create(catch_all()).await.unwrap();
    let give = RetrievalChange {
        owner: Some(Some(alice)),
        ..RetrievalChange::default()
    };
    let own = store.retrieval_create(owned(new_retrieval("own", alice)));
    let own = own.await.unwrap();
    let share = RetrievalChange {
        routing: Some(Routing::CatchAll(CatchAllSettings::default())),
        ..RetrievalChange::default()
    };
    for (id, change) in [(id, give), (own, share.clone())] {
        let refused = store.retrieval_change(id, change).await;
        assert!(
            matches!(refused, Err(StoreError::OwnedCatchAll { .. })),
            "{refused:?}"
        );
    }
    let both = RetrievalChange {
        owner: Some(None),
        ..share
    };
    store.retrieval_change(own, both).await.unwrap();
}

pub(crate) async fn the_book_has_every_account_by_address_and_name(bed: &impl Bed) {
    let store = bed.open().await;
    let alice = person(&store, "alice").await;
    let petr = person(&store, "petr").await;
    let wildcard = AccountChange {
        add_addresses: vec!["*@firm.example".parse().unwrap()],
        ..AccountChange::default()
    };
    store.account_change(petr, wildcard).await.unwrap();
    let inbox = async |account, shown: &str| Place {
        account,
        folder: store.folder_list(account).await.unwrap()[0].id,
        shown: shown.into(),
    };
    let (alices, petrs) = (
        inbox(alice, "alice/INBOX").await,
        inbox(petr, "petr/INBOX").await,
    );
    let entry = |address: &str, place: &Place, receives| BookEntry {
        address: address.parse().unwrap(),
        account: place.account,
        place: place.clone(),
        receives,
    };
    let name = |name: &str, place: &Place, receives| BookName {
        name: name.into(),
        account: place.account,
        place: place.clone(),
        receives,
    };
    let book = |alice_receives, petr_receives| AddressBook {
        entries: vec![
            entry("*@firm.example", &petrs, petr_receives),
            entry("alice@example.org", &alices, alice_receives),
            entry("petr@example.org", &petrs, petr_receives),
        ],
        names: vec![
            name("alice", &alices, alice_receives),
            name("petr", &petrs, petr_receives),
        ],
        local_domains: Vec::new(),
    };
    assert_eq!(store.address_book().await.unwrap(), book(true, true));
    let off = AccountChange {
        enabled: Some(false),
        ..AccountChange::default()
    };
    store.account_change(alice, off).await.unwrap();
    assert_eq!(store.address_book().await.unwrap(), book(false, true));
    let everyone = store.group_by_name(EVERYONE).await.unwrap().id;
    let off = GroupChange {
        enabled: Some(false),
        ..GroupChange::default()
    };
    store.group_change(everyone, off).await.unwrap();
    assert_eq!(store.address_book().await.unwrap(), book(false, false));
}

pub(crate) async fn rules_lead_to_folders_in_their_order(bed: &impl Bed) {
    let store = bed.open().await;
    let fallback = person(&store, "unclaimed").await;
    let petr = person(&store, "petr").await;
    let settings = CatchAllSettings {
        rules: vec![
            rule("sales@firm.example", petr, "petr", "Shop"),
            rule("alice@firm.example", petr, "petr", "inbox"),
        ],
        ..CatchAllSettings::default()
    };
    let id = store
        .retrieval_create(new_catch_all("firm", fallback, settings))
        .await
        .unwrap();
    let folders = store.folder_list(petr).await.unwrap();
    let place = |number: usize| Place {
        account: petr,
        folder: folders[number].id,
        shown: format!("petr/{}", folders[number].name),
    };
    let expected = [("sales@firm.example", 1), ("alice@firm.example", 0)];
    let expected = expected.map(|(address, folder)| Rule {
        address: address.parse().unwrap(),
        place: place(folder),
    });
    assert_eq!(store.router_rules(id).await.unwrap(), expected);
    let single = store.retrieval_create(new_retrieval("own", petr));
    let single = single.await.unwrap();
    assert!(store.router_rules(single).await.unwrap().is_empty());
    let gone = store.router_rules(RetrievalId::new(77)).await;
    assert!(matches!(gone, Err(StoreError::Missing { .. })), "{gone:?}");
}

pub(crate) async fn an_account_that_a_rule_leads_to_stays(bed: &impl Bed) {
    let store = bed.open().await;
    let fallback = person(&store, "unclaimed").await;
    let petr = person(&store, "petr").await;
    let settings = CatchAllSettings {
        rules: vec![
            rule("sales@firm.example", petr, "petr", "Shop"),
            rule("alice@firm.example", petr, "petr", "INBOX"),
        ],
        ..CatchAllSettings::default()
    };
    let id = store
        .retrieval_create(new_catch_all("firm", fallback, settings))
        .await
        .unwrap();
    for account in [petr, fallback] {
        let refused = store.account_remove(account).await;
        let Err(StoreError::Needed { what, by, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(
            (what, by.as_slice()),
            ("account", ["firm".to_owned()].as_slice())
        );
    }
    let without = RetrievalChange {
        routing: Some(Routing::CatchAll(CatchAllSettings::default())),
        ..RetrievalChange::default()
    };
    store.retrieval_change(id, without).await.unwrap();
    store.account_remove(petr).await.unwrap();
    store.retrieval_remove(id).await.unwrap();
    store.account_remove(fallback).await.unwrap();
}
