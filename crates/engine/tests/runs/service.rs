//! The service: what is due runs, what is asked for runs, joins, waits or is refused.

use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::Retention;
use inhaul_domain::trigger::RefusalReason;
use inhaul_engine::service::{
    Answer, Event, EventKind, Force, RunStage, Service, ServiceSettings, Ticket, Trigger, What,
};
use inhaul_engine::{Observer, Progress, RunOptions};
use inhaul_sample::switches::{Greeting, Line, Refusal, ServerSwitches, SignIn};
use inhaul_store::{
    AccountChange, Every, GroupChange, RetrievalChange, Security, StartedBy, Store,
};
use inhaul_types::{Activation, ErrorCode, RetrievalId, Secret};
use tokio::sync::{Notify, broadcast};

use crate::harness::{Setup, USER, World, letters};

const MINUTE: Duration = Duration::from_secs(60);

/// A world whose retrieval runs every ten minutes, and the service over it.
struct Going {
    world: World,
    service: Arc<Service>,
    events: broadcast::Receiver<Event>,
    id: RetrievalId,
}

impl Going {
    async fn start(every: Every) -> Self {
        Self::over(Setup::default().start().await, every).await
    }

    async fn over(world: World, every: Every) -> Self {
        Self::over_with(world, every, ServiceSettings::default()).await
    }

    /// One run at a time, and one that waits; and the retrieval of the test beside two others.
    async fn crowded() -> (Self, [RetrievalId; 2]) {
        let world = Setup::default().start().await;
        for name in ["bert", "carla"] {
            let account = world.add_account(name).await;
            world.add_retrieval(name, name, account).await;
        }
        let settings = ServiceSettings {
            at_once: 1,
            queue: 1,
            ..ServiceSettings::default()
        };
        let going = Self::over_with(world, Every::Never, settings).await;
        let id = async |name| going.world.store.retrieval_by_name(name).await.unwrap().id;
        let others = [id("bert").await, id("carla").await];
        (going, others)
    }

    async fn over_with(world: World, every: Every, settings: ServiceSettings) -> Self {
        let every = Some(every);
        world
            .change(RetrievalChange {
                every,
                ..RetrievalChange::default()
            })
            .await;
        let id = world.retrieval().await.id;
        let service = Service::start(Arc::clone(&world.engine), settings)
            .await
            .unwrap();
        Self {
            events: service.subscribe(),
            world,
            service,
            id,
        }
    }

    async fn polled() -> Self {
        let mut going = Self::start(Every::Seconds(600)).await;
        going.ended().await;
        going
    }

    /// The next run's end: its activation and what it stored.
    async fn ended(&mut self) -> (Activation, u64, Option<ErrorCode>) {
        loop {
            if let EventKind::Ended {
                activation, report, ..
            } = self.events.recv().await.unwrap().kind
            {
                let code = report.failure.as_ref().map(|failure| failure.code);
                return (activation, report.stored, code);
            }
        }
    }

    fn turn_the_clock(&self, span: Duration) {
        self.world.clock.advance(span);
        self.service.look_at_the_clock();
    }

    async fn trigger(&self, activation: Activation) -> Answer {
        self.trigger_with(activation, None, Force::No).await
    }

    async fn trigger_with(
        &self,
        activation: Activation,
        by: Option<StartedBy>,
        force: Force,
    ) -> Answer {
        let trigger = Trigger {
            what: What::Retrievals(vec![self.id]),
            activation,
            by,
            force,
        };
        let mut answers = self.service.trigger(&trigger).await.unwrap();
        answers.pop().unwrap().1
    }

    /// A run that has listed its mailbox already, and one that was promised behind it.
    async fn followed(&mut self) -> (Ticket, Ticket) {
        self.world.send(letters(0..3));
        self.slow_down();
        let first = self.trigger(Activation::Button).await;
        loop {
            let event = self.events.recv().await.unwrap();
            if let EventKind::Progress { come, .. } = event.kind
                && come.stage.as_str() == "fetch"
            {
                break;
            }
        }
        self.world.send(letters(3..4));
        let behind = self.trigger(Activation::Api).await;
        assert!(matches!(behind, Answer::Behind(..)), "{behind:?}");
        let ticket = |answer: Answer| answer.ticket().unwrap().clone();
        (ticket(first), ticket(behind))
    }

    /// Answers come slowly enough to be asked in between.
    fn slow_down(&self) {
        let slow = Line {
            latency: Duration::from_millis(150),
            ..Line::default()
        };
        self.world.server.set(|switches| switches.line = slow);
    }

    /// Lets one run begin, puts another in the queue, and looks at the clock a minute later.
    async fn fill_the_queue(&self, others: [RetrievalId; 2]) -> Vec<Ticket> {
        self.slow_down();
        let mut tickets = Vec::new();
        for id in others {
            let trigger = Trigger {
                what: What::Retrievals(vec![id]),
                activation: Activation::Button,
                by: None,
                force: Force::No,
            };
            let answers = self.service.trigger(&trigger).await.unwrap();
            tickets.push(answers[0].1.ticket().unwrap().clone());
            // The first leaves the queue to the second.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.turn_the_clock(MINUTE);
        tokio::time::sleep(Duration::from_millis(50)).await;
        tickets
    }

    async fn due_in(&self) -> Duration {
        let next = self.service.retrievals()[0].next.unwrap();
        next.since(self.world.clock.now())
    }
}

/// Tells when a look has its place.
#[derive(Default)]
struct Looks(Notify);

impl Observer for Looks {
    fn progress(&self, _: &Progress) {
        self.0.notify_one();
    }
}

fn reason(answer: &Answer) -> &'static str {
    match answer {
        Answer::Refused(refusal) => refusal.reason.as_str(),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn what_is_due_runs_and_is_due_again() {
    let world = Setup::default().start().await;
    world.send(letters(0..3));
    let mut going = Going::over(world, Every::Seconds(600)).await;
    assert_eq!(going.ended().await, (Activation::Schedule, 3, None));
    let wait = going.due_in().await;
    assert!(wait >= 9 * MINUTE && wait <= 11 * MINUTE, "{wait:?}");
    going.world.send(letters(3..5));
    going.turn_the_clock(11 * MINUTE);
    assert_eq!(going.ended().await, (Activation::Schedule, 2, None));
    going.world.assert_each_once().await;
    assert!(going.service.stop(MINUTE).await);
}

#[tokio::test]
async fn the_due_time_outlives_the_process() {
    let going = Going::polled().await;
    let before = going.due_in().await;
    assert!(going.service.stop(MINUTE).await);
    let world = going.world.reopen(None).await;
    let again = Service::start(Arc::clone(&world.engine), ServiceSettings::default())
        .await
        .unwrap();
    let next = again.retrievals()[0].next.unwrap();
    assert_eq!(next.since(world.clock.now()), before);
}

#[tokio::test]
async fn what_is_saved_is_active_at_once() {
    let mut going = Going::start(Every::Never).await;
    going.world.send(letters(0..2));
    going
        .world
        .add_retrieval("second", "anna", going.world.account)
        .await;
    let id = going
        .world
        .store
        .retrieval_by_name("second")
        .await
        .unwrap()
        .id;
    let change = RetrievalChange {
        every: Some(Every::Seconds(600)),
        destination: Some((going.world.account, "Second".to_owned())),
        ..RetrievalChange::default()
    };
    going
        .world
        .store
        .retrieval_change(id, change)
        .await
        .unwrap();
    assert_eq!(going.ended().await, (Activation::Schedule, 2, None));
}

#[tokio::test]
async fn a_paused_retrieval_rests_until_it_is_resumed() {
    let mut going = Going::polled().await;
    let paused = |paused| RetrievalChange {
        paused: Some(paused),
        ..RetrievalChange::default()
    };
    going.world.change(paused(true)).await;
    going.service.reload().await.unwrap();
    going.turn_the_clock(60 * MINUTE);
    assert_eq!(going.service.retrievals()[0].next, None);
    assert_eq!(reason(&going.trigger(Activation::Button).await), "paused");
    going.world.change(paused(false)).await;
    assert_eq!(going.ended().await.0, Activation::Schedule);
}

#[tokio::test]
async fn a_trigger_starts_a_run_and_the_next_is_too_soon() {
    let going = Going::start(Every::Never).await;
    going.world.send(letters(0..1));
    let answer = going.trigger(Activation::Button).await;
    let Answer::Started(ticket) = &answer else {
        panic!("{answer:?}")
    };
    assert_eq!(ticket.ended().await.unwrap().stored, 1);
    going.world.clock.advance(Duration::from_secs(20));
    let refused = going.trigger(Activation::Button).await;
    let Answer::Refused(refusal) = refused else {
        panic!("{refused:?}")
    };
    assert!(matches!(refusal.reason, RefusalReason::TooSoon { .. }));
    let until = refusal.until.unwrap();
    assert_eq!(
        until.since(going.world.clock.now()),
        Duration::from_secs(40)
    );
    going.world.clock.advance(Duration::from_secs(41));
    let again = going.trigger(Activation::Button).await;
    assert!(again.ticket().is_some(), "{again:?}");
}

#[tokio::test]
async fn a_run_that_has_not_listed_is_joined_and_one_that_has_is_followed() {
    let mut going = Going::start(Every::Never).await;
    going.world.send(letters(0..3));
    going.slow_down();
    let first = going.trigger(Activation::Button).await;
    let joined = going.trigger(Activation::WebLogin).await;
    assert!(matches!(joined, Answer::Joined(_)), "{joined:?}");
    loop {
        let event = going.events.recv().await.unwrap();
        if let EventKind::Progress { come, .. } = event.kind
            && come.stage.as_str() == "fetch"
        {
            break;
        }
    }
    going.world.send(letters(3..4));
    let behind = going.trigger(Activation::Api).await;
    assert!(matches!(behind, Answer::Behind(..)), "{behind:?}");
    let coalesced = going.trigger(Activation::Folder).await;
    assert!(matches!(coalesced, Answer::Joined(_)), "{coalesced:?}");
    assert_eq!(first.ticket().unwrap().ended().await.unwrap().stored, 3);
    assert_eq!(joined.ticket().unwrap().ended().await.unwrap().stored, 3);
    // Not before the floor.
    going.turn_the_clock(MINUTE);
    assert_eq!(behind.ticket().unwrap().ended().await.unwrap().stored, 1);
    assert_eq!(coalesced.ticket().unwrap().ended().await.unwrap().stored, 1);
    assert_eq!(going.world.mailbox.sessions(), 2);
}

#[tokio::test]
async fn a_group_switches_each_activation_off_or_slows_it_down() {
    let mut going = Going::polled().await;
    let store = &going.world.store;
    let group = store.group_by_name("Everyone").await.unwrap();
    let mut triggers = group.triggers.clone();
    triggers.remove(&Activation::ImapLogin);
    triggers.insert(Activation::Schedule, 3600);
    let change = GroupChange {
        triggers: Some(triggers),
        ..GroupChange::default()
    };
    store.group_change(group.id, change).await.unwrap();
    going.service.reload().await.unwrap();
    going.world.clock.advance(2 * MINUTE);
    assert_eq!(
        reason(&going.trigger(Activation::ImapLogin).await),
        "switched-off"
    );
    assert!(
        going.due_in().await > 50 * MINUTE,
        "{:?}",
        going.due_in().await
    );
    going.turn_the_clock(60 * MINUTE);
    assert_eq!(going.ended().await.0, Activation::Schedule);
    // Who may not sign in gets no mail either.
    let shut = AccountChange {
        enabled: Some(false),
        ..AccountChange::default()
    };
    going
        .world
        .store
        .account_change(going.world.account, shut)
        .await
        .unwrap();
    going.service.reload().await.unwrap();
    assert_eq!(going.service.retrievals()[0].next, None);
    assert_eq!(reason(&going.trigger(Activation::Button).await), "disabled");
}

#[tokio::test]
async fn the_runs_a_person_starts_in_a_day_are_counted() {
    let going = Going::start(Every::Never).await;
    let store = &going.world.store;
    let group = store.group_by_name("Everyone").await.unwrap();
    let mut limits = group.limits;
    limits.started_per_day = Some(2);
    let change = GroupChange {
        limits: Some(limits),
        ..GroupChange::default()
    };
    store.group_change(group.id, change).await.unwrap();
    going.service.reload().await.unwrap();
    let by = Some(StartedBy {
        account: going.world.account,
        address: Some([192, 0, 2, 7].into()),
    });
    for _ in 0..2 {
        let answer = going.trigger_with(Activation::Button, by, Force::No).await;
        answer.ticket().unwrap().ended().await.unwrap();
        going.world.clock.advance(2 * MINUTE);
    }
    let third = going.trigger_with(Activation::Button, by, Force::No).await;
    assert_eq!(reason(&third), "limit-account");
    let forced = going
        .trigger_with(Activation::Button, by, Force::Administrator)
        .await;
    assert!(forced.ticket().is_some(), "{forced:?}");
}

#[tokio::test]
async fn a_refused_password_stops_triggers_until_it_is_changed() {
    let world = Setup::default().start().await;
    world.mailbox.set_password("another-one");
    let mut going = Going::over(world, Every::Seconds(600)).await;
    assert_eq!(going.ended().await.2, Some(ErrorCode::AuthRefused));
    going.world.clock.advance(5 * MINUTE);
    for activation in [
        Activation::Pop3Login,
        Activation::Folder,
        Activation::Button,
        Activation::Waiting,
    ] {
        assert_eq!(
            reason(&going.trigger(activation).await),
            "sign-in-refused",
            "{activation}"
        );
    }
    let again = going
        .trigger_with(Activation::Button, None, Force::TryAgain)
        .await;
    assert_eq!(reason(&again), "sign-in-refused");
    going.world.clock.advance(13 * MINUTE);
    // The schedule tries on its own now.
    going.service.look_at_the_clock();
    assert_eq!(going.ended().await.2, Some(ErrorCode::AuthRefused));
    assert!(going.due_in().await > 50 * MINUTE);
    let sign_ins = going.world.mailbox.sign_ins();
    going.world.mailbox.set_password("the-right-one");
    let secret = Secret::new("the-right-one".to_owned());
    going
        .world
        .set_secret(inhaul_store::RemoteSecret::Stored(secret))
        .await;
    going.service.reload().await.unwrap();
    // As soon as the floor allows.
    going.turn_the_clock(MINUTE);
    assert_eq!(going.ended().await, (Activation::Schedule, 0, None));
    assert_eq!(going.world.mailbox.sign_ins().refused, sign_ins.refused);
    assert_eq!(sign_ins.refused, 2);
}

#[tokio::test]
async fn a_busy_mailbox_is_tried_again_soon_and_is_no_failure() {
    let world = Setup::default().start().await;
    world
        .mailbox
        .set(|switches| switches.sign_in = SignIn::Refused(Refusal::InUse));
    let mut going = Going::over(world, Every::Seconds(600)).await;
    assert_eq!(going.ended().await.2, Some(ErrorCode::MailboxInUse));
    let wait = going.due_in().await;
    assert!(wait > MINUTE && wait < 3 * MINUTE, "{wait:?}");
    assert_eq!(going.world.retrieval().await.failures, 0);
}

#[tokio::test]
async fn who_waits_for_a_message_gets_it_within_the_floor() {
    let mut going = Going::start(Every::Never).await;
    let (until, answer) = going
        .service
        .wait_for_message(going.id, None)
        .await
        .unwrap();
    assert_eq!(until.since(going.world.clock.now()), 5 * MINUTE);
    assert_eq!(answer.ticket().unwrap().ended().await.unwrap().stored, 0);
    going.ended().await;
    going.turn_the_clock(MINUTE);
    assert_eq!(going.ended().await, (Activation::Waiting, 0, None));
    going.world.send(letters(0..1));
    going.turn_the_clock(MINUTE);
    assert_eq!(going.ended().await, (Activation::Waiting, 1, None));
    assert_eq!(going.service.retrievals()[0].waiting_until, None);
}

#[tokio::test]
async fn a_clock_that_jumps_neither_floods_nor_starves() {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let mut going = Going::polled().await;
    going.turn_the_clock(DAY);
    assert_eq!(going.ended().await.0, Activation::Schedule);
    let wait = going.due_in().await;
    assert!(wait <= 11 * MINUTE, "{wait:?}");
    let back = going.world.clock.now().minus(DAY);
    going.world.clock.set(back);
    going.service.look_at_the_clock();
    // What was due in ten minutes still is.
    while going.service.retrievals()[0]
        .next
        .is_none_or(|next| next.since(back) > 12 * MINUTE)
    {
        tokio::task::yield_now().await;
    }
    going.turn_the_clock(12 * MINUTE);
    assert_eq!(going.ended().await.0, Activation::Schedule);
    assert_eq!(going.world.mailbox.sessions(), 3);
}

#[tokio::test]
async fn a_run_that_did_not_begin_is_tried_again_soon_by_a_clock_that_was_set_back_too() {
    tries_again_soon(None, 24 * 60 * MINUTE, 12 * MINUTE).await;
}

#[tokio::test]
async fn the_moment_of_a_run_by_a_clock_that_was_set_back_comes_once_more_and_nothing_began_then() {
    tries_again_soon(Some(2400), 120 * MINUTE, 121 * MINUTE).await;
}

/// The clock is set `back` behind a run, at a server that wants `login_delay` seconds between two,
/// and is `ahead` of that when the next run cannot begin, so that the row tells of the first still.
async fn tries_again_soon(login_delay: Option<u32>, back: Duration, ahead: Duration) {
    let world = Setup::default().start().await;
    world
        .server
        .set(|switches| switches.login_delay = login_delay);
    let mut going = Going::over(world, Every::Seconds(600)).await;
    going.ended().await;
    let before = going.due_in().await;
    let set_back = going.world.clock.now().minus(back);
    going.world.clock.set(set_back);
    going.service.look_at_the_clock();
    while going.due_in().await > before {
        tokio::task::yield_now().await;
    }
    // Somebody looks and gets no greeting, and the run that is due waits for that place.
    let silent = |switches: &mut ServerSwitches| switches.greeting = Greeting::Missing;
    going.world.server.set(silent);
    let (looks, look) = (
        Looks::default(),
        RunOptions {
            dry_run: true,
            ..RunOptions::default()
        },
    );
    let waits = async {
        looks.0.notified().await;
        going.turn_the_clock(ahead);
        let answer = going.trigger(Activation::Button).await;
        let ticket = answer.ticket().unwrap();
        ticket.stop();
        ticket.ended().await.unwrap()
    };
    let report = tokio::select! {
        look = going.world.run_named(USER, look, &looks) => panic!("{look:?}"),
        report = waits => report,
    };
    assert_eq!(report.run, None, "{report:?}");
    // Its row tells the time of the other clock still.
    let wait = going.due_in().await;
    assert!(wait <= MINUTE, "{wait:?}");
}

#[tokio::test]
async fn a_stop_ends_runs_after_their_message_and_refuses_others() {
    let mut going = Going::start(Every::Never).await;
    going.world.send(letters(0..200));
    let slow = Line {
        latency: Duration::from_millis(40),
        ..Line::default()
    };
    going.world.server.set(|switches| switches.line = slow);
    let answer = going.trigger(Activation::Button).await;
    while !matches!(
        going.events.recv().await.unwrap().kind,
        EventKind::Progress { .. }
    ) {}
    assert!(going.service.stop(MINUTE).await);
    let report = answer.ticket().unwrap().ended().await.unwrap();
    assert!(report.stored <= 200);
    assert_eq!(reason(&going.trigger(Activation::Button).await), "stopping");
    going.world.assert_nothing_lost().await;
}

#[tokio::test]
async fn a_removed_retrieval_is_not_run_again() {
    let mut going = Going::polled().await;
    going.world.store.retrieval_remove(going.id).await.unwrap();
    going.service.reload().await.unwrap();
    assert!(going.service.retrievals().is_empty());
    going.turn_the_clock(60 * MINUTE);
    assert_eq!(going.world.mailbox.sessions(), 1);
    while let Ok(event) = going.events.try_recv() {
        assert!(!matches!(event.kind, EventKind::Ended { .. }), "{event:?}");
    }
}

#[tokio::test]
async fn a_promised_run_comes_when_a_full_queue_has_room_again() {
    let (mut going, others) = Going::crowded().await;
    let (first, behind) = going.followed().await;
    assert_eq!(first.ended().await.unwrap().stored, 3);
    for other in going.fill_the_queue(others).await {
        other.ended().await.unwrap();
    }
    going.turn_the_clock(MINUTE);
    let report = behind.ended_within(MINUTE).await.unwrap();
    assert_eq!(report.stored, 1, "{report:?}");
}

#[tokio::test]
async fn who_waits_for_a_message_while_the_queue_is_full_gets_it_later() {
    let (mut going, others) = Going::crowded().await;
    let (_, answer) = (going.service.wait_for_message(going.id, None).await).unwrap();
    answer.ticket().unwrap().ended().await.unwrap();
    going.ended().await;
    for other in going.fill_the_queue(others).await {
        other.ended().await.unwrap();
        going.ended().await;
    }
    going.world.send(letters(0..1));
    going.turn_the_clock(MINUTE);
    assert_eq!(going.ended().await, (Activation::Waiting, 1, None));
}

#[tokio::test]
async fn nobody_waits_for_a_promised_run_that_does_not_come() {
    let mut removed = Going::start(Every::Never).await;
    let (_, behind) = removed.followed().await;
    let id = removed.id;
    removed.world.store.retrieval_remove(id).await.unwrap();
    removed.service.reload().await.unwrap();
    let report = behind.ended_within(MINUTE).await.unwrap();
    assert_eq!(report.run, None);
    let mut stopped = Going::start(Every::Never).await;
    let (_, behind) = stopped.followed().await;
    assert!(stopped.service.stop(MINUTE).await);
    let report = behind.ended_within(MINUTE).await.unwrap();
    assert_eq!(report.run, None);
}

/// The stages of the next run, as they are told.
async fn stages(going: &mut Going) -> Vec<RunStage> {
    going.trigger(Activation::Button).await;
    let mut stages = Vec::new();
    loop {
        match going.events.recv().await.unwrap().kind {
            EventKind::Progress { come, .. } => stages.push(come.stage),
            EventKind::Ended { .. } => break,
            _ => {}
        }
    }
    stages.dedup();
    stages
}

#[tokio::test]
async fn each_stage_of_a_run_is_told_as_it_begins() {
    use RunStage::{Bringing, Connecting, Deleting, Finding, Looking, Securing, SigningIn};
    for (security, secured) in [
        (Security::None, &[SigningIn][..]),
        (Security::Tls, &[Securing, SigningIn]),
        (Security::StartTls, &[Securing, SigningIn]),
    ] {
        let setup = Setup {
            security,
            retention: Retention::Delete,
            ..Setup::default()
        };
        let world = setup.start().await;
        world.send(letters(0..3));
        let mut going = Going::over(world, Every::Never).await;
        let told = stages(&mut going).await;
        let begin = [Finding, Connecting];
        let end = [Looking, Bringing, Deleting(3)];
        assert_eq!(told, [&begin[..], secured, &end].concat(), "{security:?}");
    }
}

#[tokio::test]
async fn what_is_said_can_be_read_along_while_the_server_is_silent() {
    let world = Setup::default().start().await;
    let going = Going::over(world, Every::Never).await;
    assert!(
        going.service.overheard(going.id).is_none(),
        "no run goes on"
    );
    let silent = SignIn::Refused(Refusal::Silence);
    going
        .world
        .mailbox
        .set(|switches| switches.sign_in = silent);
    let answer = going.trigger(Activation::Button).await;
    let run = answer.ticket().unwrap().begun().await.unwrap();
    loop {
        let (followed, said) = going.service.overheard(going.id).unwrap();
        assert_eq!(followed, run);
        if said.contains("********") {
            assert!(said.starts_with("S: +OK"), "{said}");
            break;
        }
        tokio::task::yield_now().await;
    }
    answer.ticket().unwrap().stop();
}
