//! `inhaul retrieval set`.

use std::path::PathBuf;

use clap::Args;
use inhaul_domain::Retention;
use inhaul_store::{Every, Remote, RemoteSecret, RetrievalChange, Store};

use super::add::{check_secret, check_way_in, command, pinned};
use super::{AfterStoring, SecurityWord, parse_every, retention, retention_words};
use crate::cli::Globals;
use crate::cli::output::{print, print_json};
use crate::cli::pull::engine;
use crate::exit::{Exit, Failure};
use crate::question::confirm;
use crate::secrets::PasswordSource;
use crate::server_spec::ServerSpec;
use crate::way_in::{Pin, SignIn};

#[derive(Args, Debug)]
pub(crate) struct Set {
    /// Which retrieval
    name: String,
    /// Another name
    #[arg(long = "name", value_name = "NAME")]
    new_name: Option<String>,
    /// Another server: HOST, HOST:PORT or "HOST 995s"
    #[arg(long)]
    server: Option<String>,
    /// Another protection of the line
    #[arg(long)]
    security: Option<SecurityWord>,
    /// Trust the certificate authority in this PEM file
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Trust this key of the server (sha256//...) and no authority; "first": the one it shows
    /// now; "none": authorities again
    #[arg(long, value_name = "PIN", conflicts_with = "ca_file")]
    pin: Option<Pin>,
    /// Another name to sign in with there
    #[arg(long)]
    user: Option<String>,
    /// Ask for a new password
    #[arg(long, conflicts_with_all = ["password_stdin", "password_file"])]
    password: bool,
    #[command(flatten)]
    password_source: PasswordSource,
    /// Run this program for the password; its first line is it
    #[arg(long, value_name = "COMMAND",
        conflicts_with_all = ["password", "password_stdin", "password_file"])]
    password_command: Option<String>,
    /// Run this program for an OAuth token, anew each session; its first line is it
    #[arg(long, value_name = "COMMAND",
        conflicts_with_all = ["password", "password_stdin", "password_file", "password_command"])]
    token_command: Option<String>,
    /// How to sign in; "auto" takes the best that the server offers
    #[arg(long, value_name = "WAY", value_parser = SignIn::parser())]
    sign_in: Option<SignIn>,
    /// Another folder
    #[arg(long)]
    folder: Option<String>,
    /// How often: 10m, auto or never
    #[arg(long, value_parser = parse_every)]
    every: Option<Every>,
    /// What happens to remote copies
    #[arg(long)]
    after_storing: Option<AfterStoring>,
    /// With --after-storing delete: this many days after a message was stored here
    #[arg(long)]
    days: Option<u32>,
}

impl Set {
    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        let retention = retention(self.after_storing, self.days)?;
        let secret = match self.password_source.read()? {
            None if self.password => {
                let question = format!("New password for {}", self.name);
                Some(
                    self.password_source
                        .read_or_ask(&question, globals.may_ask())?,
                )
            }
            other => other,
        };
        let command = command(
            self.password_command.as_deref(),
            self.token_command.as_deref(),
        )?;
        let secret = command.or_else(|| secret.map(RemoteSecret::Stored));
        let host: String = globals
            .with_store(async |store, config| {
                let retrieval = store.retrieval_by_name(&self.name).await?;
                if let Some(retention) = retention
                    && retention != Retention::Keep
                    && retrieval.retention == Retention::Keep
                {
                    let host = &retrieval.remote.host;
                    let question = format!(
                        "{} Other programs that read that mailbox will no longer find them. This cannot be undone from here.\nGo on?",
                        retention_words(retention, host)
                    );
                    confirm(&question, globals)?;
                }
                let mut remote = self.remote(&retrieval.remote)?;
                if let Some(pin) = self.pin {
                    check_way_in(remote.security, Some(pin))?;
                    remote.pin = pinned(Some(pin), &remote, &*engine(&store, config)?).await?;
                }
                if let (Some(Pin::First), Some(pin)) = (self.pin, remote.pin) {
                    eprintln!("{} showed the key {pin}. It is trusted from now on.", remote.host);
                }
                if self.sign_in.is_some() || secret.is_some() {
                    let secret = match &secret {
                        Some(secret) => secret.clone(),
                        None => store.retrieval_secret(retrieval.id).await?,
                    };
                    check_secret(SignIn(remote.sign_in), &secret)?;
                }
                let change = RetrievalChange {
                    name: self.new_name.clone(),
                    // Saying what is set already is no change: what is known of the server stays.
                    remote: (remote != retrieval.remote).then_some(remote),
                    secret,
                    destination: self.folder.clone().map(|folder| (retrieval.account, folder)),
                    every: self.every,
                    retention,
                    paused: None,
                };
                store.retrieval_change(retrieval.id, change).await?;
                Ok(retrieval.remote.host)
            })
            .await?;
        if globals.json {
            print_json(&serde_json::json!({ "changed": self.name }))?;
        } else if !globals.quiet {
            let copies = retention.map(|retention| retention_words(retention, &host));
            print(&format!("Changed. {}\n", copies.unwrap_or_default()))?;
        }
        Ok(Exit::OK)
    }

    fn remote(&self, now: &Remote) -> Result<Remote, Failure> {
        let mut remote = now.clone();
        if let Some(server) = &self.server {
            let spec = ServerSpec::parse(server, self.security.map(Into::into))
                .map_err(|why| Failure::usage(format!("--server: {why}")))?;
            // A key is a server's own: another one has another.
            if !spec.host.eq_ignore_ascii_case(&now.host) {
                remote.pin = None;
            }
            (remote.host, remote.port, remote.security) = (spec.host, spec.port, spec.security);
        } else if let Some(security) = self.security {
            remote.security = security.into();
        }
        if let Some(path) = &self.ca_file {
            inhaul_net::tls::check_ca_file(path)
                .map_err(|error| Failure::new(Exit::NO_INPUT, error.to_string()))?;
            remote.ca_file = Some(std::path::absolute(path)?);
            remote.pin = None;
        }
        if let Some(user) = &self.user {
            remote.user.clone_from(user);
        }
        if let Some(SignIn(way)) = self.sign_in {
            remote.sign_in = way;
        }
        Ok(remote)
    }
}
