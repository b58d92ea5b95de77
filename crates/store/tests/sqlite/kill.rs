//! A process that stores mail is killed at any moment: what it was told is stored is there
//! exactly once, and nothing is there by halves.
//!
//! The child is this very program, running one test by name with `CHILD` set; it prints each
//! batch after the store acknowledged it. The parent kills it after some acknowledgements, at
//! whatever it is doing then.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use inhaul_domain::LedgerState;
use inhaul_store::{
    Batch, CatchAllSettings, Delivery, NewRetrieval, Routing, SqliteStore, Store, StoreOptions,
};
use inhaul_types::{FolderId, Identity, Octets, Timestamp};
use rusqlite::Connection;

use crate::suite::{
    Bed, Scene, begin, delivery_to, new_account, new_retrieval, noise, read_body, sha256, spooled,
};

const CHILD: &str = "INHAUL_STORE_KILL_TEST_DIR";
const ROUND: &str = "INHAUL_STORE_KILL_TEST_ROUND";
/// What the parent runs.
const STORES: &str = "kill::child_that_stores_until_it_is_killed";
const SHARES_OUT: &str = "kill::child_that_shares_out_until_it_is_killed";
/// Messages in a batch; the last of every third is large enough to be written ahead.
const BATCH: u64 = 4;

struct Directory(PathBuf);

impl Bed for Directory {
    type Store = SqliteStore;

    async fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.0, StoreOptions::default())
            .await
            .unwrap()
    }

    fn set_now(&self, _: Timestamp) {}
}

/// Not a test by itself: what the parent runs and kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_stores_until_it_is_killed() {
    let Ok(dir) = std::env::var(CHILD) else {
        return;
    };
    let round: u64 = std::env::var(ROUND).unwrap().parse().unwrap();
    let store = Directory(dir.into()).open().await;
    let retrieval = store.retrieval_by_name("work").await.unwrap();
    let run = begin(&store, &retrieval).await;
    let (account, inbox) = (retrieval.account, retrieval.folder);
    let scene = Scene {
        store,
        account,
        inbox,
        retrieval,
        run,
    };
    for number in 0_u64.. {
        let deliveries = (0..BATCH).map(|n| {
            let seed = (round << 32) + number * BATCH + n;
            let large = n == BATCH - 1 && number % 3 == 0;
            let body = noise(seed, if large { 2_500_000 } else { 3_000 });
            let delivery = scene.delivery(&format!("{round}/{number}/{n}"), body);
            if large { spooled(delivery) } else { delivery }
        });
        scene.commit(deliveries.collect()).await;
        let mut out = std::io::stdout().lock();
        writeln!(out, "ack {round}/{number}").unwrap();
        out.flush().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_before_a_kill_is_there_exactly_once() {
    const ROUNDS: u64 = 8;
    let dir = tempfile::tempdir().unwrap();
    let bed = Directory(dir.path().to_owned());
    let mut scene = Scene::set(&bed).await;
    scene.store.close().await.unwrap();
    let mut acknowledged: HashSet<String> = HashSet::new();
    for round in 0..ROUNDS {
        acknowledged.extend(run_and_kill(dir.path(), round, STORES));
        scene = scene.reopen(&bed).await;
        let whole = check(&scene).await;
        for batch in &acknowledged {
            assert!(
                whole.contains(batch),
                "{batch} was acknowledged and is not there"
            );
        }
        scene.store.close().await.unwrap();
        check_nothing_is_left_over(&bed.0.join("inhaul.db"));
    }
    assert!(
        acknowledged.len() as u64 >= ROUNDS,
        "the children did store something"
    );
}

/// Runs a child until it has acknowledged some batches; returns all it did acknowledge.
fn run_and_kill(dir: &Path, round: u64, child: &str) -> Vec<String> {
    // Another number of acknowledgements in each round and, roughly, in each run of the test.
    let wanted = 1 + (round * 7 + u64::from(std::process::id())) % 23;
    let mut child = start(dir, round, child);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    while (acknowledged.len() as u64) < wanted {
        acknowledged.extend(batch_of(&lines.next().expect("it goes on").unwrap()));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What it still said before it died counts, but for a line cut short.
    acknowledged.extend(
        lines
            .map_while(Result::ok)
            .filter_map(|line| batch_of(&line)),
    );
    acknowledged
}

fn batch_of(line: &str) -> Option<String> {
    // The test harness may put its own words in front.
    line.rsplit_once("ack ").map(|(_, batch)| batch.to_owned())
}

fn start(dir: &Path, round: u64, child: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", child, "--nocapture"])
        .env(CHILD, dir)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Every message is whole, has its ledger row, and came with its whole batch. Returns the batches.
async fn check(scene: &Scene<SqliteStore>) -> HashSet<String> {
    let messages = scene.inbox_messages().await;
    let mut batches: HashMap<String, Vec<String>> = HashMap::new();
    for (position, message) in messages.iter().enumerate() {
        assert_eq!(message.uid.number() as usize, position + 1);
        let body = read_body(&scene.store, message.id).await.unwrap();
        assert_eq!(sha256(&body), message.digest);
        let id = message.summary.subject.strip_prefix("about ").unwrap();
        let (batch, n) = id.rsplit_once('/').unwrap();
        batches
            .entry(batch.to_owned())
            .or_default()
            .push(n.to_owned());
    }
    for (batch, members) in &batches {
        assert_eq!(*members, ["0", "1", "2", "3"], "batch {batch}");
    }
    let ledger = scene
        .store
        .ledger_load(scene.retrieval.maildrop)
        .await
        .unwrap();
    assert_eq!(ledger.len(), messages.len());
    let ids: HashSet<_> = ledger
        .iter()
        .map(|row| row.unique_id.unwrap().to_vec())
        .collect();
    assert_eq!(ids.len(), messages.len());
    assert!(ledger.iter().all(|row| row.state == LedgerState::Stored));
    let folder = scene
        .store
        .folder_list(scene.account)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(folder.messages, messages.len() as u64);
    batches.into_keys().collect()
}

fn check_nothing_is_left_over(database: &Path) {
    let database = Connection::open(database).unwrap();
    for (what, sql) in [
        (
            "unreferenced bodies",
            "SELECT count(*) FROM body WHERE refs = 0",
        ),
        (
            "wrong counts of placements",
            "SELECT count(*) FROM body b
             WHERE refs <> (SELECT count(*) FROM message WHERE body_id = b.id)",
        ),
        (
            "pieces of nothing",
            "SELECT count(*) FROM body_chunk WHERE id >> 16 NOT IN (SELECT id FROM body)",
        ),
    ] {
        let count: i64 = database.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(count, 0, "{what}");
    }
    let verdict: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(verdict, "ok");
}

/// People among whom the catch-all shares out.
const PEOPLE: usize = 5;

/// The INBOX of each of them.
async fn inboxes(store: &SqliteStore) -> Vec<FolderId> {
    let mut inboxes = Vec::new();
    for person in 0..PEOPLE {
        let account = store.account_by_name(&format!("person{person}")).await;
        let folders = store.folder_list(account.unwrap().id).await.unwrap();
        inboxes.push(folders[0].id);
    }
    inboxes
}

/// A batch for several people: one message for some of them, a large one now and then for all, and a
/// copy of the first for all, which is stored for those who do not have it.
fn batch_for_several(round: u64, number: u64, inboxes: &[FolderId]) -> Vec<Delivery> {
    let first = 1 + usize::try_from(number).unwrap() % PEOPLE;
    let message = |n: u64, people: usize, size: usize| {
        let body = noise((round << 32) + number * BATCH + n, size);
        let id = format!("{round}/{number}/{n}");
        let octets = Octets::of_len(body.len());
        delivery_to(&inboxes[..people], &id, octets, body)
    };
    let same = |delivery: Delivery| Delivery {
        identity: Some(Identity::new(
            *sha256(format!("{round}/{number}").as_bytes()).as_bytes(),
        )),
        ..delivery
    };
    let size = if number.is_multiple_of(3) {
        2_500_000
    } else {
        3_000
    };
    vec![
        same(message(0, first, 3_000)),
        spooled(message(1, PEOPLE, size)),
        same(message(2, PEOPLE, size)),
    ]
}

/// Not a test by itself, either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_shares_out_until_it_is_killed() {
    let Ok(dir) = std::env::var(CHILD) else {
        return;
    };
    let round: u64 = std::env::var(ROUND).unwrap().parse().unwrap();
    let store = Directory(dir.into()).open().await;
    let retrieval = store.retrieval_by_name("firm").await.unwrap();
    let run = begin(&store, &retrieval).await;
    let inboxes = inboxes(&store).await;
    for number in 0_u64.. {
        let batch = Batch {
            run,
            retrieval: retrieval.id,
            maildrop: retrieval.maildrop,
            fallback: Some(retrieval.folder),
            deliveries: batch_for_several(round, number, &inboxes),
        };
        store.commit_batch(batch).await.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "ack {round}/{number}").unwrap();
        out.flush().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_nobody_lacks_a_message_that_another_recipient_has() {
    const ROUNDS: u64 = 5;
    let dir = tempfile::tempdir().unwrap();
    let bed = Directory(dir.path().to_owned());
    let store = bed.open().await;
    let mut fallback = None;
    for person in 0..PEOPLE {
        let account = new_account(&format!("person{person}"));
        fallback = Some(store.account_create(account).await.unwrap());
    }
    let new = NewRetrieval {
        routing: Routing::CatchAll(CatchAllSettings::default()),
        folder: "Unclaimed".into(),
        ..new_retrieval("firm", fallback.unwrap())
    };
    store.retrieval_create(new).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let mut acknowledged: HashSet<String> = HashSet::new();
    for round in 0..ROUNDS {
        acknowledged.extend(run_and_kill(dir.path(), round, SHARES_OUT));
        let store = bed.open().await;
        let whole = check_shared(&store).await;
        for batch in &acknowledged {
            assert!(
                whole.contains(batch),
                "{batch} was acknowledged and is not there"
            );
        }
        store.close().await.unwrap();
        drop(store);
        let database = bed.0.join("inhaul.db");
        check_nothing_is_left_over(&database);
        let database = Connection::open(database).unwrap();
        let count = |sql: &str| -> u64 {
            let count: i64 = database.query_row(sql, [], |row| row.get(0)).unwrap();
            count.cast_unsigned()
        };
        let (batches, places) = (whole.len() as u64, (PEOPLE * whole.len()) as u64);
        assert_eq!(count("SELECT count(*) FROM ledger"), 3 * batches);
        let known = "SELECT count(*) FROM shared_out s JOIN message m ON m.id = s.message_id
             WHERE m.folder_id = s.folder_id";
        assert_eq!(count("SELECT count(*) FROM shared_out"), places);
        assert_eq!(count(known), places);
    }
    assert!(acknowledged.len() as u64 >= ROUNDS);
}

/// Everybody has what a whole batch brings them, once. Returns the batches.
async fn check_shared(store: &SqliteStore) -> HashSet<String> {
    let mut batches: HashMap<String, HashSet<(usize, String)>> = HashMap::new();
    let mut count = 0;
    for (person, inbox) in inboxes(store).await.into_iter().enumerate() {
        let mut after = None;
        loop {
            let page = store.message_page(inbox, after, 500).await.unwrap();
            let Some(last) = page.last() else {
                break;
            };
            after = Some(last.uid);
            for message in page {
                let body = read_body(store, message.id).await.unwrap();
                assert_eq!(sha256(&body), message.digest);
                let id = message.summary.subject.strip_prefix("about ").unwrap();
                let (batch, n) = id.rsplit_once('/').unwrap();
                let of = batches.entry(batch.to_owned()).or_default();
                assert!(of.insert((person, n.to_owned())), "{id} twice");
                count += 1;
            }
        }
    }
    for (batch, there) in &batches {
        let number: usize = batch.rsplit_once('/').unwrap().1.parse().unwrap();
        let first = 1 + number % PEOPLE;
        for person in 0..PEOPLE {
            // The first message or its copy, and never both.
            let mine = if person < first { "0" } else { "2" };
            assert!(there.contains(&(person, mine.into())), "{batch} {person}");
            assert!(there.contains(&(person, "1".into())), "{batch} {person}");
        }
        assert_eq!(there.len(), 2 * PEOPLE, "{batch}");
    }
    assert_eq!(count, 2 * PEOPLE * batches.len());
    batches.into_keys().collect()
}
