//! The audit.

use axum::http::StatusCode;
use inhaul_store::{NewAudit, Store as _};

use super::house::{House, NOW};

async fn house() -> House {
    let house = House::new().await;
    for (actor, object, new) in [
        ("root", "group Staff: limits", "message=50MB"),
        ("=cmd|'/c calc'!A1", "account <b>\"x\"</b>", "-1+1"),
        ("alice", "retrieval Club: password", "changed"),
    ] {
        let audit = NewAudit {
            at: NOW,
            actor: actor.into(),
            account: None,
            channel: "web 192.0.2.7".into(),
            action: "changed".into(),
            object: object.into(),
            old: None,
            new: Some(new.into()),
        };
        house.store.records().audit_add(audit).await.unwrap();
    }
    house
}

#[tokio::test]
async fn changes_are_listed_newest_first_and_escaped() {
    let house = house().await;
    let page = house.browser("root").await.page("/manage/audit").await;
    let club = page
        .find("changed retrieval Club: password changed")
        .unwrap();
    let staff = page
        .find("changed group Staff: limits message=50MB")
        .unwrap();
    assert!(club < staff);
    assert!(!page.contains("<b>"), "{page}");
    assert!(!page.contains(">Older<"), "this is all of it");
}

#[tokio::test]
async fn a_filter_is_by_who_and_by_what() {
    let house = house().await;
    let root = house.browser("root").await;
    let page = root.page("/manage/audit?who=alice").await;
    assert!(page.contains("retrieval Club") && !page.contains("group Staff"));
    let page = root.page("/manage/audit?what=STAFF").await;
    assert!(!page.contains("retrieval Club") && page.contains("group Staff"));
    assert!(page.contains("/manage/audit.csv?what=STAFF"), "{page}");
    assert!(
        root.page("/manage/audit?who=bob")
            .await
            .contains("No change is like this.")
    );
}

#[tokio::test]
async fn a_long_audit_goes_on_behind() {
    let house = house().await;
    for number in 0..120 {
        house.account(&format!("a{number}"), false).await;
        let audit = NewAudit {
            at: NOW,
            actor: "root".into(),
            account: None,
            channel: "command line".into(),
            action: "added".into(),
            object: format!("account a{number}."),
            old: None,
            new: None,
        };
        house.store.records().audit_add(audit).await.unwrap();
    }
    let root = house.browser("root").await;
    let (mut place, mut seen) = ("/manage/audit".to_owned(), 0);
    loop {
        let page = root.page(&place).await;
        seen += page
            .matches("<td class=\"side first-line one-line\">")
            .count();
        let Some((before, _)) = page.split_once("\" rel=\"next\">Older") else {
            break;
        };
        let (_, next) = before.rsplit_once("href=\"").unwrap();
        place = next.replace("&#38;", "&");
    }
    assert_eq!(seen, 123);
}

#[tokio::test]
async fn the_file_is_whole_and_carries_no_formula() {
    let house = house().await;
    let root = house.browser("root").await;
    let file = root.get("/manage/audit.csv").await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.kind, "text/csv; charset=utf-8");
    assert_eq!(file.file, "attachment; filename=\"audit.csv\"");
    let lines: Vec<_> = file.text.split("\r\n").collect();
    assert_eq!(lines.len(), 5, "{}", file.text);
    assert_eq!(
        lines[2],
        "\"2023-11-14T22:13:20Z\",\"'=cmd|'/c calc'!A1\",\"web 192.0.2.7\",\"changed\",\
         \"account <b>\"\"x\"\"</b>\",\"\",\"'-1+1\""
    );
    let some = root.get("/manage/audit.csv?who=alice").await;
    assert_eq!(some.text.lines().count(), 2);
}
