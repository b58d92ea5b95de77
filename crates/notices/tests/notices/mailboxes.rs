//! What is written of mailboxes here that hold more than they may.

use std::sync::Arc;
use std::time::Duration;

use inhaul_notices::{Desk, Excess, MailboxSight, Settings};
use inhaul_types::{AccountId, Octets};

use crate::desk::{NOW, World, person, settings};

const HOUR: Duration = Duration::from_secs(3600);
const OWN: &str = "Your mailbox here holds more than its limit";

pub(crate) fn over(row: i64) -> MailboxSight {
    MailboxSight {
        owner: person(row),
        over: Some(Excess {
            used: Octets::new(1_240_000_000),
            limit: Octets::new(1_000_000_000),
            through: Some("Firm".into()),
        }),
    }
}

pub(crate) fn within(row: i64) -> MailboxSight {
    MailboxSight {
        over: None,
        ..over(row)
    }
}

impl World {
    async fn see_mailboxes(&mut self, seen: Vec<MailboxSight>, hours: u32) {
        let now = NOW.plus(HOUR * hours);
        for seen in seen {
            self.desk.observe_mailbox(seen, now);
        }
        self.desk.settle(now).await.unwrap();
    }
}

#[tokio::test]
async fn a_mailbox_over_its_limit_is_told_once_over_restarts_until_it_was_below() {
    let mut world = World::with(settings()).await;
    for hours in 0..5 {
        world.see_mailboxes(vec![over(1)], hours).await;
        assert_eq!(world.desk.open_mailboxes(), [AccountId::new(1)]);
        world.restart().await;
        assert_eq!(world.desk.open_mailboxes(), [AccountId::new(1)]);
    }
    assert_eq!(world.subjects(1), [OWN]);
    assert_eq!(
        world.subjects(9),
        ["The mailbox of person1 holds more than its limit"]
    );
    let documents = world.documents();
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0]["event"], "over-limit");
    assert_eq!(documents[0]["account"], "person1");
    let mailbox = &documents[0]["mailboxes"][0];
    assert_eq!(mailbox["used_octets"], 1_240_000_000);
    assert_eq!(mailbox["limit_octets"], 1_000_000_000);
    assert_eq!(mailbox["through"], "Firm");

    world.see_mailboxes(vec![within(1)], 6).await;
    assert_eq!(world.memory.count(), 0);
    assert_eq!(world.desk.open_mailboxes(), []);
    world.restart().await;
    world.see_mailboxes(vec![over(1)], 7).await;
    assert_eq!(world.subjects(1), [OWN]);
    assert_eq!(world.subjects(9).len(), 1);
}

#[tokio::test]
async fn room_that_was_seen_in_between_makes_it_new() {
    let mut world = World::with(settings()).await;
    world.see_mailboxes(vec![over(1)], 0).await;
    world.see_mailboxes(vec![within(1), over(1)], 1).await;
    assert_eq!(world.subjects(1), [OWN, OWN]);
}

#[tokio::test]
async fn administrators_get_one_notice_for_all_of_them() {
    let mut world = World::with(settings()).await;
    world.see_mailboxes((1..4).map(over).collect(), 0).await;
    assert_eq!(
        world.subjects(9),
        ["3 mailboxes here hold more than their limits"]
    );
    let documents = world.documents();
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0]["mailboxes"].as_array().unwrap().len(), 3);
    for owner in 1..4 {
        assert_eq!(world.subjects(owner), [OWN]);
    }
    world.desk.settle(NOW.plus(HOUR * 24)).await.unwrap();
    assert_eq!(
        world.subjects(9),
        ["3 mailboxes here hold more than their limits, for 1 day now"]
    );
    assert_eq!(world.documents()[0]["event"], "reminder");
    assert_eq!(
        world.subjects(1),
        ["Your mailbox here holds more than its limit, for 1 day now"]
    );
}

#[tokio::test]
async fn an_administrator_hears_of_their_own_full_mailbox_once() {
    let mut world = World::with(settings()).await;
    world.see_mailboxes(vec![over(9)], 0).await;
    assert_eq!(world.subjects(9), [OWN]);
    assert_eq!(world.documents().len(), 1);
}

#[tokio::test]
async fn owners_who_are_not_to_be_told_hear_nothing_of_their_mailbox() {
    let quiet = Settings {
        owner_inbox: false,
        ..settings()
    };
    let mut world = World::with(quiet).await;
    world.see_mailboxes(vec![over(1), over(9)], 0).await;
    assert_eq!((world.subjects(1).len(), world.subjects(9).len()), (0, 1));
}

#[tokio::test]
async fn a_mailbox_that_could_not_be_recorded_is_told_later_and_once() {
    let mut world = World::with(settings()).await;
    world.memory.fail(true);
    world.desk.observe_mailbox(over(1), NOW);
    world.desk.settle(NOW).await.unwrap_err();
    world.memory.fail(false);
    assert_eq!(world.desk.settle(NOW).await.unwrap(), 3);
    assert_eq!(world.desk.settle(NOW).await.unwrap(), 0);
}

#[tokio::test]
async fn a_removed_account_is_not_spoken_of() {
    let mut world = World::with(settings()).await;
    world.desk.observe_mailbox(over(1), NOW);
    world.desk.forget_mailbox(AccountId::new(1));
    world.desk.settle(NOW).await.unwrap();
    assert_eq!(world.memory.count(), 0);
}

#[tokio::test]
async fn mailboxes_with_room_are_not_written_down() {
    let mut world = World::with(settings()).await;
    world.memory.fail(true);
    world.see_mailboxes((1..9).map(within).collect(), 0).await;
    let settings = Arc::new(settings());
    let desk = Desk::load(settings, world.memory.clone()).await.unwrap();
    assert_eq!(desk.open_mailboxes(), []);
}
