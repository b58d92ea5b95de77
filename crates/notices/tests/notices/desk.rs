//! What is written for whom.

use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::notices::{GATHERING, Sight, Trouble, Urgency};
use inhaul_notices::{Channel, Desk, Observation, Person, Settings, WebhookSettings};
use inhaul_types::{AccountId, ErrorCode, RetrievalId, Timestamp};
use mail_parser::MessageParser;
use serde_json::Value;

use crate::memory::TestMemory;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_773_483_726_000);
const HOUR: Duration = Duration::from_secs(3600);
const FIRM: &str = "pop.firm.example";

pub(crate) fn person(row: i64) -> Person {
    Person {
        account: AccountId::new(row),
        name: format!("person{row}"),
        address: Some(format!("person{row}@home.example")),
    }
}

pub(crate) fn seen(row: i64, sight: Sight) -> Observation {
    Observation {
        retrieval: RetrievalId::new(row),
        name: format!("Firm {row}"),
        host: FIRM.into(),
        owner: person(row),
        sight,
        card: None,
        stored: 0,
    }
}

pub(crate) fn failing(since: Timestamp) -> Sight {
    trouble(Urgency::Failing, ErrorCode::NoAnswer, since)
}

fn trouble(urgency: Urgency, code: ErrorCode, since: Timestamp) -> Sight {
    Sight::InTrouble(Trouble {
        urgency,
        code: Some(code),
        since,
    })
}

/// Owners, administrator 9 and a web address are told.
pub(crate) fn settings() -> Settings {
    Settings {
        admin: Some(person(9)),
        webhook: Some(WebhookSettings {
            url: "http://h.example/".parse().unwrap(),
            secret: None,
        }),
        ..Settings::of_server("mail.home.example".into())
    }
}

pub(crate) struct World {
    pub(crate) memory: Arc<TestMemory>,
    pub(crate) desk: Desk,
}

impl World {
    pub(crate) async fn with(settings: Settings) -> Self {
        let memory = Arc::new(TestMemory::default());
        let desk = Desk::load(Arc::new(settings), memory.clone())
            .await
            .unwrap();
        Self { memory, desk }
    }

    pub(crate) async fn restart(&mut self) {
        self.desk = Desk::load(Arc::new(settings()), self.memory.clone())
            .await
            .unwrap();
    }

    async fn see(&mut self, rows: std::ops::Range<i64>, sight: Sight, now: Timestamp) {
        for row in rows {
            self.desk.observe(seen(row, sight), now);
        }
        self.desk.settle(now).await.unwrap();
    }

    pub(crate) fn subjects(&self, account: i64) -> Vec<String> {
        let letters = self.memory.take(Channel::Inbox(AccountId::new(account)));
        let subject = |text: &String| {
            let message = MessageParser::default().parse(text).unwrap();
            message.subject().unwrap().to_owned()
        };
        letters.iter().map(subject).collect()
    }

    pub(crate) fn documents(&self) -> Vec<Value> {
        let letters = self.memory.take(Channel::Webhook);
        letters
            .iter()
            .map(|json| serde_json::from_str(json).unwrap())
            .collect()
    }
}

#[tokio::test]
async fn a_trouble_and_its_end_are_told_once_over_restarts() {
    let mut world = World::with(settings()).await;
    for hour in 0..5 {
        world.see(1..2, failing(NOW), NOW.plus(HOUR * hour)).await;
        world.restart().await;
    }
    let stopped = "Firm 1: mail has stopped (does not answer)";
    assert_eq!(world.subjects(1), [stopped]);
    assert_eq!(world.subjects(9), [stopped]);
    let documents = world.documents();
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0]["event"], "failing");
    assert_eq!(documents[0]["card"]["code"], "no-answer");

    let back = NOW.plus(HOUR * 72);
    world.desk.observe(
        Observation {
            stored: 41,
            ..seen(1, Sight::Works)
        },
        back,
    );
    world.desk.settle(back).await.unwrap();
    assert_eq!(world.subjects(1), ["Firm 1 works again after 3 days"]);
    assert_eq!(world.documents()[0]["messages"], 41);
    world.restart().await;
    world.see(1..2, Sight::Works, back.plus(HOUR)).await;
    assert_eq!(world.subjects(9).len(), 1);
    assert_eq!(world.memory.count(), 0);
}

#[tokio::test]
async fn what_could_not_be_recorded_is_told_later_and_once() {
    let mut world = World::with(settings()).await;
    world.memory.fail(true);
    world.desk.observe(seen(1, failing(NOW)), NOW);
    world.desk.settle(NOW).await.unwrap_err();
    world.desk.settle(NOW).await.unwrap_err();
    world.memory.fail(false);
    assert_eq!(world.desk.settle(NOW).await.unwrap(), 3);
    assert_eq!(world.desk.settle(NOW).await.unwrap(), 0);
    assert_eq!(world.memory.count(), 3);
}

#[tokio::test]
async fn a_server_that_fails_for_seven_is_one_notice_to_the_administrator() {
    let mut world = World::with(settings()).await;
    world.see(1..9, Sight::Works, NOW).await;
    world.see(1..8, failing(NOW), NOW).await;
    assert_eq!(world.subjects(9), Vec::<String>::new());
    // No run ends meanwhile: the minute brings it.
    world.desk.settle(NOW.plus(GATHERING)).await.unwrap();
    assert_eq!(
        world.subjects(9),
        ["pop.firm.example does not answer (7 retrievals)"]
    );
    let documents = world.documents();
    assert_eq!((documents.len(), &documents[0]["count"]), (1, &7.into()));
    for owner in 1..8 {
        assert_eq!(world.subjects(owner).len(), 1, "{owner}");
    }
    world.see(1..8, Sight::Works, NOW.plus(HOUR * 3)).await;
    assert_eq!(
        world.subjects(9),
        ["pop.firm.example works again after 3 hours (7 retrievals)"]
    );
}

#[tokio::test]
async fn an_administrator_hears_of_a_mailbox_of_their_own_once() {
    let mut world = World::with(settings()).await;
    world.see(9..10, failing(NOW), NOW).await;
    assert_eq!(world.subjects(9).len(), 1);
    assert_eq!(world.documents().len(), 1);
}

#[tokio::test]
async fn owners_who_are_not_to_be_told_are_not() {
    let mut world = World::with(Settings {
        owner_inbox: false,
        ..settings()
    })
    .await;
    world.see(1..2, failing(NOW), NOW).await;
    assert_eq!((world.subjects(1).len(), world.subjects(9).len()), (0, 1));
    world
        .see(
            9..10,
            trouble(Urgency::NeedsYou, ErrorCode::AuthRefused, NOW),
            NOW.plus(HOUR),
        )
        .await;
    world.desk.settle(NOW.plus(HOUR * 2)).await.unwrap();
    assert_eq!(
        world.subjects(9),
        ["Firm 9: mail has stopped (refuses the password)"]
    );
}

#[tokio::test]
async fn a_lost_line_is_one_notice_and_so_is_its_return() {
    let mut world = World::with(settings()).await;
    for minute in 0..5 {
        let now = NOW.plus(HOUR / 60 * minute);
        world.desk.line(Some(NOW), now);
        world.desk.settle(now).await.unwrap();
        world.restart().await;
    }
    assert_eq!(
        world.subjects(9),
        ["This server has no internet connection"]
    );
    for hour in 2..4 {
        world.desk.line(None, NOW.plus(HOUR * hour));
        world.desk.settle(NOW.plus(HOUR * hour)).await.unwrap();
    }
    assert_eq!(
        world.subjects(9),
        ["This server is back on the internet after 2 hours"]
    );
    let events: Vec<_> = world
        .documents()
        .iter()
        .map(|one| one["event"].clone())
        .collect();
    assert_eq!(events, ["offline", "online"]);
}

#[tokio::test]
async fn a_removed_retrieval_is_not_spoken_of() {
    let mut world = World::with(settings()).await;
    world.see(1..3, Sight::Works, NOW).await;
    world.see(1..2, failing(NOW), NOW).await;
    world.subjects(1);
    world.desk.forget(RetrievalId::new(1));
    world.desk.settle(NOW.plus(HOUR)).await.unwrap();
    assert_eq!(world.memory.count(), 0);
}

#[tokio::test]
async fn nothing_is_written_while_all_is_well() {
    let mut world = World::with(settings()).await;
    world.memory.fail(true);
    world.see(1..9, Sight::Works, NOW).await;
    world.see(1..9, Sight::NoNews, NOW.plus(HOUR)).await;
    assert_eq!(world.desk.settle(NOW).await.unwrap(), 0);
}
