//! Folders get other names, and go; what delivers to them still finds them.

use inhaul_store::{Folder, News, Shown, Store, StoreError};
use inhaul_types::{FolderId, Octets, Uid};

use super::mail::{READ, with_messages};
use super::{Bed, Scene, begin, delivery_to, new_account, new_retrieval, noise};

async fn folders<S: Store>(scene: &Scene<S>) -> Vec<Folder> {
    scene.store.folder_list(scene.account).await.unwrap()
}

async fn names<S: Store>(scene: &Scene<S>) -> Vec<String> {
    let folders = folders(scene).await;
    folders.into_iter().map(|folder| folder.name).collect()
}

async fn folder<S: Store>(scene: &Scene<S>, name: &str) -> FolderId {
    let mail = scene.store.mail();
    mail.folder_named(scene.account, name).await.unwrap()
}

pub(crate) async fn names_of_folders_can_be_told_apart(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let (mail, account) = (scene.store.mail(), scene.account);
    let shop = mail.folder_create(account, "Shop").await.unwrap();
    for name in ["", " Shop", "Shop/", "a//b", "a\tb", &"x".repeat(201)] {
        for made in [
            mail.folder_create(account, name).await.map(drop),
            mail.folder_named(account, name).await.map(drop),
            mail.folder_rename(account, shop, name).await,
        ] {
            let why = made.unwrap_err();
            let is_bad = matches!(why, StoreError::BadFolderName { .. });
            assert!(is_bad, "{name:?}: {why:?}");
        }
        let mut retrieval = new_retrieval("other", account);
        retrieval.folder = name.to_owned();
        let why = scene.store.retrieval_create(retrieval).await.unwrap_err();
        assert!(matches!(why, StoreError::BadFolderName { .. }), "{name:?}");
    }
    assert!(matches!(
        mail.folder_create(account, "inbox").await,
        Err(StoreError::Exists { .. })
    ));
    assert_eq!(names(&scene).await, ["INBOX", "Shop"]);
}

pub(crate) async fn a_folder_that_is_renamed_takes_along_what_lies_in_it(bed: &impl Bed) {
    let (scene, m) = with_messages(bed, 2).await;
    let (mail, account) = (scene.store.mail(), scene.account);
    let shop = folder(&scene, "Shop").await;
    let old = folder(&scene, "Shop/Old").await;
    folder(&scene, "Shopping").await;
    mail.move_to(account, &m[..1], old).await.unwrap();
    let before = folders(&scene).await;
    let taken = mail.folder_rename(account, shop, "Shopping").await;
    assert!(matches!(taken, Err(StoreError::Exists { .. })));
    // Nothing of a rename is done where a part of it cannot be.
    let long = "x".repeat(198);
    let too_long = mail.folder_rename(account, shop, &long).await;
    assert!(matches!(too_long, Err(StoreError::BadFolderName { .. })));
    assert_eq!(folders(&scene).await, before);
    mail.folder_rename(account, shop, "Läden/Netz")
        .await
        .unwrap();
    let all = ["INBOX", "Läden/Netz", "Läden/Netz/Old", "Shopping"];
    assert_eq!(names(&scene).await, all);
    let after = folders(&scene).await;
    for (folder, was) in [(&after[1], &before[1]), (&after[2], &before[2])] {
        let renamed = Folder {
            name: folder.name.clone(),
            ..was.clone()
        };
        assert_eq!(*folder, renamed);
    }
    mail.folder_rename(account, shop, "Läden/Netz")
        .await
        .unwrap();
    assert_eq!(names(&scene).await, all);
    let bob = scene.store.account_create(new_account("bob"));
    let bobs = mail.folder_rename(bob.await.unwrap(), shop, "Mine").await;
    assert!(matches!(bobs, Err(StoreError::Missing { .. })));
}

pub(crate) async fn what_has_a_purpose_of_its_own_stays(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let (mail, account) = (scene.store.mail(), scene.account);
    let trash = folder(&scene, "Trash").await;
    let shop = folder(&scene, "Shop").await;
    for (folder, name) in [
        (scene.inbox, "Old"),
        (trash, "Old"),
        (shop, "inbox"),
        (shop, "Trash"),
        (shop, "Junk"),
    ] {
        let kept = mail.folder_rename(account, folder, name).await.unwrap_err();
        assert!(matches!(kept, StoreError::Permanent { what: "folder", .. }));
    }
    for folder in [scene.inbox, trash] {
        let kept = mail.folder_remove(account, folder).await.unwrap_err();
        assert!(matches!(kept, StoreError::Permanent { what: "folder", .. }));
    }
    assert_eq!(names(&scene).await, ["INBOX", "Shop", "Trash"]);
}

pub(crate) async fn a_folder_that_is_removed_leaves_its_mail_in_trash(bed: &impl Bed) {
    let (mut scene, m) = with_messages(bed, 3).await;
    let mail = scene.store.mail();
    let shop = folder(&scene, "Shop").await;
    folder(&scene, "Shop/Old").await;
    mail.move_to(scene.account, &m[1..], shop).await.unwrap();
    mail.mark(scene.account, &m[2..], READ).await.unwrap();
    let validity = folders(&scene).await[1].uid_validity;
    let mut heard = scene.store.records().subscribe();
    assert_eq!(mail.folder_remove(scene.account, shop).await.unwrap(), 2);
    assert!(matches!(heard.try_next(), Some(News::Went(gone)) if gone.folder == shop));
    assert!(matches!(heard.try_next(), Some(News::Came(come)) if *come.messages == m[1..]));
    for _ in ["at once", "after opening again"] {
        assert_eq!(names(&scene).await, ["INBOX", "Shop/Old", "Trash"]);
        let trash = &folders(&scene).await[2];
        assert_eq!((trash.messages, trash.unseen), (2, 1));
        let lie_there = scene
            .store
            .mail()
            .newest_shown(trash.id, Shown::All, None, 9);
        let lie_there = lie_there.await.unwrap();
        let lie_there: Vec<_> = lie_there.iter().map(|message| message.id).collect();
        assert_eq!(lie_there, [m[2], m[1]]);
        scene = scene.reopen(bed).await;
    }
    let mail = scene.store.mail();
    let gone = mail.folder_remove(scene.account, shop).await.unwrap_err();
    assert!(matches!(gone, StoreError::Missing { .. }));
    // It is another folder under the old name.
    let again = folder(&scene, "Shop").await;
    assert_ne!(again, shop);
    assert!(folders(&scene).await[1].uid_validity > validity);
    let bob = scene.store.account_create(new_account("bob"));
    let bobs = mail.folder_remove(bob.await.unwrap(), again).await;
    assert!(matches!(bobs, Err(StoreError::Missing { .. })));
}

pub(crate) async fn very_many_messages_of_a_removed_folder_go_to_trash(bed: &impl Bed) {
    let (scene, m) = with_messages(bed, 2_000).await;
    let mail = scene.store.mail();
    let shop = folder(&scene, "Shop").await;
    mail.move_to(scene.account, &m, shop).await.unwrap();
    assert_eq!(
        mail.folder_remove(scene.account, shop).await.unwrap(),
        2_000
    );
    let folders = folders(&scene).await;
    let counts: Vec<_> = folders
        .iter()
        .map(|folder| (&*folder.name, folder.messages, folder.unseen))
        .collect();
    assert_eq!(counts, [("INBOX", 0, 0), ("Trash", 2_000, 2_000)]);
    assert_eq!(folders[1].uid_next, Uid::new(2_001));
}

/// A scene whose retrieval delivers to Shop.
async fn into_shop<B: Bed>(bed: &B) -> (Scene<B::Store>, FolderId) {
    let mut scene = Scene::set(bed).await;
    let mut into_shop = new_retrieval("shop", scene.account);
    into_shop.folder = "Shop".into();
    scene.store.retrieval_create(into_shop).await.unwrap();
    scene.retrieval = scene.store.retrieval_by_name("shop").await.unwrap();
    scene.run = begin(&scene.store, &scene.retrieval).await;
    let shop = scene.retrieval.folder;
    (scene, shop)
}

async fn bring<S: Store>(scene: &Scene<S>, id: &str, to: FolderId) -> inhaul_types::MessageId {
    let body = noise(9, 30);
    let delivery = delivery_to(&[to], id, Octets::of_len(body.len()), body);
    scene.commit(vec![delivery]).await[0].messages[0]
}

pub(crate) async fn a_rename_is_followed_by_what_delivers_there(bed: &impl Bed) {
    let (scene, shop) = into_shop(bed).await;
    let mail = scene.store.mail();
    let changes = *scene.store.changes().borrow();
    mail.folder_rename(scene.account, shop, "Shopping")
        .await
        .unwrap();
    assert!(*scene.store.changes().borrow() > changes);
    let retrieval = scene.store.retrieval_by_name("shop").await.unwrap();
    assert_eq!(
        (&*retrieval.folder_name, retrieval.maildrop),
        ("Shopping", scene.retrieval.maildrop)
    );
    let brought = bring(&scene, "a", shop).await;
    let message = scene.store.message_by_id(brought).await.unwrap();
    assert_eq!(message.folder_name, "Shopping");
}

pub(crate) async fn a_removed_folder_is_made_again_by_the_next_message_for_it(bed: &impl Bed) {
    let (mut scene, shop) = into_shop(bed).await;
    bring(&scene, "a", shop).await;
    let validity = folders(&scene).await[1].uid_validity;
    let removed = scene.store.mail().folder_remove(scene.account, shop).await;
    assert_eq!(removed.unwrap(), 1);
    assert_eq!(names(&scene).await, ["INBOX", "Trash"]);
    scene = scene.reopen(bed).await;
    assert_eq!(names(&scene).await, ["INBOX", "Trash"]);
    let ledger = scene.store.ledger_load(scene.retrieval.maildrop).await;
    assert_eq!(ledger.unwrap().len(), 1, "what was brought is known");
    let again = scene.store.mail().folder_remove(scene.account, shop).await;
    assert!(matches!(again, Err(StoreError::Missing { .. })));
    let brought = bring(&scene, "b", shop).await;
    let folders_now = folders(&scene).await;
    assert_eq!(
        (&*folders_now[1].name, folders_now[1].messages),
        ("Shop", 1)
    );
    assert!(folders_now[1].uid_validity > validity);
    let message = scene.store.message_by_id(brought).await.unwrap();
    assert_eq!(message.folder, shop);
    // Whoever makes a folder of its name makes that one.
    let removed = scene.store.mail().folder_remove(scene.account, shop).await;
    assert_eq!(removed.unwrap(), 1);
    let made = scene.store.mail().folder_create(scene.account, "Shop");
    assert_eq!(made.await.unwrap(), shop);
    assert_eq!(names(&scene).await, ["INBOX", "Shop", "Trash"]);
}
