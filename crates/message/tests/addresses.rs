//! Addresses through the public door: whole messages of shapes that are rare, and any octets.

use inhaul_message::{ADDRESS_MOST, AddrSpec, HeaderBlock, RECIPIENTS_MOST, addresses, received};
use proptest::prelude::*;

/// All addresses of the fields of one name, from the top down.
fn found(message: &str, name: &str) -> Vec<String> {
    let header = HeaderBlock::new(message.as_bytes());
    let fields = header.fields().filter(|field| field.is(name));
    let all: Vec<_> = match name {
        "Received" => fields
            .flat_map(|field| received(field.value).recipients)
            .collect(),
        _ => fields.flat_map(|field| addresses(field.value)).collect(),
    };
    all.iter().map(AddrSpec::to_string).collect()
}

#[test]
fn every_field_that_names_recipients_is_read() {
    let message = "Return-Path: <news-bounces@example.net>\r\n\
        Delivered-To: anna@firm.example\r\n\
        X-Original-To: Sales@Firm.Example\r\n\
        Envelope-To: anna@firm.example, bob@firm.example\r\n\
        X-Envelope-To: <anna@firm.example>\r\n\
        X-RCPT-TO: <\"anna nova\"@firm.example>\r\n\
        Received: from a.example by mx.firm.example with LMTP id 1\r\n\
        \tfor <anna@firm.example>; Fri, 13 Mar 2026 09:00:02 +0100 (CET)\r\n\
        Delivered-To: mailing list news@lists.firm.example\r\n\
        Resent-To: Anna <anna@firm.example>\r\n\
        Resent-Cc: bob@d\u{f8}mi.example\r\n\
        Resent-Bcc: c@xn--dmi-0na.example\r\n\
        To: News readers: ;\r\n\
        TO : <@relay.example,@[192.0.2.1]:d@firm.example>\r\n\
        Cc: \"Nov\u{e1}, E.\"\r\n <e@firm.example>,\r\n\tf@[IPv6:2001:DB8::1]\r\n\
        Bcc: g@firm.example; h@firm.example\r\n\
        Apparently-To: i@firm.example\r\n\
        \r\n\
        To: nobody@example.org\r\n";
    for (name, expected) in [
        (
            "Delivered-To",
            &["anna@firm.example", "news@lists.firm.example"][..],
        ),
        ("X-Original-To", &["Sales@firm.example"]),
        ("Envelope-To", &["anna@firm.example", "bob@firm.example"]),
        ("X-Envelope-To", &["anna@firm.example"]),
        ("X-RCPT-TO", &["\"anna nova\"@firm.example"]),
        ("Received", &["anna@firm.example"]),
        ("Resent-To", &["anna@firm.example"]),
        ("Resent-Cc", &["bob@xn--dmi-0na.example"]),
        ("Resent-Bcc", &["c@xn--dmi-0na.example"]),
        ("To", &["d@firm.example"]),
        ("Cc", &["e@firm.example", "f@[ipv6:2001:db8::1]"]),
        ("Bcc", &["g@firm.example", "h@firm.example"]),
        ("Apparently-To", &["i@firm.example"]),
        ("From", &[]),
    ] {
        assert_eq!(found(message, name), expected, "{name}");
    }
}

#[test]
fn a_header_of_many_fields_is_read_to_its_end() {
    let mut message = String::new();
    let mut expected = Vec::new();
    for hop in 0..130 {
        message += &format!(
            "Received: from a.example by mx{hop}.firm.example (Postfix)\r\n\
             \tid {hop} for <hop{hop}@firm.example>; Fri, 13 Mar 2026 09:00:00 +0100\r\n\
             X-Note-{hop}: to=<nobody@example.org>\r\n"
        );
        expected.push(format!("hop{hop}@firm.example"));
    }
    message += "Delivered-To: last@firm.example\r\n\r\n";
    assert_eq!(found(&message, "Received"), expected);
    assert_eq!(found(&message, "Delivered-To"), ["last@firm.example"]);
}

#[test]
fn a_message_of_bare_crs_gives_its_first_field_alone() {
    let message = "Delivered-To: anna@firm.example\rTo: bob@firm.example\r\rc@firm.example\r";
    assert_eq!(found(message, "Delivered-To"), ["anna@firm.example"]);
}

const PIECES: &[&[u8]] = &[
    b" ",
    b"\r\n ",
    b"\t",
    b"\r",
    b"\n",
    b",",
    b";",
    b":",
    b"<",
    b">",
    b"@",
    b"\"",
    b"\\",
    b"(",
    b")",
    b"[",
    b"]",
    b".",
    b"'",
    b"a",
    b"anna",
    b"example.org",
    b"EXAMPLE.org",
    b"bob@example.net",
    b"=?utf-8?q?a",
    b"?=",
    b"[192.0.2.1]",
    b"for ",
    b" by ",
    b" for <",
    b"id ",
    b"\0",
    b"\xe9",
    b"\xc3\xb8",
    b"d\xc3\xb8mi.fo",
    b"xn--dmi-0na.fo",
    b"@a,@b:",
    b"\xe3\x80\x82",
];

fn octets() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(PIECES);
    let mail_like = prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat());
    prop_oneof![4 => mail_like, 1 => prop::collection::vec(any::<u8>(), 0..400)]
}

/// What holds for an address, whatever it was read from.
fn check(address: &AddrSpec<'_>, value: &[u8]) -> Result<(), TestCaseError> {
    let AddrSpec { local_part, domain } = address;
    prop_assert!(!local_part.is_empty());
    prop_assert!(!local_part.contains(char::is_control));
    prop_assert!(local_part.len() + 1 + domain.len() <= ADDRESS_MOST);
    let label = |label: &str| {
        let octet = |octet: u8| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        !label.is_empty() && label.bytes().all(octet)
    };
    let literal = domain.starts_with('[') && domain.ends_with(']') && !domain.contains('@');
    prop_assert!(literal || domain.split('.').all(label), "{domain}");

    // Nothing is made up: the characters stand in the field in this order.
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    let mut behind = text.chars();
    let mut follows = |c: char| behind.any(|other| other == c);
    prop_assert!(
        local_part.to_ascii_lowercase().chars().all(&mut follows),
        "{address}"
    );
    if value.is_ascii() {
        prop_assert!(domain.chars().all(&mut follows), "{address}");
    }

    let written = address.to_string();
    let again: Vec<_> = addresses(written.as_bytes()).collect();
    prop_assert_eq!(again, std::slice::from_ref(address), "{}", written);
    Ok(())
}

/// The tokens of a list of mailboxes, and the addresses in it.
fn field() -> impl Strategy<Value = (Vec<&'static str>, Vec<&'static str>)> {
    let mailboxes: &[(&[&str], &[&str])] = &[
        (&["anna", "@", "example.org"], &["anna@example.org"]),
        (
            &["<", "anna.n", "@", "Example.ORG", ">"],
            &["anna.n@example.org"],
        ),
        (
            &["Anna", " ", "N.", "<", "anna", "@", "example.org", ">"],
            &["anna@example.org"],
        ),
        (
            &["\"N, <x@y> A\"", "<", "bob+x", "@", "[192.0.2.1]", ">"],
            &["bob+x@[192.0.2.1]"],
        ),
        (
            &["\"a b\"", "@", "example.org", "(c, (d) <x@y>)"],
            &["\"a b\"@example.org"],
        ),
        (
            &[
                "<",
                "@a.example",
                ",",
                "@b.example",
                ":",
                "c",
                "@",
                "d\u{f8}mi.example",
                ">",
            ],
            &["c@xn--dmi-0na.example"],
        ),
        (
            &[
                "Friends",
                " ",
                "all",
                ":",
                "a",
                "@",
                "b.example",
                ",",
                "<",
                "c",
                "@",
                "d.example",
                ">",
                ";",
            ],
            &["a@b.example", "c@d.example"],
        ),
        (&["nobody", ":", ";"], &[]),
        (
            &["mailing", " ", "list", " ", "news", "@", "example.org"],
            &["news@example.org"],
        ),
        (
            &["bob@example.net", " ", "<", "anna", "@", "example.org", ">"],
            &["anna@example.org"],
        ),
        (
            &["=?utf-8?q?x_(,?=", "<", "anna", "@", "example.org", ">"],
            &["anna@example.org"],
        ),
    ];
    let mailbox = prop::sample::select(mailboxes);
    prop::collection::vec(mailbox, 0..6).prop_map(|mailboxes| {
        let tokens = mailboxes
            .iter()
            .flat_map(|(tokens, _)| tokens.iter().copied().chain([","]));
        let expected = mailboxes
            .iter()
            .flat_map(|(_, expected)| expected.iter().copied());
        (tokens.collect(), expected.collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_octets_give_addresses_or_nothing(value in octets()) {
        let found: Vec<_> = addresses(&value).collect();
        prop_assert!(found.len() <= value.len() / 3);
        for address in &found {
            check(address, &value)?;
        }
        let hop = received(&value);
        prop_assert!(hop.recipients.len() <= RECIPIENTS_MOST);
        for address in &hop.recipients {
            check(address, &value)?;
        }
        if let Some(by) = hop.by {
            prop_assert_eq!(by.to_ascii_lowercase(), by);
        }
    }

    #[test]
    fn folds_between_tokens_change_nothing((tokens, expected) in field(), folds in any::<u64>()) {
        let mut value = String::new();
        for (number, token) in tokens.iter().enumerate() {
            if folds >> (number % 64) & 1 == 1 {
                value += "\r\n ";
            }
            value += token;
        }
        let found: Vec<_> = addresses(value.as_bytes()).map(|address| address.to_string()).collect();
        prop_assert_eq!(found, expected, "{:?}", value);
    }

    #[test]
    fn what_is_added_behind_a_comma_takes_nothing_away(value in octets()) {
        let plain = |octet: &u8| !b"\"\\()[]<>:;=\r\n".contains(octet);
        let value: Vec<_> = value.into_iter().filter(plain).collect();
        let mut longer = value.clone();
        longer.extend(b", last@example.org");
        let mut expected: Vec<_> = addresses(&value).map(AddrSpec::into_owned).collect();
        expected.extend(addresses(b"last@example.org"));
        prop_assert_eq!(addresses(&longer).collect::<Vec<_>>(), expected);
    }
}
