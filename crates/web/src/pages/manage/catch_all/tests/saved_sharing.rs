//! Where a catch-all that exists reads recipients: what a form makes of it.

use inhaul_domain::route::{DEFAULT_EVIDENCE, RecipientSource};
use inhaul_store::{CatchAllSettings, Retrieval, RetrievalChange, Store as _, Written};
use inhaul_types::RetrievalId;

use super::house::{House, Shown};
use super::saved::firm;

/// The form as it stands for [`firm`], with these fields instead.
async fn send(house: &House, id: RetrievalId, fields: &[(&str, &str)]) -> Shown {
    let evidence = DEFAULT_EVIDENCE.join(", ");
    let usual = [
        ("source", "auto"),
        ("evidence", evidence.as_str()),
        ("header", ""),
        ("index", "1"),
        ("strip", ""),
        ("domains", "firm.example"),
        ("aliases", ""),
        ("separators", "+"),
        ("most", "50"),
        ("fallback", "unclaimed / Inbox"),
    ];
    let meant = usual.map(|(name, value)| {
        let other = fields.iter().find(|(field, _)| *field == name);
        (name, other.map_or(value, |(_, value)| *value))
    });
    let browser = house.browser("root").await;
    let path = format!("/manage/retrievals/{id}/sharing");
    browser.post(&path, &meant).await
}

async fn saved(house: &House, id: RetrievalId) -> (Retrieval, CatchAllSettings) {
    let retrieval = house.store.retrieval_by_id(id).await.unwrap();
    let settings = retrieval.routing.catch_all().unwrap().clone();
    (retrieval, settings)
}

#[tokio::test]
async fn what_is_sent_as_it_stood_changes_nothing() {
    let house = House::new().await;
    let id = firm(&house, "unclaimed", &["a@firm.example"]).await;
    let browser = house.browser("root").await;
    let page = browser
        .get(&format!("/manage/retrievals/{id}/sharing"))
        .await;
    for field in [
        "name=\"source\" value=\"auto\" checked",
        "value=\"Delivered-To, X-Original-To, ",
        "name=\"domains\" value=\"firm.example\"",
        "value=\"unclaimed / Inbox\"",
        "value=\"50\"",
    ] {
        assert!(page.text.contains(field), "{field}: {}", page.text);
    }
    let before = saved(&house, id).await.1;
    let done = send(&house, id, &[]).await;
    assert!(done.path.ends_with("/preview?saved=changed"), "{done:?}");
    assert_eq!(saved(&house, id).await.1, before);
    assert!(house.audit().await.is_empty());
}

#[tokio::test]
async fn everything_about_sharing_is_set_on_one_page_and_taken_down() {
    let house = House::new().await;
    let id = firm(&house, "unclaimed", &["a@firm.example"]).await;
    let rules = saved(&house, id).await.1.rules;
    let done = send(
        &house,
        id,
        &[
            ("source", "header"),
            ("header", "X-Envelope-To"),
            ("index", "2"),
            ("strip", "mbox-"),
            ("domains", "firm.example, @Firm.Org"),
            ("aliases", "firm.net=firm.example"),
            ("separators", "+-"),
            ("most", "7"),
            ("fallback", "petr / Lost"),
        ],
    )
    .await;
    assert!(done.says("It is saved."), "{}", done.words());
    let (retrieval, settings) = saved(&house, id).await;
    let source = RecipientSource::Header {
        name: "X-Envelope-To".into(),
        index: 2,
        strip: "mbox-".into(),
    };
    assert_eq!(
        settings,
        CatchAllSettings {
            source,
            domains: vec!["firm.example".into(), "firm.org".into()],
            domain_aliases: vec![("firm.net".into(), "firm.example".into())],
            separators: "+-".into(),
            max_recipients: 7,
            rules,
        }
    );
    assert_eq!(
        (
            retrieval.account_name.as_str(),
            retrieval.folder_name.as_str()
        ),
        ("petr", "Lost")
    );
    let audit = house.audit().await;
    assert_eq!(audit.len(), 5, "a line for each: {audit:?}");
    assert!(audit.iter().all(|line| line.contains("retrieval Firm")));

    // The page shows it as it is sent.
    let browser = house.browser("root").await;
    let page = browser
        .get(&format!("/manage/retrievals/{id}/sharing"))
        .await;
    for field in [
        "name=\"source\" value=\"header\" checked",
        "value=\"X-Envelope-To\"",
        "value=\"firm.example, firm.org\"",
        "value=\"firm.net=firm.example\"",
        "value=\"petr / Lost\"",
    ] {
        assert!(page.text.contains(field), "{field}: {}", page.text);
    }
    send(&house, id, &[("source", "to-cc"), ("domains", "")]).await;
    let settings = saved(&house, id).await.1;
    assert_eq!(settings.source, RecipientSource::ToCc);
    assert!(settings.domains.is_empty());
}

#[tokio::test]
async fn what_cannot_be_meant_is_said_at_its_field_and_stays_typed() {
    let house = House::new().await;
    let id = firm(&house, "unclaimed", &[]).await;
    let before = saved(&house, id).await.1;
    for (fields, said) in [
        (&[("source", "")][..], "Choose where recipients are read."),
        (
            &[("evidence", "Delivered To:")],
            "\"To:\" is not the name of a header",
        ),
        (&[("source", "header")], "\"\" is not the name of a header"),
        (
            &[("source", "header"), ("header", "X-To"), ("index", "0")],
            "Write which one from the top counts",
        ),
        (&[("domains", "a@firm.example")], "is an address"),
        (&[("aliases", "firm.net")], "has no domain behind it"),
        (
            &[("aliases", "firm.net=firm.org")],
            "firm.net is to be firm.org, which is none of the domains.",
        ),
        (
            &[("separators", "x")],
            "cannot stand between a name and its tag",
        ),
        (&[("most", "0")], "Write a number from 1 on."),
        (&[("most", "many")], "Write a number from 1 on."),
        (&[("fallback", "bob")], "There is no account bob."),
        (&[("fallback", "")], "Write an account"),
    ] {
        let page = send(&house, id, fields).await;
        let errors = page.errors();
        assert_eq!(errors.len(), 1, "{fields:?}: {errors:?}");
        assert!(errors[0].contains(said), "{fields:?}: {errors:?}");
    }
    let kept = send(&house, id, &[("most", "0"), ("domains", "other.example")]).await;
    assert!(kept.text.contains("value=\"other.example\""));
    assert_eq!(saved(&house, id).await.1, before);
    assert!(house.audit().await.is_empty());
}

#[tokio::test]
async fn what_a_file_says_is_changed_there() {
    let house = House::new().await;
    let id = firm(&house, "unclaimed", &[]).await;
    let change = RetrievalChange {
        written_at: Some(Some(Written {
            at: "/etc/inhaul/inhaul.toml:12".into(),
            paused: false,
        })),
        ..RetrievalChange::default()
    };
    house.store.retrieval_change(id, change).await.unwrap();
    let browser = house.browser("root").await;
    for page in ["sharing", "rules"] {
        let path = format!("/manage/retrievals/{id}/{page}");
        let page = browser.get(&path).await;
        let told = "This is set in /etc/inhaul/inhaul.toml, line 12.";
        assert!(page.says(told), "{}", page.words());
        assert!(!page.text.contains("class=\"primary\">Save"));
    }
    let refused = send(&house, id, &[("most", "9")]).await;
    assert_eq!(refused.status, axum::http::StatusCode::CONFLICT);
    assert_eq!(saved(&house, id).await.1.max_recipients, 50);
}
