//! Reads the headers of a maildrop's newest messages, for somebody who decides whom they are for.
//!
//! Says `TOP n 0` and neither RETR nor DELE; records nothing. What was read is kept in memory for an
//! hour: a rule that changes sorts the same headers again, and the server is not asked. Start at
//! [`Engine::survey`].

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use inhaul_domain::reach::Reach;
use inhaul_domain::{IdTrust, Ledger, Listing, Retention, RunPolicy, SessionSize, StartPoint};
use inhaul_pop3_proto::client::{Capabilities, Command, Event};
use inhaul_store::{Remote, RemoteSecret, Retrieval, SignInMemory};
use inhaul_types::{MessageNumber, Octets, RetrievalId, Timestamp, UniqueId};
use tokio::time::timeout;

use crate::engine::Engine;
use crate::failure::RunError;
use crate::observe::{FailureReport, Unobserved};
use crate::pop3_log::RunLog;
use crate::session::Wire;
use crate::session::headers::read_headers;
use crate::session::learned::Learned;
use crate::session::listing::{Ahead, list};
use crate::session::open::{ask_again, dial, sign_in};
use crate::session::secret::{Credential, reveal};
use crate::settings::Checks;

/// The newest messages of a maildrop, by their headers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Survey {
    /// When the server was asked.
    pub at: Timestamp,
    /// Messages in the maildrop.
    pub listed: u64,
    /// How many of the newest were asked for.
    pub asked: u64,
    /// Those whose header came, the newest first.
    pub headers: Vec<Surveyed>,
}

/// One message of a [`Survey`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Surveyed {
    /// Its number in the session that read it.
    pub number: MessageNumber,
    /// The server's name for it, if it has one.
    pub unique_id: Option<UniqueId>,
    /// What LIST said.
    pub size: Option<Octets>,
    /// The header as it came, cut at [`inhaul_message::HEADER_MOST`].
    pub header: Vec<u8>,
}

/// Why there is no survey.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SurveyError {
    /// The maildrop could not be looked into.
    #[error("{}", .0.what)]
    Failed(Box<FailureReport>),
    /// The server hands over whole messages only.
    #[error("{host} does not show headers without their messages (TOP)")]
    NoHeaders {
        /// The server.
        host: String,
        /// Its own words.
        said: String,
    },
}

/// Messages surveyed at most: more than anybody looks through.
const MESSAGES_MOST: usize = 200;
/// Octets of headers that one survey keeps. Real ones have a few KiB a message.
const OCTETS_MOST: usize = 4 << 20;
/// TOPs outstanding at once where the server pipelines.
const WINDOW: usize = 32;
/// How long the answer to QUIT is waited for: nothing hangs on it, but the maildrop is ours until
/// the server has let go of it.
const FAREWELL: Duration = Duration::from_secs(5);
/// Surveys kept,
const KEPT: usize = 8;
/// and for how long.
const KEPT_FOR: Duration = Duration::from_secs(3600);

impl Engine {
    /// Reads the headers of the newest `most` messages (200 at most), and keeps them for
    /// [`Engine::surveyed`]. Waits for its place as a run does.
    pub async fn survey(
        &self,
        retrieval: &Retrieval,
        most: usize,
    ) -> Result<Arc<Survey>, SurveyError> {
        let mut log = RunLog::new(self.log.clone(), format!("survey {}", retrieval.name));
        let surveyed = self.survey_leased(retrieval, most).await;
        let told = match &surveyed {
            Ok(survey) => format!("headers of {} messages", survey.headers.len()),
            Err(SurveyError::Failed(report)) => format!("error {}: {}", report.code, report.what),
            Err(SurveyError::NoHeaders { said, .. }) => format!("no headers (server: {said})"),
        };
        log.end((self.clock)(), &told);
        surveyed
    }

    /// What the last survey of the last hour found, if it asked for as many messages and the
    /// retrieval reads the same maildrop still.
    pub fn surveyed(&self, retrieval: &Retrieval, most: usize) -> Option<Arc<Survey>> {
        self.surveys.find(retrieval, most, (self.clock)())
    }

    async fn survey_leased(
        &self,
        retrieval: &Retrieval,
        most: usize,
    ) -> Result<Arc<Survey>, SurveyError> {
        let failed = |error: RunError, of: &Retrieval| {
            let report = error.report(&of.remote.host, of.remote.port);
            SurveyError::Failed(Box::new(report.of_run(of)))
        };
        let leased = self.lease(retrieval).await;
        let (_lease, retrieval) = leased.map_err(|error| failed(error, retrieval))?;
        let read = self.survey_saved(&retrieval, most).await;
        let read = read.map_err(|error| failed(error, &retrieval))?;
        let survey = read.headers(&retrieval.remote)?;
        Ok(self.surveys.keep(&retrieval, survey))
    }

    async fn survey_saved(&self, retrieval: &Retrieval, most: usize) -> Result<Read, RunError> {
        let reach = self.reach_of(retrieval).await?;
        let secret = self.store.retrieval_secret(retrieval.id).await?;
        let learned = Learned::of(retrieval, (self.clock)());
        let surveyor = Surveyor::new(self, &retrieval.remote, &reach, most);
        surveyor.survey_in_time(secret, learned).await
    }

    /// Reads the headers of the newest `most` messages (200 at most) of a maildrop that is not saved,
    /// within `reach`. Keeps nothing. `sign_in` is what a test of the sign-in has shown. Waits for its
    /// place as a run does.
    pub async fn survey_unsaved(
        &self,
        remote: &Remote,
        secret: RemoteSecret,
        sign_in: Option<SignInMemory>,
        reach: &Reach,
        most: usize,
    ) -> Result<Survey, SurveyError> {
        let _lease = self.leases.take(remote).await;
        let surveyor = Surveyor::new(self, remote, reach, most);
        let read = surveyor
            .survey_in_time(secret, Learned::that(sign_in))
            .await;
        let read = read.map_err(|error| {
            let report = error.report(&remote.host, remote.port);
            SurveyError::Failed(Box::new(report.of_trial(remote)))
        })?;
        read.headers(remote)
    }
}

/// What came of asking for headers.
enum Read {
    Headers(Survey),
    /// None at all, and what the server said instead.
    Refused(String),
}

impl Read {
    fn headers(self, remote: &Remote) -> Result<Survey, SurveyError> {
        match self {
            Self::Headers(survey) => Ok(survey),
            Self::Refused(said) => Err(SurveyError::NoHeaders {
                host: remote.host.clone(),
                said,
            }),
        }
    }
}

struct Surveyor<'a> {
    engine: &'a Engine,
    remote: &'a Remote,
    reach: &'a Reach,
    checks: Arc<Checks>,
    most: usize,
}

impl<'a> Surveyor<'a> {
    fn new(engine: &'a Engine, remote: &'a Remote, reach: &'a Reach, most: usize) -> Self {
        Self {
            engine,
            remote,
            reach,
            checks: engine.checks(),
            most: most.min(MESSAGES_MOST),
        }
    }

    async fn survey_in_time(
        &self,
        secret: RemoteSecret,
        learned: Learned,
    ) -> Result<Read, RunError> {
        let survey = timeout(self.checks.run_timeout, self.survey(secret, learned)).await;
        survey.unwrap_or(Err(RunError::TooLong))
    }

    async fn survey(&self, secret: RemoteSecret, mut learned: Learned) -> Result<Read, RunError> {
        let credential = reveal(secret, self.checks.read_timeout).await?;
        let entered = self.enter(&credential, &mut learned).await;
        let mut wire = match (entered, learned.another_session()) {
            // A run leaves that to the next run; a survey remembers nothing for it.
            (Err(_), Some(again)) => {
                learned = again;
                self.enter(&credential, &mut learned).await?
            }
            (entered, _) => entered?,
        };
        drop(credential);
        let offered = learned.capabilities.as_ref();
        let pipelining = offered.is_some_and(Capabilities::pipelining);
        let read = self.read(&mut wire, pipelining).await?;
        wire.send(Command::Quit)?;
        let bye = wire.until(|event| matches!(event, Event::Bye).then_some(()));
        // Whether it comes, is refused or is late makes no difference.
        drop(timeout(FAREWELL, bye).await);
        Ok(read)
    }

    /// One session, up to the sign-in.
    async fn enter(
        &self,
        credential: &Credential,
        learned: &mut Learned,
    ) -> Result<Wire, RunError> {
        let (dialler, remote, checks) = (&self.engine.dialler, self.remote, &*self.checks);
        let line = dial(dialler, remote, self.reach, checks, &Unobserved).await?;
        let mut wire = Wire::new(line, self.checks.read_timeout);
        sign_in(
            &mut wire,
            dialler,
            remote,
            credential,
            learned,
            checks,
            &Unobserved,
        )
        .await?;
        ask_again(&mut wire, learned).await?;
        Ok(wire)
    }

    async fn read(&self, wire: &mut Wire, pipelining: bool) -> Result<Read, RunError> {
        let at = (self.engine.clock)();
        let ledger = Ledger::new(IdTrust::Unbroken);
        let listed = list(wire, pipelining, &ledger, &POLICY, at, Ahead::Refused).await?;
        let newest = newest(&listed.listing, self.most);
        let numbers: Vec<_> = newest.iter().map(|message| message.number).collect();
        let mut unread = newest.into_iter();
        let (mut headers, mut octets, mut refused) = (Vec::new(), 0, None);
        let window = if pipelining { WINDOW } else { 1 };
        read_headers(wire, window, &numbers, |header| {
            let message = unread.next();
            match header {
                Ok(header) => {
                    octets += header.len();
                    headers.extend(message.map(|message| Surveyed {
                        header: header.to_vec(),
                        ..message
                    }));
                }
                Err(said) => refused = Some(said),
            }
            // One message may be a bad one; a server that refuses the first will refuse them all.
            match (refused.is_some() && headers.is_empty()) || octets > OCTETS_MOST {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })
        .await?;
        Ok(match refused {
            Some(said) if headers.is_empty() => Read::Refused(said),
            _ => Read::Headers(Survey {
                at,
                listed: listed.listing.len() as u64,
                asked: self.most as u64,
                headers,
            }),
        })
    }
}

/// A survey brings and deletes nothing; this is what the listing is asked for by.
const POLICY: RunPolicy = RunPolicy {
    retention: Retention::Keep,
    largest: None,
    relinked_deletion_held_until: None,
    asks_again: false,
    start: StartPoint::Everything,
    session: SessionSize::UNBOUND,
};

/// The messages with the highest numbers: servers append.
fn newest(listing: &Listing, most: usize) -> Vec<Surveyed> {
    let mut newest: Vec<_> = listing.iter().collect();
    newest.sort_unstable_by_key(|listed| std::cmp::Reverse(listed.number));
    newest.truncate(most);
    let surveyed = newest.into_iter().map(|listed| Surveyed {
        number: listed.number,
        unique_id: listed.unique_id.and_then(|id| UniqueId::parse(id).ok()),
        size: listed.size,
        header: Vec::new(),
    });
    surveyed.collect()
}

/// Surveys of the last hour, the latest last.
#[derive(Debug, Default)]
pub(crate) struct Surveys {
    kept: Mutex<VecDeque<Kept>>,
}

#[derive(Debug)]
struct Kept {
    retrieval: RetrievalId,
    /// Another maildrop has other messages.
    host: String,
    user: String,
    survey: Arc<Survey>,
}

impl Kept {
    fn is_of(&self, retrieval: RetrievalId, remote: &Remote) -> bool {
        self.retrieval == retrieval && (&self.host, &self.user) == (&remote.host, &remote.user)
    }
}

impl Surveys {
    fn keep(&self, retrieval: &Retrieval, survey: Survey) -> Arc<Survey> {
        let survey = Arc::new(survey);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| one.retrieval != retrieval.id && is_fresh(&one.survey, survey.at));
        while kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back(Kept {
            retrieval: retrieval.id,
            host: retrieval.remote.host.clone(),
            user: retrieval.remote.user.clone(),
            survey: Arc::clone(&survey),
        });
        survey
    }

    fn find(&self, retrieval: &Retrieval, most: usize, now: Timestamp) -> Option<Arc<Survey>> {
        let most = most.min(MESSAGES_MOST) as u64;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| is_fresh(&one.survey, now));
        let one = kept
            .iter()
            .find(|one| one.is_of(retrieval.id, &retrieval.remote) && one.survey.asked >= most)?;
        Some(Arc::clone(&one.survey))
    }
}

/// A clock that was set back makes none of them old.
fn is_fresh(survey: &Survey, now: Timestamp) -> bool {
    now.since(survey.at) < KEPT_FOR
}
