//! Searches as a browser meets them, over a real store.

use std::time::Duration;

use inhaul_domain::{LedgerState, LeftOutReason, Retention};
use inhaul_store::*;
use inhaul_types::{Activation, Digest, Fingerprint, Octets, RetrievalId, RunId, UniqueId};

use crate::pages::retrievals::tests::scene::{Browser, NOW, Scene, new_retrieval};

/// Brings one message, minutes ago.
async fn bring(scene: &Scene, id: RetrievalId, minutes_ago: u64, subject: &str) -> RunId {
    let row = scene.row(id).await;
    let started = NOW.minus(Duration::from_secs(minutes_ago * 60));
    let run = NewRun {
        retrieval: id,
        activation: Activation::Schedule,
        started,
        started_by: None,
    };
    let run = scene.store.run_begin(run).await.unwrap();
    let octets = subject.as_bytes().to_vec();
    let mut digest = [0; 32];
    digest[..octets.len().min(32)].copy_from_slice(&octets[..octets.len().min(32)]);
    let delivery = Delivery {
        body: Body::Memory(octets),
        digest: Digest::new(digest),
        header_size: Octets::ZERO,
        summary: Summary {
            from: "Jana Novak <jana@example.org>".into(),
            subject: subject.into(),
            date: Some(started),
            message_id: Some("minutes-1@example.org".into()),
            has_attachment: false,
        },
        placements: vec![Placement {
            folder: row.folder,
            why: String::new(),
            recipients: Vec::new(),
        }],
        internal_date: started,
        fingerprint: Fingerprint::new([0; 32]),
        unique_id: UniqueId::parse(b"uid-411").ok(),
        listed_size: None,
        state: LedgerState::Stored,
        if_held: IfHeld::Store,
        identity: None,
        unclaimed: Vec::new(),
    };
    let batch = Batch {
        run,
        retrieval: id,
        maildrop: row.maildrop,
        fallback: None,
        deliveries: vec![delivery],
    };
    scene.store.commit_batch(batch).await.unwrap();
    run
}

async fn mailbox(scene: &Scene, owner: &Browser, retention: Retention) -> RetrievalId {
    let new = NewRetrieval {
        retention,
        ..new_retrieval("Club", owner.account)
    };
    scene.store.retrieval_create(new).await.unwrap()
}

#[tokio::test]
async fn a_message_is_followed_from_its_server_to_its_folder() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let club = mailbox(&scene, &alice, Retention::DeleteAfter { days: 14 }).await;
    let run = bring(&scene, club, 3, "Minutes of the meeting").await;
    let page = alice.get("/where?words=jana+minutes&days=365").await;
    page.says(&[
        "Where is my message?",
        "1 found",
        "Minutes of the meeting",
        "Jana Novak &#60;jana@example.org&#62;",
        "seen on pop.club.example as uid-411",
        "stored, checked, readable",
        "Inbox",
        "the copy on pop.club.example will be deleted",
        "Show the conversation",
    ]);
    let link = format!("/retrievals/{club}/runs/{run}\"");
    assert_eq!(page.page.matches(&link).count(), 2, "{}", page.page);
    // As it stands in a message, brackets and all.
    let pasted = alice.get("/where?words=%3Cminutes-1%40example.org%3E&days=365");
    pasted.await.says(&["1 found"]);
}

/// A message of 72 MB stays there.
async fn leave(scene: &Scene, id: RetrievalId) {
    let leave = LedgerChange::Leave {
        unique_id: UniqueId::parse(b"uid-412").ok(),
        listed_size: Some(Octets::new(72_000_000)),
        reason: LeftOutReason::TooLarge,
        detail: "larger than 50 MB".into(),
    };
    let maildrop = scene.row(id).await.maildrop;
    let left = scene.store.ledger_apply(maildrop, vec![leave]).await;
    left.unwrap();
}

#[tokio::test]
async fn what_was_left_there_is_brought_once_by_whoever_may_change_the_mailbox() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    let club = mailbox(&scene, &alice, Retention::Keep).await;
    leave(&scene, club).await;
    let search = "/where?words=uid-412&days=30";
    let page = alice.get(search).await;
    page.says(&["left there: larger than 50 MB", "Bring it once"]);
    let action = format!("/retrievals/{club}/bring");
    assert!(page.page.contains(&action), "{}", page.page);
    let number = page.page.split("name=\"number\" value=\"").nth(1).unwrap();
    let number = number.split('"').next().unwrap();
    let form = format!("number={number}&words=uid-412&days=30");
    assert_eq!(bob.post(&action, &form).await.status, 404);
    assert!(scene.runs.started.lock().unwrap().is_empty());
    alice.post(&action, &form).await.leads_to(search);
    assert_eq!(
        scene.runs.started.lock().unwrap().len(),
        1,
        "a run brings it"
    );
    let page = alice.get(search).await;
    page.says(&["ordered, comes with the next check"]);
    assert!(!page.text().contains("Bring it once"), "{}", page.page);
    let form = "number=4711&words=uid-412&days=30";
    assert_eq!(alice.post(&action, form).await.status, 404);
}

#[tokio::test]
async fn the_folder_where_it_is_can_be_opened() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let petra = scene.administrator("petra").await;
    let club = mailbox(&scene, &alice, Retention::Keep).await;
    bring(&scene, club, 3, "Minutes").await;
    let link = "<strong><a href=\"/\">Inbox</a></strong>";
    let page = alice.get("/where?words=minutes").await.page;
    assert!(page.contains(link), "{page}");
    let page = petra.get("/where?words=minutes&all=1").await.page;
    assert!(page.contains("<strong>alice / Inbox</strong>"), "{page}");
}

#[tokio::test]
async fn what_was_left_there_says_why() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let club = mailbox(&scene, &alice, Retention::Keep).await;
    leave(&scene, club).await;
    alice.get("/where?words=uid-412").await.says(&[
        "1 found",
        "No subject known",
        "72.0 MB",
        "seen on pop.club.example as uid-412",
        "left there: larger than 50 MB",
    ]);
}

#[tokio::test]
async fn nothing_found_says_where_else_it_may_be() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    mailbox(&scene, &alice, Retention::Keep).await;
    let page = alice.get("/where").await;
    assert!(
        !page.text().contains("No remote server"),
        "nothing is asked yet"
    );
    alice.get("/where?words=nothing&days=30").await.says(&[
        "No remote server listed a message like that in the last 30 days. If the sender says it was \
         sent, it may be in the Junk folder of pop.club.example: POP3 shows only its Inbox.",
    ]);
}

#[tokio::test]
async fn nobody_finds_what_is_somebody_elses_and_a_manager_finds_it_without_its_subject() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    let petra = scene.administrator("petra").await;
    let club = mailbox(&scene, &alice, Retention::Keep).await;
    let run = bring(&scene, club, 3, "Secret minutes").await;
    for (browser, path) in [
        (&bob, "/where?words=minutes&days=365"),
        (&bob, "/where?words=minutes&days=365&all=1"),
        (&petra, "/where?words=minutes&days=365"),
    ] {
        let page = browser.get(path).await;
        page.says(&["No remote server listed a message like that"]);
        assert!(
            !page.page.contains("pop.club.example"),
            "{path}: {}",
            page.page
        );
    }
    let page = petra.get("/where?words=minutes&days=365&all=1").await;
    page.says(&[
        "1 found",
        "Subject not shown",
        "alice / Inbox",
        "stays there",
    ]);
    assert!(!page.page.contains("Secret"), "{}", page.page);
    let link = format!("/manage/retrievals/{club}/runs/{run}");
    assert!(page.page.contains(&link), "{}", page.page);
}

#[tokio::test]
async fn subjects_and_words_are_text() {
    let scene = Scene::new().await;
    let alice = scene.person("alice").await;
    let club = mailbox(&scene, &alice, Retention::Keep).await;
    bring(&scene, club, 3, "<script>alert(1)</script>").await;
    let path = "/where?words=%22%3E%3Cscript%3Ealert&days=365";
    assert!(!alice.get(path).await.page.contains("<script>alert"));
    let page = alice.get("/where?words=alert&days=365").await.page;
    assert!(
        page.contains("alert(1)") && !page.contains("<script>alert"),
        "{page}"
    );
}
