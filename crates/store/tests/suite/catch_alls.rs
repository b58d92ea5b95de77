//! Catch-alls share out what they bring, each message once to each person.

use inhaul_domain::route::RecipientSource;
use inhaul_store::{
    CatchAllSettings, NewRetrieval, RetrievalChange, Routing, RuleSetting, Store, StoreError,
};
use inhaul_types::AccountId;

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
