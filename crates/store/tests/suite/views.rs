//! What lists and pages show.

use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::LeftOutReason;
use inhaul_store::{
    AccountChange, AccountRow, Bar, BarOutcome, GroupChange, LedgerChange, LedgerStory, NewAccount,
    NewRetrieval, NewRun, Retrieval, RetrievalChange, Routing, RunEnd, Store, StoreError,
};
use inhaul_types::{
    AccountId, Activation, ErrorCode, FolderId, MessageId, Octets, RetrievalId, RunId, Timestamp,
    Uid,
};
use tokio::task::JoinSet;

use super::catch_alls::{Firm, person, shared};
use super::{
    Bed, Scene, begin, delivery_to, new_account, new_retrieval, remote, run_end, unique_id,
};

const MINUTE: i64 = 60_000;
const DAY: Duration = Duration::from_secs(24 * 3600);

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// The whole folder, page by page: moments and numbers.
async fn newest(store: &impl Store, folder: FolderId, most: u32) -> Vec<(i64, MessageId)> {
    let mut all: Vec<(i64, MessageId)> = Vec::new();
    loop {
        let before = all.last().map(|(moment, id)| (at(*moment), *id));
        let page = store.views().newest_messages(folder, before, most).await;
        let page = page.unwrap();
        assert!(page.len() <= most as usize);
        if page.is_empty() {
            return all;
        }
        let rows = page.iter();
        all.extend(rows.map(|message| (message.internal_date.millis(), message.id)));
    }
}

pub(crate) async fn the_newest_messages_come_first_and_each_once(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    // Some at the same moment, some older than what came before them.
    let moments = [50, 50, 50, 70, 10, 50, 90, 70, 50, 10, 50];
    let mut expected: Vec<(i64, MessageId)> = Vec::new();
    for (number, moment) in moments.into_iter().enumerate() {
        let mut delivery = scene.delivery(&format!("m{number}"), vec![b'x'; number + 1]);
        delivery.internal_date = at(moment);
        let committed = scene.commit(vec![delivery]).await.remove(0);
        expected.push((moment, committed.messages[0]));
    }
    // In another folder, and newer than all.
    let bob = person(&scene.store, "bob").await;
    let bobs = scene.store.folder_list(bob).await.unwrap()[0].id;
    let mut elsewhere = delivery_to(&[bobs], "bobs", Octets::new(3), b"bob".to_vec());
    elsewhere.internal_date = at(100);
    scene.commit(vec![elsewhere]).await;
    expected.sort_unstable_by(|a, b| b.cmp(a));
    for most in [1, 2, 3, 4, 100] {
        let found = newest(&scene.store, scene.inbox, most).await;
        assert_eq!(found, expected, "{most} a page");
    }
    let views = scene.store.views();
    let first = views.newest_messages(scene.inbox, None, 1).await.unwrap();
    assert_eq!(first[0].summary.subject, "about m6");
    assert_eq!(first[0].retrieval, Some(scene.retrieval.id));
    let nothing = views.newest_messages(scene.inbox, None, 0).await.unwrap();
    assert!(nothing.is_empty());
    // The page stays where it is when its last message goes.
    let third = expected[2];
    let message = scene.store.message_by_id(third.1).await.unwrap();
    let removed = scene
        .store
        .message_remove(scene.inbox, &[message.uid])
        .await;
    assert_eq!(removed.unwrap(), 1);
    let before = Some((at(third.0), third.1));
    let next = views.newest_messages(scene.inbox, before, 1).await.unwrap();
    assert_eq!(next[0].id, expected[3].1);
    let nowhere = FolderId::new(4711);
    assert_eq!(newest(&scene.store, nowhere, 5).await, []);
}

async fn run(store: &impl Store, retrieval: &Retrieval, started: i64, end: RunEnd) -> RunId {
    let run = NewRun {
        retrieval: retrieval.id,
        activation: Activation::Schedule,
        started: at(started),
        started_by: None,
    };
    let run = store.run_begin(run).await.unwrap();
    let end = RunEnd { run, ..end };
    let finished = store.run_finish(retrieval.maildrop, end, Vec::new()).await;
    finished.unwrap();
    run
}

fn ended(at_millis: i64, code: Option<ErrorCode>) -> RunEnd {
    RunEnd {
        ended: at(at_millis),
        code,
        ..run_end(RunId::new(0))
    }
}

pub(crate) async fn a_strip_shows_the_newest_runs_that_ended(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let mut other = new_retrieval("other", scene.account);
    other.remote = remote("pop.example.net", "other");
    let other = scene.store.retrieval_create(other).await.unwrap();
    let mut runs = Vec::new();
    let brought = RunEnd {
        stored: 7,
        ..ended(2_500, None)
    };
    let stopped = RunEnd {
        stopped: true,
        ..ended(6_000, None)
    };
    for (started, end) in [
        (1_000, ended(1_100, None)),
        (2_000, brought),
        (3_000, ended(3_001, Some(ErrorCode::MailboxInUse))),
        (4_000, ended(4_000, Some(ErrorCode::TooOften))),
        (5_000, ended(5_200, Some(ErrorCode::CutOff))),
        // The clock was set back in it.
        (7_000, stopped),
    ] {
        runs.push(run(&scene.store, &scene.retrieval, started, end).await);
    }
    // One is under way besides the scene's own.
    begin(&scene.store, &scene.retrieval).await;
    let bar = |number: usize, outcome: BarOutcome, stored: u64, took: u64| Bar {
        run: runs[number],
        started: at(1_000 * [1, 2, 3, 4, 5, 7][number]),
        outcome,
        stored,
        took: Duration::from_millis(took),
        folded: 0,
    };
    let bars = [
        bar(0, BarOutcome::Good, 0, 100),
        bar(1, BarOutcome::Good, 7, 500),
        bar(2, BarOutcome::Busy, 0, 1),
        bar(3, BarOutcome::Busy, 0, 0),
        bar(4, BarOutcome::Failed, 0, 200),
        bar(5, BarOutcome::Stopped, 0, 0),
    ];
    let nobody = RetrievalId::new(4711);
    let asked = [scene.retrieval.id, other, nobody];
    for most in [0, 1, 4, 6, 100] {
        let strips = scene.store.views().strips(&asked, most).await.unwrap();
        assert_eq!(strips.len(), 3);
        let newest = bars.len().saturating_sub(most as usize);
        assert_eq!(strips[&scene.retrieval.id], bars[newest..], "{most}");
        assert_eq!((&strips[&other], &strips[&nobody]), (&vec![], &vec![]));
    }
    let none = scene.store.views().strips(&[], 40).await.unwrap();
    assert!(none.is_empty());
}

pub(crate) async fn a_strip_says_how_many_runs_were_folded(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    // Every ten minutes from the beginning of an hour on, nothing new.
    let hour = 3_600_000 * 1_000;
    for number in 0..6 {
        let started = hour + number * 10 * MINUTE;
        run(
            &scene.store,
            &scene.retrieval,
            started,
            ended(started + 500, None),
        )
        .await;
    }
    let now = at(hour).plus(5 * DAY);
    while scene
        .store
        .records()
        .housekeep(now, 90 * DAY)
        .await
        .unwrap()
        .more
    {}
    let views = scene.store.views();
    let mut strips = views.strips(&[scene.retrieval.id], 40).await.unwrap();
    let strip = strips.remove(&scene.retrieval.id).unwrap();
    assert_eq!(strip.len(), 1);
    assert_eq!((strip[0].started, strip[0].folded), (at(hour), 5));
    let fifty_minutes = u64::try_from(50 * MINUTE + 500).unwrap();
    assert_eq!(strip[0].took, Duration::from_millis(fifty_minutes));
}

pub(crate) async fn bars_since_a_moment_come_newest_first(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let mut other = new_retrieval("other", scene.account);
    other.remote = remote("pop.example.net", "other");
    scene.store.retrieval_create(other).await.unwrap();
    let other = scene.store.retrieval_by_name("other").await.unwrap();
    for number in 1..=9 {
        let started = number * MINUTE;
        let retrieval = [&scene.retrieval, &other][usize::from(number % 3 == 0)];
        run(&scene.store, retrieval, started, ended(started, None)).await;
    }
    let since = async |minute: i64, most: u32| -> Vec<i64> {
        let views = scene.store.views();
        let bars = views.bars_since(scene.retrieval.id, at(minute * MINUTE), most);
        let minute = |bar: Bar| bar.started.millis() / MINUTE;
        bars.await.unwrap().into_iter().map(minute).collect()
    };
    assert_eq!(since(4, 100).await, [8, 7, 5, 4]);
    assert_eq!(since(4, 3).await, [8, 7, 5]);
    assert_eq!(since(4, 0).await, []);
    assert_eq!(since(9, 100).await, []);
}

pub(crate) async fn an_accounts_retrievals_are_its_own_and_those_that_fill_it(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let other = person(&scene.store, "other").await;
    for (name, owner, to) in [
        ("Zebra", Some(other), other),
        ("fills", None, other),
        ("owned", Some(other), scene.account),
        ("theirs", Some(scene.account), scene.account),
    ] {
        let new = NewRetrieval {
            owner,
            remote: remote("pop.example.net", name),
            ..new_retrieval(name, to)
        };
        scene.store.retrieval_create(new).await.unwrap();
    }
    let of = async |account| -> Vec<String> {
        let found = scene.store.views().retrievals_of(account).await.unwrap();
        found.into_iter().map(|one| one.name).collect()
    };
    assert_eq!(of(other).await, ["fills", "owned", "Zebra"]);
    assert_eq!(
        of(scene.account).await,
        ["owned", "theirs", scene.retrieval.name.as_str()]
    );
    assert!(of(AccountId::new(999)).await.is_empty());
}

pub(crate) async fn an_account_is_found_by_its_number_and_a_group_by_its_members(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let other = person(&scene.store, "other").await;
    let change = GroupChange::default();
    scene.store.group_create("Sales", change).await.unwrap();
    let change = AccountChange {
        group: Some("Sales".into()),
        ..AccountChange::default()
    };
    scene.store.account_change(other, change).await.unwrap();
    let views = scene.store.views();
    assert_eq!(views.account_by_id(other).await.unwrap().name, "other");
    let missing = views.account_by_id(AccountId::new(999)).await;
    assert!(matches!(missing, Err(StoreError::Missing { .. })));
    let members = async |group| views.group_members(group).await.unwrap();
    assert_eq!(members("Sales").await, [other].into());
    assert_eq!(members("Everyone").await, [scene.account].into());
    assert!(members("nobody's").await.is_empty());
}

pub(crate) async fn conversations_are_those_of_the_runs_asked_for(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let mut runs = Vec::new();
    for number in 0..45 {
        let end = RunEnd {
            conversation: match number % 2 {
                0 => format!("S: +OK {number}"),
                _ => String::new(),
            },
            code: Some(ErrorCode::CutOff),
            ..ended(2_000, None)
        };
        runs.push(run(&scene.store, &scene.retrieval, 1_000, end).await);
    }
    let asked: Vec<RunId> = runs[..44].to_vec();
    let found = scene.store.views().conversations(&asked).await.unwrap();
    assert_eq!(found.len(), 22);
    assert_eq!(found[&runs[42]], "S: +OK 42");
    assert!(!found.contains_key(&runs[44]));
}

pub(crate) async fn accounts_come_by_name_a_page_at_a_time(bed: &impl Bed) {
    let store = bed.open().await;
    for (name, addresses) in [
        ("bob", vec!["info@shop.example"]),
        ("Alice", vec![]),
        ("carol", vec!["c@example.org", "carol@Shop.example"]),
        ("a_b", vec![]),
        ("dave", vec![]),
    ] {
        let account = NewAccount {
            addresses: addresses.iter().map(|one| one.parse().unwrap()).collect(),
            ..new_account(name)
        };
        store.account_create(account).await.unwrap();
    }
    let pages = async |find: &str, most: u32| -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        loop {
            let after = names.last().cloned();
            let page = store.views().accounts_page(find, after, most).await;
            let page: Vec<AccountRow> = page.unwrap();
            assert!(page.len() <= most as usize);
            if page.is_empty() {
                return names;
            }
            names.extend(page.into_iter().map(|row| row.account.name));
        }
    };
    for (find, expected) in [
        ("", &["a_b", "Alice", "bob", "carol", "dave"][..]),
        ("A", &["a_b", "Alice", "bob", "carol", "dave"]),
        ("SHOP.example", &["bob", "carol"]),
        ("al", &["Alice"]),
        ("_", &["a_b"]),
        ("%", &[]),
        ("nobody", &[]),
    ] {
        for most in [1, 2, 100] {
            let found = pages(find, most).await;
            assert_eq!(found, expected, "{find:?}, {most} a page");
        }
    }
    let views = store.views();
    let carol = views.accounts_page("carol", None, 5).await.unwrap();
    let carol = carol[0].account.clone();
    assert_eq!(carol, store.account_by_name("carol").await.unwrap());
    let none = views.accounts_page("", None, 0).await.unwrap();
    assert_eq!(none, []);
}

pub(crate) async fn very_many_accounts_are_looked_through(bed: &impl Bed) {
    let store = Arc::new(bed.open().await);
    let many: Vec<String> = (0..2_300).map(|number| format!("p{number:04}")).collect();
    let mut made = JoinSet::new();
    for name in &many {
        let account = NewAccount {
            addresses: Vec::new(),
            ..new_account(name)
        };
        let store = Arc::clone(&store);
        made.spawn(async move { store.account_create(account).await.unwrap() });
    }
    made.join_all().await;
    let views = store.views();
    let last = views.accounts_page("p2299", None, 5).await.unwrap();
    assert_eq!(last.len(), 1);
    let all = views.accounts_page("p", None, 10_000).await.unwrap();
    let names: Vec<String> = all.into_iter().map(|row| row.account.name).collect();
    assert_eq!(names, many);
}

/// The unique-ids of what an account finds.
async fn finds(store: &impl Store, of: AccountId, words: &[&str]) -> Vec<String> {
    let stories = stories(store, Some(of), words, at(0)).await;
    let mut ids: Vec<String> = stories
        .iter()
        .map(|story| String::from_utf8_lossy(story.unique_id.as_ref().unwrap().as_bytes()).into())
        .collect();
    ids.sort();
    ids
}

async fn stories(
    store: &impl Store,
    of: Option<AccountId>,
    words: &[&str],
    since: Timestamp,
) -> Vec<LedgerStory> {
    let words: Vec<String> = words.iter().map(|word| (*word).into()).collect();
    store.views().stories(of, &words, since).await.unwrap()
}

pub(crate) async fn a_person_finds_what_their_own_retrievals_saw(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let bob = person(&scene.store, "bob").await;
    scene
        .commit(vec![
            scene.delivery("a1", b"one".to_vec()),
            scene.delivery("a2", b"two".to_vec()),
        ])
        .await;
    let left = LedgerChange::Leave {
        unique_id: Some(unique_id("big")),
        listed_size: Some(Octets::new(7)),
        reason: LeftOutReason::TooLarge,
        detail: "larger than 5 octets".into(),
    };
    let maildrop = scene.retrieval.maildrop;
    scene
        .store
        .ledger_apply(maildrop, vec![left])
        .await
        .unwrap();
    let (store, alice) = (&scene.store, scene.account);
    assert_eq!(finds(store, alice, &[]).await, ["a1", "a2", "big"]);
    assert_eq!(finds(store, alice, &["about", "a2"]).await, ["a2"]);
    assert_eq!(finds(store, alice, &["BIG"]).await, ["big"]);
    assert_eq!(finds(store, alice, &["nothing"]).await, [""; 0]);
    for words in [&[][..], &["about"], &["a1"], &["1"], &["big"]] {
        assert_eq!(finds(store, bob, words).await, [""; 0], "{words:?}");
    }
    let big = stories(store, Some(alice), &["big"], at(0)).await.remove(0);
    assert_eq!(big.reason.as_deref(), Some("larger than 5 octets"));
    assert_eq!(big.retrieval.as_deref(), Some("work"));
    // What went is known by what the server called it.
    let removed = store.message_remove(scene.inbox, &[Uid::new(1)]).await;
    assert_eq!(removed.unwrap(), 1);
    assert_eq!(finds(store, alice, &["a1"]).await, ["a1"]);
    assert_eq!(finds(store, alice, &["about"]).await, ["a2"]);
    // Without its retrieval, what is still there is found.
    store.retrieval_remove(scene.retrieval.id).await.unwrap();
    assert_eq!(finds(store, alice, &[]).await, ["a2"]);
}

pub(crate) async fn stories_are_those_since_a_moment(bed: &impl Bed) {
    bed.set_now(at(10 * MINUTE));
    let scene = Scene::set(bed).await;
    scene.commit_one("old", b"one").await;
    bed.set_now(at(20 * MINUTE));
    scene.commit_one("new", b"two").await;
    for of in [None, Some(scene.account)] {
        for (since, expected) in [(10, 2), (11, 1), (20, 1), (21, 0)] {
            let found = stories(&scene.store, of, &["about"], at(since * MINUTE)).await;
            assert_eq!(found.len(), expected, "{of:?} since {since}");
        }
        let found = stories(&scene.store, of, &[], at(0)).await;
        let newest = found[0].unique_id.clone();
        assert_eq!(newest, Some(unique_id("new")), "{of:?}");
    }
    let all = scene.store.ledger_search(&["about".into()]).await.unwrap();
    let same = stories(&scene.store, None, &["about"], at(0)).await;
    let ids = |stories: &[LedgerStory]| -> Vec<_> { stories.iter().map(|one| one.id).collect() };
    assert_eq!(ids(&same), ids(&all));
}

pub(crate) async fn of_a_catch_all_only_what_is_in_their_folders_is_found(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    let store = &firm.scene.store;
    let alice = store.account_by_name("alice").await.unwrap().id;
    let (petr, unclaimed) = (firm.petrs, firm.scene.account);
    let to_alice = (firm.alice, "alice@firm.example");
    let to_petr = (firm.petr, "petr@firm.example");
    let committed = firm
        .commit(vec![
            shared("for-alice", "one", &[to_alice]),
            shared("for-petr", "two", &[to_petr]),
            shared("for-both", "three", &[to_alice, to_petr]),
        ])
        .await;
    let maildrop = firm.scene.retrieval.maildrop;
    let left = LedgerChange::Leave {
        unique_id: Some(unique_id("left")),
        listed_size: None,
        reason: LeftOutReason::Refused,
        detail: "the server refused it".into(),
    };
    store.ledger_apply(maildrop, vec![left]).await.unwrap();
    for words in [&[][..], &["about"], &["bob@example.com"]] {
        assert_eq!(finds(store, alice, words).await, ["for-alice", "for-both"]);
        assert_eq!(finds(store, petr, words).await, ["for-both", "for-petr"]);
        assert_eq!(finds(store, unclaimed, words).await, [""; 0]);
    }
    for word in ["for-petr", "left", &committed[1].messages[0].to_string()] {
        assert_eq!(finds(store, alice, &[word]).await, [""; 0], "{word}");
    }
    // The number of somebody else's copy is theirs.
    let petrs_copy = committed[2].messages[1].to_string();
    assert_eq!(finds(store, alice, &[&petrs_copy]).await, [""; 0]);
    assert_eq!(finds(store, petr, &[&petrs_copy]).await, ["for-both"]);
    // Nor is anything told of it.
    let both = stories(store, Some(alice), &["for-both"], at(0)).await;
    assert_eq!(both[0].placements.len(), 1);
    assert_eq!(both[0].placements[0].account, "alice");
    assert_eq!(both[0].placements[0].why, "To no. 1 = alice@firm.example");
    assert_eq!(both[0].retrieval.as_deref(), Some("firm"));
    let all = stories(store, None, &["for-both"], at(0)).await;
    assert_eq!(all[0].placements.len(), 2);
}

pub(crate) async fn a_ledger_that_was_taken_over_shows_nothing_of_others(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    let store = &firm.scene.store;
    let unclaimed = firm.scene.account;
    let to_petr = (firm.petr, "petr@firm.example");
    let to_nobody = (firm.fallback, "nobody@firm.example");
    firm.commit(vec![
        shared("for-petr", "one", &[to_petr]),
        shared("for-both", "two", &[to_petr, to_nobody]),
    ])
    .await;
    // What was a catch-all fills its fallback alone from now on.
    let single = RetrievalChange {
        routing: Some(Routing::Single),
        ..RetrievalChange::default()
    };
    let id = firm.scene.retrieval.id;
    store.retrieval_change(id, single).await.unwrap();
    for words in [&[][..], &["about"]] {
        assert_eq!(finds(store, unclaimed, words).await, ["for-both"]);
    }
    assert_eq!(finds(store, unclaimed, &["for-petr"]).await, [""; 0]);
    let both = stories(store, Some(unclaimed), &["for-both"], at(0)).await;
    assert_eq!(both[0].placements.len(), 1);
    assert_eq!(both[0].placements[0].account, "unclaimed");
    let petrs = finds(store, firm.petrs, &[]).await;
    assert_eq!(petrs, ["for-both", "for-petr"]);
}

pub(crate) async fn very_many_messages_of_a_catch_all_are_looked_through(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    let store = &firm.scene.store;
    let alice = store.account_by_name("alice").await.unwrap().id;
    let to_alice = (firm.alice, "alice@firm.example");
    let deliveries = (0..4_500).map(|number| {
        let words = format!("words {number}");
        shared(&format!("m{number:04}"), &words, &[to_alice])
    });
    firm.commit(deliveries.collect()).await;
    // The oldest of all, and more than a person can look through.
    assert_eq!(finds(store, alice, &["m0000"]).await, ["m0000"]);
    let newest = finds(store, alice, &[]).await;
    assert_eq!(newest.len(), 100);
    assert_eq!((&*newest[0], &*newest[99]), ("m4400", "m4499"));
}
