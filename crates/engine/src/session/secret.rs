//! What a sign-in needs: the password or token itself.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use inhaul_store::RemoteSecret;
use inhaul_types::{Digest, Secret};
use sha2::{Digest as _, Sha256};

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

/// The secret that is in this file, with what is in it now, and if nothing good is, why not.
pub fn secret_in_file(path: PathBuf) -> (RemoteSecret, Option<String>) {
    let (seen, why) = match read_secret(&path) {
        Ok(secret) => {
            let digest: [u8; 32] = Sha256::digest(secret.expose().as_bytes()).into();
            (Some(Secret::new(Digest::new(digest).to_string())), None)
        }
        Err(why) => (None, Some(why)),
    };
    (RemoteSecret::File { path, seen }, why)
}

/// As stored, or what the configured file holds or program prints now.
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
        RemoteSecret::File { path, .. } => {
            let from = path.clone();
            // A file may be a pipe that nobody writes to, or lie on a server that is gone.
            let reading = tokio::task::spawn_blocking(move || read_secret(&from));
            let read = match tokio::time::timeout(limit, reading).await {
                Ok(Ok(read)) => read,
                Ok(Err(_)) => Err("reading it broke down".to_owned()),
                Err(_) => Err(format!(
                    "it was not read within {} seconds",
                    limit.as_secs()
                )),
            };
            read.map(Credential::Password)
                .map_err(|why| RunError::SecretFile { path, why })
        }
    }
}

/// The one line in a file, without its end.
fn read_secret(path: &Path) -> Result<Secret, String> {
    let mut text = String::with_capacity(MOST);
    let read = File::open(path).and_then(|file| {
        let most = MOST as u64;
        file.take(most).read_to_string(&mut text)
    });
    let text = Secret::new(text);
    read.map_err(|error| error.to_string())?;
    let line = text.expose();
    let line = line
        .strip_suffix('\n')
        .map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
    match line {
        "" => Err("it is empty".to_owned()),
        line if line.len() >= MOST => Err("it is too long for a password".to_owned()),
        line if line.contains(['\n', '\r', '\0']) => Err("it holds more than one line".to_owned()),
        line => Ok(Secret::new(line.to_owned())),
    }
}

/// Longer than any password; a file of another kind is noticed.
const MOST: usize = 64 << 10;

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
    async fn a_password_in_a_file_is_its_one_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("isp");
        for (octets, password) in [
            (&b"hunter2"[..], Ok("hunter2")),
            (b"hunter2\n", Ok("hunter2")),
            (b" hunter 2 \r\n", Ok(" hunter 2 ")),
            (b"", Err("it is empty")),
            (b"\n", Err("it is empty")),
            (b"one\ntwo\n", Err("it holds more than one line")),
            (&[b'x'; MOST], Err("it is too long for a password")),
            (b"\xff\n", Err("stream did not contain valid UTF-8")),
        ] {
            std::fs::write(&path, octets).unwrap();
            let (secret, unusable) = secret_in_file(path.clone());
            assert_eq!(unusable.as_deref(), password.err());
            match (reveal(secret, LIMIT).await, password) {
                (Ok(Credential::Password(read)), Ok(password)) => {
                    assert_eq!(read.expose(), password);
                }
                (Err(RunError::SecretFile { why, .. }), Err(expected)) => {
                    assert_eq!(why, expected);
                }
                (read, _) => panic!("{octets:?}: {read:?}"),
            }
        }
    }

    #[test]
    fn a_file_with_another_password_is_another_secret() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("isp");
        let secret_of = |text: &str| {
            std::fs::write(&path, text).unwrap();
            secret_in_file(path.clone()).0
        };
        assert_eq!(secret_of("one\n"), secret_of("one"));
        assert_ne!(secret_of("one"), secret_of("two"));
        assert!(!format!("{:?}", secret_of("one")).contains("7692c3"));
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
