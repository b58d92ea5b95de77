//! Signs in and counts: is this mailbox as it was typed in?

use inhaul_pop3_proto::client::{Command, Event};
use inhaul_store::{Remote, RemoteSecret, SignInMemory};
use inhaul_types::{KeyPin, Octets};

use crate::engine::Engine;
use crate::failure::{Doing, RunError};
use crate::observe::FailureReport;
use crate::session::Wire;
use crate::session::learned::Learned;
use crate::session::open::{dial, shown_key, sign_in};
use crate::session::secret::{Credential, reveal};

/// What a look inside found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Inspection {
    /// Messages in the maildrop.
    pub messages: u64,
    /// Their octets, as the server counts them.
    pub octets: Octets,
    /// What it took to sign in, for the first run to begin with.
    pub sign_in_memory: Option<SignInMemory>,
}

impl Engine {
    /// Signs in to a mailbox, counts, brings and changes nothing. At most one password is refused
    /// in a session, and there are at most two sessions.
    pub async fn inspect(
        &self,
        remote: &Remote,
        secret: RemoteSecret,
    ) -> Result<Inspection, FailureReport> {
        self.look_inside(remote, secret)
            .await
            .map_err(|error| error.report(&remote.host, remote.port))
    }

    /// The key that a server shows, for somebody to decide whether to trust it. No name and no
    /// password is told.
    pub async fn shown_key(&self, remote: &Remote) -> Result<KeyPin, FailureReport> {
        let shown = shown_key(&self.dialler, remote, &self.checks).await;
        shown.map_err(|error| error.report(&remote.host, remote.port))
    }

    async fn look_inside(
        &self,
        remote: &Remote,
        secret: RemoteSecret,
    ) -> Result<Inspection, RunError> {
        let _lease = self.leases.take(remote).await;
        let credential = reveal(secret, self.checks.read_timeout).await?;
        let mut learned = Learned::default();
        let looked = self.look_once(remote, &credential, &mut learned).await;
        // A run leaves that to the next run; we have now only.
        match (&looked, learned.another_session((self.clock)())) {
            (Err(_), Some(mut learned)) => self.look_once(remote, &credential, &mut learned).await,
            _ => looked,
        }
    }

    async fn look_once(
        &self,
        remote: &Remote,
        credential: &Credential,
        learned: &mut Learned,
    ) -> Result<Inspection, RunError> {
        let checks = &self.checks;
        let line = dial(&self.dialler, remote, checks).await?;
        let mut wire = Wire::new(line, checks.read_timeout);
        sign_in(
            &mut wire,
            &self.dialler,
            remote,
            credential,
            learned,
            checks,
        )
        .await?;
        wire.send(Command::Stat)?;
        let (count, octets) = wire
            .until(|event| match event {
                Event::Stat { count, octets } => Some(Ok((count, octets))),
                Event::Refused { code, text, .. } => {
                    let (doing, text) = (Doing::Listing, text.to_string());
                    Some(Err(RunError::Refused { doing, code, text }))
                }
                _ => None,
            })
            .await??;
        wire.send(Command::Quit)?;
        wire.until(|event| matches!(event, Event::Bye | Event::Refused { .. }).then_some(()))
            .await?;
        Ok(Inspection {
            messages: count.unwrap_or_default(),
            octets: octets.unwrap_or_default(),
            sign_in_memory: learned.sign_in,
        })
    }
}
