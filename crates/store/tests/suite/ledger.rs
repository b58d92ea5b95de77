//! The ledger: what happened to each remote message.

use inhaul_domain::{IdTrust, LedgerState, LeftOutReason, RowEpoch};
use inhaul_store::{LedgerChange, RetrievalChange, Store, StoreError, ledger_number, ledger_row};
use inhaul_types::{Activation, LedgerId, Octets, Timestamp};

use super::{Bed, Scene, new_retrieval, remote, run_end, sha256, unique_id};

fn leave(id: &str, reason: LeftOutReason) -> LedgerChange {
    LedgerChange::Leave {
        unique_id: Some(unique_id(id)),
        listed_size: Some(Octets::new(7)),
        reason,
        detail: "larger than 5 octets".into(),
    }
}

fn state(rows: &[LedgerId], state: LedgerState) -> LedgerChange {
    LedgerChange::State {
        rows: rows.to_vec(),
        state,
    }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(crate) async fn a_stored_message_has_its_row(bed: &impl Bed) {
    bed.set_now(at(5_000));
    let mut scene = Scene::set(bed).await;
    let mut asked = scene.delivery("b", b"two".to_vec());
    asked.state = LedgerState::Asked;
    let mut nameless = scene.delivery("c", b"three".to_vec());
    (nameless.unique_id, nameless.listed_size) = (None, Some(Octets::new(1 << 63)));
    let deliveries = vec![scene.delivery("a", b"one".to_vec()), asked, nameless];
    let rows: Vec<LedgerId> = scene
        .commit(deliveries)
        .await
        .iter()
        .map(|c| c.ledger)
        .collect();
    scene = scene.reopen(bed).await;
    let ledger = scene
        .store
        .ledger_load(scene.retrieval.maildrop)
        .await
        .unwrap();
    assert_eq!((ledger.trust(), ledger.len()), (IdTrust::Unbroken, 3));
    let expected = [
        (Some(&b"a"[..]), Some(Octets::new(3)), LedgerState::Stored),
        (Some(&b"b"[..]), Some(Octets::new(3)), LedgerState::Asked),
        (None, Some(Octets::new(1 << 63)), LedgerState::Stored),
    ];
    for ((row, id), (unique_id, listed_size, state)) in ledger.iter().zip(&rows).zip(expected) {
        assert_eq!(row.id, *id);
        assert_eq!(
            (row.unique_id, row.listed_size, row.state),
            (unique_id, listed_size, state)
        );
        assert_eq!((row.since, row.listed_last, row.asks), (at(5_000), true, 0));
        assert_eq!(row.epoch, RowEpoch::Present);
    }
    let proofs = scene
        .store
        .ledger_proofs(&[rows[1], rows[0]])
        .await
        .unwrap();
    assert_eq!(proofs[0].digest, Some(sha256(b"two")));
    assert_eq!(proofs[1].digest, Some(sha256(b"one")));
    assert_eq!(
        proofs[1].fingerprint.unwrap().as_bytes(),
        sha256(b"a").as_bytes()
    );
    assert_eq!(proofs[0].size, Octets::new(3));
}

pub(crate) async fn a_row_goes_through_its_states(bed: &impl Bed) {
    bed.set_now(at(1_000));
    let scene = Scene::set(bed).await;
    let row = scene.commit_one("a", b"one").await.ledger;
    let maildrop = scene.retrieval.maildrop;
    for (now, next, since, asks) in [
        (2_000, LedgerState::Asked, 1_000, 0),
        (3_000, LedgerState::Stored, 1_000, 0),
        (4_000, LedgerState::Asked, 1_000, 0),
        (5_000, LedgerState::Deleted, 5_000, 1),
        (6_000, LedgerState::Asked, 1_000, 1),
        (7_000, LedgerState::Deleted, 7_000, 2),
    ] {
        bed.set_now(at(now));
        scene
            .store
            .ledger_apply(maildrop, vec![state(&[row], next)])
            .await
            .unwrap();
        let ledger = scene.store.ledger_load(maildrop).await.unwrap();
        let seen = ledger.iter().next().unwrap();
        assert_eq!(
            (seen.state, seen.since, seen.asks),
            (next, at(since), asks),
            "at {now}"
        );
    }
    let story = scene
        .store
        .ledger_search(&["a".into()])
        .await
        .unwrap()
        .remove(0);
    assert_eq!(story.stored_at, Some(at(1_000)));
    assert_eq!(
        (story.asked_at, story.deleted_at),
        (Some(at(6_000)), Some(at(7_000)))
    );
}

pub(crate) async fn presence_in_the_listing_is_remembered(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let rows = [
        scene.commit_one("a", b"a").await.ledger,
        scene.commit_one("b", b"b").await.ledger,
    ];
    let maildrop = scene.retrieval.maildrop;
    let listed = async || -> Vec<bool> {
        let ledger = scene.store.ledger_load(maildrop).await.unwrap();
        ledger.iter().map(|row| row.listed_last).collect()
    };
    assert_eq!(listed().await, [true, true]);
    let gone = LedgerChange::Vanished(rows.to_vec());
    scene
        .store
        .ledger_apply(maildrop, vec![gone])
        .await
        .unwrap();
    assert_eq!(listed().await, [false, false]);
    let back = LedgerChange::Appeared(vec![rows[1]]);
    scene
        .store
        .ledger_apply(maildrop, vec![back])
        .await
        .unwrap();
    assert_eq!(listed().await, [false, true]);
}

pub(crate) async fn a_message_left_out_and_stored_at_last_is_one_row(bed: &impl Bed) {
    bed.set_now(at(1_000));
    let scene = Scene::set(bed).await;
    let maildrop = scene.retrieval.maildrop;
    for reason in [LeftOutReason::Refused, LeftOutReason::Poisoned] {
        scene
            .store
            .ledger_apply(maildrop, vec![leave("a", reason)])
            .await
            .unwrap();
        let ledger = scene.store.ledger_load(maildrop).await.unwrap();
        let states: Vec<_> = ledger.iter().map(|row| (row.state, row.since)).collect();
        assert_eq!(states, [(LedgerState::LeftOut(reason), at(1_000))]);
    }
    bed.set_now(at(2_000));
    let mut delivery = scene.delivery("a", b"now it came".to_vec());
    delivery.listed_size = Some(Octets::new(7));
    let mut other_size = scene.delivery("a", b"another message".to_vec());
    other_size.listed_size = Some(Octets::new(8));
    scene.commit(vec![other_size, delivery]).await;
    let ledger = scene.store.ledger_load(maildrop).await.unwrap();
    let rows: Vec<_> = ledger
        .iter()
        .map(|row| (row.listed_size.unwrap().count(), row.state, row.since))
        .collect();
    let stored = LedgerState::Stored;
    assert_eq!(rows, [(7, stored, at(2_000)), (8, stored, at(2_000))]);
    let story = scene.store.ledger_search(&["about".into()]).await.unwrap();
    let first_seen: Vec<_> = story.iter().map(|story| story.first_seen).collect();
    assert_eq!(first_seen, [at(2_000), at(1_000)]);
}

pub(crate) async fn a_message_left_out_is_never_deleted(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let maildrop = scene.retrieval.maildrop;
    let left = vec![leave("a", LeftOutReason::TooLarge)];
    scene.store.ledger_apply(maildrop, left).await.unwrap();
    let row = scene
        .store
        .ledger_load(maildrop)
        .await
        .unwrap()
        .iter()
        .next()
        .unwrap()
        .id;
    for wrong in [
        LedgerState::Asked,
        LedgerState::Deleted,
        LedgerState::Stored,
    ] {
        scene
            .store
            .ledger_apply(maildrop, vec![state(&[row], wrong)])
            .await
            .unwrap();
        let ledger = scene.store.ledger_load(maildrop).await.unwrap();
        let seen = ledger.iter().next().unwrap().state;
        assert_eq!(
            seen,
            LedgerState::LeftOut(LeftOutReason::TooLarge),
            "told {wrong:?}"
        );
    }
}

pub(crate) async fn only_what_was_left_out_is_ordered_and_its_delivery_ends_the_order(
    bed: &impl Bed,
) {
    let scene = Scene::set(bed).await;
    let maildrop = scene.retrieval.maildrop;
    let stored = scene.commit_one("here", b"here").await.ledger;
    let left = vec![
        leave("a", LeftOutReason::TooLarge),
        leave("b", LeftOutReason::Unwanted),
    ];
    scene.store.ledger_apply(maildrop, left).await.unwrap();
    let states = async || -> Vec<_> {
        let ledger = scene.store.ledger_load(maildrop).await.unwrap();
        ledger
            .iter()
            .map(|row| (row.id, row.state, row.asks))
            .collect()
    };
    let rows: Vec<_> = states().await.into_iter().map(|(id, ..)| id).collect();
    assert_eq!(rows[0], stored);
    for (number, row) in (0..).zip(&rows) {
        assert_eq!(ledger_number(*row), number);
        assert_eq!(ledger_row(maildrop, number), *row);
    }
    let order = vec![LedgerChange::Order(vec![stored, rows[1]])];
    scene.store.ledger_apply(maildrop, order).await.unwrap();
    let ordered = LedgerState::LeftOut(LeftOutReason::Ordered);
    let unwanted = LedgerState::LeftOut(LeftOutReason::Unwanted);
    let expected = [
        (stored, LedgerState::Stored, 0),
        (rows[1], ordered, 0),
        (rows[2], unwanted, 0),
    ];
    assert_eq!(states().await, expected);
    // The line was cut at it: the order stands, and how often is counted.
    for cuts in 1..3 {
        let cut = vec![leave("a", LeftOutReason::Ordered)];
        scene.store.ledger_apply(maildrop, cut).await.unwrap();
        assert_eq!(states().await[1], (rows[1], ordered, cuts));
    }
    let mut delivery = scene.delivery("a", b"it came!".to_vec());
    delivery.listed_size = Some(Octets::new(7));
    let brought = scene.commit(vec![delivery]).await.remove(0).ledger;
    assert_eq!(brought, rows[1]);
    let (_, state, _) = states().await[1];
    assert_eq!(state, LedgerState::Stored);
    let order = vec![LedgerChange::Order(vec![LedgerId::new(1)])];
    assert!(scene.store.ledger_apply(maildrop, order).await.is_err());
}

pub(crate) async fn a_relinked_row_carries_what_is_listed_now(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let maildrop = scene.retrieval.maildrop;
    let row = scene.commit_one("old", b"body").await.ledger;
    let changes = vec![
        leave("new", LeftOutReason::Refused),
        state(&[row], LedgerState::Deleted),
        LedgerChange::Vanished(vec![row]),
    ];
    scene.store.ledger_apply(maildrop, changes).await.unwrap();
    let relink = LedgerChange::Relink {
        row,
        unique_id: Some(unique_id("new")),
        listed_size: Some(Octets::new(7)),
    };
    scene
        .store
        .ledger_apply(maildrop, vec![relink])
        .await
        .unwrap();
    let ledger = scene.store.ledger_load(maildrop).await.unwrap();
    assert_eq!(ledger.len(), 1, "the left-out row told of the same message");
    let seen = ledger.iter().next().unwrap();
    assert_eq!((seen.id, seen.unique_id), (row, Some(&b"new"[..])));
    assert_eq!(seen.listed_size, Some(Octets::new(7)));
    assert_eq!((seen.state, seen.listed_last), (LedgerState::Stored, true));
}

pub(crate) async fn another_host_or_user_opens_an_epoch(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let row = scene.commit_one("a", b"one").await.ledger;
    let change = async |host: &str, user: &str| {
        let remote = Some(remote(host, user));
        let change = RetrievalChange {
            remote,
            ..RetrievalChange::default()
        };
        scene
            .store
            .retrieval_change(scene.retrieval.id, change)
            .await
            .unwrap();
        let retrieval = scene.store.retrieval_by_name("work").await.unwrap();
        let ledger = scene.store.ledger_load(retrieval.maildrop).await.unwrap();
        (
            retrieval.maildrop,
            ledger.iter().map(|row| row.epoch).collect::<Vec<_>>(),
        )
    };
    let same = scene.retrieval.maildrop;
    // Upper case and `recent:` are the same maildrop.
    assert_eq!(
        change("POP.example.net", "recent:alice").await,
        (same, vec![RowEpoch::Present])
    );
    assert_eq!(
        change("pop.example.net", "bob").await,
        (same, vec![RowEpoch::Past])
    );
    let relink = LedgerChange::Relink {
        row,
        unique_id: None,
        listed_size: None,
    };
    scene.store.ledger_apply(same, vec![relink]).await.unwrap();
    scene.commit_one("b", b"two").await;
    let present = vec![RowEpoch::Present, RowEpoch::Present];
    assert_eq!(change("pop.example.net", "bob").await, (same, present));
    let past = vec![RowEpoch::Past, RowEpoch::Past];
    assert_eq!(change("pop2.example.net", "bob").await, (same, past));
}

pub(crate) async fn other_active_retrievals_of_the_maildrop_show_their_ledgers(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    scene.commit_one("a", b"one").await;
    let mut other = new_retrieval("other", scene.account);
    (other.folder, other.remote.host) = ("Archive".into(), "POP.EXAMPLE.NET".into());
    let other = scene.store.retrieval_create(other).await.unwrap();
    let mut unrelated = new_retrieval("unrelated", scene.account);
    (unrelated.folder, unrelated.remote.user) = ("Else".into(), "bob".into());
    scene.store.retrieval_create(unrelated).await.unwrap();
    let maildrop = scene
        .store
        .retrieval_by_name("other")
        .await
        .unwrap()
        .maildrop;
    let lengths = async |maildrop| -> Vec<usize> {
        let others = scene.store.ledger_load_others(maildrop).await.unwrap();
        others.iter().map(inhaul_domain::Ledger::len).collect()
    };
    assert_eq!(lengths(maildrop).await, [1]);
    assert_eq!(lengths(scene.retrieval.maildrop).await, [0]);
    let paused = RetrievalChange {
        paused: Some(true),
        ..RetrievalChange::default()
    };
    scene.store.retrieval_change(other, paused).await.unwrap();
    assert!(lengths(scene.retrieval.maildrop).await.is_empty());
}

pub(crate) async fn changes_are_applied_all_or_none(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let maildrop = scene.retrieval.maildrop;
    let row = scene.commit_one("a", b"one").await.ledger;
    let foreign = LedgerId::new(1);
    for bad in [
        state(&[foreign], LedgerState::Deleted),
        LedgerChange::Vanished(vec![row, foreign]),
        LedgerChange::Relink {
            row: foreign,
            unique_id: None,
            listed_size: None,
        },
    ] {
        let changes = vec![
            state(&[row], LedgerState::Deleted),
            LedgerChange::IdsBroken,
            bad,
        ];
        let failed = scene.store.ledger_apply(maildrop, changes).await;
        assert!(
            matches!(failed, Err(StoreError::Missing { .. })),
            "{failed:?}"
        );
        let ledger = scene.store.ledger_load(maildrop).await.unwrap();
        assert_eq!(ledger.iter().next().unwrap().state, LedgerState::Stored);
        assert_eq!(ledger.trust(), IdTrust::Unbroken);
    }
}

pub(crate) async fn the_maildrop_remembers_broken_ids_and_the_hold(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let until = Some(at(99_000));
    let changes = vec![
        LedgerChange::IdsBroken,
        LedgerChange::HoldRelinkedDeletion(until),
    ];
    scene
        .store
        .ledger_apply(scene.retrieval.maildrop, changes)
        .await
        .unwrap();
    let ledger = scene
        .store
        .ledger_load(scene.retrieval.maildrop)
        .await
        .unwrap();
    assert_eq!(ledger.trust(), IdTrust::Broken);
    let held = async || {
        scene
            .store
            .retrieval_by_name("work")
            .await
            .unwrap()
            .relinked_deletion_held_until
    };
    assert_eq!(held().await, until);
    let free = vec![LedgerChange::HoldRelinkedDeletion(None)];
    scene
        .store
        .ledger_apply(scene.retrieval.maildrop, free)
        .await
        .unwrap();
    assert_eq!(held().await, None);
}

/// More rows than one transaction takes, in an order and with gaps of their own.
pub(crate) async fn a_run_ends_with_the_deletion_of_very_many(bed: &impl Bed) {
    let mut scene = Scene::set(bed).await;
    let mut rows = Vec::new();
    for round in 0..3 {
        let body = |n: usize| format!("{round} {n}").into_bytes();
        let deliveries = (0..4_000).map(|n| scene.delivery(&format!("{round}-{n}"), body(n)));
        rows.extend(
            scene
                .commit(deliveries.collect())
                .await
                .iter()
                .map(|c| c.ledger),
        );
    }
    let kept = rows.remove(7_000);
    rows.reverse();
    let changes = vec![state(&rows, LedgerState::Deleted)];
    let end = run_end(scene.run);
    scene
        .store
        .run_finish(scene.retrieval.maildrop, end, changes)
        .await
        .unwrap();
    scene = scene.reopen(bed).await;
    let ledger = scene
        .store
        .ledger_load(scene.retrieval.maildrop)
        .await
        .unwrap();
    for row in ledger.iter() {
        let state = if row.id == kept {
            LedgerState::Stored
        } else {
            LedgerState::Deleted
        };
        assert_eq!(row.state, state, "{:?}", row.id);
    }
    assert_eq!(ledger.len(), 12_000);
    assert!(
        scene.store.run_list(scene.retrieval.id, 1).await.unwrap()[0]
            .ended
            .is_some()
    );
}

pub(crate) async fn a_person_finds_a_message_by_what_they_remember(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let mut invoice = scene.delivery("000042a5f", b"one".to_vec());
    invoice.summary.subject = "Rechnung 100% bezahlt".into();
    invoice.summary.from = "Shop <billing@shop.example>".into();
    let committed = scene
        .commit(vec![invoice, scene.delivery("000042b60", b"two".to_vec())])
        .await;
    let left = vec![leave("huge", LeftOutReason::TooLarge)];
    scene
        .store
        .ledger_apply(scene.retrieval.maildrop, left)
        .await
        .unwrap();
    let find = async |words: &[&str]| -> Vec<String> {
        let words: Vec<String> = words.iter().map(|word| (*word).into()).collect();
        let stories = scene.store.ledger_search(&words).await.unwrap();
        stories
            .iter()
            .map(|story| story.unique_id.as_ref().unwrap().to_string())
            .collect()
    };
    for (words, found) in [
        (&["42a5f"][..], &["000042a5f"][..]),
        (&["RECHNUNG"], &["000042a5f"]),
        (&["billing@shop"], &["000042a5f"]),
        (&["000042b60@example.com"], &["000042b60"]),
        (&["shop", "0000"], &["000042a5f"]),
        (&["shop", "about"], &[]),
        (&["100%"], &["000042a5f"]),
        (&["10%0"], &[]),
        (&["huge"], &["huge"]),
        (&["0000"], &["000042b60", "000042a5f"]),
    ] {
        assert_eq!(find(words).await, found, "{words:?}");
    }
    let story = scene
        .store
        .ledger_search(&["42a5f".into()])
        .await
        .unwrap()
        .remove(0);
    assert_eq!(
        (story.host.as_str(), story.user.as_str()),
        ("pop.example.net", "alice")
    );
    assert_eq!(story.id, committed[0].ledger);
    let places: Vec<String> = story.placements.iter().map(|at| at.place()).collect();
    assert_eq!(places, ["alice / INBOX"]);
    assert_eq!(story.placements[0].why, "single");
    assert_eq!(story.summary.unwrap().subject, "Rechnung 100% bezahlt");
    let left = scene
        .store
        .ledger_search(&["huge".into()])
        .await
        .unwrap()
        .remove(0);
    assert_eq!(left.reason.as_deref(), Some("larger than 5 octets"));
    assert_eq!((left.placements.len(), left.summary), (0, None));
}

pub(crate) async fn a_story_names_retrieval_and_run(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let message = scene.commit_one("stored", b"one").await.messages[0];
    let left = vec![leave("huge", LeftOutReason::TooLarge)];
    let maildrop = scene.retrieval.maildrop;
    let mut end = run_end(scene.run);
    end.ended = Timestamp::from_millis(i64::MAX);
    scene.store.run_finish(maildrop, end, left).await.unwrap();
    let number = message.row().to_string();
    for word in ["stored", &number, "huge"] {
        let found = scene.store.ledger_search(&[word.into()]).await.unwrap();
        assert_eq!(found.len(), 1, "{word}: {found:?}");
        let story = &found[0];
        assert_eq!(story.retrieval.as_deref(), Some("work"), "{word}");
        let run = story.run.expect("it is known");
        assert_eq!((run.id, run.activation), (scene.run, Activation::Cli));
        assert_eq!(run.started, Timestamp::from_millis(1_000));
        let messages = if word == "huge" {
            vec![]
        } else {
            vec![message]
        };
        let found: Vec<_> = story.placements.iter().map(|at| at.message).collect();
        assert_eq!(found, messages, "{word}");
    }
}

pub(crate) async fn a_long_ledger_is_searched_to_its_end(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let wanted = scene.commit_one("oldest", b"one").await;
    let crowd = (0..4_500).map(|n| leave(&format!("crowd-{n}"), LeftOutReason::TooLarge));
    scene
        .store
        .ledger_apply(scene.retrieval.maildrop, crowd.collect())
        .await
        .unwrap();
    let find = async |word: &str| scene.store.ledger_search(&[word.into()]).await.unwrap();
    let found = find("oldest").await;
    assert_eq!((found.len(), found[0].id), (1, wanted.ledger));
    let crowd = find("crowd").await;
    assert_eq!(crowd.len(), 100, "what a person can look through");
    assert_eq!(
        crowd[0].unique_id.as_ref().unwrap().as_bytes(),
        b"crowd-4499",
        "the newest first"
    );
}
