//! Messages of a size, and where they are: on the server, here, or both.

use std::collections::HashSet;
use std::net::SocketAddr;

use inhaul_testkit::{CutMode, CutProxy, Dovecot};

use crate::installation::{Installation, difference};

/// A message with a number of its own, of about so many octets.
pub(crate) fn message(number: usize, octets: usize) -> Vec<u8> {
    let mut text = format!(
        "From: Ann <ann@example.org>\r\nTo: bob@example.org\r\nSubject: number {number}\r\n\
         Date: Sat, 14 Mar 2026 10:22:06 +0000\r\nMessage-ID: <n{number}@example.org>\r\n\r\n"
    );
    while text.len() < octets {
        text.push_str("This line is one of many that make a message as long as it has to be.\r\n");
    }
    text.into_bytes()
}

/// So many messages of about so many octets each.
pub(crate) fn messages(count: usize, octets: usize) -> Vec<Vec<u8>> {
    (0..count).map(|number| message(number, octets)).collect()
}

/// A server with these messages for `u1`, and what they are when it hands them over.
pub(crate) fn server_with(messages: &[Vec<u8>]) -> (Dovecot, Vec<Vec<u8>>) {
    let mut server = Dovecot::start(&Default::default()).unwrap();
    server.fill("u1", messages).unwrap();
    let there = server.retr_all("u1").unwrap();
    (server, there)
}

/// Has the account anna bring and delete what `u1` has there.
pub(crate) fn subscribe(home: Installation, server: &Dovecot) -> Installation {
    subscribe_at(home, server.pop3_addr())
}

/// A line to the server that counts connections.
pub(crate) fn counting_line(server: &Dovecot) -> CutProxy {
    CutProxy::start(server.pop3_addr(), CutMode::Pass).unwrap()
}

/// As [`subscribe`], over a line to it.
pub(crate) fn subscribe_at(home: Installation, addr: SocketAddr) -> Installation {
    let home = home.account("anna");
    let at = addr.to_string();
    let how = [
        "--server",
        &at,
        "--security=none",
        "--after-storing=delete",
        "--no-test",
    ];
    home.retrieval("isp", "u1", "anna", &how);
    home
}

/// Nothing is gone: what is not on the server any more is here, and nothing is here twice.
#[track_caller]
pub(crate) fn assert_nothing_lost(sent: &[Vec<u8>], server: &Dovecot, home: &Installation) {
    let here = home.messages("anna");
    let doubled = difference(sent, &here).doubled;
    assert_eq!(doubled, 0, "{doubled} messages are here once too often");
    let there = server.retr_all("u1").unwrap();
    let anywhere: HashSet<&Vec<u8>> = here.iter().chain(&there).collect();
    let lost = sent
        .iter()
        .filter(|message| !anywhere.contains(message))
        .count();
    assert_eq!(
        lost,
        0,
        "of {}; {} are here, {} there",
        sent.len(),
        here.len(),
        there.len()
    );
}
