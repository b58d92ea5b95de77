//! Values that would become more than a value: in headers, in the log, in files that are downloaded.

use serde_json::json;

use super::siege::{house, house_of, is_logged, is_served, visitor};
use super::wire::{Visitor, Wire};
use crate::installation::{Installation, LOCAL_PASSWORD};

/// Line breaks as somebody might smuggle them in, behind which a header would begin.
const BREAKS: &[&str] = &[
    "\r\n", "\n", "\r", "\0", "%0d%0a", "%0a", "%00", "\u{2028}", "\u{85}",
];

#[test]
fn no_address_to_go_on_to_becomes_a_header_or_leads_elsewhere() {
    let house = house();
    let stranger = Visitor::stranger(&house);
    let evil = BREAKS
        .iter()
        .map(|line| format!("/{line}Set-Cookie: evil=1"));
    let elsewhere = [
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "\\\\evil.example",
        " //evil.example",
    ];
    for to in evil.chain(elsewhere.map(str::to_owned)) {
        let fields = [
            ("name", "alice"),
            ("password", LOCAL_PASSWORD),
            ("to", &*to),
        ];
        let answer = stranger.post("/sign-in", &fields);
        assert_eq!(answer.status, 303, "{to:?}: {answer:?}");
        let place = answer.header("location").unwrap();
        let is_here = place.starts_with('/') && !place.starts_with("//");
        assert!(is_here && !place.contains('\\'), "{to:?}: {answer:?}");
        let cookies = answer.head.to_lowercase().matches("\nset-cookie:").count();
        assert_eq!(cookies, 1, "{to:?}: {answer:?}");
    }
    for path in [
        "/preferences?x=%0d%0aSet-Cookie:%20evil=1",
        "/preferences?x=%00",
        "/folder/%0d%0aSet-Cookie:evil=1",
        "/sign-in?to=/%0d%0aSet-Cookie:%20evil=1",
        "/assets/x%0d%0aSet-Cookie:evil=1/inhaul.js",
        "/help/%0d%0aSet-Cookie:evil=1",
        "/manage/log.txt?level=%0d%0aSet-Cookie:evil=1",
        "/manage/audit.csv?object=%0d%0aSet-Cookie:evil=1",
    ] {
        for who in [&stranger, &visitor(&house, "root")] {
            let answer = who.get(path);
            let head = answer.head.to_lowercase();
            assert!(!head.contains("\nset-cookie: evil"), "{path}: {answer:?}");
        }
    }
}

#[test]
fn a_head_with_octets_that_no_head_has_is_refused() {
    let house = house();
    for head in [
        "GET /sign-in HTTP/1.1\r\nHost: a\r\nX-Bad: a\0b\r\n\r\n",
        "GET /sign-in HTTP/1.1\r\nHost: a\r\nX-Bad: a\rb\r\n\r\n",
        "GET /sign-in HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n",
        "GET /sign-in HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n",
        "GET /sign-in HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
        "GET /sign\0in HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /sign in HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /sign-in HTTP/1.1\r\nHost: a\0b\r\n\r\n",
    ] {
        let mut wire = Wire::to(&house);
        wire.send(head.as_bytes());
        let text = wire.rest();
        assert!(text.starts_with("HTTP/1.1 400 "), "{head:?}: {text}");
        assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{head:?}: {text}");
    }
    is_logged(&house, "refused: what came is no request");
    is_served(&house);
}

#[test]
fn a_request_names_its_site_once() {
    let house = house();
    for (hosts, status) in [
        ("Host: a\r\n", "200"),
        ("", "400"),
        ("Host: a\r\nHost: b\r\n", "400"),
        ("Host: a\r\nHost: a\r\n", "400"),
    ] {
        let mut wire = Wire::to(&house);
        let head = format!("GET /sign-in HTTP/1.1\r\nConnection: close\r\n{hosts}\r\n");
        wire.send(head.as_bytes());
        let text = wire.rest();
        assert!(
            text.starts_with(&format!("HTTP/1.1 {status} ")),
            "{hosts:?}: {text}"
        );
    }
}

#[test]
fn a_site_s_name_stays_text_on_pages() {
    let house = house();
    let mut wire = Wire::to(&house);
    let host = "<script>alert(1)</script>\"'";
    let head = format!("GET /sign-in HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    wire.send(head.as_bytes());
    let text = wire.rest();
    assert!(!text.contains("<script>alert"), "{text}");
}

#[test]
fn only_a_trusted_proxy_says_who_asks_and_over_which_line() {
    let house = house();
    let liar = Visitor::stranger(&house)
        .with("X-Forwarded-For", "203.0.113.66")
        .with("X-Forwarded-Proto", "https")
        .with("X-Forwarded-Host", "evil.example")
        .with(
            "Forwarded",
            "for=203.0.113.66;proto=https;host=evil.example",
        );
    let signed_in = liar.post(
        "/sign-in",
        &[("name", "alice"), ("password", LOCAL_PASSWORD)],
    );
    let cookie = signed_in.header("set-cookie").unwrap();
    assert!(cookie.starts_with("inhaul="), "{cookie}");
    let alice = liar
        .clone()
        .with("Cookie", cookie.split(';').next().unwrap());
    let page = alice.get("/preferences");
    assert!(page.body.contains("127.0.0.1"), "{page:?}");
    assert!(!page.body.contains("203.0.113.66"), "{page:?}");
    assert!(!page.body.contains("evil.example"), "{page:?}");
    drop(house);

    let home = Installation::alone();
    let house = house_of(home.env("INHAUL_SERVER__TRUSTED_PROXIES", "127.0.0.1/32"));
    let proxied = Visitor::stranger(&house).with("X-Forwarded-Proto", "https");
    // What stands in front was the sender's own.
    for (named, believed) in [
        ("198.51.100.1, 203.0.113.66", "203.0.113.66"),
        ("203.0.113.66, unknown", "127.0.0.1"),
    ] {
        let proxied = proxied.clone().with("X-Forwarded-For", named);
        let signed_in = proxied.post(
            "/sign-in",
            &[("name", "alice"), ("password", LOCAL_PASSWORD)],
        );
        let cookie = signed_in.header("set-cookie").unwrap();
        assert!(cookie.starts_with("__Host-inhaul="), "{cookie}");
        let alice = proxied.with("Cookie", cookie.split(';').next().unwrap());
        let page = alice.get("/preferences");
        assert!(page.body.contains(believed), "{named}: {page:?}");
        assert!(!page.body.contains("198.51.100.1"), "{named}: {page:?}");
    }
}

/// A browser that does not say whether a request is from the same site says from which.
#[test]
fn behind_a_proxy_that_shows_another_name_forms_of_the_public_address_are_taken() {
    let home = Installation::alone();
    let public = "https://mail.example.org";
    let house = house_of(home.env("INHAUL_SERVER__PUBLIC_URL", public));
    let form = format!("name=alice&password={LOCAL_PASSWORD}");
    for (origin, status) in [
        (public, "303"),
        ("https://evil.example", "403"),
        ("https://mail.example.org.evil.example", "403"),
        ("null", "403"),
    ] {
        let mut wire = Wire::to(&house);
        let head = format!(
            "POST /sign-in HTTP/1.1\r\nHost: inside:8110\r\nOrigin: {origin}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        );
        wire.send(head.as_bytes());
        let text = wire.rest();
        assert!(
            text.starts_with(&format!("HTTP/1.1 {status} ")),
            "{origin}: {text}"
        );
    }
    is_logged(&house, "refused: sent by another site");
}

#[test]
fn names_that_would_be_more_than_a_line_are_refused_or_stay_one() {
    let house = house();
    let (root, alice) = (visitor(&house, "root"), visitor(&house, "alice"));
    for line in ["\r\n", "\n", "\r", "\0", "\u{1b}[2J"] {
        let evil = format!("club{line}Bcc: evil@example.org");
        let mailbox = json!({
            "name": evil, "server": "pop.example.org", "user": "u", "password": "p", "test": false,
        });
        let group = json!({ "name": evil });
        let account = json!({ "name": evil, "password": LOCAL_PASSWORD });
        for (who, path, sent) in [
            (&alice, "/api/v1/retrievals", &mailbox),
            (&root, "/api/v1/retrievals", &mailbox),
            (&root, "/api/v1/groups", &group),
            (&root, "/api/v1/accounts", &account),
        ] {
            let answer = who.send("POST", path, sent);
            assert_eq!(answer.status, 422, "{path} {line:?}: {answer:?}");
        }
        for name in ["user", "password"] {
            let mut sent = json!({
                "name": "club", "server": "pop.example.org", "user": "u", "password": "p",
                "test": false,
            });
            sent[name] = format!("a{line}DELE 1").into();
            let answer = alice.send("POST", "/api/v1/retrievals", &sent);
            let is_safe = answer.status == 422 || line == "\u{1b}[2J";
            assert!(is_safe, "{name} {line:?}: {answer:?}");
        }
    }
    // Nor does a name that somebody types in vain make lines of its own.
    for line in ["\r\n", "\u{1b}[2J\n"] {
        let typed = format!("nobody{line}2026-01-01T00:00:00Z ERROR evil");
        let fields = [("name", &*typed), ("password", "wrong-wrong-wrong")];
        let answer = Visitor::stranger(&house).post("/sign-in", &fields);
        assert_eq!(answer.status, 401, "{answer:?}");
    }
    let log = house.home.inhaul.ok(&["log"]).unwrap();
    let mut lines = log.lines();
    assert!(
        lines.all(|line| line.starts_with("20") && !line.contains("ERROR evil")),
        "{log}"
    );
    let audit = root.get("/manage/audit.csv").body;
    assert!(
        !audit.contains("\nBcc") && !audit.contains("\u{1b}"),
        "{audit}"
    );
}
