//! `Received ... for`: only what the provider's own hops say counts.

use inhaul_domain::route::FoundBy;

use crate::town::{Town, check};

const NOTHING: &str = "no address in firm.example or firm.test was found, fallback unclaimed/INBOX";

#[test]
fn received_for_counts_inside_the_provider_only() {
    check(
        &Town::new(),
        &[
            (
                "the hop that took the message in",
                &[
                    "Received: by pop.isp.example with LMTP; Fri, 13 Mar 2026 09:00:02 +0100",
                    "Received: from list.example by mx.isp.example for <alice@firm.example>; Fri, 13 Mar",
                    "To: list@list.example",
                ],
                &["alice/INBOX"],
                "Received no. 2 = alice@firm.example, alice's address, alice/INBOX",
            ),
            (
                "a hop outside does not count",
                &[
                    "Received: from list.example by mx.isp.example; Fri, 13 Mar 2026 09:00:02 +0100",
                    "Received: from x.example by list.example for <petr@firm.example>; Fri, 13 Mar 2026",
                    "To: alice@firm.example",
                ],
                &["alice/INBOX"],
                "To no. 1 = alice@firm.example, alice's address, alice/INBOX",
            ),
            (
                "nor one below it that calls itself the provider's",
                &[
                    "Received: by mx.isp.example; Fri, 13 Mar 2026 09:00:02 +0100",
                    "Received: by liar.example; Fri, 13 Mar 2026 09:00:01 +0100",
                    "Received: by mx.isp.example for <petr@firm.example>; Fri, 13 Mar 2026 09:00:00 +0100",
                ],
                &["unclaimed/INBOX"],
                NOTHING,
            ),
            (
                "the maildrop's own name is passed over, and hops inside the house are inside",
                &[
                    "Received: by localhost for <catchall@isp.example>; Fri, 13 Mar 2026 09:00:03 +0100",
                    "Received: by [127.0.0.1] (amavisd) for <catchall@isp.example>; Fri, 13 Mar 2026",
                    "Received: by filter3 for <petr@firm.example>; Fri, 13 Mar 2026 09:00:01 +0100",
                ],
                &["petr/INBOX"],
                "Received no. 3 = petr@firm.example, petr's address, petr/INBOX",
            ),
            (
                "hosts of the accepted domain are inside",
                &[
                    "Received: by pop.isp.example; Fri, 13 Mar 2026 09:00:03 +0100",
                    "Received: by mx.firm.example for <petr@firm.example>; Fri, 13 Mar 2026 09:00:01",
                ],
                &["petr/INBOX"],
                "Received no. 2 = petr@firm.example, petr's address, petr/INBOX",
            ),
            (
                "a hop without a name says nothing and ends nothing",
                &[
                    "Received: (qmail 4711 invoked by uid 89); 13 Mar 2026 08:00:03 -0000",
                    "Received: from x.example for <alice@firm.example>; Fri, 13 Mar 2026 09:00:02 +0100",
                    "Received: by mx.isp.example for <petr@firm.example>; Fri, 13 Mar 2026 09:00:01",
                ],
                &["petr/INBOX"],
                "Received no. 3 = petr@firm.example, petr's address, petr/INBOX",
            ),
            (
                "evidence headers are asked before",
                &[
                    "Received: by mx.isp.example for <petr@firm.example>; Fri, 13 Mar 2026 09:00:01",
                    "X-RCPT-TO: alice@firm.example",
                ],
                &["alice/INBOX"],
                "X-RCPT-TO no. 1 = alice@firm.example, alice's address, alice/INBOX",
            ),
        ],
    );
}

#[test]
fn the_topmost_hop_is_the_providers_whatever_host_was_dialled() {
    let town = Town::new().with_user("catchall", "pop.firm.example");
    let routed = town.route(&[
        "Received: from a.example by mx7.hoster.example for <petr@firm.example>; Fri, 13 Mar 2026",
        "To: alice@firm.example",
    ]);
    assert_eq!(routed.by, FoundBy::Received);
    assert_eq!(routed.placements[0].place.shown, "petr/INBOX");
}
