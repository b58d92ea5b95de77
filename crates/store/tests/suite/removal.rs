//! Messages are taken out of a folder: these and no others, once, with everything that counts them.

use std::sync::atomic::{AtomicBool, Ordering};

use inhaul_store::{Store, StoreError};
use inhaul_types::{FolderId, Octets, Uid};

use super::{Bed, Scene, delivery_to, new_account, noise, read_body};

fn uids(numbers: impl IntoIterator<Item = u32>) -> Vec<Uid> {
    numbers.into_iter().map(Uid::new).collect()
}

async fn left<S: Store>(scene: &Scene<S>) -> Vec<u32> {
    let maildrop = scene.store.maildrop(scene.account).await.unwrap();
    let numbers = maildrop.messages.iter().map(|message| message.uid.number());
    numbers.collect()
}

pub(crate) async fn what_is_removed_is_gone_and_not_counted_any_more(bed: &impl Bed) {
    let mut scene = Scene::set(bed).await;
    let committed = scene
        .commit(
            (1..=6)
                .map(|n| scene.delivery(&format!("m{n}"), noise(1, 10 * n)))
                .collect(),
        )
        .await;
    // In any order, twice, and some that were never there.
    let asked = uids([5, 2, 5, 99, 0]);
    let removed = scene.store.message_remove(scene.inbox, &asked).await;
    assert_eq!(removed.unwrap(), 2);
    for position in [1, 4] {
        let id = committed[position].messages[0];
        for error in [
            scene.store.message_by_id(id).await.unwrap_err(),
            read_body(&scene.store, id).await.unwrap_err(),
        ] {
            assert!(matches!(error, StoreError::Missing { .. }), "{error:?}");
        }
    }
    for _ in ["at once", "after opening again"] {
        assert_eq!(left(&scene).await, [1, 3, 4, 6]);
        let octets = 10 + 30 + 40 + 60;
        let folder = scene
            .store
            .folder_list(scene.account)
            .await
            .unwrap()
            .remove(0);
        assert_eq!((folder.messages, folder.octets.count()), (4, octets));
        assert_eq!(folder.uid_next, Uid::new(7), "no uid is given twice");
        let account = scene.store.account_by_name("alice").await.unwrap();
        assert_eq!((account.messages, account.octets.count()), (4, octets));
        let allowance = scene.store.account_allowance(scene.account).await.unwrap();
        assert_eq!(allowance.octets.count(), octets);
        let again = scene.store.message_remove(scene.inbox, &asked).await;
        assert_eq!(again.unwrap(), 0);
        scene = scene.reopen(bed).await;
    }
    // It is still known that they were brought.
    let ledger = scene.store.ledger_load(scene.retrieval.maildrop);
    assert_eq!(ledger.await.unwrap().len(), 6);
    scene.commit_one("m7", b"next").await;
    assert_eq!(left(&scene).await, [1, 3, 4, 6, 7]);
}

pub(crate) async fn a_message_in_two_folders_goes_from_one(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let bob = scene
        .store
        .account_create(new_account("bob"))
        .await
        .unwrap();
    let bobs = scene.store.folder_list(bob).await.unwrap()[0].id;
    let both = [scene.inbox, bobs];
    let shared = delivery_to(&both, "both", Octets::new(6), b"shared".to_vec());
    let his = scene.commit(vec![shared]).await[0].messages[1];
    let remove = async |folder| {
        scene
            .store
            .message_remove(folder, &uids([1]))
            .await
            .unwrap()
    };
    assert_eq!(remove(scene.inbox).await, 1);
    assert_eq!(scene.read(his).await, b"shared");
    assert!(left(&scene).await.is_empty());
    let bob = scene.store.account_by_name("bob").await.unwrap();
    assert_eq!((bob.messages, bob.octets.count()), (1, 6));
    assert_eq!(remove(bobs).await, 1);
    // The octets are there for an hour: should they come again, they are a message like any other.
    let again = scene.commit_one("again", b"shared").await.messages[0];
    assert_eq!(scene.read(again).await, b"shared");
    assert_eq!(left(&scene).await, [2]);
}

pub(crate) async fn whoever_reads_a_message_that_goes_reads_it_to_its_end(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let body = noise(5, 700_000);
    scene.commit_one("a", &body).await;
    let opened = scene.store.message_body_at(scene.inbox, Uid::new(1));
    let mut reader = opened.await.unwrap();
    let removed = scene.store.message_remove(scene.inbox, &uids([1])).await;
    assert_eq!(removed.unwrap(), 1);
    let mut read = Vec::new();
    loop {
        let chunk = reader.next_chunk().await.unwrap();
        if chunk.is_empty() {
            break;
        }
        read.extend(chunk);
    }
    assert!(read == body);
}

pub(crate) async fn two_who_remove_the_same_remove_each_message_once(bed: &impl Bed) {
    const MANY: u32 = 3_500;
    let scene = Scene::set(bed).await;
    let deliveries = (0..MANY).map(|n| scene.delivery(&format!("m{n}"), noise(n.into(), 20)));
    scene.commit(deliveries.collect()).await;
    let (most, rest) = (uids(1..=3_000), uids(500..=MANY));
    let (one, other) = tokio::join!(
        scene.store.message_remove(scene.inbox, &most),
        scene.store.message_remove(scene.inbox, &rest)
    );
    assert_eq!(one.unwrap() + other.unwrap(), MANY.into());
    let folder = scene
        .store
        .folder_list(scene.account)
        .await
        .unwrap()
        .remove(0);
    assert_eq!((folder.messages, folder.octets), (0, Octets::ZERO));
    assert!(left(&scene).await.is_empty());
}

pub(crate) async fn a_small_commit_overtakes_a_large_removal(bed: &impl Bed) {
    const MANY: u32 = 6_000;
    let scene = Scene::set(bed).await;
    let deliveries = (0..MANY).map(|n| scene.delivery(&format!("m{n}"), noise(n.into(), 20)));
    scene.commit(deliveries.collect()).await;
    let (all, all_are_gone) = (uids(1..=MANY), AtomicBool::new(false));
    let remove = async {
        let removed = scene.store.message_remove(scene.inbox, &all).await;
        all_are_gone.store(true, Ordering::SeqCst);
        removed.unwrap()
    };
    let commit = async {
        // The other's turn: the removal is sent first.
        tokio::task::yield_now().await;
        scene.commit_one("small", b"small").await;
        assert!(!all_are_gone.load(Ordering::SeqCst), "it had to wait");
    };
    let ((), removed) = tokio::join!(biased; commit, remove);
    assert_eq!(removed, MANY.into());
    assert_eq!(left(&scene).await, [MANY + 1]);
}

pub(crate) async fn nothing_is_removed_from_a_folder_that_is_not_there(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    scene.commit_one("a", b"stays").await;
    let nowhere = FolderId::new(4711);
    let missing = scene.store.message_remove(nowhere, &uids([1])).await;
    let what = |error: &StoreError| match error {
        StoreError::Missing { what, .. } => *what,
        _ => "",
    };
    assert_eq!(what(&missing.unwrap_err()), "folder");
    let nothing = scene.store.message_remove(scene.inbox, &[]).await;
    assert_eq!(nothing.unwrap(), 0);
    assert_eq!(left(&scene).await, [1]);
}
