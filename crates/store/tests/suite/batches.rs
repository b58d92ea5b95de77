//! A batch is visible as a whole or not at all.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use inhaul_store::{Batch, Store, StoreError};
use inhaul_types::{FolderId, Octets, RetrievalId, Timestamp};

use super::{Bed, Scene, delivery_to, noise, spooled};

pub(crate) async fn a_committed_batch_is_there_with_all_it_said(bed: &impl Bed) {
    let mut scene = Scene::set(bed).await;
    let batch = vec![
        scene.delivery("a", b"one".to_vec()),
        scene.delivery("b", b"two".to_vec()),
    ];
    let committed = scene.commit(batch).await;
    for _ in ["as written", "after opening again"] {
        let messages = scene.inbox_messages().await;
        assert_eq!(messages.len(), 2);
        for (message, (id, committed)) in messages.iter().zip(["a", "b"].iter().zip(&committed)) {
            assert_eq!(committed.messages, [message.id]);
            assert_eq!(message.summary.subject, format!("about {id}"));
            assert_eq!(message.summary.from, "Bob <bob@example.com>");
            assert_eq!(message.summary.date, Some(Timestamp::from_millis(77)));
            assert_eq!(
                message.summary.message_id,
                Some(format!("{id}@example.com"))
            );
            assert_eq!(message.internal_date, Timestamp::from_millis(88));
            assert_eq!(message.retrieval, Some(scene.retrieval.id));
            assert_eq!(message.run, Some(scene.run));
            assert_eq!(
                (message.account, message.folder),
                (scene.account, scene.inbox)
            );
            assert_eq!(
                (message.folder_name.as_str(), message.why.as_str()),
                ("INBOX", "single")
            );
        }
        let folder = scene
            .store
            .folder_list(scene.account)
            .await
            .unwrap()
            .remove(0);
        assert_eq!((folder.messages, folder.octets), (2, Octets::new(6)));
        let account = scene.store.account_by_name("alice").await.unwrap();
        assert_eq!((account.messages, account.octets), (2, Octets::new(6)));
        scene = scene.reopen(bed).await;
    }
}

pub(crate) async fn uids_ascend_in_the_order_of_delivery_and_names_differ(bed: &impl Bed) {
    let mut scene = Scene::set(bed).await;
    for round in 0..3 {
        let deliveries = (0..5).map(|n| scene.delivery(&format!("r{round}n{n}"), vec![n; 9]));
        scene.commit(deliveries.collect()).await;
        scene = scene.reopen(bed).await;
    }
    let messages = scene.inbox_messages().await;
    let uids: Vec<u32> = messages
        .iter()
        .map(|message| message.uid.number())
        .collect();
    assert_eq!(uids, (1..=15).collect::<Vec<_>>());
    let names: HashSet<&str> = messages
        .iter()
        .map(|message| message.uidl.as_str())
        .collect();
    assert_eq!(names.len(), 15);
    assert!(names.iter().all(|name| name.len() == 24), "{names:?}");
    let subjects: Vec<&str> = messages
        .iter()
        .map(|m| m.summary.subject.as_str())
        .collect();
    assert_eq!(&subjects[4..6], ["about r0n4", "about r1n0"]);
    let folder = scene
        .store
        .folder_list(scene.account)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(folder.uid_next.number(), 16);
}

pub(crate) async fn a_batch_that_fails_leaves_nothing(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let nowhere = FolderId::new(4711);
    for body in [noise(1, 100), noise(2, 3 << 20)] {
        let good = scene.delivery("good", body.clone());
        let bad = delivery_to(
            &[scene.inbox, nowhere],
            "bad",
            Octets::new(3),
            b"bad".to_vec(),
        );
        let failed = scene.store.commit_batch(scene.batch(vec![good, bad])).await;
        assert!(
            matches!(failed, Err(StoreError::Missing { what: "folder", .. })),
            "{failed:?}"
        );
        assert!(scene.inbox_messages().await.is_empty());
        let folder = scene
            .store
            .folder_list(scene.account)
            .await
            .unwrap()
            .remove(0);
        assert_eq!((folder.messages, folder.uid_next.number()), (0, 1));
        assert!(
            scene
                .store
                .ledger_load(scene.retrieval.maildrop)
                .await
                .unwrap()
                .is_empty()
        );
    }
    let unknown = Batch {
        maildrop: inhaul_types::MaildropId::new(4711),
        retrieval: RetrievalId::new(1),
        ..scene.batch(vec![scene.delivery("x", b"x".to_vec())])
    };
    let failed = scene.store.commit_batch(unknown).await;
    assert!(
        matches!(
            failed,
            Err(StoreError::Missing {
                what: "maildrop",
                ..
            })
        ),
        "{failed:?}"
    );
}

pub(crate) async fn one_failing_batch_among_many_fails_alone(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let commit = |number: usize| {
        let folder = if number % 5 == 3 {
            FolderId::new(4711)
        } else {
            scene.inbox
        };
        let body = format!("body {number}").into_bytes();
        let delivery = delivery_to(&[folder], &format!("m{number}"), Octets::new(1), body);
        scene.store.commit_batch(scene.batch(vec![delivery]))
    };
    let outcomes = join_all((0..40).map(commit)).await;
    let failed: Vec<usize> = (0..40)
        .filter(|number| outcomes[*number].is_err())
        .collect();
    assert_eq!(failed, [3, 8, 13, 18, 23, 28, 33, 38]);
    assert_eq!(scene.inbox_messages().await.len(), 32);
}

pub(crate) async fn many_runs_at_once_store_each_message_once(bed: &impl Bed) {
    let mut scene = Scene::set(bed).await;
    let commit = |number: usize| {
        let bodies = (0..10).map(|n| format!("{number} {n}"));
        let deliveries = bodies
            .map(|body| scene.delivery("same", body.into_bytes()))
            .collect();
        scene.store.commit_batch(scene.batch(deliveries))
    };
    for outcome in join_all((0..64).map(commit)).await {
        assert_eq!(outcome.unwrap().len(), 10);
    }
    scene = scene.reopen(bed).await;
    let messages = scene.inbox_messages().await;
    let uids: Vec<u32> = messages
        .iter()
        .map(|message| message.uid.number())
        .collect();
    assert_eq!(uids, (1..=640).collect::<Vec<_>>());
    let digests: HashSet<_> = messages.iter().map(|message| message.digest).collect();
    assert_eq!(digests.len(), 640);
    assert_eq!(
        scene
            .store
            .ledger_load(scene.retrieval.maildrop)
            .await
            .unwrap()
            .len(),
        640
    );
}

pub(crate) async fn a_small_commit_overtakes_a_large_one(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let large = spooled(scene.delivery("large", noise(1, 100 << 20)));
    let large_is_there = AtomicBool::new(false);
    let commit_large = async {
        let committed = scene
            .store
            .commit_batch(scene.batch(vec![large]))
            .await
            .unwrap();
        large_is_there.store(true, Ordering::SeqCst);
        committed[0].messages[0]
    };
    let commit_small = async {
        // join! polls in order, so the large batch was sent first.
        for number in 0..5 {
            scene
                .commit_one(&format!("small {number}").replace(' ', "-"), b"small")
                .await;
            assert!(
                !large_is_there.load(Ordering::SeqCst),
                "small {number} had to wait"
            );
            assert_eq!(scene.inbox_messages().await.len(), number + 1);
        }
    };
    let (large, ()) = tokio::join!(biased; commit_large, commit_small);
    let message = scene.store.message_by_id(large).await.unwrap();
    assert_eq!(
        (message.uid.number(), message.size),
        (6, Octets::new(100 << 20))
    );
    assert!(scene.read(large).await == noise(1, 100 << 20));
}

/// Awaits all of them together, in one task.
pub(crate) async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|cx| {
        for (future, output) in &mut waiting {
            if output.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(cx)
            {
                *output = Some(ready);
            }
        }
        match waiting.iter().all(|(_, output)| output.is_some()) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    waiting
        .into_iter()
        .filter_map(|(_, output)| output)
        .collect()
}
