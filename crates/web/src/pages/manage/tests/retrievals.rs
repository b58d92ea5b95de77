//! The list of retrievals.

use std::time::Duration;

use futures_util::future::join_all;
use inhaul_store::{NewRun, Retrieval, RetrievalChange, RunEnd, Store as _, Written};
use inhaul_types::{Activation, ErrorCode, Octets, RetrievalId};

use super::house::{House, NOW, state};
use crate::runs::What;

/// The names of a list's rows in their order.
fn names(page: &str) -> Vec<&str> {
    let rows = page.split("<td class=\"named\"><a ").skip(1);
    rows.map(|row| row.split(['>', '<']).nth(1).unwrap())
        .collect()
}

async fn house() -> House {
    let house = House::new().await;
    let club = house.retrieval("Club", "pop.club.example").await;
    house.fails(club, ErrorCode::NoAnswer);
    let archive = house.retrieval("Archive", "pop.old.example").await;
    house.runs.change_row(archive, |row| row.paused = true);
    let work = house.retrieval("Work", "pop.firm.example").await;
    house.runs.change_row(work, |row| row.last_good = Some(NOW));
    house.retrieval("New", "pop.firm.example").await;
    house
}

#[tokio::test]
async fn what_needs_somebody_comes_first_and_what_rests_last() {
    let house = house().await;
    let page = house.browser("root").await.page("/manage/retrievals").await;
    assert_eq!(names(&page), ["Club", "New", "Work", "Archive"], "{page}");
    assert!(page.contains("Failing") && page.contains("Not checked yet"));
}

#[tokio::test]
async fn every_filter_is_in_the_address() {
    let house = house().await;
    let root = house.browser("root").await;
    for (query, shown) in [
        ("state=failing", &["Club"][..]),
        ("state=attention", &["Club"]),
        ("state=paused", &["Archive"]),
        ("state=needs-you", &[]),
        ("server=POP.firm.example", &["New", "Work"]),
        ("server=pop.firm.example&state=working", &["Work"]),
        ("find=firm", &["New", "Work"]),
        ("find=ALICE", &["Club", "New", "Work", "Archive"]),
        ("find=%3Cscript%3E", &[]),
        ("group=Everyone", &["Club", "New", "Work", "Archive"]),
        ("group=System", &[]),
        ("page=0&state=", &["Club", "New", "Work", "Archive"]),
        ("page=99", &["Club", "New", "Work", "Archive"]),
    ] {
        let page = root.page(&format!("/manage/retrievals?{query}")).await;
        assert_eq!(names(&page), shown, "{query}");
        assert!(!page.contains("<script>"), "{query}");
    }
}

#[tokio::test]
async fn a_page_shows_fifty_of_many() {
    let house = house().await;
    let row = house.store.retrieval_list().await.unwrap().remove(0);
    let states = (0..10_000).map(|number| {
        let mut row = row.clone();
        row.id = RetrievalId::new(number);
        row.name = format!("R{number:05}");
        (row.id, state(row))
    });
    *house.runs.states.lock().unwrap() = states.collect();
    let root = house.browser("root").await;
    let page = root
        .page("/manage/retrievals?page=200&server=pop.old.example")
        .await;
    assert!(
        names(&page).is_empty() || names(&page).len() == 50,
        "{page}"
    );
    let page = root.page("/manage/retrievals?page=200").await;
    assert_eq!((names(&page)[0], names(&page)[49]), ("R09950", "R09999"));
    assert!(
        page.contains("Page 200 of 200") && page.contains("10,000"),
        "{page}"
    );
    assert!(page.contains("/manage/retrievals?page=199"));
}

/// Runs of each of these: most found nothing, some mail, some failed.
async fn runs(house: &House, retrievals: &[Retrieval], each: i64) {
    for number in 0..each {
        let started = NOW.minus(Duration::from_secs(300 * (each - number).unsigned_abs()));
        // Those that wait together share a transaction.
        let recorded = retrievals.iter().map(async |retrieval| {
            let new = NewRun {
                retrieval: retrieval.id,
                activation: Activation::Schedule,
                started,
                started_by: None,
            };
            let run = house.store.run_begin(new).await.unwrap();
            let kind = (number + retrieval.id.row()) % 7;
            let end = RunEnd {
                run,
                ended: started.plus(Duration::from_secs(1)),
                code: (kind == 5).then_some(ErrorCode::NoAnswer),
                detail: None,
                listed: 0,
                stored: if kind == 3 { 12 } else { 0 },
                octets: Octets::ZERO,
                deleted: 0,
                left: 0,
                notes: Vec::new(),
                said: None,
                conversation: String::new(),
                capabilities: None,
                sign_in_memory: None,
                stopped: false,
                schedule: None,
                due_before: None,
                counts: true,
            };
            let finish = house.store.run_finish(retrieval.maildrop, end, Vec::new());
            finish.await.unwrap();
        });
        join_all(recorded).await;
    }
}

#[tokio::test]
async fn a_full_page_is_sent_in_a_fraction_of_60_kb() {
    let house = House::new().await;
    let mut retrievals = Vec::new();
    for number in 0..50 {
        let name = format!("Mailbox {number} of somebody");
        let host = format!("pop{}.provider-{number}.example", number % 9);
        let id = house.retrieval(&name, &host).await;
        retrievals.push(house.store.retrieval_by_id(id).await.unwrap());
    }
    runs(&house, &retrievals, 40).await;
    for (who, path) in [("root", "/manage/retrievals"), ("alice", "/retrievals")] {
        let browser = house.browser(who).await;
        let page = browser.page(path).await;
        assert_eq!(page.matches("class=\"bar-failed\"").count(), 50, "{path}");
        let octets = browser.packed(path).await;
        // Half of 60 KB is for sheet and script.
        assert!(octets < 20 * 1024, "{path}: {octets} of {}", page.len());
    }
}

#[tokio::test]
async fn those_that_fail_together_are_told_of_in_one_line() {
    let house = house().await;
    for number in 0..7 {
        let id = house
            .retrieval(&format!("F{number}"), "pop.bad.example")
            .await;
        house.fails(id, ErrorCode::NoAnswer);
    }
    let page = house.browser("root").await.page("/manage/retrievals").await;
    let line = "(7 retrievals)</a>";
    assert_eq!(page.matches(line).count(), 1, "{page}");
    assert!(page.contains("/manage/retrievals?state=attention&#38;server=pop.bad.example"));
}

#[tokio::test]
async fn ticked_ones_are_checked_paused_and_resumed() {
    let house = house().await;
    let root = house.browser("root").await;
    let rows = house.store.retrieval_list().await.unwrap();
    let id = |name: &str| {
        let found = rows.iter().find(|row| row.name == name);
        found.unwrap().id.to_string()
    };
    let (club, work) = (id("Club"), id("Work"));
    let ticked = [
        ("id", club.as_str()),
        ("id", &work),
        ("id", "4711"),
        ("id", "x"),
    ];
    let with = |verb| {
        [
            &ticked[..],
            &[("do", verb), ("back", "state=failing&page=2")],
        ]
        .concat()
    };
    let to = root
        .goes_on("/manage/retrievals/bulk", &with("pause"))
        .await;
    assert!(
        to.starts_with("/manage/retrievals?state=failing&page=2&paused=2"),
        "{to}"
    );
    assert!(root.page(&to).await.contains("2 retrievals paused."));
    let paused = house.store.retrieval_by_name("Work").await.unwrap();
    assert_eq!(
        (paused.paused, paused.paused_by.as_deref()),
        (true, Some("root"))
    );

    let change = RetrievalChange {
        written_at: Some(Some(Written {
            at: "/etc/inhaul/inhaul.toml:7".into(),
            paused: true,
        })),
        ..RetrievalChange::default()
    };
    let written = paused.id;
    house.store.retrieval_change(written, change).await.unwrap();
    let to = root
        .goes_on("/manage/retrievals/bulk", &with("resume"))
        .await;
    let page = root.page(&to).await;
    assert!(
        page.contains("1 retrieval resumed. 1 is paused in a file."),
        "{page}"
    );
    assert!(!house.store.retrieval_by_name("Club").await.unwrap().paused);

    root.goes_on("/manage/retrievals/bulk", &with("check"))
        .await;
    {
        let starts = house.runs.started.lock().unwrap();
        let What::Retrievals(ids) = &starts[0].what else {
            panic!("{starts:?}");
        };
        assert_eq!(
            ids[..2].iter().map(ToString::to_string).collect::<Vec<_>>(),
            [club, work]
        );
    }
    let to = root
        .goes_on("/manage/retrievals/bulk", &[("do", "pause")])
        .await;
    assert!(root.page(&to).await.contains("Tick retrievals first."));
    let audit = house.audit().await.join("\n");
    assert!(
        audit.contains("root: changed retrieval Club: paused"),
        "{audit}"
    );
}

#[tokio::test]
async fn the_way_back_leads_nowhere_else() {
    let house = house().await;
    let root = house.browser("root").await;
    for back in [
        "https://evil.example/",
        "//evil.example",
        "\r\nSet-Cookie: a=b",
        "state=%0d%0aX: y",
    ] {
        let to = root
            .goes_on(
                "/manage/retrievals/bulk",
                &[("do", "pause"), ("back", back)],
            )
            .await;
        assert!(to.starts_with("/manage/retrievals?"), "{to}");
        assert!(!to.contains("evil"), "{to}");
    }
}
