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
async fn a_search_is_refused_with_words_and_so_is_an_unknown_folder() {
    let house = House::new().await;
    for (query, field) in [
        ("q=invoice", "q"),
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
