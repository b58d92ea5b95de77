//! INBOX as a POP3 session reads it: the list at once, then body for body.

use inhaul_store::{Maildrop, Store, StoreError};
use inhaul_types::{AccountId, FolderId, Octets, Uid};

use super::{Bed, Scene, delivery_to, new_account, new_retrieval, noise};

pub(crate) async fn a_maildrop_is_inbox_in_the_order_of_its_uids(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let mut lists = new_retrieval("lists", scene.account);
    lists.folder = "Lists".into();
    scene.store.retrieval_create(lists).await.unwrap();
    let elsewhere = scene.store.retrieval_by_name("lists").await.unwrap().folder;
    let folder = scene.inbox;
    let nothing = Maildrop {
        folder,
        messages: Vec::new(),
    };
    let maildrop = async || scene.store.maildrop(scene.account).await.unwrap();
    assert_eq!(maildrop().await, nothing);

    let both = [scene.inbox, elsewhere];
    scene
        .commit(vec![
            scene.delivery("a", noise(1, 5)),
            delivery_to(&both, "b", Octets::new(70_000), noise(2, 70_000)),
            delivery_to(&[elsewhere], "c", Octets::new(3), noise(3, 3)),
            scene.delivery("d", Vec::new()),
        ])
        .await;
    scene.commit_one("e", b"12345").await;
    let maildrop = maildrop().await;
    assert_eq!(maildrop.folder, folder);
    assert_eq!(maildrop.messages.capacity(), 4);
    let sizes: Vec<u64> = maildrop.messages.iter().map(|m| m.size.count()).collect();
    assert_eq!(sizes, [5, 70_000, 0, 5]);
    let listed = scene.inbox_messages().await;
    assert_eq!(listed.len(), maildrop.messages.len());
    for (message, listed) in maildrop.messages.iter().zip(listed) {
        let hex: String = message
            .uidl
            .iter()
            .map(|octet| format!("{octet:02x}"))
            .collect();
        assert_eq!((message.uid, hex), (listed.uid, listed.uidl));
    }
    let scene = scene.reopen(bed).await;
    let again = scene.store.maildrop(scene.account).await.unwrap();
    assert_eq!(again, maildrop, "its unique-ids are the same for ever");
}

pub(crate) async fn a_maildrop_of_very_many_is_whole(bed: &impl Bed) {
    const MANY: usize = 9_000;
    let scene = Scene::set(bed).await;
    let all: Vec<_> = (0..MANY)
        .map(|n| scene.delivery(&format!("m{n}"), b"x".to_vec()))
        .collect();
    scene.commit(all).await;
    let maildrop = scene.store.maildrop(scene.account).await.unwrap();
    let uids: Vec<usize> = maildrop
        .messages
        .iter()
        .map(|message| message.uid.number() as usize)
        .collect();
    assert!(uids.into_iter().eq(1..=MANY));
    assert_eq!(maildrop.messages.capacity(), MANY);
}

pub(crate) async fn nobody_has_no_maildrop(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let bob = scene
        .store
        .account_create(new_account("bob"))
        .await
        .unwrap();
    let his = scene.store.folder_list(bob).await.unwrap()[0].id;
    let body = b"his".to_vec();
    scene
        .commit(vec![delivery_to(&[his], "a", Octets::new(3), body)])
        .await;
    let uid = scene.store.maildrop(bob).await.unwrap().messages[0].uid;
    scene.store.account_remove(bob).await.unwrap();
    for account in [bob, AccountId::new(77)] {
        let missing = scene.store.maildrop(account).await.unwrap_err();
        assert!(is_missing(&missing, "account"), "{missing:?}");
    }
    let opened = scene.store.message_body_at(his, uid).await;
    assert!(is_missing(&opened.err().unwrap(), "message"));
    let most = Octets::new(100);
    let ahead = scene.store.bodies_at(his, &[uid], most).await.unwrap();
    assert!(ahead.is_empty());
}

pub(crate) async fn a_body_is_opened_by_folder_and_uid(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let bodies = [
        Vec::new(),
        b"Subject: x\r\n\r\nsmall".to_vec(),
        noise(1, 40_000),
        noise(2, 3 << 20),
    ];
    for (number, body) in bodies.iter().enumerate() {
        scene.commit_one(&format!("m{number}"), body).await;
    }
    let maildrop = scene.store.maildrop(scene.account).await.unwrap();
    for (message, body) in maildrop.messages.iter().zip(&bodies) {
        let opened = scene.store.message_body_at(maildrop.folder, message.uid);
        let mut reader = opened.await.unwrap();
        let mut octets = Vec::new();
        loop {
            let chunk = reader.next_chunk().await.unwrap();
            assert!(chunk.len() <= 256 << 10, "a chunk of {}", chunk.len());
            if chunk.is_empty() {
                break;
            }
            octets.extend(chunk);
        }
        assert!(octets == *body, "{} octets differ", body.len());
    }
    let behind = Uid::new(5);
    for (folder, uid) in [
        (scene.inbox, behind),
        (scene.inbox, Uid::new(0)),
        (FolderId::new(4711), Uid::new(1)),
    ] {
        let opened = scene.store.message_body_at(folder, uid).await;
        assert!(is_missing(&opened.err().unwrap(), "message"));
    }
}

pub(crate) async fn bodies_are_read_ahead_as_far_as_they_fit(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    // Small, empty, in a segment, of several pieces.
    let bodies: Vec<Vec<u8>> = [100, 0, 40_000, 600_000, 4_096]
        .into_iter()
        .map(|size| noise(size as u64, size))
        .collect();
    for (number, body) in bodies.iter().enumerate() {
        scene.commit_one(&format!("m{number}"), body).await;
    }
    let ahead = async |uids: &[u32], most: u64| {
        let uids: Vec<Uid> = uids.iter().copied().map(Uid::new).collect();
        let read = scene.store.bodies_at(scene.inbox, &uids, Octets::new(most));
        read.await.unwrap()
    };
    for (most, fit) in [
        (0, 0),
        (99, 0),
        (100, 2),
        (40_099, 2),
        (40_100, 3),
        (640_099, 3),
        (640_100, 4),
        (644_195, 4),
        (644_196, 5),
        (u64::MAX, 5),
    ] {
        let read = ahead(&[1, 2, 3, 4, 5], most).await;
        assert!(read == bodies[..fit], "{most}: {}", read.len());
    }
    // In the order asked for, and no further than a message that is not there.
    let read = ahead(&[3, 1, 5], 1 << 20).await;
    assert!(read == [&bodies[2][..], &bodies[0], &bodies[4]]);
    let read = ahead(&[1, 6, 2], 1 << 20).await;
    assert!(read == bodies[..1]);
    assert!(ahead(&[6, 1], 1 << 20).await.is_empty());
    assert!(ahead(&[], 1 << 20).await.is_empty());
}

pub(crate) async fn no_more_is_read_ahead_than_4_mib(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let body = noise(7, 1 << 20);
    for number in 0..5 {
        scene.commit_one(&format!("m{number}"), &body).await;
    }
    let uids: Vec<Uid> = (1..=5).map(Uid::new).collect();
    let read = scene
        .store
        .bodies_at(scene.inbox, &uids, Octets::new(1 << 30));
    assert_eq!(read.await.unwrap().len(), 4);
}

fn is_missing(error: &StoreError, expected: &str) -> bool {
    matches!(error, StoreError::Missing { what, .. } if *what == expected)
}
