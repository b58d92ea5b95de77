//! The server's log.

use axum::http::StatusCode;

use super::house::House;

#[tokio::test]
async fn lines_are_shown_newest_first_with_their_links_and_escaped() {
    let house = House::new().await;
    let club = house.retrieval("Club", "pop.club.example").await;
    let page = house.browser("root").await.page("/manage/log").await;
    assert!(page.find("odd").unwrap() < page.find("run finished").unwrap());
    assert!(!page.contains("<b>odd"), "{page}");
    assert!(
        page.contains(&format!("href=\"/manage/retrievals/{club}\">Club<")),
        "{page}"
    );
    assert!(page.contains(&format!("href=\"/manage/retrievals/{club}/runs/4711\">")));
}

#[tokio::test]
async fn filters_are_in_the_address_and_in_what_is_saved() {
    let house = House::new().await;
    let root = house.browser("root").await;
    for (query, finished, odd) in [
        ("", true, true),
        ("level=warn", false, true),
        ("find=run%3A4711", true, false),
        ("retrieval=Club", true, false),
        ("find=nothing", false, false),
    ] {
        let page = root.page(&format!("/manage/log?{query}")).await;
        let text = root.get(&format!("/manage/log.txt?{query}")).await.text;
        let json = root.get(&format!("/manage/log.jsonl?{query}")).await.text;
        for told in [&page, &text, &json] {
            assert_eq!(told.contains("run finished"), finished, "{query}: {told}");
            assert_eq!(told.contains("odd"), odd, "{query}: {told}");
        }
    }
    let saved = root.get("/manage/log.txt").await;
    assert_eq!(saved.kind, "text/plain; charset=utf-8");
    assert_eq!(saved.file, "attachment; filename=\"inhaul-log.txt\"");
    assert_eq!(saved.text.lines().count(), 2);
}

#[tokio::test]
async fn the_log_is_followed_from_the_line_behind_the_last() {
    let house = House::new().await;
    let root = house.browser("root").await;
    let stream = root.get("/manage/log/follow?after=7").await;
    assert_eq!(stream.status, StatusCode::OK);
    assert_eq!(stream.kind, "text/event-stream; charset=utf-8");
    let events: Vec<_> = stream.text.split("\n\n").collect();
    let begins = [
        ": connected",
        "event: hello\ndata: {}",
        "event: missed\ndata: 3",
    ];
    assert_eq!(events[..3], begins);
    let (head, data) = events[3].split_once("\ndata: ").unwrap();
    assert_eq!(head, "id: 8\nevent: line");
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    assert!(data["html"].as_str().unwrap().starts_with("<tr "), "{data}");
}

#[tokio::test]
async fn whoever_cannot_follow_asks_for_what_is_behind_the_last_line() {
    let house = House::new().await;
    let root = house.browser("root").await;
    let asked = async |query: &str| {
        let answered = root.get(&format!("/manage/log/news?{query}")).await;
        assert_eq!(answered.status, StatusCode::OK);
        let news: serde_json::Value = serde_json::from_str(&answered.text).unwrap();
        let lines = news["lines"].as_array().unwrap().len();
        (lines, news)
    };
    let (lines, all) = asked("").await;
    assert_eq!(lines, 2);
    assert!(
        all["lines"][0].as_str().unwrap().starts_with("<tr "),
        "{all}"
    );
    let last = all["last"].as_u64().unwrap();
    let (lines, none) = asked(&format!("after={last}")).await;
    assert_eq!((lines, &none["last"]), (0, &all["last"]));
    let (lines, newest) = asked(&format!("after={}", last - 1)).await;
    assert_eq!((lines, &newest["missed"]), (1, &serde_json::json!(false)));
    let (lines, _) = asked("find=run%3A4711").await;
    assert_eq!(lines, 1, "the filter is the page's");
}
