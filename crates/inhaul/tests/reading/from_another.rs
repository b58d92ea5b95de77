//! One inhaul reads another one.

use inhaul_testkit::fixtures;

use crate::house::{House, Served, inbox, octets_of};
use crate::installation::{Installation, LOCAL_PASSWORD, assert_each_once};
use crate::mail::as_sent;

fn odd_mail() -> Vec<Vec<u8>> {
    fixtures()
        .into_iter()
        .map(|message| message.octets)
        .collect()
}

/// Adds a retrieval of an account of another installation, to the account `bob` of this one.
pub(crate) fn read_from(
    home: &Installation,
    name: &str,
    served: &Served,
    account: &str,
    more: &[&str],
) {
    let at = served.plain.to_string();
    let mut how = vec!["--server", &at, "--every=never"];
    if !more.iter().any(|word| word.starts_with("--security")) {
        how.push("--security=none");
    }
    let words = [&how[..], more].concat();
    let added = home.try_retrieval(name, account, "bob", LOCAL_PASSWORD, &words);
    assert!(added.status.success(), "{added:?}");
}

fn sent(held: &[Vec<u8>]) -> Vec<Vec<u8>> {
    held.iter().map(|octets| as_sent(octets)).collect()
}

#[test]
fn it_brings_every_octet_once() {
    let first = House::holding(&odd_mail());
    let served = first.serve();
    let held = octets_of(&inbox(&first.home, "anna"));
    let all = held.len() as u64;
    let second = Installation::alone().account("bob");
    read_from(&second, "first", &served, "anna", &[]);
    let pulled = second.pull("first");
    assert_eq!((pulled.listed, pulled.new), (all, all));
    assert_each_once(&sent(&held), &second.messages("bob"));
    let again = second.pull("first");
    assert_eq!((again.listed, again.new), (all, 0));
    // Nor has the first one lost anything.
    assert_each_once(&held, &octets_of(&inbox(&first.home, "anna")));
}

#[test]
fn it_brings_every_octet_over_encrypted_lines() {
    let first = House::holding(&odd_mail());
    let served = first.serve();
    let held = octets_of(&inbox(&first.home, "anna"));
    let encrypted = served.encrypted.to_string();
    for how in [
        &["--security=starttls"][..],
        &["--security=tls", "--server", &encrypted],
    ] {
        let second = Installation::alone().account("bob");
        let mut words = vec!["--every=never", "--pin=first"];
        words.extend(how);
        let at = served.plain.to_string();
        if !how.contains(&"--server") {
            words.extend(["--server", &at]);
        }
        let added = second.try_retrieval("first", "anna", "bob", LOCAL_PASSWORD, &words);
        assert!(added.status.success(), "{added:?}");
        assert_eq!(second.pull("first").new, held.len() as u64, "{how:?}");
        assert_each_once(&sent(&held), &second.messages("bob"));
    }
}

#[test]
fn what_it_deletes_there_is_gone_there() {
    let first = House::holding(&odd_mail());
    let served = first.serve();
    let held = octets_of(&inbox(&first.home, "anna"));
    let second = Installation::alone().account("bob");
    read_from(
        &second,
        "first",
        &served,
        "anna",
        &["--after-storing=delete"],
    );
    let pulled = second.pull("first");
    let all = held.len() as u64;
    assert_eq!((pulled.new, pulled.deleted), (all, all));
    assert_each_once(&sent(&held), &second.messages("bob"));
    assert!(inbox(&first.home, "anna").is_empty());
    // What the first one has brought is not brought again because it is gone here.
    assert_eq!(first.home.pull("isp").new, 0);
    assert_eq!(second.pull("first").listed, 0);
}

#[test]
fn what_comes_later_comes_once_too() {
    let first = House::holding(&odd_mail()[..10]);
    let served = first.serve();
    let second = Installation::alone().account("bob");
    read_from(&second, "first", &served, "anna", &[]);
    assert_eq!(second.pull("first").new, 10);
    for octets in &odd_mail()[10..15] {
        first.mailbox.append(octets.clone());
    }
    assert_eq!(first.home.pull("isp").new, 5);
    assert_eq!(second.pull("first").new, 5);
    assert_eq!(second.pull("first").new, 0);
    let held = octets_of(&inbox(&first.home, "anna"));
    assert_each_once(&sent(&held), &second.messages("bob"));
}

/// Two messages of the same octets are two, and none of them goes round.
#[test]
fn twins_both_come() {
    let twin = &odd_mail()[0];
    let first = House::holding(&[twin, twin]);
    let served = first.serve();
    let second = Installation::alone().account("bob");
    read_from(&second, "first", &served, "anna", &[]);
    assert_eq!(second.pull("first").new, 2);
    assert_eq!(second.pull("first").new, 0);
}
