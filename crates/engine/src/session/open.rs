//! From dialling to the sign-in (DESIGN "A run", step 2).
//!
//! CAPA is optional: a server that refuses it, or does not answer it in time, is asked for nothing
//! it has not offered. No password leaves an unencrypted line unless the retrieval says so.

use std::time::Duration;

use inhaul_domain::reach::{Reach, judge};
use inhaul_net::tls::Trust;
use inhaul_net::{Dialler, Line, Target};
use inhaul_pop3_proto::client::{Capabilities, ClientError, Command, Event};
use inhaul_store::{Remote, Security};
use inhaul_types::KeyPin;
use tokio::time::{Instant, timeout};

use crate::failure::{Doing, RunError};
use crate::observe::{Observer, Progress};
use crate::session::Wire;
use crate::session::learned::Learned;
use crate::session::peer::Greeted;
use crate::session::secret::Credential;
use crate::session::sign_in::authenticate;
use crate::settings::Checks;

/// How long an answer to CAPA is waited for, where the server may take longer for others: it
/// knows its own list by heart.
const CAPA_PATIENCE: Duration = Duration::from_secs(15);

/// Dials what may be dialled, and encrypts the line at once where that is asked for.
pub(crate) async fn dial(
    dialler: &Dialler,
    remote: &Remote,
    reach: &Reach,
    checks: &Checks,
    observer: &dyn Observer,
) -> Result<Line, RunError> {
    let target = target(remote);
    let may = |address| judge(reach, address).is_ok();
    let deadline = Instant::now() + checks.connect_timeout;
    let addresses = dialler
        .look_up_if(&target, may, checks.connect_timeout)
        .await?;
    observer.progress(&Progress::Found);
    let left = deadline.saturating_duration_since(Instant::now());
    let line = dialler.connect_to(&target, &addresses, left).await?;
    match remote.security {
        Security::Tls => {
            observer.progress(&Progress::Securing);
            let trust = trust(remote, checks);
            let limit = checks.connect_timeout;
            let line = dialler.secure(line, &target, &trust, limit).await?;
            observer.progress(&Progress::Connected);
            Ok(line)
        }
        Security::StartTls => Ok(line),
        Security::None => {
            observer.progress(&Progress::Connected);
            Ok(line)
        }
    }
}

/// Greeting, CAPA, STLS, UTF8, sign-in. `learned` comes from the last session and is brought up to
/// date, however this ends.
pub(crate) async fn sign_in(
    wire: &mut Wire,
    dialler: &Dialler,
    remote: &Remote,
    credential: &Credential,
    learned: &mut Learned,
    checks: &Checks,
    observer: &dyn Observer,
) -> Result<(), RunError> {
    let Greeted { peer, stamp } = greeting(wire).await?;
    learned.peer = peer;
    if remote.security == Security::StartTls {
        observer.progress(&Progress::Securing);
        encrypt(wire, dialler, remote, learned, checks).await?;
        observer.progress(&Progress::Connected);
    }
    enter(wire, remote, credential, stamp.as_deref(), learned).await
}

/// The part of [`sign_in`] behind the encryption. `stamp` is the greeting's, for APOP.
pub(crate) async fn enter(
    wire: &mut Wire,
    remote: &Remote,
    credential: &Credential,
    stamp: Option<&str>,
    learned: &mut Learned,
) -> Result<(), RunError> {
    if learned.capabilities.is_none() {
        capa(wire, learned).await?;
    }
    if learned
        .capabilities
        .as_ref()
        .is_some_and(Capabilities::utf8)
    {
        utf8(wire).await?;
    }
    authenticate(wire, remote, credential, stamp, learned).await
}

/// Asks once more behind the sign-in, where the server may say more then: in a session that had
/// to ask before it, so that later ones spend no round trip on it.
pub(crate) async fn ask_again(wire: &mut Wire, learned: &mut Learned) -> Result<(), RunError> {
    if learned.may_hear_more() {
        capa(wire, learned).await?;
    }
    Ok(())
}

/// The key that the server shows. It is told nothing that is not said to everybody.
pub(crate) async fn shown_key(
    dialler: &Dialler,
    remote: &Remote,
    reach: &Reach,
    checks: &Checks,
) -> Result<KeyPin, RunError> {
    let target = target(remote);
    let may = |address| judge(reach, address).is_ok();
    let mut line = dialler
        .connect_if(&target, may, checks.connect_timeout)
        .await?;
    if remote.security == Security::StartTls {
        let mut wire = Wire::new(line, checks.read_timeout);
        greeting(&mut wire).await?;
        ask_for_tls(&mut wire, &mut Learned::default()).await?;
        line = wire.take_line();
    }
    let limit = checks.connect_timeout;
    Ok(dialler.shown_key(line, &target, limit).await?)
}

pub(crate) fn target(remote: &Remote) -> Target {
    Target {
        host: remote.host.clone(),
        port: remote.port,
    }
}

/// Whom a remote server has to convince: its own authority comes before the installation's.
pub(crate) fn trust(remote: &Remote, checks: &Checks) -> Trust {
    match (
        remote.pin,
        remote.ca_file.as_ref().or(checks.ca_file.as_ref()),
    ) {
        (Some(pin), _) => Trust::Pin(pin),
        (None, Some(file)) => Trust::CaFile(file.clone()),
        (None, None) => Trust::System,
    }
}

/// The server's first words.
pub(crate) async fn greeting(wire: &mut Wire) -> Result<Greeted, RunError> {
    let greeted = wire
        .until(|event| match event {
            Event::Greeting { text, apop_stamp } => Some(Ok(Greeted::new(&text, apop_stamp))),
            Event::Refused { code, text, .. } => {
                let (doing, text) = (Doing::Greeting, text.to_string());
                Some(Err(RunError::Refused { doing, code, text }))
            }
            _ => None,
        })
        .await;
    if let Err(RunError::Silent(_)) = greeted {
        // It may have said something that is no line: a prompt, or octets meant for another kind
        // of client.
        wire.client.handle_eof();
        if let Err(error @ ClientError::NotPop3 { .. }) = wire.client.poll_event() {
            return Err(error.into());
        }
    }
    greeted?
}

/// STLS and the handshake.
pub(crate) async fn encrypt(
    wire: &mut Wire,
    dialler: &Dialler,
    remote: &Remote,
    learned: &mut Learned,
    checks: &Checks,
) -> Result<(), RunError> {
    ask_for_tls(wire, learned).await?;
    let line = wire.take_line();
    let (target, trust) = (target(remote), trust(remote, checks));
    let line = dialler
        .secure(line, &target, &trust, checks.connect_timeout)
        .await?;
    wire.put_encrypted(line);
    learned.forget_what_was_asked();
    Ok(())
}

/// CAPA, and STLS where it is offered; behind the `+OK` comes the handshake.
pub(crate) async fn ask_for_tls(wire: &mut Wire, learned: &mut Learned) -> Result<(), RunError> {
    if learned.capabilities.is_none() {
        capa(wire, learned).await?;
        if !learned
            .capabilities
            .as_ref()
            .is_some_and(Capabilities::stls)
        {
            return Err(RunError::NoStls);
        }
    }
    wire.send(Command::Stls)?;
    wire.until(|event| match event {
        Event::StlsReady => Some(Ok(())),
        Event::Refused { code, text, .. } => {
            let (doing, text) = (Doing::Stls, text.to_string());
            Some(Err(RunError::Refused { doing, code, text }))
        }
        _ => None,
    })
    .await?
}

async fn capa(wire: &mut Wire, learned: &mut Learned) -> Result<(), RunError> {
    learned.ask();
    wire.send(Command::Capa)?;
    let answer = wire.until(|event| match event {
        Event::Capabilities(capabilities) => Some(Some(capabilities)),
        Event::Refused { .. } => Some(None),
        _ => None,
    });
    let heard = timeout(CAPA_PATIENCE, answer)
        .await
        .map_err(|_| RunError::Silent(CAPA_PATIENCE.as_secs()))??;
    learned.hear(heard);
    Ok(())
}

/// A server that offers UTF8 and refuses it has lost nothing by being asked.
async fn utf8(wire: &mut Wire) -> Result<(), RunError> {
    wire.send(Command::Utf8)?;
    wire.until(|event| matches!(event, Event::Utf8On | Event::Refused { .. }).then_some(()))
        .await
}
