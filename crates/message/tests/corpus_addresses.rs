//! The addresses of the corpus, as three parsers that do not know each other read them.
//!
//! The corpus is looked for in `$INHAUL_CORPUS`, or beside the repository; without it the
//! examples beside the rulings still hold.

#![expect(
    clippy::disallowed_methods,
    reason = "the test, not the room, reads the corpus' files"
)]

use std::fs;
use std::path::{Path, PathBuf};

use inhaul_message::{AddrSpec, HeaderBlock, addresses, received};

/// The columns of `TRUTH.tsv`, and the fields they are about.
const COLUMNS: [&str; 8] = [
    "To",
    "Cc",
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "Resent-To",
    "Received",
];

fn corpus() -> PathBuf {
    std::env::var_os("INHAUL_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
        PathBuf::from,
    )
}

/// A file as the parsers read it.
///
/// Where lines end is `HeaderBlock`'s subject: a message that knows only CRs is one line to us, and
/// lines to the parsers, so such a file gets their lines. What is in them is what we compare.
fn read(folder: &Path, file: &str) -> Vec<u8> {
    let mut message = fs::read(folder.join(file)).expect("the corpus has every file it lists");
    if !message.contains(&b'\n') {
        for octet in &mut message {
            *octet = if *octet == b'\r' { b'\n' } else { *octet };
        }
    }
    message
}

/// All addresses of the fields of one name, from the top down.
fn found<'a>(header: &HeaderBlock<'a>, name: &str) -> Vec<AddrSpec<'a>> {
    let fields = header.fields().filter(|field| field.is(name));
    match name {
        "Received" => fields
            .flat_map(|field| received(field.value).recipients)
            .collect(),
        _ => fields.flat_map(|field| addresses(field.value)).collect(),
    }
}

/// An address as `TRUTH.tsv` spells it, with the domain in A-labels as we have it.
fn a_labels(address: impl AsRef<str>) -> String {
    let address = address.as_ref();
    let Some((local_part, domain)) = address.rsplit_once('@') else {
        return address.to_owned();
    };
    let ascii = idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_owned());
    format!("{local_part}@{ascii}")
}

fn column(cell: &str) -> Vec<String> {
    let read: Vec<String> = serde_json::from_str(cell).expect("a cell is a JSON array");
    read.iter().map(a_labels).collect()
}

fn written(found: Vec<AddrSpec<'_>>) -> Vec<String> {
    found.iter().map(AddrSpec::to_string).collect()
}

#[test]
fn every_address_three_parsers_agree_on_is_found() {
    let folder = corpus();
    let Ok(truth) = fs::read_to_string(folder.join("TRUTH.tsv")) else {
        return;
    };
    let mut wrong = Vec::new();
    let mut rows = 0;
    for row in truth.lines().skip(1) {
        let cells: Vec<_> = row.split('\t').collect();
        let message = read(&folder, cells[0]);
        let header = HeaderBlock::new(&message);
        rows += 1;
        for (name, cell) in COLUMNS.iter().zip(&cells[1..]) {
            let expected = column(cell);
            let found = written(found(&header, name));
            if found != expected {
                wrong.push(format!(
                    "{} {name}:\n   found {found:?}\nexpected {expected:?}",
                    cells[0]
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {rows} rows:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(rows >= 1_280, "{rows} rows");
}

/// Whose reading of a disputed field is ours.
#[derive(Clone, Copy, Debug)]
enum Reading {
    /// What at least two of the three read.
    Majority,
    Perl,
    Nodemailer,
    /// Every word between white space and commas: two parsers read the first of them, one none.
    EveryWord,
}

/// Why the parsers differ, what we do about it, and an example of our own.
struct Ruling {
    why: &'static str,
    example: (&'static [u8], &'static [&'static str]),
    reading: Reading,
    /// Files (the ends of their names) and fields of `TRUTH-DISAGREE.tsv`.
    rows: &'static [(&'static str, &'static str)],
}

use Reading::{EveryWord, Majority, Nodemailer, Perl};

const RULINGS: &[Ruling] = &[
    Ruling {
        why: "a list server's marker (ezmlm, qmail) names the list by its address: two words in \
              front of it are no part of it, and whoever sorts by the list's address finds it",
        example: (b" mailing list news@example.org", &["news@example.org"]),
        reading: Nodemailer,
        rows: &[
            ("phpmime-mails-m0024-9fe7c4.eml", "delivered-to"),
            ("postfixadmin-tests-mailing-list-c6c5ba.eml", "delivered-to"),
            (
                "00002.9c4069e25e1ef370c078db7ee85ff9ac-08d425.eml",
                "delivered-to",
            ),
            (
                "00157.3a532432a98ebf828fdeb46a6ddfa082-cad9d6.eml",
                "delivered-to",
            ),
            (
                "00159.53acdde1c0b5aadf73295f0c58ddb6a7-e259c3.eml",
                "delivered-to",
            ),
            (
                "00172.de357389925b5094f2e7ff3d1c20deb9-2d0466.eml",
                "delivered-to",
            ),
            (
                "00195.d01606c130956bbbe4d0571e187a03de-bfad41.eml",
                "delivered-to",
            ),
            (
                "00230.9a0c6d7bc5e78a2b597bc050e491d05e-1961a0.eml",
                "delivered-to",
            ),
            (
                "01620.444bae1904c633c8de3f890cf9e5a5b3-58b044.eml",
                "delivered-to",
            ),
            (
                "01625.a7d55f4ad9a62d11bf4e0e5894963f70-131f39.eml",
                "delivered-to",
            ),
            (
                "02465.ec5094d26877bc1fd048d57c0ad42aad-4eeea0.eml",
                "delivered-to",
            ),
            (
                "02468.3ac182b2833f74c850d4bcaf63fdd347-866933.eml",
                "delivered-to",
            ),
            (
                "02469.901d2dc268a72e42497dac1ea80d861d-ec61ab.eml",
                "delivered-to",
            ),
            (
                "02485.ba9aebbdbec0d9fecec595eeebe5db87-522a43.eml",
                "delivered-to",
            ),
            (
                "02486.bdf90e871b673fd14f47f3fe36622742-536811.eml",
                "delivered-to",
            ),
            (
                "00174.62cbd01979122b7c30b5eb301b834db2-6541cd.eml",
                "delivered-to",
            ),
            (
                "00187.cc3d499cfabdc2d517c1ff46e9fa1fdf-595b06.eml",
                "delivered-to",
            ),
            ("zbateson-emails-m0024-5c4ceb.eml", "delivered-to"),
        ],
    },
    Ruling {
        why: "addresses side by side: a comma was lost, and each of them was meant",
        example: (
            b"anna@example.org bob@example.org",
            &["anna@example.org", "bob@example.org"],
        ),
        reading: EveryWord,
        rows: &[
            ("phishpot-sample-3508-80748b.eml", "to"),
            ("phishpot-sample-3594-30e29e.eml", "to"),
            ("phishpot-sample-3544-21b1e3.eml", "to"),
            (
                "rubymail-plain_emails-raw_email_multiple_from-6d59fc.eml",
                "to",
            ),
        ],
    },
    Ruling {
        why: "what stands in brackets is the address; an address in front of it is a name",
        example: (b"Anna@Work <anna@example.org>", &["anna@example.org"]),
        reading: Nodemailer,
        rows: &[("raw_email_with_at_display_name-1ab836.eml", "to")],
    },
    Ruling {
        why: "a group that is not closed, or closed twice, still has members: each of them counts",
        example: (
            b"One: anna@example.org; Two: bob@example.org; c@example.org",
            &["anna@example.org", "bob@example.org", "c@example.org"],
        ),
        reading: Nodemailer,
        rows: &[("stalwart-email_parse-headers-7529b3.eml", "cc")],
    },
    Ruling {
        why: "a group's name, a comment behind an empty group and a domain without a local part \
              are no address",
        example: (b"Announce:;;@example.org, nobody:; (no To)", &[]),
        reading: Perl,
        rows: &[
            ("mailarchive-data-bad_to_address-4e0616.eml", "to"),
            (
                "mimekit-messages-delivery-status-no-blank-line-c63b56.eml",
                "to",
            ),
            (
                "mimekit-messages-delivery-status.anonymized-357efa.eml",
                "to",
            ),
            ("rubymail-error_emails-missing_body-632005.eml", "to"),
        ],
    },
    Ruling {
        why: "dots may stand anywhere in a local part: such addresses are in use",
        example: (b"s..palmer.@example.org", &["s..palmer.@example.org"]),
        reading: Majority,
        rows: &[
            ("sa-tests-dkim-MultipleReceived_08-8f8c1f.eml", "to"),
            ("sa-tests-dkim-Nowsp_03-c82578.eml", "to"),
            ("sa-tests-dkim-Simple_02-c7639c.eml", "to"),
        ],
    },
    Ruling {
        why: "octets that are no UTF-8 stay in the local part as U+FFFD: the domain is known, and \
              the rest of the field is not lost",
        example: (b"\xb4anna@example.org", &["\u{fffd}anna@example.org"]),
        reading: Majority,
        rows: &[
            ("flanker-messages-mailformed-headers-1710b5.eml", "to"),
            ("00338.a595ffbb6cbcf3a5058293051ebaabf4-9a1bb6.eml", "to"),
        ],
    },
    Ruling {
        why: "an international domain in capitals is the same in small letters",
        example: (
            b"anna@\xd0\xa0aypal.example",
            &["anna@xn--aypal-uye.example"],
        ),
        reading: Majority,
        rows: &[("INBOX-email-address-spoofing-attacks-738611.eml", "to")],
    },
    Ruling {
        why: "`;` ends the `for` clause, whatever a server puts behind it",
        example: (b"anna@example.org;e0ff9c6a684b9cf1", &["anna@example.org"]),
        reading: Majority,
        rows: &[("sisimai-dos-lhost-x6-01-b29352.eml", "received-for")],
    },
    Ruling {
        why: "a parenthesis that is never closed hides nothing behind it",
        example: (b"(by mx (8.12) <anna@example.org>", &["anna@example.org"]),
        reading: Majority,
        rows: &[(
            "rubymail-plain_emails-raw_email_string_in_date_field-795ad8.eml",
            "received-for",
        )],
    },
    Ruling {
        why: "a line that is no field (of an mbox, of a queue file, with a byte order mark) is skipped \
              wherever it stands; one parser takes it for the end of the header",
        example: (b"Anna <anna@example.org>", &["anna@example.org"]),
        reading: Majority,
        rows: &[
            ("exim-mail-0100.userw-c0c01a.eml", "envelope-to"),
            ("exim-mail-0100.userw-c0c01a.eml", "received-for"),
            ("haraka-fixtures-todo_qfile-1fd044.eml", "to"),
            ("mailarchive-data-mailbox_mmdf-d95316.eml", "cc"),
            ("mimekit-messages-feedback-report-ffa5e5.eml", "to"),
            ("rspamd-messages-phish_sender4-3253a9.eml", "to"),
            ("raw_email_incorrect_header-1e57ea.eml", "to"),
            ("stalwart-mp-malformed-019-b436f6.eml", "to"),
        ],
    },
];

#[test]
fn every_ruling_holds_for_its_example() {
    for ruling in RULINGS {
        let (value, expected) = ruling.example;
        assert_eq!(
            written(addresses(value).collect()),
            expected,
            "{}",
            ruling.why
        );
    }
}

#[test]
fn every_address_the_parsers_differ_on_is_decided() {
    let rows: Vec<_> = RULINGS
        .iter()
        .flat_map(|ruling| ruling.rows.iter().map(move |row| (row, ruling)))
        .collect();
    assert_eq!(rows.len(), 44);
    let folder = corpus();
    let Ok(disputed) = fs::read_to_string(folder.join("TRUTH-DISAGREE.tsv")) else {
        return;
    };
    let mut wrong = Vec::new();
    for row in disputed.lines().skip(1) {
        let cells: Vec<_> = row.split('\t').collect();
        let (file, field) = (cells[0], cells[1]);
        let rulings: Vec<_> = rows
            .iter()
            .filter(|((end, name), _)| file.ends_with(end) && field == *name)
            .collect();
        assert_eq!(rulings.len(), 1, "{file} {field}");
        let ruling = rulings[0].1;

        let message = read(&folder, file);
        let header = HeaderBlock::new(&message);
        let name = if field == "received-for" {
            "Received"
        } else {
            field
        };
        let name = COLUMNS
            .iter()
            .find(|column| column.eq_ignore_ascii_case(name))
            .unwrap();
        let expected = match ruling.reading {
            Perl => column(cells[3]),
            Nodemailer => column(cells[4]),
            Majority => column(cells[5]),
            EveryWord => String::from_utf8_lossy(header.first(name).unwrap())
                .split([' ', '\r', '\n', '\t', ','])
                .filter(|word| !word.is_empty())
                .map(a_labels)
                .collect(),
        };
        let found = written(found(&header, name));
        if found != expected {
            let why = ruling.why;
            wrong.push(format!(
                "{file} {field} ({why}):\n   found {found:?}\nexpected {expected:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
