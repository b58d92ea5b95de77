//! Real clients bring everything, octet for octet but for what each of them changes itself.

use std::collections::HashMap;

use crate::clients::{Account, Client, Line, curl, fetchmail, getmail, mpop, mutt, poplib};
use crate::house::{House, Served, assert_brought, certificate, inbox, octets_of};
use crate::installation::LOCAL_PASSWORD;
use crate::mail::{as_sent, mail};
use crate::talk::Talk;

/// An account's maildrop, for a client.
pub(crate) fn account(house: &House, served: &Served, name: &str) -> Account {
    Account {
        plain: served.plain,
        encrypted: served.encrypted,
        certificate: certificate(&house.home),
        name: name.to_owned(),
        password: LOCAL_PASSWORD.to_owned(),
    }
}

/// anna has all messages that the client can read; bert has the odd ones and some of the others,
/// for lines and clients that take long.
fn brings_everything(client: &Client) {
    let mut all = mail();
    all.retain(|octets| (client.can_read)(octets));
    let is_berts = |at: &usize| *at < ODD || at.is_multiple_of(10);
    let some = (0..all.len()).filter(is_berts);
    let some: Vec<_> = some.map(|at| all[at].clone()).collect();
    let house = House::holding(if client.is_quick { &all } else { &[] });
    house.add_account("bert", "u2", &some);
    let served = house.serve();
    for line in client.lines {
        let is_annas = client.is_quick && *line == Line::Plain;
        let (name, user) = if is_annas {
            ("anna", "u1")
        } else {
            ("bert", "u2")
        };
        let held = inbox(&house.home, name);
        assert_brought(&house.remote.mailbox(user), &held);
        let sent: Vec<_> = octets_of(&held)
            .iter()
            .map(|octets| as_sent(octets))
            .collect();
        let wanted = (client.keeps)(&sent);
        let account = account(&house, &served, name);
        let fetched = (client.fetch)(&account, *line, wanted.len());
        assert_same(&wanted, &fetched, &format!("{line:?}"));
        // It was to leave them there, and they are.
        let mut session = Talk::sign_in(served.plain, name);
        assert_eq!(session.count(), wanted.len());
        session.quit();
    }
}

/// As many of the first messages are odd.
const ODD: usize = 64;

/// Every message came once; in what order a client keeps them is its own affair.
#[track_caller]
fn assert_same(wanted: &[Vec<u8>], fetched: &[Vec<u8>], how: &str) {
    let mut balance: HashMap<&[u8], i32> = HashMap::new();
    for octets in wanted {
        *balance.entry(octets).or_default() += 1;
    }
    for octets in fetched {
        *balance.entry(octets).or_default() -= 1;
    }
    let lost = wanted.iter().position(|octets| balance[&octets[..]] > 0);
    let Some(lost) = lost else {
        assert_eq!(wanted.len(), fetched.len(), "{how}");
        return;
    };
    let many = balance.values().filter(|count| **count != 0).count();
    // What differs the least is most likely what became of it.
    let others = balance.iter().filter(|(_, count)| **count < 0);
    let same = |octets: &[u8]| {
        let pairs = octets.iter().zip(&wanted[lost]);
        pairs.take_while(|(one, other)| one == other).count()
    };
    let near = others
        .map(|(octets, _)| *octets)
        .max_by_key(|octets| same(octets));
    let near = near.unwrap_or_default();
    let from = same(near).saturating_sub(60);
    let part = |octets: &[u8]| {
        let part = &octets[from.min(octets.len())..];
        part[..part.len().min(200)].escape_ascii().to_string()
    };
    panic!(
        "{how}: {many} differ; message {} of {} octets, from {from} on:\n{}\ncame, of {} octets, as\n{}",
        lost + 1,
        wanted[lost].len(),
        part(&wanted[lost]),
        near.len(),
        part(near)
    );
}

#[test]
fn curl_brings_every_octet() {
    brings_everything(&curl());
}

#[test]
fn poplib_brings_every_line() {
    brings_everything(&poplib());
}

#[test]
fn mutt_brings_everything() {
    brings_everything(&mutt());
}

#[test]
fn fetchmail_brings_everything() {
    brings_everything(&fetchmail());
}

#[test]
fn mpop_brings_everything() {
    brings_everything(&mpop());
}

#[test]
fn getmail_brings_everything() {
    brings_everything(&getmail());
}

/// A bare LF ends a line for most of them; a dot behind one must not end the message, or whoever
/// wrote it speaks to them in the server's name.
#[test]
fn no_client_loses_step_at_a_dot_behind_a_bare_line_feed() {
    let odd: &[u8] = b"Subject: false end\r\n\r\nbefore\n.\n+OK 5 octets\r\nX\r\n";
    let next: &[u8] = b"Subject: next\r\n\r\nnext\r\n";
    let house = House::holding(&[odd, next]);
    let served = house.serve();
    let account = account(&house, &served, "anna");
    for client in [curl(), poplib(), mutt(), fetchmail(), mpop(), getmail()] {
        let fetched = (client.fetch)(&account, Line::Plain, 2);
        let kept = (client.keeps)(&[next.to_vec()]);
        assert!(fetched.contains(&kept[0]));
    }
}
