//! When a retrieval is due, who started its runs, and runs that nobody ended.

use std::time::Duration;

use inhaul_domain::schedule::{Arrivals, ScheduleState, Setback};
use inhaul_store::{
    Every, NewRetrieval, NewRun, RemoteSecret, RetrievalChange, RunEnd, StartedBy, Store,
};
use inhaul_types::{AccountId, Activation, ErrorCode, RetrievalId, Secret, Timestamp};

use super::{Bed, Scene, begin, new_account, new_retrieval, remote, run_end};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + seconds * 1000)
}

/// One with something in every column.
fn busy_life() -> ScheduleState {
    let mut arrivals = Arrivals::default();
    arrivals.record(at(-90_000), 7);
    arrivals.record(at(0), 3);
    ScheduleState {
        next_due: Some(at(900)),
        min_interval: Some(Duration::from_secs(300)),
        setback: Some(Setback::SignInRefused),
        setbacks: 2,
        last_started: Some(at(-5)),
        arrivals,
    }
}

async fn state(store: &impl Store, id: RetrievalId) -> ScheduleState {
    store.retrieval_by_id(id).await.unwrap().schedule
}

pub(crate) async fn a_run_ends_with_when_it_is_due_next(bed: &impl Bed) {
    let mut scene = Scene::set(bed).await;
    let (id, maildrop) = (scene.retrieval.id, scene.retrieval.maildrop);
    let end = RunEnd {
        code: Some(ErrorCode::AuthRefused),
        schedule: Some(busy_life()),
        due_before: scene.retrieval.schedule.next_due,
        ..run_end(scene.run)
    };
    scene
        .store
        .run_finish(maildrop, end, Vec::new())
        .await
        .unwrap();
    scene = scene.reopen(bed).await;
    assert_eq!(state(&scene.store, id).await, busy_life());
    // One that says nothing of it leaves it, and one that was stopped says only this.
    let end = run_end(begin(&scene.store, &scene.retrieval).await);
    scene
        .store
        .run_finish(maildrop, end, Vec::new())
        .await
        .unwrap();
    // But when a run began is known from its beginning on, whatever becomes of it.
    let visited = ScheduleState {
        last_started: Some(Timestamp::from_millis(1_000)),
        ..busy_life()
    };
    assert_eq!(state(&scene.store, id).await, visited);
    let postponed = ScheduleState {
        next_due: Some(at(60)),
        ..busy_life()
    };
    let end = RunEnd {
        stopped: true,
        schedule: Some(postponed),
        due_before: busy_life().next_due,
        ..run_end(begin(&scene.store, &scene.retrieval).await)
    };
    scene
        .store
        .run_finish(maildrop, end, Vec::new())
        .await
        .unwrap();
    assert_eq!(state(&scene.store, id).await, postponed);
    // Somebody saved it while a run went on: their due time stands.
    let end = RunEnd {
        schedule: Some(busy_life()),
        due_before: busy_life().next_due,
        ..run_end(begin(&scene.store, &scene.retrieval).await)
    };
    scene
        .store
        .run_finish(maildrop, end, Vec::new())
        .await
        .unwrap();
    assert_eq!(state(&scene.store, id).await, postponed);
}

pub(crate) async fn many_schedules_are_written_together(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let store = &scene.store;
    let second = NewRetrieval {
        folder: "Second".into(),
        ..new_retrieval("second", scene.account)
    };
    let second = store.retrieval_create(second).await.unwrap();
    let untouched = NewRetrieval {
        folder: "Third".into(),
        ..new_retrieval("third", scene.account)
    };
    let untouched = store.retrieval_create(untouched).await.unwrap();
    let before = state(store, untouched).await;
    let never = ScheduleState {
        next_due: None,
        ..busy_life()
    };
    let gone = RetrievalId::new(77);
    let states = [
        (scene.retrieval.id, busy_life()),
        (gone, busy_life()),
        (second, never),
    ];
    store.retrieval_schedule(&states).await.unwrap();
    store.retrieval_schedule(&[]).await.unwrap();
    assert_eq!(state(store, scene.retrieval.id).await, busy_life());
    assert_eq!(state(store, second).await, never);
    assert_eq!(state(store, untouched).await, before);
}

pub(crate) async fn a_new_retrieval_is_due_at_once(bed: &impl Bed) {
    bed.set_now(at(0));
    let store = bed.open().await;
    let account = store.account_create(new_account("alice")).await.unwrap();
    for (name, every, paused, due) in [
        ("fixed", Every::Seconds(600), false, Some(at(0))),
        ("auto", Every::Auto, false, Some(at(0))),
        ("never", Every::Never, false, None),
        ("paused", Every::Seconds(600), true, Some(at(0))),
    ] {
        let new = NewRetrieval {
            every,
            paused,
            folder: name.into(),
            ..new_retrieval(name, account)
        };
        let id = store.retrieval_create(new).await.unwrap();
        assert_eq!(state(&store, id).await.next_due, due, "{name}");
    }
}

pub(crate) async fn what_was_saved_is_due_at_once(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let (store, id) = (&scene.store, scene.retrieval.id);
    let now = at(1_000);
    bed.set_now(now);
    let change = |set: fn(&mut RetrievalChange)| {
        let mut change = RetrievalChange::default();
        set(&mut change);
        change
    };
    let pause = change(|change| change.paused = Some(true));
    let resume = change(|change| change.paused = Some(false));
    let due = |state: ScheduleState| ScheduleState {
        next_due: Some(now),
        ..state
    };
    let unharmed = ScheduleState {
        setback: None,
        setbacks: 0,
        ..busy_life()
    };
    let unproven = ScheduleState {
        setback: Some(Setback::Unproven),
        ..busy_life()
    };
    let not_scheduled = ScheduleState {
        next_due: None,
        ..unproven
    };
    let fresh = ScheduleState::default();
    for (name, earlier, before, change, expected) in [
        (
            "another password forgets that one was refused",
            None,
            busy_life(),
            change(|change| {
                change.secret = Some(RemoteSecret::Stored(Secret::new("new".into())));
            }),
            due(unharmed),
        ),
        (
            "another remote side forgets the old one",
            None,
            busy_life(),
            change(|change| change.remote = Some(remote("pop.example.com", "alice"))),
            due(fresh),
        ),
        (
            "resumed",
            Some(&pause),
            unproven,
            resume.clone(),
            due(unproven),
        ),
        ("was not paused", None, busy_life(), resume, busy_life()),
        (
            "asked for",
            None,
            unproven,
            change(|change| change.due_now = true),
            due(unproven),
        ),
        (
            "never by itself any more",
            None,
            unproven,
            change(|change| change.every = Some(Every::Never)),
            not_scheduled,
        ),
        (
            "by itself again",
            None,
            not_scheduled,
            change(|change| change.every = Some(Every::Auto)),
            due(unproven),
        ),
        (
            "the same interval",
            None,
            busy_life(),
            change(|change| change.every = Some(Every::Auto)),
            busy_life(),
        ),
        (
            "another name",
            None,
            busy_life(),
            change(|change| change.name = Some("home".into())),
            busy_life(),
        ),
    ] {
        if let Some(earlier) = earlier {
            store.retrieval_change(id, earlier.clone()).await.unwrap();
        }
        store.retrieval_schedule(&[(id, before)]).await.unwrap();
        store.retrieval_change(id, change).await.unwrap();
        assert_eq!(state(store, id).await, expected, "{name}");
    }
}

pub(crate) async fn a_refused_sign_in_holds_back_what_was_not_meant_for_it(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let (store, id) = (&scene.store, scene.retrieval.id);
    bed.set_now(at(0));
    store
        .retrieval_schedule(&[(id, busy_life())])
        .await
        .unwrap();
    let due_now = RetrievalChange {
        due_now: true,
        ..RetrievalChange::default()
    };
    store.retrieval_change(id, due_now).await.unwrap();
    let held_back = state(store, id).await;
    assert!(held_back.next_due > Some(at(0)), "{held_back:?}");
    assert_eq!(held_back.setback, Some(Setback::SignInRefused));
}

pub(crate) async fn runs_that_people_start_are_counted_by_day(bed: &impl Bed) {
    const DAY: i64 = 24 * 60 * 60;
    let mut scene = Scene::set(bed).await;
    let other = AccountId::new(9);
    let here = "192.0.2.1".parse().ok();
    let start = |account, address, started| NewRun {
        retrieval: scene.retrieval.id,
        activation: Activation::Button,
        started,
        started_by: Some(StartedBy { account, address }),
    };
    for run in [
        start(scene.account, here, at(0)),
        start(scene.account, None, at(1)),
        start(other, here, at(2)),
        start(scene.account, here, at(DAY)),
    ] {
        scene.store.run_begin(run).await.unwrap();
    }
    begin(&scene.store, &scene.retrieval).await;
    scene = scene.reopen(bed).await;
    let elsewhere = "2001:db8::1".parse().ok();
    for (account, address, now, counted) in [
        (scene.account, here, at(3), (2, 2)),
        (scene.account, None, at(3), (2, 0)),
        (other, elsewhere, at(3), (1, 0)),
        (scene.account, here, at(DAY), (1, 1)),
        (scene.account, here, at(2 * DAY), (0, 0)),
    ] {
        let told = scene.store.started_today(account, address, now);
        assert_eq!(told.await.unwrap(), counted, "{account} {address:?} {now}");
    }
}

pub(crate) async fn a_run_that_nobody_ended_is_over_at_the_next_opening(bed: &impl Bed) {
    let mut scene = Scene::set(bed).await;
    let (id, maildrop) = (scene.retrieval.id, scene.retrieval.maildrop);
    let end = RunEnd {
        code: Some(ErrorCode::CutOff),
        schedule: Some(busy_life()),
        due_before: scene.retrieval.schedule.next_due,
        ..run_end(scene.run)
    };
    scene
        .store
        .run_finish(maildrop, end, Vec::new())
        .await
        .unwrap();
    let open = begin(&scene.store, &scene.retrieval).await;
    let before = scene.store.retrieval_by_id(id).await.unwrap();
    bed.set_now(at(0));
    scene = scene.reopen(bed).await;
    let runs = scene.store.run_list(id, 9).await.unwrap();
    let ends: Vec<_> = runs
        .iter()
        .map(|run| (run.id, run.ended, run.code, run.stopped))
        .collect();
    let earlier = Timestamp::from_millis(2_000);
    assert_eq!(
        ends,
        [
            (open, Some(at(0)), None, true),
            (scene.run, Some(earlier), Some(ErrorCode::CutOff), false)
        ]
    );
    let after = scene.store.retrieval_by_id(id).await.unwrap();
    assert_eq!(
        (after.failures, after.failing_since, after.last_error),
        (before.failures, before.failing_since, before.last_error)
    );
    assert_eq!(after.schedule, before.schedule);
}
