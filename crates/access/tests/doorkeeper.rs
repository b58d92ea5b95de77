//! The door of a real store: its accounts, its hashes, its saves.
#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

use std::net::IpAddr;
use std::sync::Arc;

use inhaul_access::doorkeeper::{Denied, Doorkeeper};
use inhaul_store::{
    AccountChange, EVERYONE, GroupChange, NewAccount, SqliteStore, Store, StoreOptions,
};
use inhaul_testkit::{ManualClock, TestDir};
use inhaul_types::{AccountId, Secret};

const PASSWORD: &str = "nine-calm-otters";
const HOME: &str = "192.0.2.1";

struct House {
    store: Arc<SqliteStore>,
    door: Arc<Doorkeeper>,
    anna: AccountId,
    _dir: TestDir,
}

impl House {
    async fn new() -> Self {
        let dir = TestDir::new("doorkeeper").unwrap();
        let store = SqliteStore::open(dir.path(), StoreOptions::default());
        let store = Arc::new(store.await.unwrap());
        let anna = NewAccount {
            name: "anna".into(),
            addresses: vec![
                "Anna@Example.org".parse().unwrap(),
                "*@example.net".parse().unwrap(),
            ],
            group: None,
            admin: false,
            password: Some(Secret::new(PASSWORD.into())),
        };
        let anna = store.account_create(anna).await.unwrap();
        let clock = ManualClock::default();
        let door = Doorkeeper::new(Arc::clone(&store) as _, Arc::new(move || clock.now()));
        Self {
            store,
            door: door.unwrap(),
            anna,
            _dir: dir,
        }
    }

    async fn admit(&self, name: &str, password: &str) -> Result<String, Denied> {
        let (password, from): (_, IpAddr) = (Secret::new(password.into()), HOME.parse().unwrap());
        let admitted = self.door.admit(name, &password, from).await;
        admitted.map(|account| account.name)
    }
}

// The clock stands still, so the delay of a wrong password costs no time here.
#[tokio::test(start_paused = true)]
async fn an_account_signs_in_by_its_name_and_its_addresses() {
    let house = House::new().await;
    for name in ["anna", "Anna", "anna@example.org", "ANNA@EXAMPLE.ORG"] {
        let admitted = house.admit(name, PASSWORD).await;
        assert_eq!(admitted.unwrap(), "anna", "{name}");
    }
    for (name, password) in [
        ("anna", "Nine-calm-otters"),
        ("anna", ""),
        ("ben", PASSWORD),
        ("anna@example.net", PASSWORD),
        ("*@example.net", PASSWORD),
        ("", PASSWORD),
    ] {
        let admitted = house.admit(name, password).await;
        assert!(
            matches!(admitted, Err(Denied::Wrong)),
            "{name}: {admitted:?}"
        );
    }
    house.store.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_saved_counts_at_once() {
    let house = House::new().await;
    let change = |change| house.store.account_change(house.anna, change);
    assert!(house.admit("anna", PASSWORD).await.is_ok());

    let new_password = AccountChange {
        password: Some(Secret::new("six-blue-herons".into())),
        ..AccountChange::default()
    };
    change(new_password).await.unwrap();
    assert!(matches!(
        house.admit("anna", PASSWORD).await,
        Err(Denied::Wrong)
    ));
    assert!(house.admit("anna", "six-blue-herons").await.is_ok());

    let switched_off = AccountChange {
        enabled: Some(false),
        ..AccountChange::default()
    };
    change(switched_off).await.unwrap();
    let refused = house.admit("anna", "six-blue-herons").await;
    assert!(
        matches!(refused, Err(Denied::SwitchedOff { by_group: false })),
        "{refused:?}"
    );
    let switched_on = AccountChange {
        enabled: Some(true),
        ..AccountChange::default()
    };
    change(switched_on).await.unwrap();

    let everyone = house.store.group_by_name(EVERYONE).await.unwrap();
    let group = GroupChange {
        enabled: Some(false),
        ..GroupChange::default()
    };
    house.store.group_change(everyone.id, group).await.unwrap();
    let refused = house.admit("anna", "six-blue-herons").await;
    assert!(
        matches!(refused, Err(Denied::SwitchedOff { by_group: true })),
        "{refused:?}"
    );
    house.store.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_closed_store_is_no_wrong_password() {
    let house = House::new().await;
    house.store.close().await.unwrap();
    let refused = house.admit("anna", PASSWORD).await;
    assert!(matches!(refused, Err(Denied::Store(_))), "{refused:?}");
}
