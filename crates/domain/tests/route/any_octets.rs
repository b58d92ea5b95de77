//! What holds whatever a header is: no message is lost, none is put anywhere twice, no sender
//! fills more folders than the administrator allows.

use std::collections::HashSet;

use inhaul_domain::route::{RecipientSource, Routed};
use inhaul_message::HeaderBlock;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::town::Town;

fn crowded() -> Town {
    Town::new()
        .with_address("*@firm.test", "eva/INBOX")
        .with_rule("sales@firm.example", "petr/Shop")
        .with_rule("*+news@firm.example", "alice/News")
        .with_rule("shop*@*", "petr/Shop")
        .with_rule("old@firm.example", "otto/INBOX")
}

fn assert_holds(town: &Town, header: &[u8]) -> Result<(), TestCaseError> {
    let routed = town.router().route(&HeaderBlock::new(header));
    let Routed {
        placements,
        unclaimed,
        found,
        ..
    } = &routed;
    prop_assert!(!placements.is_empty());
    let folders: HashSet<_> = placements.iter().map(|of| of.place.folder).collect();
    prop_assert_eq!(folders.len(), placements.len());
    let fallback = town.catch_all.fallback.folder;
    let accounts: HashSet<_> = placements
        .iter()
        .filter(|of| of.place.folder != fallback)
        .map(|of| of.place.account)
        .collect();
    prop_assert!(accounts.len() <= usize::try_from(town.catch_all.max_recipients).expect("few"));

    let placed: HashSet<_> = placements.iter().flat_map(|of| &of.recipients).collect();
    let passes_over = town.catch_all.source == RecipientSource::ToCc;
    for found in found {
        prop_assert!(
            passes_over || placed.contains(&found.address),
            "{}",
            found.address
        );
    }
    let fallen_back = placements.iter().find(|of| of.place.folder == fallback);
    for address in unclaimed {
        let recipients = fallen_back.map(|of| &of.recipients);
        prop_assert!(
            recipients.is_some_and(|of| of.contains(address)),
            "{address}"
        );
    }
    for placement in placements {
        let lines = placement.why.lines().count();
        prop_assert!(
            lines >= placement.recipients.len().clamp(1, 200),
            "{}",
            placement.why
        );
        let clean = |c: char| !c.is_control() || c == '\n';
        prop_assert!(placement.why.chars().all(clean), "{}", placement.why);
    }
    Ok(())
}

fn source() -> impl Strategy<Value = RecipientSource> {
    let named = |index| RecipientSource::Header {
        name: "Delivered-To".to_owned(),
        index,
        strip: "mbox-".to_owned(),
    };
    prop_oneof![
        Just(RecipientSource::default()),
        Just(RecipientSource::ToCc),
        (0..3u32).prop_map(named),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(
            &[
                "Delivered-To",
                "delivered-to",
                "X-Original-To",
                "X-RCPT-TO",
                "Received",
                "To",
                "Cc",
                "Bcc",
                "Resent-To",
                "Apparently-To",
                "Subject",
            ][..]
        )
        .prop_map(str::to_owned),
        "[!-9;-~]{0,5}",
    ]
}

fn piece() -> impl Strategy<Value = String> {
    let local = prop_oneof![
        prop::sample::select(
            &[
                "alice",
                "ALICE",
                "petr",
                "eva",
                "otto",
                "sales",
                "shopping",
                "old",
                "catchall",
                "mbox-alice",
                "alice+x",
                "jane+news",
                "infos",
                "\"a b\"",
                "\"a\\\r\n b\"",
                "+",
                "",
            ][..]
        )
        .prop_map(str::to_owned),
        "\\PC{1,8}",
        "[a-z]{60,90}",
    ];
    let domain = prop::sample::select(
        &[
            "firm.example",
            "FIRM.Example",
            "firm.test",
            "isp.example",
            "elsewhere.example",
            "[10.0.0.1]",
            "firm.example.",
            "",
        ][..],
    );
    prop_oneof![
        4 => (local, domain).prop_map(|(local, domain)| format!("{local}@{domain}")),
        2 => prop::sample::select(&[
            ",", " ", "\r\n ", "<", ">", "(", ")", "\"", ":", ";", "by mx.isp.example for ",
            "by liar.example for ", "from x by localhost for ", "Anna ", "\u{0}", "\\",
        ][..])
        .prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ]
}

proptest! {
    #[test]
    fn no_header_loses_a_message_or_fills_more_than_it_may(
        fields in vec((name(), vec(piece(), 0..8)), 0..12),
        source in source(),
        max_recipients in 0..4u32,
    ) {
        let mut town = crowded().with_source(source);
        town.catch_all.max_recipients = max_recipients;
        let header: String = fields
            .into_iter()
            .map(|(name, pieces)| format!("{name}: {}\r\n", pieces.concat()))
            .collect();
        assert_holds(&town, header.as_bytes())?;
    }

    #[test]
    fn nor_do_any_octets(octets in vec(any::<u8>(), 0..2000), source in source()) {
        let town = crowded().with_source(source);
        let header = [b"To: ", &octets[..], b"\r\nDelivered-To: ", &octets[..]].concat();
        assert_holds(&town, &header)?;
        assert_holds(&town, &octets)?;
    }
}

#[test]
fn long_and_hostile_headers_are_a_message_like_any_other() {
    let town = crowded();
    let alice = "alice@firm.example";
    let shapes: [(&str, String); 8] = [
        (
            "a long local part",
            format!("{}@firm.example", "a".repeat(300_000)),
        ),
        (
            "a local part of 65",
            format!("{}@firm.example", "a".repeat(65)),
        ),
        ("a long list", format!("{alice}, ").repeat(20_000)),
        ("open brackets", "<".repeat(300_000)),
        ("open comments", "(".repeat(10_000_000)),
        ("open quotes", "\"\\".repeat(150_000)),
        ("only @", "@".repeat(300_000)),
        ("folds", "\r\n ".repeat(100_000)),
    ];
    for (shape, value) in &shapes {
        for name in ["Delivered-To", "Received", "To"] {
            let header = format!("{name}: {value}\r\n\r\n");
            assert!(
                assert_holds(&town, header.as_bytes()).is_ok(),
                "{shape} in {name}"
            );
        }
    }
    let many = "To:x@firm.example\n".repeat(20_000);
    assert!(assert_holds(&town, many.as_bytes()).is_ok());
}
