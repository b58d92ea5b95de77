//! The search index is a file like any other: it is lost, damaged, of another version, refused; and
//! nothing but a search is the slower for it.

use std::fs;
use std::path::PathBuf;

use inhaul_store::{SqliteStore, Store};
use inhaul_types::MessageId;
use rusqlite::Connection;

use crate::SqliteBed;
use crate::suite::Scene;
use crate::suite::search::{found, index_all};

fn index(bed: &SqliteBed) -> PathBuf {
    bed.dir.path().join("search.db")
}

/// Two messages in an index, and one that is not in it.
async fn with_index(bed: &SqliteBed) -> (Scene<SqliteStore>, Vec<MessageId>) {
    let scene = Scene::set(bed).await;
    let mut ids = Vec::new();
    for number in 0..3 {
        if number == 2 {
            index_all(&scene.store).await;
        }
        let octets = format!("Subject: x\r\n\r\nzebra number {number}\r\n");
        let id = format!("m{number}");
        let committed = scene.commit_one(&id, octets.as_bytes()).await;
        ids.push(committed.messages[0]);
    }
    ids.reverse();
    (scene, ids)
}

async fn finds_all(scene: &Scene<SqliteStore>, mut ids: Vec<MessageId>) {
    let store = &scene.store;
    for _ in ["as it is", "when it was seen to"] {
        assert_eq!(found(store, scene.account, "zebra").await, ids);
        assert_eq!(
            found(store, scene.account, "\"zebra number 1\"").await,
            [ids[ids.len() - 2]]
        );
        assert!(found(store, scene.account, "giraffe").await.is_empty());
        // Deliveries never notice.
        let id = format!("late{}", ids.len());
        let committed = scene.commit_one(&id, b"Subject: y\r\n\r\nzebra crossing\r\n");
        ids.insert(0, committed.await.messages[0]);
        index_all(store).await;
    }
    let state = store.search().index_state().await.unwrap();
    assert_eq!((state.indexed, state.messages), (5, 5));
}

#[tokio::test]
async fn an_index_of_no_use_is_made_anew() {
    for damage in [
        "deleted",
        "empty",
        "noise",
        "half",
        "zeroed",
        "version",
        "unsettled",
        "another's",
        "ahead",
        "no table",
    ] {
        let bed = SqliteBed::new();
        let (scene, ids) = with_index(&bed).await;
        let Scene {
            store,
            account,
            inbox,
            retrieval,
            run,
        } = scene;
        store.close().await.unwrap();
        drop(store);
        let file = index(&bed);
        let octets = fs::read(&file).unwrap();
        let execute = |sql: &str| Connection::open(&file).unwrap().execute_batch(sql).unwrap();
        match damage {
            "deleted" => fs::remove_file(&file).unwrap(),
            "empty" => fs::write(&file, b"").unwrap(),
            "noise" => fs::write(&file, crate::suite::noise(1, 50_000)).unwrap(),
            "half" => fs::write(&file, &octets[..octets.len() / 2]).unwrap(),
            "zeroed" => {
                let mut zeroed = octets.clone();
                zeroed[16384..].fill(0);
                fs::write(&file, zeroed).unwrap();
            }
            "version" => execute("PRAGMA user_version = 999"),
            "unsettled" => execute("UPDATE state SET settled = 0, boot = 'before'"),
            "another's" => execute("UPDATE state SET instance = 'another'"),
            "ahead" => execute("UPDATE state SET high = high + 100"),
            "no table" => execute("DROP TABLE words"),
            _ => unreachable!("all are named"),
        }
        let store = SqliteStore::open(bed.dir.path(), bed.options())
            .await
            .unwrap();
        let scene = Scene {
            store,
            account,
            inbox,
            retrieval,
            run,
        };
        finds_all(&scene, ids).await;
        scene.store.close().await.unwrap();
    }
}

#[tokio::test]
async fn an_index_that_is_damaged_while_it_is_used_is_made_anew() {
    let bed = SqliteBed::new();
    let (scene, ids) = with_index(&bed).await;
    let execute = |sql: &str| {
        Connection::open(index(&bed))
            .unwrap()
            .execute_batch(sql)
            .unwrap();
    };
    assert_eq!(found(&scene.store, scene.account, "zebra").await, ids);
    execute("DROP TABLE doc");
    finds_all(&scene, ids).await;
}

#[tokio::test]
async fn an_index_that_cannot_be_made_stops_nothing() {
    let bed = SqliteBed::new();
    fs::create_dir(index(&bed)).unwrap();
    let scene = Scene::set(&bed).await;
    let store = &scene.store;
    let first = scene
        .commit_one("a", b"Subject: x\r\n\r\nzebra\r\n")
        .await
        .messages[0];
    store.search().index_some().await.unwrap_err();
    let second = scene
        .commit_one("b", b"Subject: x\r\n\r\nzebra\r\n")
        .await
        .messages[0];
    assert_eq!(found(store, scene.account, "zebra").await, [second, first]);
    assert_eq!(store.search().index_state().await.unwrap().indexed, 0);
    // Whoever repairs it need not start again.
    fs::remove_dir(index(&bed)).unwrap();
    assert_eq!(index_all(store).await, 2);
    assert_eq!(found(store, scene.account, "zebra").await, [second, first]);
}

#[tokio::test]
async fn a_settled_index_is_kept_through_a_new_boot() {
    let bed = SqliteBed::new();
    let (scene, ids) = with_index(&bed).await;
    scene.store.close().await.unwrap();
    let conn = Connection::open(index(&bed)).unwrap();
    let state = || -> (bool, i64) {
        conn.query_row("SELECT settled, docs FROM state", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap()
    };
    assert_eq!(state(), (true, 2), "closing settles it");
    conn.execute_batch("UPDATE state SET boot = 'before'")
        .unwrap();
    drop(conn);
    let scene = scene.reopen(&bed).await;
    assert_eq!(found(&scene.store, scene.account, "zebra").await, ids);
    assert_eq!(index_all(&scene.store).await, 1, "the others are there");
    let settled: bool = Connection::open(index(&bed))
        .unwrap()
        .query_row("SELECT settled FROM state", [], |row| row.get(0))
        .unwrap();
    assert!(!settled, "what is written now may be lost");
}

#[tokio::test]
async fn nobody_else_reads_the_index() {
    use std::os::unix::fs::PermissionsExt as _;
    let bed = SqliteBed::new();
    with_index(&bed).await;
    let mode = fs::metadata(index(&bed)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
