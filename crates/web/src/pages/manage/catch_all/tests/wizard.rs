//! Setting a catch-all up.

use std::time::Duration;

use axum::http::StatusCode;
use inhaul_domain::Retention;
use inhaul_domain::route::RecipientSource;
use inhaul_store::{RemoteSecret, Security, Store as _};
use inhaul_types::{Card, ErrorCode, Secret};

use super::house::{Browser, House, Shown};
use crate::testing::failure;

const ADD: &str = "/manage/catch-all/add";

/// The mailbox as it is typed.
const MAILBOX: [(&str, &str); 6] = [
    ("domains", "firm.example"),
    ("server", "pop.isp.example"),
    ("security", ""),
    ("user", "catchall"),
    ("password", "nine-slow-badgers"),
    ("do", "test"),
];

/// The next step's address of what is shown: `/manage/catch-all/add/ID/rules`.
fn to(shown: &Shown, step: &str) -> String {
    let (id, _) = shown.path.rsplit_once('/').unwrap();
    format!("{id}/{step}")
}

/// At the header step.
async fn at_header(browser: &Browser) -> Shown {
    let shown = browser.post(ADD, &MAILBOX).await;
    assert!(shown.path.ends_with("/header"), "{}", shown.words());
    shown
}

/// At the preview, with a rule for sales.
async fn at_preview(browser: &Browser) -> Shown {
    let header = at_header(browser).await;
    let fields = [("source", "Delivered-To"), ("do", "choose")];
    let rules = browser.post(&header.path, &fields).await;
    let fields = [
        ("address", "sales@firm.example"),
        ("to", "petr / Shop"),
        ("fallback", "unclaimed"),
        ("do", "preview"),
    ];
    let preview = browser.post(&rules.path, &fields).await;
    assert!(preview.path.ends_with("/preview"), "{}", preview.words());
    preview
}

#[tokio::test]
async fn a_catch_all_is_set_up_in_four_steps_without_script() {
    let house = House::new().await;
    house.provider.has(&[
        "alice@firm.example",
        "sales@firm.example",
        "infos@firm.example",
        "sales@firm.example",
    ]);
    let browser = house.browser("root").await;
    assert!(browser.get(ADD).await.says("Domain"));

    let header = at_header(&browser).await;
    for words in [
        "Signed in. 412 messages, 1.3 GB in the mailbox.",
        "Delivered-To says of every message whom it was for.",
        "Delivered-To in 4 of 4 always one address Reliable",
        "X-Original-To in 0 of 4",
        "To and Cc in 4 of 4 misses Bcc and lists Not reliable",
    ] {
        assert!(header.says(words), "{words}: {}", header.words());
    }
    let chosen = "value=\"Delivered-To\" checked";
    assert!(header.text.contains(chosen), "the best one is proposed");

    let fields = [("source", "Delivered-To"), ("do", "choose")];
    let rules = browser.post(&header.path, &fields).await;
    for words in [
        "1 alice@firm.example alice / Inbox from the account alice",
        "2 petr@firm.example petr / Inbox from the account petr",
        "Mail is never sent back to the sender and never thrown away.",
    ] {
        assert!(rules.says(words), "{words}: {}", rules.words());
    }
    assert!(!rules.says("alice@home.example"), "not of this domain");
    let fields = [("fallback", ""), ("do", "add")];
    let rules = browser.post(&rules.path, &fields).await;
    assert!(
        rules.text.contains("value=\"remove-0\""),
        "a line to type in"
    );
    let fields = [
        ("address", "sales@firm.example"),
        ("to", "petr / Shop"),
        ("fallback", "unclaimed"),
        ("do", "preview"),
    ];
    let preview = browser.post(&rules.path, &fields).await;
    for words in [
        "These 4 messages would go to: 3 to their person, 1 to the fallback account.",
        "Nothing was stored, nothing was deleted. Only headers were read",
        "Jana Novak Letter 1 sales@firm.example petr / Shop",
        "▲ 16 Mar Jana Novak Letter 2 infos@firm.example unclaimed / Inbox no rule",
        "infos@firm.example (1) goes to",
    ] {
        assert!(preview.says(words), "{words}: {}", preview.words());
    }

    let fields = [("name", "Firm"), ("copies", "keep"), ("do", "paused")];
    browser.post(&to(&preview, "save"), &fields).await;
    let saved = house.only_retrieval().await;
    let settings = saved.routing.catch_all().unwrap();
    let rule = &settings.rules[0];
    assert_eq!(
        (saved.name.as_str(), saved.paused, saved.retention),
        ("Firm", true, Retention::Keep)
    );
    assert_eq!(saved.account_name, "unclaimed");
    assert_eq!(
        (
            saved.remote.host.as_str(),
            saved.remote.port,
            saved.remote.security
        ),
        ("pop.isp.example", 995, Security::Tls)
    );
    assert_eq!(settings.domains, ["firm.example"]);
    assert_eq!(
        settings.source,
        RecipientSource::Header {
            name: "Delivered-To".into(),
            index: 1,
            strip: String::new()
        }
    );
    assert_eq!(
        (
            rule.address.as_str(),
            rule.account_name.as_str(),
            rule.folder.as_str()
        ),
        ("sales@firm.example", "petr", "Shop")
    );
    let secret = house.store.retrieval_secret(saved.id).await.unwrap();
    let typed = RemoteSecret::Stored(Secret::new("nine-slow-badgers".to_owned()));
    assert_eq!(secret, typed);
    let audit = house.audit().await;
    assert_eq!(
        audit,
        [
            "looked at the headers of 4 messages of firm.example",
            "added retrieval Firm"
        ]
    );
    // What was typed is gone with its password.
    let gone = browser.get(&preview.path).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_rule_sorts_the_same_headers_again_and_nobody_is_asked() {
    let house = House::new().await;
    let people = [
        "infos@firm.example",
        "infos@firm.example",
        "alice@firm.example",
    ];
    house.provider.has(&people);
    let browser = house.browser("root").await;
    let preview = at_preview(&browser).await;
    assert!(preview.says("1 to their person, 2 to the fallback account."));
    let (sign_ins, looks) = (house.provider.inspected.lock().unwrap().len(), [20]);
    assert_eq!(house.provider.looks(), looks);

    let fields = [
        ("address", "infos@firm.example"),
        ("to", "alice / News"),
        ("do", "rule"),
    ];
    let preview = browser.post(&preview.path, &fields).await;
    assert!(preview.says("3 to their person."), "{}", preview.words());
    assert!(preview.says("infos@firm.example alice / News"));
    assert!(!preview.says("Without a rule"));
    // Another header, and back.
    for (source, words) in [
        ("X-Original-To", "3 to the fallback account."),
        ("Delivered-To", "3 to their person."),
    ] {
        let fields = [("source", source), ("do", "choose")];
        browser.post(&to(&preview, "header"), &fields).await;
        let preview = browser.get(&preview.path).await;
        assert!(preview.says(words), "{source}: {}", preview.words());
    }
    assert_eq!(house.provider.looks(), looks, "the server was asked once");
    assert_eq!(house.provider.inspected.lock().unwrap().len(), sign_ins);

    // Whoever wants to see more asks.
    let fields = [("newest", "50"), ("do", "look")];
    browser.post(&preview.path, &fields).await;
    assert_eq!(house.provider.looks(), [20, 50]);
    let looked = "looked at the headers of 3 messages of firm.example";
    assert_eq!(house.audit().await, [looked, looked]);
}

#[tokio::test]
async fn an_unknown_account_is_said_where_it_was_typed() {
    let house = House::new().await;
    house.provider.has(&["infos@firm.example"]);
    let browser = house.browser("root").await;
    let preview = at_preview(&browser).await;
    let fields = [
        ("address", "infos@firm.example"),
        ("to", "bob"),
        ("do", "rule"),
    ];
    let refused = browser.post(&preview.path, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.errors(), ["There is no account bob."]);
    assert_eq!(refused.text.matches("value=\"bob\"").count(), 1);

    let rules = to(&preview, "rules");
    for (address, place, fallback, error) in [
        (
            "sales",
            "petr",
            "unclaimed",
            "sales: an address needs a name, an @ and a domain, as in alice@example.org.",
        ),
        (
            "sales@firm.example",
            "bob",
            "unclaimed",
            "There is no account bob.",
        ),
        (
            "sales@firm.example",
            "",
            "unclaimed",
            "Write an account, such as petr or petr / Shop.",
        ),
        (
            "sales@firm.example",
            "petr",
            "",
            "Say who gets what matches nobody. No message is ever thrown away.",
        ),
        (
            "sales@firm.example",
            "petr",
            "nobody",
            "There is no account nobody.",
        ),
    ] {
        let fields = [
            ("address", address),
            ("to", place),
            ("fallback", fallback),
            ("do", "preview"),
        ];
        let refused = browser.post(&rules, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused.errors(), [error]);
        let typed = format!("value=\"{address}\"");
        assert!(refused.text.contains(&typed), "what was typed stays");
        // The preview waits for rules that can be meant.
        let preview = browser.get(&preview.path).await;
        assert_eq!(preview.path, rules);
    }
    let twice = [
        ("address", "sales@firm.example"),
        ("to", "petr"),
        ("address", "Sales@firm.example"),
        ("to", "alice"),
        ("fallback", "unclaimed"),
        ("do", "preview"),
    ];
    let refused = browser.post(&rules, &twice).await;
    assert_eq!(refused.errors(), ["Line 1 is for this address already."]);
}

#[tokio::test]
async fn steps_are_taken_in_their_order() {
    let house = House::new().await;
    house.provider.has(&["alice@firm.example"]);
    let browser = house.browser("root").await;
    let header = at_header(&browser).await;
    for step in ["rules", "preview"] {
        let shown = browser.get(&to(&header, step)).await;
        assert_eq!(shown.path, header.path, "{step} needs a header");
    }
    let saved = browser.post(&to(&header, "save"), &[("do", "start")]).await;
    assert!(!saved.path.ends_with("/save"), "{}", saved.path);
    let fields = [("source", "auto"), ("do", "choose")];
    let rules = browser.post(&header.path, &fields).await;
    let shown = browser.get(&to(&header, "preview")).await;
    assert_eq!(shown.path, rules.path, "the preview needs a fallback");
    assert!(house.store.retrieval_list().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_test_that_fails_is_a_card_and_nobody_looks_at_headers() {
    let house = House::new().await;
    let card = Card::new(ErrorCode::AuthRefused);
    house.provider.will_test(Err(failure(card)));
    let browser = house.browser("root").await;
    let shown = browser.post(ADD, &MAILBOX).await;
    assert_eq!(shown.path, ADD);
    assert!(shown.says("auth-refused"), "{}", shown.words());
    assert!(
        shown.says("Find the server 203.0.113.20"),
        "{}",
        shown.words()
    );
    assert!(
        shown.text.contains("value=\"catchall\""),
        "what was typed stays"
    );
    assert!(!shown.text.contains("badgers"), "but no password");
    assert!(house.provider.looks().is_empty());
    assert!(house.audit().await.is_empty());
}

#[tokio::test]
async fn a_password_goes_only_where_it_was_meant_to_go() {
    let house = House::new().await;
    house.provider.has(&["alice@firm.example"]);
    let browser = house.browser("root").await;
    let header = at_header(&browser).await;
    let mailbox = to(&header, "mailbox");
    let again = |server, domains| {
        [
            ("domains", domains),
            ("server", server),
            ("user", "catchall"),
            ("password", ""),
            ("do", "test"),
        ]
    };
    let fields = again("pop.isp.example 995", "firm.example, firm.net");
    let shown = browser.post(&mailbox, &fields).await;
    assert_eq!(
        shown.path, header.path,
        "the same place takes the one before"
    );
    for server in [
        "pop.evil.example",
        "pop.isp.example 110",
        "pop.isp.example:1995",
    ] {
        let shown = browser.post(&mailbox, &again(server, "firm.example")).await;
        assert_eq!(shown.errors(), ["Enter the password."], "{server}");
    }
    assert_eq!(house.provider.inspected.lock().unwrap().len(), 2);
    let form = browser.get(&mailbox).await;
    assert!(!form.text.contains("badgers"));
    assert!(form.text.contains("firm.example, firm.net"));
}

#[tokio::test]
async fn the_server_of_a_domain_is_found() {
    let house = House::new().await;
    let browser = house.browser("root").await;
    let shown = browser
        .post(ADD, &[("domains", "firm.example"), ("do", "find")])
        .await;
    assert!(shown.text.contains("value=\"pop.isp.example 110\""));
    assert!(shown.text.contains("value=\"starttls\" selected"));
    assert!(shown.says("Switch POP on first."));
    let shown = browser
        .post(ADD, &[("domains", "x.example"), ("do", "find")])
        .await;
    assert!(shown.errors()[0].contains("Usual names: pop.x.example."));
    assert!(house.provider.inspected.lock().unwrap().is_empty());
}

#[tokio::test]
async fn where_only_to_and_cc_say_it_people_are_warned() {
    let house = House::new().await;
    house.provider.has(&["alice@firm.example"; 4]);
    for header in house.provider.mailboxes.headers.lock().unwrap().iter_mut() {
        *header = header.replace("Delivered-To", "X-Nothing");
    }
    let browser = house.browser("root").await;
    let header = at_header(&browser).await;
    let warning = "This provider does not record the real recipient.";
    assert!(header.says(warning), "{}", header.words());
    assert!(header.text.contains("value=\"to-cc\" checked"));
}

#[tokio::test]
async fn without_headers_one_can_still_be_chosen() {
    let house = House::new().await;
    let card = Card::new(ErrorCode::ServerRefuses);
    *house.provider.mailboxes.no_headers.lock().unwrap() = Some(card);
    let browser = house.browser("root").await;
    let header = at_header(&browser).await;
    assert!(header.says("server-refuses"), "{}", header.words());
    assert!(house.audit().await.is_empty(), "nobody saw a header");
    for (other, error) in [
        (
            "",
            "\"\" is not the name of a header, such as Delivered-To.",
        ),
        (
            "X Y",
            "\"X Y\" is not the name of a header, such as Delivered-To.",
        ),
    ] {
        let fields = [("source", "another header"), ("other", other)];
        let shown = browser.post(&header.path, &fields).await;
        assert_eq!(shown.errors(), [error]);
    }
    let fields = [("source", "another header"), ("other", "X-Rcpt")];
    let rules = browser.post(&header.path, &fields).await;
    assert!(rules.path.ends_with("/rules"), "{}", rules.words());
    let back = browser.get(&header.path).await;
    assert!(back.text.contains("value=\"X-Rcpt\""));
}

#[tokio::test]
async fn copies_are_deleted_only_for_somebody_who_ticks_that_they_mean_it() {
    let house = House::new().await;
    house.provider.has(&["alice@firm.example"]);
    let browser = house.browser("root").await;
    let preview = at_preview(&browser).await;
    let save = to(&preview, "save");
    for (fields, error) in [
        (
            &[("copies", "delete")][..],
            "Tick the box, or choose \"stay there\".",
        ),
        (
            &[("copies", "after"), ("days", "0"), ("sure", "on")],
            "Write a number of days from 1 to 3650.",
        ),
        (&[("sure", "on")], "Choose what becomes of the copies."),
        (
            &[("copies", "keep"), ("name", " ")],
            "Write something here.",
        ),
    ] {
        let fields = [&[("name", "Firm"), ("do", "start")], fields].concat();
        let fields: Vec<_> = fields.into_iter().rev().collect();
        let shown = browser.post(&save, &fields).await;
        assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(shown.errors(), [error]);
    }
    let fields = [
        ("name", "Firm"),
        ("copies", "after"),
        ("days", "14"),
        ("sure", "on"),
        ("do", "start"),
    ];
    browser.post(&save, &fields).await;
    let saved = house.only_retrieval().await;
    assert!(!saved.paused);
    assert_eq!(saved.retention, Retention::DeleteAfter { days: 14 });
    assert!(saved.first_run_keeps);
}

#[tokio::test]
async fn a_draft_is_its_makers_alone_and_gone_after_an_hour() {
    let house = House::new().await;
    house.provider.has(&["alice@firm.example"]);
    let browser = house.browser("root").await;
    let header = at_header(&browser).await;
    let alice = house.browser("alice").await;
    for path in [ADD, &header.path] {
        assert_eq!(
            alice.get(path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let posted = alice.post(ADD, &MAILBOX).await;
    assert_eq!(posted.status, StatusCode::NOT_FOUND);
    house.clock.advance(Duration::from_secs(3599));
    assert_eq!(browser.get(&header.path).await.status, StatusCode::OK);
    house.clock.advance(Duration::from_secs(1));
    let gone = browser.get(&header.path).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(gone.says("Begin again"));
}
