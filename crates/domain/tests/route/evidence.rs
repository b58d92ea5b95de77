//! Sources in `auto`: evidence headers in their order, then Received, then addressees.

use inhaul_domain::route::{FoundBy, RecipientSource};

use crate::town::{Town, check};

const NOTHING: &str = "no address in firm.example or firm.test was found, fallback unclaimed/INBOX";

#[test]
fn evidence_says_whom_a_message_was_for() {
    check(
        &Town::new(),
        &[
            (
                "one copy for each recipient: each goes only where its evidence says",
                &[
                    "Delivered-To: alice@firm.example",
                    "To: alice@firm.example, petr@firm.example",
                ],
                &["alice/INBOX"],
                "Delivered-To no. 1 = alice@firm.example, alice's address, alice/INBOX",
            ),
            (
                "one copy for all with several addresses in one field",
                &["X-Envelope-To: alice@firm.example, petr@firm.example"],
                &["alice/INBOX", "petr/INBOX"],
                "X-Envelope-To no. 1 = alice@firm.example, alice's address, alice/INBOX\n\
             X-Envelope-To no. 1 = petr@firm.example, petr's address, petr/INBOX",
            ),
            (
                "a blind copy",
                &["Envelope-To: petr@firm.example", "To: alice@firm.example"],
                &["petr/INBOX"],
                "Envelope-To no. 1 = petr@firm.example, petr's address, petr/INBOX",
            ),
            (
                "a mailing list",
                &[
                    "X-Original-To: alice@firm.example",
                    "To: list@elsewhere.example",
                ],
                &["alice/INBOX"],
                "X-Original-To no. 1 = alice@firm.example, alice's address, alice/INBOX",
            ),
            (
                "an evidence header that names nobody here is passed over for the next",
                &[
                    "Delivered-To: somebody@elsewhere.example",
                    "X-Original-To: alice@firm.example",
                ],
                &["alice/INBOX"],
                "X-Original-To no. 1 = alice@firm.example, alice's address, alice/INBOX",
            ),
            (
                "the order of the headers is the catch-all's, not the message's",
                &[
                    "X-RCPT-TO: petr@firm.example",
                    "Delivered-To: alice@firm.example",
                ],
                &["alice/INBOX"],
                "Delivered-To no. 1 = alice@firm.example, alice's address, alice/INBOX",
            ),
            (
                "the provider stamps the maildrop's name on top",
                &[
                    "Delivered-To: catchall@isp.example",
                    "Delivered-To: alice@firm.example",
                ],
                &["alice/INBOX"],
                "Delivered-To no. 2 = alice@firm.example, alice's address, alice/INBOX",
            ),
            (
                "two hops here, each with its note: the topmost is the last word",
                &[
                    "Delivered-To: petr@firm.example",
                    "Delivered-To: alice@firm.example",
                ],
                &["petr/INBOX"],
                "Delivered-To no. 1 = petr@firm.example, petr's address, petr/INBOX",
            ),
            (
                "an envelope written down as one field for each recipient",
                &[
                    "Received: by mx.isp.example; Fri, 13 Mar 2026 09:00:00 +0100",
                    "X-RCPT-TO: <alice@firm.example>",
                    "X-RCPT-TO: <kate@elsewhere.example>",
                    "X-RCPT-TO: <petr@firm.example>",
                    "Received: by out.sender.example; Fri, 13 Mar 2026 08:59:59 +0100",
                    "X-RCPT-TO: <eva@firm.example>",
                ],
                &["alice/INBOX", "petr/INBOX"],
                "X-RCPT-TO no. 1 = alice@firm.example, alice's address, alice/INBOX\n\
             X-RCPT-TO no. 3 = petr@firm.example, petr's address, petr/INBOX",
            ),
            (
                "a list's own note below ours",
                &[
                    "Delivered-To: alice@firm.example",
                    "Delivered-To: mailing list list@firm.example",
                ],
                &["alice/INBOX"],
                "Delivered-To no. 1 = alice@firm.example, alice's address, alice/INBOX",
            ),
            (
                "what list servers write before the address",
                &["Delivered-To: mailing list sales@firm.example"],
                &["unclaimed/INBOX"],
                "Delivered-To no. 1 = sales@firm.example, no rule, fallback unclaimed/INBOX",
            ),
            (
                "people elsewhere are nobody here, whatever their names are",
                &[
                    "Delivered-To: alice@elsewhere.example",
                    "To: petr@elsewhere.example",
                ],
                &["unclaimed/INBOX"],
                NOTHING,
            ),
            (
                "people elsewhere beside one of ours",
                &["X-Envelope-To: alice@elsewhere.example, petr@firm.example"],
                &["petr/INBOX"],
                "X-Envelope-To no. 1 = petr@firm.example, petr's address, petr/INBOX",
            ),
            (
                "domains below an accepted one are not accepted",
                &["Delivered-To: alice@mail.firm.example"],
                &["unclaimed/INBOX"],
                NOTHING,
            ),
            (
                "unknown people of the domain are evidence all the same",
                &["Delivered-To: infos@firm.example", "To: alice@firm.example"],
                &["unclaimed/INBOX"],
                "Delivered-To no. 1 = infos@firm.example, no rule, fallback unclaimed/INBOX",
            ),
            ("no header at all", &[], &["unclaimed/INBOX"], NOTHING),
            (
                "evidence without a value",
                &["Delivered-To:"],
                &["unclaimed/INBOX"],
                NOTHING,
            ),
        ],
    );
}

#[test]
fn addressees_count_only_where_nobody_noted_anything() {
    check(
        &Town::new(),
        &[
            (
                "all of To, Cc, Bcc and Apparently-To",
                &[
                    "To: Alice <alice@firm.example>",
                    "Cc: petr@firm.example",
                    "Bcc: eva@firm.example",
                    "Apparently-To: infos@firm.example",
                ],
                &["alice/INBOX", "petr/INBOX", "eva/INBOX", "unclaimed/INBOX"],
                "To no. 1 = alice@firm.example, alice's address, alice/INBOX\n\
             Cc no. 1 = petr@firm.example, petr's address, petr/INBOX\n\
             Bcc no. 1 = eva@firm.example, eva's sign-in name, eva/INBOX\n\
             Apparently-To no. 1 = infos@firm.example, no rule, fallback unclaimed/INBOX",
            ),
            (
                "doubled fields all count, each address once",
                &[
                    "To: alice@firm.example",
                    "To: ALICE@Firm.Example, petr@firm.example",
                ],
                &["alice/INBOX", "petr/INBOX"],
                "To no. 1 = alice@firm.example, alice's address, alice/INBOX\n\
             To no. 2 = petr@firm.example, petr's address, petr/INBOX",
            ),
            (
                "a message sent on goes to whom it was sent on to",
                &["Resent-To: petr@firm.example", "To: alice@firm.example"],
                &["petr/INBOX"],
                "Resent-To no. 1 = petr@firm.example, petr's address, petr/INBOX",
            ),
            (
                "one sent on by strangers to strangers goes to whom it says",
                &[
                    "Resent-To: list@elsewhere.example",
                    "To: alice@firm.example",
                ],
                &["alice/INBOX"],
                "To no. 1 = alice@firm.example, alice's address, alice/INBOX",
            ),
            (
                "a mailing list without evidence",
                &[
                    "To: list@elsewhere.example",
                    "List-Id: <list.elsewhere.example>",
                ],
                &["unclaimed/INBOX"],
                NOTHING,
            ),
            (
                "a blind copy without evidence",
                &["To: undisclosed-recipients:;"],
                &["unclaimed/INBOX"],
                NOTHING,
            ),
            (
                "the maildrop's own address counts where people wrote to it",
                &["To: catchall@isp.example, alice@firm.example"],
                &["alice/INBOX"],
                "To no. 1 = alice@firm.example, alice's address, alice/INBOX",
            ),
        ],
    );
}

#[test]
fn the_maildrops_own_name_is_no_evidence() {
    let stamped = |own: &str| {
        vec![
            format!("Delivered-To: {own}"),
            "X-Original-To: alice@firm.example".to_owned(),
        ]
    };
    for (user, host, own) in [
        (
            "catchall@firm.example",
            "pop.isp.example",
            "catchall@firm.example",
        ),
        (
            "Catchall@Firm.Example",
            "pop.isp.example",
            "CATCHALL@firm.example",
        ),
        (
            "catchall%firm.example",
            "pop.isp.example",
            "catchall@firm.example",
        ),
        (
            "recent:catchall@firm.example",
            "pop.isp.example",
            "catchall@firm.example",
        ),
        ("catchall", "pop.firm.example", "catchall@firm.example"),
        ("catchall", "firm.example", "catchall@firm.example"),
        ("catchall", "pop.isp.example", "catchall@firm.example"),
        ("alice@firm.example", "pop.isp.example", "petr@firm.example"),
    ] {
        let town = Town::new().with_user(user, host);
        let lines = stamped(own);
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let routed = town.route(&lines);
        let by = if own.starts_with("petr") {
            "Delivered-To"
        } else {
            "X-Original-To"
        };
        assert_eq!(
            routed.by,
            FoundBy::Evidence(by.to_owned()),
            "{user} {host} {own}"
        );
    }
    // Where it says nothing but that, addressees are asked, and they may be the same name.
    let town = Town::new().with_user("alice@firm.example", "pop.firm.example");
    check(
        &town,
        &[
            (
                "somebody wrote to the name",
                &["Delivered-To: alice@firm.example", "To: alice@firm.example"],
                &["alice/INBOX"],
                "To no. 1 = alice@firm.example, alice's address, alice/INBOX",
            ),
            (
                "nobody is named but the maildrop",
                &[
                    "Delivered-To: alice@firm.example",
                    "To: list@elsewhere.example",
                ],
                &["unclaimed/INBOX"],
                NOTHING,
            ),
        ],
    );
    // A name without a domain may be a person's who has that address; then it is evidence.
    let town = Town::new().with_user("alice", "pop.isp.example");
    check(
        &town,
        &[(
            "a person of the name",
            &[
                "Delivered-To: alice@firm.example",
                "To: list@elsewhere.example",
            ],
            &["alice/INBOX"],
            "Delivered-To no. 1 = alice@firm.example, alice's address, alice/INBOX",
        )],
    );
}

#[test]
fn the_evidence_headers_are_those_that_are_set() {
    let evidence = vec!["X-Real-Recipient".to_owned(), "received".to_owned()];
    check(
        &Town::new().with_source(RecipientSource::Auto { evidence }),
        &[
            (
                "one that nobody else has",
                &[
                    "Delivered-To: alice@firm.example",
                    "x-real-recipient: petr@firm.example",
                ],
                &["petr/INBOX"],
                "X-Real-Recipient no. 1 = petr@firm.example, petr's address, petr/INBOX",
            ),
            (
                "Received as evidence is read as Received, at any hop",
                &[
                    "Received: from a.example by mx.isp.example; Fri, 13 Mar 2026 09:00:00 +0100",
                    "Received: from b.example by a.example for <petr@firm.example>; Fri, 13 Mar 2026",
                ],
                &["petr/INBOX"],
                "received no. 2 = petr@firm.example, petr's address, petr/INBOX",
            ),
        ],
    );
}

#[test]
fn without_domains_the_local_ones_and_those_of_all_addresses_count() {
    let mut town = Town::new()
        .with_rule("*@rules.example", "petr/Shop")
        .with_rule("sales@*", "petr/Shop");
    town.catch_all.domains.clear();
    town.book.local_domains.push("more.example".to_owned());
    check(
        &town,
        &[
            (
                "of an account's address",
                &["Delivered-To: alice@firm.example"],
                &["alice/INBOX"],
                "Delivered-To no. 1 = alice@firm.example, alice's address, alice/INBOX",
            ),
            (
                "of a rule",
                &["Delivered-To: anybody@rules.example"],
                &["petr/Shop"],
                "Delivered-To no. 1 = anybody@rules.example, rule 1, petr/Shop",
            ),
            (
                "a local domain",
                &["Delivered-To: sales@local.example"],
                &["petr/Shop"],
                "Delivered-To no. 1 = sales@local.example, rule 2, petr/Shop",
            ),
            (
                "none else, and few of many are named",
                &["Delivered-To: sales@elsewhere.example"],
                &["unclaimed/INBOX"],
                "no address in local.example, more.example, firm.example or 2 more domains was found, \
             fallback unclaimed/INBOX",
            ),
        ],
    );
    town.catch_all.rules.clear();
    town.catch_all.domain_aliases.clear();
    town.book.local_domains.clear();
    town.book.entries.clear();
    check(
        &town,
        &[(
            "no domain at all",
            &["Delivered-To: alice@firm.example"],
            &["unclaimed/INBOX"],
            "no domain is set, fallback unclaimed/INBOX",
        )],
    );
}
