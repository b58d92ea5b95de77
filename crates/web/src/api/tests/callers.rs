//! Who is let in by what.

use std::time::Duration;

use axum::http::header::{AUTHORIZATION, COOKIE};
use inhaul_store::{AccountChange, GroupChange, NewSession, Store as _};

use super::house::House;
use crate::request::Token;

#[tokio::test]
async fn a_key_acts_for_its_account_until_it_is_revoked() {
    let house = House::new().await;
    house.ask(&house.alice, "GET /retrievals", "").await.is(200);
    let line = format!("DELETE /api-keys/{}", house.alice.key_id);
    house.ask(&house.boss, &line, "").await.is(204);
    let answer = house.ask(&house.alice, "GET /retrievals", "").await;
    answer.refuses(401, "not-signed-in", None);
    assert_eq!(answer.headers["www-authenticate"], "Bearer");
}

#[tokio::test]
async fn nobody_comes_in_without_a_key_or_with_a_wrong_one() {
    let house = House::new().await;
    for headers in [
        vec![],
        vec![(AUTHORIZATION.as_str(), "Bearer wrong".to_owned())],
        vec![(AUTHORIZATION.as_str(), "Basic Ym9zczpib3Nz".to_owned())],
        vec![(AUTHORIZATION.as_str(), "Bearer".to_owned())],
        vec![(COOKIE.as_str(), "inhaul=wrong".to_owned())],
    ] {
        let answer = house.send("GET /status", &headers, "").await;
        answer.refuses(401, "not-signed-in", None);
    }
}

#[tokio::test]
async fn a_key_of_a_switched_off_account_or_group_lets_nobody_in() {
    let house = House::new().await;
    let off = |enabled| AccountChange {
        enabled: Some(enabled),
        ..AccountChange::default()
    };
    let alice = house.alice.id;
    house.store.account_change(alice, off(false)).await.unwrap();
    house.ask(&house.alice, "GET /status", "").await.is(401);
    house.store.account_change(alice, off(true)).await.unwrap();
    house.ask(&house.alice, "GET /status", "").await.is(200);
    let off = GroupChange {
        enabled: Some(false),
        ..GroupChange::default()
    };
    let group = house.store.group_create("Off", off).await.unwrap();
    let into = AccountChange {
        group: Some("Off".into()),
        ..AccountChange::default()
    };
    house.store.account_change(alice, into).await.unwrap();
    house.ask(&house.alice, "GET /status", "").await.is(401);
    assert!(group.row() > 0);
}

#[tokio::test]
async fn different_wrong_keys_bar_an_address_for_a_while() {
    let house = House::new().await;
    let wrong = |number| [(AUTHORIZATION.as_str(), format!("Bearer wrong-{number}"))];
    for _ in 0..100 {
        house.send("GET /status", &wrong(0), "").await.is(401);
    }
    for number in 1..20 {
        house.send("GET /status", &wrong(number), "").await.is(401);
    }
    let answer = house.ask(&house.alice, "GET /status", "").await;
    answer.refuses(429, "too-many-tries", None);
    assert_eq!(answer.headers["retry-after"], "600");
    house.wait(Duration::from_secs(600));
    house.ask(&house.alice, "GET /status", "").await.is(200);
}

#[tokio::test]
async fn the_last_use_of_a_key_is_written_down_once_a_minute() {
    let house = House::new().await;
    let begin = house.now();
    for (wait, used) in [(0, 0), (59, 0), (1, 60), (30, 60)] {
        house.wait(Duration::from_secs(wait));
        house.ask(&house.alice, "GET /status", "").await.is(200);
        let keys = house.store.visitors().api_key_list(Some(house.alice.id));
        let last_used = keys.await.unwrap()[0].last_used;
        assert_eq!(last_used, Some(begin.plus(Duration::from_secs(used))));
    }
}

#[tokio::test]
async fn a_session_counts_as_a_key_does_but_not_for_other_sites() {
    let house = House::new().await;
    let token = Token::new().unwrap();
    let session = NewSession {
        token: token.hash(),
        account: house.alice.id,
        at: house.now(),
        kept: false,
        address: None,
        agent: String::new(),
    };
    house.store.visitors().session_begin(session).await.unwrap();
    let cookie = (COOKIE.as_str(), format!("inhaul={}", token.reveal()));
    let club = house.retrieval(&house.alice, "Club").await;
    let pause = format!("POST /retrievals/{club}/pause");
    for (site, status) in [
        ("same-origin", 200),
        ("cross-site", 403),
        ("same-site", 403),
    ] {
        let headers = [cookie.clone(), ("sec-fetch-site", site.to_owned())];
        let answer = house.send(&pause, &headers, "").await;
        assert_eq!(answer.status.as_u16(), status, "{site}");
    }
    let answer = house.send(&pause, std::slice::from_ref(&cookie), "").await;
    answer.refuses(403, "not-allowed", None);
    house.send("GET /status", &[cookie], "").await.is(200);
}

#[tokio::test]
async fn what_is_not_there_is_told_as_data_and_so_is_a_wrong_method() {
    let house = House::new().await;
    for line in [
        "GET /nothing",
        "GET /retrievals/abc",
        "POST /retrievals/1/nothing",
    ] {
        let answer = house.ask(&house.boss, line, "").await;
        answer.refuses(404, "not-found", None);
    }
    let answer = house.ask(&house.boss, "DELETE /retrievals", "").await;
    answer.refuses(405, "method-not-allowed", None);
    assert_eq!(answer.headers["allow"], "GET,HEAD,POST");
}
