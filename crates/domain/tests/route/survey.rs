//! What the sources of some messages are worth.

use std::slice;

use inhaul_domain::route::AddressesEach::{self, AlwaysOne, Several};
use inhaul_domain::route::Reliability::{self, Mostly, NotReliable, Reliable};
use inhaul_domain::route::{RecipientSource, SurveyedSource};
use inhaul_message::HeaderBlock;

use crate::town::Town;

fn survey(town: &Town, headers: &[String]) -> Vec<SurveyedSource> {
    let blocks = headers
        .iter()
        .map(|header| HeaderBlock::new(header.as_bytes()));
    town.router().survey(blocks)
}

/// Source, present, accepted, addresses, reliability.
type Row<'t> = (&'t str, u32, u32, AddressesEach, Reliability);

fn check(surveyed: &[SurveyedSource], rows: &[Row<'_>]) {
    let names: Vec<_> = surveyed.iter().map(|row| row.source.to_string()).collect();
    let rows: Vec<_> = rows.iter().map(|(name, ..)| *name).zip(rows).collect();
    assert_eq!(
        names,
        rows.iter().map(|(name, _)| *name).collect::<Vec<_>>()
    );
    for (row, (name, expected)) in surveyed.iter().zip(rows) {
        let (_, present, accepted, addresses, reliability) = *expected;
        let are = (row.present, row.accepted, row.addresses, row.reliability);
        assert_eq!(are, (present, accepted, addresses, reliability), "{name}");
    }
}

#[test]
fn each_source_is_measured_over_the_messages() {
    let mut headers = Vec::new();
    for number in 0..20 {
        let mut header = "Delivered-To: catchall@isp.example\r\n".to_owned();
        header += match number {
            0 => "X-Real-Rcpt-To: alice@firm.example, petr@firm.example\r\n",
            _ => "X-Real-Rcpt-To: alice@firm.example\r\n",
        };
        if number < 17 {
            header += "Received: by mx.isp.example for <alice@firm.example>; Fri, 13 Mar 2026\r\n";
        } else {
            header += "Received: by mx.isp.example; Fri, 13 Mar 2026 09:00:00 +0100\r\n";
        }
        header += match number % 2 {
            0 => "To: alice@firm.example\r\nCc: petr@firm.example\r\n",
            _ => "To: list@elsewhere.example\r\nReply-To: x@firm.example\r\n",
        };
        headers.push(header + "X-Envelope-To: x@elsewhere.example\r\nSubject: x\r\n\r\n");
    }
    let surveyed = survey(&Town::new(), &headers);
    assert!(surveyed.iter().all(|row| row.of == 20));
    check(
        &surveyed,
        &[
            ("Delivered-To", 20, 0, AddressesEach::None, NotReliable),
            (
                "X-Original-To",
                0,
                0,
                AddressesEach::None,
                Reliability::None,
            ),
            ("Envelope-To", 0, 0, AddressesEach::None, Reliability::None),
            ("X-Envelope-To", 20, 0, AddressesEach::None, NotReliable),
            ("X-RCPT-TO", 0, 0, AddressesEach::None, Reliability::None),
            ("Received ... for", 17, 17, AlwaysOne, Mostly),
            ("To and Cc", 20, 10, Several, NotReliable),
            ("X-Real-Rcpt-To", 20, 20, Several, Reliable),
        ],
    );
}

#[test]
fn a_header_that_is_set_stands_first_and_once() {
    let header =
        "x-real: alice@firm.example\r\ndelivered-to: alice@firm.example\r\n\r\n".to_owned();
    let town = Town::new().with_header("X-Real", 1, "");
    check(
        &survey(&town, slice::from_ref(&header))[..2],
        &[
            ("X-Real", 1, 1, AlwaysOne, Reliable),
            ("Delivered-To", 1, 1, AlwaysOne, Reliable),
        ],
    );
    let evidence = vec!["DELIVERED-TO".to_owned()];
    let town = Town::new().with_source(RecipientSource::Auto { evidence });
    let names: Vec<_> = survey(&town, &[header])
        .into_iter()
        .map(|row| row.source.to_string())
        .collect();
    assert_eq!(names[..2], ["DELIVERED-TO", "X-Original-To"]);
    assert_eq!(names.len(), 7);
}

#[test]
fn to_and_cc_are_never_reliable_because_they_miss_blind_copies_and_lists() {
    let header = "To: alice@firm.example\r\n\r\n".to_owned();
    let surveyed = survey(&Town::new(), &[header]);
    check(
        &surveyed[6..],
        &[("To and Cc", 1, 1, AlwaysOne, NotReliable)],
    );
}

#[test]
fn a_sender_cannot_fill_the_table() {
    let many = (0..500).map(|at| format!("X-{at}-To: alice@firm.example\r\n"));
    let surveyed = survey(&Town::new(), &[many.collect::<String>() + "\r\n"]);
    assert_eq!(surveyed.len(), 7 + 10);
}

#[test]
fn no_messages_show_nothing() {
    for row in survey(&Town::new(), &[]) {
        assert_eq!(
            (row.of, row.reliability),
            (0, Reliability::None),
            "{}",
            row.source
        );
    }
}

#[test]
fn a_header_that_always_names_the_same_is_a_stamp_if_others_name_more() {
    let headers = |names: [&str; 4]| {
        names.map(|name| {
            format!("Delivered-To: mail@firm.example\r\nX-Original-To: {name}@firm.example\r\n\r\n")
        })
    };
    let surveyed = survey(&Town::new(), &headers(["alice", "petr", "alice", "eva"]));
    check(
        &surveyed[..2],
        &[
            ("Delivered-To", 4, 4, AlwaysOne, NotReliable),
            ("X-Original-To", 4, 4, AlwaysOne, Reliable),
        ],
    );
    assert_eq!((surveyed[0].distinct, surveyed[1].distinct), (1, 3));
    let surveyed = survey(&Town::new(), &headers(["alice", "alice", "ALICE", "alice"]));
    check(
        &surveyed[..2],
        &[
            ("Delivered-To", 4, 4, AlwaysOne, Reliable),
            ("X-Original-To", 4, 4, AlwaysOne, Reliable),
        ],
    );
}
