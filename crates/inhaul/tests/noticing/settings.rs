//! `[notify]` changes while the server runs, and administrators come later.

use inhaul_testkit::Signal;

use crate::installation::{Installation, wait_until};
use crate::{House, MINUTE};

#[test]
fn channels_that_a_reload_adds_are_used_and_nothing_is_told_again() {
    let house = House::new();
    let everybody = house.everybody();
    house.configure("[notify]\nadmin = \"alice\"\n");
    let mut server = house.serve();
    for (name, account) in [("isp", "anna"), ("club", "ben")] {
        if name == "club" {
            house.configure(&everybody);
            server.signal(Signal::HUP).unwrap();
            wait_until("it has read it", || server.stderr().contains("[notify]"));
        }
        house.retrieval(name, account, "wrong-hare-1");
        house.wait_for_runs(name, 1);
        house.clock.advance(MINUTE).unwrap();
        house.fails(name);
        house.wait_for_notices(account, 1);
    }
    // The second at the same server: administrators hear of it when it was waited for others.
    house.clock.advance(16 * MINUTE).unwrap();
    house.fails("club");
    house.wait_for_notices("alice", 2);
    wait_until("machines have heard", || !house.documents().is_empty());
    assert_eq!(house.documents()[0]["retrieval"], "club");
    assert_eq!(house.documents().len(), 1);
    for reader in ["anna", "ben"] {
        assert_eq!(house.notices(reader).len(), 1);
    }
}

#[test]
fn an_administrator_who_is_made_later_is_told_from_then_on() {
    let house = House::new();
    house.configure("[notify]\nadmin = \"root\"\n");
    let mut server = house.serve();
    let log = server.stderr();
    assert!(
        log.contains("notify.admin: there is no such account"),
        "{log}"
    );
    let House { home, .. } = house;
    let house = House {
        home: Installation::account(home, "root"),
        ..house
    };
    house.retrieval("isp", "anna", "wrong-hare-1");
    house.wait_for_runs("isp", 1);
    house.clock.advance(MINUTE).unwrap();
    house.fails("isp");
    house.wait_for_notices("root", 1);
}

#[test]
fn a_test_goes_to_every_channel_and_what_did_not_arrive_is_listed() {
    let house = House::new();
    let file = house.home.beside("inhaul.toml").display().to_string();
    let config = ["--config", &file];
    let nothing = "No notice waits, and none was given up lately.\n";
    for is_served in [false, true] {
        let server = is_served.then(|| house.serve());
        let said = house
            .home
            .inhaul
            .ok(&[&["notice", "test"][..], &config].concat());
        let expected = "Delivered to the inbox of alice.\nDelivered to the web address.\n\
                        Delivered to the program.\n";
        assert_eq!(said.unwrap(), expected);
        let list = house.home.inhaul.ok(&["notice", "list"]).unwrap();
        assert_eq!(list, nothing);
        drop(server);
    }
    assert_eq!(house.notices("alice").len(), 2);
    assert_eq!(house.receiver.events(), ["test", "test"]);
    assert_eq!(house.documents().len(), 2);

    let gone = "[notify]\nprogram = [\"/bin/false\"]\n";
    house.configure(gone);
    let refused = house
        .home
        .fails(&[&["notice", "test"][..], &config].concat(), 1);
    assert!(
        refused.stdout.starts_with("Not delivered to the program: "),
        "{refused:?}"
    );
    let server = house.serve();
    house.retrieval("isp", "anna", "wrong-hare-1");
    house.wait_for_runs("isp", 1);
    house.clock.advance(MINUTE).unwrap();
    house.fails("isp");
    wait_until("it is given up", || {
        let list = house.home.inhaul.ok(&["notice", "list"]).unwrap();
        list.contains("the program") && list.contains("given up")
    });
    drop(server);
    house.configure("");
    house
        .home
        .fails(&[&["notice", "test"][..], &config].concat(), 78);
}
