//! `Received` in the spellings of real servers, and the work it takes.

use super::*;

fn found(value: &str) -> Vec<String> {
    let hop = received(value.as_bytes());
    hop.recipients.iter().map(AddrSpec::to_string).collect()
}

const A: &[&str] = &["anna@example.org"];
const AB: &[&str] = &["anna@example.org", "bob@example.org"];
const NONE: &[&str] = &[];

#[test]
fn the_for_clause_names_recipients_in_every_servers_spelling() {
    for (value, expected) in [
        (
            "by mx.example (Postfix) with ESMTP id 7F\r\n\tfor <anna@example.org>; Fri, 13 Mar 2026 09:00:00 +0100 (CET)",
            A,
        ),
        (
            "by mx.example (8.12.10/8.12.11) with ESMTP id m8 for anna@example.org; Fri",
            A,
        ),
        (
            "by mx.example (8.9.3) for <anna@Example.Org> (envelope-from <bob@example.net>); Fri",
            A,
        ),
        (
            "by mx.example with SMTP id a7 for <anna@example.org> (version=TLSv1 cipher=RC4); Fri",
            A,
        ),
        (
            "by mx.example with esmtp (Exim 4.69)\n\t(envelope-from <bob@example.net>)\n\tid 1-2\n\tfor anna@example.org;\n\tFri",
            A,
        ),
        (
            "by mx.example with local-lmtp for anna@example.org;e0ff9c6a684b9cf1; Fri",
            A,
        ),
        (
            "by mx.example (Sun Java) for anna@example.org (ORCPT bob@example.net); Fri",
            A,
        ),
        (
            "by mx.example for <anna@example.org>, <bob@example.org>; Fri",
            AB,
        ),
        (
            "by mx.example for <anna@example.org>,\r\n\tbob@example.org id 7; Fri",
            AB,
        ),
        ("by mx.example for anna@example.org, bob@example.org", AB),
        (
            "by mx.example for <anna@example.org> sender: <bob@example.net> id <m/7@x.example>",
            A,
        ),
        (
            "by mx.example for <anna@example.org> from <bob@example.net> id 7; Fri",
            A,
        ),
        ("by mx.example for anna@example.org id 7@x.example; Fri", A),
        (
            "by mx.example with SMTP id <7@x.example> for <anna@example.org>; Fri",
            A,
        ),
        ("by mx.example for\r\n <anna@example.org>", A),
        ("by mx.example for<anna@example.org>; Fri", A),
        (
            "by mx.example FOR <\"anna nova\"@example.org>; Fri",
            &["\"anna nova\"@example.org"],
        ),
        (
            "by mx.example for <@a.example,@b.example:anna@example.org>; Fri",
            A,
        ),
        (
            "by mx.example for <id@for.example>; Fri",
            &["id@for.example"],
        ),
        (
            "by mx.example for <anna@[192.0.2.1]>; Fri",
            &["anna@[192.0.2.1]"],
        ),
        ("by mx.example (for anna@example.org); Fri", A),
        ("by mx.example (for <anna@example.org>) (qmail 7); Fri", A),
        (
            "(by mx.example\r\n  (8.12.10) with ESMTP id m8\r\n  for <anna@example.org>; Fri",
            A,
        ),
        ("by mx.example for <anna@example.org", A),
        ("by mx.example id 7; for <anna@example.org>; Fri", A),
    ] {
        assert_eq!(found(value), expected, "{value:?}");
    }
}

#[test]
fn other_clauses_and_words_name_nobody() {
    for value in [
        "",
        "by mx.example for <multiple recipients>; Fri",
        "by mx.example for multiple recipients; Fri",
        "by mx.example for anna; Fri",
        "by mx.example for list-name id <7@x.example>; Fri",
        "by mx.example for <>; Fri",
        "from <anna@example.org> by mx.example; Fri (added by postmaster@mx.example)",
        "by mx.example (envelope-from <anna@example.org>) id 7@x.example; Fri",
        "by mx.example (Mercury for Windows) with ESMTP id 7@x.example; Fri",
        "by mx.example (former <anna@example.org>); Fri",
        "(qmail 7 invoked for bounce); 13 Mar 2026 09:00:00 -0000",
        "(qmail 7 invoked by uid 89); 13 Mar 2026 09:00:00 -0000",
        "from a.example (HELO anna@example.org) (192.0.2.1) by mx.example with SMTP; Fri",
    ] {
        assert_eq!(found(value), NONE, "{value:?}");
    }
}

#[test]
fn by_is_a_host_in_lower_case() {
    for (value, expected) in [
        (
            "from a.example by MX.Example.ORG (Postfix) with SMTP; Fri",
            Some("mx.example.org"),
        ),
        (
            "from by.example (by x.example) by mx.example; Fri",
            Some("mx.example"),
        ),
        ("by 10.0.0.1 with SMTP id 7; Fri", Some("10.0.0.1")),
        ("by [192.0.2.1] with SMTP; Fri", Some("[192.0.2.1]")),
        (
            "by 2002:A05:6a10::7 with SMTP id 7; Fri",
            Some("[ipv6:2002:a05:6a10::7]"),
        ),
        ("by ::1; Fri", Some("[ipv6:::1]")),
        ("by bad:25 with SMTP", Some("bad")),
        ("by localhost (Postfix); Fri", Some("localhost")),
        ("by mx.example. id 7; Fri", Some("mx.example")),
        ("by\r\n\tmx.example;Fri", Some("mx.example")),
        ("by mx.example by my.example; Fri", Some("mx.example")),
        ("by d\u{f8}mi.example; Fri", Some("xn--dmi-0na.example")),
        ("by (mx.example) my.example; Fri", Some("my.example")),
        ("from a.example with SMTP; Fri", None),
        ("by ; Fri", None),
        ("by mx/example with SMTP; Fri", None),
        ("(qmail 7 invoked by uid 89); Fri", None),
        ("by", None),
    ] {
        assert_eq!(
            received(value.as_bytes()).by.as_deref(),
            expected,
            "{value:?}"
        );
    }
}

#[test]
fn recipients_are_bounded() {
    let many = format!(
        "by mx.example for {}; Fri",
        "anna@example.org, ".repeat(1_000)
    );
    assert_eq!(received(many.as_bytes()).recipients.len(), RECIPIENTS_MOST);
    let clauses = "for anna@example.org (for anna@example.org) ".repeat(1_000);
    assert_eq!(
        received(clauses.as_bytes()).recipients.len(),
        RECIPIENTS_MOST
    );
}

#[test]
fn the_work_is_linear_whatever_a_stranger_writes() {
    for piece in [
        "for ",
        "for <",
        "for (",
        "(for ",
        "(for a) ",
        "for a@b ",
        "for a@b, ",
        "for \"",
        "by ",
        "by :",
        "for ;",
        "for @",
        "(",
        "<",
        "\"",
        ",",
        "for a@b (for c@d) ",
        "for (\"",
        "((for <",
    ] {
        for start in ["", "(", "for (", "for \"", "for <"] {
            let value = [start, &piece.repeat(20_000)].concat();
            let mut clauses = Clauses::new(value.as_bytes());
            clauses.read();
            let looked = clauses.tokens.looked + clauses.looked;
            assert!(
                looked <= 12 * value.len(),
                "{start}{piece}: {looked} of {}",
                value.len()
            );
        }
    }
}
