//! What lies in Trash goes after 30 days, and nothing else.

use std::time::Duration;

use inhaul_store::{Chore, LocalMessage, News, Store, Summary};
use inhaul_types::{Timestamp, Uid};

use super::mail::with_messages;
use super::{Bed, Scene};

const DAY: i64 = 24 * 3_600_000;
const START: i64 = 1_700_000_000_000;

/// Lets the service look after so many days, and says how many messages went.
async fn after<B: Bed>(bed: &B, scene: &Scene<B::Store>, days: i64) -> u64 {
    let now = Timestamp::from_millis(START + days * DAY);
    bed.set_now(now);
    let mut gone = 0;
    loop {
        let kept = scene.store.records();
        let kept = kept.housekeep(now, Duration::from_secs(90 * 86_400)).await;
        let kept = kept.unwrap();
        if let Some((Chore::EmptyTrash, messages)) = kept.done {
            gone += messages;
        }
        if !kept.more {
            return gone;
        }
    }
}

/// Day by day.
async fn day_by_day<B: Bed>(bed: &B, scene: &Scene<B::Store>, from: i64, to: i64) -> u64 {
    let mut gone = 0;
    for day in from..=to {
        gone += after(bed, scene, day).await;
    }
    gone
}

async fn counts<S: Store>(scene: &Scene<S>) -> Vec<(String, u64)> {
    let folders = scene.store.folder_list(scene.account).await.unwrap();
    let count = |folder: inhaul_store::Folder| (folder.name, folder.messages);
    folders.into_iter().map(count).collect()
}

pub(crate) async fn messages_in_trash_go_after_30_days(bed: &impl Bed) {
    let (mut scene, m) = with_messages(bed, 1_300).await;
    let mail = scene.store.mail();
    let trash = mail.folder_named(scene.account, "Trash").await.unwrap();
    mail.move_to(scene.account, &m[..1_200], trash)
        .await
        .unwrap();
    assert_eq!(day_by_day(bed, &scene, 0, 10).await, 0);
    let mail = scene.store.mail();
    mail.move_to(scene.account, &m[1_200..1_210], trash)
        .await
        .unwrap();
    assert_eq!(day_by_day(bed, &scene, 11, 29).await, 0);
    scene = scene.reopen(bed).await;
    let mut heard = scene.store.records().subscribe();
    assert_eq!(after(bed, &scene, 30).await, 1_200);
    let Some(News::Went(gone)) = heard.try_next() else {
        panic!("whoever listens is told");
    };
    assert_eq!((gone.account, gone.folder), (scene.account, trash));
    assert_eq!(
        counts(&scene).await,
        [("INBOX".into(), 90), ("Trash".into(), 10)]
    );
    assert!(scene.store.message_by_id(m[0]).await.is_err());
    // What was brought is known as it was: nothing of it comes again, or goes there.
    let ledger = scene.store.ledger_load(scene.retrieval.maildrop).await;
    assert_eq!(ledger.unwrap().len(), 1_300);
    assert_eq!(day_by_day(bed, &scene, 31, 39).await, 0);
    assert_eq!(after(bed, &scene, 40).await, 10);
}

pub(crate) async fn nothing_is_forgotten_that_was_taken_out(bed: &impl Bed) {
    let (scene, m) = with_messages(bed, 3).await;
    let mail = scene.store.mail();
    let trash = mail.folder_named(scene.account, "Trash").await.unwrap();
    mail.move_to(scene.account, &m, trash).await.unwrap();
    assert_eq!(day_by_day(bed, &scene, 0, 20).await, 0);
    mail.move_to(scene.account, &m[1..], scene.inbox)
        .await
        .unwrap();
    mail.move_to(scene.account, &m[2..], trash).await.unwrap();
    assert_eq!(day_by_day(bed, &scene, 21, 49).await, 1);
    assert_eq!(
        counts(&scene).await,
        [("INBOX".into(), 1), ("Trash".into(), 1)]
    );
    assert_eq!(after(bed, &scene, 50).await, 1);
    assert_eq!(day_by_day(bed, &scene, 51, 120).await, 0);
    assert_eq!(
        counts(&scene).await,
        [("INBOX".into(), 1), ("Trash".into(), 0)]
    );
}

pub(crate) async fn a_clock_that_jumps_ahead_does_not_empty_trash(bed: &impl Bed) {
    let (scene, m) = with_messages(bed, 2).await;
    let mail = scene.store.mail();
    let trash = mail.folder_named(scene.account, "Trash").await.unwrap();
    mail.move_to(scene.account, &m[..1], trash).await.unwrap();
    assert_eq!(after(bed, &scene, 0).await, 0);
    for day in [4_000, 0, 4_000, 1] {
        assert_eq!(after(bed, &scene, day).await, 0, "a jump to day {day}");
    }
    // Each jump counted three days, and setting it right none.
    assert_eq!(day_by_day(bed, &scene, 2, 24).await, 0);
    assert_eq!(after(bed, &scene, 25).await, 1);
    // What came by a clock that was ahead does not lie there for as long as it was.
    assert_eq!(after(bed, &scene, 9_000).await, 0);
    mail.move_to(scene.account, &m[1..], trash).await.unwrap();
    assert_eq!(day_by_day(bed, &scene, 26, 26 + 29).await, 0);
    assert_eq!(day_by_day(bed, &scene, 26 + 30, 26 + 33).await, 1);
}

pub(crate) async fn what_is_delivered_into_trash_counts_from_then_on(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    bed.set_now(Timestamp::from_millis(START));
    let mail = scene.store.mail();
    let trash = mail.folder_named(scene.account, "Trash").await.unwrap();
    // It came to the server long ago.
    let mut delivery = scene.delivery("a", b"one".to_vec());
    delivery.placements[0].folder = trash;
    delivery.internal_date = Timestamp::from_millis(START - 4_000 * DAY);
    scene.commit(vec![delivery]).await;
    let letter = LocalMessage {
        account: scene.account,
        folder: "Trash".into(),
        octets: b"Subject: two\r\n\r\ntwo\r\n".to_vec(),
        summary: Summary::default(),
        at: Timestamp::from_millis(START - 4_000 * DAY),
        settles: None,
    };
    scene.store.records().deliver_local(letter).await.unwrap();
    assert_eq!(day_by_day(bed, &scene, 0, 29).await, 0);
    assert_eq!(after(bed, &scene, 30).await, 2);
    let ledger = scene.store.ledger_load(scene.retrieval.maildrop).await;
    let ledger = ledger.unwrap();
    assert_eq!(ledger.len(), 1);
}

pub(crate) async fn trash_is_emptied_up_to_what_was_seen(bed: &impl Bed) {
    let (scene, m) = with_messages(bed, 2_500).await;
    let (mail, account) = (scene.store.mail(), scene.account);
    assert_eq!(mail.empty_trash(account, Uid::new(9)).await.unwrap(), 0);
    let trash = mail.folder_named(account, "Trash").await.unwrap();
    mail.move_to(account, &m[..2_400], trash).await.unwrap();
    let upto = Uid::new(2_395);
    assert_eq!(mail.empty_trash(account, upto).await.unwrap(), 2_395);
    assert_eq!(
        counts(&scene).await,
        [("INBOX".into(), 100), ("Trash".into(), 5)]
    );
    assert_eq!(mail.empty_trash(account, upto).await.unwrap(), 0);
    let ledger = scene.store.ledger_load(scene.retrieval.maildrop).await;
    assert_eq!(ledger.unwrap().len(), 2_500);
}
