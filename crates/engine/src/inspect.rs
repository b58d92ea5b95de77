//! Looks into a mailbox stage by stage: is it as it was typed in, and what is there?
//!
//! Brings and changes nothing, records nothing. Whoever watches hears of each stage as it begins
//! and of what it found; a failure says at which stage it was.

use std::net::SocketAddr;
use std::time::Duration;

use inhaul_domain::reach::{Reach, judge};
use inhaul_domain::stages::Stage;
use inhaul_net::{Dialler, Encryption};
use inhaul_pop3_proto::client::{Command, Event};
use inhaul_store::{Remote, RemoteSecret, Retrieval, Security, SignInMemory, StoreError};
use inhaul_types::{KeyPin, Octets};
use tokio::time::{Instant, timeout};

use crate::engine::Engine;
use crate::failure::{Doing, RunError};
use crate::observe::FailureReport;
use crate::session::Wire;
use crate::session::learned::Learned;
use crate::session::open::{encrypt, enter, greeting, shown_key, target, trust};
use crate::session::secret::{Credential, reveal};
use crate::settings::Checks;

/// What a look inside found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Inspection {
    /// Messages in the maildrop.
    pub messages: u64,
    /// Their octets, as the server counts them.
    pub octets: Octets,
    /// Whether the server names its messages (UIDL): then copies can stay without costing more
    /// than a look.
    pub names_messages: bool,
    /// What it took to sign in, for the first run to begin with.
    pub sign_in_memory: Option<SignInMemory>,
}

/// What a stage found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Found {
    /// The addresses of the server, at least one.
    Server(Vec<SocketAddr>),
    /// A connection to this port.
    Connection(u16),
    /// The line's encryption; `None` where none is wanted.
    Encryption(Option<Encryption>),
    /// The server accepted the sign-in.
    SignedIn,
    /// Messages and their octets.
    Inside(u64, Octets),
    /// Whether the server names its messages.
    Names(bool),
}

impl Found {
    fn stage(&self) -> Stage {
        match self {
            Self::Server(_) => Stage::FindServer,
            Self::Connection(_) => Stage::Connect,
            Self::Encryption(_) => Stage::Secure,
            Self::SignedIn => Stage::SignIn,
            Self::Inside(..) => Stage::LookInside,
            Self::Names(_) => Stage::LeaveCopies,
        }
    }
}

/// Somebody who watches an inspection. Called from its task: must return at once.
pub trait InspectionObserver: Send + Sync {
    /// A stage begins.
    fn begins(&self, stage: Stage);
    /// It ended well, after this time.
    fn found(&self, stage: Stage, found: &Found, took: Duration);
}

/// Where an inspection ended, and why.
#[derive(Clone, Debug)]
pub struct InspectionFailure {
    /// The stage it was at.
    pub stage: Stage,
    /// How long that stage had taken.
    pub took: Duration,
    /// What went wrong.
    pub report: FailureReport,
    /// Sessions in which a sign-in was begun. A server may count each of them as a wrong password.
    pub sign_ins: u8,
}

/// Nobody watches.
struct Unwatched;

impl InspectionObserver for Unwatched {
    fn begins(&self, _: Stage) {}
    fn found(&self, _: Stage, _: &Found, _: Duration) {}
}

impl Engine {
    /// Where a retrieval may dial: anywhere, unless a person saved it who may not.
    pub async fn reach_of(&self, retrieval: &Retrieval) -> Result<Reach, StoreError> {
        if !retrieval.confined {
            return Ok(Reach::Anywhere);
        }
        let allowance = self.store.account_allowance(retrieval.account).await?;
        Ok(match allowance.private_networks {
            true => Reach::Anywhere,
            false => self.public_reach(),
        })
    }

    /// Where people may dial who may not dial anything.
    pub fn public_reach(&self) -> Reach {
        Reach::Public {
            ports: self.checks().user_ports.clone(),
        }
    }

    /// Signs in to a mailbox within `reach`, counts, brings and changes nothing. At most one password
    /// is refused in a session, and there are at most two sessions.
    pub async fn inspect(
        &self,
        remote: &Remote,
        secret: RemoteSecret,
        reach: &Reach,
    ) -> Result<Inspection, FailureReport> {
        self.inspect_by_stages(remote, secret, reach, &Unwatched)
            .await
            .map_err(|failure| failure.report)
    }

    /// The same, told stage by stage.
    pub async fn inspect_by_stages(
        &self,
        remote: &Remote,
        secret: RemoteSecret,
        reach: &Reach,
        observer: &dyn InspectionObserver,
    ) -> Result<Inspection, InspectionFailure> {
        let _lease = self.leases.take(remote).await;
        let inspector = Inspector {
            dialler: &self.dialler,
            checks: &self.checks(),
            remote,
            reach,
        };
        inspector.inspect(secret, observer).await
    }

    /// The key that a server shows, for somebody to decide whether to trust it. No name and no
    /// password is told.
    pub async fn shown_key(&self, remote: &Remote, reach: &Reach) -> Result<KeyPin, FailureReport> {
        let shown = shown_key(&self.dialler, remote, reach, &self.checks()).await;
        shown.map_err(|error| {
            let report = error.report(&remote.host, remote.port);
            report.of_trial(remote)
        })
    }
}

/// Inspects a mailbox that nothing is known of here: no store is needed, and nobody else is kept
/// from it.
pub async fn inspect_mailbox(
    checks: &Checks,
    remote: &Remote,
    secret: RemoteSecret,
    reach: &Reach,
    observer: &dyn InspectionObserver,
) -> Result<Inspection, InspectionFailure> {
    let inspector = Inspector {
        dialler: &Dialler::new(),
        checks,
        remote,
        reach,
    };
    inspector.inspect(secret, observer).await
}

struct Inspector<'a> {
    dialler: &'a Dialler,
    checks: &'a Checks,
    remote: &'a Remote,
    reach: &'a Reach,
}

/// How long the answer to QUIT is waited for: nothing hangs on it.
const FAREWELL: Duration = Duration::from_secs(5);

impl Inspector<'_> {
    async fn inspect(
        &self,
        secret: RemoteSecret,
        observer: &dyn InspectionObserver,
    ) -> Result<Inspection, InspectionFailure> {
        let mut stages = Stages {
            observer,
            stage: Stage::FindServer,
            begun: None,
            found: None,
            sign_ins: 0,
        };
        let look = self.look_inside(secret, &mut stages);
        let looked = timeout(self.checks.run_timeout, look).await;
        looked
            .unwrap_or(Err(RunError::TooLong))
            .map_err(|error| InspectionFailure {
                stage: stages.stage,
                took: stages.took(),
                report: error
                    .report(&self.remote.host, self.remote.port)
                    .of_trial(self.remote),
                sign_ins: stages.sign_ins,
            })
    }

    async fn look_inside(
        &self,
        secret: RemoteSecret,
        stages: &mut Stages<'_>,
    ) -> Result<Inspection, RunError> {
        let (mut credential, mut learned) = (None, Learned::default());
        let mut entered = self
            .enter(&secret, &mut credential, &mut learned, stages)
            .await;
        // A run leaves that to the next run; we have now only.
        if let (Err(_), Some(again)) = (&entered, learned.another_session()) {
            learned = again;
            entered = self
                .enter(&secret, &mut credential, &mut learned, stages)
                .await;
        }
        let mut wire = entered?;
        drop(credential);
        stages.end(&Found::SignedIn);
        stages.begin(Stage::LookInside);
        let (messages, octets) = count(&mut wire).await?;
        stages.end(&Found::Inside(messages, octets));
        stages.begin(Stage::LeaveCopies);
        let names_messages = names_messages(&mut wire, messages).await?;
        stages.end(&Found::Names(names_messages));
        wire.send(Command::Quit)?;
        let bye = wire.until(|event| matches!(event, Event::Bye).then_some(()));
        drop(timeout(FAREWELL, bye).await);
        Ok(Inspection {
            messages,
            octets,
            names_messages,
            sign_in_memory: learned.sign_in,
        })
    }

    /// One session, up to the sign-in.
    async fn enter(
        &self,
        secret: &RemoteSecret,
        credential: &mut Option<Credential>,
        learned: &mut Learned,
        stages: &mut Stages<'_>,
    ) -> Result<Wire, RunError> {
        let (mut wire, stamp) = self.reach(learned, stages).await?;
        let credential = match credential {
            Some(known) => known,
            None => credential.insert(reveal(secret.clone(), self.checks.read_timeout).await?),
        };
        stages.sign_ins += 1;
        enter(
            &mut wire,
            self.remote,
            credential,
            stamp.as_deref(),
            learned,
        )
        .await?;
        Ok(wire)
    }

    /// A line that a password may be said on, at the beginning of the sign-in, and the greeting's
    /// stamp for APOP.
    async fn reach(
        &self,
        learned: &mut Learned,
        stages: &mut Stages<'_>,
    ) -> Result<(Wire, Option<String>), RunError> {
        let (remote, limit) = (self.remote, self.checks.connect_timeout);
        let target = target(remote);
        stages.begin(Stage::FindServer);
        // Judged before anything is told of them: a name inside a network is nobody's business.
        let may = |address| judge(self.reach, address).is_ok();
        let addresses = self.dialler.look_up_if(&target, may, limit).await?;
        stages.end(&Found::Server(addresses.clone()));
        stages.begin(Stage::Connect);
        let line = self.dialler.connect_to(&target, &addresses, limit).await?;
        let is_tls = remote.security == Security::Tls;
        let line = if is_tls {
            stages.end(&Found::Connection(remote.port));
            stages.begin(Stage::Secure);
            let trust = trust(remote, self.checks);
            self.dialler.secure(line, &target, &trust, limit).await?
        } else {
            line
        };
        let mut wire = Wire::new(line, self.checks.read_timeout);
        if is_tls {
            stages.end(&Found::Encryption(wire.encryption()));
            stages.begin(Stage::SignIn);
            let stamp = greeting(&mut wire).await?.stamp;
            return Ok((wire, stamp));
        }
        let stamp = greeting(&mut wire).await?.stamp;
        stages.end(&Found::Connection(remote.port));
        stages.begin(Stage::Secure);
        if remote.security == Security::StartTls {
            encrypt(&mut wire, self.dialler, remote, learned, self.checks).await?;
        }
        stages.end(&Found::Encryption(wire.encryption()));
        stages.begin(Stage::SignIn);
        Ok((wire, stamp))
    }
}

/// How far an inspection has come. What a second session repeats is not told again: it belongs to
/// the stage that the first one failed at.
struct Stages<'a> {
    observer: &'a dyn InspectionObserver,
    stage: Stage,
    /// When it began, if it did.
    begun: Option<Instant>,
    /// The last one that ended well.
    found: Option<Stage>,
    sign_ins: u8,
}

impl Stages<'_> {
    fn begin(&mut self, stage: Stage) {
        if self.begun.is_none() || stage > self.stage {
            (self.stage, self.begun) = (stage, Some(Instant::now()));
            self.observer.begins(stage);
        }
    }

    fn end(&mut self, found: &Found) {
        let stage = found.stage();
        if self.found < Some(stage) {
            self.found = Some(stage);
            self.observer.found(stage, found, self.took());
        }
    }

    fn took(&self) -> Duration {
        self.begun.map_or(Duration::ZERO, |begun| begun.elapsed())
    }
}

async fn count(wire: &mut Wire) -> Result<(u64, Octets), RunError> {
    wire.send(Command::Stat)?;
    wire.until(|event| match event {
        Event::Stat { count, octets } => {
            Some(Ok((count.unwrap_or_default(), octets.unwrap_or_default())))
        }
        Event::Refused { code, text, .. } => {
            let (doing, text) = (Doing::Listing, text.to_string());
            Some(Err(RunError::Refused { doing, code, text }))
        }
        _ => None,
    })
    .await?
}

/// Whether UIDL is answered with names, where there is anything to be named.
async fn names_messages(wire: &mut Wire, messages: u64) -> Result<bool, RunError> {
    wire.send(Command::Uidl)?;
    let mut named = 0;
    let listed = wire
        .until(|event| match event {
            Event::UidlLine { .. } => {
                named += 1;
                None
            }
            Event::UidlEnd => Some(true),
            Event::Refused { .. } => Some(false),
            _ => None,
        })
        .await?;
    Ok(listed && (named > 0 || messages == 0))
}
