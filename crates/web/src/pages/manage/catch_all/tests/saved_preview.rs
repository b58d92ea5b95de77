//! The preview of a catch-all that exists: what the server is asked, and when it is not.

use std::time::Duration;

use axum::http::StatusCode;
use inhaul_store::{Remote, RetrievalChange, Store as _};
use inhaul_types::{Card, ErrorCode, Facts};

use super::house::House;
use super::saved::{bring, count, firm};

const LOOK: [(&str, &str); 2] = [("do", "look"), ("newest", "20")];

#[tokio::test]
async fn nobody_is_asked_before_a_button_is_pressed() {
    let house = House::new().await;
    let id = firm(&house, "unclaimed", &[]).await;
    house
        .provider
        .has(&["alice@firm.example", "infos@firm.example"]);
    let browser = house.browser("root").await;
    let path = format!("/manage/retrievals/{id}/preview");
    let page = browser.get(&path).await;
    assert!(page.says("It brings nothing and deletes nothing."));
    assert!(house.provider.looks().is_empty());
    assert!(house.audit().await.is_empty());

    let page = browser.post(&path, &LOOK).await;
    for words in [
        "These 2 messages would go to:",
        "1 to their person, 1 to the fallback account. Nothing was stored, nothing was deleted. \
         Only headers were read, ",
        "Letter 0 alice@firm.example alice / Inbox",
        "Letter 1 infos@firm.example unclaimed / Inbox no rule",
        "1 has no rule",
        "infos@firm.example (1) goes to",
    ] {
        assert!(page.says(words), "{words}: {}", page.words());
    }
    assert_eq!(house.provider.looks(), [20]);
    assert_eq!(
        house.audit().await,
        ["looked at the headers of 2 messages of firm.example"]
    );
    for account in ["alice", "unclaimed"] {
        assert_eq!(count(&house, account, "INBOX").await, 0);
    }
    // Looked at again, more of them; a number that is not offered is the least.
    for (typed, asked) in [("200", 200), ("7", 20)] {
        browser
            .post(&path, &[("do", "look"), ("newest", typed)])
            .await;
        assert_eq!(house.provider.looks().last(), Some(&asked), "{typed}");
    }
}

#[tokio::test]
async fn a_rule_sorts_the_same_headers_again() {
    let house = House::new().await;
    let id = firm(&house, "unclaimed", &[]).await;
    house.provider.has(&[
        "infos@firm.example",
        "infos@firm.example",
        "shop@firm.example",
    ]);
    bring(&house, id, 1, "infos@firm.example").await;
    let browser = house.browser("root").await;
    let path = format!("/manage/retrievals/{id}/preview");
    browser.post(&path, &LOOK).await;
    let wrong = [
        ("address", "infos@firm.example"),
        ("to", "bob"),
        ("do", "move"),
    ];
    let refused = browser.post(&path, &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.errors(), ["There is no account bob."]);
    assert_eq!(refused.text.matches("value=\"bob\"").count(), 1);

    let rule = [
        ("address", "infos@firm.example"),
        ("to", "petr / Info"),
        ("do", "move"),
    ];
    let page = browser.post(&path, &rule).await;
    assert!(
        page.says("The rule is there, and 1 message moved."),
        "{}",
        page.words()
    );
    assert!(page.says("2 to their person, 1 to the fallback account."));
    assert_eq!(count(&house, "petr", "Info").await, 1);
    // So does one of the page of rules, and taking it away.
    let rules = format!("/manage/retrievals/{id}/rules");
    let add = [
        ("address", "*@firm.example"),
        ("to", "alice"),
        ("do", "add"),
    ];
    browser.post(&rules, &add).await;
    assert!(browser.get(&path).await.says("3 to their person."));
    browser.post(&rules, &[("do", "remove-2")]).await;
    assert!(browser.get(&path).await.says("2 to their person, 1 to the"));
    assert_eq!(house.provider.looks(), [20], "asked once");
}

#[tokio::test]
async fn headers_are_kept_for_an_hour_and_for_their_maildrop() {
    let house = House::new().await;
    let id = firm(&house, "unclaimed", &[]).await;
    house.provider.has(&["alice@firm.example"]);
    let browser = house.browser("root").await;
    let path = format!("/manage/retrievals/{id}/preview");
    browser.post(&path, &LOOK).await;
    house.clock.advance(Duration::from_secs(3599));
    assert!(browser.get(&path).await.says("This 1 message would go to:"));
    house.clock.advance(Duration::from_secs(1));
    assert!(!browser.get(&path).await.says("would go to:"));

    browser.post(&path, &LOOK).await;
    assert!(browser.get(&path).await.says("would go to:"));
    let before = house.store.retrieval_by_id(id).await.unwrap();
    let change = RetrievalChange {
        remote: Some(Remote {
            user: "another".into(),
            ..before.remote
        }),
        ..RetrievalChange::default()
    };
    house.store.retrieval_change(id, change).await.unwrap();
    assert!(!browser.get(&path).await.says("would go to:"));
}

#[tokio::test]
async fn a_server_that_shows_none_is_told_on_a_card() {
    let house = House::new().await;
    let id = firm(&house, "unclaimed", &[]).await;
    let card = Card::of(ErrorCode::NoAnswer, &Facts::default());
    *house.provider.mailboxes.no_headers.lock().unwrap() = Some(card.clone());
    let browser = house.browser("root").await;
    let path = format!("/manage/retrievals/{id}/preview");
    let page = browser.post(&path, &LOOK).await;
    assert!(page.says(&card.title), "{}", page.words());
    assert!(page.says("Look again"));
    assert!(house.audit().await.is_empty(), "nothing was looked at");
    house.provider.mailboxes.no_headers.lock().unwrap().take();
    let page = browser.post(&path, &LOOK).await;
    assert!(page.says("There is no message to look at."));
}

#[tokio::test]
async fn people_and_other_retrievals_have_no_preview() {
    let house = House::new().await;
    let id = firm(&house, "unclaimed", &[]).await;
    for page in ["preview", "sharing"] {
        let path = format!("/manage/retrievals/{id}/{page}");
        for name in ["alice", "unclaimed"] {
            let browser = house.browser(name).await;
            assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
            let posted = browser.post(&path, &LOOK).await;
            assert_eq!(posted.status, StatusCode::NOT_FOUND, "{name}");
        }
        let root = house.browser("root").await;
        let path = format!("/manage/retrievals/99/{page}");
        assert_eq!(root.get(&path).await.status, StatusCode::NOT_FOUND);
    }
    assert!(house.provider.looks().is_empty());
}
