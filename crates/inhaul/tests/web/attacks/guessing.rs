//! Guessing passwords and links, other methods than a page has, addresses that are written in odd ways.

use std::process::Command;
use std::thread;

use super::siege::{house, is_logged, is_served, kept, unproxied, visitor};
use super::wire::{Visitor, Wire};
use crate::house::{House, NAME, PASSWORD};
use crate::installation::{LOCAL_PASSWORD, wait_until};

#[test]
fn passwords_are_not_guessed_on_many_lines_or_under_many_forged_addresses() {
    let house = house();
    let guess = |number: u32| {
        let guesser = Visitor::stranger(&house)
            .with("X-Forwarded-For", &format!("203.0.113.{number}"))
            .with("X-Real-IP", &format!("203.0.113.{number}"))
            .with("Forwarded", &format!("for=203.0.113.{number}"));
        let password = match number {
            99 => LOCAL_PASSWORD.to_owned(),
            number => format!("wrong-wrong-{number}"),
        };
        guesser
            .post(
                "/sign-in",
                &[("name", "=alice\",x"), ("password", &password)],
            )
            .status
    };
    let guess_as_alice = || {
        let guesser = Visitor::stranger(&house).with("X-Forwarded-For", "198.51.100.7");
        let answer = guesser.post(
            "/sign-in",
            &[("name", "alice"), ("password", LOCAL_PASSWORD)],
        );
        assert!(answer.header("set-cookie").is_none(), "{answer:?}");
        (answer.status, answer.body)
    };
    let answers: Vec<u16> = thread::scope(|scope| {
        let all: Vec<_> = (1..=14)
            .map(|number| scope.spawn(move || guess(number)))
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(
        answers.iter().all(|status| matches!(status, 401 | 429)),
        "{answers:?}"
    );
    let looked_at = answers.iter().filter(|status| **status == 401).count();
    assert_eq!(looked_at, 10, "{answers:?}");
    // The right one, for another name: this network is not looked at.
    let (status, page) = guess_as_alice();
    assert_eq!(status, 429, "{page}");
    assert!(page.contains("Too many tries. Wait "), "{page}");
    is_logged(&house, "too many wrong passwords");
    // On record once, however many were refused, with the name as text.
    for _ in 0..3 {
        assert_eq!(guess(99), 429);
    }
    let audit = house.home.inhaul.ok(&["audit"]).unwrap();
    assert_eq!(audit.matches("sign-in refused").count(), 1, "{audit}");
    is_served(&house);
}

#[test]
fn codes_of_links_are_not_guessed() {
    let house = house();
    let stranger = Visitor::stranger(&house);
    let mut answers = Vec::new();
    for number in 0..25 {
        let code = format!("k7Qm-94tX-{number:04}");
        let guesser = stranger
            .clone()
            .with("X-Forwarded-For", &format!("203.0.113.{number}"));
        answers.push(guesser.post("/welcome", &[("code", &code)]).status);
    }
    let looked_at = answers.iter().filter(|status| **status == 403).count();
    assert_eq!(looked_at, 20, "{answers:?}");
    assert!(
        answers[20..].iter().all(|status| *status == 429),
        "{answers:?}"
    );
    is_logged(&house, "a sign-in link was refused");
    // Passwords are counted for themselves.
    visitor(&house, "alice");
}

#[test]
fn the_set_up_link_is_not_guessed_and_its_file_goes_when_it_was_used() {
    let house = House::of(unproxied());
    let link = house.set_up_link();
    let (_, code) = link.split_once('#').unwrap();
    let file = house.home.data().join("setup-link");
    assert!(std::fs::read_to_string(&file).unwrap().contains(code));
    let stranger = Visitor::stranger(&house);
    let try_with = |code: &str| {
        let fields = [("code", code), ("name", NAME), ("password", PASSWORD)];
        stranger.post("/setup", &fields).status
    };
    let answers: Vec<_> = (0..21)
        .map(|number| try_with(&format!("guess-{number}")))
        .collect();
    assert!(
        answers[..20].iter().all(|status| *status == 403),
        "{answers:?}"
    );
    assert_eq!((answers[20], try_with(code)), (429, 429));
    assert!(file.exists());
    is_logged(&house, "a set-up link was refused");
    // Whoever has the link comes from elsewhere.
    let form = format!("code={code}&name={NAME}&password={PASSWORD}");
    let curl = Command::new("curl")
        .args(["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-d", &form])
        .args(["--interface", "127.0.0.2", &house.at("/setup")])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&curl.stdout), "303", "{curl:?}");
    wait_until("the link's file is gone", || !file.exists());
}

#[test]
fn a_page_does_nothing_by_a_method_that_is_not_its_own() {
    let house = house();
    let before = kept(&house.home);
    let (stranger, root) = (Visitor::stranger(&house), visitor(&house, "root"));
    for path in [
        "/sign-in",
        "/setup",
        "/manage/accounts/add",
        "/preferences/password",
    ] {
        for method in ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "get", "X"] {
            for who in [&stranger, &root] {
                let who = who.clone().with("X-Secret", "echo-of-the-head");
                let answer = who.ask(method, path, "", "");
                assert_eq!(answer.status, 405, "{method} {path}: {answer:?}");
                assert!(!answer.body.contains("echo-of-the-head"), "{answer:?}");
            }
        }
    }
    for path in [
        "/sign-out",
        "/preferences/sessions/end",
        "/manage/check",
        "/retrievals/1/remove",
    ] {
        let answer = root.get(path);
        assert!(matches!(answer.status, 404 | 405), "{path}: {answer:?}");
    }
    let over = root.clone().with("X-HTTP-Method-Override", "DELETE");
    let answer = over.ask(
        "POST",
        "/api/v1/accounts/2?_method=DELETE",
        "application/json",
        "{}",
    );
    assert_eq!(answer.status, 405, "{answer:?}");
    let head = stranger.ask("HEAD", "/sign-in", "", "");
    assert_eq!((head.status, head.body.as_str()), (200, ""), "{head:?}");
    // Still signed in, and nothing changed.
    assert_eq!(root.get("/preferences").status, 200);
    assert_eq!(kept(&house.home), before);
}

#[test]
fn no_way_of_writing_an_address_leads_past_who_may_see_it() {
    let house = house();
    let (stranger, alice) = (Visitor::stranger(&house), visitor(&house, "alice"));
    let at = house.address();
    for path in [
        "//manage/accounts",
        "/./manage/accounts",
        "/x/../manage/accounts",
        "/%2e%2e/manage/accounts",
        "/assets/..%2f..%2fmanage/accounts",
        "/manage%2faccounts",
        "/manage//accounts",
        "/manage/accounts/",
        "/manage;x=1/accounts",
        "/MANAGE/accounts",
        "/%6danage/accounts",
        "/manage/accounts%00",
        "/api/v1/../v1/accounts",
        "/api//v1/accounts",
        "/api/v1/accounts/",
        "/api/v1/%61ccounts",
        "/assets/../../../../etc/passwd",
        "/assets/..%2f..%2f..%2f..%2fetc/passwd",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/assets/x/..%2f..%2fCargo.toml",
        "/assets/x/%00inhaul.js",
        "/folder/..%2f..%2fmanage",
        "/folder/99999999999999999999999",
        "/folder/-1",
        "/api/v1/messages/..%2f1/raw",
        &format!("http://{at}/manage/accounts"),
        "http://evil.example/manage/accounts",
        "*",
        "evil.example:443",
    ] {
        for who in [&stranger, &alice] {
            let answer = who.get(path);
            // To sign in, or nothing here, or no request.
            let is_refused = matches!(answer.status, 303 | 400 | 401 | 404 | 405);
            assert!(is_refused, "{path}: {answer:?}");
            let place = answer.header("location").unwrap_or("/sign-in");
            assert!(place.starts_with("/sign-in"), "{path}: {answer:?}");
            assert!(!answer.body.contains("root"), "{path}: {answer:?}");
        }
    }
    let mut wire = Wire::to(&house);
    wire.send(
        format!("CONNECT {at} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n").as_bytes(),
    );
    let text = wire.rest();
    assert!(text.is_empty() || text.starts_with("HTTP/1.1 4"), "{text}");
    is_served(&house);
}
