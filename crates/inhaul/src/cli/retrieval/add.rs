//! `inhaul retrieval add`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use inhaul_domain::ServerSpec;
use inhaul_domain::reach::Reach;
use inhaul_domain::{Retention, StartPoint};
use inhaul_manage::words::RetrievalLimitWord;
use inhaul_store::{
    Every, NewRetrieval, Remote, RemoteSecret, RetrievalLimits, Security, SqliteStore, Store,
};
use inhaul_types::{KeyPin, Timestamp};

use super::{AfterStoring, SecurityWord, parse_every, retention, retention_words};
use crate::caller;
use crate::cli::Globals;
use crate::cli::audited::{self, Change};
use crate::cli::catch_all::CatchAllOptions;
use crate::cli::output::{complain, print, print_json, size};
use crate::config::entries::retrieval::Bring;
use crate::config::{Config, durations};
use crate::exit::{Exit, Failure};
use crate::secrets::PasswordSource;
use crate::way_in::{Pin, SignIn};

#[derive(Args, Debug)]
pub(crate) struct Add {
    /// Its name, unique
    #[arg(long)]
    name: String,
    /// The remote server: HOST, HOST:PORT or "HOST 995s"
    #[arg(long)]
    server: String,
    /// Protection of the line; by default TLS, on port 110 STLS
    #[arg(long)]
    security: Option<SecurityWord>,
    /// Trust the certificate authority in this PEM file instead of the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Trust this key of the server (sha256//...) and no authority; "first": the one it shows now
    #[arg(long, value_name = "PIN", conflicts_with = "ca_file")]
    pin: Option<Pin>,
    /// The name to sign in with there
    #[arg(long)]
    user: String,
    #[command(flatten)]
    password: PasswordSource,
    /// Run this program for the password; its first line is it
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["password_stdin", "password_file"])]
    password_command: Option<String>,
    /// Run this program for an OAuth token, anew each session; its first line is it
    #[arg(long, value_name = "COMMAND",
        conflicts_with_all = ["password_stdin", "password_file", "password_command"])]
    token_command: Option<String>,
    /// How to sign in; "auto" takes the best that the server offers
    #[arg(long, value_name = "WAY", value_parser = SignIn::parser(), default_value = "auto")]
    sign_in: SignIn,
    /// The account that gets the mail; or --catch-all shares it out
    #[arg(long, value_name = "ACCOUNT")]
    pub(super) to: Option<String>,
    /// The account that owns this retrieval: makes it a user retrieval
    #[arg(long, value_name = "ACCOUNT")]
    pub(super) owner: Option<String>,
    /// The folder it fills, INBOX by default; made if it is not there
    #[arg(long)]
    pub(super) folder: Option<String>,
    /// How often: 10m, auto or never; a user retrieval runs when triggered unless this is given
    #[arg(long, value_parser = parse_every)]
    every: Option<Every>,
    /// Which of the messages that are there already: all, days=N or new
    #[arg(long, value_name = "WHICH", default_value = "all", value_parser = parse_bring)]
    bring: Bring,
    /// What happens to remote copies
    #[arg(long)]
    after_storing: Option<AfterStoring>,
    /// With --after-storing delete: this many days after a message was stored here
    #[arg(long)]
    days: Option<u32>,
    /// A limit of its runs: max-messages=200, max-octets=100MB, largest=25MB, reconnect=yes
    #[arg(long = "limit", value_name = "LIMIT", value_delimiter = ',')]
    limits: Vec<RetrievalLimitWord>,
    /// Save without signing in once
    #[arg(long)]
    no_test: bool,
    /// Save, but do not run by itself
    #[arg(long)]
    paused: bool,
    #[command(flatten)]
    pub(super) catch_all: CatchAllOptions,
}

impl Add {
    pub(super) fn password_source(&self) -> &PasswordSource {
        &self.password
    }

    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        self.check_destination()?;
        let spec = ServerSpec::parse(&self.server, self.security.map(Into::into))
            .map_err(|why| Failure::usage(format!("--server: {why}")))?;
        let retention = retention(self.after_storing, self.days)?.unwrap_or(Retention::Keep);
        let mut remote = Remote {
            host: spec.host,
            port: spec.port,
            security: spec.security,
            ca_file: ca_file(self.ca_file.as_deref())?,
            pin: None,
            user: self.user.clone(),
            sign_in: self.sign_in.0,
        };
        check_way_in(remote.security, self.pin)?;
        let command = command(
            self.password_command.as_deref(),
            self.token_command.as_deref(),
        )?;
        let secret = match command {
            Some(command) => command,
            None => {
                let question = format!("Password for {} on {}", remote.user, remote.host);
                let password = self.password.read_or_ask(&question, globals.may_ask())?;
                RemoteSecret::Stored(password)
            }
        };
        check_secret(self.sign_in, &secret)?;
        globals
            .with_store(async |store, config| {
                let (account, folder, routing) = self.destination(&*store).await?;
                let owner = match &self.owner {
                    Some(owner) => Some(store.account_by_name(owner).await?.id),
                    None => None,
                };
                if owner.is_some_and(|owner| owner != account) {
                    return Err(Failure::usage("a user retrieval delivers to its owner only"));
                }
                let others = store.retrieval_list().await?;
                if others.iter().any(|other| other.name == self.name) {
                    let what = format!("there is a retrieval {:?} already", self.name);
                    return Err(Failure::usage(what).hint("Choose another --name."));
                }
                if let Some(other) = others.iter().find(|other| {
                    other.remote.user == remote.user
                        && other.remote.host.eq_ignore_ascii_case(&remote.host)
                }) {
                    complain(&format!(
                        "Note: \"{}\" reads the same mailbox. Nothing is deleted there before both have stored it.\n",
                        other.name
                    ));
                }
                remote.pin = pinned(self.pin, &remote, globals, &store, config).await?;
                if let (Some(Pin::First), Some(pin)) = (self.pin, remote.pin) {
                    complain(&format!("{} showed the key {pin}. It is trusted from now on.\n", remote.host));
                }
                let mut sign_in_memory = None;
                if !self.no_test {
                    let engine = globals.engine(&store, config)?;
                    let found = engine.inspect(&remote, secret.clone(), &Reach::Anywhere).await.map_err(|failure| {
                        Failure::of_card(failure.card())
                            .hint("To save it all the same, add --no-test.")
                    })?;
                    sign_in_memory = found.sign_in_memory;
                    if !globals.quiet && !globals.json {
                        print(&format!(
                            "Signed in: {} messages, {}.\n",
                            found.messages,
                            size(found.octets)
                        ))?;
                    }
                }
                let every = self.every.unwrap_or_else(|| match owner {
                    Some(_) => Every::Never,
                    None => by_default(config),
                });
                let retrieval = NewRetrieval {
                    name: self.name.clone(),
                    remote: remote.clone(),
                    secret,
                    account,
                    owner,
                    folder,
                    routing,
                    every,
                    retention,
                    first_run_keeps: false,
                    start: start_point(self.bring),
                    paused: self.paused,
                    sign_in_memory,
                    limits: limits(&self.limits),
                    confined: false,
                    written_at: None,
                };
                let id = store.retrieval_create(retrieval).await?;
                let added = store.retrieval_by_id(id).await?;
                audited::take_down(&*store, [Change::added(&added)]).await;
                Ok(())
            })
            .await?;
        if globals.json {
            print_json(&serde_json::json!({ "added": self.name }))?;
        } else if !globals.quiet {
            let copies = retention_words(retention, &remote.host);
            let look = match self.catch_all.makes_one() {
                true => format!(
                    "Look where it would go: inhaul catch-all preview \"{}\". ",
                    self.name
                ),
                false => String::new(),
            };
            print(&format!(
                "Added \"{}\". {copies} {look}Bring its mail: inhaul pull \"{}\"\n",
                self.name, self.name
            ))?;
        }
        Ok(Exit::OK)
    }
}

fn limits(words: &[RetrievalLimitWord]) -> RetrievalLimits {
    let mut limits = RetrievalLimits::default();
    words.iter().for_each(|word| word.apply(&mut limits));
    limits
}

fn parse_bring(text: &str) -> Result<Bring, String> {
    Bring::parse(text).ok_or_else(|| "it is all, new or days=30".into())
}

/// The days count back from now.
pub(crate) fn start_point(bring: Bring) -> StartPoint {
    match bring {
        Bring::All => StartPoint::Everything,
        Bring::New => StartPoint::Now,
        Bring::Days(days) => {
            let now = crate::clock::clock()();
            let back = i64::from(days) * 24 * 3600 * 1000;
            StartPoint::Since(Timestamp::from_millis(now.millis().saturating_sub(back)))
        }
    }
}

/// The file of a certificate authority, looked at, as a whole path: the server that runs later may
/// stand in another folder.
pub(crate) fn ca_file(path: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let path = caller::current().absolute(path)?;
    inhaul_net::tls::check_ca_file(&path)
        .map_err(|error| Failure::new(Exit::NO_INPUT, error.to_string()))?;
    Ok(Some(path))
}

/// A pin is for lines that are encrypted.
pub(crate) fn check_way_in(security: Security, pin: Option<Pin>) -> Result<(), Failure> {
    match (security, pin) {
        (Security::None, Some(Pin::Key(_) | Pin::First)) => Err(Failure::usage(
            "--pin: without encryption the server shows no key",
        )),
        _ => Ok(()),
    }
}

/// Tokens and passwords are signed in with in different ways.
pub(crate) fn check_secret(sign_in: SignIn, secret: &RemoteSecret) -> Result<(), Failure> {
    let is_token = matches!(secret, RemoteSecret::Token(_));
    match sign_in.0 {
        Some(way) if is_token && !way.takes_a_token() => Err(Failure::usage(format!(
            "--sign-in {way} takes a password, not a token"
        ))),
        Some(way) if !is_token && way.takes_a_token() => Err(Failure::usage(format!(
            "--sign-in {way} takes a token: give --token-command"
        ))),
        _ => Ok(()),
    }
}

/// The key to trust. The server is asked for it where it is to be the first one it shows; it is
/// told nothing.
pub(crate) async fn pinned(
    pin: Option<Pin>,
    remote: &Remote,
    globals: &Globals,
    store: &Arc<SqliteStore>,
    config: &Config,
) -> Result<Option<KeyPin>, Failure> {
    match pin {
        None | Some(Pin::None) => Ok(None),
        Some(Pin::Key(key)) => Ok(Some(key)),
        Some(Pin::First) => {
            let shown = globals
                .engine(store, config)?
                .shown_key(remote, &Reach::Anywhere)
                .await;
            shown
                .map(Some)
                .map_err(|failure| Failure::of_card(failure.card()))
        }
    }
}

/// What is run for a password or a token, if one of them was named.
pub(crate) fn command(
    password: Option<&str>,
    token: Option<&str>,
) -> Result<Option<RemoteSecret>, Failure> {
    Ok(match (password, token) {
        (Some(command), _) => {
            let words = split_command("--password-command", command)?;
            Some(RemoteSecret::Command(words))
        }
        (None, Some(command)) => {
            let words = split_command("--token-command", command)?;
            Some(RemoteSecret::Token(words))
        }
        (None, None) => None,
    })
}

/// Program and arguments, split at spaces; quotes hold a part together. No shell is involved.
fn split_command(option: &str, text: &str) -> Result<Vec<String>, Failure> {
    let mut parts = Vec::new();
    let mut part: Option<String> = None;
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => part.get_or_insert_default().push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                part.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => parts.extend(part.take()),
            (None, c) => part.get_or_insert_default().push(c),
        }
    }
    parts.extend(part);
    if quote.is_some() {
        return Err(Failure::usage(format!("{option}: a quote is not closed")));
    }
    if parts.is_empty() {
        return Err(Failure::usage(format!("{option}: the program is missing")));
    }
    Ok(parts)
}

/// How often a retrieval runs that says nothing of it.
fn by_default(config: &Config) -> Every {
    match config.checks.every {
        durations::Every::Auto => Every::Auto,
        durations::Every::Never => Every::Never,
        durations::Every::Interval(interval) => {
            Every::Seconds(u32::try_from(interval.as_secs()).unwrap_or(u32::MAX))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_without_a_shell() {
        for (text, parts) in [
            ("pass show mail", Some(vec!["pass", "show", "mail"])),
            (
                "sh -c 'echo \"a b\"; true'",
                Some(vec!["sh", "-c", "echo \"a b\"; true"]),
            ),
            (
                "\"/opt/my tools/pw\" ''",
                Some(vec!["/opt/my tools/pw", ""]),
            ),
            ("echo $HOME;ls", Some(vec!["echo", "$HOME;ls"])),
            ("", None),
            ("'open", None),
        ] {
            let split = split_command("--token-command", text).ok();
            let split = split
                .as_ref()
                .map(|parts| parts.iter().map(String::as_str).collect());
            assert_eq!(split, parts, "{text}");
        }
    }
}
