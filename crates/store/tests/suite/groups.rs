//! Groups: their switches, their limits, who is in them.

use inhaul_store::{
    AccountChange, Allowance, EVERYONE, GroupChange, Limits, NewAccount, Store, StoreError,
    Triggers, UsersMay, built_in_triggers,
};
use inhaul_types::{Activation, GroupId, Octets};

use super::{Bed, Scene, new_account};

pub(crate) async fn everyone_is_there_from_the_start_and_for_good(bed: &impl Bed) {
    let store = bed.open().await;
    store.account_create(new_account("alice")).await.unwrap();
    let groups = store.group_list().await.unwrap();
    assert_eq!(groups.len(), 1);
    let everyone = store.group_by_name("everyone").await.unwrap();
    assert_eq!(groups[0], everyone);
    assert_eq!(everyone.name, EVERYONE);
    assert_eq!(everyone.triggers, built_in_triggers());
    assert_eq!(everyone.triggers.len(), Activation::ALL.len());
    assert_eq!(everyone.limits, Limits::default());
    assert!(everyone.enabled);
    assert_eq!(everyone.users_may, UsersMay::default());
    assert_eq!((everyone.accounts, everyone.retrievals), (1, 0));
    let another_name = GroupChange {
        name: Some("All".into()),
        ..GroupChange::default()
    };
    for refused in [
        store.group_remove(everyone.id).await.unwrap_err(),
        store
            .group_change(everyone.id, another_name)
            .await
            .unwrap_err(),
    ] {
        assert!(
            matches!(refused, StoreError::Permanent { .. }),
            "{refused:?}"
        );
    }
    assert_eq!(store.group_list().await.unwrap(), groups);
}

pub(crate) async fn a_group_changes_what_is_named(bed: &impl Bed) {
    let store = bed.open().await;
    let id = store
        .group_create("Staff", GroupChange::default())
        .await
        .unwrap();
    let made = store.group_by_name("Staff").await.unwrap();
    assert_eq!(made.triggers, built_in_triggers());
    let triggers: Triggers = [(Activation::Schedule, 300), (Activation::Pop3Login, 90)].into();
    let limits = Limits {
        retrievals: Some(10),
        mailbox: Some(Octets::new(5_000_000_000)),
        message: Some(Octets::new(50_000_000)),
        messages_per_run: Some(500),
        octets_per_run: Some(Octets::new(200_000_000)),
        started_per_day: Some(300),
        started_per_day_address: Some(1_000),
        at_once: Some(2),
        recipients: Some(20),
        delete_after_min_days: Some(3),
    };
    let change = GroupChange {
        name: Some("Crew".into()),
        enabled: Some(false),
        triggers: Some(triggers.clone()),
        users_may: Some(UsersMay::NOTHING),
        limits: Some(limits),
        written_at: Some(Some("inhaul.toml:3".into())),
    };
    store.group_change(id, change).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let store = bed.open().await;
    let crew = store.group_by_name("crew").await.unwrap();
    assert_eq!((crew.id, crew.name.as_str()), (id, "Crew"));
    assert_eq!((&crew.triggers, crew.limits), (&triggers, limits));
    assert_eq!((crew.enabled, crew.users_may), (false, UsersMay::NOTHING));
    assert_eq!(crew.written_at.as_deref(), Some("inhaul.toml:3"));
    let nothing_on = GroupChange {
        written_at: Some(None),
        triggers: Some(Triggers::new()),
        ..GroupChange::default()
    };
    store.group_change(id, nothing_on).await.unwrap();
    let crew = store.group_by_name("Crew").await.unwrap();
    assert!(crew.triggers.is_empty());
    assert_eq!((crew.limits, crew.written_at), (limits, None));
    let all = UsersMay::from_words(UsersMay::WORDS).unwrap();
    let everything = GroupChange {
        users_may: Some(all),
        ..GroupChange::default()
    };
    store.group_change(id, everything).await.unwrap();
    let crew = store.group_by_name("Crew").await.unwrap();
    assert_eq!((crew.enabled, crew.users_may), (false, all));
    assert!(all.plain && all.private_networks);
    let taken = store
        .group_create("CREW", GroupChange::default())
        .await
        .unwrap_err();
    assert!(
        matches!(taken, StoreError::Exists { what: "group", .. }),
        "{taken:?}"
    );
    let nobody = GroupId::new(77);
    for missing in [
        store
            .group_change(nobody, GroupChange::default())
            .await
            .unwrap_err(),
        store.group_remove(nobody).await.unwrap_err(),
        store.group_by_name("Staff").await.unwrap_err(),
    ] {
        assert!(
            matches!(missing, StoreError::Missing { what: "group", .. }),
            "{missing:?}"
        );
    }
}

pub(crate) async fn a_group_somebody_is_in_stays(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let store = &scene.store;
    let id = store
        .group_create("Staff", GroupChange::default())
        .await
        .unwrap();
    let bob = NewAccount {
        group: Some("Staff".into()),
        ..new_account("bob")
    };
    store.account_create(bob).await.unwrap();
    let into = |group: &str| AccountChange {
        group: Some(group.into()),
        ..AccountChange::default()
    };
    store
        .account_change(scene.account, into("Staff"))
        .await
        .unwrap();
    let staff = store.group_by_name("Staff").await.unwrap();
    assert_eq!((staff.accounts, staff.retrievals), (2, 1));
    let needed = store.group_remove(id).await.unwrap_err();
    let StoreError::Needed { what, by, .. } = needed else {
        panic!("{needed:?}")
    };
    assert_eq!((what, by), ("group", vec!["alice".into(), "bob".into()]));
    for name in ["alice", "bob"] {
        let account = store.account_by_name(name).await.unwrap();
        store
            .account_change(account.id, into(EVERYONE))
            .await
            .unwrap();
    }
    store.group_remove(id).await.unwrap();
    assert_eq!(store.group_list().await.unwrap().len(), 1);
}

pub(crate) async fn an_allowance_is_the_tightest_of_group_and_account_and_what_the_account_holds(
    bed: &impl Bed,
) {
    let scene = Scene::set(bed).await;
    let store = &scene.store;
    let allowance = async || store.account_allowance(scene.account).await.unwrap();
    assert_eq!(allowance().await, Allowance::default());
    scene.commit_one("a", b"twelve bytes").await;
    let (octets, limits) = (Octets::new, Limits::default());
    let group = GroupChange {
        limits: Some(Limits {
            mailbox: Some(octets(100)),
            message: Some(octets(10)),
            ..limits
        }),
        users_may: Some(UsersMay {
            private_networks: true,
            ..UsersMay::NOTHING
        }),
        ..GroupChange::default()
    };
    let everyone = store.group_by_name(EVERYONE).await.unwrap().id;
    store.group_change(everyone, group).await.unwrap();
    let own = AccountChange {
        limits: Some(Limits {
            mailbox: Some(octets(50)),
            messages_per_run: Some(3),
            ..limits
        }),
        ..AccountChange::default()
    };
    store.account_change(scene.account, own).await.unwrap();
    let expected = Allowance {
        limits: Limits {
            mailbox: Some(octets(50)),
            message: Some(octets(10)),
            messages_per_run: Some(3),
            ..limits
        },
        octets: octets(12),
        private_networks: true,
        deletion_paused: false,
    };
    assert_eq!(allowance().await, expected);
}
