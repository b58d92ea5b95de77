//! Accounts, groups, keys, audit and status by the API.

use serde_json::{Value, json};

use super::house::{House, OTHER_PASSWORD, PASSWORD};
use inhaul_store::Store as _;

#[tokio::test]
async fn an_account_is_added_changed_and_removed() {
    let house = House::new().await;
    let boss = &house.boss;
    let body =
        format!(r#"{{"name":"carol","addresses":["carol@example.org"],"password":"{PASSWORD}"}}"#);
    let made = house.ask(boss, "POST /accounts", &body).await.is(201);
    let id = made["id"].as_i64().unwrap();
    assert_eq!(made["group"], "Everyone");
    let line = format!("PATCH /accounts/{id}");
    let body = format!(r#"{{"limits":{{"retrievals":2}},"password":"{OTHER_PASSWORD}"}}"#);
    let changed = house.ask(boss, &line, &body).await.is(200);
    assert_eq!(changed["limits"]["retrievals"], 2);
    assert_eq!(changed["addresses"], json!(["carol@example.org"]));
    let secret = |text: &str| inhaul_types::Secret::new(text.to_owned());
    let knows = async |text| {
        house
            .store
            .account_verify("carol", &secret(text))
            .await
            .unwrap()
    };
    assert!(!knows(PASSWORD).await && knows(OTHER_PASSWORD).await);
    for (body, status, field) in [
        (r#"{"password":"short"}"#, 422, Some("password")),
        (r#"{"group":"Nobody"}"#, 422, Some("group")),
        (
            r#"{"addresses":["bob@example.org"]}"#,
            422,
            Some("addresses"),
        ),
        (r#"{"limits":{"quota":1}}"#, 422, Some("limits")),
        (r#"{"enabled":"no"}"#, 422, Some("enabled")),
    ] {
        let answer = house.ask(boss, &line, body).await;
        answer.refuses(status, "not-understood", field);
    }
    let show = format!("GET /accounts/{id}");
    assert_eq!(house.ask(boss, &show, "").await.is(200), changed);
    let line = format!("DELETE /accounts/{id}");
    house.ask(boss, &line, "").await.is(204);
    house.ask(boss, &show, "").await.is(404);
}

#[tokio::test]
async fn what_stands_in_the_way_is_a_conflict() {
    let house = House::new().await;
    house.retrieval(&house.alice, "Club").await;
    for line in [
        format!("DELETE /accounts/{}", house.alice.id),
        format!(
            "DELETE /groups/{}",
            house.store.group_list().await.unwrap()[0].id
        ),
    ] {
        let answer = house.ask(&house.boss, &line, "").await;
        answer.refuses(409, "in-the-way", None);
    }
}

#[tokio::test]
async fn accounts_come_page_by_page() {
    let house = House::new().await;
    let mut after = String::new();
    let mut names = Vec::new();
    loop {
        let line = format!("GET /accounts?limit=2{after}");
        let page = house.ask(&house.boss, &line, "").await.is(200);
        let accounts = page["accounts"].as_array().unwrap();
        names.extend(accounts.iter().map(|account| account["name"].clone()));
        match &page["next"] {
            Value::String(next) => after = format!("&after={next}"),
            _ => break,
        }
    }
    assert_eq!(names, ["alice", "bob", "boss"]);
    let found = house
        .ask(&house.boss, "GET /accounts?find=ALI", "")
        .await
        .is(200);
    assert_eq!(found["accounts"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_group_is_changed_word_by_word() {
    let house = House::new().await;
    let boss = &house.boss;
    let body = r#"{"name":"Staff","triggers":{"api":null,"schedule":300},"limits":{"mailbox":5}}"#;
    let made = house.ask(boss, "POST /groups", body).await.is(201);
    assert_eq!(
        (&made["triggers"]["api"], &made["triggers"]["button"]),
        (&Value::Null, &60.into())
    );
    let line = format!("PATCH /groups/{}", made["id"]);
    let body =
        r#"{"triggers":{"api":120},"limits":{"retrievals":3,"mailbox":null},"users_may":[]}"#;
    let changed = house.ask(boss, &line, body).await.is(200);
    let triggers = &changed["triggers"];
    assert_eq!(
        (&triggers["api"], &triggers["schedule"]),
        (&120.into(), &300.into())
    );
    let limits = &changed["limits"];
    assert_eq!(
        (&limits["retrievals"], &limits["mailbox"]),
        (&3.into(), &Value::Null)
    );
    assert_eq!(changed["users_may"], json!([]));
    for (body, field) in [
        (r#"{"triggers":{"login":60}}"#, "triggers"),
        (r#"{"triggers":{"api":0}}"#, "triggers"),
        (r#"{"users_may":["everything"]}"#, "users_may"),
        (r#"{"name":"Everyone"}"#, "name"),
    ] {
        let answer = house.ask(boss, &line, body).await;
        answer.refuses(422, "not-understood", Some(field));
    }
    let line = format!("DELETE /groups/{}", made["id"]);
    house.ask(boss, &line, "").await.is(204);
}

#[tokio::test]
async fn a_new_key_is_shown_once_and_works() {
    let house = House::new().await;
    let body = r#"{"name":"backup","account":"bob"}"#;
    let made = house.ask(&house.boss, "POST /api-keys", body).await.is(201);
    let key = made["key"].as_str().unwrap().to_owned();
    let mut bob = house.bob.clone();
    bob.key.clone_from(&key);
    house.ask(&bob, "GET /status", "").await.is(200);
    house.ask(&bob, "GET /accounts", "").await.is(404);
    let list = house.ask(&house.boss, "GET /api-keys", "").await.is(200);
    assert!(!list.to_string().contains(&key));
    let line = format!("GET /api-keys/{}", made["id"]);
    let shown = house.ask(&house.boss, &line, "").await.is(200);
    assert_eq!(
        (&shown["name"], &shown["key"]),
        (&"backup".into(), &Value::Null)
    );
    let line = format!("PATCH /api-keys/{}", made["id"]);
    let body = r#"{"name":"nightly backup"}"#;
    let renamed = house.ask(&house.boss, &line, body).await.is(200);
    assert_eq!(renamed["name"], "nightly backup");
    house.ask(&bob, "GET /status", "").await.is(200);
    house.ask(&bob, &line, body).await.is(404);
    house
        .ask(&house.boss, "GET /api-keys/4711", "")
        .await
        .is(404);
    let audit = house
        .ask(&house.boss, "GET /audit?what=API", "")
        .await
        .is(200);
    assert!(!audit.to_string().contains(&key));
    assert_eq!(
        audit["changes"][1]["object"],
        "API key backup of account bob"
    );
    let body = r#"{"name":"x","account":"nobody"}"#;
    let answer = house.ask(&house.boss, "POST /api-keys", body).await;
    answer.refuses(422, "not-understood", Some("account"));
}

#[tokio::test]
async fn the_audit_comes_page_by_page_and_holds_no_secret() {
    let house = House::new().await;
    let club = house.retrieval(&house.alice, "Club").await;
    let line = format!("PATCH /retrievals/{club}");
    let body = format!(r#"{{"password":"{OTHER_PASSWORD}"}}"#);
    house.ask(&house.alice, &line, &body).await.is(200);
    let (mut objects, mut before) = (Vec::new(), String::new());
    loop {
        let line = format!("GET /audit?since=1h&limit=1{before}");
        let page = house.ask(&house.boss, &line, "").await.is(200);
        let changes = page["changes"].as_array().unwrap();
        objects.extend(changes.iter().map(|change| change["object"].clone()));
        match page["next"].as_i64() {
            Some(next) => before = format!("&before={next}"),
            None => break,
        }
    }
    assert_eq!(objects, ["retrieval Club: password", "retrieval Club"]);
    let answer = house.ask(&house.boss, "GET /audit?since=lately", "").await;
    answer.refuses(422, "not-understood", Some("since"));
}

#[tokio::test]
async fn the_status_of_the_installation_is_for_administrators() {
    let house = House::new().await;
    let club = house.retrieval(&house.alice, "Club").await;
    house.run(club, b"A: b\r\n\r\n").await;
    let all = house.ask(&house.boss, "GET /status", "").await.is(200);
    assert_eq!(
        (&all["retrievals"], &all["messages_24h"]),
        (&1.into(), &1.into())
    );
    let own = house.ask(&house.alice, "GET /status", "").await.is(200);
    assert_eq!(
        (&own["retrievals"], &own["messages_24h"]),
        (&1.into(), &Value::Null)
    );
    let others = house.ask(&house.bob, "GET /status", "").await.is(200);
    assert_eq!(others["retrievals"], 0);
}

#[tokio::test]
async fn the_log_is_read_by_level() {
    let house = House::new().await;
    let log = house
        .ask(&house.boss, "GET /log?level=warn&limit=5", "")
        .await;
    assert_eq!(log.is(200)["has_older"], false);
    let answer = house.ask(&house.boss, "GET /log?level=loud", "").await;
    answer.refuses(422, "not-understood", Some("level"));
}
