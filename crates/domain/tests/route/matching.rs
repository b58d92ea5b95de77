//! Whose an address is: exact, alias, `user+tag`, wildcard, else nobody's.

use crate::town::{Town, place};

/// Each address as evidence, where it goes, and what the explanation says between the two.
fn matched(town: &Town, rows: &[(&str, &str, &str)]) {
    for (address, shown, by) in rows {
        let (places, why) = town.told(&[&format!("Delivered-To: {address}")]);
        assert_eq!(places, [*shown], "{address}: {why}");
        let fallen_back = if by.ends_with("no rule") || by.ends_with("off") {
            "fallback "
        } else {
            ""
        };
        assert_eq!(
            why,
            format!("Delivered-To no. 1 = {address}, {by}, {fallen_back}{shown}")
        );
    }
}

#[test]
fn an_address_is_matched_exact_then_alias_then_tag_then_wildcard() {
    let town = Town::new()
        .with_rule("sales@firm.example", "petr/Shop")
        .with_rule("*+news@firm.example", "alice/News")
        .with_rule("info+de@firm.example", "petr/Shop")
        .with_rule("shop*@firm.example", "petr/Shop");
    matched(
        &town,
        &[
            ("alice@firm.example", "alice/INBOX", "alice's address"),
            ("ALICE@firm.example", "alice/INBOX", "alice's address"),
            ("sales@firm.example", "petr/Shop", "rule 1"),
            (
                "alice@firm.test",
                "alice/INBOX",
                "alice's address in firm.example",
            ),
            ("Sales@firm.test", "petr/Shop", "rule 1 in firm.example"),
            ("eva@firm.example", "eva/INBOX", "eva's sign-in name"),
            ("EVA@firm.test", "eva/INBOX", "eva's sign-in name"),
            (
                "alice+news@firm.example",
                "alice/INBOX",
                "alice's address without +news",
            ),
            (
                "alice+a+b@firm.example",
                "alice/INBOX",
                "alice's address without +a+b",
            ),
            (
                "alice+@firm.test",
                "alice/INBOX",
                "alice's address in firm.example without +",
            ),
            (
                "eva+x@firm.example",
                "eva/INBOX",
                "eva's sign-in name without +x",
            ),
            ("sales+x@firm.example", "petr/Shop", "rule 1 without +x"),
            ("info+de@firm.example", "petr/Shop", "rule 3"),
            ("jane+news@firm.example", "alice/News", "rule 2"),
            ("jane+NEWS@firm.test", "alice/News", "rule 2"),
            ("+news@firm.example", "alice/News", "rule 2"),
            ("shop@firm.example", "petr/Shop", "rule 4"),
            ("Shopping@firm.example", "petr/Shop", "rule 4"),
            ("infos@firm.example", "unclaimed/INBOX", "no rule"),
            ("info+fr@firm.example", "unclaimed/INBOX", "no rule"),
            ("alic@firm.example", "unclaimed/INBOX", "no rule"),
            ("alice-news@firm.example", "unclaimed/INBOX", "no rule"),
        ],
    );
}

#[test]
fn the_first_rule_that_matches_wins() {
    let town = Town::new()
        .with_rule("*@firm.example", "alice/News")
        .with_rule("shop*@firm.example", "petr/Shop")
        .with_rule("exact@firm.example", "petr/Shop")
        .with_rule("exact@firm.example", "eva/INBOX");
    matched(
        &town,
        &[
            ("shop@firm.example", "alice/News", "rule 1"),
            ("exact@firm.example", "petr/Shop", "rule 3"),
        ],
    );
}

#[test]
fn accounts_own_addresses_go_before_exact_rules_and_rules_before_their_wildcards() {
    let town = Town::new()
        .with_address("*@firm.example", "eva/INBOX")
        .with_address("shop*@firm.example", "petr/INBOX")
        .with_address("shop-*@*", "petr/Shop")
        .with_rule("alice@firm.example", "petr/Shop")
        .with_rule("sh*p@firm.example", "alice/News");
    matched(
        &town,
        &[
            ("alice@firm.example", "alice/INBOX", "alice's address"),
            ("ship@firm.example", "alice/News", "rule 2"),
            (
                "shop-1@firm.example",
                "petr/Shop",
                "petr's address shop-*@*",
            ),
            (
                "shops@firm.example",
                "petr/INBOX",
                "petr's address shop*@firm.example",
            ),
            (
                "anybody@firm.example",
                "eva/INBOX",
                "eva's address *@firm.example",
            ),
            (
                "anybody@firm.test",
                "eva/INBOX",
                "eva's address *@firm.example",
            ),
        ],
    );
}

#[test]
fn a_domain_of_a_star_is_every_accepted_one() {
    let mut town = Town::new().with_rule("sales@*", "petr/Shop");
    town.catch_all.domains.push("shop.example".to_owned());
    matched(
        &town,
        &[
            ("sales@shop.example", "petr/Shop", "rule 1"),
            ("sales@firm.example", "petr/Shop", "rule 1"),
            ("sales@firm.test", "petr/Shop", "rule 1"),
        ],
    );
    assert_eq!(
        town.told(&["Delivered-To: sales@elsewhere.example"]).0,
        ["unclaimed/INBOX"]
    );
}

#[test]
fn an_address_in_the_alias_domain_itself_goes_before_the_domain_it_stands_for() {
    let town = Town::new()
        .with_address("alice@firm.test", "eva/INBOX")
        .with_rule("*@firm.test", "petr/Shop")
        .with_rule("*@firm.example", "alice/News");
    matched(
        &town,
        &[
            ("alice@firm.test", "eva/INBOX", "eva's address"),
            ("infos@firm.test", "petr/Shop", "rule 1"),
            ("infos@firm.example", "alice/News", "rule 2"),
        ],
    );
}

#[test]
fn each_separator_ends_the_name_and_none_does_where_none_is_set() {
    let mut town = Town::new();
    town.catch_all.separators = "+-".to_owned();
    matched(
        &town,
        &[
            (
                "alice-x+y@firm.example",
                "alice/INBOX",
                "alice's address without -x+y",
            ),
            (
                "alice+x-y@firm.example",
                "alice/INBOX",
                "alice's address without +x-y",
            ),
        ],
    );
    town.catch_all.separators.clear();
    matched(
        &town,
        &[("alice+x@firm.example", "unclaimed/INBOX", "no rule")],
    );
}

#[test]
fn international_addresses_match_in_both_spellings_and_any_case() {
    let mut town = Town::new().with_rule("info@BÜCHER.example", "petr/Shop");
    town.catch_all.domains = vec!["bücher.example".to_owned()];
    let town = town.with_address("Jörg@bücher.example", "jörg/INBOX");
    for address in [
        "info@bücher.example",
        "INFO@xn--bcher-kva.example",
        "info@BÜCHER.EXAMPLE",
    ] {
        assert_eq!(
            town.told(&[&format!("Delivered-To: {address}")]).0,
            ["petr/Shop"],
            "{address}"
        );
    }
    for address in [
        "jörg@xn--bcher-kva.example",
        "JÖRG@Bücher.example",
        "jörg+x@bücher.example",
    ] {
        let (places, why) = town.told(&[&format!("Delivered-To: {address}")]);
        assert_eq!(places, ["jörg/INBOX"], "{address}: {why}");
    }
}

#[test]
fn a_sign_in_name_may_be_a_whole_address() {
    let mut town = Town::new();
    let eva = town
        .book
        .names
        .iter_mut()
        .find(|name| name.name == "eva")
        .unwrap();
    eva.name = "Eva.Nova@Firm.example".to_owned();
    matched(
        &town,
        &[(
            "eva.nova@firm.example",
            "eva/INBOX",
            "Eva.Nova@Firm.example's sign-in name",
        )],
    );
    assert_eq!(
        town.told(&["Delivered-To: eva@firm.example"]).0,
        ["unclaimed/INBOX"]
    );
}

#[test]
fn whoever_is_switched_off_does_not_receive() {
    let town = Town::new()
        .with_rule("old@firm.example", "otto/INBOX")
        .with_rule("*@firm.example", "petr/Shop");
    matched(
        &town,
        &[
            (
                "otto@firm.example",
                "unclaimed/INBOX",
                "otto's address, otto is switched off",
            ),
            (
                "otto+x@firm.test",
                "unclaimed/INBOX",
                "otto's address in firm.example without +x, otto is switched off",
            ),
            (
                "old@firm.example",
                "unclaimed/INBOX",
                "rule 1, otto is switched off",
            ),
        ],
    );
    let routed = town.route(&["Delivered-To: otto@firm.example"]);
    assert_eq!(routed.unclaimed, ["otto@firm.example"]);
}

#[test]
fn a_rule_for_the_very_address_takes_over_from_whoever_is_switched_off() {
    let town = Town::new().with_rule("otto@firm.example", "petr/INBOX");
    matched(&town, &[("otto@firm.example", "petr/INBOX", "rule 1")]);
}

#[test]
fn whoever_is_switched_off_receives_where_the_account_is_the_fallback() {
    let mut town = Town::new();
    town.catch_all.fallback = place("otto/INBOX");
    let (places, why) = town.told(&["Delivered-To: otto@firm.example"]);
    assert_eq!(places, ["otto/INBOX"]);
    assert_eq!(
        why,
        "Delivered-To no. 1 = otto@firm.example, otto's address, otto is switched off, \
         fallback otto/INBOX"
    );
}

#[test]
fn a_router_tells_where_one_address_leads() {
    let town = Town::new().with_rule("shop*@firm.example", "petr/Shop");
    let router = town.router();
    for (address, shown) in [
        ("Alice+x@firm.test", Some("alice/INBOX")),
        ("shopping@firm.example", Some("petr/Shop")),
        ("otto@firm.example", None),
        ("infos@firm.example", None),
        ("alice@elsewhere.example", None),
        ("alice", None),
    ] {
        let leads = router.place_of(address).map(|place| place.shown.as_str());
        assert_eq!(leads, shown, "{address}");
    }
    assert_eq!(router.domains(), ["firm.example", "firm.test"]);
}
