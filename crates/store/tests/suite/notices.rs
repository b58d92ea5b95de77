//! Notices are told once, tried for three days, and seen when they are given up.

use inhaul_store::{
    LocalMessage, NewNotice, NoticeFate, NoticeSubject, Store, StoreError, Summary,
};
use inhaul_types::{AccountId, NoticeId, RetrievalId, Timestamp};

use super::{Bed, Scene};

const DAY: i64 = 24 * 3_600_000;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn notice(created: i64, payload: &str) -> NewNotice {
    NewNotice {
        created: at(created),
        channel: "inbox".into(),
        payload: payload.into(),
    }
}

async fn due(store: &impl Store, now: i64) -> Vec<String> {
    let due = store.records().notices_due(at(now), 100).await.unwrap();
    due.into_iter().map(|notice| notice.payload).collect()
}

pub(crate) async fn what_was_told_and_the_notices_are_written_together(bed: &impl Bed) {
    let mut scene = Scene::set(bed).await;
    let retrieval = scene.retrieval.id;
    let id = NoticeSubject::Retrieval(retrieval);
    let gone = NoticeSubject::Retrieval(RetrievalId::new(99));
    let states = vec![(id, Some("1 failing".to_owned())), (gone, Some("x".into()))];
    let notices = vec![notice(5, "first"), notice(6, "second")];
    let ids = scene
        .store
        .records()
        .notice_record(states, notices)
        .await
        .unwrap();
    assert_eq!(ids.len(), 2);
    scene = scene.reopen(bed).await;
    let records = scene.store.records();
    assert_eq!(
        records.notice_states().await.unwrap(),
        [(id, "1 failing".to_owned())]
    );
    assert_eq!(due(&scene.store, 5).await, ["first"]);
    assert_eq!(due(&scene.store, 6).await, ["first", "second"]);
    records.notice_done(ids[0]).await.unwrap();
    records.notice_done(ids[0]).await.unwrap();
    assert_eq!(due(&scene.store, 6).await, ["second"]);
    let again = vec![(id, Some("2".to_owned()))];
    records.notice_record(again, Vec::new()).await.unwrap();
    assert_eq!(
        records.notice_states().await.unwrap(),
        [(id, "2".to_owned())]
    );
    scene.store.retrieval_remove(retrieval).await.unwrap();
    assert_eq!(scene.store.records().notice_states().await.unwrap(), []);
}

pub(crate) async fn what_was_told_of_the_server_itself_is_remembered(bed: &impl Bed) {
    let mut scene = Scene::set(bed).await;
    let of_server = |told: &str| vec![(NoticeSubject::Server, Some(told.to_owned()))];
    for told in ["1 failing", "1 -"] {
        let records = scene.store.records();
        records
            .notice_record(of_server(told), Vec::new())
            .await
            .unwrap();
        scene = scene.reopen(bed).await;
        let states = scene.store.records().notice_states().await.unwrap();
        assert_eq!(states, [(NoticeSubject::Server, told.to_owned())]);
    }
    let records = scene.store.records();
    let forgotten = vec![(NoticeSubject::Server, None)];
    records.notice_record(forgotten, Vec::new()).await.unwrap();
    assert_eq!(records.notice_states().await.unwrap(), []);
}

pub(crate) async fn what_was_told_of_a_mailbox_goes_with_its_account(bed: &impl Bed) {
    let mut scene = Scene::set(bed).await;
    let account = scene.account;
    let of = NoticeSubject::Mailbox(account);
    let gone = NoticeSubject::Mailbox(AccountId::new(99));
    for told in ["1 needs-you", "1 -"] {
        let states = vec![(of, Some(told.to_owned())), (gone, Some("x".into()))];
        let records = scene.store.records();
        records.notice_record(states, Vec::new()).await.unwrap();
        scene = scene.reopen(bed).await;
        let states = scene.store.records().notice_states().await.unwrap();
        assert_eq!(states, [(of, told.to_owned())]);
    }
    scene
        .store
        .retrieval_remove(scene.retrieval.id)
        .await
        .unwrap();
    scene.store.account_remove(account).await.unwrap();
    let records = scene.store.records();
    assert_eq!(records.notice_states().await.unwrap(), []);
    let again = vec![(of, Some("1 -".into()))];
    records.notice_record(again, Vec::new()).await.unwrap();
    assert_eq!(records.notice_states().await.unwrap(), []);
}

pub(crate) async fn each_kind_of_channel_sees_its_own_waiting_notices(bed: &impl Bed) {
    let store = bed.open().await;
    let records = store.records();
    let to = |channel: &str| NewNotice {
        channel: channel.into(),
        ..notice(5, channel)
    };
    let channels = [
        "webhook",
        "inbox:7",
        "program",
        "inbox:12",
        "inboxes:1",
        "webhook",
    ];
    let ids = records
        .notice_record(Vec::new(), channels.map(to).to_vec())
        .await
        .unwrap();
    // A dead web address: its backlog is far from due, and nobody else's.
    for id in [ids[0], ids[5]] {
        let failed = records.notice_failed(id, "no answer", at(6), at(DAY));
        assert_eq!(failed.await.unwrap(), NoticeFate::Waits);
    }
    let waiting = async |kind: &str| {
        let waiting = records.notices_waiting(kind).await.unwrap();
        let parts = waiting.into_iter();
        parts
            .map(|one| (one.id, one.channel, one.attempts, one.next_try.millis()))
            .collect::<Vec<_>>()
    };
    let of = |place: usize, tries, due| (ids[place], channels[place].to_owned(), tries, due);
    assert_eq!(waiting("inbox").await, [of(1, 0, 5), of(3, 0, 5)]);
    assert_eq!(waiting("program").await, [of(2, 0, 5)]);
    assert_eq!(waiting("webhook").await, [of(0, 1, DAY), of(5, 1, DAY)]);
    assert_eq!(waiting("pager").await, []);
    let payload = records.notice_payload(ids[3]).await.unwrap();
    assert_eq!(payload.as_deref(), Some("inbox:12"));
    records.notice_done(ids[3]).await.unwrap();
    assert_eq!(records.notice_payload(ids[3]).await.unwrap(), None);
}

pub(crate) async fn a_notice_that_can_never_arrive_is_given_up_at_once(bed: &impl Bed) {
    let store = bed.open().await;
    let records = store.records();
    let ids = records
        .notice_record(Vec::new(), vec![notice(0, "n")])
        .await
        .unwrap();
    for now in [7, 8] {
        let given_up = records.notice_given_up(ids[0], "it answered 404", at(now));
        given_up.await.unwrap();
    }
    assert_eq!(records.notices_waiting("inbox").await.unwrap(), []);
    assert!(due(&store, DAY).await.is_empty());
    let seen = records.notice_list(9).await.unwrap();
    assert_eq!((seen[0].attempts, seen[0].given_up), (1, Some(at(7))));
    assert_eq!(seen[0].last_error.as_deref(), Some("it answered 404"));
}

pub(crate) async fn a_notice_is_tried_for_three_days(bed: &impl Bed) {
    let store = bed.open().await;
    let records = store.records();
    let ids = records
        .notice_record(Vec::new(), vec![notice(0, "n")])
        .await
        .unwrap();
    for (now, fate) in [
        (1, NoticeFate::Waits),
        (3 * DAY, NoticeFate::Waits),
        (3 * DAY + 1, NoticeFate::GivenUp),
        (3 * DAY + 2, NoticeFate::Gone),
    ] {
        let failed = records.notice_failed(ids[0], "no answer", at(now), at(now + 60));
        assert_eq!(failed.await.unwrap(), fate, "at {now}");
        if fate == NoticeFate::Waits {
            assert!(due(&store, now + 59).await.is_empty());
            assert_eq!(due(&store, now + 60).await, ["n"]);
        }
    }
    assert!(due(&store, 4 * DAY).await.is_empty());
    let seen = records.notice_list(9).await.unwrap();
    assert_eq!(
        (seen[0].attempts, seen[0].given_up),
        (3, Some(at(3 * DAY + 1)))
    );
    assert_eq!(seen[0].last_error.as_deref(), Some("no answer"));
    records.notice_done(ids[0]).await.unwrap();
    assert_eq!(
        records.notice_list(9).await.unwrap().len(),
        1,
        "it stays to be seen"
    );
}

pub(crate) async fn of_too_many_notices_the_oldest_are_given_up(bed: &impl Bed) {
    let store = bed.open().await;
    let many: Vec<_> = (0..10_003).map(|n| notice(n, &n.to_string())).collect();
    store
        .records()
        .notice_record(Vec::new(), many)
        .await
        .unwrap();
    assert_eq!(due(&store, 100).await[0], "3");
    let seen = store.records().notice_list(20_000).await.unwrap();
    assert_eq!(seen.len(), 10_003);
    let given_up: Vec<&str> = seen
        .iter()
        .filter(|notice| notice.given_up.is_some())
        .map(|notice| notice.payload.as_str())
        .collect();
    assert_eq!(given_up, ["2", "1", "0"]);
}

pub(crate) async fn a_message_of_our_own_arrives_once(bed: &impl Bed) {
    let mut scene = Scene::set(bed).await;
    let ids = scene
        .store
        .records()
        .notice_record(Vec::new(), vec![notice(0, "n")])
        .await
        .unwrap();
    let octets = b"Subject: Club: mail has stopped\r\n\r\nIt refuses the password.\r\n";
    let message = |settles: Option<NoticeId>, folder: &str| LocalMessage {
        account: scene.account,
        folder: folder.into(),
        octets: octets.to_vec(),
        summary: Summary {
            subject: "Club: mail has stopped".into(),
            ..Summary::default()
        },
        at: at(7),
        settles,
    };
    let records = scene.store.records();
    let id = records
        .deliver_local(message(Some(ids[0]), "inbox"))
        .await
        .unwrap();
    let again = records.deliver_local(message(Some(ids[0]), "INBOX")).await;
    assert!(
        matches!(again, Err(StoreError::Missing { what: "notice", .. })),
        "{again:?}"
    );
    assert!(due(&scene.store, 9).await.is_empty());
    let elsewhere = records
        .deliver_local(message(None, "Notices"))
        .await
        .unwrap();
    scene = scene.reopen(bed).await;
    assert_eq!(scene.read(id).await, octets);
    assert_eq!(scene.read(elsewhere).await, octets);
    let messages = scene.inbox_messages().await;
    assert_eq!(messages.len(), 1);
    let stored = &messages[0];
    assert_eq!(stored.summary.subject, "Club: mail has stopped");
    assert_eq!(stored.internal_date, at(7));
    assert_eq!((stored.run, stored.retrieval), (None, None));
    assert_eq!(stored.header_size.count(), 35);
    let folders = scene.store.folder_list(scene.account).await.unwrap();
    let names: Vec<_> = folders
        .iter()
        .map(|f| (f.name.as_str(), f.messages))
        .collect();
    assert_eq!(names, [("INBOX", 1), ("Notices", 1)]);
    assert!(
        scene
            .store
            .ledger_load(scene.retrieval.maildrop)
            .await
            .unwrap()
            .is_empty()
    );
}
