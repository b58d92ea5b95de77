//! `headers` and `preview`: they read headers and do nothing else.

use crate::house::{BOTH, House, Kind, MESSAGES};

/// That a look sent no command but those that read headers.
#[track_caller]
fn only_headers_were_read(house: &House) {
    for verb in ["RETR", "DELE"] {
        assert_eq!(
            house.mailbox.count(verb),
            0,
            "{:?}",
            house.mailbox.commands()
        );
    }
    let tops = house.mailbox.commands();
    let tops = tops.iter().filter(|line| line.starts_with("TOP"));
    assert!(tops.clone().all(|line| line.ends_with(" 0")), "{tops:?}");
    assert_eq!(house.mailbox.len() as u64, MESSAGES);
}

#[track_caller]
fn nothing_was_stored(house: &House) {
    for account in ["anna", "ben", "clara", "unclaimed"] {
        let shown = house.json(&["account", "show", account]);
        assert_eq!(shown["messages"], 0, "{shown}");
    }
    let history = house.json(&["retrieval", "history", "firm"]);
    assert_eq!(
        history["runs"].as_array().map(Vec::len),
        Some(0),
        "{history}"
    );
}

#[test]
fn a_preview_says_where_everything_would_go_and_only_reads_headers() {
    for kind in BOTH {
        let house = House::with_firm(kind);
        let said = house.ok(&["catch-all", "preview", "firm"]);
        for part in [
            "Header: Delivered-To (12 of 12)\n",
            "DATE ",
            "anna@firm.example",
            "   anna / Inbox\n",
            "!  unclaimed / Inbox (no rule)\n",
            "12 messages: 6 to their person, 6 to the fallback account.\n",
            "No rule: david@firm.example (2), emma@firm.example (1)",
            "Only headers were read. Nothing was stored or deleted.\n",
        ] {
            assert!(said.contains(part), "{kind:?}: {part:?} in {said}");
        }
        assert_eq!(house.mailbox.count("TOP"), MESSAGES, "{kind:?}");
        only_headers_were_read(&house);
        nothing_was_stored(&house);
        let audit = house.audit();
        let line = "the headers of 12 messages of firm.example";
        assert!(
            audit.contains("looked at") && audit.contains(line),
            "{audit}"
        );
    }
}

#[test]
fn a_preview_as_data_says_why() {
    let house = House::with_firm(Kind::Alone);
    let preview = house.json(&["catch-all", "preview", "firm", "--last", "5"]);
    assert_eq!(preview["messages"].as_array().unwrap().len(), 5);
    assert_eq!(
        (&preview["listed"], &preview["from_memory"]),
        (&12.into(), &false.into())
    );
    let newest = &preview["messages"][0];
    // The last of them is for david, whom nobody knows.
    assert_eq!(
        newest["found"][0]["address"], "david@firm.example",
        "{newest}"
    );
    assert_eq!(newest["unclaimed"][0], "david@firm.example");
    let why = newest["places"][0]["why"].as_str().unwrap();
    assert_eq!(
        why,
        "Delivered-To no. 1 = david@firm.example, no rule, fallback unclaimed/INBOX"
    );
}

#[test]
fn a_server_sorts_the_same_headers_again_without_asking() {
    let house = House::with_firm(Kind::Served);
    let to_ben = "david@firm.example=ben/Shop";
    assert_eq!(house.routes(&[])[6], "david@firm.example unclaimed/INBOX");
    let asked = house.mailbox.commands().len();
    let connections = house.remote.connections();
    // A rule that is tried, a rule that is saved, another source.
    assert_eq!(
        house.routes(&["--rule", to_ben])[6],
        "david@firm.example ben/Shop"
    );
    assert_eq!(house.routes(&[])[6], "david@firm.example unclaimed/INBOX");
    house.ok(&[
        "catch-all",
        "rule",
        "add",
        "firm",
        "david@firm.example",
        "ben/Shop",
    ]);
    assert_eq!(
        house.routes(&["--last", "12"])[6],
        "david@firm.example ben/Shop"
    );
    let set = ["retrieval", "set", "firm", "--catch-all=X-Original-To"];
    house.ok(&set);
    assert!(
        house
            .routes(&[])
            .iter()
            .all(|route| route == "- unclaimed/INBOX")
    );
    assert_eq!(house.mailbox.commands().len(), asked);
    assert_eq!(house.remote.connections(), connections);

    let preview = house
        .home
        .inhaul
        .run(&["catch-all", "preview", "firm"])
        .unwrap();
    assert!(
        preview.stderr.contains("were read less than a minute ago"),
        "{preview:?}"
    );
    assert!(preview.stderr.contains("--fresh"), "{preview:?}");
    house.routes(&["--fresh"]);
    assert!(house.remote.connections() > connections);
    only_headers_were_read(&house);
}

#[test]
fn headers_says_which_one_to_choose() {
    for kind in BOTH {
        let house = House::with_firm(kind);
        let said = house.ok(&["catch-all", "headers", "firm"]);
        for part in [
            "Delivered-To      12 of 12  always one address    Reliable\n",
            "X-Original-To      0 of 12\n",
            "To and Cc          8 of 12  misses Bcc and lists  Not reliable\n",
            "inhaul retrieval set \"firm\" --catch-all Delivered-To",
            "Now it asks Delivered-To.\n",
        ] {
            assert!(said.contains(part), "{part:?} in {said}");
        }
        only_headers_were_read(&house);
        let data = house.json(&["catch-all", "headers", "firm", "--domain", "club.example"]);
        assert_eq!(data["best"], serde_json::Value::Null, "{data}");
    }
}

#[test]
fn a_retrieval_that_is_no_catch_all_is_measured_and_not_sorted() {
    let house = House::new(Kind::Alone);
    let added = house.add("firm", &["--to=anna", "--no-test"]);
    assert!(added.status.success(), "{added:?}");
    let data = house.json(&["catch-all", "headers", "firm"]);
    assert_eq!(data["best"], "Delivered-To", "{data}");
    house.refuses(&["catch-all", "preview", "firm"], 64, "is no catch-all");
    house.refuses(
        &["catch-all", "preview", "nothing"],
        67,
        "there is no retrieval",
    );
}
