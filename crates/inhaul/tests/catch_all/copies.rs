//! Messages for several people, and messages that are in the mailbox several times.

use crate::house::{House, Kind};

const TO_BOTH: &str = "From: Ann <ann@example.org>\r\n\
    To: anna@firm.example, Ben <ben@firm.example>\r\n\
    Date: Mon, 16 Mar 2026 08:00:00 +0000\r\n\
    Subject: Boat weekend\r\n\
    Message-ID: <boat@example.org>\r\n\
    \r\n\
    Saturday at nine.\r\n";

/// A mailbox with one message for two people, once for each of them, and nothing else.
fn house() -> House {
    let house = House::new(Kind::Alone);
    for id in house.mailbox.ids() {
        house.mailbox.remove(id);
    }
    house.mailbox.append(TO_BOTH.as_bytes());
    house.mailbox.append(TO_BOTH.as_bytes());
    let options = [
        "--catch-all=to-cc",
        "--domain=firm.example",
        "--fallback=unclaimed",
    ];
    let added = house.add("firm", &[&options[..], &["--no-test"]].concat());
    assert!(added.status.success(), "{added:?}");
    house
}

#[test]
fn a_message_for_two_people_is_shown_and_brought_to_both_once() {
    let house = house();
    let preview = house.ok(&["catch-all", "preview", "firm"]);
    for part in [
        "Header: To and Cc (2 of 2)\n",
        "anna@, ben@",
        "   anna / Inbox, ben / Inbox\n",
        "2 messages: 2 to two people.\n",
    ] {
        assert!(preview.contains(part), "{part:?} in {preview}");
    }
    house.home.pull("firm");
    for (account, messages) in [("anna", 1), ("ben", 1), ("unclaimed", 0)] {
        assert_eq!(house.count(account, "INBOX"), messages, "{account}");
    }
}

#[test]
fn where_says_what_became_of_each_copy() {
    let house = house();
    let preview = house.json(&["catch-all", "preview", "firm"]);
    house.home.pull("firm");
    let told = house.ok(&["where", "boat"]);
    for part in [
        "To no. 1 = anna@firm.example, anna's address, anna/INBOX\n",
        "To no. 1 = ben@firm.example, ben's address, ben/INBOX\n",
    ] {
        assert!(told.contains(part), "{part:?} in {told}");
    }
    // A copy is in no folder, so only its server's name for it finds it.
    let mut copies = 0;
    for message in preview["messages"].as_array().unwrap() {
        let unique_id = message["unique_id"].as_str().unwrap();
        let told = house.ok(&["where", unique_id]);
        let found = house.json(&["where", unique_id]);
        let placements = found["found"][0]["placements"].as_array().unwrap().len();
        if told.contains("B: a copy of message ") {
            copies += 1;
            assert_eq!(placements, 0, "{found}");
            assert!(!told.contains("left there"), "{told}");
        } else {
            assert_eq!(placements, 2, "{found}");
        }
    }
    assert_eq!(copies, 1);
}
