//! Bytes are sacred, and kept once.

use inhaul_store::{Store, StoreError};
use inhaul_types::{MessageId, Octets};

use super::{Bed, Scene, delivery_to, new_account, noise, read_body, sha256, spooled};

pub(crate) async fn every_octet_comes_back(bed: &impl Bed) {
    let all_octets: Vec<u8> = (0..=255).collect();
    let mut scene = Scene::set(bed).await;
    let mut bodies = vec![
        Vec::new(),
        vec![0],
        b"\0\0\r\n.\r\n..\n\r\xff\xfe".to_vec(),
        all_octets,
        b"Subject: x\r\n\r\n".to_vec(),
        b"Subject: 8 bit \xe9\r\n\r\nbody \0 with NUL".to_vec(),
    ];
    for size in [
        1 << 18,
        (1 << 18) + 1,
        (1 << 20) - 1,
        1 << 20,
        (1 << 20) + 1,
        5_000_000,
    ] {
        bodies.push(noise(size as u64, size));
        let mut with_header = b"From: a\r\n\r\n".to_vec();
        with_header.extend(noise(!(size as u64), size));
        bodies.push(with_header);
    }
    // A header longer than a piece.
    let mut long_header = vec![b'h'; 300 << 10];
    long_header.extend(b"\r\n\r\n");
    long_header.extend(noise(3, 300 << 10));
    bodies.push(long_header);
    let mut ids = Vec::new();
    for (number, body) in bodies.iter().enumerate() {
        let delivery = scene.delivery(&format!("m{number}"), body.clone());
        let delivery = if body.len() > 4_000_000 {
            spooled(delivery)
        } else {
            delivery
        };
        ids.push(scene.commit(vec![delivery]).await[0].messages[0]);
    }
    for _ in ["as written", "after opening again"] {
        for (id, body) in ids.iter().zip(&bodies) {
            let message = scene.store.message_by_id(*id).await.unwrap();
            assert_eq!(message.size, Octets::of_len(body.len()));
            assert_eq!(message.digest, sha256(body));
            assert!(
                scene.read(*id).await == *body,
                "{} octets differ",
                body.len()
            );
        }
        scene = scene.reopen(bed).await;
    }
}

pub(crate) async fn the_same_octets_are_one_body(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    for size in [100, 3 << 20] {
        let body = noise(9, size);
        let [first, second] = ["a", "b"].map(|id| spooled(scene.delivery(id, body.clone())));
        let third = scene.delivery("c", body.clone());
        let mut ids: Vec<MessageId> = Vec::new();
        for committed in scene.commit(vec![first, second]).await {
            ids.extend(committed.messages);
        }
        ids.extend(&scene.commit(vec![third]).await[0].messages);
        let mut bodies = Vec::new();
        for id in ids {
            bodies.push(scene.store.message_by_id(id).await.unwrap().body);
            assert!(scene.read(id).await == body);
        }
        assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    }
}

pub(crate) async fn two_runs_with_the_same_large_body_store_it_once(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let body = noise(4, 5 << 20);
    let commit = |id: &'static str| {
        let batch = scene.batch(vec![spooled(scene.delivery(id, body.clone()))]);
        scene.store.commit_batch(batch)
    };
    let (one, other) = tokio::join!(commit("a"), commit("b"));
    let (one, other) = (one.unwrap()[0].messages[0], other.unwrap()[0].messages[0]);
    let body_of = async |id| scene.store.message_by_id(id).await.unwrap().body;
    assert_eq!(body_of(one).await, body_of(other).await);
    assert!(scene.read(one).await == body && scene.read(other).await == body);
}

pub(crate) async fn one_message_for_ten_folders_is_ten_placements_of_one_body(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let mut folders = vec![scene.inbox];
    for name in ["b", "c", "d"] {
        let account = scene.store.account_create(new_account(name)).await.unwrap();
        folders.push(scene.store.folder_list(account).await.unwrap()[0].id);
    }
    let delivery = delivery_to(&folders, "x", Octets::new(5), b"hello".to_vec());
    let committed = scene.commit(vec![delivery]).await.remove(0);
    assert_eq!(committed.messages.len(), folders.len());
    for (id, folder) in committed.messages.iter().zip(&folders) {
        let message = scene.store.message_by_id(*id).await.unwrap();
        assert_eq!(
            (message.folder, scene.read(*id).await),
            (*folder, b"hello".to_vec())
        );
    }
    let ledger = scene
        .store
        .ledger_load(scene.retrieval.maildrop)
        .await
        .unwrap();
    assert_eq!(ledger.len(), 1);
}

pub(crate) async fn a_spool_shorter_than_promised_stores_nothing(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    for size in [100, 3 << 20] {
        let mut short = spooled(scene.delivery("short", noise(1, size)));
        if let inhaul_store::Body::Spooled { size, .. } = &mut short.body {
            *size = Octets::new(size.count() + 1);
        }
        let good = scene.delivery("good", b"good".to_vec());
        let failed = scene
            .store
            .commit_batch(scene.batch(vec![good, short]))
            .await;
        assert!(matches!(failed, Err(StoreError::Io { .. })), "{failed:?}");
        assert!(scene.inbox_messages().await.is_empty());
        let ledger = scene
            .store
            .ledger_load(scene.retrieval.maildrop)
            .await
            .unwrap();
        assert!(ledger.is_empty());
    }
}

pub(crate) async fn an_unknown_message_is_missing(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let unknown = MessageId::new(4711);
    let missing = |error| {
        matches!(
            error,
            StoreError::Missing {
                what: "message",
                ..
            }
        )
    };
    assert!(missing(
        scene.store.message_by_id(unknown).await.unwrap_err()
    ));
    assert!(missing(read_body(&scene.store, unknown).await.unwrap_err()));
}
