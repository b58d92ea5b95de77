//! Runs and what they say of their retrieval.

use inhaul_domain::schedule::{ScheduleState, Setback};
use inhaul_store::{RemoteSecret, RetrievalChange, RunEnd, Store, Uncounted};
use inhaul_types::card::Detail;
use inhaul_types::{Activation, ErrorCode, Octets, Secret, Timestamp};

use super::{Bed, Scene, begin, run_end};

pub(crate) async fn a_run_is_recorded_with_its_end(bed: &impl Bed) {
    let mut scene = Scene::set(bed).await;
    let begun = scene.store.run_list(scene.retrieval.id, 9).await.unwrap();
    assert_eq!(
        (begun.len(), begun[0].id, begun[0].ended),
        (1, scene.run, None)
    );
    let end = RunEnd {
        listed: 5,
        stored: 4,
        octets: Octets::new(3),
        deleted: 2,
        left: 1,
        said: Some("+OK".into()),
        conversation: "S: +OK\nC: QUIT\n".into(),
        ..run_end(scene.run)
    };
    scene
        .store
        .run_finish(scene.retrieval.maildrop, end, Vec::new())
        .await
        .unwrap();
    let second = begin(&scene.store, &scene.retrieval).await;
    scene = scene.reopen(bed).await;
    let runs = scene.store.run_list(scene.retrieval.id, 9).await.unwrap();
    assert_eq!(
        runs.iter().map(|run| run.id).collect::<Vec<_>>(),
        [second, scene.run]
    );
    let run = &runs[1];
    assert_eq!(
        (run.listed, run.stored, run.octets, run.deleted, run.left),
        (5, 4, Octets::new(3), 2, 1)
    );
    assert_eq!((run.activation, run.code), (Activation::Cli, None));
    assert_eq!(run.started, Timestamp::from_millis(1_000));
    assert_eq!(run.ended, Some(Timestamp::from_millis(2_000)));
    assert_eq!(run.said.as_deref(), Some("+OK"));
    let conversation = scene.store.run_conversation(scene.run).await.unwrap();
    assert_eq!(conversation.as_deref(), Some("S: +OK\nC: QUIT\n"));
    assert_eq!(scene.store.run_conversation(second).await.unwrap(), None);
    assert_eq!(
        scene
            .store
            .run_list(scene.retrieval.id, 1)
            .await
            .unwrap()
            .len(),
        1
    );
}

pub(crate) async fn failures_add_up_until_a_good_run(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let capabilities = Some("TOP\nUIDL".to_owned());
    let refused = Some(ErrorCode::AuthRefused);
    let busy = Some(ErrorCode::MailboxInUse);
    for (ended, code, failures, failing_since, last_good) in [
        (1, refused, 1, Some(1), None),
        (2, refused, 2, Some(1), None),
        (3, busy, 2, Some(1), None),
        (4, None, 0, None, Some(4)),
        (5, busy, 0, None, Some(4)),
        (6, Some(ErrorCode::CutOff), 1, Some(6), Some(4)),
    ] {
        let run = begin(&scene.store, &scene.retrieval).await;
        let ended = Timestamp::from_millis(ended);
        let capabilities = if code.is_none() {
            capabilities.clone()
        } else {
            None
        };
        let detail = code.map(|_| Detail::NoReply { seconds: 15 });
        let end = RunEnd {
            ended,
            code,
            detail: detail.clone(),
            capabilities: capabilities.clone(),
            ..run_end(run)
        };
        scene
            .store
            .run_finish(scene.retrieval.maildrop, end, Vec::new())
            .await
            .unwrap();
        let now = scene.store.retrieval_by_name("work").await.unwrap();
        let time = |millis: Option<i64>| millis.map(Timestamp::from_millis);
        assert_eq!(
            (now.failures, now.last_error),
            (failures, code),
            "at {ended}"
        );
        assert_eq!(
            (now.failing_since, now.last_good),
            (time(failing_since), time(last_good))
        );
        assert_eq!(now.capabilities, capabilities);
        assert_eq!(now.last_detail, detail);
    }
}

pub(crate) async fn a_stopped_run_says_nothing_of_its_retrieval(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    for (code, failures) in [(Some(ErrorCode::CutOff), 1), (None, 0)] {
        let run = begin(&scene.store, &scene.retrieval).await;
        let (maildrop, capabilities) = (scene.retrieval.maildrop, Some("TOP".to_owned()));
        let end = RunEnd {
            code,
            capabilities,
            ..run_end(run)
        };
        scene
            .store
            .run_finish(maildrop, end, Vec::new())
            .await
            .unwrap();
        let before = scene
            .store
            .retrieval_by_id(scene.retrieval.id)
            .await
            .unwrap();
        let run = begin(&scene.store, &scene.retrieval).await;
        let end = RunEnd {
            ended: Timestamp::from_millis(9_000),
            stopped: true,
            ..run_end(run)
        };
        scene
            .store
            .run_finish(maildrop, end, Vec::new())
            .await
            .unwrap();
        let runs = scene.store.run_list(scene.retrieval.id, 2).await.unwrap();
        assert_eq!(
            runs.iter().map(|run| run.stopped).collect::<Vec<_>>(),
            [true, false]
        );
        let after = scene
            .store
            .retrieval_by_id(scene.retrieval.id)
            .await
            .unwrap();
        assert_eq!(after.failures, failures);
        assert_eq!(
            (
                after.failing_since,
                after.last_good,
                after.last_error,
                after.capabilities
            ),
            (
                before.failing_since,
                before.last_good,
                before.last_error,
                before.capabilities
            )
        );
    }
}

pub(crate) async fn failures_are_taken_back_to_how_it_stood_before(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let (id, maildrop) = (scene.retrieval.id, scene.retrieval.maildrop);
    let stands = async || Uncounted::of(&scene.store.retrieval_by_id(id).await.unwrap());
    let fails = async |code, said: Option<&str>, setback| {
        let row = scene.store.retrieval_by_id(id).await.unwrap();
        let schedule = ScheduleState {
            setback: Some(setback),
            setbacks: 1,
            ..row.schedule
        };
        let end = RunEnd {
            code: Some(code),
            said: said.map(str::to_owned),
            detail: Some(Detail::NoReply { seconds: 15 }),
            schedule: Some(schedule),
            due_before: row.schedule.next_due,
            ..run_end(begin(&scene.store, &scene.retrieval).await)
        };
        scene
            .store
            .run_finish(maildrop, end, Vec::new())
            .await
            .unwrap();
    };
    let good = stands().await;
    let said = Some("-ERR [AUTH] wrong password");
    fails(ErrorCode::AuthRefused, said, Setback::SignInRefused).await;
    let refused = stands().await;
    assert!(refused.said_auth && refused.last_detail.is_some());
    fails(ErrorCode::NoAnswer, None, Setback::Temporary).await;
    let silent = stands().await;
    assert_eq!((silent.failures, silent.said_auth), (2, false));
    let (store, uncount) = (&scene.store, vec![refused.clone()]);
    store.retrieval_uncount(uncount).await.unwrap();
    let began = ScheduleState {
        last_started: silent.schedule.last_started,
        ..refused.schedule
    };
    assert_eq!(stands().await.schedule, began);
    let back = Uncounted {
        schedule: refused.schedule,
        ..stands().await
    };
    assert_eq!(back, refused);

    // Who failed twice stands as before the first time.
    fails(ErrorCode::NoAnswer, None, Setback::Temporary).await;
    let uncount = vec![refused.clone(), good.clone()];
    store.retrieval_uncount(uncount).await.unwrap();
    let now = stands().await;
    assert_eq!((now.failures, now.failing_since), (0, None));
    assert_eq!((now.last_error, now.schedule.setback), (None, None));

    // A new password is not held back by what was refused to the old one.
    fails(ErrorCode::NoAnswer, None, Setback::Temporary).await;
    let change = RetrievalChange {
        secret: Some(RemoteSecret::Stored(Secret::new("new".into()))),
        ..RetrievalChange::default()
    };
    store.retrieval_change(id, change).await.unwrap();
    store.retrieval_uncount(vec![refused]).await.unwrap();
    let saved = stands().await;
    assert_eq!((saved.failures, saved.schedule.setback), (0, None));
}
