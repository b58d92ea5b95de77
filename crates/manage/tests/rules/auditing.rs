//! Each change leaves its rows, with what was there and what is there; secrets only "changed".

use inhaul_domain::Retention;
use inhaul_manage::{AccountForm, Claim, NewAccountForm, NewRule};
use inhaul_store::{
    Every, GroupChange, Limits, NewRetrieval, Remote, RetrievalChange, RetrievalLimits,
    built_in_triggers,
};
use inhaul_types::{Activation, Octets, Secret};

use crate::house::{House, new_retrieval, password, remote, root};

#[tokio::test]
async fn a_retrievals_life_is_in_the_audit() {
    let house = House::new().await;
    let (manage, alice) = (&house.manage, house.alice());
    let new = NewRetrieval {
        every: Every::Seconds(600),
        ..new_retrieval("Club", house.alice)
    };
    let id = manage.retrieval_add(&alice, new).await.unwrap();
    let change = RetrievalChange {
        name: Some("Rowing".into()),
        remote: Some(Remote {
            user: "alice".into(),
            ..remote()
        }),
        secret: Some(password("never shown")),
        destination: Some((house.alice, "Rowing".into())),
        every: Some(Every::Never),
        retention: Some(Retention::DeleteAfter { days: 14 }),
        limits: Some(RetrievalLimits {
            largest: Some(Octets::new(25_000_000)),
            ..RetrievalLimits::default()
        }),
        ..RetrievalChange::default()
    };
    manage.retrieval_change(&alice, id, change).await.unwrap();
    manage.pause(&alice, id).await.unwrap();
    manage.pause(&alice, id).await.unwrap();
    manage.resume(&root(), id).await.unwrap();
    let given = RetrievalChange {
        owner: Some(None),
        ..RetrievalChange::default()
    };
    manage.retrieval_change(&root(), id, given).await.unwrap();
    manage.retrieval_remove(&root(), id).await.unwrap();
    let said = "server pop.example.net:995 tls, user";
    let expected = [
        format!(
            "added retrieval Club:  -> {said} me, sign-in auto, to alice/INBOX, every 10m, after storing keep, limits none, paused no"
        ),
        "renamed retrieval Club: retrieval Club -> retrieval Rowing".into(),
        "changed retrieval Club: user: me -> alice".into(),
        "changed retrieval Club: to: alice/INBOX -> alice/Rowing".into(),
        "changed retrieval Club: every: 10m -> never".into(),
        "changed retrieval Club: after storing: keep -> delete after 14 days".into(),
        "changed retrieval Club: limits: none -> largest=25MB".into(),
        "changed retrieval Rowing: password:  -> changed".into(),
        "changed retrieval Rowing: paused: no -> yes".into(),
        "changed retrieval Rowing: paused: yes -> no".into(),
        "changed retrieval Rowing: owner: alice -> nobody".into(),
        format!(
            "removed retrieval Rowing: {said} alice, sign-in auto, to alice/Rowing, every never, after storing delete after 14 days, limits largest=25MB, paused no -> "
        ),
    ];
    let by = |place: usize| match place {
        0..9 => "alice web 192.0.2.7",
        _ => "root web 192.0.2.1",
    };
    let expected: Vec<String> = expected
        .iter()
        .enumerate()
        .map(|(place, line)| format!("{}: {line}", by(place)))
        .collect();
    assert_eq!(house.audit().await, expected);
}

#[tokio::test]
async fn an_accounts_life_is_in_the_audit() {
    let house = House::new().await;
    let manage = &house.manage;
    let new = NewAccountForm {
        name: "petr".into(),
        addresses: vec!["petr@example.org".into()],
        password: Some(Secret::new("correct horse".into())),
        ..NewAccountForm::default()
    };
    let id = manage.account_add(&root(), new).await.unwrap();
    let form = AccountForm {
        name: Some("peter".into()),
        addresses: Some(vec!["peter@example.org".into(), "sales@example.org".into()]),
        enabled: Some(false),
        limits: Some(Limits {
            mailbox: Some(Octets::new(5_000_000_000)),
            ..Limits::default()
        }),
        ..AccountForm::default()
    };
    manage.account_change(&root(), id, form).await.unwrap();
    let secret = Secret::new("battery staple".into());
    manage.set_password(&root(), id, secret).await.unwrap();
    let own = Secret::new("my own password".into());
    manage.own_password(&house.alice(), own).await.unwrap();
    manage.account_remove(&root(), id).await.unwrap();
    let root = "root web 192.0.2.1:";
    assert_eq!(
        house.audit().await,
        [
            format!(
                "{root} added account petr:  -> addresses petr@example.org, group Everyone, administrator no, enabled yes, limits none"
            ),
            format!("{root} renamed account petr: account petr -> account peter"),
            format!(
                "{root} changed account petr: addresses: petr@example.org -> peter@example.org sales@example.org"
            ),
            format!("{root} changed account petr: enabled: yes -> no"),
            format!("{root} changed account petr: limits: none -> mailbox=5GB"),
            format!("{root} changed account peter: password:  -> changed"),
            "alice web 192.0.2.7: changed account alice: password:  -> changed".into(),
            format!(
                "{root} removed account peter: addresses peter@example.org sales@example.org, group Everyone, administrator no, enabled no, limits mailbox=5GB -> "
            ),
        ]
    );
}

#[tokio::test]
async fn a_groups_life_is_in_the_audit() {
    let house = House::new().await;
    let manage = &house.manage;
    let nothing = GroupChange::default;
    let id = manage.group_add(&root(), "Staff", nothing()).await.unwrap();
    let mut triggers = built_in_triggers();
    triggers.remove(&Activation::Folder);
    let change = GroupChange {
        triggers: Some(triggers),
        limits: Some(Limits {
            message: Some(Octets::new(50_000_000)),
            ..Limits::default()
        }),
        ..nothing()
    };
    manage
        .group_change(&root(), id, change.clone())
        .await
        .unwrap();
    manage.group_change(&root(), id, change).await.unwrap();
    manage.group_remove(&root(), id).await.unwrap();
    let rows = house.audit().await;
    let root = "root web 192.0.2.1:";
    let all = "schedule=1m pop3-login=1m imap-login=1m web-login=1m folder=5m button=1m waiting=1m api=1m cli=1m";
    let less = all.replace("folder=5m", "folder=off");
    assert_eq!(
        rows,
        [
            format!(
                "{root} added group Staff:  -> enabled yes, triggers {all}, people may edit,delete-remote, limits none"
            ),
            format!("{root} changed group Staff: triggers: {all} -> {less}"),
            format!("{root} changed group Staff: limits: none -> message=50MB"),
            format!(
                "{root} removed group Staff: enabled yes, triggers {less}, people may edit,delete-remote, limits message=50MB -> "
            ),
        ]
    );
}

#[tokio::test]
async fn a_rules_life_is_in_the_audit() {
    let house = House::new().await;
    let manage = &house.manage;
    let firm = house.firm().await;
    let rule = NewRule {
        address: "sales@firm.example".into(),
        account: house.bob,
        folder: "Shop".into(),
        at: None,
    };
    manage
        .rule_add(&root(), firm, rule, Claim::Move)
        .await
        .unwrap();
    manage.rule_remove(&root(), firm, 1).await.unwrap();
    let rows = house.audit().await;
    assert_eq!(
        rows[1..],
        [
            "root web 192.0.2.1: changed retrieval Firm: rules:  -> sales@firm.example=bob/Shop",
            "root web 192.0.2.1: changed retrieval Firm: rules: sales@firm.example=bob/Shop -> ",
        ]
    );
}

#[tokio::test]
async fn what_moves_along_with_a_rule_is_in_the_audit() {
    let house = House::new().await;
    let manage = &house.manage;
    let firm = house.firm().await;
    house.bring(firm, "sales@firm.example").await;
    let rule = NewRule {
        address: "sales@firm.example".into(),
        account: house.bob,
        folder: "Shop".into(),
        at: None,
    };
    let added = manage.rule_add(&root(), firm, rule, Claim::Leave).await;
    assert_eq!(added.unwrap().moved, 0);
    assert_eq!(manage.claim(&root(), firm, 1).await.unwrap(), 1);
    assert_eq!(manage.claim(&root(), firm, 1).await.unwrap(), 0);
    let rows = house.audit().await;
    let moved =
        "root web 192.0.2.1: moved 1 message of catch-all Firm:  -> sales@firm.example to bob/Shop";
    assert_eq!(rows.last().unwrap(), moved);
    assert_eq!(rows.len(), 3, "what moves nothing leaves no row");
}

#[tokio::test]
async fn what_is_refused_leaves_no_row() {
    let house = House::new().await;
    let taken = new_retrieval("Club", house.bob);
    house.club().await;
    let rows = house.audit().await.len();
    assert!(
        house
            .manage
            .retrieval_add(&house.bob(), taken)
            .await
            .is_err()
    );
    assert_eq!(house.audit().await.len(), rows);
}
