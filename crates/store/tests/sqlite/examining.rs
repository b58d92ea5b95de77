//! A look at a data directory from beside whoever has it.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use inhaul_store::{
    Examination, Integrity, RemoteSecret, RetrievalChange, SealedSecret, Store, StoreError,
    is_held, leftovers, log_length,
};
use rusqlite::Connection;

use crate::SqliteBed;
use crate::suite::Scene;

const LIMIT: Duration = Duration::from_secs(60);

/// Names, lengths and times of all that lies in a directory.
fn state(dir: &Path) -> Vec<(String, u64, SystemTime)> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let file = entry.metadata().unwrap();
        let name = entry.file_name().into_string().unwrap();
        (name, file.len(), file.modified().unwrap())
    });
    let mut entries: Vec<_> = entries.collect();
    entries.sort();
    entries
}

#[tokio::test]
async fn looking_changes_nothing_and_makes_nothing() {
    let bed = SqliteBed::new();
    let dir = bed.dir.path();
    assert!(
        Examination::open(dir).unwrap().is_none(),
        "an empty directory"
    );
    assert_eq!(state(dir), []);
    Scene::set(&bed).await.store.close().await.unwrap();
    let conn = Connection::open(dir.join("inhaul.db")).unwrap();
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    drop(conn);
    let before = state(dir);
    let mut examination = Examination::open(dir).unwrap().unwrap();
    assert_eq!(examination.integrity(LIMIT).unwrap(), Integrity::Sound);
    assert_eq!(examination.retrievals().unwrap().len(), 1);
    drop(examination);
    assert!(!is_held(dir).unwrap());
    assert_eq!(state(dir), before);
}

#[tokio::test]
async fn a_running_store_is_seen_as_it_is_now() {
    let bed = SqliteBed::new();
    let scene = Scene::set(&bed).await;
    let dir = bed.dir.path();
    assert!(is_held(dir).unwrap());
    let mut examination = Examination::open(dir).unwrap().unwrap();
    let list = scene.store.retrieval_list().await.unwrap();
    let change = RetrievalChange {
        name: Some("renamed".into()),
        secret: Some(RemoteSecret::Command(vec!["pass".into(), "isp".into()])),
        ..RetrievalChange::default()
    };
    scene
        .store
        .retrieval_change(list[0].id, change)
        .await
        .unwrap();
    assert_eq!(examination.retrievals().unwrap()[0].name, "renamed");
    assert_eq!(examination.groups().unwrap()[0].name, "Everyone");
    assert_eq!(examination.integrity(LIMIT).unwrap(), Integrity::Sound);
    assert!(examination.short_segments().unwrap().is_empty());
    assert!(log_length(dir).count() > 0);
    let key = dir.join("secret.key");
    let command = SealedSecret::Command(vec!["pass".into(), "isp".into()]);
    assert_eq!(
        examination.secrets(&key).unwrap(),
        [("renamed".into(), command)]
    );
    for other in [&[7; 32][..], &[7; 5][..]] {
        let path = dir.join("other.key");
        fs::write(&path, other).unwrap();
        let unopened = ("renamed".to_owned(), SealedSecret::Unopened);
        assert_eq!(examination.secrets(&path).unwrap(), [unopened]);
    }
    drop(examination);
    scene.store.close().await.unwrap();
    assert!(!is_held(dir).unwrap());
}

#[tokio::test]
async fn what_is_wrong_is_said_and_not_mended() {
    let bed = SqliteBed::new();
    Scene::set(&bed).await.store.close().await.unwrap();
    let (dir, database) = (bed.dir.path(), bed.dir.path().join("inhaul.db"));
    let conn = Connection::open(&database).unwrap();
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    drop(conn);
    let whole = fs::read(&database).unwrap();

    let mut harmed = whole.clone();
    // Behind the schema's page: the pages of tables and indexes, of which SQLite reads what it
    // needs.
    harmed[16384..].fill(0x55);
    fs::write(&database, &harmed).unwrap();
    let mut examination = Examination::open(dir).unwrap().unwrap();
    let integrity = examination.integrity(LIMIT).unwrap();
    assert!(matches!(integrity, Integrity::Damaged(_)), "{integrity:?}");
    drop(examination);
    assert_eq!(fs::read(&database).unwrap(), harmed);

    fs::write(&database, b"no database at all, and no page either").unwrap();
    let error = Examination::open(dir).unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
    fs::remove_file(&database).unwrap();
    let error = Examination::open(dir).unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");

    fs::write(&database, &whole).unwrap();
    let conn = Connection::open(&database).unwrap();
    conn.pragma_update(None, "user_version", 77).unwrap();
    drop(conn);
    let error = Examination::open(dir).unwrap_err();
    assert!(
        matches!(error, StoreError::TooNew { found: 77, .. }),
        "{error}"
    );

    assert!(leftovers(dir).is_empty());
    fs::create_dir(dir.join("restoring")).unwrap();
    assert_eq!(leftovers(dir), [dir.join("restoring")]);
}
