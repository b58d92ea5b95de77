//! Another one's session, another one's mailbox, forms that another site has a browser send, and names
//! that would be a page's own markup.

use serde_json::{Value, json};

use super::crawl::crawl;
use super::siege::{house, is_logged, kept, visitor};
use super::wire::Visitor;
use crate::house::House;
use crate::installation::LOCAL_PASSWORD;

/// Adds a mailbox of theirs that is not checked; its number.
fn mailbox(who: &Visitor, name: &str, folder: &str) -> i64 {
    let sent = json!({
        "name": name, "server": "pop.example.org", "user": "u", "password": "p", "test": false,
        "paused": true, "folder": folder,
    });
    let answer = who.send("POST", "/api/v1/retrievals", &sent);
    assert_eq!(answer.status, 201, "{answer:?}");
    let added: Value = serde_json::from_str(&answer.body).unwrap();
    added["id"].as_i64().unwrap()
}

/// The cookie that a sign-in gives who brings this one.
fn sign_in_with(house: &House, cookie: &str) -> String {
    let stranger = Visitor::stranger(house).with("Cookie", cookie);
    let fields = [("name", "alice"), ("password", LOCAL_PASSWORD)];
    let answer = stranger.post("/sign-in", &fields);
    assert_eq!(answer.status, 303, "{answer:?}");
    let cookie = answer.header("set-cookie").unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

fn is_somebody(house: &House, cookie: &str) -> bool {
    let who = Visitor::stranger(house).with("Cookie", cookie);
    who.get("/preferences").status == 200
}

#[test]
fn a_session_is_nobodys_choice_but_the_servers() {
    let house = house();
    let planted = "inhaul=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let own = sign_in_with(&house, planted);
    assert_ne!(own, planted);
    assert!(is_somebody(&house, &own));
    assert!(!is_somebody(&house, planted));
    // Nor does the session that was there before go on behind the next sign-in.
    let next = sign_in_with(&house, &own);
    assert_ne!(next, own);
    assert!(!is_somebody(&house, &own));
    for forged in [
        "inhaul=",
        "inhaul=1",
        "inhaul=alice",
        "__Host-inhaul=1",
        "inhaul=' OR 1=1 --",
    ] {
        assert!(!is_somebody(&house, forged), "{forged}");
    }
    let alice = Visitor::stranger(&house).with("Cookie", &next);
    assert_eq!(alice.post("/sign-out", &[]).status, 303);
    assert!(!is_somebody(&house, &next));
}

#[test]
fn another_ones_mailbox_is_not_there_on_any_page() {
    let house = house();
    let (alice, bob) = (visitor(&house, "alice"), visitor(&house, "bob"));
    let id = mailbox(&alice, "Club", "Club");
    let before = kept(&house.home);
    let seen = crawl(&alice);
    let own: Vec<_> = seen.pages.keys().chain(&seen.forms).collect();
    let part = format!("/retrievals/{id}");
    let theirs = own.iter().filter(|path| path.contains(&part));
    let theirs: Vec<_> = theirs.collect();
    assert!(theirs.len() >= 5, "{own:?}");
    for path in theirs {
        for answer in [
            bob.get(path),
            bob.post(path, &[("name", "mine"), ("sure", "true")]),
        ] {
            assert!(matches!(answer.status, 404 | 405), "{path}: {answer:?}");
            assert!(!answer.body.contains("Club"), "{path}: {answer:?}");
        }
    }
    let folders = seen
        .pages
        .keys()
        .filter(|path| path.starts_with("/folder/"));
    for path in folders {
        let answer = bob.get(path);
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
    }
    let root = crawl(&visitor(&house, "root"));
    let managing = root.pages.keys().chain(&root.forms);
    for path in managing.filter(|path| path.starts_with("/manage")) {
        for answer in [bob.get(path), bob.post(path, &[])] {
            assert!(matches!(answer.status, 404 | 405), "{path}: {answer:?}");
        }
    }
    assert_eq!(kept(&house.home), before);
}

#[test]
fn no_form_is_taken_that_another_site_has_a_browser_send() {
    let house = house();
    let root = visitor(&house, "root");
    mailbox(&visitor(&house, "alice"), "Club", "Club");
    let before = kept(&house.home);
    let forms = crawl(&root).forms;
    assert!(forms.len() >= 15, "{forms:?}");
    let cookie = root.head("POST", "/");
    let cookie = cookie
        .lines()
        .find_map(|line| line.strip_prefix("Cookie: "));
    let cookie = cookie.unwrap();
    for form in &forms {
        for said in [
            "Sec-Fetch-Site: cross-site\r\n",
            "Sec-Fetch-Site: same-site\r\n",
            "Origin: https://evil.example\r\n",
            "Origin: null\r\n",
            "Referer: https://evil.example/\r\n",
        ] {
            let mut wire = super::wire::Wire::to(&house);
            let host = house.address();
            let head = format!(
                "POST {form} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n{said}\
                 Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\
                 Content-Length: 0\r\n\r\n"
            );
            wire.send(head.as_bytes());
            let text = wire.rest();
            assert!(text.starts_with("HTTP/1.1 403 "), "{form} {said}: {text}");
        }
    }
    is_logged(&house, "refused: sent by another site");
    assert_eq!(kept(&house.home), before);
    assert_eq!(root.get("/preferences").status, 200);
}

#[test]
fn no_name_becomes_a_pages_own_markup() {
    const EVIL: [&str; 4] = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' autofocus onfocus='alert(1)",
        "</textarea></title><svg onload=alert(1)>",
    ];
    let house = house();
    let (alice, root) = (visitor(&house, "alice"), visitor(&house, "root"));
    for (number, evil) in EVIL.iter().enumerate() {
        mailbox(
            &alice,
            evil,
            &format!("F{number} {}", evil.replace('/', "")),
        );
        let group = json!({ "name": evil });
        let answer = root.send("POST", "/api/v1/groups", &group);
        assert!(answer.status < 500, "{answer:?}");
        let account = json!({ "name": evil, "password": LOCAL_PASSWORD });
        let answer = root.send("POST", "/api/v1/accounts", &account);
        assert!(answer.status < 500, "{answer:?}");
    }
    let query = "/where?q=%22%3E%3Cimg+src%3Dx+onerror%3Dalert(1)%3E";
    let mut pages = crawl(&alice).pages;
    pages.extend(crawl(&root).pages);
    for path in [
        query,
        "/sign-in?to=/%22%3E%3Cscript%3Ealert(1)",
        "/help/%3Cscript%3Ealert(1)",
    ] {
        pages.insert(path.to_owned(), alice.get(path).body);
    }
    // What is downloaded is text, and no browser makes a page of it.
    pages.retain(|_, page| page.starts_with("<!doctype html>"));
    assert!(pages.len() > 20, "{:?}", pages.keys());
    assert!(pages.values().any(|page| page.contains("alert(1)")));
    for (path, page) in &pages {
        for evil in [
            "<script>alert",
            "<img src=x",
            "<svg onload",
            "' autofocus onfocus='",
        ] {
            assert!(!page.contains(evil), "{evil} on {path}: {page}");
        }
    }
}
