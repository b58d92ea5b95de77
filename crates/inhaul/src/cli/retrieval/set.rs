//! `inhaul retrieval set`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use inhaul_domain::ServerSpec;
use inhaul_domain::{LedgerState, Retention};
use inhaul_manage::words::RetrievalLimitWord;
use inhaul_store::{Every, Remote, RemoteSecret, Retrieval, RetrievalChange, Store};
use inhaul_types::{Octets, Timestamp};

use super::add::{ca_file, check_secret, check_way_in, command, pinned};
use super::{
    AfterStoring, SecurityWord, parse_every, refuse_if_written, retention, retention_words,
};
use crate::cli::Globals;
use crate::cli::audited::{self, Change};
use crate::cli::catch_all::CatchAllOptions;
use crate::cli::names::retrieval_named;
use crate::cli::output::{complain, counted, print, print_json, size};
use crate::exit::{Exit, Failure};
use crate::question::confirm;
use crate::secrets::PasswordSource;
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
    /// Another account that gets the mail from now on
    #[arg(long, value_name = "ACCOUNT")]
    pub(super) to: Option<String>,
    /// Another folder
    #[arg(long)]
    pub(super) folder: Option<String>,
    /// How often: 10m, auto or never
    #[arg(long, value_parser = parse_every)]
    every: Option<Every>,
    /// What happens to remote copies
    #[arg(long)]
    after_storing: Option<AfterStoring>,
    /// With --after-storing delete: this many days after a message was stored here
    #[arg(long)]
    days: Option<u32>,
    /// A limit of its runs: max-messages=200, max-octets=100MB, largest=25MB, reconnect=yes; none
    /// lifts it
    #[arg(long = "limit", value_name = "LIMIT", value_delimiter = ',')]
    limits: Vec<RetrievalLimitWord>,
    #[command(flatten)]
    pub(super) catch_all: CatchAllOptions,
}

impl Set {
    pub(super) fn password_source(&self) -> &PasswordSource {
        &self.password_source
    }

    /// No file says the limits of a retrieval's runs: commands and pages do.
    fn says_what_files_say(&self) -> bool {
        self.new_name.is_some()
            || self.server.is_some()
            || self.security.is_some()
            || self.ca_file.is_some()
            || self.pin.is_some()
            || self.user.is_some()
            || self.password
            || self.password_source.password_stdin
            || self.password_source.password_file.is_some()
            || self.password_command.is_some()
            || self.token_command.is_some()
            || self.sign_in.is_some()
            || self.to.is_some()
            || self.folder.is_some()
            || self.every.is_some()
            || self.after_storing.is_some()
            || self.days.is_some()
            || self.catch_all.is_given()
    }

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
        let (host, nothing_before) = globals
            .with_store(async |store, config| {
                let retrieval = retrieval_named(&*store, &self.name).await?;
                if self.says_what_files_say() {
                    refuse_if_written(&retrieval)?;
                }
                let (destination, routing) = self.goes_to(&*store, &retrieval).await?;
                let mut nothing_before = None;
                if let Some(retention) =
                    retention.filter(|new| is_sooner(retrieval.retention, *new))
                {
                    let there = There::of(&*store, &retrieval).await?;
                    confirm(&there.question(retention, &retrieval.remote.host), globals)?;
                    nothing_before = there.first_deletion(retention);
                }
                let mut remote = self.remote(&retrieval.remote)?;
                if let Some(pin) = self.pin {
                    check_way_in(remote.security, Some(pin))?;
                    remote.pin = pinned(Some(pin), &remote, globals, &store, config).await?;
                }
                if let (Some(Pin::First), Some(pin)) = (self.pin, remote.pin) {
                    complain(&format!(
                        "{} showed the key {pin}. It is trusted from now on.\n",
                        remote.host
                    ));
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
                    destination,
                    routing,
                    every: self.every,
                    retention,
                    limits: (!self.limits.is_empty()).then(|| {
                        let mut limits = retrieval.limits;
                        self.limits.iter().for_each(|word| word.apply(&mut limits));
                        limits
                    }),
                    ..RetrievalChange::default()
                };
                let has_secret = change.secret.is_some();
                store.retrieval_change(retrieval.id, change).await?;
                let after = store.retrieval_by_id(retrieval.id).await?;
                let mut changes = Change::between(&retrieval, &after);
                if has_secret {
                    changes.push(Change::secret(&after, "password"));
                }
                audited::take_down(&*store, changes).await;
                Ok((retrieval.remote.host, nothing_before))
            })
            .await?;
        if globals.json {
            print_json(&serde_json::json!({ "changed": self.name }))?;
        } else if !globals.quiet {
            let mut said = "Changed.".to_owned();
            if let Some(retention) = retention {
                said.push_str(&format!(" {}", retention_words(retention, &host)));
            }
            if let Some(time) = nothing_before {
                said.push_str(&format!(" Nothing is deleted before {time}."));
            }
            print(&format!("{said}\n"))?;
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
            remote.ca_file = ca_file(Some(path))?;
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

/// Whether copies would be deleted earlier than before: that cannot be undone.
fn is_sooner(before: Retention, after: Retention) -> bool {
    let days = |retention| match retention {
        Retention::Keep => u32::MAX,
        Retention::Delete => 0,
        Retention::DeleteAfter { days } => days,
    };
    days(after) < days(before)
}

/// The copies that the last run saw and that are stored here.
#[derive(Debug)]
struct There {
    messages: u64,
    octets: Octets,
    first_stored: Option<Timestamp>,
    now: Timestamp,
}

impl There {
    async fn of(store: &dyn Store, retrieval: &Retrieval) -> Result<Self, Failure> {
        let ledger = store.ledger_load(retrieval.maildrop).await?;
        let mut there = Self {
            messages: 0,
            octets: Octets::ZERO,
            first_stored: None,
            now: (crate::clock::clock())(),
        };
        let stored = [LedgerState::Stored, LedgerState::Asked];
        for row in ledger.iter() {
            if row.listed_last && stored.contains(&row.state) {
                there.messages += 1;
                let more = row.listed_size.map_or(0, Octets::count);
                let octets = there.octets.count().saturating_add(more);
                there.octets = Octets::new(octets);
                let first = there.first_stored.unwrap_or(row.since);
                there.first_stored = Some(first.min(row.since));
            }
        }
        Ok(there)
    }

    fn question(&self, retention: Retention, host: &str) -> String {
        let when = match retention {
            Retention::DeleteAfter { days } => {
                format!(
                    "{} after they were stored here",
                    counted(days.into(), "day")
                )
            }
            _ => "with the next check".to_owned(),
        };
        let what = match self.messages {
            0 => retention_words(retention, host),
            messages => format!(
                "{} ({}) on {host} will be deleted there {when}.",
                counted(messages, "message"),
                size(self.octets)
            ),
        };
        format!(
            "{what}\nOther programs that read that mailbox will no longer find them. This cannot be undone from here.\nGo on?"
        )
    }

    /// When the first of them is deleted, if that is not soon.
    fn first_deletion(&self, retention: Retention) -> Option<Timestamp> {
        let Retention::DeleteAfter { days } = retention else {
            return None;
        };
        let days = Duration::from_secs(u64::from(days) * 24 * 60 * 60);
        let first = self.first_stored.unwrap_or(self.now).plus(days);
        (first > self.now).then_some(first)
    }
}
