//! People mark and move their own mail, and nobody else's.

use inhaul_store::{ActedOn, FlagChange, Flags, LARGE, Marked, Shown, Store, StoreError, Usage};
use inhaul_types::{FolderId, MessageId, Octets, Timestamp, Uid};

use super::{Bed, Scene, new_account, noise};

pub(crate) const READ: FlagChange = FlagChange {
    set: Flags::SEEN,
    clear: Flags::from_bits(0),
};

/// A scene with so many messages, one a minute, oldest first.
pub(crate) async fn with_messages<B: Bed>(
    bed: &B,
    count: usize,
) -> (Scene<B::Store>, Vec<MessageId>) {
    let scene = Scene::set(bed).await;
    let deliveries = (0..count).map(|n| {
        let mut delivery = scene.delivery(&format!("m{n}"), noise(1, 10 + n));
        delivery.internal_date = Timestamp::from_millis(60_000 * i64::try_from(n).unwrap());
        delivery
    });
    let committed = scene.commit(deliveries.collect()).await;
    let messages = committed.iter().map(|one| one.messages[0]).collect();
    (scene, messages)
}

/// How many of each folder nobody has read, INBOX first.
async fn unseen<S: Store>(scene: &Scene<S>) -> Vec<u64> {
    let folders = scene.store.folder_list(scene.account).await.unwrap();
    folders.iter().map(|folder| folder.unseen).collect()
}

async fn listed<S: Store>(scene: &Scene<S>, folder: FolderId, shown: Shown) -> Vec<MessageId> {
    let mail = scene.store.mail();
    let newest = mail.newest_shown(folder, shown, None, 100).await.unwrap();
    let numbers: Vec<_> = newest.iter().map(|message| message.id).collect();
    for (newer, message) in (0..).zip(&newest) {
        let place = mail.place_at(folder, shown, newer).await.unwrap();
        assert_eq!(place, Some((message.internal_date, message.id)));
    }
    let behind = mail.place_at(folder, shown, newest.len() as u64).await;
    assert_eq!(behind.unwrap(), None);
    // Page by page it is the same.
    let (mut paged, mut before) = (Vec::new(), None);
    loop {
        let page = mail.newest_shown(folder, shown, before, 2).await.unwrap();
        let Some(last) = page.last() else {
            break;
        };
        before = Some((last.internal_date, last.id));
        paged.extend(page.iter().map(|message| message.id));
    }
    assert_eq!(numbers, paged);
    numbers
}

pub(crate) async fn what_is_read_is_not_counted_as_unread(bed: &impl Bed) {
    let (mut scene, m) = with_messages(bed, 5).await;
    assert_eq!(unseen(&scene).await, [5]);
    let before = |message| ActedOn {
        message,
        folder: scene.inbox,
        flags: Flags::default(),
    };
    let star = FlagChange {
        set: Flags::FLAGGED,
        clear: Flags::SEEN,
    };
    let mail = scene.store.mail();
    let two = [m[1], m[3]];
    let marked = mail.mark(scene.account, &two, READ).await.unwrap();
    assert_eq!(marked, two.map(before));
    // What is so already did not change.
    let again = mail.mark(scene.account, &[m[1], m[0]], READ).await.unwrap();
    assert_eq!(again, [before(m[0])]);
    let starred = mail.mark(scene.account, &[m[1], m[2]], star).await.unwrap();
    assert_eq!(starred.len(), 2);
    for _ in ["at once", "after opening again"] {
        assert_eq!(unseen(&scene).await, [3]);
        let list = async |shown| listed(&scene, scene.inbox, shown).await;
        assert_eq!(list(Shown::All).await, [m[4], m[3], m[2], m[1], m[0]]);
        assert_eq!(list(Shown::Unseen).await, [m[4], m[2], m[1]]);
        assert_eq!(list(Shown::Flagged).await, [m[2], m[1]]);
        let message = scene.store.message_by_id(m[2]).await.unwrap();
        assert_eq!(message.flags, Flags::FLAGGED);
        scene = scene.reopen(bed).await;
    }
    let mail = scene.store.mail();
    mail.mark(scene.account, &m, READ).await.unwrap();
    assert_eq!(unseen(&scene).await, [0]);
    let unread = FlagChange {
        set: Flags::default(),
        clear: Flags::SEEN,
    };
    mail.mark(scene.account, &m[..2], unread).await.unwrap();
    assert_eq!(unseen(&scene).await, [2]);
    // What goes is not counted any more.
    let two = [Uid::new(1), Uid::new(5)];
    let gone = scene.store.message_remove(scene.inbox, &two);
    assert_eq!(gone.await.unwrap(), 2);
    assert_eq!(unseen(&scene).await, [1]);
}

pub(crate) async fn what_is_moved_is_elsewhere_and_comes_back(bed: &impl Bed) {
    let (scene, m) = with_messages(bed, 3).await;
    let mail = scene.store.mail();
    let shop = mail.folder_create(scene.account, "Shop").await.unwrap();
    let taken = mail.folder_create(scene.account, "Shop").await.unwrap_err();
    assert!(matches!(taken, StoreError::Exists { what: "folder", .. }));
    assert_eq!(
        mail.folder_named(scene.account, "Shop").await.unwrap(),
        shop
    );
    let uidl = scene.store.message_by_id(m[1]).await.unwrap().uidl;
    mail.mark(scene.account, &[m[1]], READ).await.unwrap();
    let moved = mail
        .move_to(scene.account, &[m[1], m[2]], shop)
        .await
        .unwrap();
    let from: Vec<_> = moved.iter().map(|one| (one.message, one.folder)).collect();
    assert_eq!(from, [(m[1], scene.inbox), (m[2], scene.inbox)]);
    let again = mail.move_to(scene.account, &[m[1]], shop).await.unwrap();
    assert_eq!(again, []);
    let folders = scene.store.folder_list(scene.account).await.unwrap();
    let counts: Vec<_> = folders
        .iter()
        .map(|folder| {
            (
                folder.messages,
                folder.octets.count(),
                folder.uid_next.number(),
            )
        })
        .collect();
    assert_eq!(counts, [(1, 10, 4), (2, 11 + 12, 3)]);
    assert_eq!(listed(&scene, scene.inbox, Shown::All).await, [m[0]]);
    assert_eq!(listed(&scene, shop, Shown::All).await, [m[2], m[1]]);
    assert_eq!(listed(&scene, shop, Shown::Unseen).await, [m[2]]);
    assert_eq!(unseen(&scene).await, [1, 1]);
    // What POP3 programs know of it stays; IMAP's number is of the folder.
    mail.move_to(scene.account, &[m[1]], scene.inbox)
        .await
        .unwrap();
    let message = scene.store.message_by_id(m[1]).await.unwrap();
    assert_eq!((message.uidl, message.uid), (uidl, Uid::new(4)));
    assert_eq!(message.flags, Flags::SEEN);
    assert_eq!(scene.read(m[1]).await.len(), 11);
    let maildrop = scene.store.maildrop(scene.account).await.unwrap();
    let uids: Vec<_> = maildrop
        .messages
        .iter()
        .map(|one| one.uid.number())
        .collect();
    assert_eq!(uids, [1, 4]);
}

pub(crate) async fn what_is_named_twice_is_counted_once(bed: &impl Bed) {
    let (scene, m) = with_messages(bed, 3).await;
    let mail = scene.store.mail();
    let twice = [m[0], m[1], m[0]];
    let marked = mail.mark(scene.account, &twice, READ).await.unwrap();
    assert_eq!(marked.len(), 2);
    assert_eq!(unseen(&scene).await, [1]);
    let shop = mail.folder_named(scene.account, "Shop").await.unwrap();
    let moved = mail.move_to(scene.account, &twice, shop).await.unwrap();
    assert_eq!(moved.len(), 2);
    let folders = scene.store.folder_list(scene.account).await.unwrap();
    let counts: Vec<_> = folders.iter().map(|folder| folder.messages).collect();
    assert_eq!(counts, [1, 2]);
}

pub(crate) async fn what_is_anothers_is_left_alone(bed: &impl Bed) {
    let (scene, m) = with_messages(bed, 2).await;
    let bob = scene
        .store
        .account_create(new_account("bob"))
        .await
        .unwrap();
    let bobs = scene.store.folder_list(bob).await.unwrap()[0].id;
    let mail = scene.store.mail();
    assert_eq!(mail.mark(bob, &m, READ).await.unwrap(), []);
    assert_eq!(mail.move_to(bob, &m, bobs).await.unwrap(), []);
    let elsewhere = mail.move_to(scene.account, &m, bobs).await.unwrap_err();
    assert!(matches!(
        elsewhere,
        StoreError::Missing { what: "folder", .. }
    ));
    let gone = mail
        .mark(scene.account, &[MessageId::new(9_999)], READ)
        .await;
    assert_eq!(gone.unwrap(), []);
    assert_eq!(mail.mark(scene.account, &[], READ).await.unwrap(), []);
    assert_eq!(unseen(&scene).await, [2]);
}

pub(crate) async fn many_are_acted_on_in_slices(bed: &impl Bed) {
    let (scene, m) = with_messages(bed, 2_500).await;
    let mail = scene.store.mail();
    let marked = mail.mark(scene.account, &m, READ).await.unwrap();
    assert_eq!(marked.len(), 2_500);
    let archive = mail.folder_named(scene.account, "Archive").await.unwrap();
    let moved = mail.move_to(scene.account, &m, archive).await.unwrap();
    assert_eq!(moved.len(), 2_500);
    let folders = scene.store.folder_list(scene.account).await.unwrap();
    let counts: Vec<_> = folders.iter().map(|folder| folder.messages).collect();
    assert_eq!(counts, [0, 2_500]);
    assert_eq!(unseen(&scene).await, [0, 0]);
}

pub(crate) async fn all_that_was_seen_is_marked_and_what_came_since_is_not(bed: &impl Bed) {
    let (scene, m) = with_messages(bed, 5).await;
    let mail = scene.store.mail();
    mail.mark(scene.account, &m[1..2], READ).await.unwrap();
    let seen = Uid::new(4);
    let marked = mail
        .mark_all(scene.account, scene.inbox, seen, READ)
        .await
        .unwrap();
    assert_eq!(marked.messages, 3);
    let acted_on: Vec<_> = marked
        .acted_on
        .unwrap()
        .iter()
        .map(|one| (one.message, one.flags))
        .collect();
    let unread = Flags::default();
    assert_eq!(acted_on, [(m[0], unread), (m[2], unread), (m[3], unread)]);
    assert_eq!(
        listed(&scene, scene.inbox, Shown::Unseen).await,
        [m[4]],
        "it came behind"
    );
    assert_eq!(unseen(&scene).await, [1]);
    let again = mail.mark_all(scene.account, scene.inbox, seen, READ).await;
    let nothing = Marked {
        messages: 0,
        acted_on: Some(Vec::new()),
    };
    assert_eq!(again.unwrap(), nothing);
    let bob = scene.store.account_create(new_account("bob"));
    let theirs = mail.mark_all(bob.await.unwrap(), scene.inbox, seen, READ);
    let theirs = theirs.await.unwrap_err();
    assert!(matches!(theirs, StoreError::Missing { what: "folder", .. }));
}

pub(crate) async fn so_many_are_marked_that_none_can_be_taken_back(bed: &impl Bed) {
    let most = Marked::UNDOABLE;
    let (scene, _) = with_messages(bed, most + 1).await;
    let mail = scene.store.mail();
    let unread = FlagChange {
        set: Flags::default(),
        clear: Flags::SEEN,
    };
    let all = Uid::new(u32::MAX);
    for (upto, change, marked, can_be_undone) in [
        (all, READ, most + 1, false),
        (all, unread, most + 1, false),
        (Uid::new(10_000), READ, most, true),
    ] {
        let found = mail.mark_all(scene.account, scene.inbox, upto, change);
        let found = found.await.unwrap();
        assert_eq!(found.messages, marked as u64);
        let kept = found.acted_on.map(|acted_on| acted_on.len());
        assert_eq!(kept, can_be_undone.then_some(marked));
    }
    assert_eq!(unseen(&scene).await, [1]);
}

pub(crate) async fn what_has_a_star_is_found_in_every_folder_but_trash(bed: &impl Bed) {
    let (scene, m) = with_messages(bed, 9).await;
    let (mail, account) = (scene.store.mail(), scene.account);
    let star = FlagChange {
        set: Flags::FLAGGED,
        clear: Flags::default(),
    };
    let none = mail.newest_starred(account, None, 9).await.unwrap();
    assert_eq!(none.len(), 0);
    assert_eq!(mail.starred(account, 9).await.unwrap(), 0);
    mail.mark(account, &m[1..], star).await.unwrap();
    for (folder, messages) in [
        ("Shop", &m[2..4]),
        ("Shop/Old", &m[6..7]),
        ("Trash", &m[4..6]),
    ] {
        let folder = mail.folder_named(account, folder).await.unwrap();
        mail.move_to(account, messages, folder).await.unwrap();
    }
    let all = [m[8], m[7], m[6], m[3], m[2], m[1]];
    for most in [1, 2, 5, 6, 100] {
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = mail.newest_starred(account, before, most).await.unwrap();
            assert!(page.len() <= most as usize);
            let Some(last) = page.last() else {
                break;
            };
            before = Some((last.internal_date, last.id));
            found.extend(page.iter().map(|message| message.id));
        }
        assert_eq!(found, all, "{most} a page");
        let counted = mail.starred(account, most).await.unwrap();
        assert_eq!(counted, most.min(6));
    }
    let bob = scene.store.account_create(new_account("bob"));
    let bobs = mail.newest_starred(bob.await.unwrap(), None, 9).await;
    assert_eq!(bobs.unwrap().len(), 0);
}

pub(crate) async fn the_largest_come_first_and_each_once(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let large = usize::try_from(LARGE.count()).unwrap();
    let sizes = [large - 1, large, large + 7, large, 3 * large, 10, large + 7];
    let deliveries = sizes
        .iter()
        .enumerate()
        .map(|(n, size)| scene.delivery(&format!("m{n}"), noise(n as u64, *size)));
    let committed = scene.commit(deliveries.collect()).await;
    let m: Vec<_> = committed.iter().map(|one| one.messages[0]).collect();
    let (mail, account) = (scene.store.mail(), scene.account);
    let shop = mail.folder_named(account, "Shop").await.unwrap();
    let trash = mail.folder_named(account, "Trash").await.unwrap();
    mail.move_to(account, &[m[2], m[3]], shop).await.unwrap();
    mail.move_to(account, &[m[1]], trash).await.unwrap();
    for (folder, all) in [
        (None, &[m[4], m[6], m[2], m[3], m[1]][..]),
        (Some(shop), &[m[2], m[3]]),
        (Some(trash), &[m[1]]),
        (Some(FolderId::new(9_999)), &[]),
    ] {
        for most in [1, 2, 100] {
            let (mut found, mut before) = (Vec::new(), None);
            loop {
                let page = mail.largest(account, folder, before, most).await.unwrap();
                let Some(last) = page.last() else {
                    break;
                };
                before = Some((last.size, last.id));
                found.extend(page.iter().map(|message| message.id));
            }
            assert_eq!(found, all, "{most} a page of {folder:?}");
        }
    }
    let octets: usize = sizes.iter().sum();
    let mut usage = Usage {
        octets: Octets::of_len(octets),
        quota: None,
    };
    assert_eq!(mail.usage(account).await.unwrap(), usage);
    let change = inhaul_store::AccountChange {
        limits: Some(inhaul_store::Limits {
            mailbox: Some(Octets::new(5_000_000)),
            ..inhaul_store::Limits::default()
        }),
        ..inhaul_store::AccountChange::default()
    };
    scene.store.account_change(account, change).await.unwrap();
    usage.quota = Some(Octets::new(5_000_000));
    assert_eq!(mail.usage(account).await.unwrap(), usage);
}
