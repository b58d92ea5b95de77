//! Somebody who reads a large message slowly holds nothing up: the log is begun again while mail
//! arrives, because no read transaction outlives one chunk.
//!
//! With `INHAUL_FULL=1` it is 2 GB and 10,000 messages; the bound is the same.

use std::fs::{self, File};
use std::io::{BufWriter, Seek, Write};
use std::path::Path;
use std::time::Duration;

use inhaul_store::{Body, SqliteStore, Store};
use inhaul_types::{Digest, MessageId, Octets};
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};

use crate::SqliteBed;
use crate::suite::{Scene, noise};

const MIB: u64 = 1 << 20;
/// The log's bound.
const LOG_MOST: u64 = 256 * MIB;
/// Octets of an arriving message: in the database, where it is written through the log.
const SMALL: usize = 12_000;

/// The first number, or the second with `INHAUL_FULL=1`.
fn sized(some: u64, full: u64) -> u64 {
    let whole = std::env::var("INHAUL_FULL").is_ok_and(|value| value == "1");
    if whole { full } else { some }
}

/// Stores a message of so many MiB without ever holding it.
async fn large_message(scene: &Scene<SqliteStore>, mib: u64) -> MessageId {
    let mut file = BufWriter::new(tempfile::tempfile().unwrap());
    let (block, mut digest) = (noise(7, 1 << 20), Sha256::new());
    for number in 0..mib {
        // No two blocks are the same.
        let mark = number.to_le_bytes();
        for part in [&mark[..], &block[mark.len()..]] {
            file.write_all(part).unwrap();
            digest.update(part);
        }
    }
    let mut file: File = file.into_inner().unwrap();
    file.rewind().unwrap();
    let mut delivery = scene.delivery("large", Vec::new());
    delivery.digest = Digest::new(digest.finalize().into());
    delivery.body = Body::Spooled {
        file,
        size: Octets::new(mib * MIB),
    };
    scene.commit(vec![delivery]).await[0].messages[0]
}

fn log_length(data: &Path) -> u64 {
    fs::metadata(data.join("inhaul.db-wal")).map_or(0, |log| log.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_does_not_let_the_log_grow() {
    let bed = SqliteBed::new();
    let scene = Scene::set(&bed).await;
    let (mib, messages) = (sized(64, 2000), sized(2_000, 10_000));
    let large = large_message(&scene, mib).await;
    let mut reader = scene.store.message_body(large).await.unwrap();
    let (mut read, mut arrived) = (0, 0);
    loop {
        let chunk = reader.next_chunk().await.unwrap();
        if chunk.is_empty() {
            break;
        }
        read += chunk.len() as u64;
        // Between two chunks mail arrives, spread over the whole reading.
        while arrived < messages * read / (mib * MIB) {
            let body = noise(arrived, SMALL);
            scene
                .commit(vec![scene.delivery(&format!("m{arrived}"), body)])
                .await;
            arrived += 1;
            let length = log_length(bed.dir.path());
            let waiting = scene.store.wal_size().await.unwrap().count();
            assert!(length < LOG_MOST, "{length} after {arrived}");
            assert!(waiting < LOG_MOST, "{waiting} wait after {arrived}");
        }
    }
    assert_eq!((read, arrived), (mib * MIB, messages));
    let octets = scene.store.folder_list(scene.account).await.unwrap()[0].octets;
    assert_eq!(octets.count(), mib * MIB + messages * SMALL as u64);
}

#[tokio::test]
async fn no_read_transaction_outlives_a_chunk() {
    let bed = SqliteBed::new();
    let scene = Scene::set(&bed).await;
    let segment = large_message(&scene, 3).await;
    let small = scene.commit_one("small", &noise(1, SMALL)).await.messages[0];
    let database = Connection::open(bed.dir.path().join("inhaul.db")).unwrap();
    // Says whether anybody reads: the log begins again only where nobody does.
    let is_free = || -> bool {
        let busy: i64 = database
            .query_row("PRAGMA wal_checkpoint(RESTART)", [], |row| row.get(0))
            .unwrap();
        busy == 0
    };
    assert!(is_free());
    // The proof would see one.
    let other = Connection::open(bed.dir.path().join("inhaul.db")).unwrap();
    scene.commit_one("before", b"x").await;
    other
        .execute_batch("BEGIN; SELECT count(*) FROM message;")
        .unwrap();
    scene.commit_one("behind", b"y").await;
    database.busy_timeout(Duration::ZERO).unwrap();
    assert!(!is_free());
    database.busy_timeout(Duration::from_secs(5)).unwrap();
    other.execute_batch("ROLLBACK").unwrap();
    for (number, message) in [segment, small].into_iter().enumerate() {
        let mut reader = scene.store.message_body(message).await.unwrap();
        loop {
            scene.commit_one(&format!("more-{number}"), b"more").await;
            assert!(is_free());
            if reader.next_chunk().await.unwrap().is_empty() {
                break;
            }
        }
    }
    let records = scene.store.records();
    let page = scene
        .store
        .message_page(scene.inbox, None, 5)
        .await
        .unwrap();
    let runs = records.run_page(Default::default(), None, 5).await.unwrap();
    scene.commit_one("last", b"last").await;
    assert!(is_free());
    assert_eq!((page.len(), runs.rows.len()), (5, 1));
}
