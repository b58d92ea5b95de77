//! Catch-alls by the API: looked at, tried out, made and changed.

use inhaul_store::{AuditFilter, Routing, Store as _};
use inhaul_types::{Card, ErrorCode, RetrievalId};
use serde_json::{Value, json};

use super::house::{House, PASSWORD};

/// A mailbox that is not saved.
fn mailbox() -> Value {
    json!({"server": "pop.isp.example 995s", "user": "firm", "password": PASSWORD})
}

/// Alice has an address in the firm, bob has not.
async fn house() -> House {
    let house = House::new().await;
    house
        .account_with("sales", false, &["sales@firm.example"])
        .await;
    let (known, twice) = ("sales@firm.example", "infos@firm.example");
    house.runs.has(&[known, twice, known, twice, known]);
    house
}

async fn ask(house: &House, line: &str, body: Value) -> super::house::Answer {
    house.ask(&house.boss, line, &body.to_string()).await
}

#[tokio::test]
async fn headers_are_measured_and_the_look_is_taken_down() {
    let house = house().await;
    let body = json!({"mailbox": mailbox(), "domains": ["Firm.Example"], "newest": 5});
    let measured = ask(&house, "POST /catch-all/headers", body).await.is(200);
    assert_eq!(
        (&measured["listed"], &measured["messages"]),
        (&412.into(), &5.into())
    );
    assert_eq!(measured["best"], "Delivered-To");
    assert_eq!(measured["warning"], Value::Null);
    let sources = measured["sources"].as_array().unwrap();
    let delivered = sources.iter().find(|one| one["header"] == "Delivered-To");
    let delivered = delivered.unwrap();
    assert_eq!(
        (&delivered["present"], &delivered["verdict"]),
        (&5.into(), &"reliable".into())
    );
    assert_eq!(house.runs.looks(), [5]);
    let records = house.store.records();
    let page = records.audit_page(AuditFilter::default(), None, 1);
    let change = page.await.unwrap().rows.remove(0).change;
    assert_eq!(
        (change.action.as_str(), change.object.as_str()),
        ("looked at", "the headers of 5 messages of firm.example")
    );
}

#[tokio::test]
async fn a_preview_says_of_each_message_where_it_would_go_and_saves_nothing() {
    let house = house().await;
    let body = json!({"mailbox": mailbox(), "catch_all": {
        "domains": ["firm.example"],
        "rules": [{"address": "orders@firm.example", "to": "bob/Shop"}],
        "fallback": "boss/Unclaimed",
    }});
    let preview = ask(&house, "POST /catch-all/preview", body).await.is(200);
    assert_eq!(
        (&preview["to_one"], &preview["to_fallback"]),
        (&3.into(), &2.into())
    );
    let first = &preview["messages"][0];
    assert_eq!(first["by"], "Delivered-To");
    assert_eq!(first["subject"], "Letter 0");
    assert_eq!(first["places"][0]["to"], "sales/INBOX");
    let second = &preview["messages"][1];
    assert_eq!(second["places"][0]["to"], "boss/Unclaimed");
    assert_eq!(second["unclaimed"], json!(["infos@firm.example"]));
    assert_eq!(
        preview["without_rule"],
        json!([{"address": "infos@firm.example", "messages": 2}])
    );
    assert!(house.store.retrieval_list().await.unwrap().is_empty());
    assert_eq!(house.runs.looks(), [20]);
}

#[tokio::test]
async fn a_catch_all_is_made_shown_previewed_and_changed() {
    let house = house().await;
    let body = json!({
        "name": "Firm", "server": "pop.isp.example", "user": "firm", "password": PASSWORD,
        "catch_all": {
            "header": "X-Original-To", "strip": "mbox-", "domains": ["firm.example"],
            "domain_aliases": {"firm.net": "firm.example"},
            "rules": [{"address": "*@firm.example", "to": "bob"}], "fallback": "alice / Rest",
        },
    });
    let made = ask(&house, "POST /retrievals", body).await.is(201);
    let expected = json!({
        "header": "X-Original-To", "evidence": null, "index": 1, "strip": "mbox-",
        "domains": ["firm.example"], "domain_aliases": {"firm.net": "firm.example"},
        "separators": "+", "max_recipients": 50, "fallback": "alice/Rest",
        "rules": [{"address": "*@firm.example", "to": "bob/INBOX"}],
    });
    assert_eq!(made["catch_all"], expected);
    assert_eq!(made["owner"], Value::Null);
    let line = format!("PATCH /retrievals/{}", made["id"]);
    let body = json!({"catch_all": {"header": "auto", "rules": []}});
    let changed = ask(&house, &line, body).await.is(200);
    let after = &changed["catch_all"];
    assert_eq!(
        (&after["header"], &after["rules"]),
        (&"auto".into(), &json!([]))
    );
    assert_eq!(
        (&after["domains"], &after["fallback"]),
        (&expected["domains"], &expected["fallback"])
    );
    // As it is saved, and with a rule that is only tried.
    for (catch_all, to) in [
        (json!({}), "alice/Rest"),
        (
            json!({"rules": [{"address": "infos@firm.example", "to": "bob"}]}),
            "bob/INBOX",
        ),
    ] {
        let body = json!({"retrieval": made["id"], "catch_all": catch_all});
        let preview = ask(&house, "POST /catch-all/preview", body).await.is(200);
        assert_eq!(preview["messages"][1]["places"][0]["to"], to);
    }
    let id = RetrievalId::new(made["id"].as_i64().unwrap());
    let Routing::CatchAll(settings) = house.row(id).await.routing else {
        panic!("it shares out");
    };
    assert!(settings.rules.is_empty(), "a preview saves nothing");
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_at_its_field_and_nobody_is_asked() {
    let house = house().await;
    for (catch_all, field) in [
        (json!({}), "fallback"),
        (json!({"fallback": "nobody"}), "fallback"),
        (json!({"fallback": "boss", "header": "X Y"}), "header"),
        (
            json!({"fallback": "boss", "header": "to-cc", "index": 2}),
            "index",
        ),
        (json!({"fallback": "boss", "strip": "mbox-"}), "strip"),
        (json!({"fallback": "boss", "index": 0}), "index"),
        (json!({"fallback": "boss", "domains": ["a@b"]}), "domains"),
        (
            json!({"fallback": "boss", "domains": ["a.example"], "domain_aliases": {"b.example": "c.example"}}),
            "domain_aliases",
        ),
        (json!({"fallback": "boss", "separators": "@"}), "separators"),
        (
            json!({"fallback": "boss", "max_recipients": 0}),
            "max_recipients",
        ),
        (
            json!({"fallback": "boss", "rules": [{"address": "a@b.example", "to": "nobody"}]}),
            "rules",
        ),
    ] {
        let what = catch_all.to_string();
        let body = json!({"mailbox": mailbox(), "catch_all": catch_all});
        let answer = ask(&house, "POST /catch-all/preview", body).await;
        let problem = answer.is(422);
        assert_eq!(problem["field"], field, "{what}: {problem}");
    }
    for body in [json!({}), json!({"mailbox": mailbox(), "retrieval": 1})] {
        ask(&house, "POST /catch-all/headers", body).await.is(422);
    }
    let missing = json!({"retrieval": 4711});
    ask(&house, "POST /catch-all/headers", missing)
        .await
        .is(404);
    assert!(house.runs.looks().is_empty());
}

#[tokio::test]
async fn only_administrators_share_mail_out() {
    let house = house().await;
    let own = house.retrieval(&house.alice, "Own").await;
    let catch_all = json!({"catch_all": {"fallback": "alice"}}).to_string();
    let line = format!("PATCH /retrievals/{own}");
    let answer = house.ask(&house.alice, &line, &catch_all).await;
    answer.refuses(403, "not-allowed", Some("catch_all"));
    let new = json!({"name": "Firm", "server": "pop.isp.example", "user": "firm",
        "password": PASSWORD, "catch_all": {"fallback": "alice"}});
    let answer = house
        .ask(&house.alice, "POST /retrievals", &new.to_string())
        .await;
    answer.refuses(403, "not-allowed", Some("catch_all"));
    assert!(house.row(own).await.routing.catch_all().is_none());
}

#[tokio::test]
async fn a_mailbox_that_shows_no_headers_is_told_as_a_card() {
    let house = house().await;
    let card = Card::new(ErrorCode::AuthRefused);
    *house.runs.mailboxes.no_headers.lock().unwrap() = Some(card);
    let body = json!({"mailbox": mailbox()});
    let answer = ask(&house, "POST /catch-all/headers", body).await;
    answer.refuses(422, "auth-refused", None);
}
