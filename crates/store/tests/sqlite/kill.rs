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
use inhaul_store::{SqliteStore, Store, StoreOptions};
use inhaul_types::Timestamp;
use rusqlite::Connection;

use crate::suite::{Bed, Scene, begin, noise, read_body, sha256, spooled};

const CHILD: &str = "INHAUL_STORE_KILL_TEST_DIR";
const ROUND: &str = "INHAUL_STORE_KILL_TEST_ROUND";
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
        acknowledged.extend(run_and_kill(dir.path(), round));
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
fn run_and_kill(dir: &Path, round: u64) -> Vec<String> {
    // Another number of acknowledgements in each round and, roughly, in each run of the test.
    let wanted = 1 + (round * 7 + u64::from(std::process::id())) % 23;
    let mut child = start(dir, round);
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

fn start(dir: &Path, round: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "kill::child_that_stores_until_it_is_killed",
            "--nocapture",
        ])
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
