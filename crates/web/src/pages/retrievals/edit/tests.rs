//! The page for changes, as a browser without script uses it.

use std::time::Duration;

use axum::http::StatusCode;
use inhaul_domain::{Retention, StartPoint};
use inhaul_store::{
    Every, NewRetrieval, Remote, RemoteSecret, RetrievalLimits, Routing, Security, Store as _,
};
use inhaul_types::{ErrorCode, RetrievalId, Secret};

use crate::runs::{InspectionFailure, Stage};
use crate::testing::{EVERYTHING, House, Shown, Visitor, card};

const OLD: &str = "horse-battery-9";
const NEW: &str = "purple-monkey-7";

async fn add(house: &House, owner: &str) -> RetrievalId {
    let account = house.store.account_by_name(owner).await.unwrap().id;
    let new = NewRetrieval {
        name: "Club".into(),
        remote: Remote {
            host: "pop.club.example".into(),
            port: 995,
            security: Security::Tls,
            ca_file: None,
            pin: None,
            user: "alice".into(),
            sign_in: None,
        },
        secret: RemoteSecret::Stored(Secret::new(OLD.into())),
        account,
        owner: Some(account),
        folder: "INBOX".into(),
        routing: Routing::Single,
        every: Every::Seconds(90),
        retention: Retention::Keep,
        first_run_keeps: false,
        start: StartPoint::Everything,
        paused: false,
        sign_in_memory: None,
        limits: RetrievalLimits::default(),
        confined: true,
        written_at: None,
    };
    house.store.retrieval_create(new).await.unwrap()
}

/// Saves the page as it is shown, but for these fields.
async fn save(visitor: &Visitor, id: RetrievalId, other: &[(&str, &str)]) -> Shown {
    let mut fields = vec![
        ("name", "Club"),
        ("host", "pop.club.example"),
        ("port", "995"),
        ("security", "tls"),
        ("user", "alice"),
        ("password", ""),
        ("folder", "INBOX"),
        ("new_folder", ""),
        ("check", "every"),
        ("minutes", "2"),
        ("after", "keep"),
        ("days", "14"),
    ];
    fields.retain(|(name, _)| !other.iter().any(|(other, _)| other == name));
    fields.extend(other);
    visitor
        .post(&format!("/retrievals/{id}/edit"), &fields)
        .await
}

fn is_saved(shown: &Shown, id: RetrievalId) -> bool {
    shown.path == format!("/retrievals/{id}")
}

#[tokio::test]
async fn what_is_saved_as_it_is_changes_nothing() {
    let house = House::new().await;
    let alice = house.visitor("alice").await;
    let id = add(&house, "alice").await;
    let before = house.store.retrieval_by_id(id).await.unwrap();
    let shown = alice.get(&format!("/retrievals/{id}/edit")).await;
    assert!(shown.says("<p>Set.</p>"), "{shown:?}");
    assert!(is_saved(&save(&alice, id, &[]).await, id));
    let after = house.store.retrieval_by_id(id).await.unwrap();
    assert!(
        after.is_configured_as(&before),
        "90 seconds are no 2 minutes: {after:?}"
    );
    assert!(house.runs.inspected.lock().unwrap().is_empty());
    assert!(!alice.heard().contains(OLD));
}

#[tokio::test]
async fn another_way_needs_the_password_and_is_tested_first() {
    let house = House::new().await;
    let alice = house.visitor("alice").await;
    let id = add(&house, "alice").await;
    for change in [
        ("host", "pop.other.example"),
        ("port", "1995"),
        ("security", "starttls"),
        ("user", "bob"),
    ] {
        let shown = save(&alice, id, &[change]).await;
        assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY, "{change:?}");
        assert!(
            shown
                .error()
                .unwrap()
                .starts_with("Enter the password again")
        );
        assert!(shown.text.contains("<details open><summary>Change"));
    }
    assert!(
        house.runs.inspected.lock().unwrap().is_empty(),
        "nothing was sent"
    );
    let shown = save(
        &alice,
        id,
        &[("host", "pop.other.example 995s"), ("password", NEW)],
    )
    .await;
    assert!(is_saved(&shown, id), "{shown:?}");
    let after = house.store.retrieval_by_id(id).await.unwrap();
    assert_eq!(after.remote.host, "pop.other.example");
    let inspected = house.runs.inspected.lock().unwrap();
    let [(remote, secret, Some(_))] = inspected.as_slice() else {
        panic!("{inspected:?}");
    };
    assert_eq!(remote.host, "pop.other.example");
    assert!(matches!(secret, RemoteSecret::Stored(secret) if secret.expose() == NEW));
}

#[tokio::test]
async fn a_password_that_is_refused_is_not_saved_unless_it_is_wanted_untested() {
    let house = House::new().await;
    let alice = house.visitor("alice").await;
    let id = add(&house, "alice").await;
    let refused = InspectionFailure {
        stage: Stage::SignIn,
        took: Duration::from_millis(9),
        card: card(ErrorCode::AuthRefused),
        shown_key: None,
        sign_ins: 1,
    };
    house.runs.will_test(Err(refused));
    let shown = save(&alice, id, &[("password", NEW)]).await;
    assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(shown.says("refuses the password"), "{shown:?}");
    let kept = async || match house.store.retrieval_secret(id).await.unwrap() {
        RemoteSecret::Stored(secret) => secret.expose().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(kept().await, OLD);
    let shown = save(&alice, id, &[("password", NEW), ("untested", "true")]).await;
    assert!(is_saved(&shown, id), "{shown:?}");
    assert_eq!(kept().await, NEW);
    assert_eq!(house.runs.inspected.lock().unwrap().len(), 1);
    for password in [OLD, NEW] {
        assert!(!alice.heard().contains(password));
    }
}

#[tokio::test]
async fn deletions_that_are_switched_on_need_their_box() {
    let house = House::new().await;
    house.let_everyone(EVERYTHING).await;
    let alice = house.visitor("alice").await;
    let id = add(&house, "alice").await;
    let shown = save(&alice, id, &[("after", "now")]).await;
    assert_eq!(
        shown.error().unwrap(),
        "Tick the box, or choose 'stay there'."
    );
    assert!(shown.says("Messages will be deleted from pop.club.example"));
    assert!(shown.says("How many messages are there is not known yet."));
    let shown = save(&alice, id, &[("after", "now"), ("sure", "true")]).await;
    assert!(is_saved(&shown, id), "{shown:?}");
    let after = house.store.retrieval_by_id(id).await.unwrap();
    assert_eq!(after.retention, Retention::Delete);
    assert!(
        is_saved(&save(&alice, id, &[("after", "now")]).await, id),
        "said before"
    );
    let elsewhere = [
        ("after", "now"),
        ("host", "pop.other.example"),
        ("password", NEW),
    ];
    let shown = save(&alice, id, &elsewhere).await;
    assert_eq!(
        shown.error().unwrap(),
        "Tick the box, or choose 'stay there'."
    );
}

#[tokio::test]
async fn a_readable_line_needs_its_box_and_the_groups_leave() {
    let house = House::new().await;
    let alice = house.visitor("alice").await;
    let id = add(&house, "alice").await;
    let plain = [("security", "none"), ("port", "110"), ("password", NEW)];
    let shown = alice.get(&format!("/retrievals/{id}/edit")).await;
    assert!(
        !shown.says("Without encryption."),
        "hidden unless the group allows it"
    );
    let ticked = [plain.as_slice(), &[("plain", "true")]].concat();
    let shown = save(&alice, id, &ticked).await;
    assert!(
        shown.error().unwrap().contains("switched this off"),
        "{shown:?}"
    );
    house.let_everyone(EVERYTHING).await;
    let shown = save(&alice, id, &plain).await;
    assert!(
        shown.error().unwrap().starts_with("Tick the box"),
        "{shown:?}"
    );
    assert!(is_saved(&save(&alice, id, &ticked).await, id));
}

#[tokio::test]
async fn nobody_edits_what_is_somebody_elses() {
    let house = House::new().await;
    let (bob, root) = (house.visitor("bob").await, house.visitor("root").await);
    let id = add(&house, "alice").await;
    let shown = bob.get(&format!("/retrievals/{id}/edit")).await;
    assert_eq!(shown.status, StatusCode::NOT_FOUND);
    assert_eq!(
        save(&bob, id, &[("name", "Mine")]).await.status,
        StatusCode::NOT_FOUND
    );
    // On to where whoever manages it sees it.
    let saved = save(&root, id, &[("name", "Hers")]).await;
    assert_eq!(saved.path, format!("/manage/retrievals/{id}"));
    let after = house.store.retrieval_by_id(id).await.unwrap();
    assert_eq!(after.name, "Hers");
    assert!(
        after.confined,
        "an administrator who leaves the way as it is frees nothing"
    );
}
