//! What a removal of messages leaves behind the traits: mod-seqs, references, room; and what is
//! left of one whose process dies in the middle.
//!
//! The child is this very program, running one test by name with `CHILD` set. Its clock is what
//! kills it: the writer asks it for the time once a slice, inside the transaction.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use inhaul_store::{SqliteStore, Store, StoreOptions};
use inhaul_types::{Octets, Timestamp, Uid};
use rusqlite::Connection;

use crate::SqliteBed;
use crate::suite::{Bed, Scene, delivery_to, new_account, noise};

const CHILD: &str = "INHAUL_STORE_REMOVAL_TEST_DIR";
const SLICE_OF_DEATH: &str = "INHAUL_STORE_REMOVAL_TEST_SLICE";
const MANY: u32 = 4_500;
/// Messages that go in one transaction.
const SLICE: u32 = 1_000;

fn uids(numbers: impl IntoIterator<Item = u32>) -> Vec<Uid> {
    numbers.into_iter().map(Uid::new).collect()
}

fn database(bed: &SqliteBed) -> Connection {
    Connection::open(bed.dir.path().join("inhaul.db")).unwrap()
}

fn number(bed: &SqliteBed, sql: &str) -> i64 {
    database(bed).query_row(sql, [], |row| row.get(0)).unwrap()
}

/// So many messages, of a few different bodies.
async fn fill(scene: &Scene<SqliteStore>, messages: u32) {
    let deliveries = (0..messages).map(|n| {
        let body = noise(u64::from(n % 50), 20 + n as usize % 50);
        scene.delivery(&format!("m{n}"), body)
    });
    scene.commit(deliveries.collect()).await;
}

#[tokio::test]
async fn a_slice_is_remembered_under_one_mod_seq_the_lowest_uids_first() {
    let bed = SqliteBed::new();
    let scene = Scene::set(&bed).await;
    fill(&scene, 2 * SLICE + 500).await;
    let highest = || number(&bed, "SELECT highest_modseq FROM folder");
    let before = highest();
    let asked = uids((1..=2 * SLICE + 500).rev());
    scene
        .store
        .message_remove(scene.inbox, &asked)
        .await
        .unwrap();
    assert_eq!(highest(), before + 3);
    let database = database(&bed);
    let mut select = database
        .prepare("SELECT mod_seq, min(uid), max(uid), count(*) FROM expunged GROUP BY mod_seq")
        .unwrap();
    let slices: Vec<[i64; 4]> = select
        .query_map([], |row| {
            Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
        })
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let expected = [
        [before + 1, 1, 1000, 1000],
        [before + 2, 1001, 2000, 1000],
        [before + 3, 2001, 2500, 500],
    ];
    assert_eq!(slices, expected);
    // Where nothing goes, nothing moves.
    scene
        .store
        .message_remove(scene.inbox, &asked)
        .await
        .unwrap();
    assert_eq!(highest(), before + 3);
}

#[tokio::test]
async fn a_body_is_free_when_its_last_placement_goes() {
    let bed = SqliteBed::new();
    let scene = Scene::set(&bed).await;
    let bob = scene
        .store
        .account_create(new_account("bob"))
        .await
        .unwrap();
    let bobs = scene.store.folder_list(bob).await.unwrap()[0].id;
    let body = noise(1, 30_000);
    let size = scene.delivery("x", body.clone()).body.size();
    // Twice in one folder, once in another.
    let both = delivery_to(&[scene.inbox, bobs], "a", size, body.clone());
    let again = scene.delivery("b", body);
    scene.commit(vec![both, again]).await;
    let now = bed.now.load(Ordering::SeqCst);
    let state = || -> (i64, Option<i64>) {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let sql = "SELECT refs, freed_at FROM body";
        database(&bed).query_row(sql, [], read).unwrap()
    };
    assert_eq!(state(), (3, None));
    let remove = async |folder, numbers: &[u32]| {
        let uids = uids(numbers.iter().copied());
        scene.store.message_remove(folder, &uids).await.unwrap()
    };
    assert_eq!(remove(scene.inbox, &[1, 2]).await, 2);
    assert_eq!(state(), (1, None));
    bed.now.store(now + 5, Ordering::SeqCst);
    assert_eq!(remove(bobs, &[1]).await, 1);
    assert_eq!(state(), (0, Some(now + 5)));
    // Room is given back an hour later, and not before.
    for (later, bodies) in [(3_600_000, 1), (3_600_006, 0)] {
        bed.now.store(now + later, Ordering::SeqCst);
        scene.store.sweep().unwrap();
        // A sweep takes some turns of the writer's.
        for _ in 0..5 {
            scene.store.records().writer_answers().await.unwrap();
        }
        assert_eq!(number(&bed, "SELECT count(*) FROM body"), bodies);
    }
    assert_eq!(
        number(&bed, "SELECT coalesce(sum(live), 0) FROM segment"),
        0
    );
}

/// Not a test by itself: what the parent runs, and what dies at a slice's transaction.
#[tokio::test]
async fn child_that_removes_until_it_dies() {
    let Ok(dir) = std::env::var(CHILD) else {
        return;
    };
    let slice: u32 = std::env::var(SLICE_OF_DEATH).unwrap().parse().unwrap();
    let (has_begun, asked) = (Arc::new(AtomicBool::new(false)), AtomicU32::new(1));
    let counts = Arc::clone(&has_begun);
    let clock = Arc::new(move || {
        if counts.load(Ordering::SeqCst) && asked.fetch_add(1, Ordering::SeqCst) == slice {
            std::process::abort();
        }
        Timestamp::from_millis(1_700_000_000_000)
    });
    let options = StoreOptions {
        clock,
        ..StoreOptions::default()
    };
    let store = SqliteStore::open(dir.as_ref(), options).await.unwrap();
    // What an opening does behind itself asks for the time, too.
    for _ in 0..5 {
        store.records().writer_answers().await.unwrap();
    }
    let folder = store.retrieval_by_name("work").await.unwrap().folder;
    has_begun.store(true, Ordering::SeqCst);
    store.message_remove(folder, &uids(1..=MANY)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_that_is_killed_leaves_the_highest_uids_and_a_repeat_removes_them() {
    for slice in [1, 2, 5] {
        let bed = SqliteBed::new();
        let mut scene = Scene::set(&bed).await;
        fill(&scene, MANY).await;
        scene.store.close().await.unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "removing::child_that_removes_until_it_dies",
                "--nocapture",
            ])
            .env(CHILD, bed.dir.path())
            .env(SLICE_OF_DEATH, slice.to_string())
            .output()
            .unwrap();
        assert!(!child.status.success(), "{child:?}");
        scene.store = bed.open().await;
        let gone = (slice - 1) * SLICE;
        let left = check(&bed, &scene).await;
        assert!(
            left.into_iter().eq(gone + 1..=MANY),
            "killed in slice {slice}"
        );
        let all = uids(1..=MANY);
        let again = scene.store.message_remove(scene.inbox, &all).await;
        assert_eq!(again.unwrap(), (MANY - gone).into());
        assert!(check(&bed, &scene).await.is_empty());
        let ledger = scene.store.ledger_load(scene.retrieval.maildrop);
        assert_eq!(ledger.await.unwrap().len(), MANY as usize);
    }
}

/// The same store on the caller's thread, so that a test decides behind which slice it ends.
#[cfg(feature = "simulation")]
struct Inline<'a>(&'a SqliteBed);

#[cfg(feature = "simulation")]
impl Bed for Inline<'_> {
    type Store = SqliteStore;

    async fn open(&self) -> SqliteStore {
        let options = StoreOptions {
            threads: inhaul_store::Threads::Inline,
            ..self.0.options()
        };
        SqliteStore::open(self.0.dir.path(), options).await.unwrap()
    }

    fn set_now(&self, now: Timestamp) {
        self.0.set_now(now);
    }
}

#[cfg(feature = "simulation")]
#[tokio::test]
async fn a_power_cut_in_a_removal_leaves_the_highest_uids() {
    use inhaul_store::Crash;
    for (crash, slices) in [Crash::Kill, Crash::PowerCut]
        .into_iter()
        .flat_map(|crash| (1..=4).map(move |slices| (crash, slices)))
    {
        let bed = SqliteBed::new();
        let mut scene = Scene::set(&Inline(&bed)).await;
        fill(&scene, MANY).await;
        let all = uids(1..=MANY);
        tokio::select! {
            biased;
            done = scene.store.message_remove(scene.inbox, &all) => panic!("{done:?}"),
            () = tokio::task::yield_now() => {}
        }
        // Whoever asked has gone away; the removal goes on.
        let left = async || scene.store.folder_list(scene.account).await.unwrap()[0].messages;
        while left().await > u64::from(MANY - slices * SLICE) {
            tokio::task::yield_now().await;
        }
        scene.store.crash(crash).unwrap();
        scene.store = bed.open().await;
        let left = check(&bed, &scene).await;
        let gone = MANY - u32::try_from(left.len()).unwrap();
        assert!(left.into_iter().eq(gone + 1..=MANY), "{crash:?} {slices}");
        match crash {
            Crash::Kill => assert_eq!(gone, slices * SLICE),
            _ => assert!(
                gone <= slices * SLICE && gone.is_multiple_of(SLICE),
                "{gone}"
            ),
        }
        let again = scene.store.message_remove(scene.inbox, &all).await;
        assert_eq!(again.unwrap(), (MANY - gone).into());
        assert!(check(&bed, &scene).await.is_empty());
    }
}

/// Messages come and go in three folders at once, with bodies that several of them share.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_are_those_of_what_is_there_whoever_comes_and_goes() {
    let bed = SqliteBed::new();
    let scene = Scene::set(&bed).await;
    let mut folders = vec![scene.inbox];
    for name in ["bob", "carol"] {
        let account = scene.store.account_create(new_account(name)).await.unwrap();
        folders.push(scene.store.folder_list(account).await.unwrap()[0].id);
    }
    let folders = &folders;
    let store = &scene.store;
    let come_and_go = async |who: usize| {
        for round in 0..20_usize {
            let deliveries = (0..30).map(|n| {
                let body = noise((round * n % 40) as u64, 50);
                let to = [folders[who], folders[(who + n) % 3]];
                let to = if to[0] == to[1] { &to[..1] } else { &to[..] };
                let size = Octets::of_len(body.len());
                delivery_to(to, &format!("{who}-{round}-{n}"), size, body)
            });
            let batch = scene.batch(deliveries.collect());
            store.commit_batch(batch).await.unwrap();
            // Some of the latest, of everybody's, of those that were there and those that were not.
            for (number, folder) in folders.iter().enumerate() {
                let first = u32::try_from(round * 40).unwrap();
                let step = [2, 3, 5][(number + who) % 3];
                let some = uids((first..first + 60).step_by(step));
                store.message_remove(*folder, &some).await.unwrap();
            }
        }
    };
    tokio::join!(come_and_go(0), come_and_go(1), come_and_go(2));
    assert!(number(&bed, "SELECT count(*) FROM message") > 0);
    assert!(number(&bed, "SELECT count(*) FROM expunged") > 0);
    check_counts(&bed);
    let sum = "SELECT sum(uid_next - 1) - (SELECT count(*) FROM message)
                   - (SELECT count(*) FROM expunged) FROM folder";
    assert_eq!(number(&bed, sum), 0, "each message came and went once");
}

/// Every counter is that of what is there. Returns the uids.
async fn check(bed: &SqliteBed, scene: &Scene<SqliteStore>) -> Vec<u32> {
    let maildrop = scene.store.maildrop(scene.account).await.unwrap();
    let octets = maildrop.messages.iter().map(|message| message.size).sum();
    let folder = scene
        .store
        .folder_list(scene.account)
        .await
        .unwrap()
        .remove(0);
    let messages = maildrop.messages.len() as u64;
    assert_eq!((folder.messages, folder.octets), (messages, octets));
    let allowance = scene.store.account_allowance(scene.account).await.unwrap();
    assert_eq!(allowance.octets, octets);
    check_counts(bed);
    let gone = number(bed, "SELECT count(*) FROM expunged");
    assert_eq!(gone, i64::from(MANY) - messages as i64);
    maildrop
        .messages
        .iter()
        .map(|message| message.uid.number())
        .collect()
}

fn check_counts(bed: &SqliteBed) {
    for (what, sql) in [
        (
            "wrong counts of folders",
            "SELECT count(*) FROM folder f
             WHERE (messages, octets) <> (SELECT count(*), coalesce(sum(size), 0)
                                          FROM message WHERE folder_id = f.id)",
        ),
        (
            "wrong counts of placements",
            "SELECT count(*) FROM body b
             WHERE refs <> (SELECT count(*) FROM message WHERE body_id = b.id)",
        ),
        (
            "free bodies in use, or others that are not free",
            "SELECT count(*) FROM body WHERE (refs = 0) <> (freed_at IS NOT NULL)",
        ),
        (
            "messages remembered as gone",
            "SELECT count(*) FROM expunged e JOIN message m USING (folder_id, uid)",
        ),
    ] {
        assert_eq!(number(bed, sql), 0, "{what}");
    }
}
