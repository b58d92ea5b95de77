//! What the pages ask of whoever runs retrievals, answered by the engine's service.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use inhaul_domain::reach::Reach;
use inhaul_domain::schedule::{self, Setback};
use inhaul_engine::service::{self, RetrievalStatus, Service};
use inhaul_engine::{self as engine, Engine, InspectionObserver, RunReport};
use inhaul_store::{
    Clock, Remote, RemoteSecret, Retrieval, SignInMemory, StartedBy, Store as _, StoreError,
};
use inhaul_types::card::Detail;
use inhaul_types::{AccountId, Card, ErrorCode, RetrievalId, RunId, Timestamp};
use inhaul_web::runs::*;
use tokio::sync::broadcast::error::RecvError;

use super::places::Places;
use super::{detect, survey};
use crate::cli::Context;
use crate::serve::pace;

/// The engine and its service.
pub(super) struct OfEngine {
    engine: Arc<Engine>,
    service: Arc<Service>,
    context: Context,
    clock: Clock,
    places: Places,
}

impl OfEngine {
    pub(super) fn new(context: &Context, clock: Clock) -> Self {
        Self {
            engine: Arc::clone(&context.engine),
            service: Arc::clone(&context.service),
            context: context.clone(),
            clock,
            places: Places::default(),
        }
    }

    fn state_of(&self, status: RetrievalStatus, around: &Around) -> State {
        let row = &status.row;
        let interval = schedule::interval(row.every, &around.pace, &row.schedule, around.now);
        State {
            interval: interval.map(|interval| interval.length),
            next: status.next,
            doing: status.doing,
            position: status.position,
            waiting_until: status.waiting_until,
            waiting_next: status.waiting_next,
            follows: status.follows,
            offline_since: around.offline_since,
            row: status.row,
        }
    }

    fn around(&self) -> Around {
        Around {
            now: (self.clock)(),
            pace: self.engine.pace(),
            offline_since: *self.engine.offline().borrow(),
        }
    }

    async fn reach(&self, person: Option<AccountId>) -> Result<Reach, StoreError> {
        let Some(account) = person else {
            return Ok(Reach::Anywhere);
        };
        let allowance = self.context.store.account_allowance(account).await?;
        Ok(match allowance.private_networks {
            true => Reach::Anywhere,
            false => self.engine.public_reach(),
        })
    }
}

/// What is the same for all retrievals at a moment.
struct Around {
    now: Timestamp,
    pace: Arc<schedule::Pace>,
    offline_since: Option<Timestamp>,
}

#[async_trait]
impl Runs for OfEngine {
    async fn start(&self, start: Start) -> Result<Vec<(RetrievalId, Answer)>, StoreError> {
        let trigger = service::Trigger {
            what: start.what,
            activation: start.activation,
            by: start.by,
            force: start.force,
        };
        let answers = self.service.trigger(&trigger).await?;
        let answers = answers.into_iter();
        Ok(answers
            .map(|(id, answer)| (id, answer_of(&answer)))
            .collect())
    }

    async fn wait_for_message(
        &self,
        retrieval: RetrievalId,
        by: Option<StartedBy>,
    ) -> Result<(Timestamp, Answer), StoreError> {
        let (until, answer) = self.service.wait_for_message(retrieval, by).await?;
        Ok((until, answer_of(&answer)))
    }

    fn stop_waiting(&self, retrieval: RetrievalId) {
        self.service.wait_no_more(retrieval);
    }

    fn stop(&self, retrieval: RetrievalId) {
        self.service.stop_run(retrieval);
    }

    fn states(&self) -> Vec<State> {
        self.states_where(&|_| true)
    }

    fn states_where(&self, wanted: &dyn Fn(&Retrieval) -> bool) -> Vec<State> {
        let around = self.around();
        let some = self.service.retrievals_where(wanted).into_iter();
        some.map(|status| self.state_of(status, &around)).collect()
    }

    fn state(&self, retrieval: RetrievalId) -> Option<State> {
        let status = self.service.retrieval(retrieval)?;
        Some(self.state_of(status, &self.around()))
    }

    fn overheard(&self, retrieval: RetrievalId) -> Option<(RunId, Arc<str>)> {
        self.service.overheard(retrieval)
    }

    fn overall(&self) -> Overall {
        let status = self.service.status();
        Overall {
            started: status.started,
            running: status.running,
            at_once: pace::service_settings(&self.context.config.checks).at_once,
            waiting: status.waiting,
            offline_since: status.offline_since,
            stopping: status.stopping,
        }
    }

    fn pace(&self) -> schedule::Pace {
        pace::pace(&self.context.config.checks)
    }

    fn subscribe(&self) -> Events {
        let events = self.service.subscribe();
        stream::unfold(events, |mut events| async move {
            let heard = match events.recv().await {
                Ok(event) => Heard::Event(event_of(event)),
                Err(RecvError::Lagged(missed)) => Heard::Missed(missed),
                Err(RecvError::Closed) => return None,
            };
            Some((heard, events))
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
        let _place = self.places.take(for_person).await;
        let reach = self.reach(for_person).await.map_err(|error| {
            tracing::error!(%error, "a person's reach cannot be read");
            InspectionFailure {
                stage: Stage::FindServer,
                took: Duration::ZERO,
                card: Card::new(ErrorCode::DataDamaged),
                shown_key: None,
                sign_ins: 0,
            }
        })?;
        let watching = Watching(look);
        let inspected = self
            .engine
            .inspect_by_stages(&remote, secret, &reach, &watching)
            .await;
        if let Err(failure) = &inspected
            && failure.report.code == ErrorCode::ServerNotAllowed
        {
            let account = for_person.map(AccountId::row);
            let (host, port) = (&remote.host, remote.port);
            tracing::warn!(account, host, port, "refused: no public server");
        }
        match inspected {
            Ok(found) => Ok(Inspection {
                messages: found.messages,
                octets: found.octets,
                names_messages: found.names_messages,
                sign_in_memory: found.sign_in_memory,
            }),
            Err(failure) => Err(InspectionFailure {
                stage: failure.stage,
                took: failure.took,
                shown_key: match failure.report.code {
                    // On a line of its own: this one said nothing of its key.
                    ErrorCode::Certificate => self.engine.shown_key(&remote, &reach).await.ok(),
                    _ => None,
                },
                card: failure.report.card(),
                sign_ins: failure.sign_ins,
            }),
        }
    }

    async fn survey(
        &self,
        remote: Remote,
        secret: RemoteSecret,
        sign_in: Option<SignInMemory>,
        newest: u32,
    ) -> Result<Survey, Card> {
        survey::survey(&self.engine, &remote, secret, sign_in, newest).await
    }

    async fn detect(
        &self,
        address: &str,
        for_person: Option<AccountId>,
        step: &(dyn Fn(DetectionStep) + Send + Sync),
    ) -> Result<Detection, DetectionFailure> {
        let _place = self.places.take(for_person).await;
        let reach = self.reach(for_person).await.map_err(|error| {
            tracing::error!(%error, "a person's reach cannot be read");
            DetectionFailure::NothingFound(Vec::new())
        })?;
        detect::detect(&self.engine, address, &reach, step).await
    }
}

/// Tells the pages what the engine says.
struct Watching<'a>(&'a dyn Look);

impl InspectionObserver for Watching<'_> {
    fn begins(&self, stage: Stage) {
        self.0.begins(stage);
    }

    fn found(&self, stage: Stage, found: &engine::Found, took: Duration) {
        self.0.found(stage, &found_of(found), took);
    }
}

fn found_of(found: &engine::Found) -> Found {
    match found {
        engine::Found::Server(addresses) => Found::Server(Vec::<SocketAddr>::clone(addresses)),
        engine::Found::Connection(port) => Found::Connection(*port),
        engine::Found::Encryption(encryption) => Found::Encryption(*encryption),
        engine::Found::SignedIn => Found::SignedIn,
        engine::Found::Inside(messages, octets) => Found::Inside(*messages, *octets),
        engine::Found::Names(names) => Found::Names(*names),
    }
}

fn answer_of(answer: &service::Answer) -> Answer {
    match answer {
        service::Answer::Started(_) => Answer::Started,
        service::Answer::Joined(_) => Answer::Joined,
        service::Answer::Queued(position, _) => Answer::Queued(*position),
        service::Answer::Behind(not_before, _) => Answer::Behind(*not_before),
        service::Answer::Refused(refusal) => Answer::Refused(*refusal),
    }
}

fn event_of(event: service::Event) -> Event {
    let kind = match event.kind {
        service::EventKind::Queued {
            activation,
            position,
        } => EventKind::Queued {
            activation,
            position,
        },
        service::EventKind::Progress { activation, come } => {
            EventKind::Progress { activation, come }
        }
        service::EventKind::Ended {
            activation,
            report,
            next,
        } => EventKind::Ended {
            activation,
            ended: Box::new(ended_of(&report, next)),
        },
        service::EventKind::Refused {
            activation,
            refusal,
        } => EventKind::Refused {
            activation,
            refusal,
        },
        service::EventKind::Changed => EventKind::Changed,
    };
    Event {
        at: event.at,
        retrieval: event.retrieval,
        kind,
    }
}

fn ended_of(report: &RunReport, next: Option<Timestamp>) -> Ended {
    let failure = report.failure.as_ref();
    Ended {
        run: report.run,
        card: failure.map(|failure| failure.card()),
        is_busy: failure.is_some_and(|failure| Setback::of(failure.code) == Setback::Busy),
        is_stopped: failure.is_some_and(|failure| failure.facts.detail == Some(Detail::Stopped)),
        stored: report.stored,
        octets: report.octets,
        deleted: report.deleted,
        remaining: report.remaining,
        next,
        took: report.took,
    }
}

impl fmt::Debug for OfEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfEngine").finish_non_exhaustive()
    }
}
