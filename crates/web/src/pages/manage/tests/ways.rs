//! Who comes in where.

use axum::http::StatusCode;

use super::house::House;

/// Every way into the manager: method and path.
const WAYS: &[(&str, &str)] = &[
    ("GET", "/manage"),
    ("POST", "/manage/check"),
    ("GET", "/manage/accounts"),
    ("GET", "/manage/accounts/add"),
    ("POST", "/manage/accounts/add"),
    ("GET", "/manage/accounts/1"),
    ("POST", "/manage/accounts/1"),
    ("POST", "/manage/accounts/1/password"),
    ("POST", "/manage/accounts/1/link"),
    ("GET", "/manage/accounts/1/remove"),
    ("POST", "/manage/accounts/1/remove"),
    ("GET", "/manage/groups"),
    ("POST", "/manage/groups"),
    ("GET", "/manage/groups/1"),
    ("POST", "/manage/groups/1"),
    ("POST", "/manage/groups/1/remove"),
    ("GET", "/manage/retrievals"),
    ("POST", "/manage/retrievals/bulk"),
    ("GET", "/manage/audit"),
    ("GET", "/manage/log"),
    ("GET", "/manage/log/follow"),
    ("GET", "/manage/log/news"),
    ("GET", "/manage/log.txt"),
    ("GET", "/manage/log.jsonl"),
    ("GET", "/manage/settings"),
    ("GET", "/manage/settings/doctor"),
    ("GET", "/manage/settings/licences"),
    ("POST", "/manage/settings/outside"),
    ("GET", "/manage/notices"),
    ("POST", "/manage/notices/test"),
    ("POST", "/manage/keys"),
    ("POST", "/manage/keys/1/remove"),
    ("GET", "/manage/audit.csv"),
];

#[tokio::test]
async fn a_person_finds_nothing_here_and_changes_nothing() {
    let house = House::new().await;
    let (alice, before) = (house.browser("alice").await, house.audit().await);
    for (method, path) in WAYS {
        let answered = match *method {
            "GET" => alice.get(path).await,
            _ => alice.post(path, &[("name", "mallory"), ("id", "1")]).await,
        };
        assert_eq!(answered.status, StatusCode::NOT_FOUND, "{method} {path}");
    }
    assert_eq!(house.audit().await, before);
    assert!(house.runs.started.lock().unwrap().is_empty());
    assert_eq!(house.names().await, ["alice", "root"]);
}

#[tokio::test]
async fn nobody_is_asked_to_sign_in_first() {
    let house = House::new().await;
    for (method, path) in WAYS {
        let answered = match *method {
            "GET" => house.stranger().get(path).await,
            _ => house.stranger().post(path, &[]).await,
        };
        let to_sign_in = answered.place.starts_with("/sign-in");
        assert!(to_sign_in, "{method} {path}: {answered:?}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let house = House::new().await;
    let root = house.browser("root").await;
    for path in [
        "/manage/accounts/4711",
        "/manage/accounts/alice",
        "/manage/accounts/-1/remove",
        "/manage/groups/4711",
        "/manage/groups/99999999999999999999",
    ] {
        assert_eq!(root.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
