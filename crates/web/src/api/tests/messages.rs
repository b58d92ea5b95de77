//! Mail by the API.

use std::time::Duration;

use serde_json::Value;

use super::house::House;

#[tokio::test]
async fn the_raw_message_is_octet_for_octet_what_was_received() {
    let house = House::new().await;
    let club = house.retrieval(&house.alice, "Club").await;
    // Bare line ends, octets that are no UTF-8, and more than one piece of the store.
    let mut octets = b"Subject: \xff\xfe\r\nX: y\n\r\n.\r\n\0\r".to_vec();
    octets.extend((0..700_000_u32).map(|number| number.to_le_bytes()[0]));
    let (_, message) = house.run(club, &octets).await;
    let line = format!("GET /messages/{message}/raw");
    let answer = house.ask(&house.alice, &line, "").await;
    assert_eq!(answer.status.as_u16(), 200);
    assert!(answer.octets == octets, "{} octets", answer.octets.len());
    for (name, value) in [
        ("content-type", "message/rfc822"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cache-control", "no-store"),
        ("content-length", &octets.len().to_string()),
        (
            "content-disposition",
            &format!("attachment; filename=\"message-{message}.eml\""),
        ),
    ] {
        assert_eq!(answer.headers[name], value, "{name}");
    }
}

#[tokio::test]
async fn messages_come_page_by_page_the_newest_first() {
    let house = House::new().await;
    let club = house.retrieval(&house.alice, "Club").await;
    let mut brought = Vec::new();
    for number in 0..5 {
        // Two come in the same moment.
        house.wait(Duration::from_secs(number / 2));
        let (_, message) = house
            .run(club, format!("N: {number}\r\n\r\n").as_bytes())
            .await;
        brought.insert(0, message.row());
    }
    let (mut seen, mut before) = (Vec::new(), String::new());
    loop {
        let line = format!("GET /messages?folder=inbox&limit=2{before}");
        let page = house.ask(&house.alice, &line, "").await.is(200);
        let messages = page["messages"].as_array().unwrap();
        seen.extend(
            messages
                .iter()
                .map(|message| message["id"].as_i64().unwrap()),
        );
        match &page["next"] {
            Value::String(next) => before = format!("&before={next}"),
            _ => break,
        }
    }
    assert_eq!(seen, brought);
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_words() {
    let house = House::new().await;
    for (query, field) in [
        ("q=before:soon", "q"),
        ("q=in:nowhere", "q"),
        ("q=x&folder=Nothing", "folder"),
        ("folder=Nothing", "folder"),
        ("before=yesterday", "before"),
        ("limit=many", "limit"),
        ("seen=true", "seen"),
    ] {
        let answer = house
            .ask(&house.alice, &format!("GET /messages?{query}"), "")
            .await;
        answer.refuses(422, "not-understood", Some(field));
    }
}

#[tokio::test]
async fn a_search_finds_what_is_theirs_page_by_page() {
    let house = House::new().await;
    let club = house.retrieval(&house.alice, "Club").await;
    let mut brought = Vec::new();
    for number in 0..5 {
        house.wait(Duration::from_secs(60));
        let octets = format!("Subject: letter {number}\r\n\r\nAbout the M\u{f6}bius strip.\r\n");
        brought.insert(0, house.run(club, octets.as_bytes()).await.1.row());
    }
    let ids = |page: &Value| -> Vec<i64> {
        let messages = page["messages"].as_array().unwrap().iter();
        messages
            .map(|message| message["id"].as_i64().unwrap())
            .collect()
    };
    let mut seen = Vec::new();
    let mut line = "GET /messages?q=m%C3%96BIUS%20is:unread&limit=2".to_owned();
    loop {
        let page = house.ask(&house.alice, &line, "").await.is(200);
        seen.extend(ids(&page));
        assert_eq!(page.get("searched_back_to"), None);
        match &page["next"] {
            Value::String(next) => {
                line = format!("GET /messages?q=m%C3%B6bius&limit=2&before={next}")
            }
            _ => break,
        }
    }
    assert_eq!(seen, brought);
    let line = "GET /messages?q=m%C3%B6bius%20-%22letter%203%22&folder=INBOX";
    let page = house.ask(&house.alice, line, "").await.is(200);
    assert_eq!(ids(&page).len(), 4);
    let page = house
        .ask(&house.bob, "GET /messages?q=m%C3%B6bius", "")
        .await
        .is(200);
    assert_eq!(ids(&page), [0; 0]);
}

#[tokio::test]
async fn messages_are_marked_and_moved_and_anothers_are_not() {
    let house = House::new().await;
    let club = house.retrieval(&house.alice, "Club").await;
    let (_, first) = house.run(club, b"Subject: one\r\n\r\n").await;
    let (_, second) = house.run(club, b"Subject: two\r\n\r\n").await;
    let change = async |who, sent: &str| house.ask(who, "PATCH /messages", sent).await;
    let both = format!("{{\"ids\":[{first},{second},999],\"unread\":false,\"starred\":true}}");
    let changed = change(&house.alice, &both).await.is(200);
    assert_eq!(
        changed["changed"],
        serde_json::json!([first.row(), second.row()])
    );
    let line = format!("GET /messages/{first}");
    let message = house.ask(&house.alice, &line, "").await.is(200);
    assert_eq!(
        (&message["unread"], &message["starred"]),
        (&false.into(), &true.into())
    );
    let again = change(&house.alice, &both).await.is(200);
    assert_eq!(again["changed"], serde_json::json!([]));
    let theirs = change(&house.bob, &both).await.is(200);
    assert_eq!(theirs["changed"], serde_json::json!([]));
    // Nothing is done where something is wrong.
    let nowhere = format!("{{\"ids\":[{first}],\"unread\":true,\"folder\":\"Nowhere\"}}");
    change(&house.alice, &nowhere)
        .await
        .refuses(422, "not-understood", Some("folder"));
    let message = house.ask(&house.alice, &line, "").await.is(200);
    assert_eq!(message["unread"], false);
    let many = format!("{{\"ids\":{:?}}}", vec![1; 501]);
    change(&house.alice, &many)
        .await
        .refuses(422, "not-understood", Some("ids"));
    let to = format!("{{\"ids\":[{second}],\"folder\":\"inbox\"}}");
    change(&house.alice, &to).await.is(200);
    let message = house
        .ask(&house.alice, &format!("GET /messages/{second}"), "")
        .await
        .is(200);
    assert_eq!(message["folder"], "INBOX");
}
