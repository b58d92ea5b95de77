//! "Check mail" (UX 2.7, A13, A14): the live stream, the page without script, and who joins whom.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use inhaul_sample::switches::Pipelining;
use inhaul_sample::{Mailbox, SampleConfig, SampleServer};
use inhaul_testkit::Server;
use tokio::runtime::Runtime;

use crate::browser::Browser;
use crate::installation::{Installation, LOCAL_PASSWORD};

/// A remote server in this process with a mailbox of anna's, and a running server with its pages.
struct House {
    mailbox: Mailbox,
    remote: SampleServer,
    browser: Browser,
    _server: Server,
    _home: Installation,
    _runtime: Runtime,
}

impl House {
    /// `more` is said of the retrieval.
    fn new(more: &[&str]) -> Self {
        let runtime = Runtime::new().unwrap();
        let remote = SampleServer::start(SampleConfig::default());
        let remote = runtime.block_on(remote).unwrap();
        let mailbox = remote.mailbox("u1");
        let home = Installation::new().account("anna");
        let at = remote.address().to_string();
        let how = [
            "--server",
            &at,
            "--security=none",
            "--no-test",
            "--every=never",
        ];
        let added = home.try_retrieval("isp", "u1", "anna", "secret", &[&how[..], more].concat());
        assert!(added.status.success(), "{added:?}");
        let server = Server::start(&home.inhaul).unwrap();
        Self {
            mailbox,
            browser: Browser::at(&server),
            remote,
            _server: server,
            _home: home,
            _runtime: runtime,
        }
    }

    fn signed_in(mut self) -> Self {
        self.browser.sign_in("anna", LOCAL_PASSWORD);
        self
    }

    fn letters(&self, count: u32) {
        for n in 1..=count {
            let letter = format!(
                "From: Ann Lee <ann@example.org>\r\nSubject: letter {n}\r\n\
                 Message-ID: <letter-{n}@example.org>\r\n\r\nThis is letter {n}.\r\n"
            );
            self.mailbox.append(letter.into_bytes());
        }
    }

    /// From now on the remote server sends so many octets a second, one message after the other.
    fn slow(&self, rate: u32) {
        self.remote.set(|switches| {
            switches.line.rate = NonZeroU32::new(rate);
            switches.pipelining = Pipelining::Unannounced;
        });
    }
}

/// Where a form led, without what stands behind a question mark.
fn led_to(answer: &crate::browser::Answer) -> &str {
    assert_eq!(answer.status, 303, "{answer:?}");
    let place = answer.header("location").unwrap();
    place.split('?').next().unwrap()
}

#[test]
fn a_press_is_told_event_by_event_and_a_reconnect_hears_the_rest() {
    let house = House::new(&[]).signed_in();
    house.letters(3);
    let begun = house.browser.data("POST", "/check");
    assert_eq!(begun["joined"], false);
    let id = begun["check_id"].as_str().unwrap();
    let events = house.browser.stream(id, 0);
    let of = |wanted: &str| {
        let those = events.iter().filter(|(name, _)| name == wanted);
        those.map(|(_, data)| data).collect::<Vec<_>>()
    };
    let names = ["progress", "message", "done", "summary"];
    assert!(
        events
            .iter()
            .all(|(name, _)| names.contains(&name.as_str()))
    );
    let messages = of("message");
    assert_eq!(messages.len(), 3, "{events:?}");
    for message in messages {
        assert_eq!(message["retrieval"], "isp");
        assert_eq!(message["folder"], "Inbox");
        assert_eq!(message["from"], "Ann Lee");
        assert!(message["subject"].as_str().unwrap().starts_with("letter "));
        assert!(message["id"].as_i64().unwrap() > 0);
    }
    let [done] = of("done")[..] else {
        panic!("one mailbox ends once: {events:?}");
    };
    assert_eq!(done["retrieval"], "isp");
    assert_eq!(done["result"], "ok");
    assert_eq!(done["new"], 3);
    assert!(done["run"].as_i64().is_some() && done["took_ms"].as_u64().is_some());
    let (name, summary) = events.last().unwrap();
    assert_eq!(name, "summary");
    for (field, count) in [("new", 3), ("mailboxes", 1), ("failed", 0), ("busy", 0)] {
        assert_eq!(summary[field], count, "{field}");
    }
    assert_eq!(summary["words"], "3 new messages from 1 mailbox.");
    let state = house.browser.data("GET", &format!("/api/v1/check/{id}"));
    let last = state["last_event_id"].as_u64().unwrap();
    let rest = house.browser.stream(id, last - 1);
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert_eq!(rest[0].0, "summary");
}

#[test]
fn without_script_the_page_has_the_result_within_10_seconds() {
    let house = House::new(&[]).signed_in();
    house.letters(2);
    let begin = Instant::now();
    let place = house.browser.post("/check");
    let place = led_to(&place);
    let page = loop {
        let page = house.browser.get(place);
        assert_eq!(page.status, 200, "{page:?}");
        if !page.body.contains(r#"http-equiv="refresh""#) {
            break page.body;
        }
        assert!(begin.elapsed() < Duration::from_secs(10), "{}", page.body);
    };
    assert!(
        page.contains("<h1>2 new messages from 1 mailbox.</h1>"),
        "{page}"
    );
    assert!(
        page.contains("letter 1") && page.contains("Ann Lee"),
        "{page}"
    );
    let again = house.browser.post("/check");
    let page = house.browser.get(led_to(&again)).body;
    assert!(page.contains("<h1>Checked "), "{page}");
    assert!(page.contains("You can check again in "), "{page}");
    assert_eq!(house.mailbox.sign_ins().accepted, 1);
}

#[test]
fn two_tabs_show_one_run_and_a_stop_keeps_what_came() {
    let house = House::new(&[]).signed_in();
    for _ in 0..50 {
        house.mailbox.append_generated(20_000);
    }
    house.slow(50_000);
    let first = house.browser.data("POST", "/check");
    let second = house.browser.data("POST", "/check");
    assert_eq!(second["check_id"], first["check_id"]);
    assert_eq!(second["joined"], true);
    let inbox = house.browser.get("/").body;
    let id = first["check_id"].as_str().unwrap();
    assert!(inbox.contains(&format!("data-check=\"{id}\"")), "{inbox}");
    let brings = |state: &serde_json::Value| state["retrievals"][0]["n"].as_u64() > Some(0);
    while !brings(&house.browser.data("GET", &format!("/api/v1/check/{id}"))) {}
    let stopped = house.browser.post(&format!("/check/{id}/stop"));
    led_to(&stopped);
    let events = house.browser.stream(id, 0);
    let summary = &events.last().unwrap().1;
    let words = summary["words"].as_str().unwrap();
    assert!(words.starts_with("Stopped. "), "{words}");
    assert!(words.ends_with(" come with the next check."), "{words}");
    assert!(summary["new"].as_u64().unwrap() > 0);
    assert_eq!(house.mailbox.sign_ins().accepted, 1);
}

#[test]
fn who_waits_for_a_message_is_told_of_the_first() {
    let house = House::new(&[]).signed_in();
    house.letters(1);
    let begun = house.browser.data("POST", "/check/waiting");
    let id = begun["check_id"].as_str().unwrap();
    let events = house.browser.stream(id, 0);
    let words = &events.last().unwrap().1["words"];
    assert_eq!(words, "Arrived: 'letter 1' from Ann Lee.");
}

#[test]
fn a_sign_in_and_an_opened_inbox_bring_mail_by_themselves() {
    let own = House::new(&["--owner", "anna"]);
    own.letters(1);
    own.slow(1_000);
    let own = own.signed_in();
    let current = own.browser.data("GET", "/api/v1/check/current");
    assert_eq!(
        current["title"],
        "Checking your mailboxes because you signed in."
    );
    own.browser.stream(current["check_id"].as_str().unwrap(), 0);
    assert_eq!(own.mailbox.sign_ins().accepted, 1);

    // Nobody owns this one: a sign-in does not start it, the Inbox does.
    let house = House::new(&[]).signed_in();
    house.letters(1);
    let begin = Instant::now();
    while !house.browser.get("/").body.contains("letter 1") {
        assert!(begin.elapsed() < Duration::from_secs(30));
    }
    assert_eq!(house.mailbox.sign_ins().accepted, 1);
}
