//! The pages of one retrieval.

use std::time::Duration;

use inhaul_store::{LedgerChange, NewRetrieval, RunNote, Store as _, Written};
use inhaul_types::{Card, ErrorCode, Facts};

use super::scene::{End, NOW, Scene, new_retrieval};
use crate::testing::failure;

#[tokio::test]
async fn a_page_shows_state_runs_conversation_and_facts() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let club = scene.mailbox("Club", &alice).await;
    let note = RunNote {
        code: ErrorCode::TooLarge,
        messages: 1,
    };
    let end = End {
        stored: 12,
        conversation: "S: +OK ready\nC: USER alice@club.example\nC: PASS ********\n",
        notes: vec![note],
        ..End::default()
    };
    let run = scene.run(club, 3, end).await;
    scene.stands(club, |_| {}).await;
    let page = alice.get(&format!("/retrievals/{club}")).await;
    page.says(&[
        "Club",
        "Working. Last good check 2 min ago. Next in 3 min .",
        "alice@club.example",
        "Inbox",
        "Check now",
        "Test",
        "Edit",
        "Pause",
        "24 hours",
        "7 days",
        "30 days",
        "1 good, 0 failed, 12 messages",
        "schedule",
        "good",
        "1 message stays on pop.club.example: larger than the limit (too-large)",
        "12",
        "9.6 MB",
        "8.2 s",
        "Conversation with pop.club.example",
        "C: PASS ********",
        "pop.club.example:995, TLS",
        "Copies stay on pop.club.example.",
        "Every 10 min",
        "Why this time?",
        "Every 10 min, as set.",
    ]);
    assert!(
        page.page
            .contains(&format!("/retrievals/{club}/runs/{run}"))
    );
    assert!(
        page.page.contains("?range=24h\" aria-current=\"page\""),
        "{}",
        page.page
    );
}

#[tokio::test]
async fn a_failing_mailbox_has_its_card_with_its_buttons() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let club = scene.mailbox("Club", &alice).await;
    for minutes in [40, 20] {
        let end = End {
            code: Some(ErrorCode::AuthRefused),
            said: Some("-ERR wrong"),
            ..End::default()
        };
        scene.run(club, minutes, end).await;
    }
    let page = alice.get(&format!("/retrievals/{club}")).await;
    page.says(&[
        "pop.club.example refuses the password",
        "auth-refused",
        "What to do",
        "Enter the password here again.",
        "Enter password",
        "Try again",
        "-ERR wrong",
        "0 good, 2 failed",
        "auth-refused",
    ]);
    assert!(!page.page.contains("inhaul retrieval set"), "{}", page.page);
    assert!(
        page.page
            .contains(&format!("/retrievals/{club}/edit#password"))
    );
}

#[tokio::test]
async fn runs_come_fifty_at_a_time() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let club = scene.mailbox("Club", &alice).await;
    let mut runs = Vec::new();
    for minutes in (1..=53).rev() {
        let end = End {
            stored: 1,
            ..End::default()
        };
        runs.push(scene.run(club, minutes, end).await);
    }
    let first = alice.get(&format!("/retrievals/{club}")).await.page;
    let link = |run| format!("/retrievals/{club}/runs/{run}\"");
    assert!(first.contains(&link(runs[52])) && first.contains(&link(runs[3])));
    assert!(!first.contains(&link(runs[2])), "{first}");
    let older = format!("before={}#runs", runs[3]);
    assert!(
        first.contains(&older) && first.contains("Show 50 more"),
        "{first}"
    );
    let second = alice
        .get(&format!("/retrievals/{club}?before={}", runs[3]))
        .await
        .page;
    assert!(second.contains(&link(runs[2])) && second.contains(&link(runs[0])));
    assert!(!second.contains(&link(runs[3])) && !second.contains("Show 50 more"));
}

#[tokio::test]
async fn a_conversation_is_copied_with_or_without_addresses() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let club = scene.mailbox("Club", &alice).await;
    let end = End {
        conversation: "C: USER alice@club.example\nC: PASS ********\n",
        ..End::default()
    };
    let run = scene.run(club, 3, end).await;
    let path = format!("/retrievals/{club}/runs/{run}");
    let page = alice.get(&path).await;
    page.says(&[
        "Copy as text",
        "Mask addresses",
        "C: USER alice@club.example",
    ]);
    let masked = alice.get(&format!("{path}?mask=1")).await;
    masked.says(&[
        "Show addresses",
        "pop.club.example:995 run",
        "C: USER ****@club.example",
    ]);
    assert!(!masked.page.contains("alice@club"), "{}", masked.page);
}

#[tokio::test]
async fn removing_asks_first_and_says_what_stays() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let club = scene.mailbox("Old ISP", &alice).await;
    let path = format!("/retrievals/{club}/remove");
    let page = alice.get(&path).await;
    page.says(&[
        "Remove “Old ISP”?",
        "inhaul stops checking alice@club.example and forgets its password.",
        "No message of it is here.",
        "Nothing changes on pop.club.example.",
        "If you add it again later, messages already here are recognised and not brought twice.",
        "Keep",
        "Remove",
    ]);
    assert!(
        scene.store.retrieval_by_id(club).await.is_ok(),
        "only asked"
    );
    alice.post(&path, "").await.leads_to("/retrievals");
    assert!(scene.store.retrieval_by_id(club).await.is_err());
}

#[tokio::test]
async fn pausing_and_resuming_say_who_did_it() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let club = scene.mailbox("Club", &alice).await;
    let page = format!("/retrievals/{club}");
    alice
        .post(&format!("{page}/pause"), "")
        .await
        .leads_to(&page);
    alice
        .get(&page)
        .await
        .says(&["Paused.", "Paused by you on", "Resume"]);
    alice
        .post(&format!("{page}/resume"), "")
        .await
        .leads_to(&page);
    alice.get(&page).await.says(&["New.", "Pause"]);
}

#[tokio::test]
async fn what_a_file_says_is_not_changed_here() {
    let scene = Scene::new().await;
    let petra = scene.administrator("petra").await;
    let new = NewRetrieval {
        written_at: Some(Written {
            at: "/etc/inhaul/inhaul.toml:12".into(),
            paused: false,
        }),
        ..new_retrieval("Club", petra.account)
    };
    let club = scene.store.retrieval_create(new).await.unwrap();
    let page = petra.get(&format!("/retrievals/{club}")).await.page;
    assert!(page.contains("/etc/inhaul/inhaul.toml, line 12"), "{page}");
    assert!(page.contains("/pause") && !page.contains("/edit"), "{page}");
    let got = petra.post(&format!("/retrievals/{club}/remove"), "").await;
    assert_eq!(got.status, 409);
    got.says(&["This is set in /etc/inhaul/inhaul.toml, line 12."]);
}

#[tokio::test]
async fn a_held_deletion_is_told_and_can_be_let_go_on() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let club = scene.mailbox("Club", &alice).await;
    let until = NOW.plus(Duration::from_secs(20 * 3600));
    let maildrop = scene.row(club).await.maildrop;
    let hold = LedgerChange::HoldRelinkedDeletion(Some(until));
    scene
        .store
        .ledger_apply(maildrop, vec![hold])
        .await
        .unwrap();
    let page = format!("/retrievals/{club}");
    let words = "Deletion of the messages we recognised waits until";
    alice.get(&page).await.says(&[words, "15 March"]);
    alice
        .post(&format!("{page}/let-delete"), "")
        .await
        .leads_to(&page);
    assert!(!alice.get(&page).await.text().contains(words));
    let held = scene.row(club).await.relinked_deletion_held_until;
    assert_eq!(held, Some(NOW), "over, and not forgotten");
}

#[tokio::test]
async fn a_test_shows_its_stages_and_ends_in_a_card_where_it_fails() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let club = scene.mailbox("Club", &alice).await;
    let path = format!("/retrievals/{club}/test");
    alice.post(&path, "").await.says(&[
        "Find the server pop.club.example is 203.0.113.20 12 ms",
        "Connect port 995",
        "Look inside 412 messages, 1.3 GB",
        "This mailbox works. Nothing was brought or changed.",
    ]);
    let facts = Facts {
        server: Some("pop.club.example".into()),
        ..Facts::default()
    };
    let card = Card::of(ErrorCode::AuthRefused, &facts);
    scene.runs.will_test(Err(failure(card)));
    let page = alice.post(&path, "").await;
    page.says(&[
        "Connect port 995",
        "pop.club.example refuses the password",
        "Test again",
    ]);
    assert!(!page.page.contains("This mailbox works"), "{}", page.page);
}

#[tokio::test]
async fn what_was_said_last_is_told_to_a_page_that_follows_and_nobody_else_hears_it() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    let club = scene.mailbox("Club", &alice).await;
    let path = format!("/retrievals/{club}/said");
    assert_eq!(alice.get(&path).await.page, "null");
    let end = End {
        conversation: "C: PASS ********\n",
        ..End::default()
    };
    let run = scene.run(club, 3, end).await;
    let said = format!(r#"{{"goes_on":false,"run":{run},"text":"C: PASS ********\n"}}"#);
    assert_eq!(alice.get(&path).await.page, said);
    assert_eq!(bob.get(&path).await.status, 404);
}
