//! Once when it stops, once when it works again: over many failures, restarts and kills.

use std::collections::HashSet;

use inhaul_notices::signature;
use inhaul_types::Secret;

use crate::installation::wait_until;
use crate::{HOUR, House, MINUTE, SECRET};

const STOPPED: &str = "isp: mail has stopped (refuses the password)";

#[test]
fn a_refused_password_is_told_once_and_its_recovery_once() {
    let house = House::new();
    let mailbox = house.retrieval("isp", "anna", "wrong-hare-1");
    for _ in 0..3 {
        mailbox.append_generated(2_000);
    }
    let mut server = house.serve();
    house.wait_for_runs("isp", 1);
    house.clock.advance(MINUTE).unwrap();
    house.fails("isp");
    assert_eq!(house.wait_for_notices("anna", 1), [STOPPED]);
    assert_eq!(house.wait_for_notices("alice", 1), [STOPPED]);
    wait_until("it is told to machines", || {
        house.receiver.events().len() == 1 && house.documents().len() == 1
    });

    for round in 0..9 {
        house.clock.advance(HOUR).unwrap();
        house.fails("isp");
        match round {
            3 => server = house.restart(server),
            6 => {
                server.kill().unwrap();
                server = house.serve();
            }
            _ => {}
        }
    }
    let set = ["retrieval", "set", "isp", "--password-stdin"];
    house.home.inhaul.ok_with_input(&set, "secret").unwrap();
    house.clock.advance(MINUTE).unwrap();
    wait_until("it works", || mailbox.sign_ins().accepted > 0);

    // A notice that was one too many would be there by now: letters are carried out in order.
    for reader in ["anna", "alice"] {
        let told = house.wait_for_notices(reader, 2);
        assert_eq!(told, ["isp works again after 9 hours", STOPPED], "{reader}");
    }
    let letters = house.letters("anna");
    let again = letters
        .iter()
        .find(|letter| letter.contains("works again"))
        .unwrap();
    assert!(again.contains("3 messages came in."), "{again}");
    wait_until("machines have heard", || {
        house.receiver.events().len() >= 2 && house.documents().len() >= 2
    });
    assert_eq!(house.receiver.events(), ["needs-you", "works-again"]);
    let documents = house.documents();
    assert_eq!(documents.len(), 2);
    assert_eq!(documents[0]["card"]["code"], "auth-refused");
    assert_eq!(documents[0]["account"], "anna");
    assert_eq!(documents[1]["messages"], 3);
    assert_eq!(house.home.messages("anna").len(), 3 + 2);

    let key = Secret::new(SECRET.into());
    let mut ids = HashSet::new();
    for (request, document) in house.receiver.taken().iter().zip(&documents) {
        assert_eq!(request.signature, signature(&key, &request.body));
        assert_eq!(&request.document(), document);
        ids.insert(document["id"].to_string());
    }
    assert_eq!(ids.len(), 2);
    drop(server);
}

#[test]
fn a_refused_password_is_not_tried_with_every_check() {
    let house = House::new();
    let refused = house.retrieval("isp", "anna", "wrong-hare-1");
    let server = house.serve();
    house.wait_for_runs("isp", 1);
    // One that goes well says when the schedule has been gone through.
    let works = house.retrieval("club", "ben", "secret");
    house.wait_for_runs("club", 1);
    house.clock.advance(12 * MINUTE).unwrap();
    house.wait_for_runs("club", 2);
    assert_eq!(works.sign_ins().accepted, 2);
    assert_eq!(refused.sign_ins().refused, 1);
    // A quarter of an hour after the first time, give or take a tenth.
    house.clock.advance(5 * MINUTE).unwrap();
    house.wait_for_runs("isp", 2);
    assert_eq!(refused.sign_ins().refused, 2);
    drop(server);
}
