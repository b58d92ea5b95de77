//! Retrievals by the API.

use std::time::Duration;

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use inhaul_domain::schedule::{ScheduleState, Setback};
use inhaul_domain::trigger::{Refusal, RefusalReason};
use inhaul_store::{GroupChange, RemoteSecret, Store as _, UsersMay};
use inhaul_types::card::Occasion;
use inhaul_types::{Card, ErrorCode, Facts, Secret};
use serde_json::Value;

use super::house::{House, OTHER_PASSWORD, PASSWORD};
use crate::runs::{Answer, DetectionFailure, InspectionFailure};
use crate::testing::{detection, failure};

/// A server that refuses the password.
fn refused() -> InspectionFailure {
    let facts = Facts {
        said: Some("[AUTH] no".into()),
        occasion: Occasion::Trial,
        ..Facts::default()
    };
    failure(Card::of(ErrorCode::AuthRefused, &facts))
}

#[tokio::test]
async fn what_a_person_adds_is_theirs_and_was_tried_out_as_theirs() {
    let house = House::new().await;
    let body = format!(
        r#"{{"name":"Old ISP","server":"pop.example.org 995s","user":"jane","password":"{PASSWORD}",
            "folder":"Old","every":"10m","after_storing":"delete","days":14,"limits":{{"largest":1000}},"bring":"days=30"}}"#
    );
    let answer = house.ask(&house.alice, "POST /retrievals", &body).await;
    let made = answer.is(201);
    let place = answer.headers["location"].to_str().unwrap();
    assert_eq!(place, format!("/api/v1/retrievals/{}", made["id"]));
    let expected = serde_json::json!({
        "owner": "alice", "account": "alice", "folder": "Old", "server": "pop.example.org",
        "port": 995, "security": "tls", "every": "10m", "after_storing": "delete", "days": 14,
        "state": "new", "paused": false, "catch_all": null, "sign_in": "auto",
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    assert_eq!(made["limits"]["largest"], 1000);
    let inspected = house.runs.inspected.lock().unwrap();
    let [(_, secret, for_person)] = &inspected[..] else {
        panic!("it was not tried out once");
    };
    assert_eq!(*for_person, Some(house.alice.id));
    assert_eq!(
        *secret,
        RemoteSecret::Stored(Secret::new(PASSWORD.to_owned()))
    );
}

#[tokio::test]
async fn a_password_that_is_refused_saves_nothing_and_shows_the_card() {
    let house = House::new().await;
    let body = |test| {
        format!(
            r#"{{"name":"Club","server":"pop.old-isp.example","user":"jane","password":"{PASSWORD}","test":{test}}}"#
        )
    };
    house.runs.will_test(Err(refused()));
    let answer = house
        .ask(&house.alice, "POST /retrievals", &body(true))
        .await;
    answer.refuses(422, "auth-refused", None);
    let problem = answer.json();
    assert_eq!(problem["said"], "[AUTH] no");
    let steps = problem["do"].to_string();
    assert!(steps.contains("send this request once more"), "{steps}");
    assert!(!steps.contains("command"), "{steps}");
    let list = house.ask(&house.alice, "GET /retrievals", "").await.is(200);
    assert_eq!(list["retrievals"].as_array().unwrap().len(), 0);
    house
        .ask(&house.alice, "POST /retrievals", &body(false))
        .await
        .is(201);
    let inspected = house.runs.inspected.lock().unwrap().len();
    assert_eq!(inspected, 1, "the second was not tried out");
}

#[tokio::test]
async fn what_may_not_be_saved_is_not_tried_out_either() {
    let house = House::new().await;
    let nothing = GroupChange {
        users_may: Some(UsersMay::NOTHING),
        ..GroupChange::default()
    };
    let everyone = house.store.group_list().await.unwrap()[0].id;
    house.store.group_change(everyone, nothing).await.unwrap();
    let body = format!(
        r#"{{"name":"Club","server":"pop.example.org","user":"jane","password":"{PASSWORD}"}}"#
    );
    let answer = house.ask(&house.alice, "POST /retrievals", &body).await;
    answer.refuses(403, "not-allowed", None);
    assert!(house.runs.inspected.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_not_understood_names_its_field_and_repeats_no_password() {
    let house = House::new().await;
    let begin =
        format!(r#""name":"A","server":"pop.example.org","user":"u","password":"{PASSWORD}""#);
    for (body, status, field) in [
        (
            format!(r#"{{{begin},"pasword":"{PASSWORD}"}}"#),
            422,
            Some("pasword"),
        ),
        (
            format!(r#"{{"name":"A","server":"b.example","password":"{PASSWORD}"}}"#),
            422,
            Some("user"),
        ),
        (
            format!(r#"{{{begin},"port":"{PASSWORD}"}}"#),
            422,
            Some("port"),
        ),
        (format!(r#"{{{begin},"port":70000}}"#), 422, Some("port")),
        (
            format!(r#"{{{begin},"security":"ssl"}}"#),
            422,
            Some("security"),
        ),
        (
            format!(r#"{{{begin},"every":"often"}}"#),
            422,
            Some("every"),
        ),
        (format!(r#"{{{begin},"days":3}}"#), 422, Some("days")),
        (
            format!(r#"{{{begin},"sign_in":"ntlm"}}"#),
            422,
            Some("sign_in"),
        ),
        (format!(r#"{{{begin},"pin":"abc"}}"#), 422, Some("pin")),
        (format!(r#"{{{begin},"bring":"some"}}"#), 422, Some("bring")),
        (
            format!(r#"{{{begin},"account":"bob"}}"#),
            422,
            Some("account"),
        ),
        (
            format!(r#"{{{begin},"security":"none"}}"#),
            403,
            Some("security"),
        ),
        (
            format!(r#"{{"name":"A","server":"10.1.2.3","user":"u","password":"{PASSWORD}"}}"#),
            403,
            Some("server"),
        ),
        (
            r#"{"name":"A","server":"b.example","user":"u","password":["x"]}"#.to_owned(),
            422,
            Some("password"),
        ),
        (format!(r#"{{{begin}"#), 400, None),
        (format!(r#"["{PASSWORD}"]"#), 400, None),
    ] {
        let answer = house.ask(&house.alice, "POST /retrievals", &body).await;
        let code = if status == 403 {
            "not-allowed"
        } else {
            "not-understood"
        };
        answer.refuses(status, code, field);
    }
    assert!(house.runs.inspected.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_body_is_json_and_not_too_much_of_it() {
    let house = House::new().await;
    let key = format!("Bearer {}", house.alice.key);
    let form = [
        (AUTHORIZATION.as_str(), key),
        (
            CONTENT_TYPE.as_str(),
            "application/x-www-form-urlencoded".to_owned(),
        ),
    ];
    let answer = house
        .send("POST /detect", &form, "address=a@b.example")
        .await;
    answer.refuses(415, "not-understood", None);
    let much = format!(r#"{{"address":"{}"}}"#, "a".repeat(300 * 1024));
    let answer = house.ask(&house.alice, "POST /detect", &much).await;
    answer.refuses(413, "request-too-large", None);
}

#[tokio::test]
async fn a_change_leaves_alone_what_it_does_not_name() {
    let house = House::new().await;
    let club = house.retrieval(&house.alice, "Club").await;
    let line = format!("PATCH /retrievals/{club}");
    let show = format!("GET /retrievals/{club}");
    let mut expected = house.ask(&house.alice, &show, "").await.is(200);
    for (body, changes) in [
        ("{}", serde_json::json!({})),
        (r#"{"every":"30m"}"#, serde_json::json!({ "every": "30m" })),
        (
            r#"{"after_storing":"delete","days":7}"#,
            serde_json::json!({ "after_storing": "delete", "days": 7 }),
        ),
        (r#"{"after_storing":"delete"}"#, serde_json::json!({})),
        (r#"{"days":null}"#, serde_json::json!({ "days": null })),
        (r#"{"days":3}"#, serde_json::json!({ "days": 3 })),
        (
            r#"{"after_storing":"keep"}"#,
            serde_json::json!({ "after_storing": "keep", "days": null }),
        ),
        (
            r#"{"name":"Verein","folder":"Verein"}"#,
            serde_json::json!({ "name": "Verein", "folder": "Verein" }),
        ),
        (
            r#"{"sign_in":"plain"}"#,
            serde_json::json!({ "sign_in": "plain" }),
        ),
    ] {
        let after = house.ask(&house.alice, &line, body).await.is(200);
        for (name, value) in changes.as_object().unwrap() {
            expected[name] = value.clone();
        }
        let without = |document: &Value| {
            let mut document = document.clone();
            // What follows from the schedule.
            document["sentence"] = Value::Null;
            document["next"] = Value::Null;
            document
        };
        assert_eq!(without(&after), without(&expected), "{body}");
    }
    let secret = house.store.retrieval_secret(club).await.unwrap();
    assert_eq!(
        secret,
        RemoteSecret::Stored(Secret::new(PASSWORD.to_owned()))
    );
}

#[tokio::test]
async fn limits_of_runs_are_changed_one_by_one_and_null_lifts_one() {
    let house = House::new().await;
    let club = house.retrieval(&house.alice, "Club").await;
    let line = format!("PATCH /retrievals/{club}");
    let mut limits = Value::Null;
    for body in [
        r#"{"limits":{"max-messages":10,"largest":1000}}"#,
        r#"{"limits":{"largest":null,"reconnect":true}}"#,
    ] {
        limits = house.ask(&house.alice, &line, body).await.is(200)["limits"].take();
    }
    let expected = serde_json::json!({
        "max-messages": 10, "max-octets": null, "largest": null, "reconnect": true,
    });
    assert_eq!(limits, expected);
}

#[tokio::test]
async fn another_server_needs_the_password_again() {
    let house = House::new().await;
    let club = house.retrieval(&house.alice, "Club").await;
    let line = format!("PATCH /retrievals/{club}");
    let body = r#"{"server":"pop.elsewhere.example"}"#;
    let answer = house.ask(&house.alice, &line, body).await;
    answer.refuses(422, "not-understood", Some("password"));
    let body = format!(r#"{{"server":"pop.elsewhere.example","password":"{OTHER_PASSWORD}"}}"#);
    let after = house.ask(&house.alice, &line, &body).await.is(200);
    assert_eq!(after["server"], "pop.elsewhere.example");
    for body in [r#"{"name":null}"#, r#"{"password":null}"#, r#"{"id":7}"#] {
        house.ask(&house.alice, &line, body).await.is(422);
    }
}

#[tokio::test]
async fn null_takes_an_owner_away_and_only_administrators_do_it() {
    let house = House::new().await;
    let club = house.retrieval(&house.alice, "Club").await;
    let line = format!("PATCH /retrievals/{club}");
    let answer = house.ask(&house.alice, &line, r#"{"owner":null}"#).await;
    answer.refuses(403, "not-allowed", None);
    let after = house
        .ask(&house.boss, &line, r#"{"owner":null}"#)
        .await
        .is(200);
    assert_eq!(after["owner"], Value::Null);
    // It still fills her folders alone: she sees it, and an administrator looks after it.
    let show = format!("GET /retrievals/{club}");
    house.ask(&house.alice, &show, "").await.is(200);
    for line in [
        format!("DELETE /retrievals/{club}"),
        format!("POST /retrievals/{club}/pause"),
        format!("POST /retrievals/{club}/test"),
    ] {
        let answer = house.ask(&house.alice, &line, "").await;
        answer.refuses(403, "not-allowed", None);
    }
}

#[tokio::test]
async fn pausing_shows_in_the_document_and_in_the_audit() {
    let house = House::new().await;
    let club = house.retrieval(&house.alice, "Club").await;
    let pause = format!("POST /retrievals/{club}/pause");
    let paused = house.ask(&house.alice, &pause, "").await.is(200);
    assert_eq!(
        (&paused["paused"], &paused["state"]),
        (&true.into(), &"paused".into())
    );
    let list = house
        .ask(&house.alice, "GET /retrievals?state=new,failing", "")
        .await;
    assert_eq!(list.is(200)["retrievals"].as_array().unwrap().len(), 0);
    let list = house
        .ask(&house.alice, "GET /retrievals?state=paused", "")
        .await;
    assert_eq!(list.is(200)["retrievals"][0]["name"], "Club");
    let answer = house
        .ask(&house.alice, "GET /retrievals?state=asleep", "")
        .await;
    answer.refuses(422, "not-understood", Some("state"));
    let resume = format!("POST /retrievals/{club}/resume");
    let resumed = house.ask(&house.alice, &resume, "").await.is(200);
    assert_eq!(resumed["paused"], false);
    let audit = house
        .ask(&house.boss, "GET /audit?who=alice&limit=1", "")
        .await
        .is(200);
    let change = &audit["changes"][0];
    assert_eq!(change["channel"], "api 127.0.0.1");
    assert!(
        change["object"]
            .as_str()
            .unwrap()
            .starts_with("retrieval Club")
    );
}

#[tokio::test]
async fn a_check_says_what_became_of_it() {
    let house = House::new().await;
    let club = house.retrieval(&house.alice, "Club").await;
    let line = format!("POST /retrievals/{club}/check");
    let now = house.now();
    let in_a_minute = now.plus(Duration::from_secs(60));
    for (answer, word) in [
        (Answer::Started, "started"),
        (Answer::Joined, "joined"),
        (Answer::Queued(3), "queued"),
        (Answer::Behind(in_a_minute), "behind"),
    ] {
        *house.runs.answer.lock().unwrap() = answer;
        let said = house.ask(&house.alice, &line, "").await.is(202);
        assert_eq!(said["answer"], word);
    }
    for (reason, status, code) in [
        (RefusalReason::TooSoon { checked: now }, 409, "too-soon"),
        (RefusalReason::SwitchedOff, 403, "not-allowed"),
        (RefusalReason::Paused, 409, "paused"),
    ] {
        let until = Some(in_a_minute);
        *house.runs.answer.lock().unwrap() = Answer::Refused(Refusal { reason, until });
        let answer = house.ask(&house.alice, &line, "").await;
        answer.refuses(status, code, None);
        assert_eq!(answer.headers["retry-after"], "60");
    }
    let started = house.runs.started.lock().unwrap();
    let by = started[0].by.unwrap();
    assert_eq!(
        (by.account, started[0].activation.as_str()),
        (house.alice.id, "api")
    );
}

#[tokio::test]
async fn what_an_administrator_checks_for_somebody_counts_as_nobodys() {
    let house = House::new().await;
    let club = house.retrieval(&house.alice, "Club").await;
    let line = format!("POST /retrievals/{club}/check");
    house.ask(&house.boss, &line, "").await.is(202);
    assert_eq!(house.runs.started.lock().unwrap()[0].by, None);
}

#[tokio::test]
async fn a_test_says_how_each_step_went() {
    let house = House::new().await;
    let club = house.retrieval(&house.alice, "Club").await;
    let line = format!("POST /retrievals/{club}/test");
    let good = house.ask(&house.alice, &line, "").await.is(200);
    assert_eq!(
        (&good["ok"], &good["messages"]),
        (&true.into(), &412.into())
    );
    house.runs.will_test(Err(refused()));
    let bad = house.ask(&house.alice, &line, "").await.is(200);
    assert_eq!(
        (&bad["ok"], &bad["code"]),
        (&false.into(), &"auth-refused".into())
    );
    let last = bad["steps"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["step"], &last["ok"]),
        (&"sign-in".into(), &false.into())
    );
}

#[tokio::test]
async fn nothing_is_tested_while_the_server_refuses_the_password() {
    let house = House::new().await;
    let club = house.retrieval(&house.alice, "Club").await;
    let row = house.store.retrieval_by_id(club).await.unwrap();
    let refused = ScheduleState {
        setback: Some(Setback::SignInRefused),
        setbacks: 1,
        last_started: Some(house.now()),
        ..row.schedule
    };
    let states = [(club, refused)];
    house.store.retrieval_schedule(&states).await.unwrap();
    let tested = house.runs.inspected.lock().unwrap().len();
    let line = format!("POST /retrievals/{club}/test");
    let answer = house.ask(&house.alice, &line, "").await;
    answer.refuses(409, "sign-in-refused", None);
    assert!(answer.headers.contains_key("retry-after"));
    assert_eq!(house.runs.inspected.lock().unwrap().len(), tested);
    // Another password may be the right one.
    let change = format!("PATCH /retrievals/{club}");
    let body = format!(r#"{{"password":"{OTHER_PASSWORD}"}}"#);
    house.ask(&house.alice, &change, &body).await.is(200);
    house.ask(&house.alice, &line, "").await.is(200);
}

#[tokio::test]
async fn runs_come_page_by_page_and_each_has_its_conversation() {
    let house = House::new().await;
    let club = house.retrieval(&house.alice, "Club").await;
    let mut ran = Vec::new();
    for number in 0..3 {
        house.wait(Duration::from_secs(60));
        let (run, _) = house
            .run(club, format!("N: {number}\r\n\r\n").as_bytes())
            .await;
        ran.insert(0, run.row());
    }
    let (mut seen, mut before) = (Vec::new(), String::new());
    loop {
        let line = format!("GET /retrievals/{club}/runs?limit=2{before}");
        let page = house.ask(&house.alice, &line, "").await.is(200);
        let runs = page["runs"].as_array().unwrap();
        seen.extend(runs.iter().map(|run| run["run"].as_i64().unwrap()));
        match page["next"].as_i64() {
            Some(next) => before = format!("&before={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ran);
    let line = format!("GET /retrievals/{club}/runs/{}/conversation", ran[0]);
    let said = house.ask(&house.alice, &line, "").await.is(200);
    assert_eq!(said["run"]["result"], "ok");
    assert_eq!(
        said["conversation"],
        serde_json::json!(["S: +OK", "C: QUIT"])
    );
}

#[tokio::test]
async fn a_removed_retrieval_is_not_there_any_more() {
    let house = House::new().await;
    let club = house.retrieval(&house.alice, "Club").await;
    let line = |verb| format!("{verb} /retrievals/{club}");
    house.ask(&house.alice, &line("DELETE"), "").await.is(204);
    let answer = house.ask(&house.alice, &line("GET"), "").await;
    answer.refuses(404, "not-found", None);
}

#[tokio::test]
async fn the_server_of_an_address_is_found_with_its_origin() {
    let house = House::new().await;
    let ask = async |address: &str| {
        let body = format!(r#"{{"address":"{address}"}}"#);
        house.ask(&house.alice, "POST /detect", &body).await
    };
    house.runs.will_find(Ok(detection("jane")));
    let found = ask("jane@old-isp.example").await.is(200);
    assert_eq!(
        (&found["server"], &found["found_by"]),
        (&"pop.old-isp.example".into(), &"known-provider".into())
    );
    assert_eq!(found["steps"].as_array().unwrap().len(), 1);
    let bad = DetectionFailure::BadAddress("That is no mail address.".into());
    house.runs.will_find(Err(bad));
    ask("jane")
        .await
        .refuses(422, "not-understood", Some("address"));
    let unknown = ask("jane@unknown.example").await;
    unknown.refuses(422, "nothing-found", Some("address"));
}

#[tokio::test]
async fn check_mail_tells_each_mailbox_and_is_found_again() {
    let house = House::new().await;
    let club = house.retrieval(&house.alice, "Club").await;
    house.stands(club, |_| {}).await;
    *house.runs.answer.lock().unwrap() = Answer::Queued(2);
    let begun = house.ask(&house.alice, "POST /check", "").await.is(200);
    assert_eq!(begun["activation"], "api");
    let line = &begun["retrievals"][0];
    assert_eq!(
        (&line["retrieval"], &line["before"]),
        (&"Club".into(), &2.into())
    );
    let show = format!("GET /check/{}", begun["check_id"].as_str().unwrap());
    let shown = house.ask(&house.alice, &show, "").await.is(200);
    assert_eq!(shown["check_id"], begun["check_id"]);
    let started = house.runs.started.lock().unwrap();
    assert_eq!(started[0].by.unwrap().account, house.alice.id);
}

#[tokio::test]
async fn the_end_of_a_check_is_told_with_its_summary() {
    let house = House::new().await;
    let club = house.retrieval(&house.alice, "Club").await;
    house.stands(club, |_| {}).await;
    let (reason, until) = (RefusalReason::Paused, None);
    *house.runs.answer.lock().unwrap() = Answer::Refused(Refusal { reason, until });
    let begun = house.ask(&house.alice, "POST /check", "").await.is(200);
    assert_eq!(
        (&begun["finished"], &begun["summary"]["refused"]),
        (&true.into(), &1.into())
    );
    let line = &begun["retrievals"][0];
    assert_eq!(
        (&line["result"], &line["code"]),
        (&"refused".into(), &"paused".into())
    );
    let id = begun["check_id"].as_str().unwrap();
    let events = house
        .ask(&house.alice, &format!("GET /check/{id}/events"), "")
        .await;
    assert_eq!(
        events.headers["content-type"],
        "text/event-stream; charset=utf-8"
    );
    let events = String::from_utf8_lossy(&events.octets).into_owned();
    assert!(events.contains("event: summary"), "{events}");
}

#[tokio::test]
async fn retrievals_come_page_by_page_where_that_is_wanted() {
    let house = House::new().await;
    for name in ["beta", "Alpha", "gamma", "delta"] {
        house.retrieval(&house.alice, name).await;
    }
    let all = house.ask(&house.alice, "GET /retrievals", "").await.is(200);
    let names = |page: &Value| -> Vec<String> {
        let rows = page["retrievals"].as_array().unwrap().iter();
        rows.map(|row| row["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!((names(&all).len(), &all["next"]), (4, &Value::Null));
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let line = format!("GET /retrievals?limit=3{after}");
        let page = house.ask(&house.alice, &line, "").await.is(200);
        seen.extend(names(&page));
        match &page["next"] {
            Value::String(next) => after = format!("&after={next}"),
            _ => break,
        }
    }
    assert_eq!(seen, names(&all));
}
