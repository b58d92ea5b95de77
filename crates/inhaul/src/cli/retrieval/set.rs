//! `inhaul retrieval set`.

use std::path::PathBuf;

use clap::Args;
use inhaul_domain::Retention;
use inhaul_store::{Every, Remote, RemoteSecret, RetrievalChange, Store};

use super::{AfterStoring, SecurityWord, parse_every, retention, retention_words};
use crate::cli::Globals;
use crate::cli::output::{print, print_json};
use crate::exit::{Exit, Failure};
use crate::question::confirm;
use crate::secrets::PasswordSource;
use crate::server_spec::ServerSpec;

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
    /// Another name to sign in with there
    #[arg(long)]
    user: Option<String>,
    /// Ask for a new password
    #[arg(long, conflicts_with_all = ["password_stdin", "password_file"])]
    password: bool,
    #[command(flatten)]
    password_source: PasswordSource,
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
        let host: String = globals
            .with_store(async |store, _| {
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
                let change = RetrievalChange {
                    name: self.new_name.clone(),
                    remote: self.remote(&retrieval.remote)?,
                    secret: secret.map(RemoteSecret::Stored),
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

    fn remote(&self, now: &Remote) -> Result<Option<Remote>, Failure> {
        let nothing_changes = self.server.is_none()
            && self.security.is_none()
            && self.ca_file.is_none()
            && self.user.is_none();
        if nothing_changes {
            return Ok(None);
        }
        let mut remote = now.clone();
        if let Some(server) = &self.server {
            let spec = ServerSpec::parse(server, self.security.map(Into::into))
                .map_err(|why| Failure::usage(format!("--server: {why}")))?;
            (remote.host, remote.port, remote.security) = (spec.host, spec.port, spec.security);
        } else if let Some(security) = self.security {
            remote.security = security.into();
        }
        if let Some(path) = &self.ca_file {
            inhaul_net::tls::check_ca_file(path)
                .map_err(|error| Failure::new(Exit::NO_INPUT, error.to_string()))?;
            remote.ca_file = Some(std::path::absolute(path)?);
        }
        if let Some(user) = &self.user {
            remote.user.clone_from(user);
        }
        // Saying what is set already is no change: what is known of the server stays known.
        Ok((remote != *now).then_some(remote))
    }
}
