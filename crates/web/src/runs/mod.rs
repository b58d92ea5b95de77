//! Whoever runs retrievals, as the pages see it: the binary implements it with the engine.
//!
//! Values only: a page never holds a run, it holds a number and asks.

mod event;
mod mailbox;
mod state;
mod survey;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use inhaul_domain::schedule::Pace;
use inhaul_domain::trigger::Refusal;
use inhaul_store::{Remote, RemoteSecret, Retrieval, SignInMemory, StartedBy, StoreError};
use inhaul_types::{AccountId, Activation, Card, RetrievalId, RunId, Timestamp};

pub use inhaul_domain::providers::Source;
pub use inhaul_domain::stages::{Come, RunStage, Stage};
pub use inhaul_domain::trigger::{Force, What};

pub use event::{Ended, Event, EventKind, Events, Heard};
pub use mailbox::{
    Detection, DetectionFailure, DetectionStep, Found, Inspection, InspectionFailure, Look, Origin,
    StepResult,
};
pub use state::{Overall, Reader, State};
pub use survey::{Survey, Surveyed};

/// Somebody wants mail now.
#[derive(Clone, Debug)]
pub struct Start {
    /// Of which retrievals.
    pub what: What,
    /// Why.
    pub activation: Activation,
    /// Whose runs these are, for the numbers a day; `None` is the administrator.
    pub by: Option<StartedBy>,
    /// How much stands against it.
    pub force: Force,
}

/// What became of a start, for one retrieval.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer {
    /// A run begins now.
    Started,
    /// A run that goes on or waits will see what is there now.
    Joined,
    /// A run waits for its turn: so many are before it.
    Queued(usize),
    /// One more run follows the present one, not before then.
    Behind(Timestamp),
    /// No run.
    Refused(Refusal),
}

/// Runs retrievals.
#[async_trait]
pub trait Runs: fmt::Debug + Send + Sync + 'static {
    /// Starts, joins, queues or refuses a run of each retrieval that is meant.
    async fn start(&self, start: Start) -> Result<Vec<(RetrievalId, Answer)>, StoreError>;
    /// "I am waiting for a message": checks as often as the server bears until one comes. Says until
    /// when, and what became of the first run.
    async fn wait_for_message(
        &self,
        retrieval: RetrievalId,
        by: Option<StartedBy>,
    ) -> Result<(Timestamp, Answer), StoreError>;
    /// Nobody waits for a message any more.
    fn stop_waiting(&self, retrieval: RetrievalId);
    /// Ends the run that goes on or waits, after its present message.
    fn stop(&self, retrieval: RetrievalId);

    /// All retrievals, by number. From memory: thousands cost a millisecond.
    fn states(&self) -> Vec<State>;
    /// Those whose rows are wanted, by number: nothing of the others is copied.
    fn states_where(&self, wanted: &dyn Fn(&Retrieval) -> bool) -> Vec<State> {
        let mut states = self.states();
        states.retain(|state| wanted(&state.row));
        states
    }
    /// One retrieval; `None` if it is not there.
    fn state(&self, retrieval: RetrievalId) -> Option<State>;
    /// The run of a retrieval that goes on, and what was said in it when this was asked the last time:
    /// asked twice a second, it is read along. `None` if no run goes on.
    fn overheard(&self, _: RetrievalId) -> Option<(RunId, Arc<str>)> {
        None
    }
    /// The service as a whole.
    fn overall(&self) -> Overall;
    /// How often the schedule visits mailboxes: the built-in values unless somebody has set others.
    fn pace(&self) -> Pace {
        Pace::default()
    }
    /// What happens from now on.
    fn subscribe(&self) -> Events;

    /// Signs in to a mailbox, counts, brings and changes nothing. `for_person`: who asks is no
    /// administrator, and reaches what their group lets them reach.
    async fn inspect(
        &self,
        remote: Remote,
        secret: RemoteSecret,
        for_person: Option<AccountId>,
        look: &dyn Look,
    ) -> Result<Inspection, InspectionFailure>;
    /// Reads the headers of the newest messages of a mailbox, 200 at most, for an administrator:
    /// brings, changes and keeps nothing. `sign_in` is what a test of the sign-in has shown.
    async fn survey(
        &self,
        remote: Remote,
        secret: RemoteSecret,
        sign_in: Option<SignInMemory>,
        newest: u32,
    ) -> Result<Survey, Card>;
    /// Finds the server of an address. No password is sent anywhere.
    async fn detect(
        &self,
        address: &str,
        for_person: Option<AccountId>,
        step: &(dyn Fn(DetectionStep) + Send + Sync),
    ) -> Result<Detection, DetectionFailure>;
}

/// Whoever asked for a run, for the numbers a day.
pub fn started_by(account: AccountId, from: IpAddr) -> StartedBy {
    StartedBy {
        account,
        address: Some(from),
    }
}
