//! Checks as a browser meets them, over a real store; what runs is scripted.

use std::net::IpAddr;
use std::ops::Deref;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::Response;
use http_body_util::BodyExt as _;
use inhaul_domain::trigger::{Refusal, RefusalReason};
use inhaul_store::*;
use inhaul_types::{
    AccountId, Activation, Card, ErrorCode, Facts, Octets, RetrievalId, RunId, Timestamp,
};
use serde_json::{Value, json};

use crate::runs::*;
use crate::testing::{self, House, new_retrieval};

/// The moment of all tests: checks are timed by events.
pub(super) fn now() -> Timestamp {
    Timestamp::from_millis(1_773_000_000_000)
}

/// People with mailboxes, and pages for them.
struct World(House);

impl Deref for World {
    type Target = House;

    fn deref(&self) -> &House {
        &self.0
    }
}

impl World {
    async fn new() -> Self {
        Self(House::at(now()).await)
    }

    /// What was started, and why.
    fn started(&self) -> Vec<(What, Activation)> {
        let started = self.runs.started.lock().unwrap();
        let meant = started.iter().map(|one| (one.what.clone(), one.activation));
        meant.collect()
    }

    async fn person(&self, name: &str) -> (AccountId, Browser) {
        let account = self.account(name, false).await;
        (account, Browser(self.signed_in(account).await))
    }

    /// A mailbox of theirs at `pop.NAME.example` whose start is answered so.
    async fn mailbox(&self, name: &str, account: AccountId, answer: Answer) -> RetrievalId {
        let state = state_of(&*self.store, name, account).await;
        let id = state.row.id;
        self.runs.states.lock().unwrap().insert(id, state);
        self.runs.answers.lock().unwrap().insert(id, answer);
        id
    }

    fn tell(&self, retrieval: RetrievalId, kind: EventKind) {
        self.runs.tell(retrieval, kind);
    }
}

/// A mailbox at `pop.NAME.example`, as it stands before its first run.
pub(super) async fn state_of(store: &dyn Store, name: &str, account: AccountId) -> State {
    let new = new_retrieval(name, account);
    let new = NewRetrieval {
        remote: Remote {
            host: format!("pop.{name}.example"),
            ..new.remote
        },
        every: Every::Never,
        ..new
    };
    let id = store.retrieval_create(new).await.unwrap();
    let row = store.retrieval_by_id(id).await.unwrap();
    State {
        doing: Some((Activation::Button, come(RunStage::Connecting, 0, 0))),
        ..State::of_new(row)
    }
}

pub(super) fn come(stage: RunStage, stored: u64, wanted: u64) -> Come {
    Come {
        run: Some(RunId::new(4711)),
        stage,
        stored,
        wanted,
        octets: Octets::new(stored * 500_000),
        of_octets: Octets::new(wanted * 800_000),
    }
}

pub(super) fn ended(stored: u64) -> Ended {
    Ended {
        run: Some(RunId::new(4711)),
        card: None,
        is_busy: false,
        is_stopped: false,
        stored,
        octets: Octets::ZERO,
        deleted: 0,
        remaining: 0,
        next: None,
        took: Duration::from_millis(640),
    }
}

pub(super) fn failed(code: ErrorCode, server: &str) -> Ended {
    let facts = Facts {
        server: Some(server.into()),
        ..Facts::default()
    };
    Ended {
        card: Some(Card::of(code, &facts)),
        is_busy: code == ErrorCode::MailboxInUse,
        next: Some(now().plus(Duration::from_secs(120))),
        ..ended(0)
    }
}

fn end(ended: Ended) -> EventKind {
    EventKind::Ended {
        activation: Activation::Button,
        ended: Box::new(ended),
    }
}

/// Somebody's browser.
struct Browser(testing::Browser);

impl Browser {
    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        self.0.send(method, path, headers, "").await
    }

    async fn data(&self, method: &str, path: &str) -> Value {
        let response = self
            .send(method, path, &[("accept", "application/json")])
            .await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        serde_json::from_slice(&octets(response).await).unwrap()
    }

    async fn text(&self, path: &str) -> String {
        let response = self.send("GET", path, &[]).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        String::from_utf8(octets(response).await.to_vec()).unwrap()
    }

    /// The whole stream of a check behind what was heard.
    async fn stream(&self, id: &str, heard: &str) -> String {
        let path = format!("/api/v1/check/{id}/events");
        let headers = [("last-event-id", heard)];
        let response = self.send("GET", &path, &headers).await;
        for (name, value) in [
            ("content-type", "text/event-stream; charset=utf-8"),
            ("cache-control", "no-cache, no-transform"),
            ("x-accel-buffering", "no"),
        ] {
            assert_eq!(response.headers()[name], value);
        }
        String::from_utf8(octets(response).await.to_vec()).unwrap()
    }
}

async fn octets(response: Response) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}

/// Name and data of each event.
fn events(stream: &str) -> Vec<(String, Value)> {
    let blocks = stream
        .split("\n\n")
        .filter(|block| block.starts_with("id: "));
    blocks
        .map(|block| {
            let mut lines = block.lines().skip(1);
            let event = lines.next().unwrap().strip_prefix("event: ").unwrap();
            let data = lines.next().unwrap().strip_prefix("data: ").unwrap();
            (event.to_owned(), serde_json::from_str(data).unwrap())
        })
        .collect()
}

#[tokio::test]
async fn a_press_shows_each_mailbox_to_its_end_and_sums_up() {
    let world = World::new().await;
    let (anna, browser) = world.person("anna").await;
    let isp = world.mailbox("isp", anna, Answer::Started).await;
    let shop = world.mailbox("shop", anna, Answer::Queued(3)).await;
    let begun = browser.data("POST", "/check").await;
    assert_eq!(begun["joined"], false);
    assert_eq!(begun["title"], "Checking 2 mailboxes");
    assert_eq!(begun["retrievals"][0]["words"], "Connecting");
    assert_eq!(
        begun["retrievals"][1]["words"],
        "Waiting for its turn, 3 before you"
    );
    let id = begun["check_id"].as_str().unwrap();
    let progress = EventKind::Progress {
        activation: Activation::Button,
        come: come(RunStage::Bringing, 7, 12),
    };
    world.tell(isp, progress);
    world.tell(isp, end(ended(12)));
    world.tell(shop, end(ended(0)));
    let stream = browser.stream(id, "").await;
    assert!(stream.starts_with(": connected\n\nid: "), "{stream}");
    let events = events(&stream);
    let names: Vec<_> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(&names[names.len() - 3..], ["done", "done", "summary"]);
    let done = &events[names.len() - 2].1;
    assert_eq!(done["retrieval"], "shop");
    assert_eq!(done["run"], 4711);
    assert_eq!(done["result"], "ok");
    assert_eq!(done["new"], 0);
    assert_eq!(done["took_ms"], 640);
    let summary = &events[names.len() - 1].1;
    assert_eq!(summary["new"], 12);
    assert_eq!(summary["mailboxes"], 2);
    assert_eq!(summary["failed"], 0);
    assert_eq!(summary["busy"], 0);
    assert_eq!(summary["words"], "12 new messages from 1 mailbox.");
    let meant = (What::FillingAccount(anna), Activation::Button);
    assert_eq!(world.started(), [meant]);
}

#[tokio::test]
async fn without_script_a_page_refreshes_itself_until_it_has_the_result() {
    let world = World::new().await;
    let (anna, browser) = world.person("anna").await;
    let isp = world.mailbox("isp", anna, Answer::Started).await;
    let response = browser.send("POST", "/check", &[]).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let place = response.headers()["location"].to_str().unwrap().to_owned();
    let page = browser.text(&place).await;
    let refresh = r#"<noscript><meta http-equiv="refresh" content="2"></noscript>"#;
    assert!(page.contains(refresh), "{page}");
    assert!(page.contains("Connecting"), "{page}");
    assert!(page.contains("Stop after this message"), "{page}");
    // The button knows of it, for the dock.
    assert!(page.contains(&format!("data-check=\"{}\"", &place[7..])));
    world.tell(isp, end(ended(1)));
    browser.stream(&place[7..], "").await;
    let page = browser.text(&place).await;
    assert!(!page.contains(refresh), "{page}");
    assert!(
        page.contains("<h1>1 new message from 1 mailbox.</h1>"),
        "{page}"
    );
}

#[tokio::test]
async fn a_second_press_joins_the_check_and_a_reconnect_hears_the_rest_once() {
    let world = World::new().await;
    let (anna, browser) = world.person("anna").await;
    let isp = world.mailbox("isp", anna, Answer::Started).await;
    let first = browser.data("POST", "/check").await;
    let too_soon = Refusal {
        reason: RefusalReason::TooSoonAfterStart,
        until: Some(now().plus(Duration::from_secs(40))),
    };
    for answer in [Answer::Joined, Answer::Refused(too_soon)] {
        world.runs.answer_all(answer);
        let second = browser.data("POST", "/api/v1/check").await;
        assert_eq!(second["check_id"], first["check_id"]);
        assert_eq!(second["joined"], true);
        assert_eq!(second["words"], "Already checking. Showing progress.");
        assert_eq!(second["finished"], false);
        assert_eq!(second["retrievals"].as_array().unwrap().len(), 1);
    }
    let current = browser.data("GET", "/api/v1/check/current").await;
    assert_eq!(current["check_id"], first["check_id"]);
    let heard = current["last_event_id"].to_string();
    world.tell(isp, end(ended(2)));
    let id = first["check_id"].as_str().unwrap();
    let stream = browser.stream(id, &heard).await;
    let names: Vec<_> = events(&stream).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["done", "summary"]);
    let state = browser.data("GET", &format!("/api/v1/check/{id}")).await;
    let last = state["last_event_id"].to_string();
    let path = format!("/api/v1/check/{id}/events");
    let again = browser
        .send("GET", &path, &[("last-event-id", &last)])
        .await;
    assert_eq!(again.status(), StatusCode::NO_CONTENT);
    let none = browser.data("GET", "/api/v1/check/current").await;
    assert_eq!(none["check_id"], Value::Null);
}

#[tokio::test]
async fn somebody_elses_check_is_not_there() {
    let world = World::new().await;
    let (anna, browser) = world.person("anna").await;
    world.mailbox("isp", anna, Answer::Started).await;
    let begun = browser.data("POST", "/check").await;
    let id = begun["check_id"].as_str().unwrap();
    assert_eq!(id.len(), 16);
    let (_, stranger) = world.person("ben").await;
    for (method, path) in [
        ("GET", format!("/check/{id}")),
        ("POST", format!("/check/{id}/stop")),
        ("GET", format!("/api/v1/check/{id}")),
        ("GET", format!("/api/v1/check/{id}/events")),
    ] {
        let response = stranger.send(method, &path, &[]).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
    assert!(world.runs.stopped.lock().unwrap().is_empty());
    let none = stranger.data("GET", "/api/v1/check/current").await;
    assert_eq!(none["check_id"], Value::Null);
}

#[tokio::test]
async fn what_is_not_checked_says_why() {
    let world = World::new().await;
    let (anna, browser) = world.person("anna").await;
    let begun = browser.data("POST", "/check").await;
    assert_eq!(begun["title"], "There is nothing to check yet.");
    let checked = now().minus(Duration::from_secs(20));
    for (reason, until, words) in [
        (
            RefusalReason::TooSoon { checked },
            Some(now().plus(Duration::from_secs(40))),
            "Checked 20 seconds ago. You can check again in 40 seconds.",
        ),
        (
            RefusalReason::Offline { since: checked },
            None,
            "This server has no internet connection. Mail already here is up to date as of Sun 8 \
             Mar 19:59 UTC.",
        ),
        (
            RefusalReason::LimitAccount { limit: 300 },
            None,
            "You have started 300 checks today, the most your group allows. The schedule goes on \
             as usual.",
        ),
    ] {
        let refusal = Refusal { reason, until };
        let name = reason.as_str();
        if world.runs.states.lock().unwrap().is_empty() {
            world.mailbox(name, anna, Answer::Refused(refusal)).await;
        }
        world.runs.answer_all(Answer::Refused(refusal));
        let begun = browser.data("POST", "/check").await;
        assert_eq!(begun["title"], words);
        assert_eq!(begun["finished"], true);
        assert_eq!(begun["summary"]["refused"], 1);
        assert_eq!(begun["retrievals"][0]["result"], "refused");
        assert_eq!(begun["retrievals"][0]["code"], name);
    }
}

#[tokio::test]
async fn a_stop_reaches_every_run_and_says_what_was_saved() {
    let world = World::new().await;
    let (anna, browser) = world.person("anna").await;
    let isp = world.mailbox("isp", anna, Answer::Started).await;
    let begun = browser.data("POST", "/check").await;
    let id = begun["check_id"].as_str().unwrap();
    browser.data("POST", &format!("/check/{id}/stop")).await;
    assert_eq!(*world.runs.stopped.lock().unwrap(), [isp]);
    let stopped = Ended {
        remaining: 5,
        ..ended(7)
    };
    world.tell(isp, end(stopped));
    let events = events(&browser.stream(id, "").await);
    let words = &events.last().unwrap().1["words"];
    assert_eq!(
        words,
        "Stopped. 7 messages were saved, the other 5 come with the next check."
    );
}

#[tokio::test]
async fn a_sign_in_and_an_opened_inbox_begin_checks_only_where_something_runs() {
    let world = World::new().await;
    let (anna, browser) = world.person("anna").await;
    let too_soon = Refusal {
        reason: RefusalReason::TooSoonAfterStart,
        until: None,
    };
    world.mailbox("isp", anna, Answer::Refused(too_soon)).await;
    let here = IpAddr::from([127, 0, 0, 1]);
    super::signed_in(&world.app, anna, here).await;
    assert!(world.app.checks().current(anna).is_none());
    world.runs.answer_all(Answer::Started);
    super::signed_in(&world.app, anna, here).await;
    let check = world.app.checks().current(anna).unwrap();
    let title = check.view(now()).title;
    assert_eq!(title, "Checking your mailboxes because you signed in.");
    check.finish(now());
    world.runs.started.lock().unwrap().clear();
    browser.text("/").await;
    while world.runs.started.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let inbox = world.store.folder_list(anna).await.unwrap()[0].id;
    let opened = (What::Filling(inbox), Activation::Folder);
    assert_eq!(world.started(), [opened]);
    browser.send("GET", "/", &[("x-inhaul-live", "1")]).await;
    tokio::task::yield_now().await;
    assert_eq!(world.runs.started.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_new_mailbox_is_watched_on_the_page_that_comes_next() {
    let world = World::new().await;
    let (anna, browser) = world.person("anna").await;
    let isp = world.mailbox("isp", anna, Answer::Started).await;
    world.mailbox("club", anna, Answer::Started).await;
    let address = IpAddr::from([127, 0, 0, 1]);
    let asker = super::Asker {
        account: anna,
        address,
    };
    super::added(&world.app, asker, Some(started_by(anna, address)), isp).await;
    let only_it = (What::Retrievals(vec![isp]), Activation::Button);
    assert_eq!(world.started(), [only_it]);
    let check = world.app.checks().current(anna).unwrap();
    assert_eq!(check.view(now()).lines.len(), 1);
    let page = browser.text("/retrievals").await;
    assert!(
        page.contains(&format!("data-check=\"{}\"", check.id)),
        "{page}"
    );
}

#[tokio::test]
async fn a_group_without_the_button_has_a_refresh_that_says_when_mail_comes() {
    let world = World::new().await;
    let (anna, browser) = world.person("anna").await;
    let isp = world.mailbox("isp", anna, Answer::Started).await;
    let next = now().plus(Duration::from_secs(170));
    world.runs.change(isp, |state| state.next = Some(next));
    let everyone = world.store.group_by_name("Everyone").await.unwrap();
    let mut triggers = everyone.triggers.clone();
    triggers.remove(&Activation::Button);
    triggers.remove(&Activation::Waiting);
    let change = GroupChange {
        triggers: Some(triggers),
        ..GroupChange::default()
    };
    world.store.group_change(everyone.id, change).await.unwrap();
    let page = browser.text("/preferences").await;
    let tooltip = r#"title="Mail is brought in on a schedule. Next: in 3 min.""#;
    assert!(page.contains(tooltip), "{page}");
    assert!(page.contains(">Refresh</button>"), "{page}");
    assert!(!page.contains("I am waiting for a message"), "{page}");
}

#[tokio::test]
async fn waiting_shows_the_next_try_and_ends_when_nobody_waits_any_more() {
    let world = World::new().await;
    let (anna, browser) = world.person("anna").await;
    let soon = Refusal {
        reason: RefusalReason::TooSoonAfterStart,
        until: Some(now().plus(Duration::from_secs(40))),
    };
    let isp = world.mailbox("isp", anna, Answer::Refused(soon)).await;
    world.runs.change(isp, |state| {
        state.doing = None;
        state.waiting_next = soon.until;
    });
    let begun = browser.data("POST", "/check/waiting").await;
    assert_eq!(
        begun["title"],
        "Waiting for a message. Next try in 40 s. Stops at Sun 8 Mar 20:05 UTC."
    );
    let id = begun["check_id"].as_str().unwrap();
    let again = browser.data("POST", "/check/waiting").await;
    assert_eq!(again["check_id"], begun["check_id"]);
    let page = browser.send("GET", "/check/waiting", &[]).await;
    assert_eq!(page.headers()["location"], format!("/check/{id}").as_str());
    let stopped = browser.data("POST", &format!("/check/{id}/stop")).await;
    assert_eq!(stopped["title"], "Nobody waits for a message now.");
    assert_eq!(world.runs.stopped.lock().unwrap()[0], isp);
    assert_eq!(stopped["retrievals"][0]["result"], json!("stopped"));
}
