//! A remote server that is gone: its retrievals are one notice to administrators, and each owner's
//! own to them; a reminder follows a day later.

use inhaul_testkit::Server;

use crate::installation::wait_until;
use crate::{HOUR, House, MINUTE};

/// Two retrievals at a server that refuses connections, failing for long enough.
fn failing(house: &House) -> Server {
    for (name, account) in [("isp", "anna"), ("club", "ben")] {
        let how = [
            "--server",
            "127.0.0.1:1",
            "--security=none",
            "--no-test",
            "--every=10m",
        ];
        let added = house
            .home
            .try_retrieval(name, name, account, "secret", &how);
        assert!(added.status.success(), "{added:?}");
    }
    let server = house.serve();
    for _ in 0..4 {
        for name in ["isp", "club"] {
            house.fails(name);
        }
        house.clock.advance(12 * MINUTE).unwrap();
    }
    server
}

#[test]
fn many_at_one_server_are_one_notice_to_an_administrator() {
    let house = House::new();
    let server = failing(&house);
    for (owner, name) in [("anna", "isp"), ("ben", "club")] {
        let told = house.wait_for_notices(owner, 1);
        assert!(
            told[0].starts_with(&format!("{name}: mail has stopped")),
            "{told:?}"
        );
    }
    house.clock.advance(10 * MINUTE).unwrap();
    house.fails("isp");
    let told = house.wait_for_notices("alice", 1);
    assert!(told[0].ends_with("(2 retrievals)"), "{told:?}");
    wait_until("machines have heard", || house.receiver.events().len() == 1);

    // A day later, and not before.
    house.clock.advance(20 * HOUR).unwrap();
    house.fails("isp");
    house.clock.advance(5 * HOUR).unwrap();
    house.fails("club");
    for reader in ["alice", "anna", "ben"] {
        let told = house.wait_for_notices(reader, 2);
        assert_eq!(told.len(), 2, "{reader}: {told:?}");
        let reminds = |subject: &&String| subject.to_lowercase().contains("no mail for 1 day");
        assert_eq!(told.iter().filter(reminds).count(), 1, "{reader}: {told:?}");
    }
    wait_until("machines are reminded", || {
        house.receiver.events().len() >= 2
    });
    assert_eq!(house.receiver.events(), ["failing", "reminder"]);
    drop(server);
}

#[test]
fn who_is_paused_or_gone_is_not_told_of() {
    let house = House::new();
    let server = failing(&house);
    house.wait_for_notices("anna", 1);
    house.wait_for_notices("ben", 1);
    house
        .home
        .inhaul
        .ok(&["retrieval", "pause", "isp"])
        .unwrap();
    house
        .home
        .inhaul
        .ok(&["retrieval", "remove", "club", "--yes"])
        .unwrap();
    house.clock.advance(30 * HOUR).unwrap();
    // Somebody else's trouble is told behind where theirs would have been.
    house.retrieval("shop", "alice", "wrong-hare-1");
    house.wait_for_runs("shop", 1);
    house.clock.advance(MINUTE).unwrap();
    house.fails("shop");
    house.wait_for_notices("alice", 1);
    for owner in ["anna", "ben"] {
        assert_eq!(house.notices(owner).len(), 1, "{owner}");
    }
    drop(server);
}
