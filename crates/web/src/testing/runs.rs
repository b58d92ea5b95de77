//! A stand-in for whoever runs retrievals: says what a test has written for it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use inhaul_store::{
    Remote, RemoteSecret, Security, SqliteStore, StartedBy, Store as _, StoreError,
};
use inhaul_types::card::{Facts, Occasion};
use inhaul_types::{AccountId, Card, ErrorCode, Octets, RetrievalId, Timestamp};

use crate::runs::{
    Answer, Detection, DetectionFailure, DetectionStep, Events, Found, Inspection,
    InspectionFailure, Look, Origin, Overall, Runs, Stage, Start, State, Step, StepResult, What,
};

/// What was asked, and what is to be answered.
#[derive(Debug)]
pub(crate) struct Scripted {
    store: Arc<SqliteStore>,
    /// What the next searches come to; nothing is found behind them.
    pub(crate) detections: Mutex<VecDeque<Result<Detection, DetectionFailure>>>,
    /// What the next tests come to; they go well behind them.
    pub(crate) inspections: Mutex<VecDeque<Result<Inspection, InspectionFailure>>>,
    /// What was tested: as whom, with which password, for whom.
    pub(crate) inspected: Mutex<Vec<(Remote, RemoteSecret, Option<AccountId>)>>,
    /// What was started.
    pub(crate) started: Mutex<Vec<Start>>,
}

impl Scripted {
    pub(crate) fn new(store: Arc<SqliteStore>) -> Self {
        Self {
            store,
            detections: Mutex::default(),
            inspections: Mutex::default(),
            inspected: Mutex::default(),
            started: Mutex::default(),
        }
    }

    pub(crate) fn will_find(&self, detected: Result<Detection, DetectionFailure>) {
        self.detections.lock().unwrap().push_back(detected);
    }

    pub(crate) fn will_test(&self, inspected: Result<Inspection, InspectionFailure>) {
        self.inspections.lock().unwrap().push_back(inspected);
    }

    /// Names that sign-ins were tried with.
    pub(crate) fn names_tried(&self) -> Vec<String> {
        let inspected = self.inspected.lock().unwrap();
        inspected
            .iter()
            .map(|(remote, ..)| remote.user.clone())
            .collect()
    }
}

/// A server of the table, at `pop.old-isp.example`.
pub(crate) fn detection(user: &str) -> Detection {
    Detection {
        host: "pop.old-isp.example".into(),
        port: 995,
        security: Security::Tls,
        ca_file: None,
        user: user.into(),
        other_user: None,
        origin: Origin::Table("Old ISP".into()),
        notes: vec!["Switch POP on first.".into()],
        not_possible: None,
    }
}

/// 412 messages of 1.3 GB.
fn inspection() -> Inspection {
    Inspection {
        messages: 412,
        octets: Octets::new(1_300_000_000),
        names_messages: true,
        sign_in_memory: None,
    }
}

/// The card of a trial.
pub(crate) fn card(code: ErrorCode) -> Card {
    let facts = Facts {
        server: Some("pop.old-isp.example".into()),
        occasion: Occasion::Trial,
        ..Facts::default()
    };
    Card::of(code, &facts)
}

#[async_trait]
impl Runs for Scripted {
    async fn start(&self, start: Start) -> Result<Vec<(RetrievalId, Answer)>, StoreError> {
        let meant = match &start.what {
            What::Retrievals(ids) => ids.clone(),
            _ => Vec::new(),
        };
        self.started.lock().unwrap().push(start);
        Ok(meant.into_iter().map(|id| (id, Answer::Started)).collect())
    }

    async fn wait_for_message(
        &self,
        retrieval: RetrievalId,
        _: Option<StartedBy>,
    ) -> Result<(Timestamp, Answer), StoreError> {
        let row = self.store.retrieval_by_id(retrieval).await?;
        Ok((
            row.last_good.unwrap_or(Timestamp::from_millis(0)),
            Answer::Started,
        ))
    }

    fn stop_waiting(&self, _: RetrievalId) {}

    fn stop(&self, _: RetrievalId) {}

    fn states(&self) -> Vec<State> {
        Vec::new()
    }

    fn state(&self, _: RetrievalId) -> Option<State> {
        None
    }

    fn overall(&self) -> Overall {
        Overall {
            started: Timestamp::from_millis(0),
            running: 0,
            at_once: 200,
            waiting: 0,
            offline_since: None,
            stopping: false,
        }
    }

    fn subscribe(&self) -> Events {
        futures_util::stream::pending().boxed()
    }

    async fn survey(
        &self,
        _: Remote,
        _: RemoteSecret,
        _: Option<inhaul_store::SignInMemory>,
        _: u32,
    ) -> Result<crate::runs::Survey, Card> {
        unreachable!("nobody asks for headers here")
    }

    async fn inspect(
        &self,
        remote: Remote,
        secret: RemoteSecret,
        for_person: Option<AccountId>,
        look: &dyn Look,
    ) -> Result<Inspection, InspectionFailure> {
        self.inspected
            .lock()
            .unwrap()
            .push((remote, secret, for_person));
        let next = self.inspections.lock().unwrap().pop_front();
        let outcome = match next {
            Some(outcome) => outcome,
            None => Ok(inspection()),
        };
        let end = outcome.as_ref().err().map(|failure| failure.stage);
        for stage in Stage::ALL {
            look.begins(stage);
            if end == Some(stage) {
                break;
            }
            let found = match stage {
                Stage::FindServer => Found::Server(vec!["203.0.113.20:995".parse().unwrap()]),
                Stage::Connect => Found::Connection(995),
                Stage::Secure => Found::Encryption(None),
                Stage::SignIn => Found::SignedIn,
                Stage::LookInside => Found::Inside(412, Octets::new(1_300_000_000)),
                Stage::LeaveCopies => Found::Names(true),
            };
            look.found(stage, &found, Duration::from_millis(12));
        }
        outcome
    }

    async fn detect(
        &self,
        _: &str,
        _: Option<AccountId>,
        step: &(dyn Fn(DetectionStep) + Send + Sync),
    ) -> Result<Detection, DetectionFailure> {
        let next = self.detections.lock().unwrap().pop_front();
        let outcome = next.unwrap_or_else(|| Err(DetectionFailure::NothingFound(Vec::new())));
        let result = match &outcome {
            Ok(_) => StepResult::Found("Old ISP".into()),
            Err(_) => StepResult::Nothing("not in the list".into()),
        };
        let step_of = Step::KnownProviders;
        step(DetectionStep {
            step: step_of,
            result: StepResult::Begins,
        });
        step(DetectionStep {
            step: step_of,
            result,
        });
        outcome
    }
}
