//! Runs of all retrievals, newest first, and their counts.

use inhaul_store::{NewRun, Page, Retrieval, Run, RunEnd, RunFilter, RunOutcome, Store};
use inhaul_types::{Activation, ErrorCode, Octets, RunId, Timestamp};

use super::{Bed, Scene, new_account, new_retrieval, remote, run_end};

const HOUR: i64 = 3_600_000;

/// Retrievals `a0`, `a1` of alice and `b0` of bob, besides alice's `work`, with 40 runs in turn:
/// every fifth failed, every fourth stored something.
async fn set(bed: &impl Bed) -> (Scene<impl Store>, Vec<Retrieval>) {
    let scene = Scene::set(bed).await;
    let bob = scene
        .store
        .account_create(new_account("bob"))
        .await
        .unwrap();
    let mut retrievals = Vec::new();
    for (name, account) in [("a0", scene.account), ("a1", scene.account), ("b0", bob)] {
        let mut new = new_retrieval(name, account);
        new.remote = remote("pop.example.net", name);
        scene.store.retrieval_create(new).await.unwrap();
        retrievals.push(scene.store.retrieval_by_name(name).await.unwrap());
    }
    for number in 0..40 {
        run(&scene.store, &retrievals[number % 3], number as i64).await;
    }
    (scene, retrievals)
}

async fn run(store: &impl Store, retrieval: &Retrieval, number: i64) {
    let started = Timestamp::from_millis(10_000 + number * HOUR / 4);
    let run = NewRun {
        retrieval: retrieval.id,
        activation: Activation::Schedule,
        started,
        started_by: None,
    };
    let run = store.run_begin(run).await.unwrap();
    let stored = u64::from(number % 4 == 0);
    let end = RunEnd {
        ended: started,
        code: (number % 5 == 0).then_some(ErrorCode::CutOff),
        stored,
        octets: Octets::new(stored * 1000),
        ..run_end(run)
    };
    store
        .run_finish(retrieval.maildrop, end, Vec::new())
        .await
        .unwrap();
}

/// The numbers of all runs that a filter lets through, page by page.
async fn numbers(store: &impl Store, filter: RunFilter, most: u32) -> Vec<i64> {
    let (mut numbers, mut before): (Vec<i64>, Option<RunId>) = (Vec::new(), None);
    loop {
        let page: Page<Run, RunId> = store
            .records()
            .run_page(filter.clone(), before, most)
            .await
            .unwrap();
        assert!(page.rows.len() <= most as usize);
        assert!(page.rows.is_sorted_by(|a, b| a.id > b.id));
        let number = |run: &Run| (run.started.millis() - 10_000) / (HOUR / 4);
        // The scene's own run began before all of these.
        let rows = page
            .rows
            .iter()
            .filter(|run| run.started.millis() >= 10_000);
        numbers.extend(rows.map(number));
        before = page.next;
        if before.is_none() {
            return numbers;
        }
    }
}

pub(crate) async fn pages_show_every_run_once_newest_first(bed: &impl Bed) {
    let (scene, retrievals) = set(bed).await;
    let only = |is_in: &dyn Fn(i64) -> bool| -> Vec<i64> {
        (0..40).rev().filter(|number| is_in(*number)).collect()
    };
    let any = RunFilter::default();
    let (a, b) = (retrievals[0].id, retrievals[2].account);
    let rows: [(&str, RunFilter, Vec<i64>); 8] = [
        ("all", any.clone(), only(&|_| true)),
        (
            "a retrieval",
            RunFilter {
                retrieval: Some(a),
                ..any.clone()
            },
            only(&|n| n % 3 == 0),
        ),
        (
            "an account with several retrievals",
            RunFilter {
                account: Some(scene.account),
                ..any.clone()
            },
            only(&|n| n % 3 != 2),
        ),
        (
            "one with one",
            RunFilter {
                account: Some(b),
                ..any.clone()
            },
            only(&|n| n % 3 == 2),
        ),
        (
            "somebody else's retrieval",
            RunFilter {
                account: Some(b),
                retrieval: Some(a),
                ..any.clone()
            },
            vec![],
        ),
        (
            "failed ones since",
            RunFilter {
                outcome: RunOutcome::Failed,
                since: Some(Timestamp::from_millis(10_000 + 20 * HOUR / 4)),
                ..any.clone()
            },
            only(&|n| n % 5 == 0 && n >= 20),
        ),
        (
            "an error that none has",
            RunFilter {
                outcome: RunOutcome::Code(ErrorCode::NoAnswer),
                ..any.clone()
            },
            vec![],
        ),
        (
            "new mail in an account",
            RunFilter {
                account: Some(scene.account),
                outcome: RunOutcome::Stored,
                ..any
            },
            only(&|n| n % 4 == 0 && n % 3 != 2),
        ),
    ];
    for (what, filter, expected) in rows {
        for most in [1, 4, 100] {
            let found = numbers(&scene.store, filter.clone(), most).await;
            assert_eq!(found, expected, "{what}, {most} a page");
        }
    }
}

pub(crate) async fn counts_are_those_of_the_hours_since(bed: &impl Bed) {
    let (scene, _) = set(bed).await;
    let since = async |millis| {
        let since = Timestamp::from_millis(millis);
        scene.store.records().counts_since(since).await.unwrap()
    };
    let all = since(0).await;
    let sums = |counts: &[inhaul_store::HourCounts]| {
        counts
            .iter()
            .fold((0, 0, 0), |(runs, messages, octets), hour| {
                let octets = octets + hour.octets.count();
                (runs + hour.runs, messages + hour.messages, octets)
            })
    };
    assert_eq!(sums(&all), (40, 10, 10_000));
    assert_eq!(all.len(), 10);
    assert!(all.is_sorted_by(|a, b| a.hour < b.hour));
    // Within an hour, that hour counts.
    let late = since(8 * HOUR + 1).await;
    assert_eq!(late[0].hour, Timestamp::from_millis(8 * HOUR));
    assert_eq!(sums(&late), (8, 2, 2_000));
    assert_eq!(since(11 * HOUR).await, []);
}
