//! Lists and folders as a browser without script meets them.

use inhaul_store::Store as _;
use inhaul_types::MessageId;

use super::list::name_of;
use super::message::tests::{deliver, folder_of, get, press};
use crate::testing::{Browser, House};

#[test]
fn a_list_shows_the_senders_name_or_else_the_address() {
    for (from, shown) in [
        ("Jana Novak <jana@work.example>", "Jana Novak"),
        ("\"Novak, Jana\" <jana@work.example>", "Novak, Jana"),
        ("<jana@work.example>", "<jana@work.example>"),
        ("jana@work.example", "jana@work.example"),
        ("\"\" <a@b.example>", "\"\" <a@b.example>"),
        ("", ""),
    ] {
        assert_eq!(name_of(from), shown);
    }
}

/// The subjects of a list.
async fn listed(browser: &Browser, path: &str) -> Vec<String> {
    let page = get(browser, path).await;
    assert_eq!(page.status, 200, "{path}");
    let rows = page.text.split("<span class=\"words\">").skip(1);
    rows.map(|row| {
        let (words, _) = row.split_once("</span>").unwrap();
        // A star and its word stand before the subject.
        match words.contains("star") {
            true => row.split("</span>").nth(2).unwrap().to_owned(),
            false => words.to_owned(),
        }
    })
    .collect()
}

/// Letters of these subjects; their numbers.
async fn letters(house: &House, subjects: &[&str]) -> Vec<MessageId> {
    let mut ids = Vec::new();
    for subject in subjects {
        let letter = format!("From: jana@x.example\r\nSubject: {subject}\r\n\r\nx\r\n");
        ids.push(deliver(house, "alice", letter.as_bytes()).await);
    }
    ids
}

#[tokio::test]
async fn a_folder_shows_all_or_what_is_unread_or_starred() {
    let house = House::new().await;
    let alice = house.browser("alice").await;
    assert!(
        get(&alice, "/?show=unread")
            .await
            .text
            .contains("No unread messages.")
    );
    let ids = letters(&house, &["one", "two", "three"]).await;
    let [one, two] = [ids[0].to_string(), ids[1].to_string()];
    press(&alice, "/mail/act", &[("do", "read"), ("message", &one)]).await;
    press(&alice, "/mail/act", &[("do", "star"), ("message", &two)]).await;
    assert_eq!(listed(&alice, "/").await, ["three", "two", "one"]);
    assert_eq!(listed(&alice, "/?show=unread").await, ["three", "two"]);
    assert_eq!(listed(&alice, "/?show=starred").await, ["two"]);
    // A message that is opened keeps the list beside it, and so does whatever is pressed there.
    let open = format!("/message/{two}?show=unread");
    assert!(get(&alice, "/?show=unread").await.text.contains(&open));
    assert_eq!(listed(&alice, &open).await, ["three", "two"]);
    let page = get(&alice, &open).await.text;
    assert!(page.contains("data-list=\"/?show=unread\""), "{page}");
    assert!(
        get(&alice, "/")
            .await
            .text
            .contains("<title>(2) Inbox - inhaul</title>")
    );
}

#[tokio::test]
async fn what_has_a_star_is_listed_from_all_folders_but_the_trash() {
    let house = House::new().await;
    let alice = house.browser("alice").await;
    let ids = letters(&house, &["one", "two", "three"]).await;
    let numbers: Vec<String> = ids.iter().map(ToString::to_string).collect();
    for number in &numbers {
        press(&alice, "/mail/act", &[("do", "star"), ("message", number)]).await;
    }
    let (_, shop) = press(&alice, "/mail/folder", &[("name", "Shop")]).await;
    let shop = shop.trim_start_matches("/folder/").to_owned();
    let to_shop = [("do", "move"), ("message", &numbers[0]), ("folder", &shop)];
    press(
        &alice,
        "/mail/act",
        &to_shop.map(|(name, value)| (name, value)),
    )
    .await;
    press(
        &alice,
        "/mail/act",
        &[("do", "delete"), ("message", &numbers[1])],
    )
    .await;
    assert_eq!(listed(&alice, "/starred").await, ["three", "one"]);
    let page = get(&alice, "/starred").await.text;
    assert!(page.contains("in Shop"), "{page}");
    assert!(
        page.contains(&format!("/message/{}?list=starred", ids[0])),
        "{page}"
    );
    let bob = house.browser("bob").await;
    assert!(listed(&bob, "/starred").await.is_empty());
}

#[tokio::test]
async fn folders_are_made_renamed_and_removed_by_whose_they_are() {
    let house = House::new().await;
    let alice = house.browser("alice").await;
    let (status, shop) = press(&alice, "/mail/folder", &[("name", " Shop ")]).await;
    assert_eq!(status, 303);
    assert!(
        get(&alice, &shop)
            .await
            .text
            .contains("No messages in Shop.")
    );
    // What is there already is opened.
    assert_eq!(
        press(&alice, "/mail/folder", &[("name", "Shop")]).await,
        (303, shop.clone())
    );
    assert_eq!(
        press(&alice, "/mail/folder", &[("name", "a//b")]).await.0,
        422
    );
    assert_eq!(
        press(&alice, "/mail/folder", &[("name", "inbox")]).await,
        (303, "/".into())
    );

    let change = shop.replace("/folder/", "/mail/folder/");
    let rename = [("do", "rename"), ("name", "Shops/Old")];
    let bob = house.browser("bob").await;
    assert_eq!(press(&bob, &change, &rename).await.0, 404);
    assert_eq!(press(&alice, &change, &rename).await, (303, shop.clone()));
    assert!(
        get(&alice, &shop)
            .await
            .text
            .contains("No messages in Shops/Old.")
    );
    assert_eq!(
        press(&alice, &change, &[("do", "rename"), ("name", "Trash")])
            .await
            .0,
        409
    );

    let ids = letters(&house, &["one"]).await;
    let number = ids[0].to_string();
    let folder = shop.trim_start_matches("/folder/");
    press(
        &alice,
        "/mail/act",
        &[("do", "move"), ("message", &number), ("folder", folder)],
    )
    .await;
    assert_eq!(press(&bob, &change, &[("do", "remove")]).await.0, 404);
    assert_eq!(
        press(&alice, &change, &[("do", "remove")]).await,
        (303, "/".into())
    );
    assert_eq!(get(&alice, &shop).await.status, 404);
    assert_eq!(folder_of(&house, ids[0]).await.as_deref(), Some("Trash"));
}

#[tokio::test]
async fn a_whole_folder_is_read_and_the_trash_emptied_as_far_as_it_was_seen() {
    let house = House::new().await;
    let alice = house.browser("alice").await;
    let ids = letters(&house, &["one", "two"]).await;
    let page = get(&alice, "/").await.text;
    let value = |name: &str| {
        let (_, rest) = page
            .split_once(&format!("name=\"{name}\" value=\""))
            .unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    let (inbox, upto) = (value("in"), value("upto"));
    letters(&house, &["three"]).await;
    let read = [
        ("do", "read-all"),
        ("in", inbox.as_str()),
        ("upto", upto.as_str()),
    ];
    press(&house.browser("bob").await, "/mail/act", &read).await;
    assert_eq!(listed(&alice, "/?show=unread").await.len(), 3);
    press(&alice, "/mail/act", &read).await;
    assert_eq!(listed(&alice, "/?show=unread").await, ["three"]);
    assert!(
        get(&alice, "/")
            .await
            .text
            .contains("2 messages marked as read.")
    );
    press(&alice, "/mail/undo", &[]).await;
    assert_eq!(listed(&alice, "/?show=unread").await.len(), 3);

    let numbers: Vec<String> = ids.iter().map(ToString::to_string).collect();
    press(
        &alice,
        "/mail/act",
        &[("do", "delete"), ("message", &numbers[0])],
    )
    .await;
    let account = house.named("alice").await.id;
    let folders = house.store.folder_list(account).await.unwrap();
    let trash = folders
        .iter()
        .find(|folder| folder.name == "Trash")
        .unwrap();
    let (trash, upto) = (
        trash.id.to_string(),
        (trash.uid_next.number() - 1).to_string(),
    );
    press(
        &alice,
        "/mail/act",
        &[("do", "delete"), ("message", &numbers[1])],
    )
    .await;
    let elsewhere = [
        ("do", "empty-trash"),
        ("in", inbox.as_str()),
        ("upto", "99"),
    ];
    assert_eq!(press(&alice, "/mail/act", &elsewhere).await.0, 404);
    let empty = [
        ("do", "empty-trash"),
        ("in", trash.as_str()),
        ("upto", upto.as_str()),
    ];
    press(&alice, "/mail/act", &empty).await;
    assert_eq!(listed(&alice, &format!("/folder/{trash}")).await, ["two"]);
}

#[tokio::test]
async fn a_page_says_which_of_how_many_it_shows_and_leads_to_the_next_and_back() {
    let house = House::new().await;
    let alice = house.browser("alice").await;
    let subjects: Vec<String> = (1..=153).map(|n| format!("n{n}")).collect();
    let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
    letters(&house, &subjects).await;
    let leads = |page: &str, rel: &str| {
        let (_, link) = page.split_once(&format!("rel=\"{rel}\" href=\""))?;
        let (link, _) = link.split_once('"')?;
        Some(link.replace("&#38;", "&"))
    };
    let mut at = "/".to_owned();
    let mut newer = Vec::new();
    for (range, first, rows) in [
        ("1\u{2013}50 of 153", "n153", 50),
        ("51\u{2013}100 of 153", "n103", 50),
        ("101\u{2013}150 of 153", "n53", 50),
        ("151\u{2013}153 of 153", "n3", 3),
    ] {
        let page = get(&alice, &at).await.text;
        assert!(page.contains(range), "{at}: {page}");
        let listed = listed(&alice, &at).await;
        assert_eq!((listed[0].as_str(), listed.len()), (first, rows), "{at}");
        newer.push((leads(&page, "prev"), at));
        at = leads(&page, "next").unwrap_or_default();
    }
    assert_eq!(at, "", "the last page");
    assert_eq!(newer[0].0, None);
    for pair in newer.windows(2) {
        assert_eq!(pair[1].0.as_ref(), Some(&pair[0].1));
    }
}

#[tokio::test]
async fn an_open_list_hears_when_mail_comes() {
    use http_body_util::BodyExt as _;
    use std::time::Duration;
    use tokio::time::timeout;

    let house = House::new().await;
    let alice = house.browser("alice").await;
    let state = get(&alice, "/mail/state").await.text;
    assert!(
        get(&alice, "/")
            .await
            .text
            .contains(&format!("data-mail=\"{state}\""))
    );
    let response = alice.send("GET", "/mail/events", &[], String::new()).await;
    let mut stream = response.into_body();
    let mut heard = async || {
        let frame = timeout(Duration::from_secs(20), stream.frame())
            .await
            .unwrap();
        let data = frame.unwrap().unwrap().into_data().unwrap();
        String::from_utf8(data.to_vec()).unwrap()
    };
    assert_eq!(heard().await, ": connected\n\n");
    assert_eq!(heard().await, format!("event: state\ndata: {state}\n\n"));
    letters(&house, &["one"]).await;
    let word = heard().await;
    let now = get(&alice, "/mail/state").await.text;
    assert_eq!(word, format!("event: state\ndata: {now}\n\n"));
    assert_ne!(now, state);
    // Nobody hears of anybody else's.
    let other = get(&house.browser("bob").await, "/mail/state").await.text;
    assert_ne!(other, now);
}

#[tokio::test]
async fn mail_is_found_by_words_and_only_by_whose_it_is() {
    let house = House::new().await;
    let alice = house.browser("alice").await;
    let ids = letters(&house, &["Boat weekend", "Board meeting", "boat again"]).await;
    let number = ids[0].to_string();
    press(
        &alice,
        "/mail/act",
        &[("do", "delete"), ("message", &number)],
    )
    .await;
    let page = get(&alice, "/").await.text;
    let (_, inbox) = page.split_once("name=\"in\" value=\"").unwrap();
    let inbox = inbox.split_once('"').unwrap().0.to_owned();
    let found = listed(&alice, &format!("/search?q=BOAT&in={inbox}")).await;
    assert_eq!(found, ["boat again"]);
    assert_eq!(
        listed(&alice, "/search?q=boat").await,
        ["boat again", "Boat weekend"]
    );
    let all = get(&alice, "/search?q=boat").await.text;
    assert!(all.contains("in Trash"), "{all}");
    assert!(all.contains(&format!("/message/{number}?q=boat")), "{all}");
    // Beside a message that was found are the others.
    let beside = listed(&alice, &format!("/message/{number}?q=boat")).await;
    assert_eq!(beside, ["boat again", "Boat weekend"]);

    let none = get(&alice, &format!("/search?q=weekend+-%3Cb%3E&in={inbox}"))
        .await
        .text;
    assert!(
        none.contains("Nothing found for <em>weekend -&#60;b&#62;</em>"),
        "{none}"
    );
    assert!(none.contains("search all folders"), "{none}");
    let wrong = get(&alice, "/search?q=before%3Asoon").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text.contains("names no day"), "{}", wrong.text);
    let missing = get(&alice, "/search?q=in%3ANowhere+boat").await;
    assert!(
        missing.text.contains("You have no folder Nowhere."),
        "{}",
        missing.text
    );
    assert_eq!(press(&alice, "/search", &[]).await.0, 405);
    assert_eq!(get(&alice, "/search?q=++").await.status, 303);

    let bob = house.browser("bob").await;
    assert!(listed(&bob, "/search?q=boat").await.is_empty());
    let theirs = get(&bob, &format!("/search?q=boat&in={inbox}")).await.text;
    assert!(!theirs.contains("boat again"), "{theirs}");
}
