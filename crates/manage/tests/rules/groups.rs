//! What administrators may make of groups, and whom it concerns.

use inhaul_manage::{AccountForm, OverLimit};
use inhaul_store::{GroupChange, Limits};
use inhaul_types::Octets;

use crate::house::{House, root, told};

fn renamed(name: &str) -> GroupChange {
    GroupChange {
        name: Some(name.into()),
        ..GroupChange::default()
    }
}

#[tokio::test]
async fn a_group_has_a_name_of_its_own() {
    let house = House::new().await;
    let manage = &house.manage;
    let add = async |name: &str| {
        manage
            .group_add(&root(), name, GroupChange::default())
            .await
    };
    let staff = add("Staff").await.unwrap();
    for (name, start) in [
        (
            "",
            "invalid name: \"\" cannot be a group's name. Use up to 64",
        ),
        (" Staff", "invalid name: "),
        ("-x", "invalid name: "),
        (
            "staff",
            "invalid name: The name staff is taken by another group.",
        ),
    ] {
        let told = told(add(name).await);
        assert!(told.starts_with(start), "{told} / {start}");
    }
    let everyone = house.everyone().await;
    let words = "in the way: The group Everyone is always there and keeps its name.";
    let all = manage.group_change(&root(), everyone, renamed("All")).await;
    assert_eq!(told(all), words);
    assert_eq!(told(manage.group_remove(&root(), everyone).await), words);
    let team = manage.group_change(&root(), staff, renamed("Team")).await;
    assert_eq!(told(team), "done: ()");
}

#[tokio::test]
async fn a_group_with_accounts_stays() {
    let house = House::new().await;
    let manage = &house.manage;
    let staff = manage
        .group_add(&root(), "Staff", GroupChange::default())
        .await;
    let staff = staff.unwrap();
    let into_staff = || AccountForm {
        group: Some("Staff".into()),
        ..AccountForm::default()
    };
    manage
        .account_change(&root(), house.bob, into_staff())
        .await
        .unwrap();
    assert_eq!(
        told(manage.group_remove(&root(), staff).await),
        "in the way: The group Staff has an account: bob. Put it in another group first."
    );
    manage
        .account_change(&root(), house.alice, into_staff())
        .await
        .unwrap();
    assert_eq!(
        told(manage.group_remove(&root(), staff).await),
        "in the way: The group Staff has accounts: alice, bob. Put them in another group first."
    );
}

#[tokio::test]
async fn a_change_says_whom_it_concerns() {
    let house = House::new().await;
    house.club().await;
    let work = house.work().await;
    let everyone = house.everyone().await;
    let affected = house.manage.group_affects(&root(), everyone).await.unwrap();
    assert_eq!(
        affected.to_string(),
        "This affects 2 accounts with 2 retrievals."
    );
    let limits = |retrievals| Limits {
        retrievals: Some(retrievals),
        mailbox: Some(Octets::ZERO),
        ..Limits::default()
    };
    let over = async |retrievals| {
        let over = house
            .manage
            .over_limit(&root(), everyone, &limits(retrievals))
            .await;
        over.unwrap()
    };
    assert_eq!(over(2).await, []);
    let expected = OverLimit {
        limit: "retrievals",
        most: "1 retrieval".into(),
        accounts: vec!["alice".into()],
    };
    assert_eq!(over(1).await, [expected]);
    house.bring(work, "alice@example.org").await;
    let expected = OverLimit {
        limit: "mailbox",
        most: "0 B".into(),
        accounts: vec!["alice".into()],
    };
    assert_eq!(over(2).await, [expected]);
}

#[test]
fn who_has_too_much_is_named() {
    let over = |limit, most: &str, accounts: &[&str]| {
        let accounts = accounts.iter().map(|name| (*name).to_owned()).collect();
        let most = most.to_owned();
        OverLimit {
            limit,
            most,
            accounts,
        }
        .to_string()
    };
    assert_eq!(
        over("mailbox", "5.0 GB", &["petr", "jana"]),
        "2 accounts have more than 5.0 GB: petr, jana. They keep their mail; new mail waits on the \
         remote servers."
    );
    assert_eq!(
        over("retrievals", "10 retrievals", &["petr"]),
        "1 account has more than 10 retrievals: petr. It keeps them."
    );
}
