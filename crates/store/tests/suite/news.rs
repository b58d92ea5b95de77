//! Whoever listens hears of messages when they are durable, and when they are gone.

use inhaul_store::{LocalMessage, News, Store, Summary};
use inhaul_types::{Octets, Timestamp, Uid};

use super::{Bed, Scene, delivery_to, new_account};

pub(crate) async fn a_listener_hears_of_each_folder(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    scene.commit_one("before", b"nobody listens").await;
    let bob = scene
        .store
        .account_create(new_account("bob"))
        .await
        .unwrap();
    let his = scene.store.folder_list(bob).await.unwrap()[0].id;
    let mut listener = scene.store.records().subscribe();
    assert_eq!(listener.try_next(), None);
    let shared = delivery_to(&[scene.inbox, his], "s", Octets::new(6), b"shared".to_vec());
    let committed = scene
        .commit(vec![shared, scene.delivery("own", b"own".to_vec())])
        .await;
    let mut heard = Vec::new();
    while let Some(news) = listener.try_next() {
        match news {
            News::Came(came) => heard.push((came.account, came.folder, came.messages.to_vec())),
            other => panic!("{other:?}"),
        }
    }
    heard.sort();
    let (shared, own) = (&committed[0].messages, committed[1].messages[0]);
    let expected = [
        (scene.account, scene.inbox, vec![shared[0], own]),
        (bob, his, vec![shared[1]]),
    ];
    assert_eq!(heard, expected);
    let message = LocalMessage {
        account: bob,
        folder: "INBOX".into(),
        octets: b"hello".to_vec(),
        summary: Summary::default(),
        at: Timestamp::from_millis(1),
        settles: None,
    };
    let id = scene.store.records().deliver_local(message).await.unwrap();
    match listener.next().await {
        Some(News::Came(came)) => assert_eq!(came.messages.to_vec(), [id]),
        other => panic!("{other:?}"),
    }
    scene.store.close().await.unwrap();
    assert_eq!(listener.next().await, None);
}

pub(crate) async fn nothing_is_heard_of_a_batch_that_failed(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let mut listener = scene.store.records().subscribe();
    let nowhere = inhaul_types::FolderId::new(4711);
    let good = scene.delivery("good", b"good".to_vec());
    let bad = delivery_to(&[nowhere], "bad", Octets::new(3), b"bad".to_vec());
    scene
        .store
        .commit_batch(scene.batch(vec![good, bad]))
        .await
        .unwrap_err();
    assert_eq!(listener.try_next(), None);
}

pub(crate) async fn a_listener_hears_of_what_went(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    for number in 0..4_u32 {
        scene.commit_one(&number.to_string(), b"x").await;
    }
    let mut listener = scene.store.records().subscribe();
    let remove = async |numbers: &[u32]| {
        let uids: Vec<Uid> = numbers.iter().copied().map(Uid::new).collect();
        scene
            .store
            .message_remove(scene.inbox, &uids)
            .await
            .unwrap();
    };
    remove(&[4, 9, 2]).await;
    let Some(News::Went(went)) = listener.try_next() else {
        panic!("nothing was heard");
    };
    assert_eq!((went.account, went.folder), (scene.account, scene.inbox));
    assert_eq!(went.uids.to_vec(), [Uid::new(2), Uid::new(4)]);
    remove(&[2, 9]).await;
    assert_eq!(listener.try_next(), None, "nothing went");
}

pub(crate) async fn a_slow_listener_is_told_what_it_missed(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let mut listener = scene.store.records().subscribe();
    for number in 0..300_u32 {
        scene.commit_one(&number.to_string(), b"x").await;
    }
    let mut heard = 0;
    let mut missed = 0;
    while let Some(news) = listener.try_next() {
        match news {
            News::Came(_) => heard += 1,
            News::Missed(some) => missed += some,
            News::Went(went) => panic!("{went:?}"),
        }
    }
    assert!(missed > 0 && heard > 0, "{missed} {heard}");
    assert_eq!(heard + missed, 300);
}
