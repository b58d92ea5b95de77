//! What goes round between installations is stored once.

use inhaul_domain::{LedgerState, LeftOutReason};
use inhaul_store::{Batch, Delivery, IfHeld, LedgerChange, NewRetrieval, News, Retrieval, Store};
use inhaul_types::{FolderId, LedgerId, Octets};

use super::batches::join_all;
use super::{
    Bed, Scene, begin, delivery_to, new_account, new_retrieval, noise, read_body, remote, spooled,
};

const LOOP: LedgerState = LedgerState::LeftOut(LeftOutReason::Loop);

/// The same delivery, of a server whose messages may have gone round.
fn from_inhaul(delivery: Delivery, seen: Option<LedgerId>) -> Delivery {
    let detail = "it went round";
    Delivery {
        if_held: IfHeld::Leave { seen, detail },
        ..delivery
    }
}

async fn states<S: Store>(scene: &Scene<S>) -> Vec<LedgerState> {
    let ledger = scene.store.ledger_load(scene.retrieval.maildrop).await;
    ledger.unwrap().iter().map(|row| row.state).collect()
}

/// Another folder of the account, which a retrieval has made.
async fn other_folder<S: Store>(scene: &Scene<S>) -> FolderId {
    let new = NewRetrieval {
        remote: remote("pop.example.com", "alice"),
        folder: "Archive".into(),
        ..new_retrieval("archive", scene.account)
    };
    scene.store.retrieval_create(new).await.unwrap();
    let retrieval = scene.store.retrieval_by_name("archive").await.unwrap();
    retrieval.folder
}

pub(crate) async fn what_the_account_holds_is_left_out_where_that_is_asked_for(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    scene.commit_one("first", b"held").await;
    let seen = Some(scene.commit_one("second", b"held").await.ledger);
    assert_eq!(scene.inbox_messages().await.len(), 2, "nobody asked");
    let mut listener = scene.store.records().subscribe();
    let deliveries = vec![
        from_inhaul(scene.delivery("loop", b"held".to_vec()), seen),
        from_inhaul(scene.delivery("new", b"new!".to_vec()), seen),
        scene.delivery("unasked", b"held".to_vec()),
    ];
    let committed = scene.commit(deliveries).await;
    let left: Vec<bool> = committed.iter().map(|one| one.is_left_out()).collect();
    assert_eq!(left, [true, false, false]);
    let stored = LedgerState::Stored;
    assert_eq!(states(&scene).await, [stored, stored, LOOP, stored, stored]);
    let stories = scene.store.ledger_search(&["loop".into()]).await.unwrap();
    assert_eq!(stories[0].reason.as_deref(), Some("it went round"));
    assert_eq!(stories[0].id, committed[0].ledger);
    // It took no place in the folder, and nobody heard of it.
    let folder = scene.store.folder_list(scene.account).await.unwrap();
    let counters = (folder[0].messages, folder[0].octets, folder[0].uid_next);
    assert_eq!(counters.0, 4);
    assert_eq!((counters.1, counters.2.number()), (Octets::new(16), 5));
    let Some(News::Came(came)) = listener.try_next() else {
        panic!("nothing was heard");
    };
    assert_eq!(came.messages.len(), 2);
}

pub(crate) async fn it_is_held_in_whichever_folder_and_by_this_account_only(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let archive = other_folder(&scene).await;
    let other = scene
        .store
        .account_create(new_account("bob"))
        .await
        .unwrap();
    let others = scene.store.folder_list(other).await.unwrap()[0].id;
    let to = |folders: &[FolderId], id: &str, body: &[u8]| {
        delivery_to(folders, id, Octets::of_len(body.len()), body.to_vec())
    };
    let before = vec![
        to(&[others], "a", b"of bob"),
        to(&[archive], "b", b"in another folder"),
    ];
    let seen = Some(scene.commit(before).await[1].ledger);
    let inbox = scene.inbox;
    let deliveries = [
        (to(&[inbox], "c", b"of bob"), false),
        (to(&[inbox], "d", b"in another folder"), true),
        // Nobody's copy is withheld because another one has his.
        (to(&[inbox, others], "e", b"in another folder"), false),
        (to(&[inbox, archive], "f", b"in another folder"), true),
    ];
    for (delivery, is_loop) in deliveries {
        let id = delivery.unique_id.clone();
        let committed = scene.commit(vec![from_inhaul(delivery, seen)]).await;
        assert_eq!(committed[0].is_left_out(), is_loop, "{id:?}");
    }
}

pub(crate) async fn copies_of_one_session_are_so_many_messages(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let seen = Some(scene.commit_one("before", b"before").await.ledger);
    let copy = |id: &str, seen| from_inhaul(scene.delivery(id, b"copy".to_vec()), seen);
    // In one batch, and in the next.
    for ids in [["a", "b"], ["c", "d"]] {
        let committed = scene.commit(ids.map(|id| copy(id, seen)).into()).await;
        assert!(committed.iter().all(|one| !one.is_left_out()), "{ids:?}");
    }
    assert_eq!(scene.inbox_messages().await.len(), 5);
    // A later session lists what this one has stored.
    let seen = scene.store.ledger_load(scene.retrieval.maildrop).await;
    let seen = seen.unwrap().iter().map(|row| row.id).max();
    let committed = scene.commit(vec![copy("e", seen), copy("f", seen)]).await;
    assert!(committed.iter().all(|one| one.is_left_out()));
    assert_eq!(scene.inbox_messages().await.len(), 5);
}

pub(crate) async fn of_runs_at_the_same_moment_one_stores_it(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let mut drops = Vec::new();
    for number in 0..12 {
        let name = format!("r{number}");
        let new = NewRetrieval {
            remote: remote("pop.example.com", &name),
            ..new_retrieval(&name, scene.account)
        };
        scene.store.retrieval_create(new).await.unwrap();
        let retrieval = scene.store.retrieval_by_name(&name).await.unwrap();
        let run = begin(&scene.store, &retrieval).await;
        drops.push((retrieval, run));
    }
    // Large ones are written ahead by all of them.
    for body in [b"small".to_vec(), noise(1, 3 << 20)] {
        let commit = |(retrieval, run): &(Retrieval, _)| {
            let delivery = spooled(scene.delivery("same", body.clone()));
            let batch = scene.batch(vec![from_inhaul(delivery, None)]);
            scene.store.commit_batch(Batch {
                run: *run,
                retrieval: retrieval.id,
                maildrop: retrieval.maildrop,
                ..batch
            })
        };
        let committed = join_all(drops.iter().map(commit)).await;
        let left = committed
            .iter()
            .map(|one| one.as_ref().unwrap()[0].is_left_out());
        assert_eq!(left.filter(|left| !left).count(), 1);
        let last = scene.inbox_messages().await.pop().unwrap();
        assert_eq!(read_body(&scene.store, last.id).await.unwrap(), body);
    }
    assert_eq!(scene.inbox_messages().await.len(), 2);
    // What was written in vain is swept and harms nothing.
    let scene = scene.reopen(bed).await;
    assert_eq!(scene.inbox_messages().await.len(), 2);
}

pub(crate) async fn a_loop_that_is_ordered_is_stored_under_its_row(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let seen = Some(scene.commit_one("first", b"held").await.ledger);
    let delivery = || scene.delivery("loop", b"held".to_vec());
    let row = scene.commit(vec![from_inhaul(delivery(), seen)]).await[0].ledger;
    // It is met again, and told again.
    let again = scene.commit(vec![from_inhaul(delivery(), Some(row))]).await;
    assert_eq!((again[0].ledger, again[0].is_left_out()), (row, true));
    let order = vec![LedgerChange::Order(vec![row])];
    let maildrop = scene.retrieval.maildrop;
    scene.store.ledger_apply(maildrop, order).await.unwrap();
    let brought = scene.commit(vec![delivery()]).await;
    assert_eq!((brought[0].ledger, brought[0].is_left_out()), (row, false));
    assert_eq!(states(&scene).await, [LedgerState::Stored; 2]);
    assert_eq!(scene.inbox_messages().await.len(), 2);
}

pub(crate) async fn what_was_removed_is_held_no_more(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let other = scene
        .store
        .account_create(new_account("bob"))
        .await
        .unwrap();
    let others = scene.store.folder_list(other).await.unwrap()[0].id;
    let delivery = |id| delivery_to(&[others], id, Octets::new(4), b"mail".to_vec());
    scene.commit(vec![delivery("a")]).await;
    scene.store.account_remove(other).await.unwrap();
    let mine = from_inhaul(scene.delivery("b", b"mail".to_vec()), None);
    assert!(!scene.commit(vec![mine]).await[0].is_left_out());
}
