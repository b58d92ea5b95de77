//! A backup is whole and of one moment, whatever goes on meanwhile; what comes back from it is a
//! new installation with the same mail; a file that is no whole backup changes nothing.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use inhaul_domain::LedgerState;
use inhaul_store::{
    Backup, BackupReport, KeyInBackup, LinkPurpose, NewApiKey, NewLink, NewNotice, NewSession,
    RestoreOptions, Restored, RestoredKey, SqliteStore, Store, StoreError, StoreOptions, TokenHash,
};
use inhaul_types::{MessageId, Octets, Timestamp};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::suite::{Bed, Scene, delivery_to, new_account, noise, read_body, sha256};

/// A directory with an installation in `data` and room for a backup.
struct Home {
    dir: TempDir,
    data: &'static str,
    now: Arc<AtomicI64>,
}

impl Home {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            data: "data",
            now: Arc::new(AtomicI64::new(1_700_000_000_000)),
        }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    fn clock(&self) -> inhaul_store::Clock {
        let now = Arc::clone(&self.now);
        Arc::new(move || Timestamp::from_millis(now.load(Ordering::SeqCst)))
    }

    async fn restore(&self, from: &str, into: &str) -> Result<Restored, StoreError> {
        let options = RestoreOptions {
            key_file: None,
            clock: self.clock(),
        };
        SqliteStore::restore(&self.path(from), &self.path(into), options).await
    }

    fn database(&self, name: &str) -> Connection {
        Connection::open(self.path(name).join("inhaul.db")).unwrap()
    }
}

impl Bed for Home {
    type Store = SqliteStore;

    async fn open(&self) -> SqliteStore {
        let options = StoreOptions {
            clock: self.clock(),
            ..StoreOptions::default()
        };
        SqliteStore::open(&self.path(self.data), options)
            .await
            .unwrap()
    }

    fn set_now(&self, now: Timestamp) {
        self.now.store(now.millis(), Ordering::SeqCst);
    }
}

async fn back_up(store: &SqliteStore, to: &Path, key: KeyInBackup) -> BackupReport {
    let to = to.to_owned();
    let backup = Backup {
        to,
        key,
        progress: None,
    };
    store.records().backup(backup).await.unwrap()
}

/// The scene in what was restored under this name.
async fn restored(
    home: Home,
    name: &'static str,
    scene: &Scene<SqliteStore>,
) -> (Home, Scene<SqliteStore>) {
    let home = Home { data: name, ..home };
    let store = home.open().await;
    let scene = Scene {
        store,
        account: scene.account,
        inbox: scene.inbox,
        retrieval: scene.retrieval.clone(),
        run: scene.run,
    };
    (home, scene)
}

#[tokio::test]
async fn nobody_comes_in_with_what_they_had_before_the_restore() {
    let home = Home::new();
    let scene = Scene::set(&home).await;
    let (account, at) = (scene.account, Timestamp::from_millis(1));
    let token = |number| TokenHash([number; 32]);
    let visitors = scene.store.visitors();
    let session = NewSession {
        token: token(1),
        account,
        at,
        kept: true,
        address: None,
        agent: String::new(),
    };
    visitors.session_begin(session).await.unwrap();
    let link = NewLink {
        token: token(2),
        purpose: LinkPurpose::SignIn(account),
        until: Timestamp::from_millis(100),
    };
    visitors.link_make(link).await.unwrap();
    let key = NewApiKey {
        token: token(3),
        account,
        name: "script".into(),
        at,
    };
    visitors.api_key_make(key).await.unwrap();
    back_up(&scene.store, &home.path("b"), KeyInBackup::Included).await;
    home.restore("b", "new").await.unwrap();
    let (_home, back) = restored(home, "new", &scene).await;
    let visitors = back.store.visitors();
    assert_eq!(visitors.session_find(&token(1)).await.unwrap(), None);
    // It may have been used since.
    assert_eq!(visitors.link_use(&token(2), at).await.unwrap(), None);
    // Programs go on as before.
    let key = visitors.api_key_find(&token(3)).await.unwrap();
    assert_eq!(key.unwrap().account.id, account);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_in_a_storm_of_commits_is_of_one_moment() {
    let home = Home::new();
    let scene = Scene::set(&home).await;
    // Something to copy for a while, in rows and in segments.
    for round in 0..40_u64 {
        let deliveries = (0..40).map(|n| {
            let len = if n == 0 { 300_000 } else { 12_000 };
            scene.delivery(&format!("before/{round}/{n}"), noise(round << 32 | n, len))
        });
        scene.commit(deliveries.collect()).await;
    }
    let (stop, written) = (AtomicBool::new(false), AtomicU64::new(0));
    let storm = async |who: u64| {
        let mut number = 0;
        while !stop.load(Ordering::SeqCst) {
            let deliveries = (0..3).map(|n| {
                let id = format!("storm/{who}/{number}/{n}");
                let len = if n == 0 { 40_000 } else { 5_000 };
                scene.delivery(&id, noise(who << 48 | number << 8 | n, len))
            });
            scene.commit(deliveries.collect()).await;
            written.fetch_add(1, Ordering::SeqCst);
            number += 1;
        }
    };
    let file = home.path("backup.tar");
    let backup = async {
        while written.load(Ordering::SeqCst) < 10 {
            tokio::task::yield_now().await;
        }
        let before = written.load(Ordering::SeqCst);
        let report = back_up(&scene.store, &file, KeyInBackup::Included).await;
        let after = written.load(Ordering::SeqCst);
        stop.store(true, Ordering::SeqCst);
        (report, before, after)
    };
    let (_, _, _, (report, before, after)) = tokio::join!(storm(1), storm(2), storm(3), backup);
    assert!(after > before, "the storm went on: {before} {after}");
    let all = scene.inbox_messages().await.len() as u64;
    assert!(report.messages >= 1600 + 3 * before && report.messages < all);
    assert_eq!(report.octets.count(), fs::metadata(&file).unwrap().len());
    assert!(!home.path("data/backup.db").exists());
    assert!(!home.path("backup.tar.partial").exists());

    let came = home.restore("backup.tar", "restored").await.unwrap();
    assert_eq!((came.messages, came.taken), (report.messages, report.taken));
    assert_eq!(came.key, RestoredKey::Backup);
    let (home, back) = restored(home, "restored", &scene).await;
    let messages = back.inbox_messages().await;
    assert_eq!(messages.len() as u64, report.messages);
    let mut batches: HashSet<(String, usize)> = HashSet::new();
    for message in &messages {
        let octets = read_body(&back.store, message.id).await.unwrap();
        assert_eq!(sha256(&octets), message.digest);
        let first = scene.store.message_by_id(message.id).await.unwrap();
        assert_eq!((first.digest, first.uid), (message.digest, message.uid));
        let id = message.summary.subject.strip_prefix("about storm/");
        if let Some((batch, n)) = id.and_then(|id| id.rsplit_once('/')) {
            batches.insert((batch.to_owned(), n.parse().unwrap()));
        }
    }
    assert_eq!(batches.len() % 3, 0, "batches are there as a whole");
    let ledger = back
        .store
        .ledger_load(back.retrieval.maildrop)
        .await
        .unwrap();
    assert_eq!(ledger.len(), messages.len());
    assert!(ledger.iter().all(|row| row.state == LedgerState::Stored));
    let secret = back.store.retrieval_secret(back.retrieval.id).await;
    secret.expect("the key is in it");
    back.store.close().await.unwrap();
    check_consistent(&home.database("restored"));
}

fn check_consistent(database: &Connection) {
    for sql in [
        "SELECT count(*) FROM body b
         WHERE refs <> (SELECT count(*) FROM message WHERE body_id = b.id)",
        "SELECT count(*) FROM body_chunk WHERE id >> 16 NOT IN (SELECT id FROM body)",
        "SELECT count(*) FROM message WHERE ledger_id NOT IN (SELECT id FROM ledger)",
        "SELECT count(*) FROM body_chunk c JOIN segment s ON s.id = c.segment_id
         WHERE c.start + c.length > s.size",
    ] {
        let count: i64 = database.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(count, 0, "{sql}");
    }
    let verdict: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(verdict, "ok");
}

#[tokio::test]
async fn what_is_restored_is_a_new_installation_that_deletes_nothing_remotely() {
    let home = Home::new();
    let scene = Scene::set(&home).await;
    let records = scene.store.records();
    assert!(records.deletion_confirmed().await.unwrap());
    let bob = scene
        .store
        .account_create(new_account("bob"))
        .await
        .unwrap();
    let his = scene.store.folder_list(bob).await.unwrap()[0].id;
    scene.commit_one("a", b"mail").await;
    let notice = NewNotice {
        created: Timestamp::from_millis(1),
        channel: "inbox".into(),
        payload: "{}".into(),
    };
    records
        .notice_record(Vec::new(), vec![notice])
        .await
        .unwrap();
    let file = home.path("b");
    let report = back_up(&scene.store, &file, KeyInBackup::LeftOut).await;
    assert_eq!((report.key, report.messages), (KeyInBackup::LeftOut, 1));
    let before = identity(&home.database("data"));
    let validity = async |store: &SqliteStore, account| {
        store.folder_list(account).await.unwrap()[0].uid_validity
    };
    let old = [
        validity(&scene.store, scene.account).await,
        validity(&scene.store, bob).await,
    ];
    // Restored within the same second, too.
    assert_eq!(
        home.restore("b", "new").await.unwrap().key,
        RestoredKey::Missing
    );
    let (home, back) = restored(home, "new", &scene).await;
    let new = [
        validity(&back.store, scene.account).await,
        validity(&back.store, bob).await,
    ];
    assert!(new.iter().all(|new| !old.contains(new)), "{old:?} {new:?}");
    assert_ne!(new[0], new[1]);
    assert_ne!(identity(&home.database("new")), before);
    let records = back.store.records();
    assert_eq!(
        records
            .notices_due(Timestamp::from_millis(9), 9)
            .await
            .unwrap(),
        []
    );
    assert!(!records.deletion_confirmed().await.unwrap());
    records.confirm_deletion().await.unwrap();
    assert!(records.deletion_confirmed().await.unwrap());
    // A folder made later is none of the old ones either.
    let carol = back
        .store
        .account_create(new_account("carol"))
        .await
        .unwrap();
    let third = validity(&back.store, carol).await;
    assert!(!old.contains(&third) && !new.contains(&third));
    let delivery = delivery_to(&[his], "new", Octets::new(3), b"new".to_vec());
    back.commit(vec![delivery]).await;
    assert!(matches!(
        back.store.retrieval_secret(back.retrieval.id).await,
        Err(StoreError::Seal(_))
    ));
}

fn identity(database: &Connection) -> String {
    let sql = "SELECT value FROM setting WHERE name = 'instance'";
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_file_that_is_no_whole_backup_changes_nothing() {
    let home = Home::new();
    let scene = Scene::set(&home).await;
    scene
        .commit(vec![scene.delivery("a", noise(1, 50_000))])
        .await;
    scene.commit_one("b", b"small").await;
    back_up(&scene.store, &home.path("b"), KeyInBackup::Included).await;
    let whole = fs::read(home.path("b")).unwrap();
    // The end of a tar file is two blocks of zeros and what fills it up.
    let end = whole.iter().rposition(|octet| *octet != 0).unwrap();
    let places = |step| (0..end).step_by(step).chain([1, 511, 513, end - 1, end]);
    let refused = async |octets: &[u8], what: String| {
        fs::write(home.path("bad"), octets).unwrap();
        let outcome = home.restore("bad", "into").await;
        match &outcome {
            Err(StoreError::BadBackup { path, why }) => {
                assert_eq!(*path, home.path("bad"), "{what}");
                assert!(!why.is_empty(), "{what}");
            }
            other => panic!("{what}: {other:?}"),
        }
        assert!(!home.path("into").exists(), "{what}");
    };
    for place in places(9_973) {
        refused(&whole[..place], format!("cut at {place}")).await;
    }
    // What fills up the last block of a member means nothing; it is zeros.
    for place in places(9_973).filter(|place| whole[*place] != 0) {
        let mut changed = whole.clone();
        changed[place] ^= 0x20;
        refused(&changed, format!("octet {place}")).await;
    }
    refused(b"", "empty".into()).await;
    refused(&noise(3, 9_000), "noise".into()).await;
    refused(
        &[&whole[..512], b"inhaul backup 2\n"].concat(),
        "newer".into(),
    )
    .await;
    // What is there stays as it is, too.
    fs::create_dir(home.path("into")).unwrap();
    fs::write(home.path("into/secret.key"), noise(1, 32)).unwrap();
    fs::write(home.path("bad"), &whole[..whole.len() / 2]).unwrap();
    home.restore("bad", "into").await.unwrap_err();
    let mut left: Vec<_> = fs::read_dir(home.path("into"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["lock", "secret.key"]);
    let other_key = home.restore("b", "into").await;
    assert!(
        matches!(&other_key, Err(StoreError::NotEmpty(path)) if path.ends_with("secret.key")),
        "{other_key:?}"
    );
    fs::remove_file(home.path("into/secret.key")).unwrap();
    home.restore("b", "into").await.unwrap();
}

#[tokio::test]
async fn only_an_empty_directory_is_restored_into() {
    let home = Home::new();
    let scene = Scene::set(&home).await;
    scene.commit_one("a", b"mail").await;
    back_up(&scene.store, &home.path("b"), KeyInBackup::Included).await;
    assert!(matches!(
        home.restore("b", "data").await,
        Err(StoreError::InUse(_))
    ));
    scene.store.close().await.unwrap();
    drop(scene);
    for (name, file) in [("data", "inhaul.db"), ("other", "letter.txt")] {
        fs::create_dir_all(home.path(name)).unwrap();
        fs::write(home.path(name).join("letter.txt"), "mine").unwrap();
        let refused = home.restore("b", name).await;
        assert!(
            matches!(refused, Err(StoreError::NotEmpty(_))),
            "{refused:?}"
        );
        assert!(home.path(name).join(file).exists());
    }
}

#[tokio::test]
async fn a_killed_restore_is_begun_again_and_never_taken_for_an_empty_store() {
    let home = Home::new();
    let scene = Scene::set(&home).await;
    let id = scene
        .commit(vec![scene.delivery("a", noise(1, 50_000))])
        .await[0]
        .messages[0];
    back_up(&scene.store, &home.path("b"), KeyInBackup::Included).await;
    // What a kill leaves right before the database is moved to its place.
    for name in ["new/restoring", "new/segments"] {
        fs::create_dir_all(home.path(name)).unwrap();
    }
    fs::write(home.path("new/restoring/inhaul.db"), "half").unwrap();
    fs::write(home.path("new/segments/00000001"), "half").unwrap();
    let opened = SqliteStore::open(&home.path("new"), StoreOptions::default()).await;
    assert!(matches!(opened, Err(StoreError::Damaged(_))), "{opened:?}");
    home.restore("b", "new").await.unwrap();
    let (_home, back) = restored(home, "new", &scene).await;
    assert_eq!(back.read(id).await, noise(1, 50_000));
}

#[tokio::test]
async fn what_was_freed_while_a_backup_is_made_is_still_in_it() {
    let home = Home::new();
    let scene = Scene::set(&home).await;
    let large = noise(1, 3 << 20);
    let ids: Vec<MessageId> = vec![
        scene
            .commit(vec![scene.delivery("stays", noise(2, 90_000))])
            .await[0]
            .messages[0],
        scene
            .commit(vec![scene.delivery("goes", large.clone())])
            .await[0]
            .messages[0],
    ];
    let (freed, swept) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
    let data = home.path("data/inhaul.db");
    let (is_freed, is_swept) = (Arc::clone(&freed), Arc::clone(&swept));
    // Between the copy of the database, which the writer makes, and that of the segments everything
    // is freed and swept.
    let progress: inhaul_store::Progress = Arc::new(move |_, _| {
        let is_writer = std::thread::current().name() == Some("store-writer");
        if !is_writer && !is_freed.load(Ordering::SeqCst) {
            let sql = "UPDATE body SET refs = 0, freed_at = 1";
            Connection::open(&data).unwrap().execute(sql, []).unwrap();
            is_freed.store(true, Ordering::SeqCst);
            while !is_swept.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
        }
    });
    let backup = Backup {
        to: home.path("b"),
        key: KeyInBackup::Included,
        progress: Some(progress),
    };
    let (store, database) = (&scene.store, home.database("data"));
    let sweep = async {
        while !freed.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
        store.sweep().unwrap();
        let left = "SELECT count(*) FROM body WHERE refs = 0";
        while database.query_row(left, [], |row| row.get(0)) != Ok(0) {
            tokio::task::yield_now().await;
        }
        // What was swept is given back behind commits.
        scene.commit_one("later", b"later").await;
        scene.commit_one("still-later", b"still later").await;
        swept.store(true, Ordering::SeqCst);
    };
    let (made, ()) = tokio::join!(store.records().backup(backup), sweep);
    made.unwrap();
    home.restore("b", "new").await.unwrap();
    let (_home, back) = restored(home, "new", &scene).await;
    assert_eq!(back.read(ids[0]).await, noise(2, 90_000));
    assert!(back.read(ids[1]).await == large);
    // The writer gives it back in the end.
    scene.commit_one("last", b"last").await;
    scene.store.close().await.unwrap();
}

#[tokio::test]
async fn a_backup_replaces_the_one_before_and_hears_how_far_it_is() {
    let home = Home::new();
    let scene = Scene::set(&home).await;
    scene
        .commit(vec![scene.delivery("a", noise(1, 2 << 20))])
        .await;
    back_up(&scene.store, &home.path("b"), KeyInBackup::Included).await;
    scene.commit_one("b", b"second").await;
    let (done, all) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (to_done, to_all) = (Arc::clone(&done), Arc::clone(&all));
    let progress: inhaul_store::Progress = Arc::new(move |done, all| {
        assert!(done <= all);
        let before = to_done.swap(done.count(), Ordering::SeqCst);
        assert!(before <= done.count());
        to_all.store(all.count(), Ordering::SeqCst);
    });
    let backup = Backup {
        to: home.path("b"),
        key: KeyInBackup::Included,
        progress: Some(progress),
    };
    let report = scene.store.records().backup(backup).await.unwrap();
    assert_eq!(report.messages, 2);
    let (done, all) = (done.load(Ordering::SeqCst), all.load(Ordering::SeqCst));
    assert!(done >= 2 << 20 && done <= all + 64, "{done} of {all}");
    assert_eq!(home.restore("b", "new").await.unwrap().messages, 2);
    let nowhere = Backup {
        to: home.path("no/such/folder"),
        key: KeyInBackup::Included,
        progress: None,
    };
    scene.store.records().backup(nowhere).await.unwrap_err();
    assert!(!home.path("data/backup.db").exists());
}
