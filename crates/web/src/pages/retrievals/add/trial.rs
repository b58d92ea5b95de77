//! The test of a mailbox, as a person watches it: brings and changes nothing.

use std::sync::Arc;
use std::time::Duration;

use inhaul_store::{Remote, RemoteSecret};
use inhaul_types::{AccountId, ErrorCode};
use tokio::sync::watch;

use super::job::{Job, Progress};
use crate::app::App;
use crate::look::many;
use crate::runs::{Found, Inspection, InspectionFailure, Look, Stage};

/// How far a test has come.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    /// What is tested, with the name that was tried last.
    remote: Remote,
    stages: Vec<(Stage, Option<(Found, Duration)>)>,
    outcome: Option<Result<Inspection, InspectionFailure>>,
}

/// A line of it.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) class: &'static str,
    pub(crate) sign: &'static str,
    pub(crate) label: &'static str,
    pub(crate) detail: String,
    pub(crate) took: Option<String>,
}

impl Trial {
    /// Begins one. A name that is refused is followed by the other one, if there is one and the
    /// server has heard one password only: at most two tries, so that nobody is locked out.
    pub(super) fn start(
        app: &App,
        remote: Remote,
        other_user: Option<String>,
        secret: RemoteSecret,
        for_person: Option<AccountId>,
    ) -> Job<Self> {
        let app = app.clone();
        Job::start(Self::new(remote.clone()), |come| async move {
            let first = inspect(&app, remote.clone(), secret.clone(), for_person, &come).await;
            let outcome = match (first, other_user) {
                (Err(failure), Some(user)) if is_about_the_name(&failure) => {
                    let other = Remote { user, ..remote };
                    come.send_modify(|trial| trial.remote = other.clone());
                    inspect(&app, other, secret, for_person, &come).await
                }
                (first, _) => first,
            };
            come.send_modify(|trial| trial.outcome = Some(outcome));
        })
    }

    /// The same, waited for.
    pub(crate) async fn run(
        app: &App,
        remote: Remote,
        secret: RemoteSecret,
        for_person: Option<AccountId>,
    ) -> Self {
        let (come, _) = watch::channel(Self::new(remote.clone()));
        let come = Arc::new(come);
        let outcome = inspect(app, remote, secret, for_person, &come).await;
        come.send_modify(|trial| trial.outcome = Some(outcome));
        come.borrow().clone()
    }

    fn new(remote: Remote) -> Self {
        Self {
            remote,
            stages: Vec::new(),
            outcome: None,
        }
    }

    /// What was tested: with the name that was tried last.
    pub(crate) fn remote(&self) -> &Remote {
        &self.remote
    }

    /// What it found, if it went well.
    pub(crate) fn inspection(&self) -> Option<Inspection> {
        self.outcome.as_ref()?.as_ref().ok().copied()
    }

    /// Why it failed, if it did.
    pub(crate) fn failure(&self) -> Option<&InspectionFailure> {
        self.outcome.as_ref()?.as_ref().err()
    }

    /// What to show of it. A failed stage has no line: its card stands in its place.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let failed = self.failure().map(|failure| failure.stage);
        let shown = Stage::ALL.into_iter();
        let shown = shown.take_while(|stage| failed.is_none_or(|failed| *stage < failed));
        shown.map(|stage| self.line(stage)).collect()
    }

    fn line(&self, stage: Stage) -> Line {
        let told = self.stages.iter().find(|(told, _)| *told == stage);
        let (class, sign, detail, took) = match told {
            Some((_, Some((found, took)))) => {
                let took = format!("{} ms", took.as_millis());
                ("good", "✓", self.words(found), Some(took))
            }
            Some((_, None)) => ("running", "…", String::new(), None),
            None => ("waiting", "·", String::new(), None),
        };
        Line {
            class,
            sign,
            label: stage.label(),
            detail,
            took,
        }
    }

    fn words(&self, found: &Found) -> String {
        match found {
            Found::Server(addresses) => match addresses.first() {
                Some(address) if address.ip().to_string() == self.remote.host => {
                    address.ip().to_string()
                }
                Some(address) => format!("{} is {}", self.remote.host, address.ip()),
                None => self.remote.host.clone(),
            },
            Found::Connection(port) => format!("port {port}"),
            Found::Encryption(None) => "not encrypted".to_owned(),
            Found::Encryption(Some(encryption)) => match encryption.valid_until {
                Some(until) => format!(
                    "{}, certificate valid until {}",
                    encryption.version,
                    until.date_in_words()
                ),
                None => encryption.version.to_owned(),
            },
            Found::SignedIn => format!("as {}", self.remote.user),
            Found::Inside(0, _) => "no messages".to_owned(),
            Found::Inside(messages, octets) => {
                format!("{}, {}", many(messages, "message"), octets.in_words())
            }
            Found::Names(true) => "yes, every message has a lasting ID".to_owned(),
            Found::Names(false) => "yes, but slowly: messages have no lasting ID".to_owned(),
        }
    }
}

impl Progress for Trial {
    fn is_over(&self) -> bool {
        self.outcome.is_some()
    }
}

/// Whether another name may help, and may be tried.
fn is_about_the_name(failure: &InspectionFailure) -> bool {
    let code = failure.card.code;
    let is_refusal = matches!(code, ErrorCode::AuthRefused | ErrorCode::AuthAppPassword);
    is_refusal && failure.stage == Stage::SignIn && failure.sign_ins < TRIES
}

/// Sign-ins for one press.
const TRIES: u8 = 2;

async fn inspect(
    app: &App,
    remote: Remote,
    secret: RemoteSecret,
    for_person: Option<AccountId>,
    come: &Arc<watch::Sender<Trial>>,
) -> Result<Inspection, InspectionFailure> {
    let telling = Telling(Arc::clone(come));
    app.runs()
        .inspect(remote, secret, for_person, &telling)
        .await
}

/// Takes down what a test says of itself.
struct Telling(Arc<watch::Sender<Trial>>);

impl Look for Telling {
    fn begins(&self, stage: Stage) {
        self.0.send_modify(|trial| {
            if !trial.stages.iter().any(|(told, _)| *told == stage) {
                trial.stages.push((stage, None));
            }
        });
    }

    fn found(&self, stage: Stage, found: &Found, took: Duration) {
        self.0.send_modify(|trial| {
            trial.stages.retain(|(told, _)| *told != stage);
            trial.stages.push((stage, Some((found.clone(), took))));
        });
    }
}
