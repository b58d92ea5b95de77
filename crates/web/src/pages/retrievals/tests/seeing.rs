//! Who sees which retrieval.

use axum::http::StatusCode;
use inhaul_store::{CatchAllSettings, GroupChange, NewRetrieval, Routing, Store as _, UsersMay};

use super::scene::{End, Scene, new_retrieval};
use crate::runs::Force;

#[tokio::test]
async fn what_is_somebody_elses_is_not_there_at_any_address() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let others = [
        scene.person("bob").await,
        scene.administrator("petra").await,
    ];
    let club = scene.mailbox("Club", &alice).await;
    let run = scene.run(club, 5, End::default()).await;
    for other in &others {
        let own = scene.mailbox(&format!("of {}", other.account), other).await;
        for (method, path) in [
            ("POST", format!("/retrievals/{club}/check")),
            ("POST", format!("/retrievals/{club}/try-again")),
            ("POST", format!("/retrievals/{club}/pause")),
            ("POST", format!("/retrievals/{club}/resume")),
            ("POST", format!("/retrievals/{club}/let-delete")),
            ("POST", format!("/retrievals/{club}/test")),
            ("GET", format!("/retrievals/{club}/remove")),
            ("POST", format!("/retrievals/{club}/remove")),
            ("GET", format!("/retrievals/{club}/said")),
            ("GET", format!("/retrievals/{club}/runs/{run}")),
            ("GET", format!("/retrievals/{own}/runs/{run}")),
            ("GET", format!("/retrievals/{own}/runs/x")),
            ("GET", "/retrievals/4711".into()),
            ("GET", "/retrievals/x".into()),
        ] {
            let got = other.send(method, &path, "").await;
            assert_eq!(got.status, StatusCode::NOT_FOUND, "{method} {path}");
            assert!(!got.page.contains("Club"), "{method} {path}: {}", got.page);
        }
        let page = other.get(&format!("/retrievals/{club}?range=7d")).await;
        match other.account == others[1].account {
            // It is there, and another page shows it.
            true => page.leads_to(&format!("/manage/retrievals/{club}")),
            false => assert_eq!(page.status, StatusCode::NOT_FOUND),
        }
        assert!(!other.get("/retrievals").await.page.contains("Club"));
    }
    assert!(scene.runs.started.lock().unwrap().is_empty());
    assert!(!scene.row(club).await.paused);
    assert_eq!(alice.get(&format!("/retrievals/{club}")).await.status, 200);
}

#[tokio::test]
async fn what_fills_a_person_alone_is_seen_and_a_catch_all_that_fills_others_is_not() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let petra = scene.administrator("petra").await;
    let work = NewRetrieval {
        owner: None,
        ..new_retrieval("Work", alice.account)
    };
    let work = scene.store.retrieval_create(work).await.unwrap();
    let firm = NewRetrieval {
        owner: None,
        routing: Routing::CatchAll(CatchAllSettings::default()),
        ..new_retrieval("Firm", petra.account)
    };
    let firm = scene.store.retrieval_create(firm).await.unwrap();
    let list = alice.get("/retrievals").await;
    list.says(&["Work"]);
    assert!(!list.page.contains("Firm"), "{}", list.page);
    assert_eq!(alice.get(&format!("/retrievals/{firm}")).await.status, 404);
    assert!(!petra.get("/retrievals").await.page.contains("Firm"));
    // An administrator looks after it: there is nothing to press that would be refused.
    let page = alice.get(&format!("/retrievals/{work}")).await;
    page.says(&["Check now", "Test"]);
    for absent in ["/edit", "/pause", "/remove"] {
        assert!(!page.page.contains(absent), "{absent}: {}", page.page);
    }
    for (path, form) in [("pause", ""), ("remove", "")] {
        let got = alice
            .post(&format!("/retrievals/{work}/{path}"), form)
            .await;
        assert_eq!(got.status, StatusCode::FORBIDDEN, "{path}");
        got.says(&["An administrator looks after this mailbox."]);
    }
}

#[tokio::test]
async fn a_group_that_lets_nobody_edit_leaves_nothing_to_press() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    scene.mailbox("Club", &alice).await;
    assert!(
        alice
            .get("/retrievals")
            .await
            .page
            .contains("/retrievals/add")
    );
    let everyone = scene.store.group_by_name("Everyone").await.unwrap().id;
    let change = GroupChange {
        users_may: Some(UsersMay {
            edit: false,
            ..UsersMay::default()
        }),
        ..GroupChange::default()
    };
    scene.store.group_change(everyone, change).await.unwrap();
    let page = alice.get("/retrievals").await.page;
    for absent in ["/retrievals/add", "/edit", "/pause", "/remove"] {
        assert!(!page.contains(absent), "{absent}: {page}");
    }
    assert!(page.contains("/check"), "{page}");
}

#[tokio::test]
async fn names_folders_and_what_servers_say_are_text() {
    const EVIL: &str = "<script>alert(1)</script>";
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let mut new = new_retrieval(EVIL, alice.account);
    new.folder = "<i>folder</i>".into();
    new.remote.user = "<b>user</b>".into();
    let id = scene.store.retrieval_create(new).await.unwrap();
    let end = End {
        code: Some(inhaul_types::ErrorCode::AuthRefused),
        said: Some("-ERR <img src=x>"),
        conversation: "S: -ERR <img src=x>\n",
        ..End::default()
    };
    let run = scene.run(id, 3, end).await;
    for path in [
        "/retrievals".to_owned(),
        "/retrievals?rows".to_owned(),
        format!("/retrievals/{id}"),
        format!("/retrievals/{id}/remove"),
        format!("/retrievals/{id}/runs/{run}"),
    ] {
        let page = alice.get(&path).await.page;
        assert!(page.contains("alert(1)"), "{path}: {page}");
        for evil in ["<script>alert", "<i>", "<b>", "<img src=x"] {
            assert!(!page.contains(evil), "{path}: {evil}: {page}");
        }
        assert!(!page.contains("style="), "{path}: the policy forbids it");
    }
}

#[tokio::test]
async fn whoever_manages_it_sees_everybodys_with_the_same_pages_and_nobody_else_does() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let petra = scene.administrator("petra").await;
    let club = scene.mailbox("Club", &alice).await;
    let run = scene.run(club, 5, End::default()).await;
    let at = format!("/manage/retrievals/{club}");
    let page = petra.get(&at).await;
    page.says(&["Club", "alice@club.example", "alice / Inbox", "Check now"]);
    assert!(
        page.page.contains(&format!("action=\"{at}/check\"")),
        "{}",
        page.page
    );
    petra
        .post(&format!("{at}/check"), "back=list")
        .await
        .leads_to(&at);
    let start = scene.runs.started.lock().unwrap().pop().unwrap();
    assert_eq!((start.by, start.force), (None, Force::Administrator));
    petra.post(&format!("{at}/pause"), "").await.leads_to(&at);
    petra.get(&at).await.says(&["Paused by you on"]);
    let page = alice.get(&format!("/retrievals/{club}")).await;
    page.says(&["Paused by an administrator on"]);
    for (method, path) in [
        ("GET", at.clone()),
        ("GET", format!("{at}/runs/{run}")),
        ("GET", format!("{at}/remove")),
        ("POST", format!("{at}/remove")),
        ("POST", format!("{at}/check")),
        ("POST", format!("{at}/resume")),
        ("POST", format!("{at}/test")),
    ] {
        let got = alice.send(method, &path, "").await;
        assert_eq!(got.status, StatusCode::NOT_FOUND, "{method} {path}");
    }
    assert_eq!(petra.get(&format!("{at}/runs/{run}")).await.status, 200);
    petra
        .post(&format!("{at}/remove"), "")
        .await
        .leads_to("/manage/retrievals");
}
