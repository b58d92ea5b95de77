//! One named header, its index from the top, and the prefix that qmail puts in front.

use crate::town::{Town, check};

#[test]
fn only_the_named_field_counts() {
    let header = &[
        "Delivered-To: petr@firm.example",
        "X-Real: alice@elsewhere.example",
        "X-Real: alice@firm.example",
        "To: petr@firm.example",
    ];
    check(
        &Town::new().with_header("x-real", 2, ""),
        &[(
            "the second from the top",
            header,
            &["alice/INBOX"],
            "x-real no. 2 = alice@firm.example, alice's address, alice/INBOX",
        )],
    );
    for (index, shown) in [(0, 1), (1, 1), (3, 3), (u32::MAX, u32::MAX)] {
        check(
            &Town::new().with_header("X-Real", index, ""),
            &[(
                "nothing there, or nothing accepted",
                header,
                &["unclaimed/INBOX"],
                &format!(
                    "no address in firm.example or firm.test was found in X-Real no. {shown}, \
                 fallback unclaimed/INBOX"
                ),
            )],
        );
    }
}

#[test]
fn the_prefix_is_taken_off_the_front() {
    let town = Town::new().with_header("Delivered-To", 1, "mbox-");
    for (written, found, gone) in [
        (
            "mbox-alice@firm.example",
            "alice@firm.example",
            "alice/INBOX",
        ),
        (
            "MBOX-alice+x@firm.example",
            "alice+x@firm.example",
            "alice/INBOX",
        ),
        ("alice@firm.example", "alice@firm.example", "alice/INBOX"),
        (
            "mbox-mbox-alice@firm.example",
            "mbox-alice@firm.example",
            "unclaimed/INBOX",
        ),
    ] {
        let routed = town.route(&[&format!("Delivered-To: {written}")]);
        assert_eq!(routed.found[0].address, found);
        assert_eq!(routed.placements[0].place.shown, gone, "{written}");
    }
    for nothing in [
        "mbox-@firm.example",
        "mbö-x@elsewhere.example",
        "é@elsewhere.example",
    ] {
        assert!(
            town.route(&[&format!("Delivered-To: {nothing}")])
                .found
                .is_empty(),
            "{nothing}"
        );
    }
}

#[test]
fn the_maildrops_own_name_counts_where_the_header_is_set() {
    let town = Town::new()
        .with_user("alice@firm.example", "pop.firm.example")
        .with_header("Delivered-To", 1, "");
    assert_eq!(
        town.told(&["Delivered-To: alice@firm.example"]).0,
        ["alice/INBOX"]
    );
}

#[test]
fn a_named_received_is_read_for_its_recipient() {
    let town = Town::new().with_header("Received", 1, "");
    let (places, why) = town.told(&[
        "Received: from a.example by mx.elsewhere.example for <petr@firm.example>; 13 Mar 2026",
    ]);
    assert_eq!(places, ["petr/INBOX"]);
    assert_eq!(
        why,
        "Received no. 1 = petr@firm.example, petr's address, petr/INBOX"
    );
}
