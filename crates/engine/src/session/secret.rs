//! What a sign-in needs: the password or token itself.

use std::process::Stdio;
use std::time::Duration;

use inhaul_store::RemoteSecret;
use inhaul_types::Secret;

use crate::failure::RunError;

/// A password, or a token in its place.
#[derive(Debug)]
pub(crate) enum Credential {
    Password(Secret),
    Token(Secret),
}

impl Credential {
    pub(crate) fn secret(&self) -> &Secret {
        match self {
            Self::Password(secret) | Self::Token(secret) => secret,
        }
    }
}

/// As stored, or what the configured program prints now.
pub(crate) async fn reveal(secret: RemoteSecret, limit: Duration) -> Result<Credential, RunError> {
    match secret {
        RemoteSecret::Stored(password) => Ok(Credential::Password(password)),
        RemoteSecret::Command(command) => first_line(&command, limit)
            .await
            .map(Credential::Password)
            .map_err(RunError::SecretCommand),
        RemoteSecret::Token(command) => first_line(&command, limit)
            .await
            .map(Credential::Token)
            .map_err(RunError::TokenCommand),
    }
}

async fn first_line(command: &[String], limit: Duration) -> Result<Secret, String> {
    let (program, arguments) = command.split_first().ok_or("it is not named")?;
    let running = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(limit, running)
        .await
        .map_err(|_| format!("it did not end within {} seconds", limit.as_secs()))?
        .map_err(|error| error.to_string())?;
    let printed = String::from_utf8(output.stdout).map(Secret::new);
    if !output.status.success() {
        return Err(format!("it ended with {}", output.status));
    }
    let printed = printed.map_err(|_| "what it printed is not UTF-8")?;
    match printed.expose().lines().next() {
        Some(first) if !first.is_empty() => Ok(Secret::new(first.to_owned())),
        _ => Err("it printed nothing".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_password_or_token_is_the_first_line_a_program_prints() {
        let command = || ["printf", "hunter2\\nmore\\n"].map(str::to_owned).to_vec();
        let password = reveal(RemoteSecret::Command(command()), LIMIT)
            .await
            .unwrap();
        assert!(matches!(&password, Credential::Password(it) if it.expose() == "hunter2"));
        let token = reveal(RemoteSecret::Token(command()), LIMIT).await.unwrap();
        assert!(matches!(&token, Credential::Token(it) if it.expose() == "hunter2"));
    }

    #[tokio::test]
    async fn a_program_that_fails_says_how() {
        for command in [vec!["false".to_owned()], vec!["true".to_owned()], vec![]] {
            let secret = RemoteSecret::Command(command.clone());
            let error = reveal(secret, LIMIT).await.unwrap_err();
            assert!(matches!(error, RunError::SecretCommand(_)), "{error}");
            let error = reveal(RemoteSecret::Token(command), LIMIT)
                .await
                .unwrap_err();
            assert!(matches!(error, RunError::TokenCommand(_)), "{error}");
        }
    }
}
