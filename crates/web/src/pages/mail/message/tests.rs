//! Messages as a browser without script meets them.

use std::time::Duration;

use axum::http::HeaderMap;
use http_body_util::BodyExt as _;
use inhaul_store::{LocalMessage, Store as _};
use inhaul_types::MessageId;

use crate::testing::{Browser, House};

/// What came for a request.
pub(in crate::pages::mail) struct Answer {
    pub(in crate::pages::mail) status: u16,
    headers: HeaderMap,
    pub(in crate::pages::mail) text: String,
}

pub(in crate::pages::mail) async fn get(browser: &Browser, path: &str) -> Answer {
    let response = browser.send("GET", path, &[], String::new()).await;
    let (parts, body) = response.into_parts();
    let octets = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        text: String::from_utf8_lossy(&octets).into_owned(),
    }
}

/// Puts a message into somebody's INBOX.
pub(in crate::pages::mail) async fn deliver(house: &House, name: &str, octets: &[u8]) -> MessageId {
    let summary = inhaul_message::summarize(octets);
    let message = LocalMessage {
        account: house.named(name).await.id,
        folder: "INBOX".into(),
        octets: octets.to_owned(),
        summary: inhaul_store::Summary {
            from: summary.from,
            subject: summary.subject,
            date: summary.date,
            message_id: summary.message_id,
            has_attachment: summary.has_attachment,
        },
        at: house.clock.now(),
        settles: None,
    };
    house.store.records().deliver_local(message).await.unwrap()
}

/// The address of the frame in a page.
fn frame(page: &str) -> String {
    let (_, frame) = page.split_once("<iframe ").unwrap();
    let (_, address) = frame.split_once("src=\"").unwrap();
    let (address, _) = address.split_once('"').unwrap();
    address.replace("&amp;", "&").replace("&#38;", "&")
}

const NEWSLETTER: &[u8] = b"From: =?utf-8?q?N=C3=A9ws?= <news@shop.example>\r\n\
    To: alice@example.org\r\nSubject: <b>50%</b> off\r\n\
    Content-Type: multipart/mixed; boundary=m\r\n\r\n\
    --m\r\nContent-Type: multipart/related; boundary=r\r\n\r\n\
    --r\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n\
    --a\r\n\r\nOnly words.\r\n\
    --a\r\nContent-Type: text/html\r\n\r\n\
    <h1 onclick=\"x()\">Sale</h1><script>alert(1)</script><img src=\"cid:p@x\">\
    <img src=\"https://track.example/1.gif\"><a href=\"https://evil.example/\">bank.example</a>\r\n\
    --a--\r\n\
    --r\r\nContent-Type: image/png\r\nContent-ID: <p@x>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n\
    --r--\r\n\
    --m\r\nContent-Type: text/html; name=\"../x\xc3\xa9.html\"\r\nContent-Disposition: attachment\r\n\
    Content-Transfer-Encoding: base64\r\n\r\nPGI+\r\n--m--\r\n";

#[tokio::test]
async fn formatted_mail_is_in_a_frame_that_can_do_nothing() {
    let house = House::new().await;
    let id = deliver(&house, "alice", NEWSLETTER).await;
    let alice = house.browser("alice").await;
    let page = get(&alice, &format!("/message/{id}")).await;
    assert_eq!(page.status, 200);
    assert!(
        page.text.contains("N\u{e9}ws &#60;news@shop.example&#62;"),
        "{}",
        page.text
    );
    assert!(
        page.text.contains("&#60;b&#62;50%&#60;/b&#62; off"),
        "{}",
        page.text
    );
    assert!(!page.text.contains("Sale"), "{}", page.text);
    assert!(
        page.text.contains("1 picture from the internet is hidden"),
        "{}",
        page.text
    );
    let sandbox = "sandbox=\"allow-popups allow-popups-to-escape-sandbox\"";
    assert!(page.text.contains(sandbox), "{}", page.text);

    let body = get(&alice, &frame(&page.text)).await;
    assert_eq!(body.status, 200);
    assert!(
        body.text
            .contains("<h1>Sale</h1><img src=\"data:image/png;base64,iVBORw==\"><img>")
    );
    assert!(!body.text.contains("alert"), "{}", body.text);
    assert!(
        body.text
            .contains("[This link shows bank.example but opens evil.example.]")
    );
    let policy = body.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("sandbox allow-popups "), "{policy}");
    assert!(
        policy.contains("default-src 'none'; img-src data:; "),
        "{policy}"
    );
    assert_eq!(body.headers["x-dns-prefetch-control"], "off");
    assert_eq!(body.headers["cache-control"], "no-store");

    // Asked for, pictures come, from where the message is opened and from nowhere else.
    let page = get(&alice, &format!("/message/{id}?pictures=shown")).await;
    assert!(!page.text.contains("hidden to protect"), "{}", page.text);
    let shown = frame(&page.text);
    let body = get(&alice, &shown).await;
    assert!(
        body.text
            .contains("<img src=\"https://track.example/1.gif\">"),
        "{}",
        body.text
    );
    let policy = body.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("img-src data: https:; "), "{policy}");
    for guessed in [
        format!("/m/{id}/body?pictures=shown"),
        shown.replace("&pictures=shown", ""),
        format!("/m/{id}/body"),
    ] {
        assert_eq!(get(&alice, &guessed).await.status, 404, "{guessed}");
    }
}

#[tokio::test]
async fn words_source_and_files_of_a_message_can_be_had() {
    let house = House::new().await;
    let id = deliver(&house, "alice", NEWSLETTER).await;
    let alice = house.browser("alice").await;
    let plain = get(&alice, &format!("/message/{id}?view=plain")).await;
    assert!(plain.text.contains("Only words."), "{}", plain.text);
    assert!(!plain.text.contains("<iframe"), "{}", plain.text);
    let source = get(&alice, &format!("/message/{id}?view=source")).await;
    assert!(
        source
            .text
            .contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "{}",
        source.text
    );
    assert!(
        plain.text.contains("/part/6\" download>x\u{e9}.html</a>"),
        "{}",
        plain.text
    );

    let file = get(&alice, &format!("/m/{id}/part/6")).await;
    assert_eq!((file.status, file.text.as_str()), (200, "<b>"));
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        (
            "content-disposition",
            "attachment; filename=\"x_.html\"; filename*=UTF-8''x%C3%A9.html",
        ),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(file.headers[name], value, "{name}");
    }
    assert_eq!(get(&alice, &format!("/m/{id}/part/7")).await.status, 404);
    let raw = get(&alice, &format!("/m/{id}/raw")).await;
    assert_eq!(raw.text.len(), NEWSLETTER.len());
}

#[tokio::test]
async fn nobody_reads_anothers_message() {
    let house = House::new().await;
    let id = deliver(&house, "alice", NEWSLETTER).await;
    let alice = house.browser("alice").await;
    let address = frame(&get(&alice, &format!("/message/{id}")).await.text);
    // Administrators, too.
    for name in ["bob", "root"] {
        let other = house.browser(name).await;
        for path in [
            format!("/message/{id}"),
            format!("/message/{id}?view=source"),
            address.clone(),
            format!("/m/{id}/part/6"),
            format!("/m/{id}/raw"),
        ] {
            let answer = get(&other, &path).await;
            assert_eq!(answer.status, 404, "{name} {path}");
            assert!(!answer.text.contains("Only words"), "{name} {path}");
        }
        let seen = format!("/message/{id}/seen");
        let answer = other.send("POST", &seen, &[], String::new()).await;
        assert_eq!(answer.status(), 404);
    }
    let message = house.store.message_by_id(id).await.unwrap();
    assert!(!message.flags.has(inhaul_store::Flags::SEEN));
}

#[tokio::test]
async fn what_was_read_is_not_marked_as_new() {
    let house = House::new().await;
    let id = deliver(
        &house,
        "alice",
        b"From: a@b.example\r\nSubject: Lunch\r\n\r\nToday > tomorrow?\r\n",
    )
    .await;
    let alice = house.browser("alice").await;
    let list = get(&alice, "/").await;
    let row = format!("<a class=\"message unread\" href=\"/message/{id}\">");
    assert!(list.text.contains(&row), "{}", list.text);
    let page = get(&alice, &format!("/message/{id}")).await;
    assert!(page.text.contains("Today &gt; tomorrow?"), "{}", page.text);
    assert!(
        page.text
            .contains(&format!("data-seen=\"/message/{id}/seen\"")),
        "{}",
        page.text
    );
    let seen = format!("/message/{id}/seen");
    let live = [("x-inhaul-live", "1")];
    let answer = alice.send("POST", &seen, &live, String::new()).await;
    assert_eq!(answer.status(), 204);
    let answer = alice.send("POST", &seen, &[], String::new()).await;
    assert_eq!(answer.status(), 303);
    let list = get(&alice, "/").await;
    assert!(!list.text.contains("message unread"), "{}", list.text);
    let page = get(&alice, &format!("/message/{id}")).await;
    assert!(!page.text.contains("data-seen"), "{}", page.text);
}

/// Messages as other people's software wrote them, where the corpus is there; else our own.
#[tokio::test]
async fn every_message_opens_in_every_view() {
    let house = House::new().await;
    let alice = house.browser("alice").await;
    let own = [
        NEWSLETTER,
        b"",
        b"\r\n",
        b"Subject: x",
        b"\0\xff\r\n\r\n\0\xff",
    ]
    .map(<[u8]>::to_vec);
    let (messages, _) = inhaul_testkit::corpus_or_fixtures();
    let messages = messages.into_iter().map(|message| message.octets);
    for octets in own.into_iter().chain(messages) {
        let id = deliver(&house, "alice", &octets).await;
        for view in ["formatted", "plain", "source"] {
            let path = format!("/message/{id}?view={view}");
            let page = get(&alice, &path).await;
            assert_eq!(page.status, 200, "{path}: {}", octets.escape_ascii());
            if page.text.contains("<iframe ") {
                let body = get(&alice, &frame(&page.text)).await;
                assert_eq!(body.status, 200, "{path}: {}", octets.escape_ascii());
                for acting in [
                    "<script",
                    "<iframe",
                    "<form",
                    "<object",
                    " onload=",
                    "<meta http",
                    "<link",
                ] {
                    assert!(!body.text.contains(acting), "{path}: {acting}");
                }
            }
        }
        // Whatever the page offers to save can be saved.
        let page = get(&alice, &format!("/message/{id}")).await.text;
        for (at, _) in page.match_indices(&format!("/m/{id}/part/")) {
            let (address, _) = page[at..].split_once('"').unwrap();
            assert_eq!(get(&alice, address).await.status, 200, "{address}");
        }
    }
}

/// Presses a button of a form; where it leads.
pub(in crate::pages::mail) async fn press(
    browser: &Browser,
    path: &str,
    fields: &[(&str, &str)],
) -> (u16, String) {
    let form = serde_urlencoded::to_string(fields).unwrap();
    let answer = browser.send("POST", path, &[], form).await;
    let place = answer.headers().get("location");
    let place = place.map_or("", |place| place.to_str().unwrap());
    (answer.status().as_u16(), place.to_owned())
}

pub(in crate::pages::mail) async fn folder_of(house: &House, id: MessageId) -> Option<String> {
    let message = house.store.message_by_id(id).await.ok()?;
    Some(message.folder_name)
}

#[tokio::test]
async fn what_is_deleted_lies_in_the_trash_and_comes_back() {
    let house = House::new().await;
    let alice = house.browser("alice").await;
    let id = deliver(&house, "alice", b"Subject: Old\r\n\r\nx\r\n").await;
    let number = id.to_string();
    let delete = [("do", "delete"), ("message", &number), ("to", "/")];
    assert_eq!(press(&alice, "/mail/act", &delete).await, (303, "/".into()));
    assert_eq!(folder_of(&house, id).await.as_deref(), Some("Trash"));
    let list = get(&alice, "/").await.text;
    assert!(list.contains("Moved to Trash."), "{list}");
    assert!(list.contains("action=\"/mail/undo\""), "{list}");
    // Nobody else undoes it.
    press(&house.browser("bob").await, "/mail/undo", &[]).await;
    assert_eq!(folder_of(&house, id).await.as_deref(), Some("Trash"));
    press(&alice, "/mail/undo", &[("to", "/")]).await;
    assert_eq!(folder_of(&house, id).await.as_deref(), Some("INBOX"));
    assert!(!get(&alice, "/").await.text.contains("Moved to Trash."));

    press(&alice, "/mail/act", &delete).await;
    house.clock.advance(Duration::from_secs(11));
    assert!(!get(&alice, "/").await.text.contains("Moved to Trash."));
    // Out of the trash it goes for good.
    press(&alice, "/mail/act", &delete).await;
    assert_eq!(folder_of(&house, id).await, None);
    assert!(!get(&alice, "/").await.text.contains("Undo"));
}

#[tokio::test]
async fn messages_are_starred_marked_and_moved_by_whose_they_are() {
    let house = House::new().await;
    let alice = house.browser("alice").await;
    let account = house.named("alice").await.id;
    let shop = house.store.mail().folder_create(account, "Shop").await;
    let shop = shop.unwrap().to_string();
    let ids = [
        deliver(&house, "alice", b"Subject: One\r\n\r\nx\r\n").await,
        deliver(&house, "alice", b"Subject: Two\r\n\r\nx\r\n").await,
    ];
    let [one, two] = ids.map(|id| id.to_string());
    let both = |act| {
        [
            ("do", act),
            ("message", one.as_str()),
            ("message", two.as_str()),
        ]
    };
    let flags = async || {
        let one = house.store.message_by_id(ids[0]).await.unwrap().flags;
        let two = house.store.message_by_id(ids[1]).await.unwrap().flags;
        [one.bits(), two.bits()]
    };
    // Whoever it does not belong to changes nothing.
    let bob = house.browser("bob").await;
    for act in ["star", "read", "delete"] {
        press(&bob, "/mail/act", &both(act)).await;
    }
    assert!(!get(&bob, "/").await.text.contains("Undo"));
    let to_shop = [("do", "move"), ("message", &one), ("folder", &shop)];
    assert_eq!(press(&bob, "/mail/act", &to_shop).await.0, 404);
    assert_eq!(flags().await, [0, 0]);

    press(&alice, "/mail/act", &[("do", "star"), ("message", &one)]).await;
    press(&alice, "/mail/act", &both("read")).await;
    assert_eq!(flags().await, [5, 1]);
    press(&alice, "/mail/undo", &[]).await;
    assert_eq!(flags().await, [4, 0]);
    let list = get(&alice, "/").await.text;
    assert_eq!(list.matches("class=\"star\"").count(), 1, "{list}");
    let page = get(&alice, &format!("/message/{one}")).await.text;
    assert!(page.contains("value=\"unstar\""), "{page}");
    assert!(page.contains(">Shop</button>"), "{page}");
    press(&alice, "/mail/act", &to_shop).await;
    assert_eq!(folder_of(&house, ids[0]).await.as_deref(), Some("Shop"));
    let list = get(&alice, &format!("/folder/{shop}")).await.text;
    assert!(list.contains("Moved to Shop."), "{list}");
    // Addresses elsewhere are nothing we lead to.
    let away = [("do", "read"), ("message", &one), ("to", "//evil.example/")];
    assert_eq!(press(&alice, "/mail/act", &away).await, (303, "/".into()));
    assert_eq!(
        press(&alice, "/mail/act", &[("do", "explode")]).await.0,
        404
    );
}

#[tokio::test]
async fn a_trusted_senders_pictures_are_shown_from_then_on() {
    let house = House::new().await;
    let alice = house.browser("alice").await;
    let first = deliver(&house, "alice", NEWSLETTER).await;
    let other = NEWSLETTER.to_vec();
    let other = String::from_utf8_lossy(&other).replace("news@shop", "other@shop");
    let second = deliver(&house, "alice", NEWSLETTER).await;
    let third = deliver(&house, "alice", other.as_bytes()).await;
    let hides = async |id| {
        let page = get(&alice, &format!("/message/{id}")).await.text;
        page.contains("Always from this sender")
    };
    assert!(hides(first).await);
    let back = format!("/message/{first}");
    let trust = format!("/message/{first}/trust");
    assert_eq!(press(&house.browser("bob").await, &trust, &[]).await.0, 404);
    let pressed = press(&alice, &trust, &[("to", &back)]).await;
    assert_eq!(pressed, (303, back));
    assert!(!hides(first).await);
    assert!(!hides(second).await);
    assert!(hides(third).await, "another address");
    let page = get(&alice, &format!("/message/{second}")).await.text;
    let body = get(&alice, &frame(&page)).await.text;
    assert!(body.contains("https://track.example/1.gif"), "{body}");
}

#[tokio::test]
async fn answers_open_the_readers_own_mail_program() {
    let house = House::new().await;
    let alice = house.browser("alice").await;
    let letter = b"From: Jana <jana@x.example>\r\nReply-To: list@x.example\r\nSubject: Boat\r\n\
        Message-ID: <1@x.example>\r\n\r\nTomorrow?\r\nbcc: evil@x.example\r\n";
    let id = deliver(&house, "alice", letter).await;
    let page = get(&alice, &format!("/message/{id}")).await.text;
    let page = page.replace("&#38;", "&");
    let reply =
        "mailto:list@x.example?subject=Re%3A%20Boat&In-Reply-To=%3C1%40x.example%3E&body=On%20";
    assert!(page.contains(reply), "{page}");
    assert!(
        page.contains("%0D%0A%3E%20Tomorrow%3F%0D%0A%3E%20bcc%3A%20"),
        "{page}"
    );
    assert!(
        page.contains("mailto:?subject=Fwd%3A%20Boat&body="),
        "{page}"
    );
}
