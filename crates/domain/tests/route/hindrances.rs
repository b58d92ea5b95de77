//! Which rules never decide, and why.

use inhaul_domain::route::Hindrance;

use crate::town::Town;

fn hindrances(town: &Town) -> Vec<Option<Hindrance>> {
    let rules = town.catch_all.rules.iter();
    town.router().hindrances(rules.map(|rule| &rule.address))
}

/// What is said of each rule.
fn told(town: &Town) -> Vec<String> {
    let words = hindrances(town).into_iter().map(|found| match found {
        Some(found) => found.to_string(),
        None => String::new(),
    });
    words.collect()
}

#[test]
fn a_rule_that_decides_is_not_spoken_of() {
    let town = Town::new()
        .with_rule("*@firm.example", "petr/Shop")
        .with_rule("sales@firm.example", "petr/Shop")
        .with_rule("alice+news@firm.example", "alice/News")
        // A sign-in name gives way to a rule for the very address.
        .with_rule("eva@firm.example", "alice/INBOX")
        .with_rule("otto@firm.example", "alice/INBOX")
        .with_rule("info@firm.test", "alice/INBOX")
        .with_rule("office@*", "petr/INBOX");
    assert_eq!(told(&town), [""; 7]);
}

#[test]
fn what_comes_before_a_rule_is_said_of_it() {
    let town = Town::new()
        .with_rule("ALICE@firm.example", "petr/INBOX")
        .with_rule("a*@firm.example", "petr/INBOX")
        .with_rule("ab*c@firm.example", "petr/INBOX")
        .with_rule("b*@firm.example", "petr/INBOX")
        .with_rule("info@firm.net", "petr/INBOX")
        .with_rule("*@firm.net", "petr/INBOX")
        .with_rule("old@firm.example", "otto/INBOX")
        .with_rule("*+news@firm.example", "petr/INBOX")
        .with_rule("*@*", "petr/INBOX")
        .with_rule("z*@firm.example", "petr/INBOX");
    let expected = [
        "never used: it is alice's own address",
        "",
        "never used: rule 2 takes all of it",
        "",
        "never used: firm.net is none of the domains",
        "never used: firm.net is none of the domains",
        "otto is switched off: to the fallback",
        "not for people here: what has a tag is theirs first",
        "",
        "never used: rule 9 takes all of it",
    ];
    assert_eq!(told(&town), expected);
}

#[test]
fn what_is_said_to_be_never_used_never_decides() {
    let town = Town::new()
        .with_rule("alice@firm.example", "petr/Shop")
        .with_rule("a*@firm.example", "petr/INBOX")
        .with_rule("ab*@firm.example", "petr/Shop");
    let never: Vec<_> = hindrances(&town)
        .iter()
        .map(|found| found.as_ref().is_some_and(|found| found.is_total()))
        .collect();
    assert_eq!(never, [true, false, true]);
    for name in ["alice", "ab", "abba", "ax"] {
        let line = format!("Delivered-To: {name}@firm.example");
        let (places, why) = town.told(&[&line]);
        assert_ne!(places, ["petr/Shop"], "{name}: {why:?}");
    }
}
