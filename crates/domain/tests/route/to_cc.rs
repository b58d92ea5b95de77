//! To and Cc and nothing else, as the ancestor shared out.

use inhaul_domain::route::RecipientSource;

use crate::town::{Town, check};

#[test]
fn to_and_cc_and_nothing_else_count() {
    check(
        &Town::new().with_source(RecipientSource::ToCc),
        &[
            (
                "evidence, blind copies and what was sent on are not looked at",
                &[
                    "Delivered-To: eva@firm.example",
                    "Resent-To: eva@firm.example",
                    "Bcc: eva@firm.example",
                    "To: alice@firm.example",
                    "Cc: petr@firm.example, kate@elsewhere.example",
                ],
                &["alice/INBOX", "petr/INBOX"],
                "To no. 1 = alice@firm.example, alice's address, alice/INBOX\n\
             Cc no. 1 = petr@firm.example, petr's address, petr/INBOX",
            ),
            (
                "addresses nobody has are passed over if somebody else is named",
                &["To: infos@firm.example, alice@firm.example"],
                &["alice/INBOX"],
                "To no. 1 = alice@firm.example, alice's address, alice/INBOX",
            ),
            (
                "otherwise they are for the fallback",
                &["To: infos@firm.example", "Cc: kate@elsewhere.example"],
                &["unclaimed/INBOX"],
                "To no. 1 = infos@firm.example, no rule, fallback unclaimed/INBOX",
            ),
            (
                "whoever is switched off is somebody: the fallback keeps the copy",
                &["To: otto@firm.example, alice@firm.example"],
                &["alice/INBOX", "unclaimed/INBOX"],
                "To no. 1 = alice@firm.example, alice's address, alice/INBOX\n\
             To no. 1 = otto@firm.example, otto's address, otto is switched off, \
             fallback unclaimed/INBOX",
            ),
            (
                "nobody is named",
                &["To: list@elsewhere.example"],
                &["unclaimed/INBOX"],
                "no address in firm.example or firm.test was found in To and Cc, \
             fallback unclaimed/INBOX",
            ),
        ],
    );
}

#[test]
fn what_was_passed_over_is_found_but_not_unclaimed() {
    let town = Town::new().with_source(RecipientSource::ToCc);
    let routed = town.route(&["To: infos@firm.example, alice@firm.example"]);
    assert_eq!(routed.found.len(), 2);
    assert!(routed.unclaimed.is_empty());
    for (to, unclaimed) in [
        ("infos@firm.example", &["infos@firm.example"][..]),
        (
            "infos@firm.example, otto@firm.example",
            &["infos@firm.example", "otto@firm.example"],
        ),
    ] {
        let routed = town.route(&[&format!("To: {to}")]);
        assert_eq!(routed.unclaimed, unclaimed);
    }
}
