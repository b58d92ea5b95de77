//! A server calls all its messages new (A8): 2,296 of 2,310 are known. Those are recognised and not
//! brought again, the 14 others come in the same run, and nothing that was recognised is deleted
//! there before the owner agrees or a day is over.

use std::time::Duration;

use inhaul_sample::Mailbox;
use inhaul_testkit::ClockFile;

use crate::house::House;
use crate::installation::assert_each_once;
use crate::peers::{Peers, letter};
use crate::text::seen;

const KNOWN: u32 = 2_296;
const NEW: u32 = 14;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const SENTENCE: &str = "127.0.0.1 renumbered its messages. Those that are here already were \
                        recognised and not brought twice. Deletion of the messages we recognised \
                        waits until";

struct Scene {
    _peers: Peers,
    house: House,
    clock: ClockFile,
    mailbox: Mailbox,
    sent: Vec<Vec<u8>>,
}

/// The server has renumbered, and one run has seen that.
fn renumbered() -> Scene {
    let mut peers = Peers::new();
    let (house, clock) = House::with_clock();
    let (remote, mailbox) = peers.mailbox(|_| ());
    for number in 0..KNOWN {
        mailbox.append(letter(number, 300));
    }
    house.add("isp", &remote);
    let (exit, report) = house.pull("isp");
    assert_eq!((exit, &report["new"]), (Some(0), &KNOWN.into()), "{report}");
    // From now on what is here is deleted there.
    let set = ["retrieval", "set", "isp", "--after-storing=delete", "--yes"];
    house.home.inhaul.ok(&set).unwrap();
    mailbox.renumber();
    for number in KNOWN..KNOWN + NEW {
        mailbox.append(letter(number, 300));
    }
    let sent = mailbox.contents();
    mailbox.forget();

    let (exit, report) = house.pull("isp");
    assert_eq!((exit, &report["new"]), (Some(0), &NEW.into()), "{report}");
    assert_eq!(report["listed"], KNOWN + NEW);
    let note = &report["notes"][0];
    assert_eq!(note["code"], "ids-changed", "{report}");
    assert_eq!(note["messages"], KNOWN);
    assert_eq!(mailbox.count("RETR"), u64::from(NEW), "only those come");
    let scene = Scene {
        _peers: peers,
        house,
        clock,
        mailbox,
        sent,
    };
    scene.keeps_what_was_recognised();
    assert_each_once(&scene.sent, &scene.house.home.messages("anna"));
    scene
}

impl Scene {
    fn keeps_what_was_recognised(&self) {
        assert!(
            self.mailbox.len() >= KNOWN as usize,
            "{}",
            self.mailbox.len()
        );
        let page = self.house.page("isp");
        assert!(seen(&page).contains(SENTENCE), "{page}");
        assert!(page.contains("Delete them there as set"), "{page}");
    }

    /// All is here once, and nothing is there any more.
    fn is_done(&self) {
        let (exit, report) = self.house.pull("isp");
        assert_eq!((exit, &report["new"]), (Some(0), &0.into()), "{report}");
        assert_eq!(self.mailbox.len(), 0);
        assert_each_once(&self.sent, &self.house.home.messages("anna"));
        let page = seen(&self.house.page("isp"));
        assert!(!page.contains("Delete them there as set"), "{page}");
    }
}

#[test]
fn fourteen_of_2310_come_and_the_others_are_deleted_there_when_the_owner_agrees() {
    let scene = renumbered();
    let page = seen(&scene.house.page("isp"));
    let note = "127.0.0.1 renumbered its mailbox; 2,296 messages recognised, nothing comes twice";
    assert!(page.contains(note), "{page}");
    let (exit, _) = scene.house.pull("isp");
    assert_eq!(exit, Some(0));
    scene.keeps_what_was_recognised();
    let id = scene.house.api("isp")["id"].as_i64().unwrap();
    let place = format!("/manage/retrievals/{id}/let-delete");
    let answer = scene.house.pages().post(&place);
    assert_eq!(answer.status, 303, "{answer:?}");
    scene.is_done();
}

#[test]
fn fourteen_of_2310_come_and_the_others_are_deleted_there_after_a_day() {
    let scene = renumbered();
    scene.clock.advance(DAY - Duration::from_secs(60)).unwrap();
    assert_eq!(scene.house.pull("isp").0, Some(0));
    scene.keeps_what_was_recognised();
    scene.clock.advance(Duration::from_secs(120)).unwrap();
    scene.is_done();
}
