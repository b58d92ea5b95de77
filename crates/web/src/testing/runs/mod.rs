//! A stand-in for whoever runs retrievals: says what a test has written for it, and takes down what
//! it was asked for.
//!
//! Nothing runs. Starts of all retrievals are answered with `answer`, of one with its own in
//! `answers`; how retrievals stand is what a test puts in `states`. Searches, tests and looks at
//! headers are in `mailboxes`.

mod mailboxes;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use inhaul_store::{Remote, RemoteSecret, Retrieval, SignInMemory, StartedBy, StoreError};
use inhaul_testkit::ManualClock;
use inhaul_types::{AccountId, Card, RetrievalId, Timestamp};
use tokio::sync::broadcast;

use crate::runs::{
    Answer, Detection, DetectionFailure, DetectionStep, Event, EventKind, Events, Heard,
    Inspection, InspectionFailure, Look, Overall, Runs, Start, State, Survey, What,
};
use mailboxes::Mailboxes;
pub(crate) use mailboxes::{card, detection, failure};

/// What was asked, and what is to be answered.
#[derive(Debug)]
pub(crate) struct Scripted {
    clock: ManualClock,
    events: broadcast::Sender<Event>,
    /// How retrievals stand; of any other it has not heard yet.
    pub(crate) states: Mutex<BTreeMap<RetrievalId, State>>,
    /// What the start of a retrieval is answered that is not in `answers`.
    pub(crate) answer: Mutex<Answer>,
    /// What the start of these is answered.
    pub(crate) answers: Mutex<BTreeMap<RetrievalId, Answer>>,
    /// What was started.
    pub(crate) started: Mutex<Vec<Start>>,
    /// What was stopped, or waited for and no more.
    pub(crate) stopped: Mutex<Vec<RetrievalId>>,
    /// How the service stands.
    pub(crate) overall: Mutex<Overall>,
    /// What remote mailboxes say.
    pub(crate) mailboxes: Mailboxes,
    /// What was tested: as whom, with which password, for whom.
    pub(crate) inspected: Mutex<Vec<(Remote, RemoteSecret, Option<AccountId>)>>,
}

impl Scripted {
    pub(crate) fn new(clock: ManualClock) -> Self {
        let overall = Overall {
            started: clock.now(),
            running: 0,
            at_once: 200,
            waiting: 0,
            offline_since: None,
            stopping: false,
        };
        Self {
            clock,
            events: broadcast::channel(1024).0,
            states: Mutex::default(),
            answer: Mutex::new(Answer::Started),
            answers: Mutex::default(),
            started: Mutex::default(),
            stopped: Mutex::default(),
            overall: Mutex::new(overall),
            mailboxes: Mailboxes::default(),
            inspected: Mutex::default(),
        }
    }

    /// From now on every start is answered so.
    pub(crate) fn answer_all(&self, answer: Answer) {
        self.answers.lock().unwrap().clear();
        *self.answer.lock().unwrap() = answer;
    }

    /// Changes how a retrieval stands.
    pub(crate) fn change(&self, retrieval: RetrievalId, change: impl FnOnce(&mut State)) {
        change(self.states.lock().unwrap().get_mut(&retrieval).unwrap());
    }

    /// Changes its row.
    pub(crate) fn change_row(&self, id: RetrievalId, change: impl FnOnce(&mut Retrieval)) {
        self.change(id, |state| change(Arc::make_mut(&mut state.row)));
    }

    /// Tells whoever listens that this happened to it now.
    pub(crate) fn tell(&self, retrieval: RetrievalId, kind: EventKind) {
        let at = self.clock.now();
        let event = Event {
            at,
            retrieval,
            kind,
        };
        self.events.send(event).unwrap();
    }

    fn answer_to(&self, retrieval: RetrievalId) -> Answer {
        let own = self.answers.lock().unwrap().get(&retrieval).copied();
        own.unwrap_or_else(|| *self.answer.lock().unwrap())
    }
}

#[async_trait]
impl Runs for Scripted {
    async fn start(&self, start: Start) -> Result<Vec<(RetrievalId, Answer)>, StoreError> {
        let meant = |state: &State| match &start.what {
            What::FillingAccount(account) => state.row.account == *account,
            What::OwnedBy(account) => state.row.owner == Some(*account),
            What::Filling(folder) => state.row.folder == *folder,
            What::Retrievals(_) => false,
        };
        let ids = match &start.what {
            What::Retrievals(ids) => ids.clone(),
            _ => {
                let states = self.states().into_iter().filter(meant);
                states.map(|state| state.row.id).collect()
            }
        };
        self.started.lock().unwrap().push(start);
        let answers = ids.into_iter().map(|id| (id, self.answer_to(id)));
        Ok(answers.collect())
    }

    async fn wait_for_message(
        &self,
        retrieval: RetrievalId,
        _: Option<StartedBy>,
    ) -> Result<(Timestamp, Answer), StoreError> {
        let until = self.clock.now().plus(Duration::from_secs(300));
        Ok((until, self.answer_to(retrieval)))
    }

    fn stop_waiting(&self, retrieval: RetrievalId) {
        self.stopped.lock().unwrap().push(retrieval);
    }

    fn stop(&self, retrieval: RetrievalId) {
        self.stopped.lock().unwrap().push(retrieval);
    }

    fn states(&self) -> Vec<State> {
        self.states.lock().unwrap().values().cloned().collect()
    }

    fn state(&self, retrieval: RetrievalId) -> Option<State> {
        self.states.lock().unwrap().get(&retrieval).cloned()
    }

    fn overall(&self) -> Overall {
        *self.overall.lock().unwrap()
    }

    fn subscribe(&self) -> Events {
        let events = self.events.subscribe();
        stream::unfold(events, |mut events| async move {
            let event = events.recv().await.ok()?;
            Some((Heard::Event(event), events))
        })
        .boxed()
    }

    async fn inspect(
        &self,
        remote: Remote,
        secret: RemoteSecret,
        for_person: Option<AccountId>,
        look: &dyn Look,
    ) -> Result<Inspection, InspectionFailure> {
        let asked = (remote, secret, for_person);
        self.inspected.lock().unwrap().push(asked);
        self.mailboxes.inspect(look).await
    }

    async fn survey(
        &self,
        _: Remote,
        _: RemoteSecret,
        _: Option<SignInMemory>,
        newest: u32,
    ) -> Result<Survey, Card> {
        self.mailboxes.survey(newest, self.clock.now()).await
    }

    async fn detect(
        &self,
        address: &str,
        _: Option<AccountId>,
        step: &(dyn Fn(DetectionStep) + Send + Sync),
    ) -> Result<Detection, DetectionFailure> {
        self.mailboxes.detect(address, step)
    }
}
