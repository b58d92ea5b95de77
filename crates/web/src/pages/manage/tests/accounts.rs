//! Accounts.

use axum::http::StatusCode;
use inhaul_store::{GroupChange, Store as _};

use super::house::House;

#[tokio::test]
async fn an_account_is_added_changed_and_removed() {
    let house = House::new().await;
    let root = house.browser("root").await;
    let form = [
        ("name", "petr"),
        ("addresses", "petr@firm.example\r\np@firm.example"),
        ("group", "Everyone"),
        ("password", ""),
    ];
    let to = root.goes_on("/manage/accounts/add", &form).await;
    let page = root.page(&to).await;
    assert!(
        page.contains("Added.") && page.contains("petr@firm.example"),
        "{page}"
    );
    let place = to.split('?').next().unwrap();
    let form = [
        ("name", "peter"),
        ("addresses", "p@firm.example"),
        ("group", "Everyone"),
        ("disabled", "true"),
        ("retrievals", "10"),
        ("mailbox", "5 GB"),
    ];
    root.goes_on(place, &form).await;
    let peter = house.named("peter").await;
    assert_eq!(peter.addresses.len(), 1);
    assert!(!peter.enabled && !peter.admin);
    assert_eq!(peter.limits.retrievals, Some(10));
    let page = root.page(place).await;
    assert!(page.contains(r#"value="5 GB""#), "{page}");

    let remove = format!("{place}/remove");
    let wrong = root.post(&remove, &[("name", "petr")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("Type peter to remove it."));
    let to = root.goes_on(&remove, &[("name", "peter")]).await;
    assert!(
        root.page(&to)
            .await
            .contains("The account peter is removed.")
    );
    let audit = house.audit().await;
    assert!(
        audit.contains(&"root: renamed account petr".to_owned()),
        "{audit:?}"
    );
    assert!(
        audit.contains(&"root: removed account peter".to_owned()),
        "{audit:?}"
    );
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field_and_what_was_typed_stays() {
    let house = House::new().await;
    let root = house.browser("root").await;
    let alice = format!("/manage/accounts/{}", house.named("alice").await.id);
    let form = [
        ("name", "alice"),
        ("group", "Everyone"),
        ("retrievals", "ten"),
    ];
    for (path, form, field, stays) in [
        (
            "/manage/accounts/add",
            &[("name", "alice"), ("addresses", "b@c.example")][..],
            "name",
            "b@c.example",
        ),
        (
            "/manage/accounts/add",
            &[("name", "new"), ("password", "short")],
            "password",
            "value=\"new\"",
        ),
        (
            "/manage/accounts/add",
            &[("name", "new"), ("addresses", "<no>")],
            "addresses",
            "&#60;no&#62;",
        ),
        (
            "/manage/accounts/add",
            &[("name", "new"), ("group", "None")],
            "group",
            "value=\"new\"",
        ),
        (&alice, &form, "retrievals", "value=\"ten\""),
    ] {
        let answered = root.post(path, form).await;
        assert_eq!(answered.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        let tied = format!("aria-describedby=\"{field}-wrong\"");
        assert!(answered.text.contains(&tied), "{field}: {}", answered.text);
        assert!(
            answered.text.contains(&format!("id=\"{field}-wrong\"")),
            "{field}"
        );
        assert!(answered.text.contains(stays), "{field}: {}", answered.text);
        assert!(
            !answered.text.contains("value=\"short\""),
            "no password is shown again"
        );
    }
}

#[tokio::test]
async fn the_last_administrator_stays_one() {
    let house = House::new().await;
    let root = house.browser("root").await;
    let id = house.named("root").await.id;
    let password = [("password", "correct horse battery")];
    let own = format!("/manage/accounts/{id}");
    let response = root.post(&format!("{own}/password"), &password).await;
    assert_eq!(response.status, StatusCode::SEE_OTHER, "{}", response.text);
    let root = house.browser("root").await;
    let form = [("name", "root"), ("group", "Everyone"), ("retrievals", "")];
    let answered = root.post(&own, &form).await;
    assert_eq!(answered.status, StatusCode::CONFLICT, "{}", answered.text);
    assert!(answered.text.contains("no administrator could sign in"));
    assert!(house.named("root").await.admin);
}

#[tokio::test]
async fn a_sign_in_link_lets_its_account_in_once() {
    let house = House::new().await;
    let root = house.browser("root").await;
    let id = house.named("alice").await.id;
    let page = root.post(&format!("/manage/accounts/{id}/link"), &[]).await;
    assert_eq!(page.status, StatusCode::OK);
    let (_, link) = page.text.split_once("/welcome#").unwrap();
    let code = &link[..14];
    let stranger = house.stranger();
    assert_eq!(stranger.goes_on("/welcome", &[("code", code)]).await, "/");
    let again = stranger.post("/welcome", &[("code", code)]).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    let audit = house.audit().await;
    assert_eq!(
        audit.last().unwrap(),
        "root: made sign-in link for account alice"
    );
    assert!(!audit.join(" ").contains(code), "the audit lets nobody in");
}

#[tokio::test]
async fn the_list_is_found_in_and_marks_who_has_too_much() {
    let house = House::new().await;
    for number in 0..60 {
        house.account(&format!("user-{number:02}"), false).await;
    }
    let root = house.browser("root").await;
    let page = root.page("/manage/accounts").await;
    assert!(
        page.contains("user-47") && !page.contains("user-48"),
        "{page}"
    );
    assert!(
        page.contains("/manage/accounts?find=&#38;after=user-47"),
        "{page}"
    );
    let page = root.page("/manage/accounts?find=&after=user-47").await;
    assert!(
        page.contains("user-48") && !page.contains("Next page"),
        "{page}"
    );
    let page = root.page("/manage/accounts?find=%3Cb%3E").await;
    assert!(
        page.contains("No account has this") && !page.contains("<b>"),
        "{page}"
    );
    assert!(
        root.page("/manage/accounts?find=ALICE")
            .await
            .contains(">alice<")
    );
}

#[tokio::test]
async fn what_a_file_says_is_shown_with_its_place() {
    let house = House::new().await;
    let alice = house.named("alice").await;
    let change = inhaul_store::AccountChange {
        written_at: Some(Some("/etc/inhaul/inhaul.toml:12".into())),
        ..Default::default()
    };
    house.store.account_change(alice.id, change).await.unwrap();
    let change = GroupChange {
        written_at: Some(Some("/etc/inhaul/inhaul.toml:3".into())),
        ..Default::default()
    };
    house
        .store
        .group_change(alice.group_id, change)
        .await
        .unwrap();
    let root = house.browser("root").await;
    let page = root.page(&format!("/manage/accounts/{}", alice.id)).await;
    assert!(page.contains("/etc/inhaul/inhaul.toml, line 12"), "{page}");
    assert!(!page.contains("Remove this account"));
    let group = format!("/manage/groups/{}", alice.group_id);
    assert!(
        root.page(&group)
            .await
            .contains("/etc/inhaul/inhaul.toml, line 3")
    );
    // The browser leaves out what is disabled; what it sends all the same changes nothing.
    let form = [("enabled", "true"), ("name", "Other"), ("schedule", "true")];
    root.goes_on(&group, &form).await;
    let groups = house.store.group_list().await.unwrap();
    let after = groups.iter().find(|one| one.id == alice.group_id).unwrap();
    assert_eq!((after.name.as_str(), after.triggers.len()), ("Everyone", 9));
}
