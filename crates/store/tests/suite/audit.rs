//! The audit only grows, and is read page by page.

use inhaul_store::{AuditFilter, NewAudit, Store};
use inhaul_types::{AccountId, AuditId, Timestamp};

use super::Bed;

fn change(at: i64, actor: &str, action: &str, object: &str) -> NewAudit {
    NewAudit {
        at: Timestamp::from_millis(at),
        actor: actor.into(),
        account: (actor == "alice").then(|| AccountId::new(1)),
        channel: "command line".into(),
        action: action.into(),
        object: object.into(),
        old: Some("25 MB".into()),
        new: Some("50 MB".into()),
    }
}

pub(crate) async fn a_change_is_recorded_as_it_was_said(bed: &impl Bed) {
    let store = bed.open().await;
    let said = change(5, "alice", "changed", "group Staff: largest message");
    let secret = change(6, "root", "changed", "retrieval Club: password").of_secret();
    let long = NewAudit {
        actor: "é".repeat(NewAudit::LONGEST),
        ..change(7, "x", "sign-in refused", "")
    };
    for audit in [&said, &secret, &long] {
        store.records().audit_add(audit.clone()).await.unwrap();
    }
    store.close().await.unwrap();
    drop(store);
    let store = bed.open().await;
    let page = store
        .records()
        .audit_page(AuditFilter::default(), None, 9)
        .await
        .unwrap();
    assert_eq!(page.next, None);
    let read: Vec<NewAudit> = page.rows.into_iter().map(|audit| audit.change).collect();
    assert_eq!((&read[2], &read[1]), (&said, &secret));
    assert_eq!(
        (&read[1].old, read[1].new.as_deref()),
        (&None, Some("changed"))
    );
    assert_eq!(read[0].actor.len(), NewAudit::LONGEST);
}

pub(crate) async fn a_filter_finds_its_changes_and_no_others(bed: &impl Bed) {
    let store = bed.open().await;
    for number in 0..30 {
        let actor = if number % 3 == 0 { "alice" } else { "root" };
        let action = if number % 2 == 0 {
            "changed"
        } else {
            "removed"
        };
        let audit = change(number, actor, action, &format!("retrieval Club {number}"));
        store.records().audit_add(audit).await.unwrap();
    }
    let numbers = async |filter: AuditFilter| {
        let (mut numbers, mut before): (Vec<i64>, Option<AuditId>) = (Vec::new(), None);
        loop {
            let page = store.records().audit_page(filter.clone(), before, 4).await;
            let page = page.unwrap();
            assert!(page.rows.len() <= 4);
            numbers.extend(page.rows.iter().map(|audit| audit.change.at.millis()));
            before = page.next;
            if before.is_none() {
                return numbers;
            }
        }
    };
    let all: Vec<i64> = (0..30).rev().collect();
    let only = |is_in: &dyn Fn(i64) -> bool| -> Vec<i64> {
        all.iter().copied().filter(|n| is_in(*n)).collect()
    };
    let any = AuditFilter::default();
    assert_eq!(numbers(any.clone()).await, all);
    let by = AuditFilter {
        actor: Some("alice".into()),
        ..any.clone()
    };
    assert_eq!(numbers(by).await, only(&|n| n % 3 == 0));
    let what = AuditFilter {
        what: Some("REMOVED retrieval".into()),
        ..any.clone()
    };
    assert_eq!(numbers(what).await, only(&|n| n % 2 == 1));
    let none = AuditFilter {
        what: Some("%".into()),
        ..any.clone()
    };
    assert_eq!(numbers(none).await, []);
    let since = AuditFilter {
        since: Some(Timestamp::from_millis(25)),
        ..any
    };
    assert_eq!(numbers(since).await, only(&|n| n >= 25));
}
