//! What a configuration file says is changed there.

use inhaul_domain::Retention;
use inhaul_manage::AccountForm;
use inhaul_store::{
    AccountChange, GroupChange, NewRetrieval, RetrievalChange, RetrievalLimits, Store, UsersMay,
    Written,
};
use inhaul_types::{Octets, RetrievalId};

use crate::house::{House, new_retrieval, password, root, told};

const WORDS: &str =
    "written: This is set in /etc/inhaul.toml, line 12. Change it there and reload.";
const AT: &str = "/etc/inhaul.toml:12";

async fn declared(house: &House, name: &str, paused: bool) -> RetrievalId {
    let new = NewRetrieval {
        owner: Some(house.alice),
        paused,
        written_at: Some(Written {
            at: AT.into(),
            paused,
        }),
        ..new_retrieval(name, house.alice)
    };
    house.store.retrieval_create(new).await.unwrap()
}

#[tokio::test]
async fn a_retrieval_in_a_file_is_paused_here_and_changed_there() {
    let house = House::new().await;
    let manage = &house.manage;
    let club = declared(&house, "Club", false).await;
    let nothing = RetrievalChange::default;
    for actor in [house.alice(), root()] {
        for change in [
            RetrievalChange {
                name: Some("Rowing".into()),
                ..nothing()
            },
            RetrievalChange {
                secret: Some(password("another")),
                ..nothing()
            },
            RetrievalChange {
                retention: Some(Retention::DeleteAfter { days: 30 }),
                ..nothing()
            },
        ] {
            let change = manage.retrieval_change(&actor, club, change);
            assert_eq!(told(change.await), WORDS);
        }
        let removed = manage.retrieval_remove(&actor, club).await;
        assert_eq!(told(removed), WORDS);
        // What says the same is no change, and no file says the limits of its runs.
        let same = RetrievalChange {
            name: Some("Club".into()),
            limits: Some(RetrievalLimits {
                largest: Some(Octets::new(1_000)),
                ..RetrievalLimits::default()
            }),
            ..nothing()
        };
        let same = manage.retrieval_change(&actor, club, same);
        assert_eq!(told(same.await), "done: ()");
        assert_eq!(told(manage.pause(&actor, club).await), "done: ()");
        assert_eq!(told(manage.resume(&actor, club).await), "done: ()");
    }
    let archive = declared(&house, "Archive", true).await;
    assert_eq!(told(manage.resume(&root(), archive).await), WORDS);
    let resumed = RetrievalChange {
        paused: Some(false),
        ..nothing()
    };
    let resumed = manage.retrieval_change(&root(), archive, resumed).await;
    assert_eq!(told(resumed), WORDS);
}

#[tokio::test]
async fn an_account_in_a_file_keeps_its_name_addresses_and_group() {
    let house = House::new().await;
    let manage = &house.manage;
    let written = AccountChange {
        written_at: Some(Some(AT.into())),
        ..AccountChange::default()
    };
    house
        .store
        .account_change(house.alice, written)
        .await
        .unwrap();
    let nothing = AccountForm::default;
    for (form, answer) in [
        (
            AccountForm {
                name: Some("alicia".into()),
                ..nothing()
            },
            WORDS,
        ),
        (
            AccountForm {
                addresses: Some(Vec::new()),
                ..nothing()
            },
            WORDS,
        ),
        (
            AccountForm {
                name: Some("alice".into()),
                enabled: Some(false),
                ..nothing()
            },
            "done: ()",
        ),
    ] {
        let change = manage.account_change(&root(), house.alice, form).await;
        assert_eq!(told(change), answer);
    }
    let removed = manage.account_remove(&root(), house.alice).await;
    assert_eq!(told(removed), WORDS);
}

#[tokio::test]
async fn a_group_in_a_file_is_only_switched_here() {
    let house = House::new().await;
    let manage = &house.manage;
    let staff = manage
        .group_add(&root(), "Staff", GroupChange::default())
        .await;
    let staff = staff.unwrap();
    let written = GroupChange {
        written_at: Some(Some(AT.into())),
        ..GroupChange::default()
    };
    house.store.group_change(staff, written).await.unwrap();
    let nothing = GroupChange {
        users_may: Some(UsersMay::NOTHING),
        ..GroupChange::default()
    };
    let change = manage.group_change(&root(), staff, nothing).await;
    assert_eq!(told(change), WORDS);
    let off = GroupChange {
        enabled: Some(false),
        ..GroupChange::default()
    };
    let change = manage.group_change(&root(), staff, off).await;
    assert_eq!(told(change), "done: ()");
    assert_eq!(told(manage.group_remove(&root(), staff).await), WORDS);
}
