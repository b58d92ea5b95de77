//! The rules of a catch-all that exists, and the mail that had none.

use axum::http::StatusCode;
use inhaul_domain::{LedgerState, Retention, StartPoint};
use inhaul_store::*;
use inhaul_types::{Activation, Digest, Fingerprint, Octets, RetrievalId, Secret};

use super::house::{Browser, House};

/// A catch-all that falls back to this account's Inbox, with rules for these addresses, all petr's.
pub(super) async fn firm(house: &House, fallback: &str, rules: &[&str]) -> RetrievalId {
    let petr = house.store.account_by_name("petr").await.unwrap();
    let rule = |address: &&str| RuleSetting {
        address: address.parse().unwrap(),
        account: petr.id,
        account_name: "petr".into(),
        folder: "INBOX".into(),
    };
    let settings = CatchAllSettings {
        domains: vec!["firm.example".into()],
        rules: rules.iter().map(rule).collect(),
        ..CatchAllSettings::default()
    };
    let retrieval = NewRetrieval {
        name: "Firm".into(),
        remote: Remote {
            host: "pop.isp.example".into(),
            port: 995,
            security: Security::Tls,
            ca_file: None,
            pin: None,
            user: "catchall".into(),
            sign_in: None,
        },
        secret: RemoteSecret::Stored(Secret::new("nine-slow-badgers".to_owned())),
        account: house.store.account_by_name(fallback).await.unwrap().id,
        owner: None,
        folder: "INBOX".into(),
        routing: Routing::CatchAll(settings),
        every: Every::Never,
        retention: Retention::Keep,
        first_run_keeps: false,
        start: StartPoint::Everything,
        paused: false,
        sign_in_memory: None,
        limits: RetrievalLimits::default(),
        confined: false,
        written_at: None,
    };
    let id = house.store.retrieval_create(retrieval).await.unwrap();
    house.tell_engine(id).await;
    id
}

/// Puts a message into the fallback that nobody claims.
pub(super) async fn bring(house: &House, id: RetrievalId, number: u8, recipient: &str) {
    let retrieval = house.store.retrieval_by_id(id).await.unwrap();
    let now = house.clock.now();
    let run = NewRun {
        retrieval: id,
        activation: Activation::Cli,
        started: now,
        started_by: None,
    };
    let delivery = Delivery {
        digest: Digest::new([number; 32]),
        header_size: Octets::new(8),
        summary: Summary::default(),
        placements: vec![Placement {
            folder: retrieval.folder,
            why: format!("{recipient}: nobody has it"),
            recipients: vec![recipient.into()],
        }],
        internal_date: now,
        fingerprint: Fingerprint::new([number; 32]),
        unique_id: None,
        listed_size: None,
        state: LedgerState::Stored,
        if_held: IfHeld::Store,
        identity: None,
        unclaimed: vec![recipient.into()],
        body: Body::Memory(format!("A: {number:03}\r\n\r\nhi").into_bytes()),
    };
    let batch = Batch {
        run: house.store.run_begin(run).await.unwrap(),
        retrieval: id,
        maildrop: retrieval.maildrop,
        fallback: Some(retrieval.folder),
        deliveries: vec![delivery],
    };
    house.store.commit_batch(batch).await.unwrap();
}

/// Messages in a folder of an account.
pub(super) async fn count(house: &House, account: &str, folder: &str) -> u64 {
    let account = house.store.account_by_name(account).await.unwrap();
    let folders = house.store.folder_list(account.id).await.unwrap();
    let found = folders.iter().find(|one| one.name == folder);
    found.map_or(0, |folder| folder.messages)
}

async fn rules(house: &House, id: RetrievalId) -> Vec<String> {
    let retrieval = house.store.retrieval_by_id(id).await.unwrap();
    let rules = &retrieval.routing.catch_all().unwrap().rules;
    rules.iter().map(|rule| rule.address.to_string()).collect()
}

async fn press(browser: &Browser, path: &str, button: &str) -> StatusCode {
    browser.post(path, &[("do", button)]).await.status
}

#[tokio::test]
async fn a_rule_for_mail_that_had_none_moves_it() {
    let house = House::new().await;
    let id = firm(&house, "unclaimed", &[]).await;
    for (number, recipient) in (0..).zip(["infos", "infos", "shop"]) {
        bring(&house, id, number, &format!("{recipient}@firm.example")).await;
    }
    let browser = house.browser("root").await;
    let path = format!("/manage/retrievals/{id}/rules");
    let page = browser.get(&path).await;
    for words in [
        "3 messages in unclaimed / Inbox had no rule.",
        "infos@firm.example (2) goes to",
        "shop@firm.example (1) goes to",
        "alice@firm.example alice / Inbox from the account alice",
    ] {
        assert!(page.says(words), "{words}: {}", page.words());
    }
    let wrong = [
        ("address", "infos@firm.example"),
        ("to", "bob"),
        ("do", "move"),
    ];
    let refused = browser.post(&path, &wrong).await;
    assert_eq!(refused.errors(), ["There is no account bob."]);
    assert_eq!(refused.text.matches("value=\"bob\"").count(), 1);

    let fields = [
        ("address", "infos@firm.example"),
        ("to", "alice / News"),
        ("do", "move"),
    ];
    let done = browser.post(&path, &fields).await;
    assert!(
        done.says("The rule is there, and 2 messages moved."),
        "{}",
        done.words()
    );
    assert!(done.says("1 message in unclaimed / Inbox had no rule."));
    assert!(done.says("1 infos@firm.example alice / News"));
    assert_eq!(count(&house, "alice", "News").await, 2);
    assert_eq!(count(&house, "unclaimed", "INBOX").await, 1);
    let audit = house.audit().await;
    let moved = "moved 2 messages of catch-all Firm".to_owned();
    assert!(audit.contains(&moved), "{audit:?}");
}

#[tokio::test]
async fn a_rule_that_is_to_move_nothing_moves_nothing() {
    let house = House::new().await;
    let id = firm(&house, "unclaimed", &[]).await;
    bring(&house, id, 1, "infos@firm.example").await;
    let browser = house.browser("root").await;
    let path = format!("/manage/retrievals/{id}/rules");
    let fields = [
        ("address", "infos@firm.example"),
        ("to", "petr"),
        ("do", "add"),
    ];
    let done = browser.post(&path, &fields).await;
    assert!(
        done.says("1 infos@firm.example petr / Inbox"),
        "{}",
        done.words()
    );
    assert_eq!(count(&house, "petr", "INBOX").await, 0);
    let again = browser.post(&path, &fields).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.errors()[0].starts_with("Rule 1 is for infos@firm.example already"));
    assert!(
        again.text.contains("value=\"petr\""),
        "what was typed stays"
    );
}

#[tokio::test]
async fn rules_change_places_and_go() {
    let house = House::new().await;
    let id = firm(&house, "unclaimed", &["a@firm.example", "*@firm.example"]).await;
    let browser = house.browser("root").await;
    let path = format!("/manage/retrievals/{id}/rules");
    for (button, left) in [
        ("up-2", &["*@firm.example", "a@firm.example"][..]),
        ("down-1", &["a@firm.example", "*@firm.example"]),
        ("remove-1", &["*@firm.example"]),
    ] {
        assert_eq!(press(&browser, &path, button).await, StatusCode::OK);
        assert_eq!(rules(&house, id).await, left, "{button}");
    }
    for button in ["up-1", "down-1", "remove-2", "remove-x"] {
        let status = press(&browser, &path, button).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{button}");
    }
    assert_eq!(rules(&house, id).await, ["*@firm.example"]);
}

#[tokio::test]
async fn people_see_neither_rules_nor_that_there_are_any() {
    let house = House::new().await;
    let id = firm(&house, "unclaimed", &["a@firm.example"]).await;
    let path = format!("/manage/retrievals/{id}/rules");
    for name in ["alice", "unclaimed"] {
        let browser = house.browser(name).await;
        assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
        let status = press(&browser, &path, "remove-1").await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{name}");
    }
    assert_eq!(rules(&house, id).await, ["a@firm.example"]);
}

#[tokio::test]
async fn a_fallbacks_inbox_says_how_much_had_no_rule() {
    let house = House::new().await;
    let id = firm(&house, "root", &[]).await;
    let root = house.browser("root").await;
    let words = "3 messages here had no rule. Most frequent: infos@firm.example (2).";
    assert!(!root.get("/").await.says("had no rule"));
    for (number, recipient) in (0..).zip(["infos", "shop", "infos"]) {
        bring(&house, id, number, &format!("{recipient}@firm.example")).await;
    }
    let inbox = root.get("/").await;
    assert!(inbox.says(words), "{}", inbox.words());
    let link = format!("/manage/retrievals/{id}/rules#without");
    assert!(inbox.text.contains(&link));
    // Its form does what the one among the rules does.
    let form = [
        ("address", "infos@firm.example"),
        ("to", "petr"),
        ("do", "move"),
    ];
    let path = format!("/manage/retrievals/{id}/rules");
    assert!(inbox.text.contains(&format!("action=\"{path}\"")));
    let done = root.post(&path, &form).await;
    assert!(done.says("The rule is there, and 2 messages moved."));
    let words = "1 message here had no rule. Most frequent: shop@firm.example (1).";
    assert!(root.get("/").await.says(words));
    bring(&house, id, 7, "shop@firm.example").await;
    assert!(root.get("/").await.says("2 messages here had no rule."));
    // Another folder is no fallback, another account does not manage anything.
    let alice = house.browser("alice").await;
    assert!(!alice.get("/").await.says("had no rule"));
}

#[tokio::test]
async fn a_rule_that_never_decides_says_why() {
    let house = House::new().await;
    let rules = [
        "alice@firm.example",
        "a*@firm.example",
        "ab*@firm.example",
        "info@elsewhere.example",
    ];
    let id = firm(&house, "unclaimed", &rules).await;
    let browser = house.browser("root").await;
    let page = browser.get(&format!("/manage/retrievals/{id}/rules")).await;
    for words in [
        "1 alice@firm.example ▲ never used: it is alice's own address petr / Inbox",
        "2 a*@firm.example petr / Inbox",
        "3 ab*@firm.example ▲ never used: rule 2 takes all of it petr / Inbox",
        "4 info@elsewhere.example ▲ never used: elsewhere.example is none of the domains",
        "everything else unclaimed / Inbox",
    ] {
        assert!(page.says(words), "{words}: {}", page.words());
    }
}
