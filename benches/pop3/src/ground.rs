//! Two servers with the same mail.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use inhaul_testkit::{Dovecot, DovecotOptions, Inhaul, MailFormat, Server, TestDir};

use crate::Cli;

/// Whose messages are of 4 KiB.
pub(crate) const SMALL: &str = "u1";
/// Whose messages are of 75 KiB.
pub(crate) const LARGE: &str = "u2";

/// Messages of each account whose sessions are counted.
const FEW: usize = 10;
const PASSWORD: &str = "seven-quiet-otters-4417";

/// A server to ask.
#[derive(Clone, Debug)]
pub(crate) struct Pop3 {
    pub(crate) at: SocketAddr,
    pub(crate) password: String,
    /// Its first process.
    pub(crate) process: u32,
}

/// Both of them, filled.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) small: usize,
    pub(crate) large: usize,
    server: Server,
    dovecot: Dovecot,
    _dir: TestDir,
}

/// The account of one of the sessions that are counted.
pub(crate) fn session_user(number: usize) -> String {
    format!("u{}", number + 3)
}

impl Ground {
    pub(crate) fn prepare(cli: &Cli) -> Result<Self> {
        ensure!(cli.inhaul.is_file(), "there is no {}", cli.inhaul.display());
        let dir = TestDir::new("pop3-bench")?;
        let users = 2 + cli.sessions;
        let mut dovecot = Dovecot::start(&DovecotOptions {
            users: u32::try_from(users)?,
            format: match cli.format.as_str() {
                "mdbox" => MailFormat::Mdbox,
                _ => MailFormat::Maildir,
            },
            ..DovecotOptions::default()
        })?;
        eprintln!("filling Dovecot");
        let messages = |count: usize, size: usize| (0..count).map(move |at| message(at, size));
        dovecot.fill(SMALL, messages(cli.small, 4 << 10))?;
        dovecot.fill(LARGE, messages(cli.large, 75 << 10))?;
        for number in 0..cli.sessions {
            dovecot.fill(&session_user(number), messages(FEW, 4 << 10))?;
        }
        eprintln!("inhaul brings the same mail");
        let inhaul = Inhaul::new(fs::canonicalize(&cli.inhaul)?, dir.join("data"))
            .patience(std::time::Duration::from_secs(3600))
            .env("INHAUL_POP3__CONNECTIONS", "5000")
            .env("INHAUL_POP3__CONNECTIONS_PER_ADDRESS", "5000");
        let settings = settings(dir.path(), &dovecot, users)?;
        let settings = settings.to_str().context("an odd temporary folder")?;
        for user in 1..=users {
            let words = ["account", "add", &format!("u{user}"), "--password-stdin"];
            inhaul.ok_with_input(&words, PASSWORD)?;
        }
        inhaul.ok(&["-q", "-c", settings, "pull", "--all"])?;
        let server = Server::start_with(&inhaul, &["-c", settings])?;
        Ok(Self {
            small: cli.small,
            large: cli.large,
            server,
            dovecot,
            _dir: dir,
        })
    }

    pub(crate) fn inhaul(&self) -> Result<Pop3> {
        let ready = self.server.ready()?;
        let mut lines = ready.lines();
        let at = lines.find_map(|line| line.strip_prefix("pop3 "));
        let at = at.with_context(|| format!("no POP3 in {ready}"))?;
        Ok(Pop3 {
            at: at.trim().parse()?,
            password: PASSWORD.to_owned(),
            process: self.server.id(),
        })
    }

    pub(crate) fn dovecot(&self) -> Result<Pop3> {
        let file = self.dovecot.ca_file().with_file_name("dovecot.conf");
        Ok(Pop3 {
            at: self.dovecot.pop3_addr(),
            password: Dovecot::PASSWORD.to_owned(),
            process: process_with(&file)?,
        })
    }
}

/// A retrieval for each account, of the user of the same name.
fn settings(dir: &Path, dovecot: &Dovecot, users: usize) -> Result<PathBuf> {
    let password = dir.join("password");
    fs::write(&password, Dovecot::PASSWORD)?;
    let (at, password) = (dovecot.pop3_addr(), password.display());
    let mut text = String::new();
    for user in 1..=users {
        writeln!(
            text,
            "[[retrieval]]\nname = \"u{user}\"\nserver = \"{at}\"\nsecurity = \"none\"\n\
             user = \"u{user}\"\nto = \"u{user}\"\nevery = \"never\"\n\
             password = {{ file = \"{password}\" }}\n"
        )?;
    }
    let file = dir.join("inhaul.toml");
    fs::write(&file, text)?;
    Ok(file)
}

/// A message of exactly so many octets, unlike all others.
fn message(number: usize, size: usize) -> Vec<u8> {
    let mut text = format!(
        "From: Ann <ann@example.org>\r\nTo: bob@example.org\r\nSubject: letter {number}\r\n\
         Date: Sat, 14 Mar 2026 10:22:06 +0000\r\nMessage-ID: <{number}-{size}@example.org>\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
    )
    .into_bytes();
    let line = b"The quick brown fox jumps over the lazy dog, and goes on to the next line.\r\n";
    while text.len() + line.len() <= size {
        text.extend_from_slice(line);
    }
    let left = size.saturating_sub(text.len());
    if left >= 2 {
        text.resize(text.len() + left - 2, b'x');
        text.extend_from_slice(b"\r\n");
    } else {
        // Within the last line, in front of its end.
        let end = text.len() - 2;
        text.splice(end..end, std::iter::repeat_n(b'x', left));
    }
    text
}

/// The process that was given this configuration.
fn process_with(file: &Path) -> Result<u32> {
    let file = file.as_os_str().as_encoded_bytes();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(process) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if words.split(|octet| *octet == 0).any(|word| word == file) {
            return Ok(process);
        }
    }
    anyhow::bail!("Dovecot's first process is not to be found")
}

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn a_message_has_the_size_that_was_asked_for() {
        for size in (600..800).chain([4 << 10, 75 << 10]) {
            let text = message(7, size);
            assert_eq!(text.len(), size);
            assert!(text.ends_with(b"\r\n"));
        }
    }
}
