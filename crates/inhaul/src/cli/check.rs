//! `inhaul check`: signs in and counts. Brings nothing, changes nothing, records nothing.
//!
//! Of retrievals one line each; of a mailbox that is not set up yet, every step.

mod guess;
mod steps;

use std::path::PathBuf;

use clap::Args;
use inhaul_domain::ServerSpec;
use inhaul_domain::reach::Reach;
use inhaul_engine::{RunOptions, inspect_mailbox};
use inhaul_manage::words::security_word;
use inhaul_store::{Remote, RemoteSecret, Retrieval, Store};
use inhaul_types::KeyPin;
use serde::Serialize;

use super::Globals;
use super::card::{self, CardDocument};
use super::names::retrievals_named;
use super::output::{complain, count, plain, print, print_json, size};
use super::progress::Bars;
use super::pull::{Finished, checks, result_word, run_all};
use super::retrieval::{SecurityWord, ca_file, check_secret, check_way_in, command};
use crate::exit::{Exit, Failure};
use crate::secrets::PasswordSource;
use crate::way_in::{Pin, SignIn};
use guess::guess;
pub(super) use steps::Steps;

#[derive(Args, Debug)]
pub(crate) struct Check {
    /// Retrievals (names, account/name, numbers, or globs in quotes; all but the paused ones
    /// without any), or the address of one mailbox that is not set up yet
    names: Vec<String>,
    /// Of a mailbox not set up yet, the server: HOST, HOST:PORT or "HOST 995s"; without it the
    /// usual names of the address's domain are tried
    #[arg(long)]
    server: Option<String>,
    /// Of a mailbox not set up yet, the protection of the line
    #[arg(long, requires = "server")]
    security: Option<SecurityWord>,
    /// Of a mailbox not set up yet: trust the certificate authority in this PEM file
    #[arg(long, value_name = "FILE", requires = "server")]
    ca_file: Option<PathBuf>,
    /// Of a mailbox not set up yet: trust this key of the server (sha256//...) and no authority
    #[arg(
        long,
        value_name = "PIN",
        requires = "server",
        conflicts_with = "ca_file"
    )]
    pin: Option<KeyPin>,
    /// Of a mailbox not set up yet, the name to sign in with; the address without it
    #[arg(long)]
    user: Option<String>,
    #[command(flatten)]
    password: PasswordSource,
    /// Of a mailbox not set up yet: run this program for an OAuth token; its first line is it
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["password_stdin", "password_file"])]
    token_command: Option<String>,
    /// Of a mailbox not set up yet, how to sign in; "auto" takes the best that the server offers
    #[arg(long, value_name = "WAY", value_parser = SignIn::parser(), default_value = "auto")]
    sign_in: SignIn,
}

impl Check {
    /// Where the password of a mailbox comes from that is not set up yet.
    pub(crate) fn password_source(&self) -> &PasswordSource {
        &self.password
    }

    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        // Where nothing is set up, a look does not begin to.
        let nothing_is_ours = || -> Result<bool, Failure> {
            let is_address = matches!(&self.names[..], [name] if name.contains('@'));
            Ok(is_address && !globals.load_config()?.data.exists())
        };
        if self.server.is_some() || self.user.is_some() || nothing_is_ours()? {
            return self.look_at_new(globals).await;
        }
        let chosen = globals
            .with_store(async |store, config| {
                let retrievals = match self.chosen(&*store).await? {
                    Chosen::Retrievals(retrievals) => retrievals,
                    Chosen::Address => return Ok(None),
                };
                let engine = globals.engine(&store, config)?;
                let bars = Bars::new(globals.draws_bars());
                let options = RunOptions {
                    dry_run: true,
                    ..RunOptions::default()
                };
                let width = widest(&retrievals);
                let told = |finished: &Finished| {
                    if globals.json || globals.draws_bars() {
                        return Ok(());
                    }
                    tell(finished, width, globals)
                };
                let (finished, signalled) =
                    run_all(&engine, None, retrievals, options, &bars, told).await?;
                bars.clear();
                if globals.json {
                    let retrievals: Vec<_> = finished.iter().map(CheckDocument::from).collect();
                    print_json(&serde_json::json!({ "retrievals": retrievals }))?;
                } else if globals.draws_bars() {
                    finished
                        .iter()
                        .try_for_each(|finished| tell(finished, width, globals))?;
                }
                let failures = finished
                    .iter()
                    .filter_map(|finished| finished.report.failure.as_ref());
                let exit = Exit::of_codes(failures.map(|failure| failure.code));
                Ok(Some(signalled.unwrap_or(exit)))
            })
            .await?;
        match chosen {
            Some(exit) => Ok(exit),
            None => self.look_at_new(globals).await,
        }
    }

    async fn chosen(&self, store: &dyn Store) -> Result<Chosen, Failure> {
        if self.names.is_empty() {
            let mut all = store.retrieval_list().await?;
            all.retain(|retrieval| !retrieval.paused);
            return Ok(Chosen::Retrievals(all));
        }
        match (retrievals_named(store, &self.names).await, &self.names[..]) {
            (Ok(chosen), _) => Ok(Chosen::Retrievals(chosen)),
            (Err(missing), [name]) if missing.exit == Exit::NO_USER && name.contains('@') => {
                Ok(Chosen::Address)
            }
            (Err(failure), _) => Err(failure),
        }
    }

    /// Looks at a mailbox that is not set up yet. The data directory is not needed for it.
    async fn look_at_new(&self, globals: &Globals) -> Result<Exit, Failure> {
        let config = globals.load_config()?;
        let address = match &self.names[..] {
            [] => None,
            [address] => Some(address.as_str()),
            _ => {
                return Err(Failure::usage(
                    "one mailbox at a time that is not set up yet",
                ));
            }
        };
        if self.user.is_none() && address.is_none() {
            return Err(
                Failure::usage("the name to sign in with is missing").hint("Give it with --user.")
            );
        }
        let checks = checks(&config);
        let (spec, named, source) = match &self.server {
            Some(server) => {
                let spec = ServerSpec::parse(server, self.security.map(Into::into))
                    .map_err(|why| Failure::usage(format!("--server: {why}")))?;
                (spec, address.map(str::to_owned), None)
            }
            None => {
                let (found, source) = guess(address.unwrap_or_default(), &checks).await?;
                let spec = ServerSpec {
                    host: found.host,
                    port: found.port,
                    security: found.security,
                };
                (spec, Some(found.user), Some(source))
            }
        };
        let user = self.user.clone().or(named).unwrap_or_default();
        let remote = Remote {
            host: spec.host,
            port: spec.port,
            security: spec.security,
            ca_file: ca_file(self.ca_file.as_deref())?,
            pin: self.pin,
            user: user.clone(),
            sign_in: self.sign_in.0,
        };
        check_way_in(remote.security, self.pin.map(Pin::Key))?;
        let secret = match command(None, self.token_command.as_deref())? {
            Some(command) => command,
            None => {
                let question = format!("Password for {user} on {}", remote.host);
                let password = self.password.read_or_ask(&question, globals.may_ask())?;
                RemoteSecret::Stored(password)
            }
        };
        check_secret(self.sign_in, &secret)?;
        let steps = Steps::new(globals, &remote, source);
        let looked = inspect_mailbox(&checks, &remote, secret, &Reach::Anywhere, &steps).await;
        let exit = steps.conclude(&looked)?;
        if looked.is_ok() && steps.may_tell() {
            print(&format!(
                "This mailbox works. Add it: inhaul retrieval add --name NAME --server '{}' --security {} --user '{user}' --to ACCOUNT\n",
                steps.server(),
                security_word(remote.security),
            ))?;
        }
        Ok(exit)
    }
}

enum Chosen {
    Retrievals(Vec<Retrieval>),
    /// None of ours: a mailbox that is not set up yet.
    Address,
}

fn widest(retrievals: &[Retrieval]) -> usize {
    let widths = retrievals
        .iter()
        .map(|retrieval| plain(&retrieval.name).chars().count());
    widths.max().unwrap_or(0)
}

/// One line: what is good on standard output, failures on standard error.
fn tell(finished: &Finished, width: usize, globals: &Globals) -> Result<(), Failure> {
    let Finished {
        retrieval, report, ..
    } = finished;
    let name = plain(&retrieval.name);
    if let Some(failure) = &report.failure {
        complain(&format!(
            "{name:<width$}   {}   {}\n",
            failure.code,
            plain(&failure.what)
        ));
        if let Some(card) = finished.card() {
            complain(&format!("\n{}\n", card::text(card, globals.paints())));
        }
        return Ok(());
    }
    if globals.quiet {
        return Ok(());
    }
    let octets = match report.would_retrieve {
        0 => String::new(),
        _ => format!("   {}", size(finished.octets())),
    };
    print(&format!(
        "{name:<width$}   {:>5} new of {}{octets}\n",
        count(report.would_retrieve),
        count(report.listed)
    ))
}

#[derive(Serialize)]
struct CheckDocument<'a> {
    name: &'a str,
    account: &'a str,
    result: &'static str,
    #[serde(flatten)]
    card: Option<CardDocument<'a>>,
    listed: u64,
    new: u64,
    bytes: u64,
    took_ms: u128,
}

impl<'a> From<&'a Finished> for CheckDocument<'a> {
    fn from(finished: &'a Finished) -> Self {
        let Finished {
            retrieval, report, ..
        } = finished;
        let failure = report.failure.as_ref();
        Self {
            name: &retrieval.name,
            account: &retrieval.account_name,
            result: failure.map_or("ok", |failure| result_word(failure.code)),
            card: finished.any_card().map(CardDocument::from),
            listed: report.listed,
            new: report.would_retrieve,
            bytes: finished.octets().count(),
            took_ms: report.took.as_millis(),
        }
    }
}
