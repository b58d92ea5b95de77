//! From dialling to the sign-in (DESIGN "A run", step 2).
//!
//! Nothing is sent behind a sign-in that is not answered: some servers lose it. At most one
//! password is refused in a session. Without TLS a password leaves only where the retrieval says
//! so.

use std::process::Stdio;
use std::time::Duration;

use inhaul_net::tls::Trust;
use inhaul_net::{Dialler, Line, Target};
use inhaul_pop3_proto::client::{Capabilities, ClientError, Command, Event};
use inhaul_store::{Remote, RemoteSecret, Security};
use inhaul_types::Secret;

use crate::failure::{Doing, RunError};
use crate::session::Wire;
use crate::settings::Checks;

/// Dials, and encrypts the line at once where that is asked for.
pub(crate) async fn dial(
    dialler: &Dialler,
    remote: &Remote,
    checks: &Checks,
) -> Result<Line, RunError> {
    let target = target(remote);
    let line = dialler.connect(&target, checks.connect_timeout).await?;
    match remote.security {
        Security::Tls => Ok(dialler
            .secure(line, &target, &trust(remote), checks.connect_timeout)
            .await?),
        Security::StartTls | Security::None => Ok(line),
    }
}

/// Greeting, CAPA, STLS, UTF8, sign-in. `remembered` is what CAPA said at the last good run.
pub(crate) async fn sign_in(
    wire: &mut Wire,
    dialler: &Dialler,
    remote: &Remote,
    password: &Secret,
    remembered: Option<Capabilities>,
    checks: &Checks,
) -> Result<Option<Capabilities>, RunError> {
    greeting(wire).await?;
    if remote.security == Security::StartTls {
        encrypt(wire, dialler, remote, remembered.as_ref(), checks).await?;
    }
    enter(wire, remote, password, remembered).await
}

/// The part of [`sign_in`] behind the encryption.
pub(crate) async fn enter(
    wire: &mut Wire,
    remote: &Remote,
    password: &Secret,
    remembered: Option<Capabilities>,
) -> Result<Option<Capabilities>, RunError> {
    let mut capabilities = remembered;
    if capabilities.is_none() {
        capabilities = capa(wire).await?;
    }
    if capabilities.as_ref().is_some_and(Capabilities::utf8) {
        utf8(wire).await?;
    }
    authenticate(wire, &remote.user, password, capabilities.as_ref()).await?;
    Ok(capabilities)
}

/// The password itself: as stored, or what the configured program prints.
pub(crate) async fn reveal(secret: RemoteSecret, limit: Duration) -> Result<Secret, RunError> {
    let command = match secret {
        RemoteSecret::Stored(password) => return Ok(password),
        RemoteSecret::Command(command) => command,
    };
    let failed = |why: String| RunError::SecretCommand(why);
    let (program, arguments) = command
        .split_first()
        .ok_or_else(|| failed("it is not named".into()))?;
    let running = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(limit, running)
        .await
        .map_err(|_| failed(format!("it did not end within {} seconds", limit.as_secs())))?
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(format!("it ended with {}", output.status)));
    }
    let printed = String::from_utf8(output.stdout)
        .map_err(|_| failed("what it printed is not UTF-8".into()))?;
    match printed.lines().next() {
        Some(first) if !first.is_empty() => Ok(Secret::new(first.to_owned())),
        _ => Err(failed("it printed nothing".into())),
    }
}

pub(crate) fn target(remote: &Remote) -> Target {
    Target {
        host: remote.host.clone(),
        port: remote.port,
    }
}

pub(crate) fn trust(remote: &Remote) -> Trust {
    remote.ca_file.clone().map_or(Trust::System, Trust::CaFile)
}

pub(crate) async fn greeting(wire: &mut Wire) -> Result<(), RunError> {
    let greeted = answer(wire, Doing::Greeting, |event| {
        matches!(event, Event::Greeting { .. })
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
    greeted
}

pub(crate) async fn encrypt(
    wire: &mut Wire,
    dialler: &Dialler,
    remote: &Remote,
    remembered: Option<&Capabilities>,
    checks: &Checks,
) -> Result<(), RunError> {
    if remembered.is_none() && !capa(wire).await?.is_some_and(|before| before.stls()) {
        return Err(RunError::NoStls);
    }
    wire.send(Command::Stls)?;
    answer(wire, Doing::Stls, |event| matches!(event, Event::StlsReady)).await?;
    let line = wire.take_line();
    let line = dialler
        .secure(
            line,
            &target(remote),
            &trust(remote),
            checks.connect_timeout,
        )
        .await?;
    wire.put_encrypted(line);
    Ok(())
}

/// `None` where the server refuses CAPA: it is optional.
async fn capa(wire: &mut Wire) -> Result<Option<Capabilities>, RunError> {
    wire.send(Command::Capa)?;
    wire.until(|event| match event {
        Event::Capabilities(capabilities) => Some(Some(capabilities)),
        Event::Refused { .. } => Some(None),
        _ => None,
    })
    .await
}

/// A server that offers UTF8 and refuses it has lost nothing by being asked.
async fn utf8(wire: &mut Wire) -> Result<(), RunError> {
    wire.send(Command::Utf8)?;
    wire.until(|event| matches!(event, Event::Utf8On | Event::Refused { .. }).then_some(()))
        .await
}

async fn authenticate(
    wire: &mut Wire,
    user: &str,
    password: &Secret,
    capabilities: Option<&Capabilities>,
) -> Result<(), RunError> {
    if capabilities.is_some_and(|capabilities| capabilities.has_sasl("PLAIN")) {
        wire.send(Command::AuthPlain {
            user: user.to_owned(),
            password: password.clone(),
        })?;
        match signed_in(wire).await {
            // Only a server that does not know the mechanism has not looked at the password.
            Err(RunError::Refused { text, .. }) if is_unknown_mechanism(&text) => {}
            other => return other,
        }
    }
    wire.send(Command::User(user.to_owned()))?;
    answer(wire, Doing::SignIn, |event| {
        matches!(event, Event::UserAccepted)
    })
    .await?;
    wire.send(Command::Pass(password.clone()))?;
    signed_in(wire).await
}

async fn signed_in(wire: &mut Wire) -> Result<(), RunError> {
    answer(wire, Doing::SignIn, |event| {
        matches!(event, Event::SignedIn)
    })
    .await
}

/// Waits for the one good event; `-ERR` is an error.
async fn answer(
    wire: &mut Wire,
    doing: Doing,
    mut good: impl FnMut(&Event<'_>) -> bool,
) -> Result<(), RunError> {
    wire.until(|event| match event {
        Event::Refused { code, text, .. } => Some(Err(RunError::Refused {
            doing,
            code,
            text: text.to_string(),
        })),
        event if good(&event) => Some(Ok(())),
        _ => None,
    })
    .await?
}

fn is_unknown_mechanism(text: &str) -> bool {
    let text = text.to_lowercase();
    [
        "unknown",
        "unsupported",
        "not supported",
        "unrecognized",
        "not implemented",
        "syntax",
    ]
    .iter()
    .any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_comes_from_the_first_line_a_program_prints() {
        let command = ["printf", "hunter2\\nmore\\n"].map(str::to_owned).to_vec();
        let secret = reveal(RemoteSecret::Command(command), Duration::from_secs(10))
            .await
            .unwrap();
        assert_eq!(secret.expose(), "hunter2");
    }

    #[tokio::test]
    async fn a_program_that_fails_says_how() {
        for command in [vec!["false".to_owned()], vec!["true".to_owned()], vec![]] {
            let secret = RemoteSecret::Command(command);
            let error = reveal(secret, Duration::from_secs(10)).await.unwrap_err();
            assert!(matches!(error, RunError::SecretCommand(_)), "{error}");
        }
    }
}
