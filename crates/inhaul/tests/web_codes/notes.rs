//! What a good run met and a person should know of: codes that are notes (A4). A command ends with
//! 0, and tells it with the words that the page has; a program is given the code.

use inhaul_sample::Mailbox;
use inhaul_sample::switches::{Dele, Fault, Greeting, Times};
use inhaul_types::ErrorCode;
use inhaul_types::ErrorCode::*;

use crate::house::House;
use crate::peers::{Peers, Remote, letter};
use crate::text::{assert_readable, seen, words};

/// A note, and how a run comes to it.
struct Row {
    code: ErrorCode,
    provoke: fn(&mut Peers) -> (Remote, Mailbox),
    /// So many checks come before the one that is looked at.
    earlier: usize,
    /// What happens behind those.
    then: fn(&Mailbox),
    sentence: &'static str,
}

/// Codes that come up in the table.
pub(crate) fn covered() -> Vec<ErrorCode> {
    table().iter().map(|row| row.code).collect()
}

fn table() -> [Row; 5] {
    [
        Row {
            code: TooLarge,
            provoke: |peers| {
                let (remote, mailbox) = peers.mailbox(|_| ());
                mailbox.append(letter(1, 500));
                mailbox.append(letter(2, 20_000));
                (remote.with("--limit=largest=2KB"), mailbox)
            },
            earlier: 0,
            then: |_| (),
            sentence: "1 message stays on 127.0.0.1: larger than the limit",
        },
        Row {
            code: MessageRefused,
            provoke: |peers| {
                let (remote, mailbox) = peers.mailbox(|_| ());
                mailbox.append(letter(1, 500));
                let bad = mailbox.append(letter(2, 500));
                let fault = Fault::Refused("no such message, it says".into());
                mailbox.fault(bad, fault, Times::Always);
                (remote, mailbox)
            },
            earlier: 0,
            then: |_| (),
            sentence: "1 message stays on 127.0.0.1: it would not hand it over",
        },
        Row {
            code: NotDeleted,
            provoke: |peers| {
                let (remote, mailbox) = peers.mailbox(|it| it.dele = Dele::Ignored);
                mailbox.append(letter(1, 500));
                (remote.with("--after-storing=delete"), mailbox)
            },
            // It may be a slip: it is asked for again before anybody is told.
            earlier: 3,
            then: |_| (),
            sentence: "1 message stays on 127.0.0.1 although it says that it is deleted",
        },
        Row {
            code: IdsChanged,
            provoke: |peers| {
                let (remote, mailbox) = peers.mailbox(|_| ());
                for number in 1..=8 {
                    mailbox.append(letter(number, 500));
                }
                (remote, mailbox)
            },
            earlier: 1,
            then: |mailbox| {
                mailbox.renumber();
                mailbox.append(letter(9, 500));
            },
            sentence: "127.0.0.1 renumbered its mailbox; 8 messages recognised, nothing comes twice",
        },
        Row {
            code: Loop,
            provoke: |peers| {
                let (remote, mailbox) = peers.mailbox(|_| ());
                peers.last().set(|it| it.greeting = Greeting::Inhaul);
                mailbox.append(letter(1, 500));
                mailbox.append(letter(77, 500));
                (remote, mailbox)
            },
            earlier: 0,
            then: |_| (),
            sentence: "1 message stays on 127.0.0.1: it is here already, and 127.0.0.1 is an inhaul",
        },
    ]
}

#[test]
fn page_command_and_api_tell_the_same_of_every_note() {
    let mut peers = Peers::new();
    let house = House::new();
    // What an inhaul over there shows has come here before.
    let (earlier, mailbox) = peers.mailbox(|_| ());
    mailbox.append(letter(77, 500));
    house.add("earlier", &earlier);
    assert_eq!(house.pull("earlier").0, Some(0));
    for row in table() {
        let name = row.code.as_str();
        let (remote, mailbox) = (row.provoke)(&mut peers);
        // A loop is one within an account; other rows share no message with another.
        let account = match row.code {
            Loop => "anna",
            _ => "other",
        };
        house.add(name, &remote.to(account));
        for _ in 0..row.earlier {
            assert_eq!(house.pull(name).0, Some(0));
        }
        (row.then)(&mailbox);
        let told = house.home.inhaul.run(&["pull", name]).unwrap();
        assert_eq!(told.code(), Some(0), "{told:?}");
        let told = words(&told.stdout);
        assert_readable(&told);
        assert!(told.contains(row.sentence), "{told}");

        let api = house.api(name);
        assert_eq!(api["code"], serde_json::Value::Null, "{api}");
        let runs = format!("/api/v1/retrievals/{}/runs", api["id"]);
        let runs = house.pages().data("GET", &runs);
        let note = &runs["runs"][0]["notes"][0];
        assert_eq!(note["code"], name, "{runs}");
        assert!(note["messages"].as_u64() >= Some(1), "{runs}");

        let page = seen(&house.page(name));
        assert!(page.contains(row.sentence), "{page}");
        assert!(page.contains(&format!("({name})")), "{page}");
    }
}
