//! What a POP3 session asks of the store, and what that costs.
//!
//! `cargo bench -p inhaul-store --bench reading` prints, for each size of messages: how long the
//! list of the maildrop takes, how fast bodies are read ahead and one by one, and how long it takes
//! to remove them all. The second line of a kind is read again, so nothing waits for the disk.
#![expect(clippy::print_stdout, reason = "figures are its purpose")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use inhaul_store::{LocalMessage, Maildrop, NewAccount, SqliteStore, Store, StoreOptions, Summary};
use inhaul_types::{AccountId, Octets, Timestamp, Uid};
use tokio::task::JoinSet;

const KIB: usize = 1 << 10;
/// What a session reads ahead.
const AHEAD: Octets = Octets::new(1 << 20);

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("the runtime starts");
    for (size, messages) in [(4 * KIB, 10_000), (75 * KIB, 2_000)] {
        runtime.block_on(session(size, messages));
    }
}

async fn session(size: usize, messages: usize) {
    let dir = tempfile::tempdir().expect("a directory");
    let store = SqliteStore::open(dir.path(), StoreOptions::default())
        .await
        .expect("opens");
    let store = Arc::new(store);
    let account = fill(&store, size, messages).await;
    println!("{messages} messages of {} KiB", size / KIB);
    for _ in 0..2 {
        let started = Instant::now();
        let maildrop = store.maildrop(account).await.expect("the maildrop");
        assert_eq!(maildrop.messages.len(), messages);
        println!("  list {:.2} ms", milliseconds(started.elapsed()));
    }
    let maildrop = store.maildrop(account).await.expect("the maildrop");
    for _ in 0..2 {
        let started = Instant::now();
        read_ahead(&store, &maildrop).await;
        tell("read ahead", size, messages, started.elapsed());
    }
    let started = Instant::now();
    read_one_by_one(&store, &maildrop).await;
    tell("one by one", size, messages, started.elapsed());
    let started = Instant::now();
    let uids = uids(&maildrop);
    let removed = store.message_remove(maildrop.folder, &uids).await;
    assert_eq!(removed.expect("they are removed"), messages as u64);
    println!("  remove all {:.1} ms", milliseconds(started.elapsed()));
    store.close().await.expect("closes");
}

async fn read_ahead(store: &SqliteStore, maildrop: &Maildrop) {
    let uids = uids(maildrop);
    let mut left = &uids[..];
    while !left.is_empty() {
        let bodies = store.bodies_at(maildrop.folder, left, AHEAD).await;
        let bodies = bodies.expect("they read back");
        assert!(!bodies.is_empty(), "they fit");
        left = &left[bodies.len()..];
    }
}

async fn read_one_by_one(store: &SqliteStore, maildrop: &Maildrop) {
    for message in &maildrop.messages {
        let opened = store.message_body_at(maildrop.folder, message.uid).await;
        let mut reader = opened.expect("it is there");
        while !reader.next_chunk().await.expect("it reads back").is_empty() {}
    }
}

fn uids(maildrop: &Maildrop) -> Vec<Uid> {
    maildrop
        .messages
        .iter()
        .map(|message| message.uid)
        .collect()
}

async fn fill(store: &Arc<SqliteStore>, size: usize, messages: usize) -> AccountId {
    let account = NewAccount {
        name: "alice".into(),
        addresses: Vec::new(),
        group: None,
        admin: false,
        password: None,
    };
    let account = store.account_create(account).await.expect("an account");
    for first in (0..messages).step_by(250) {
        let mut deliveries = JoinSet::new();
        for number in first..messages.min(first + 250) {
            let (store, message) = (Arc::clone(store), message(account, number, size));
            deliveries.spawn(async move { store.records().deliver_local(message).await });
        }
        while let Some(delivered) = deliveries.join_next().await {
            delivered.expect("the task ends").expect("it is stored");
        }
    }
    account
}

fn message(account: AccountId, number: usize, size: usize) -> LocalMessage {
    let mut octets = format!("Subject: message {number}\r\n\r\n").into_bytes();
    octets.resize(size, b'x');
    LocalMessage {
        account,
        folder: "INBOX".into(),
        octets,
        summary: Summary {
            from: "Somebody With A Name <somebody@mail.example.com>".into(),
            subject: "Something to be talked about at some length".into(),
            date: Some(Timestamp::from_millis(1_700_000_000_000)),
            message_id: Some(format!("{number}.4711.20260101@mail.example.com")),
            has_attachment: false,
        },
        at: Timestamp::from_millis(1_700_000_000_000),
        settles: None,
    }
}

fn tell(what: &str, size: usize, messages: usize, took: Duration) {
    println!(
        "  {what} {:.1} ms, {:.1} us a message, {:.0} MB/s",
        milliseconds(took),
        took.as_secs_f64() * 1e6 / messages as f64,
        (size * messages) as f64 / 1e6 / took.as_secs_f64(),
    );
}

fn milliseconds(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}
