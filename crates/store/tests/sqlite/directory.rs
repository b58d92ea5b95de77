//! What only a store in one directory has to do: the lock, the schema, the key, the room on the
//! disk, and bodies nobody refers to any more.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use inhaul_store::{SqliteStore, Store, StoreError, StoreOptions};
use inhaul_types::{Octets, Timestamp, Uid};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::suite::{Bed, Scene, noise, read_body, spooled};

struct Directory {
    dir: TempDir,
    now: Arc<AtomicI64>,
    size_limit: Option<Octets>,
}

impl Directory {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self {
            dir,
            now: Arc::new(AtomicI64::new(1_700_000_000_000)),
            size_limit: None,
        }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    async fn try_open(&self) -> Result<SqliteStore, StoreError> {
        let now = Arc::clone(&self.now);
        let clock = Arc::new(move || Timestamp::from_millis(now.load(Ordering::SeqCst)));
        let options = StoreOptions {
            clock,
            size_limit: self.size_limit,
            ..StoreOptions::default()
        };
        SqliteStore::open(self.path(), options).await
    }

    /// The database of a store that is closed, for a look behind the traits.
    fn database(&self) -> Connection {
        Connection::open(self.path().join("inhaul.db")).unwrap()
    }

    fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        self.database()
            .query_row(&sql, [], |row| row.get(0))
            .unwrap()
    }
}

impl Bed for Directory {
    type Store = SqliteStore;

    async fn open(&self) -> SqliteStore {
        self.try_open().await.unwrap()
    }

    fn set_now(&self, now: Timestamp) {
        self.now.store(now.millis(), Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_directory_is_open_once() {
    let dir = Directory::new();
    let store = dir.open().await;
    match dir.try_open().await {
        Err(StoreError::InUse(path)) => assert_eq!(path, dir.path()),
        other => panic!("{other:?}"),
    }
    drop(store);
    let store = dir.open().await;
    store.close().await.unwrap();
    let again = dir.open().await;
    assert!(matches!(
        store.account_list().await,
        Err(StoreError::Closing)
    ));
    assert!(matches!(store.sweep(), Err(StoreError::Closing)));
    again.account_list().await.unwrap();
}

#[tokio::test]
async fn a_directory_is_made_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("a/b");
    let store = SqliteStore::open(&dir, StoreOptions::default())
        .await
        .unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    for file in ["inhaul.db", "inhaul.db-wal", "secret.key", "lock"] {
        assert_eq!(mode(&dir.join(file)), 0o600, "{file}");
    }
    drop(store);
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = SqliteStore::open(&file, StoreOptions::default()).await;
    assert!(
        matches!(refused, Err(StoreError::Directory { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_newer_schema_is_left_alone() {
    let dir = Directory::new();
    drop(dir.open().await);
    dir.database()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    match dir.try_open().await {
        Err(StoreError::TooNew {
            found: 99, known, ..
        }) => assert!(known < 99),
        other => panic!("{other:?}"),
    }
    dir.database()
        .pragma_update(None, "user_version", 1)
        .unwrap();
    drop(dir.open().await);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_damage() {
    let dir = Directory::new();
    fs::write(dir.path().join("inhaul.db"), noise(1, 40_000)).unwrap();
    let refused = dir.try_open().await;
    assert!(
        matches!(refused, Err(StoreError::Damaged(_))),
        "{refused:?}"
    );
    assert_eq!(
        fs::read(dir.path().join("inhaul.db")).unwrap(),
        noise(1, 40_000)
    );
}

#[tokio::test]
async fn a_body_with_a_piece_missing_is_damage() {
    let dir = Directory::new();
    let scene = Scene::set(&dir).await;
    let id = scene
        .commit(vec![scene.delivery("a", noise(1, 600 << 10))])
        .await[0]
        .messages[0];
    let other = scene.commit_one("b", b"whole").await.messages[0];
    scene.store.close().await.unwrap();
    dir.database()
        .execute("DELETE FROM body_chunk WHERE id & 65535 = 1", [])
        .unwrap();
    let scene = scene.reopen(&dir).await;
    let read = read_body(&scene.store, id).await;
    assert!(matches!(read, Err(StoreError::Damaged(_))), "{read:?}");
    assert_eq!(scene.read(other).await, b"whole");
}

#[tokio::test]
async fn a_body_that_changed_on_the_disk_is_not_read_ahead() {
    let dir = Directory::new();
    let scene = Scene::set(&dir).await;
    for name in ["whole", "flipped", "behind"] {
        scene.commit_one(name, name.as_bytes()).await;
    }
    scene.store.close().await.unwrap();
    let flip = "UPDATE body_chunk SET bytes = CAST('flopped' AS BLOB)
                WHERE CAST(bytes AS TEXT) = 'flipped'";
    assert_eq!(dir.database().execute(flip, []).unwrap(), 1);
    let scene = scene.reopen(&dir).await;
    let uids: Vec<Uid> = (1..=3).map(Uid::new).collect();
    let most = Octets::new(100);
    let read = scene.store.bodies_at(scene.inbox, &uids, most).await;
    assert_eq!(read.unwrap(), [b"whole"], "up to it");
    let read = scene.store.bodies_at(scene.inbox, &uids[1..], most).await;
    assert!(matches!(read, Err(StoreError::Damaged(_))), "{read:?}");
    let opened = scene.store.message_body_at(scene.inbox, uids[1]).await;
    assert!(matches!(opened.err(), Some(StoreError::Damaged(_))));
}

#[tokio::test]
async fn a_password_does_not_open_with_another_key_or_none() {
    let dir = Directory::new();
    let mut scene = Scene::set(&dir).await;
    scene.commit_one("a", b"mail").await;
    let key = dir.path().join("secret.key");
    for damage in [Some(noise(7, 32)), Some(vec![1; 31]), None] {
        match &damage {
            Some(octets) => fs::write(&key, octets).unwrap(),
            None => fs::remove_file(&key).unwrap(),
        }
        scene = scene.reopen(&dir).await;
        let refused = scene.store.retrieval_secret(scene.retrieval.id).await;
        assert!(
            matches!(&refused, Err(StoreError::Seal(path)) if *path == key),
            "{refused:?}"
        );
        assert_eq!(
            scene.inbox_messages().await.len(),
            1,
            "mail is read without the key"
        );
    }
    assert!(!key.exists(), "a lost key is not replaced in silence");
}

#[tokio::test]
async fn a_full_disk_stores_nothing_of_the_batch_and_goes_on_when_there_is_room() {
    let mut dir = Directory::new();
    dir.size_limit = Some(Octets::new(4 << 20));
    let mut scene = Scene::set(&dir).await;
    scene.commit_one("first", b"there was room").await;
    let many = |scene: &Scene<_>| {
        let deliveries = (0..400).map(|n| scene.delivery(&format!("m{n}"), noise(n, 15 << 10)));
        scene.batch(deliveries.collect())
    };
    for round in 0..2 {
        let failed = scene.store.commit_batch(many(&scene)).await;
        assert!(matches!(failed, Err(StoreError::DiskFull(_))), "{failed:?}");
        assert_eq!(scene.inbox_messages().await.len(), 1 + round);
        scene
            .commit_one(
                &format!("small{round}"),
                &noise(1000 + round as u64, 10 << 10),
            )
            .await;
    }
    dir.size_limit = None;
    scene = scene.reopen(&dir).await;
    assert_eq!(scene.inbox_messages().await.len(), 3);
    assert_eq!(
        scene.store.commit_batch(many(&scene)).await.unwrap().len(),
        400
    );
    let ledger = scene
        .store
        .ledger_load(scene.retrieval.maildrop)
        .await
        .unwrap();
    assert_eq!(ledger.len(), 403);
}

#[tokio::test]
async fn pieces_of_a_failed_batch_are_cleared_away() {
    let dir = Directory::new();
    let mut scene = Scene::set(&dir).await;
    let mut short = spooled(scene.delivery("short", noise(1, 5 << 20)));
    if let inhaul_store::Body::Spooled { size, .. } = &mut short.body {
        *size = Octets::new(size.count() + 1);
    }
    scene
        .store
        .commit_batch(scene.batch(vec![short]))
        .await
        .unwrap_err();
    scene = scene.reopen(&dir).await;
    scene.store.close().await.unwrap();
    assert_eq!((dir.count("body"), dir.count("body_chunk")), (0, 0));
}

#[tokio::test]
async fn pieces_of_a_killed_writer_are_swept_at_the_next_start() {
    let dir = Directory::new();
    let mut scene = Scene::set(&dir).await;
    scene.commit_one("a", b"stays").await;
    scene.store.close().await.unwrap();
    let leave_unfinished = "
        INSERT INTO body (id, size, header_size, refs, digest) VALUES (70, 9000000, 0, 0, x'00');
        INSERT INTO body (id, size, header_size, refs, digest) VALUES (71, 9000000, 0, 0, x'00');
        WITH RECURSIVE n(n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM n WHERE n < 30)
            INSERT INTO body_chunk (id, bytes)
                SELECT (70 << 16) + n, zeroblob(262144) FROM n;";
    dir.database().execute_batch(leave_unfinished).unwrap();
    scene = scene.reopen(&dir).await;
    // The sweep goes on behind other jobs; closing waits for it.
    scene.store.close().await.unwrap();
    assert_eq!((dir.count("body"), dir.count("body_chunk")), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn octets_that_come_again_while_they_are_swept_are_stored_again() {
    let dir = Directory::new();
    let scene = Scene::set(&dir).await;
    let body = noise(1, 40 << 20);
    scene
        .commit(vec![scene.delivery("first", body.clone())])
        .await;
    let sql = "UPDATE body SET refs = 0, freed_at = 1";
    dir.database().execute(sql, []).unwrap();
    let again = vec![scene.delivery("again", body.clone())];
    scene.store.sweep().unwrap();
    let again = scene.commit(again).await;
    assert!(scene.read(again[0].messages[0]).await == body);
}

#[tokio::test]
async fn a_body_is_freed_an_hour_after_its_last_placement_and_not_while_it_is_read() {
    let dir = Directory::new();
    let mut scene = Scene::set(&dir).await;
    let size = 3 << 20;
    let mut bodies = Vec::new();
    for name in ["kept", "read", "young", "old"] {
        let body = noise(name.len() as u64 + name.as_bytes()[0] as u64, size);
        let id = scene.commit(vec![scene.delivery(name, body)]).await[0].messages[0];
        bodies.push(scene.store.message_by_id(id).await.unwrap().body);
    }
    let (now, hour) = (dir.now.load(Ordering::SeqCst), 3_600_000);
    let remove = async |at: i64, uids: &[u32]| {
        dir.now.store(at, Ordering::SeqCst);
        let uids: Vec<Uid> = uids.iter().copied().map(Uid::new).collect();
        let removed = scene.store.message_remove(scene.inbox, &uids).await;
        assert_eq!(removed.unwrap(), uids.len() as u64);
    };
    let opened = scene.store.message_body_at(scene.inbox, Uid::new(2));
    let mut reader = opened.await.unwrap();
    let start = reader.next_chunk().await.unwrap();
    remove(now - hour - 1, &[2, 4]).await;
    remove(now - hour + 1, &[3]).await;
    dir.now.store(now, Ordering::SeqCst);
    scene.store.sweep().unwrap();
    let is_there = |position: usize| -> bool {
        let sql = "SELECT count(*) > 0 FROM body WHERE id = ?1";
        let id = bodies[position].row();
        dir.database()
            .query_row(sql, [id], |row| row.get(0))
            .unwrap()
    };
    while is_there(3) {}
    let rest = read_to_end(reader.as_mut()).await;
    assert_eq!(start.len() + rest, size, "nobody takes what is being read");
    drop(reader);
    assert!(is_there(0) && is_there(1) && is_there(2));
    dir.now.store(now + 2, Ordering::SeqCst);
    scene = scene.reopen(&dir).await;
    scene.store.close().await.unwrap();
    assert_eq!((dir.count("body"), dir.count("body_chunk")), (1, 12));
}

#[tokio::test]
async fn the_room_of_a_removed_account_is_free_an_hour_later() {
    let dir = Directory::new();
    let mut scene = Scene::set(&dir).await;
    let (small, large) = (noise(1, 100), noise(2, 3 << 20));
    // More than a slice of them.
    let many = (0..2_500).map(|n| scene.delivery(&format!("m{n}"), small.clone()));
    let many: Vec<_> = many.collect();
    scene.commit(many).await;
    scene.commit(vec![scene.delivery("large", large)]).await;
    let some = [1, 2, 2_000].map(Uid::new);
    let removed = scene.store.message_remove(scene.inbox, &some).await;
    assert_eq!(removed.unwrap(), 3);
    scene
        .store
        .retrieval_remove(scene.retrieval.id)
        .await
        .unwrap();
    scene.store.account_remove(scene.account).await.unwrap();
    scene = scene.reopen(&dir).await;
    scene.store.close().await.unwrap();
    assert_eq!((dir.count("message"), dir.count("folder_removed")), (0, 0));
    assert_eq!(dir.count("expunged"), 0);
    assert_eq!(dir.count("body"), 2, "somebody may be reading them");
    let live = |dir: &Directory| -> i64 {
        let sql = "SELECT coalesce(sum(live), 0) FROM segment";
        dir.database().query_row(sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(live(&dir), 3 << 20);
    dir.now.fetch_add(3_600_001, Ordering::SeqCst);
    scene = scene.reopen(&dir).await;
    scene.store.close().await.unwrap();
    assert_eq!((dir.count("body"), dir.count("body_chunk")), (0, 0));
    assert_eq!((live(&dir), dir.count("freed_extent")), (0, 0));
    assert_eq!(dir.count("ledger"), 2_501);
}

#[tokio::test]
async fn a_removal_that_was_killed_goes_on_at_the_next_start() {
    let dir = Directory::new();
    let mut scene = Scene::set(&dir).await;
    scene.commit_one("a", b"hers").await;
    scene
        .store
        .retrieval_remove(scene.retrieval.id)
        .await
        .unwrap();
    scene.store.close().await.unwrap();
    // What the first step of a removal leaves.
    let first_step = "
        WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 12000)
            INSERT INTO expunged (folder_id, mod_seq, uid)
                SELECT f.id, 7 + n / 1000, 100 + n FROM n, folder f;
        INSERT INTO folder_removed SELECT id FROM folder;
        PRAGMA foreign_keys = ON;
        DELETE FROM account;";
    dir.database().execute_batch(first_step).unwrap();
    scene = scene.reopen(&dir).await;
    assert!(scene.inbox_messages().await.is_empty());
    scene.store.close().await.unwrap();
    assert_eq!((dir.count("message"), dir.count("folder_removed")), (0, 0));
    assert_eq!(dir.count("expunged"), 0);
    let sql = "SELECT refs = 0 AND freed_at IS NOT NULL FROM body";
    let is_free: bool = dir.database().query_row(sql, [], |row| row.get(0)).unwrap();
    assert!(is_free);
}

async fn read_to_end(reader: &mut dyn inhaul_store::BodyReader) -> usize {
    let mut read = 0;
    loop {
        match reader.next_chunk().await.unwrap().len() {
            0 => return read,
            len => read += len,
        }
    }
}

#[tokio::test]
async fn the_log_is_copied_back_and_reading_goes_on() {
    let dir = Directory::new();
    let mut scene = Scene::set(&dir).await;
    let mut ids = Vec::new();
    for round in 0..40 {
        let body = noise(round, 3 << 20);
        ids.extend(
            scene.commit(vec![scene.delivery("x", body)]).await[0]
                .messages
                .clone(),
        );
        assert!(scene.read(ids[ids.len() - 1]).await == noise(round, 3 << 20));
    }
    // 120 MiB went through the log; it was begun again on the way or is waiting now.
    let waiting = scene.store.wal_size().await.unwrap().count();
    assert!(waiting < 120 << 20, "{waiting}");
    scene = scene.reopen(&dir).await;
    for (round, id) in ids.iter().enumerate() {
        assert!(scene.read(*id).await == noise(round as u64, 3 << 20));
    }
}
