//! Settings, notices, API keys, the doctor.

use axum::http::StatusCode;
use inhaul_store::Store as _;

use super::house::{House, NOW};
use crate::request::Token;

#[tokio::test]
async fn what_is_written_is_locked_and_says_where() {
    let house = House::new().await;
    let page = house.browser("root").await.page("/manage/settings").await;
    assert!(
        page.contains("Set in /etc/inhaul/inhaul.toml, line 12"),
        "{page}"
    );
    assert!(page.contains("&#60;5m&#62;") && !page.contains("<5m>"));
    assert!(page.contains("built in"));
    assert!(page.contains("How often mailboxes are checked"));
}

#[tokio::test]
async fn a_test_notice_says_what_became_of_it() {
    let house = House::new().await;
    let root = house.browser("root").await;
    let section = root.get("/manage/notices").await;
    assert_eq!(section.place, "/manage/settings#notify");
    let told = root.post("/manage/notices/test", &[]).await;
    assert_eq!(told.status, StatusCode::OK);
    assert!(
        told.text.contains("Delivered to the inbox of root."),
        "{}",
        told.text
    );
    assert!(
        told.text
            .contains("Not delivered to the web address: no answer")
    );
}

#[tokio::test]
async fn the_doctor_says_what_to_do() {
    let house = House::new().await;
    let page = house
        .browser("root")
        .await
        .page("/manage/settings/doctor")
        .await;
    assert!(page.contains("No problems, 1 warning."), "{page}");
    assert!(page.contains("To do: make room") && !page.contains("<nearly>"));
}

#[tokio::test]
async fn a_key_is_shown_once_and_acts_until_it_is_removed() {
    let house = House::new().await;
    let root = house.browser("root").await;
    let made = root.post("/manage/keys", &[("name", "backup <b>")]).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let (_, rest) = made
        .text
        .split_once("<pre class=\"copy wraps\" id=\"key\">")
        .unwrap();
    let key = rest.split('<').next().unwrap();
    let visitors = house.store.visitors();
    let found = visitors
        .api_key_find(&Token::shown(key).hash())
        .await
        .unwrap();
    let found = found.unwrap();
    assert_eq!((found.account.name.as_str(), found.made), ("root", NOW));
    let page = root.page("/manage/settings").await;
    assert!(
        page.contains("backup &#60;b&#62;") && !page.contains(key),
        "{page}"
    );
    for (name, status) in [
        ("backup <b>", StatusCode::UNPROCESSABLE_ENTITY),
        (" ", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let again = root.post("/manage/keys", &[("name", name)]).await;
        assert_eq!(again.status, status, "{name}");
        assert!(again.text.contains("aria-describedby=\"name-wrong\""));
    }
    let remove = format!("/manage/keys/{}/remove", found.id);
    house.account("other", true).await;
    let other = house.browser("other").await.post(&remove, &[]).await;
    assert_eq!(other.status, StatusCode::NOT_FOUND, "it is somebody else's");
    root.goes_on(&remove, &[]).await;
    let gone = visitors
        .api_key_find(&Token::shown(key).hash())
        .await
        .unwrap();
    assert!(gone.is_none());
    let audit = house.audit().await;
    assert!(
        audit.contains(&"root: added API key backup <b> of account root".to_owned()),
        "{audit:?}"
    );
    assert!(audit.contains(&"root: removed API key backup <b> of account root".to_owned()));
    assert!(!audit.join(" ").contains(key));
}

#[tokio::test]
async fn what_is_not_plain_in_the_file_is_plain_on_the_page() {
    let house = House::new().await;
    let page = house.browser("root").await.page("/manage/settings").await;
    assert!(page.contains("Checks at the same time"), "{page}");
    assert!(
        page.contains("at_once") && !page.contains("&#34;"),
        "{page}"
    );
    assert!(page.contains("Message in the inbox of"), "{page}");
}

#[tokio::test]
async fn the_address_people_type_is_visited_and_what_came_of_it_is_said() {
    let house = House::new().await;
    let root = house.browser("root").await;
    let told = root.post("/manage/settings/outside", &[]).await;
    assert_eq!(told.status, StatusCode::OK);
    let asked_for = crate::assets::address("icon.svg");
    let said = format!("https://mail.example.org has no &#60;b&#62;{asked_for}.");
    assert!(told.text.contains(&said), "{}", told.text);
}

#[tokio::test]
async fn the_packages_in_the_program_are_listed_with_their_licences() {
    let house = House::new().await;
    let root = house.browser("root").await;
    let settings = root.page("/manage/settings").await;
    assert!(settings.contains("href=\"/manage/settings/licences\""));
    let page = root.page("/manage/settings/licences").await;
    assert!(
        page.contains("an-example") && page.contains("1 package of others"),
        "{page}"
    );
    assert!(page.contains("MIT OR &#60;Apache&#62;"), "{page}");
}
