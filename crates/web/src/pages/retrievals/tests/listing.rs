//! A person's list.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use inhaul_domain::schedule::Setback;
use inhaul_domain::trigger::{Refusal, RefusalReason};
use inhaul_store::{GroupChange, Limits, Store as _};
use inhaul_types::{Activation, ErrorCode, Octets};

use super::scene::{End, NOW, Scene};
use crate::runs::{Answer, Come, Force, RunStage, State, What};

fn failed(code: ErrorCode) -> End<'static> {
    End {
        code: Some(code),
        ..End::default()
    }
}

#[tokio::test]
async fn an_empty_list_says_how_to_begin() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let page = alice.get("/retrievals").await;
    page.says(&[
        "Retrievals",
        "Add a mailbox",
        "You have no mailboxes here yet. Add one to bring its mail to this inbox. The original \
         stays where it is.",
    ]);
}

#[tokio::test]
async fn what_wants_attention_comes_first_and_the_rest_by_name() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let works = scene.mailbox("aunt", &alice).await;
    let paused = scene.mailbox("Bees", &alice).await;
    let fails = scene.mailbox("Cars", &alice).await;
    let needs = scene.mailbox("Dogs", &alice).await;
    let tries = scene.mailbox("Eels", &alice).await;
    scene.run(works, 4, End::default()).await;
    for minutes in [90, 60, 3] {
        scene.run(fails, minutes, failed(ErrorCode::NoAnswer)).await;
    }
    scene.run(needs, 3, failed(ErrorCode::Certificate)).await;
    scene.run(tries, 3, failed(ErrorCode::NoAnswer)).await;
    let done = alice
        .post(&format!("/retrievals/{paused}/pause"), "back=list")
        .await;
    done.leads_to("/retrievals");
    let page = alice.get("/retrievals").await;
    page.says(&[
        "Needs you Dogs",
        "Fix",
        "Failing Cars",
        "Try again",
        "No mail from pop.club.example since",
        "Trying again Eels",
        "Try again",
        "Working aunt",
        "alice@club.example → to Inbox",
        "Last good 3 min ago",
        "Check",
        "Copies stay on pop.club.example.",
        "Paused Bees",
        "Resume",
        "Paused by you on",
    ]);
    assert!(
        page.page
            .contains("aria-label=\"Last check: 1 good, 0 failed, 0 messages\"")
    );
}

#[tokio::test]
async fn the_places_of_the_group_are_counted() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    scene.mailbox("Club", &alice).await;
    let everyone = scene.store.group_by_name("Everyone").await.unwrap().id;
    let change = GroupChange {
        limits: Some(Limits {
            retrievals: Some(10),
            ..Limits::default()
        }),
        ..GroupChange::default()
    };
    scene.store.group_change(everyone, change).await.unwrap();
    let page = alice.get("/retrievals").await;
    page.says(&["1 of 10 mailboxes used."]);
}

#[tokio::test]
async fn rows_alone_come_without_a_page_and_are_live_while_something_is_checked() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let club = scene.mailbox("Club", &alice).await;
    scene.stands(club, |_| {}).await;
    let rows = alice.get("/retrievals?rows").await;
    assert!(rows.page.starts_with("<ul"), "{}", rows.page);
    assert!(!rows.page.contains("data-checking"), "{}", rows.page);
    let come = Come {
        run: None,
        stage: RunStage::Bringing,
        stored: 7,
        wanted: 12,
        octets: Octets::ZERO,
        of_octets: Octets::ZERO,
    };
    scene
        .stands(club, |state| state.doing = Some((Activation::Button, come)))
        .await;
    let rows = alice.get("/retrievals?rows").await;
    assert!(rows.page.contains("data-checking"), "{}", rows.page);
    rows.says(&["Checking", "Checking now: 7 of 12 messages."]);
    let page = alice.get("/retrievals").await.page;
    assert!(page.contains("data-rows=\"/retrievals?rows\""), "{page}");
    assert!(
        page.contains("http-equiv=\"refresh\""),
        "for whoever has no script"
    );
}

#[tokio::test]
async fn a_button_starts_a_check_of_that_mailbox_for_that_person() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let club = scene.mailbox("Club", &alice).await;
    for (action, back, place, force) in [
        ("check", "back=list", "/retrievals".into(), Force::No),
        ("check", "", format!("/retrievals/{club}"), Force::No),
        (
            "try-again",
            "back=https://evil.example",
            format!("/retrievals/{club}"),
            Force::TryAgain,
        ),
    ] {
        let got = alice
            .post(&format!("/retrievals/{club}/{action}"), back)
            .await;
        got.leads_to(&place);
        let start = scene.runs.started.lock().unwrap().pop().unwrap();
        assert_eq!(start.what, What::Retrievals(vec![club]));
        assert_eq!(start.activation, Activation::Button);
        assert_eq!(start.by.map(|by| by.account), Some(alice.account));
        assert_eq!(start.force, force, "{action}");
    }
}

#[tokio::test]
async fn a_refused_check_says_why_where_it_was_asked_for() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let club = scene.mailbox("Club", &alice).await;
    *scene.runs.answer.lock().unwrap() = Answer::Refused(Refusal {
        reason: RefusalReason::TooSoon {
            checked: NOW.minus(Duration::from_secs(20)),
        },
        until: Some(NOW.plus(Duration::from_secs(40))),
    });
    let why = "Checked 20 seconds ago. You can check again in 40 seconds.";
    for (back, is_list) in [("back=list", true), ("", false)] {
        let got = alice.post(&format!("/retrievals/{club}/check"), back).await;
        assert_eq!(got.status, StatusCode::CONFLICT);
        got.says(&[why]);
        assert_eq!(got.text().contains("Other mailboxes"), is_list);
    }
}

#[tokio::test]
async fn the_banner_of_a_trouble_is_put_off_until_there_is_another_one() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let club = scene.mailbox("Club", &alice).await;
    for minutes in [40, 20] {
        scene
            .run(club, minutes, failed(ErrorCode::AuthAppPassword))
            .await;
    }
    let refused = |state: &mut State| {
        let mut row = (*state.row).clone();
        row.schedule.setback = Some(Setback::SignInRefused);
        row.said_auth = true;
        state.row = Arc::new(row);
    };
    scene.stands(club, refused).await;
    let page = alice.get("/").await;
    page.says(&[
        "Mail from alice@club.example has not arrived",
        "Fix it",
        "Not now",
    ]);
    let trouble = page.page.split("name=\"trouble\" value=\"").nth(1).unwrap();
    let trouble = trouble.split('"').next().unwrap();
    let form = format!("trouble={trouble}&to=//evil.example");
    alice.post("/not-now", &form).await.leads_to("/");
    let later = alice.remembering(&format!("inhaul-not-now={trouble}"));
    assert!(!later.get("/").await.text().contains("has not arrived"));
    later.get("/").await.says(&["Retrievals 1 needs you"]);
    let other = alice.remembering(&format!("inhaul-not-now={club}.17"));
    other.get("/").await.says(&["has not arrived"]);
}
