//! The page of large messages as a browser without script meets it.

use inhaul_store::{AccountChange, LARGE, Limits, LocalMessage, Store as _, Summary};
use inhaul_types::{AccountId, MessageId, Octets};

use crate::testing::House;

async fn deliver(house: &House, account: AccountId, subject: &str, octets: usize) -> MessageId {
    let message = LocalMessage {
        account,
        folder: "INBOX".into(),
        octets: vec![b'x'; octets],
        summary: Summary {
            from: "Jana <jana@work.example>".into(),
            subject: subject.into(),
            ..Summary::default()
        },
        at: house.clock.now(),
        settles: None,
    };
    house.store.records().deliver_local(message).await.unwrap()
}

/// Where these words are in a page, in this order.
fn in_order(page: &str, words: &[&str]) {
    let mut rest = page;
    for word in words {
        let Some((_, behind)) = rest.split_once(word) else {
            panic!("{word} is not behind the others in {page}");
        };
        rest = behind;
    }
}

#[tokio::test]
async fn the_largest_are_first_and_go_when_they_are_chosen() {
    let house = House::new().await;
    let alice = house.named("alice").await.id;
    let browser = house.visitor("alice").await;
    let page = browser.get("/mail/large").await.text;
    in_order(&page, &["0 B used.", "No message has 100 KB or more."]);
    let large = usize::try_from(LARGE.count()).unwrap();
    let small = deliver(&house, alice, "Small", large - 1).await;
    let one = deliver(&house, alice, "One", large).await;
    let two = deliver(&house, alice, "<Two>", 3 * large).await;
    let bobs = deliver(&house, house.named("bob").await.id, "Bob's", 9 * large).await;
    let change = AccountChange {
        limits: Some(Limits {
            mailbox: Some(Octets::new(5_000_000_000)),
            ..Limits::default()
        }),
        ..AccountChange::default()
    };
    house.store.account_change(alice, change).await.unwrap();
    let page = browser.get("/mail/large").await.text;
    in_order(
        &page,
        &[
            "500.0 KB of 5.0 GB used",
            "name=\"to\" value=\"/mail/large\"",
            &format!("name=\"message\" value=\"{two}\""),
            "300.0 KB",
            &format!("name=\"message\" value=\"{one}\""),
            "Jana &#60;jana@work.example&#62;",
            "in Inbox",
        ],
    );
    assert!(!page.contains("<Two>"), "{page}");
    for other in [small, bobs] {
        assert!(!page.contains(&format!("/message/{other}\"")), "{page}");
    }
    let id = two.to_string();
    let delete = [("do", "delete"), ("message", &*id), ("to", "/mail/large")];
    for (behind, words) in [
        ("/mail/large", "in Trash: goes for good"),
        ("/mail/large", "in Inbox"),
    ] {
        let shown = browser.post("/mail/act", &delete).await;
        assert_eq!(shown.path, behind);
        in_order(&shown.text, &[words]);
    }
    assert!(house.store.message_by_id(two).await.is_err());
    assert!(house.store.message_by_id(one).await.is_ok());
}

#[tokio::test]
async fn many_are_on_pages() {
    let house = House::new().await;
    let alice = house.named("alice").await.id;
    let large = usize::try_from(LARGE.count()).unwrap();
    for n in 0..51 {
        deliver(&house, alice, &format!("Message {n}."), large + n / 2).await;
    }
    let browser = house.visitor("alice").await;
    let first = browser.get("/mail/large").await.text;
    in_order(&first, &["Message 50.", "Message 49.", "Message 1."]);
    assert!(!first.contains("Message 0."));
    let (_, next) = first.split_once("rel=\"next\" href=\"").unwrap();
    let (next, _) = next.split_once('"').unwrap();
    let second = browser.get(next).await.text;
    in_order(&second, &["Message 0.", "‹ Largest"]);
    assert!(!second.contains("Message 1."));
    let none = browser.get("/mail/large?before=100000.1").await.text;
    in_order(&none, &["No smaller messages of 100 KB or more."]);
    let nonsense = browser.get("/mail/large?before=x").await.text;
    in_order(&nonsense, &["Message 50."]);
}
