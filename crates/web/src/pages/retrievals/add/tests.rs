//! Walks through the five steps, as a browser without script makes them.

use axum::http::StatusCode;
use inhaul_domain::{Retention, StartPoint};
use inhaul_store::{AccountChange, Every, Limits, RemoteSecret, Security, Store as _, UsersMay};
use inhaul_types::{Activation, ErrorCode, KeyPin};

use crate::runs::{Detection, DetectionFailure, Force, InspectionFailure, Stage, What};
use crate::testing::{EVERYTHING, House, Shown, Visitor, card, detection};
use std::time::Duration;

const SECRET: &str = "horse-battery-9+staple";
const ADDRESS: &[(&str, &str)] = &[("address", "alice@old-isp.example"), ("password", SECRET)];
const FOUND: &[(&str, &str)] = &[
    ("host", "pop.old-isp.example"),
    ("port", "995"),
    ("security", "tls"),
    ("user", "alice@old-isp.example"),
];

/// A draft's address without its step.
fn draft(shown: &Shown) -> String {
    let parts: Vec<_> = shown.path.split('/').take(4).collect();
    parts.join("/")
}

async fn begin(house: &House, visitor: &Visitor) -> String {
    house.runs.will_find(Ok(detection("alice@old-isp.example")));
    let shown = visitor.post("/retrievals/add", ADDRESS).await;
    assert!(shown.path.ends_with("/server"), "{shown:?}");
    draft(&shown)
}

/// On to the step behind the test.
async fn tested(house: &House, visitor: &Visitor) -> String {
    let draft = begin(house, visitor).await;
    let shown = visitor.post(&format!("{draft}/server"), FOUND).await;
    assert!(shown.says("412 messages, 1.3 GB"), "{shown:?}");
    draft
}

fn failure(code: ErrorCode, stage: Stage) -> InspectionFailure {
    InspectionFailure {
        stage,
        took: Duration::from_millis(3),
        card: card(code),
        shown_key: None,
        sign_ins: 1,
    }
}

#[tokio::test]
async fn two_fields_and_four_presses_lead_to_the_first_check() {
    let house = House::new().await;
    let alice = house.visitor("alice").await;
    house.runs.will_find(Ok(detection("alice@old-isp.example")));
    let shown = alice.post("/retrievals/add", ADDRESS).await;
    assert!(
        shown.says("the list of known providers: Old ISP"),
        "{shown:?}"
    );
    assert!(shown.says("Switch POP on first."));
    let draft = draft(&shown);
    let shown = alice.post(&format!("{draft}/server"), FOUND).await;
    assert!(
        shown.says("pop.old-isp.example is 203.0.113.20"),
        "{shown:?}"
    );
    assert!(shown.says("12 ms"));
    let shown = alice.get(&format!("{draft}/where")).await;
    assert!(shown.says("value=\"Old ISP\""), "{shown:?}");
    let as_shown = [
        ("name", "Old ISP"),
        ("folder", "INBOX"),
        ("bring", "all"),
        ("check", "every"),
        ("minutes", "10"),
        ("go", "add"),
    ];
    let shown = alice.post(&format!("{draft}/where"), &as_shown).await;
    assert_eq!(shown.path, "/retrievals");
    let added = house.store.retrieval_by_name("Old ISP").await.unwrap();
    let owner = house.store.account_by_name("alice").await.unwrap().id;
    assert_eq!((added.owner, added.account), (Some(owner), owner));
    assert_eq!(added.retention, Retention::Keep);
    assert_eq!(
        (added.every, added.start),
        (Every::Seconds(600), StartPoint::Everything)
    );
    assert!(added.confined && !added.first_run_keeps && !added.paused);
    let secret = house.store.retrieval_secret(added.id).await.unwrap();
    assert!(matches!(secret, RemoteSecret::Stored(secret) if secret.expose() == SECRET));
    let started = house.runs.started.lock().unwrap();
    let [start] = started.as_slice() else {
        panic!("{started:?}");
    };
    assert_eq!(start.what, What::Retrievals(vec![added.id]));
    assert_eq!(
        (start.activation, start.force),
        (Activation::Button, Force::No)
    );
}

#[tokio::test]
async fn deletions_need_the_box_and_wait_for_the_first_check() {
    let house = House::new().await;
    house.let_everyone(EVERYTHING).await;
    let alice = house.visitor("alice").await;
    let draft = tested(&house, &alice).await;
    let copy = format!("{draft}/copy");
    let places = [
        ("name", "Old"),
        ("new_folder", "Old mail"),
        ("bring", "days"),
        ("days", "30"),
        ("check", "auto"),
    ];
    let shown = alice.post(&format!("{draft}/where"), &places).await;
    assert_eq!(shown.path, copy, "{shown:?}");
    assert!(shown.says("Messages will be deleted from pop.old-isp.example"));
    assert!(shown.says("412 messages (1.3 GB) are there now."));
    assert!(shown.says("Nothing is deleted during the first check."));
    for after in ["now", "later"] {
        let shown = alice.post(&copy, &[("after", after), ("days", "14")]).await;
        assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY);
        let error = shown.error().unwrap();
        assert_eq!(error, "Tick the box, or choose 'stay there'.");
        assert!(house.store.retrieval_list().await.unwrap().is_empty());
    }
    let sure = [("after", "later"), ("days", "14"), ("sure", "true")];
    let shown = alice.post(&copy, &sure).await;
    assert_eq!(shown.path, "/retrievals");
    let added = house.store.retrieval_by_name("Old").await.unwrap();
    assert_eq!(added.retention, Retention::DeleteAfter { days: 14 });
    assert!(added.first_run_keeps);
    assert_eq!(
        (added.folder_name.as_str(), added.every),
        ("Old mail", Every::Auto)
    );
    let month = Duration::from_secs(30 * 24 * 3600);
    assert_eq!(
        added.start,
        StartPoint::Since(house.clock.now().minus(month))
    );
}

#[tokio::test]
async fn what_a_group_forbids_is_greyed_and_refused() {
    let house = House::new().await;
    house
        .let_everyone(UsersMay {
            delete_remote: false,
            ..EVERYTHING
        })
        .await;
    let alice = house.visitor("alice").await;
    let draft = tested(&house, &alice).await;
    let copy = format!("{draft}/copy");
    let shown = alice
        .post(&format!("{draft}/where"), &[("name", "Old")])
        .await;
    assert!(
        shown.says("An administrator has switched this off for your group."),
        "{shown:?}"
    );
    assert_eq!(
        shown.text.matches(" disabled>").count(),
        3,
        "two choices and the days"
    );
    let shown = alice
        .post(&copy, &[("after", "now"), ("sure", "true")])
        .await;
    assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(shown.error().unwrap().contains("switched this off"));
    assert!(house.store.retrieval_list().await.unwrap().is_empty());
    house
        .let_everyone(UsersMay {
            edit: false,
            ..EVERYTHING
        })
        .await;
    let shown = alice.get("/retrievals/add").await;
    assert_eq!(shown.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_password_is_sent_to_the_server_and_to_nobody_else() {
    let house = House::new().await;
    let alice = house.visitor("alice").await;
    house.runs.will_find(Ok(detection("alice@old-isp.example")));
    // Wrong at first, so that the form is shown again.
    let wrong = [("address", "alice"), ("password", SECRET)];
    let shown = alice.post("/retrievals/add", &wrong).await;
    assert!(shown.error().unwrap().contains("no mail address"));
    let shown = alice.post("/retrievals/add", ADDRESS).await;
    let draft = draft(&shown);
    alice.get(&draft).await;
    alice.get(&format!("{draft}/server/state")).await;
    house
        .runs
        .will_test(Err(failure(ErrorCode::AuthRefused, Stage::SignIn)));
    let shown = alice.post(&format!("{draft}/server"), FOUND).await;
    assert!(shown.says("refuses the password"), "{shown:?}");
    let shown = alice.post(&format!("{draft}/test"), &[]).await;
    assert!(shown.says("412 messages"), "{shown:?}");
    alice.get(&format!("{draft}/test/state")).await;
    alice.post(&format!("{draft}/where"), &[("name", "")]).await;
    alice
        .post(&format!("{draft}/where"), &[("name", "Old")])
        .await;
    alice
        .post(&format!("{draft}/copy"), &[("after", "now")])
        .await;
    alice
        .post(&format!("{draft}/copy"), &[("after", "keep")])
        .await;
    let id = house.store.retrieval_by_name("Old").await.unwrap().id;
    alice.get(&format!("/retrievals/{id}/edit")).await;
    let heard = alice.heard();
    assert!(heard.len() > 10_000);
    for way in [
        SECRET,
        "horse-battery-9&#43;staple",
        "horse-battery-9%2Bstaple",
        "horse-battery",
    ] {
        assert!(!heard.contains(way), "{way}");
    }
    let inspected = house.runs.inspected.lock().unwrap();
    assert_eq!(inspected.len(), 2);
    for (_, secret, for_person) in inspected.iter() {
        assert!(matches!(secret, RemoteSecret::Stored(secret) if secret.expose() == SECRET));
        assert!(
            for_person.is_some(),
            "a person reaches what their group allows"
        );
    }
}

#[tokio::test]
async fn no_step_is_skipped_and_back_shows_what_was_typed() {
    let house = House::new().await;
    let alice = house.visitor("alice").await;
    let draft = begin(&house, &alice).await;
    for step in ["/test", "/where", "/copy"] {
        let shown = alice.get(&format!("{draft}{step}")).await;
        assert_eq!(shown.path, format!("{draft}/server"), "{step}");
    }
    let post = alice
        .post(&format!("{draft}/copy"), &[("after", "keep")])
        .await;
    assert_eq!(post.path, format!("{draft}/server"));
    house
        .runs
        .will_test(Err(failure(ErrorCode::NoAnswer, Stage::Connect)));
    alice.post(&format!("{draft}/server"), FOUND).await;
    let shown = alice.get(&format!("{draft}/copy")).await;
    assert_eq!(
        shown.path,
        format!("{draft}/test"),
        "a failed test leads nowhere"
    );
    alice.post(&format!("{draft}/test"), &[]).await;
    let places = [("name", "My club"), ("bring", "new"), ("check", "never")];
    alice.post(&format!("{draft}/where"), &places).await;
    let shown = alice.get(&format!("{draft}/where")).await;
    assert!(shown.says("value=\"My club\""));
    assert!(shown.says("value=\"new\" checked"));
    assert!(shown.says("value=\"never\" checked"));
    let shown = alice.get(&draft).await;
    assert!(shown.says("value=\"alice@old-isp.example\""));
    // Another address: what was found for the old one is forgotten.
    house
        .runs
        .will_find(Err(DetectionFailure::NothingFound(vec![
            "pop.b.example".into(),
        ])));
    let shown = alice
        .post(&draft, &[("address", "a@b.example"), ("password", "")])
        .await;
    assert_eq!(shown.path, format!("{draft}/server"));
    assert!(
        shown.says("We could not find the server for b.example."),
        "{shown:?}"
    );
    assert!(
        shown.says("value=\"pop.b.example\""),
        "the fields open with guesses"
    );
    assert!(house.store.retrieval_list().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_draft_is_nobody_elses_and_two_do_not_mix() {
    let house = House::new().await;
    let (alice, bob) = (house.visitor("alice").await, house.visitor("bob").await);
    let elsewhere = house.visitor("alice").await;
    let one = begin(&house, &alice).await;
    let other = begin(&house, &alice).await;
    for stranger in [&bob, &elsewhere] {
        for step in ["", "/server", "/server/state", "/test", "/where", "/copy"] {
            let shown = stranger.get(&format!("{one}{step}")).await;
            assert_eq!(shown.status, StatusCode::NOT_FOUND, "{step}");
        }
        let shown = stranger.post(&format!("{one}/cancel"), &[]).await;
        assert_eq!(shown.status, StatusCode::NOT_FOUND);
    }
    let shown = alice.post(&format!("{other}/cancel"), &[]).await;
    assert_eq!(shown.path, "/retrievals");
    assert_eq!(alice.get(&other).await.status, StatusCode::NOT_FOUND);
    assert_eq!(alice.get(&one).await.status, StatusCode::OK);
    let stranger = alice.get("/retrievals/add/nonsense/test").await;
    assert!(stranger.says("Nothing was saved."));
}

#[tokio::test]
async fn a_server_is_understood_however_it_is_typed_and_ours_is_refused() {
    let house = House::new().await;
    house.let_everyone(EVERYTHING).await;
    let alice = house.visitor("alice").await;
    let typed = [
        ("address", "alice@old-isp.example"),
        ("password", SECRET),
        ("user", "alice"),
        ("server", "pop.old-isp.example 1995s"),
    ];
    let shown = alice.post("/retrievals/add", &typed).await;
    assert!(
        shown.says("pop.old-isp.example, port 1995, encrypted (TLS)"),
        "{shown:?}"
    );
    assert!(shown.says("what you typed"));
    let server = shown.path.clone();
    for (host, security, plain, error) in [
        (
            "203.0.113.5:995",
            "tls",
            "false",
            Some("That is this server itself."),
        ),
        ("pop.old-isp.example:x", "tls", "false", Some("is no port")),
        ("pop.old-isp.example", "none", "false", Some("Tick the box")),
        ("pop.old-isp.example:1100", "none", "true", None),
    ] {
        let fields = [
            ("host", host),
            ("security", security),
            ("plain", plain),
            ("user", "alice"),
        ];
        let shown = alice.post(&server, &fields).await;
        match error {
            Some(error) => assert!(shown.error().unwrap().contains(error), "{host}: {shown:?}"),
            None => assert!(shown.path.ends_with("/test"), "{shown:?}"),
        }
    }
    let inspected = house.runs.inspected.lock().unwrap();
    let [(remote, ..)] = inspected.as_slice() else {
        panic!("{inspected:?}");
    };
    assert_eq!((remote.port, remote.security), (1100, Security::None));
}

#[tokio::test]
async fn the_part_before_the_at_is_tried_once_where_the_provider_does_not_say() {
    for (sign_ins, tried) in [
        (1, vec!["alice@old-isp.example", "alice"]),
        (2, vec!["alice@old-isp.example"]),
    ] {
        let house = House::new().await;
        let alice = house.visitor("alice").await;
        house.runs.will_find(Ok(Detection {
            other_user: Some("alice".into()),
            ..detection("alice@old-isp.example")
        }));
        house.runs.will_test(Err(InspectionFailure {
            sign_ins,
            ..failure(ErrorCode::AuthRefused, Stage::SignIn)
        }));
        let shown = alice.post("/retrievals/add", ADDRESS).await;
        let draft = draft(&shown);
        let shown = alice.post(&format!("{draft}/server"), FOUND).await;
        assert_eq!(house.runs.names_tried(), tried);
        if sign_ins == 1 {
            assert!(shown.says("as alice<"), "{shown:?}");
            let add = [("name", "Old"), ("go", "add")];
            alice.post(&format!("{draft}/where"), &add).await;
            let added = house.store.retrieval_by_name("Old").await.unwrap();
            assert_eq!(added.remote.user, "alice", "the name that worked");
        }
    }
}

#[tokio::test]
async fn only_the_key_that_was_shown_is_trusted_and_only_where_the_group_allows() {
    let key = KeyPin::new([7; KeyPin::LEN]);
    for (may, typed, trusted) in [
        (true, key.to_string(), true),
        (true, KeyPin::new([8; KeyPin::LEN]).to_string(), false),
        (false, key.to_string(), false),
    ] {
        let house = House::new().await;
        house
            .let_everyone(UsersMay {
                pin_certificate: may,
                ..EVERYTHING
            })
            .await;
        let alice = house.visitor("alice").await;
        let draft = begin(&house, &alice).await;
        house.runs.will_test(Err(InspectionFailure {
            shown_key: Some(key),
            ..failure(ErrorCode::Certificate, Stage::Secure)
        }));
        let shown = alice.post(&format!("{draft}/server"), FOUND).await;
        assert_eq!(shown.says("SHA-256 07:07:"), may, "{shown:?}");
        alice
            .post(&format!("{draft}/test"), &[("trust", &typed)])
            .await;
        let inspected = house.runs.inspected.lock().unwrap();
        let pins: Vec<_> = inspected.iter().map(|(remote, ..)| remote.pin).collect();
        let pinned = trusted.then_some(key);
        match may {
            true => assert_eq!(pins, [None, pinned]),
            false => assert_eq!(pins, [None], "refused before anybody is dialled"),
        }
    }
}

#[tokio::test]
async fn a_provider_without_passwords_is_a_dead_end_with_a_way_out() {
    let house = House::new().await;
    let alice = house.visitor("alice").await;
    house.runs.will_find(Ok(Detection {
        not_possible: Some(card(ErrorCode::AuthNotPossible)),
        ..detection("alice@old-isp.example")
    }));
    let shown = alice.post("/retrievals/add", ADDRESS).await;
    assert!(shown.says("forward mail from"), "{shown:?}");
    assert!(!shown.says("Test it"));
    let shown = alice.post(&shown.path, FOUND).await;
    assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(house.runs.inspected.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_tested_can_be_saved_paused() {
    let house = House::new().await;
    let alice = house.visitor("alice").await;
    let draft = begin(&house, &alice).await;
    house
        .runs
        .will_test(Err(failure(ErrorCode::NoAnswer, Stage::Connect)));
    let shown = alice.post(&format!("{draft}/server"), FOUND).await;
    assert!(shown.says("Save it paused"));
    assert!(
        shown.says("Find the server"),
        "lines above keep their ticks"
    );
    assert!(
        !shown.says("<span>Connect</span>"),
        "the card stands in its place"
    );
    let shown = alice.post(&format!("{draft}/paused"), &[]).await;
    assert_eq!(shown.path, "/retrievals");
    let added = house.store.retrieval_by_name("Old ISP").await.unwrap();
    assert!(added.paused);
    assert_eq!(added.retention, Retention::Keep);
    assert!(house.runs.started.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_taken_name_is_said_and_another_one_suggested() {
    let house = House::new().await;
    let (alice, bob) = (house.visitor("alice").await, house.visitor("bob").await);
    for (visitor, suggested) in [(&alice, "Old ISP"), (&bob, "Old ISP (bob)")] {
        let draft = tested(&house, visitor).await;
        let shown = visitor.get(&format!("{draft}/where")).await;
        assert!(shown.says(&format!("value=\"{suggested}\"")), "{shown:?}");
        let taken = visitor
            .post(
                &format!("{draft}/where"),
                &[("name", "Old ISP"), ("go", "add")],
            )
            .await;
        assert_eq!(taken.error().is_some(), suggested != "Old ISP");
    }
}

#[tokio::test]
async fn an_administrator_reaches_anything() {
    let house = House::new().await;
    let root = house.visitor("root").await;
    let draft = tested(&house, &root).await;
    root.post(&format!("{draft}/where"), &[("name", "Old"), ("go", "add")])
        .await;
    let added = house.store.retrieval_by_name("Old").await.unwrap();
    assert!(!added.confined);
    let (_, _, for_person) = &house.runs.inspected.lock().unwrap()[0];
    assert_eq!(*for_person, None);
}

#[tokio::test]
async fn a_full_house_is_said_before_anything_is_typed() {
    let house = House::new().await;
    let alice = house.visitor("alice").await;
    let account = house.store.account_by_name("alice").await.unwrap();
    let limits = Limits {
        retrievals: Some(1),
        ..account.limits
    };
    let change = AccountChange {
        limits: Some(limits),
        ..AccountChange::default()
    };
    house
        .store
        .account_change(account.id, change)
        .await
        .unwrap();
    assert!(
        alice
            .get("/retrievals/add")
            .await
            .says("0 of 1 mailboxes used.")
    );
    let draft = tested(&house, &alice).await;
    alice
        .post(&format!("{draft}/where"), &[("name", "Old"), ("go", "add")])
        .await;
    let shown = alice.get("/retrievals/add").await;
    assert_eq!(shown.status, StatusCode::FORBIDDEN);
    assert!(shown.says("1 of 1 mailboxes used."));
}
