//! The notifier as the program runs it: tasks, channels, restarts.

use std::sync::Arc;

use inhaul_domain::notices::Sight;
use inhaul_net::Dialler;
use inhaul_notices::{
    Channel, ChannelKind, Memory as _, Notifier, Outcome, Rooms, Settings, WebhookSettings,
    send_test,
};
use inhaul_types::AccountId;
use mail_parser::MessageParser;

use crate::desk::{NOW, failing, person, seen};
use crate::mailboxes::{over, within};
use crate::memory::{Delivered, TestInbox, TestMemory};
use crate::server::{Answer, OK, Server};

fn rooms(memory: &Arc<TestMemory>) -> (Rooms, Delivered) {
    let (inbox, delivered) = TestInbox::new();
    let rooms = Rooms {
        memory: memory.clone(),
        inbox: Arc::new(inbox),
        dialler: Arc::new(Dialler::new()),
        clock: Arc::new(|| NOW),
        health: Arc::new(|| true),
    };
    (rooms, delivered)
}

fn settings(server: &Server) -> Settings {
    Settings {
        admin: Some(person(9)),
        webhook: Some(WebhookSettings {
            url: format!("http://127.0.0.1:{}/", server.port)
                .parse()
                .unwrap(),
            secret: None,
        }),
        ..Settings::of_server("mail.home.example".into())
    }
}

fn subject(text: &str) -> String {
    let message = MessageParser::default().parse(text).unwrap();
    message.subject().unwrap().to_owned()
}

#[tokio::test]
async fn a_channel_that_hangs_delays_no_other_one() {
    let mut server = Server::start(&[Answer::Hangs]).await;
    let memory = Arc::new(TestMemory::default());
    let (rooms, mut delivered) = rooms(&memory);
    let notifier = Notifier::start(settings(&server), rooms).await.unwrap();
    notifier.seen(seen(1, failing(NOW)));
    // The web address holds its courier, and the inboxes get theirs.
    server.requests.recv().await.unwrap();
    let mut accounts = [
        delivered.recv().await.unwrap().0,
        delivered.recv().await.unwrap().0,
    ];
    accounts.sort();
    assert_eq!(accounts, [AccountId::new(1), AccountId::new(9)]);
    assert!(notifier.is_working());
    notifier.seen(seen(1, Sight::Works));
    let (_, text) = delivered.recv().await.unwrap();
    assert_eq!(
        subject(&text),
        "Firm 1 works again after less than a minute"
    );
    notifier.stop().await;
    // What was not delivered waits for the next start.
    let waiting = memory.outbox_waiting(ChannelKind::Webhook).await.unwrap();
    assert_eq!(waiting.len(), 2);
}

#[tokio::test]
async fn what_waits_is_delivered_after_a_restart() {
    let hanging = Server::start(&[Answer::Hangs]).await;
    let memory = Arc::new(TestMemory::default());
    let (first, mut delivered) = rooms(&memory);
    let notifier = Notifier::start(settings(&hanging), first).await.unwrap();
    notifier.seen(seen(1, failing(NOW)));
    delivered.recv().await.unwrap();
    notifier.stop().await;

    let mut server = Server::start(&[OK]).await;
    let (second, _delivered) = rooms(&memory);
    let notifier = Notifier::start(settings(&server), second).await.unwrap();
    let request = server.requests.recv().await.unwrap();
    assert!(request.contains("\"event\":\"failing\""), "{request}");
    notifier.stop().await;
}

#[tokio::test]
async fn the_last_sight_before_a_stop_is_told() {
    let server = Server::start(&[OK]).await;
    let memory = Arc::new(TestMemory::default());
    let (rooms, _delivered) = rooms(&memory);
    let notifier = Notifier::start(settings(&server), rooms).await.unwrap();
    notifier.seen(seen(1, failing(NOW)));
    notifier.stop().await;
    assert!(!memory.told_load().await.unwrap().is_empty());
}

#[tokio::test]
async fn room_in_a_mailbox_is_seen_even_if_it_is_gone_before_anybody_looks() {
    let settings = Settings::of_server("mail.home.example".into());
    let memory = Arc::new(TestMemory::default());
    let (first, mut delivered) = rooms(&memory);
    let notifier = Notifier::start(settings.clone(), first).await.unwrap();
    assert_eq!(notifier.open_mailboxes(), []);
    let expected = "Your mailbox here holds more than its limit";
    // The tasks of this notifier look when this one waits.
    let lots = [vec![over(1)], vec![over(1), within(1), over(1), over(1)]];
    for seen in lots {
        seen.into_iter()
            .for_each(|seen| notifier.seen_mailbox(seen));
        let (account, text) = delivered.recv().await.unwrap();
        assert_eq!(account, AccountId::new(1));
        assert_eq!(subject(&text), expected);
    }
    notifier.seen_mailbox(over(1));
    notifier.stop().await;
    assert!(delivered.try_recv().is_err(), "nothing is new");

    let (second, _delivered) = rooms(&memory);
    let notifier = Notifier::start(settings, second).await.unwrap();
    assert_eq!(notifier.open_mailboxes(), [AccountId::new(1)]);
    notifier.stop().await;
}

#[tokio::test]
async fn a_test_goes_through_every_channel_and_says_how_it_ended() {
    let gone = Answer::Says("HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n");
    let mut server = Server::start(&[gone]).await;
    let memory = Arc::new(TestMemory::default());
    let (rooms, mut delivered) = rooms(&memory);
    let settings = Settings {
        program: vec!["/bin/sh".into(), "-c".into(), "exit 0".into()],
        ..settings(&server)
    };
    let refused = Outcome::Never {
        why: "127.0.0.1 answered 404".into(),
    };
    let expected = [
        (Channel::Inbox(AccountId::new(9)), Outcome::Delivered),
        (Channel::Webhook, refused),
        (Channel::Program, Outcome::Delivered),
    ];
    assert_eq!(send_test(&settings, rooms).await, expected);
    let (_, text) = delivered.recv().await.unwrap();
    assert_eq!(subject(&text), "A test: notices arrive here");
    assert!(
        server
            .requests
            .recv()
            .await
            .unwrap()
            .contains("\"event\":\"test\"")
    );
    assert_eq!(memory.count(), 0);
}

/// An inbox that is broken in a way nobody thought of.
struct FallingInbox;

#[async_trait::async_trait]
impl inhaul_notices::Inbox for FallingInbox {
    async fn deliver(
        &self,
        account: AccountId,
        _message: String,
        _settles: Option<inhaul_notices::LetterId>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        panic!("the inbox of {account} falls, as this test wants it")
    }
}

#[tokio::test]
async fn a_task_that_fell_is_no_health() {
    let server = Server::start(&[OK]).await;
    let memory = Arc::new(TestMemory::default());
    let (rooms, _delivered) = rooms(&memory);
    let rooms = Rooms {
        inbox: Arc::new(FallingInbox),
        ..rooms
    };
    let notifier = Notifier::start(settings(&server), rooms).await.unwrap();
    assert!(notifier.is_working());
    notifier.seen(seen(1, failing(NOW)));
    while notifier.is_working() {
        tokio::task::yield_now().await;
    }
    notifier.stop().await;
}
