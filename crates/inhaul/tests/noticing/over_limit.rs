//! A catch-all puts mail into a mailbox that holds more than it may: its person is told once, until
//! it was below its limit.

use inhaul_sample::Mailbox;

use crate::installation::wait_until;
use crate::{HOUR, House};

const OWN: &str = "Your mailbox here holds more than its limit";

impl House {
    /// Adds the catch-all `firm`, which shares out to anna and ben and runs when it is asked.
    fn firm(&self) -> Mailbox {
        for name in ["anna", "ben"] {
            let address = format!("{name}@firm.example");
            self.set(name, &["--add-address", &address]);
        }
        let mailbox = self.remote.mailbox("firm");
        let at = self.remote.address().to_string();
        let words = [
            "retrieval",
            "add",
            "--name=firm",
            "--server",
            &at,
            "--security=none",
            "--user=firm",
            "--password-stdin",
            "--every=never",
            "--no-test",
            "--catch-all=Delivered-To",
            "--domain=firm.example",
            "--fallback=alice",
        ];
        self.home.inhaul.ok_with_input(&words, "secret").unwrap();
        mailbox
    }

    fn set(&self, account: &str, how: &[&str]) {
        let words = [&["account", "set", account], how].concat();
        self.home.inhaul.ok(&words).unwrap();
    }
}

/// A letter of 2 KB for one of the firm.
fn letter(firm: &Mailbox, name: &str) {
    let body = "All work and no play.\r\n".repeat(90);
    let letter = format!("Delivered-To: {name}@firm.example\r\nSubject: work\r\n\r\n{body}");
    firm.append(letter.into_bytes());
}

#[test]
fn a_mailbox_that_a_catch_all_overfills_is_told_once_until_it_was_below() {
    let house = House::new();
    let firm = house.firm();
    house.set("anna", &["--limit=mailbox=1KB"]);
    let mut server = house.serve();
    letter(&firm, "anna");
    let said = house.home.inhaul.ok(&["pull", "firm"]).unwrap();
    let note = "1 message went into mailboxes here that hold more than they may (mailbox-full)";
    assert!(said.contains(note), "{said}");
    // Its notice is stored, whatever the mailbox holds.
    assert_eq!(house.wait_for_notices("anna", 1), [OWN]);
    let of_anna = "The mailbox of anna holds more than its limit";
    assert_eq!(house.wait_for_notices("alice", 1), [of_anna]);
    let text = house.letters("anna").remove(0).replace("\r\n", " ");
    let words = "more than its limit of 1.0 KB. Mail for you that comes through \"firm\" is \
                 stored all the same.";
    assert!(text.contains(words), "{text}");

    for round in 0..6 {
        house.clock.advance(HOUR).unwrap();
        letter(&firm, "anna");
        assert_eq!(house.home.pull("firm").new, 1);
        match round {
            1 => server = house.restart(server),
            3 => {
                server.kill().unwrap();
                server = house.serve();
            }
            _ => {}
        }
    }

    // Who is looked at behind anna tells that she has been.
    house.set("anna", &["--limit=mailbox=none"]);
    house.set("ben", &["--limit=mailbox=1KB"]);
    letter(&firm, "ben");
    assert_eq!(house.home.pull("firm").new, 1);
    assert_eq!(house.wait_for_notices("ben", 1), [OWN]);
    assert_eq!(house.notices("anna"), [OWN]);

    house.set("anna", &["--limit=mailbox=1KB"]);
    letter(&firm, "anna");
    assert_eq!(house.home.pull("firm").new, 1);
    assert_eq!(house.wait_for_notices("anna", 2), [OWN, OWN]);
    let of_ben = "The mailbox of ben holds more than its limit";
    let told = house.wait_for_notices("alice", 3);
    assert_eq!(told, [of_anna, of_anna, of_ben]);
    wait_until("machines have heard", || {
        house.receiver.events().len() >= 3 && house.documents().len() >= 3
    });
    assert_eq!(house.receiver.events(), ["over-limit"; 3]);
    let accounts: Vec<_> = house
        .documents()
        .iter()
        .map(|one| one["account"].clone())
        .collect();
    assert_eq!(accounts, ["anna", "ben", "anna"]);
    assert_eq!(house.home.messages("anna").len(), 8 + 2);
    assert_eq!(house.home.messages("ben").len(), 1 + 1);
    drop(server);
}
