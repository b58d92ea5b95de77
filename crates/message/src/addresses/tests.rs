//! What is read out of which field: one table for each rule of the module, and the work it takes.

use super::*;

fn found(value: &[u8]) -> Vec<String> {
    addresses(value)
        .map(|address| address.to_string())
        .collect()
}

#[track_caller]
fn check(rows: &[(&str, &[&str])]) {
    for (value, expected) in rows {
        assert_eq!(found(value.as_bytes()), *expected, "{value:?}");
    }
}

const NONE: &[&str] = &[];
const A: &[&str] = &["anna@example.org"];
const AB: &[&str] = &["anna@example.org", "bob@example.org"];

#[test]
fn everyday_fields_are_read() {
    check(&[
        ("anna@example.org", A),
        (" <anna@example.org>\r\n", A),
        ("Anna <anna@example.org>", A),
        ("Anna<anna@example.org>", A),
        ("\"Nováková, Anna\" <anna@example.org>", A),
        ("Anna Nováková <anna@example.org>", A),
        ("anna@example.org, bob@example.org", AB),
        ("anna@example.org,bob@example.org,", AB),
        (",, ,anna@example.org,,\r\n\t<bob@example.org>,", AB),
        (
            "anna@example.org, anna@example.org",
            &["anna@example.org", "anna@example.org"],
        ),
        (
            "Anna\r\n <anna@example.org>,\r\n\tBob\r\n\t<bob@example.org>",
            AB,
        ),
        ("anna@Example.ORG", A),
        ("Anna.N+news@EXAMPLE.org", &["Anna.N+news@example.org"]),
        ("anna@localhost", &["anna@localhost"]),
        ("anna@example.org.", A),
        ("", NONE),
        (" \r\n ", NONE),
        ("<>", NONE),
        ("anna", NONE),
        ("undisclosed-recipients:;", NONE),
        ("<multiple recipients>", NONE),
    ]);
}

#[test]
fn words_in_front_of_brackets_are_a_name() {
    check(&[
        ("Anna@Work <anna@example.org>", A),
        ("anna@example.net <anna@example.org>, bob@example.org", AB),
        ("\"bob@example.net\" <anna@example.org>", A),
        ("'bob@example.net' <anna@example.org>", A),
        ("\"'bob@example.net'\" <anna@example.org>", A),
        ("Dr. Anna. N <anna@example.org>", A),
        // Brackets without an address say nothing: then the word is all there is.
        ("anna@example.org <>", A),
        ("anna@example.org <Anna>, bob@example.org", AB),
    ]);
}

#[test]
fn without_brackets_the_last_word_before_the_at_counts() {
    check(&[
        ("mailing list anna@example.org", A),
        ("moderator for anna@example.org", A),
        ("St. Nicholas church, Dr. anna@example.org", A),
        ("Anna ... anna@example.org", A),
        ("\"Anna\" anna@example.org", A),
        ("\"Anna\"anna@example.org", A),
        ("anna@example.org Anna", A),
        ("anna@example.org. Bob", A),
    ]);
}

#[test]
fn lost_and_other_separators_separate() {
    check(&[
        ("anna@example.org bob@example.org", AB),
        ("<anna@example.org> <bob@example.org>", AB),
        ("<anna@example.org><bob@example.org>", AB),
        ("<anna@example.org bob@example.org>", AB),
        ("<anna@example.org, bob@example.org>", AB),
        ("<anna@example.org>bob@example.org", AB),
        ("anna@example.org; bob@example.org;", AB),
        ("rfc822;anna@example.org", A),
    ]);
}

#[test]
fn groups_routes_and_schemes_are_left_out() {
    check(&[
        ("Friends: anna@example.org, Bob <bob@example.org>;", AB),
        ("Friends: anna@example.org, bob@example.org", AB),
        ("One: anna@example.org; Two:; bob@example.org", AB),
        ("One: Two: anna@example.org;, bob@example.org;", AB),
        ("\"Friends, all\": anna@example.org;", A),
        ("Friends of bob@example.net: anna@example.org;", A),
        ("=?utf-8?q?P=C5=99=C3=A1tel=C3=A9?=: anna@example.org;", A),
        ("<@a.example,@b.example:anna@example.org>", A),
        ("Anna <@a.example:anna@example.org>, bob@example.org", AB),
        ("<@a.example, @b.example:anna@example.org>", A),
        ("<@a.example,,@[192.0.2.1] : anna@example.org>", A),
        ("<@a.example anna@example.org>", A),
        ("<@a.example, anna@example.org>", A),
        ("@a.example,@b.example:anna@example.org", A),
        ("<@a.example,@b.example:>", NONE),
        ("<@a.example,@b.example>, anna@example.org", A),
        ("<mailto:anna@example.org>", A),
        ("mailto:anna@example.org", A),
        ("IETF-Announce:;;@example.org", NONE),
        ("<Undisclosed:@example.org;>", NONE),
    ]);
}

#[test]
fn comments_count_for_nothing() {
    check(&[
        ("anna@example.org (bob@example.net)", A),
        ("(a (nested (bob@example.net)) one) anna@example.org", A),
        ("(\\) bob@example.net) anna@example.org", A),
        ("(\"bob@example.net) anna@example.org", A),
        ("anna(home)@example.org", A),
        ("anna @ (at) example.org", A),
        (
            "Pete(A nice \\) chap) <anna(his account)@example.org(his host)>",
            A,
        ),
        (
            "Friends(Some people)\r\n :Anna <anna@(host.)example.org>,\r\n bob@example.org;(end)",
            AB,
        ),
        // never closed
        ("Anna (home <anna@example.org>, bob@example.org", AB),
        ("Anna (home (old) <anna@example.org>, bob@example.org", AB),
        ("((((anna@example.org", A),
        ("anna@example.org))), bob@example.org", AB),
    ]);
}

#[test]
fn quoted_local_parts_lose_their_quotes_and_get_them_back() {
    for (value, local_part) in [
        ("\"anna nova\"@example.org", "anna nova"),
        ("<\"anna nova\"@example.org>", "anna nova"),
        ("\"an\\\"na\\\\\"@example.org", "an\"na\\"),
        ("\"a@b\"@example.org", "a@b"),
        ("\"<a@b>,\"@example.org", "<a@b>,"),
        ("\"anna\\ \r\n nova\"@example.org", "anna  nova"),
        ("\" \"@example.org", " "),
    ] {
        let all: Vec<_> = addresses(value.as_bytes()).collect();
        assert_eq!(all.len(), 1, "{value:?}");
        assert_eq!(all[0].local_part, local_part);
        let written = all[0].to_string();
        assert!(written.starts_with('"'), "{written}");
        assert_eq!(
            addresses(written.as_bytes()).collect::<Vec<_>>(),
            all,
            "{written}"
        );
    }
    check(&[
        ("\"anna\"@example.org", A),
        ("\"Anna\" <\"anna\"@example.org>", A),
        (
            "\"an.na\".\"nova\"@example.org",
            &["an.na.nova@example.org"],
        ),
        (
            "anna.\"no va\"@example.org",
            &["\"anna.no va\"@example.org"],
        ),
        ("s..palmer.@example.org", &["s..palmer.@example.org"]),
        ("\"\"@example.org", NONE),
        ("\"a\0b\"@example.org", NONE),
        ("anna@\"example.org\"", NONE),
        ("an\"na\"@example.org", NONE),
        ("\"anna@example.org\"", NONE),
    ]);
}

#[test]
fn a_lost_quote_or_bracket_costs_little() {
    check(&[
        ("\"Anna <anna@example.org>, bob@example.org", AB),
        ("\"Anna <anna@example.org>, \"Bob\" <bob@example.org>", AB),
        ("Anna\" <anna@example.org>, Bob\" <bob@example.org>", AB),
        (
            "5'10\" Anna <anna@example.org>, \"Bob\" <bob@example.org>",
            AB,
        ),
        ("\"Anna \"the boss\" N\" <anna@example.org>", A),
        ("Anna <anna@example.org, Bob <bob@example.org>", AB),
        ("Anna <anna@example.org Bob <bob@example.org>", AB),
        ("Anna <anna@example.org", A),
        ("Anna <anna@example.org; bob@example.org", AB),
        ("Anna anna@example.org>, bob@example.org", AB),
        ("<<anna@example.org>>, bob@example.org", AB),
        ("[Anna] anna@example.org", A),
        ("[anna@example.org]", A),
        ("anna@[192.0.2.1", &["anna@192.0.2.1"]),
        ("'anna@example.org', <'bob@example.org'>", AB),
    ]);
}

#[test]
fn what_could_be_two_things_is_no_address() {
    check(&[
        ("anna@example.org@example.net", NONE),
        ("anna@@example.org", NONE),
        ("a@b@c@d@example.org, anna@example.org", A),
        (
            "<anna@example.org@example.net>, bob@example.org",
            &["bob@example.org"],
        ),
        ("<anna nova@example.org>", NONE),
        ("anna@", NONE),
        ("@example.org", NONE),
        ("anna@, bob@example.org", &["bob@example.org"]),
        ("anna@exa mple.org", &["anna@exa"]),
        ("anna@example..org", NONE),
        ("anna@.example.org", NONE),
        ("anna@.", NONE),
        ("anna@exa/mple.org", NONE),
        ("anna@example.org?subject=x", NONE),
        ("an\\na@example.org", NONE),
    ]);
}

#[test]
fn junk_octets_make_no_address_of_the_rest() {
    for (value, expected) in [
        (
            &b"an\0na@example.org, bob@example.org"[..],
            &["bob@example.org"][..],
        ),
        (b"anna@exa\0mple.org", NONE),
        (b"x\x01@example.org", NONE),
        (b"x\x7f@example.org", NONE),
        (b"x\xc2\x9b31m@example.org", NONE),
        (b"\xb4anna@example.org", &["\u{fffd}anna@example.org"]),
        (b"anna@ex\xe4mple.org", NONE),
        (b"J\xf6rg <anna@example.org>", A),
        (b"anna@example.org\xc2\xa0, bob@example.org", AB),
        (
            b"\xef\xbb\xbfanna@example.org",
            &["\u{feff}anna@example.org"],
        ),
        (b"\xff\xfe\x00\x00", NONE),
    ] {
        assert_eq!(found(value), expected, "{}", value.escape_ascii());
    }
}

#[test]
fn both_spellings_of_an_international_domain_are_one() {
    for value in [
        "jørgen@dømi.example",
        "jørgen@DØMI.example",
        "jørgen@xn--dmi-0na.example",
        "jørgen@XN--DMI-0NA.Example",
        "jørgen@dømi。example",
        "Jørgen <jørgen@dømi.example.>",
    ] {
        assert_eq!(
            found(value.as_bytes()),
            ["jørgen@xn--dmi-0na.example"],
            "{value}"
        );
    }
    check(&[
        ("anna@faß.example", &["anna@xn--fa-hia.example"]),
        ("anna@例え.テスト", &["anna@xn--r8jz45g.xn--zckzah"]),
        ("anna@mail_1.example.org", &["anna@mail_1.example.org"]),
        (
            "anna@xn--zzzzzzz-.xn--.example",
            &["anna@xn--zzzzzzz-.xn--.example"],
        ),
        ("test@\u{420}aypal.example", &["test@xn--aypal-uye.example"]),
        ("anna@ex\u{fffd}mple.org", NONE),
    ]);
}

#[test]
fn domain_literals_keep_their_brackets() {
    check(&[
        ("anna@[192.0.2.1]", &["anna@[192.0.2.1]"]),
        (
            "<anna@[IPv6:2001:DB8::1]>, bob@example.org",
            &["anna@[ipv6:2001:db8::1]", "bob@example.org"],
        ),
        (
            "anna@[192.0.2.1] bob@example.org",
            &["anna@[192.0.2.1]", "bob@example.org"],
        ),
        ("anna@[192.0.2.1]@example.org", NONE),
        ("anna@[]", NONE),
    ]);
}

#[test]
fn obsolete_white_space_is_read() {
    check(&[
        ("< anna @ example.org >", A),
        ("anna @ example.org", A),
        ("jdoe@test   . example", &["jdoe@test.example"]),
        ("jdoe@test .example", &["jdoe@test.example"]),
        ("j . doe@test.example", &["j.doe@test.example"]),
        ("<anna\r\n @\r\n example.org>", A),
    ]);
}

#[test]
fn nothing_is_decoded() {
    check(&[
        ("=?utf-8?q?Anna?= <anna@example.org>", A),
        (
            "=?utf-8?q?N,_\"Anna_(x?= <anna@example.org>, bob@example.org",
            AB,
        ),
        ("=?utf-8?q?bob@example.net?= <anna@example.org>", A),
        ("=?utf-8?q?=22Anna=22_=3Canna=40example.org=3E?=", NONE),
        ("=?utf-8?q?anna@example.org?=", NONE),
        ("=?utf-8?b?YW5uYUBleGFtcGxlLm9yZw==?=", NONE),
        (
            "=?utf-8?q?anna?=@example.org",
            &["=?utf-8?q?anna?=@example.org"],
        ),
        ("=?x?q?a=3e?=@example.org", &["=?x?q?a=3e?=@example.org"]),
        ("=?utf-8?q?a<b?=@example.org", NONE),
        ("=?utf-8?q?Nov, Anna?= <anna@example.org>", A),
        ("=? <anna@example.org>", A),
    ]);
}

#[test]
fn a_line_that_is_no_fold_is_not_in_the_field() {
    check(&[
        ("anna@example.org\rFrom: bob@example.org", A),
        ("anna@example.org\r\nFrom: bob@example.org", A),
        ("anna@example.org,\r bob@example.org", AB),
        ("anna@example.org,\r\r\n bob@example.org\r", AB),
        ("anna@example.org,\n\tbob@example.org", AB),
    ]);
    assert_eq!(
        received(b"by a.example for\rX: <bob@example.org>").recipients,
        []
    );
}

#[test]
fn longer_ones_are_no_addresses() {
    let local_part = "l".repeat(ADDRESS_MOST - 1 - "example.org".len());
    let longest = format!("{local_part}@example.org");
    assert_eq!(found(longest.as_bytes()), [longest.as_str()]);
    let label = "d".repeat(63);
    let domain = [label.as_str(); 4].join(".");
    for too_long in [
        format!("l{longest}"),
        format!("\"l{local_part}\"@example.org"),
        format!("\"{}\"@example.org", "\\l".repeat(1_000)),
        format!("{}@example.org", "l".repeat(100_000)),
        format!("{}@example.org", "l.".repeat(100_000)),
        format!("{}l@example.org", "l . ".repeat(100_000)),
        format!("anna@{domain}.{label}"),
        format!("anna@{label}d.example"),
        format!("anna@example.{label}d"),
        format!("anna@{}", "ø".repeat(100_000)),
        format!("anna@[{}]", "1".repeat(100_000)),
    ] {
        let value = format!("{too_long}, bob@example.org");
        assert_eq!(
            found(value.as_bytes()),
            ["bob@example.org"],
            "{}",
            &value[..40]
        );
    }
    assert_eq!(found(format!("anna@{domain}").as_bytes()).len(), 1);
}

#[test]
fn an_everyday_address_is_not_copied() {
    for address in addresses(b"Anna <anna.n@example.org>, \"b b\"@example.org, c@[192.0.2.1]") {
        assert!(
            matches!(address.local_part, std::borrow::Cow::Borrowed(_)),
            "{address}"
        );
        assert!(
            matches!(address.domain, std::borrow::Cow::Borrowed(_)),
            "{address}"
        );
    }
}

/// The octets looked at, counted and not timed: nothing that follows can cost more than a few
/// looks at each octet.
#[test]
fn the_work_is_linear_in_whatever_a_stranger_writes() {
    const SIZE: usize = 1024 * 1024;
    const LOOKS: usize = 8;
    for piece in [
        &b"("[..],
        b")",
        b"<",
        b">",
        b"\"",
        b",",
        b"@",
        b"[",
        b"]",
        b":",
        b";",
        b"\\",
        b".",
        b" ",
        b"a",
        b"\0",
        b"\xc3\xa9",
        b"()",
        b"(\\",
        b"\\(",
        b"(\"",
        b"\"(",
        b"\"\\",
        b"\\\"",
        b" \"a",
        b"\" \\\"",
        b"\".",
        b".\"",
        b"<(",
        b"<\"",
        b"<@",
        b"<@,",
        b"<@a,@b:",
        b"@,",
        b"a@",
        b"a@b ",
        b"a@b,",
        b"a@b@",
        b"a.",
        b"a .",
        b". ",
        b"a@[",
        b"a@[1",
        b"[a",
        b"=?",
        b"=?a",
        b"=?a?q?",
        b"=?a?q?b ",
        b"=?a?q?b?=",
        b"=?,",
        b"\r\n ",
        b"a@\r\n ",
        b"g:",
        b"a:;",
        b"<a@b",
        b"a\"b",
        b"a@b <",
        b"\xc3\xb8@\xc3\xb8,",
        b"(<\"[,@",
        b"=?\"(",
    ] {
        for start in [&b""[..], b"(", b"\"", b"<", b"((a)", b"a@b <", b"=?a?q?"] {
            let mut value = start.to_vec();
            while value.len() < SIZE / 64 {
                value.extend(piece);
            }
            let mut scanner = Addresses::new(&value);
            let count = scanner.by_ref().count();
            let looked = scanner.tokens.looked;
            let what = format!("{} {}", start.escape_ascii(), piece.escape_ascii());
            assert!(
                looked <= LOOKS * value.len(),
                "{what}: {looked} of {}",
                value.len()
            );
            assert!(count <= value.len() / 3 + 1, "{what}");
        }
    }
    for piece in [
        &b"("[..],
        b"<",
        b"\"",
        b",",
        b"@",
        b"(<\",@",
        b"\"(",
        b"a@b,",
        b"<@,",
    ] {
        let value = piece.repeat(SIZE / piece.len());
        let mut scanner = Addresses::new(&value);
        let count = scanner.by_ref().count();
        assert!(
            scanner.tokens.looked <= LOOKS * value.len(),
            "{}",
            piece.escape_ascii()
        );
        assert_eq!(count, if piece == b"a@b," { SIZE / 4 } else { 0 });
    }
}
