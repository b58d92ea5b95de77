//! `rules`, `rule add`, `rule remove` and `unclaimed`.

use serde_json::json;

use crate::house::{BOTH, House, Kind};

const RULE: [&str; 3] = ["catch-all", "rule", "add"];

#[test]
fn rules_are_listed_in_the_order_in_which_they_are_looked_up() {
    let house = House::with_firm(Kind::Alone);
    house.ok(&["account", "set", "clara", "--add-address=*@firm.example"]);
    house.ok(&[
        "account",
        "set",
        "clara",
        "--add-address=clara@elsewhere.example",
    ]);
    house.ok(&[&RULE[..], &["firm", "sales@firm.example", "ben/Shop"]].concat());
    house.ok(&[
        &RULE[..],
        &["firm", "*+news@firm.example", "anna", "--at", "1"],
    ]
    .concat());
    let lines = house.ok(&["catch-all", "rules", "firm"]);
    let lines: Vec<&str> = lines.lines().map(str::trim_end).collect();
    assert_eq!(
        lines,
        [
            "   ADDRESS              GOES TO",
            "   anna@firm.example    anna / Inbox       from the account",
            "   ben@firm.example     ben / Inbox        from the account",
            "   clara@firm.example   clara / Inbox      from the account",
            "1  *+news@firm.example  anna / Inbox",
            "2  sales@firm.example   ben / Shop",
            "   *@firm.example       clara / Inbox      from the account",
            "   everything else      unclaimed / Inbox  fallback",
        ]
    );
    let data = house.json(&["catch-all", "rules", "firm"]);
    assert_eq!(
        data["rules"][1],
        json!({ "address": "sales@firm.example", "to": "ben/Shop" })
    );
    assert_eq!(data["accounts"].as_array().unwrap().len(), 4, "{data}");
}

#[test]
fn a_rule_is_added_once_and_removed_by_number_or_address() {
    for kind in BOTH {
        let house = House::with_firm(kind);
        let add = |more: &[&'static str]| [&RULE[..], &["firm"], more].concat();
        let remove = |rule| ["catch-all", "rule", "remove", "firm", rule];
        let said = house.ok(&add(&["sales@firm.example", "ben/Shop"]));
        assert_eq!(said, "Rule 1: sales@firm.example goes to ben / Shop.\n");
        house.ok(&add(&["info@firm.example", "anna"]));
        house.refuses(
            &add(&["Sales@firm.example", "anna"]),
            64,
            "rule 1 is for Sales@firm.example already",
        );
        house.refuses(
            &add(&["a@firm.example", "anna", "--at", "4"]),
            64,
            "3 at most",
        );
        house.refuses(
            &add(&["a@firm.example", "nobody"]),
            67,
            "there is no account",
        );
        house.ok(&remove("1"));
        house.refuses(
            &remove("sales@firm.example"),
            67,
            "has no rule sales@firm.example",
        );
        house.ok(&remove("INFO@firm.example"));
        let shown = house.json(&["retrieval", "show", "firm"]);
        assert_eq!(shown["catch_all"]["rules"], json!([]));
        let audit = house.audit();
        assert!(audit.contains("retrieval firm: rules"), "{audit}");
    }
}

#[test]
fn an_account_that_a_rule_leads_to_is_not_removed() {
    let house = House::with_firm(Kind::Alone);
    house.ok(&[&RULE[..], &["firm", "sales@firm.example", "ben/Shop"]].concat());
    let remove = ["account", "remove", "ben", "--yes"];
    house.refuses(&remove, 64, "the retrieval \"firm\" brings mail to it");
    house.refuses(
        &["account", "remove", "unclaimed", "--yes"],
        64,
        "brings mail to it",
    );
    house.ok(&["catch-all", "rule", "remove", "firm", "1"]);
    house.ok(&remove);
}

#[test]
fn a_rule_brings_what_the_fallback_has_for_it() {
    for kind in BOTH {
        let house = House::with_firm(kind);
        house.home.pull("firm");
        assert_eq!(house.count("anna", "INBOX"), 2);
        assert_eq!(house.count("unclaimed", "INBOX"), 6);
        let unclaimed = house.json(&["catch-all", "unclaimed", "firm"]);
        let first = json!({ "address": "david@firm.example", "messages": 2 });
        assert_eq!(unclaimed["unclaimed"][0], first, "{unclaimed}");
        assert_eq!(
            unclaimed["unclaimed"].as_array().unwrap().len(),
            5,
            "{unclaimed}"
        );
        let said = house.ok(&["catch-all", "unclaimed", "firm"]);
        assert!(
            said.contains("rule add \"firm\" david@firm.example ACCOUNT --move"),
            "{said}"
        );

        let add = [&RULE[..], &["firm", "david@firm.example", "ben/David"]].concat();
        house.ok(&add);
        assert_eq!(
            house.count("unclaimed", "INBOX"),
            6,
            "without --move nothing moves"
        );
        let said = house.ok(&[&add[..], &["--move"]].concat());
        assert!(
            said.ends_with("2 messages of unclaimed / Inbox came along.\n"),
            "{said}"
        );
        assert_eq!(house.count("ben", "David"), 2);
        assert_eq!(house.count("unclaimed", "INBOX"), 4);
        let again = house.json(&[&add[..], &["--move"]].concat());
        assert_eq!(again["moved"], 0);
        let audit = house.audit();
        assert!(audit.contains("2 messages of catch-all firm"), "{audit}");

        // Nothing comes twice.
        assert_eq!(house.home.pull("firm").new, 0);
    }
}

#[test]
fn where_says_of_each_place_why() {
    let house = House::with_firm(Kind::Alone);
    house.home.pull("firm");
    let told = house.ok(&["where", "business.0@example.net"]);
    let why = "Delivered-To no. 1 = anna@firm.example, anna's address, anna/INBOX";
    assert!(told.contains(why), "{told}");
    let found = house.json(&["where", "business.6@example.net"]);
    let why = "Delivered-To no. 1 = info@firm.example, no rule, fallback unclaimed/INBOX";
    assert_eq!(found["found"][0]["placements"][0]["why"], why, "{found}");
}
