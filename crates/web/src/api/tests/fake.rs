//! Whoever runs retrievals and knows passwords, as a test says it.

use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use inhaul_domain::trigger::{Refusal, RefusalReason};
use inhaul_store::{Account, Remote, RemoteSecret, Retrieval, Security, StartedBy, StoreError};
use inhaul_types::{AccountId, Card, ErrorCode, Facts, Octets, RetrievalId, Secret, Timestamp};

use crate::door::{Denied, Door};
use crate::runs::*;

/// Runs that do nothing, and remember what was asked.
#[derive(Debug)]
pub(super) struct Fake {
    pub(super) answer: Mutex<Answer>,
    /// Those that it has heard of.
    pub(super) rows: Mutex<Vec<Retrieval>>,
    pub(super) started: Mutex<Vec<Start>>,
    pub(super) inspected: Mutex<Vec<(Remote, RemoteSecret, Option<AccountId>)>>,
}

impl Default for Fake {
    fn default() -> Self {
        Self {
            answer: Mutex::new(Answer::Started),
            rows: Mutex::default(),
            started: Mutex::default(),
            inspected: Mutex::default(),
        }
    }
}

/// The server that refuses passwords.
pub(super) const REFUSES: &str = "refuses.example.org";
/// The domain of which nothing is known.
pub(super) const UNKNOWN: &str = "unknown.example";

#[async_trait]
impl Runs for Fake {
    async fn start(&self, start: Start) -> Result<Vec<(RetrievalId, Answer)>, StoreError> {
        let ids = match start.what.clone() {
            What::Retrievals(ids) => ids,
            What::FillingAccount(account) => {
                let mut states = self.states();
                states.retain(|state| state.row.account == account);
                states.iter().map(|state| state.row.id).collect()
            }
            _ => return Ok(Vec::new()),
        };
        self.started.lock().unwrap().push(start);
        let answer = *self.answer.lock().unwrap();
        Ok(ids.into_iter().map(|id| (id, answer)).collect())
    }

    async fn wait_for_message(
        &self,
        _: RetrievalId,
        _: Option<StartedBy>,
    ) -> Result<(Timestamp, Answer), StoreError> {
        let reason = RefusalReason::Stopping;
        let refusal = Refusal {
            reason,
            until: None,
        };
        Ok((Timestamp::from_millis(0), Answer::Refused(refusal)))
    }

    fn stop_waiting(&self, _: RetrievalId) {}

    fn stop(&self, _: RetrievalId) {}

    fn states(&self) -> Vec<State> {
        let rows = self.rows.lock().unwrap();
        rows.iter().cloned().map(State::of_new).collect()
    }

    fn state(&self, id: RetrievalId) -> Option<State> {
        let mut states = self.states().into_iter();
        states.find(|state| state.row.id == id)
    }

    fn overall(&self) -> Overall {
        Overall {
            started: Timestamp::from_millis(0),
            running: 0,
            at_once: 16,
            waiting: 0,
            offline_since: None,
            stopping: false,
        }
    }

    fn subscribe(&self) -> Events {
        stream::empty().boxed()
    }

    async fn survey(
        &self,
        _: Remote,
        _: RemoteSecret,
        _: Option<inhaul_store::SignInMemory>,
        _: u32,
    ) -> Result<Survey, Card> {
        unreachable!("nobody asks for headers here")
    }

    async fn inspect(
        &self,
        remote: Remote,
        secret: RemoteSecret,
        for_person: Option<AccountId>,
        look: &dyn Look,
    ) -> Result<Inspection, InspectionFailure> {
        let host = remote.host.clone();
        let mut inspected = self.inspected.lock().unwrap();
        inspected.push((remote, secret, for_person));
        let took = Duration::from_millis(5);
        look.begins(Stage::Connect);
        look.found(Stage::Connect, &Found::Connection(995), took);
        if host == REFUSES {
            let facts = Facts {
                said: Some("[AUTH] no".into()),
                ..Facts::default()
            };
            return Err(InspectionFailure {
                stage: Stage::SignIn,
                took,
                card: Card::of(ErrorCode::AuthRefused, &facts),
                shown_key: None,
                sign_ins: 1,
            });
        }
        Ok(Inspection {
            messages: 3,
            octets: Octets::new(4_096),
            names_messages: true,
            sign_in_memory: None,
        })
    }

    async fn detect(
        &self,
        address: &str,
        _: Option<AccountId>,
        step: &(dyn Fn(DetectionStep) + Send + Sync),
    ) -> Result<Detection, DetectionFailure> {
        let Some((user, domain)) = address.split_once('@') else {
            let what = "That is no mail address.".to_owned();
            return Err(DetectionFailure::BadAddress(what));
        };
        if domain == UNKNOWN {
            let names = vec![format!("pop.{UNKNOWN}")];
            return Err(DetectionFailure::NothingFound(names));
        }
        for result in [StepResult::Begins, StepResult::Found("It is known.".into())] {
            let of = Step::KnownProviders;
            step(DetectionStep { step: of, result });
        }
        Ok(Detection {
            host: format!("pop.{domain}"),
            port: 995,
            security: Security::Tls,
            ca_file: None,
            user: user.to_owned(),
            other_user: Some(address.to_owned()),
            origin: Origin::Table("Example".into()),
            notes: vec!["Copies can stay there.".into()],
            not_possible: None,
        })
    }
}

/// Lets nobody in by a password.
#[derive(Debug)]
pub(super) struct Shut;

#[async_trait]
impl Door for Shut {
    async fn admit(&self, _: &str, _: &Secret, _: IpAddr) -> Result<Account, Denied> {
        Err(Denied::Wrong)
    }
}
