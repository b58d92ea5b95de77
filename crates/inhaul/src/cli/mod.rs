//! The command line: nouns then verbs for managing, single verbs for doing.
//!
//! Results go to standard output; progress, warnings and errors to standard error. A command that
//! needs the data directory is carried out by the running server where there is one ([`run`]);
//! [`carry_out`] is the same on either side.

mod account;
mod audit;
mod audited;
mod backup;
pub(crate) mod card;
mod catch_all;
mod check;
mod config;
mod demo;
pub(crate) mod doctor;
mod explain;
mod export;
mod group;
mod help;
mod log;
mod message;
mod names;
mod notes;
pub(crate) mod notice;
pub(crate) mod output;
pub(crate) mod progress;
mod pull;
mod restore;
mod retrieval;
mod serve;
mod setup_link;
mod standing;
mod status;
mod trigger;
mod when;
mod whereabouts;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use inhaul_domain::spans::to_wait;
use inhaul_engine::Engine;
use inhaul_engine::service::Service;
use inhaul_store::{SqliteStore, Store, StoreOptions};
use tokio::time::timeout;

use crate::caller;
use crate::config::Config;
use crate::control;
use crate::declared::{self, Authority, Told, Weight};
use crate::exit::{Exit, Failure};
use crate::ops::log::ring::Ring;

pub(crate) use pull::checks;
pub(crate) use retrieval::start_point;

/// inhaul brings mail from remote POP3 mailboxes to this server.
#[derive(Debug, Parser)]
#[command(name = "inhaul", version, about, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options every command takes.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Globals {
    /// The configuration file
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The data directory (also INHAUL_DATA)
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say less: nothing where all is good
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say more: the conversation with the server
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Answer yes to every question
    #[arg(short, long, global = true)]
    pub(crate) yes: bool,
    /// Ask nothing: a question is an error
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// Colours and bars
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
    /// What the command works on where a running server carries it out.
    #[arg(skip)]
    pub(crate) server: Option<Context>,
}

/// What a running server lends to the commands that it carries out.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    /// The server's configuration, not the caller's.
    pub(crate) config: Arc<Config>,
    /// The open data directory.
    pub(crate) store: Arc<SqliteStore>,
    /// The one engine, so that leases and limits hold for everybody together.
    pub(crate) engine: Arc<Engine>,
    /// What keeps the retrievals running.
    pub(crate) service: Arc<Service>,
    /// The newest lines of the log.
    pub(crate) ring: Arc<Ring>,
    /// Where the pages are, once they are served.
    pub(crate) pages: Arc<OnceLock<String>>,
}

/// When to use what only a terminal understands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Try it with a sample mailbox. Nothing real, nothing kept
    Demo(demo::Demo),
    /// Run the server
    Serve(serve::Serve),
    /// A new link for whoever sets this installation up
    SetupLink(setup_link::SetupLink),
    /// Check this installation and say what to fix
    Doctor(doctor::Doctor),
    /// Bring new mail now and wait for it
    Pull(pull::Pull),
    /// Sign in, count, bring nothing
    Check(check::Check),
    /// Ask the running server to check, within its limits
    Trigger(trigger::Trigger),
    /// Add, list, show, change and remove accounts
    #[command(subcommand)]
    Account(account::Account),
    /// Add, list, show, change and remove groups of accounts
    #[command(subcommand)]
    Group(group::Group),
    /// Add, list, show, test, change, pause and remove retrievals
    #[command(subcommand)]
    Retrieval(retrieval::Retrieval),
    /// Look at a shared mailbox's headers, try its rules, add and remove them
    #[command(subcommand)]
    CatchAll(catch_all::CatchAll),
    /// List, show and search messages
    #[command(subcommand)]
    Message(message::Message),
    /// Send a test of notices, list those that did not arrive
    #[command(subcommand)]
    Notice(notice::Notice),
    /// Write an account's mail out, octet for octet
    #[command(subcommand)]
    Export(export::Export),
    /// One screen: what works, what does not
    Status(status::Status),
    /// Read or follow the log
    Log(log::Log),
    /// Who changed what
    Audit(audit::Audit),
    /// What happened to a message
    Where(whereabouts::Where),
    /// What an error code means and what to do
    Explain(explain::Explain),
    /// Check and show the configuration
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Copy everything to a file, also while a server runs
    Backup(backup::Backup),
    /// Bring a backup back into an empty data directory
    Restore(restore::Restore),
}

/// Reads a command line, the program's name in front; the help lists the commands by what they are
/// for.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut command = help::grouped(Cli::command());
    let matches = command.try_get_matches_from_mut(words)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Has the command carried out by the running server, or where there is none, carries it out.
/// `words` is the command line that `cli` was read from.
pub(crate) async fn run(cli: Cli, words: Vec<OsString>) -> Result<Exit, Failure> {
    let is_probe = matches!(&cli.command, Command::Status(status) if status.is_for_nagios());
    let patience = cli.command.patience();
    let command = here_or_there(cli, words);
    let ended = match patience {
        Some(most) => timeout(most, command)
            .await
            .unwrap_or_else(|_| Err(out_of_patience(most))),
        None => command.await,
    };
    match ended {
        Err(failure) if is_probe => status::unknown(&failure),
        ended => ended,
    }
}

async fn here_or_there(cli: Cli, words: Vec<OsString>) -> Result<Exit, Failure> {
    if cli.command.needs_data() {
        let config = cli.globals.load_config()?;
        if let Some(server) = control::connect(&config.server.control).await? {
            let command = control::Typed {
                words,
                data: caller::Caller::Local.absolute(&config.data)?,
                reads: cli.command.reads().map(Path::to_owned),
                writes_below: cli.command.writes_below().map(Path::to_owned),
            };
            if let Some(exit) = server.carry_out(command).await? {
                return Ok(exit);
            }
        }
    }
    carry_out(cli).await
}

fn out_of_patience(most: Duration) -> Failure {
    let what = format!("the server did not answer within {}", to_wait(most));
    Failure::new(Exit::TEMP_FAIL, what)
        .hint("What it began goes on: inhaul status. If it hangs, stop it and start it again.")
}

/// Carries the command out in this process, for [`caller::current`].
pub(crate) async fn carry_out(cli: Cli) -> Result<Exit, Failure> {
    let globals = cli.globals;
    match cli.command {
        Command::Demo(demo) => demo.run(&globals).await,
        Command::Serve(serve) => serve.run(&globals).await,
        Command::Doctor(doctor) => doctor.run(&globals).await,
        Command::Pull(pull) => pull.run(&globals).await,
        Command::Check(check) => check.run(&globals).await,
        Command::Account(account) => account.run(&globals).await,
        Command::Group(group) => group.run(&globals).await,
        Command::Retrieval(retrieval) => retrieval.run(&globals).await,
        Command::CatchAll(catch_all) => catch_all.run(&globals).await,
        Command::Message(message) => message.run(&globals).await,
        Command::Notice(notice) => notice.run(&globals).await,
        Command::Export(export) => export.run(&globals).await,
        Command::Where(whereabouts) => whereabouts.run(&globals).await,
        Command::SetupLink(setup_link) => setup_link.run(&globals).await,
        Command::Explain(explain) => explain.run(&globals),
        Command::Config(command) => command.run(&globals),
        Command::Trigger(trigger) => trigger.run(&globals).await,
        Command::Status(status) => status.run(&globals).await,
        Command::Log(log) => log.run(&globals).await,
        Command::Audit(audit) => audit.run(&globals).await,
        Command::Backup(backup) => backup.run(&globals).await,
        Command::Restore(restore) => restore.run(&globals).await,
    }
}

impl Command {
    /// Whether it works on the data directory, so that a running server must carry it out.
    pub(crate) fn needs_data(&self) -> bool {
        match self {
            Self::Demo(_)
            | Self::Serve(_)
            | Self::Doctor(_)
            | Self::Explain(_)
            | Self::Config(_) => false,
            Self::Account(account) => account.needs_data(),
            Self::Restore(restore) => restore.needs_data(),
            _ => true,
        }
    }

    /// How long whoever typed it waits for it to be carried out; `None` is to the end.
    fn patience(&self) -> Option<Duration> {
        match self {
            Self::Trigger(trigger) => trigger.patience(),
            _ => None,
        }
    }

    /// The file that the command line gives to read, if it gives one: a server that carries the
    /// command out may ask for no other.
    fn reads(&self) -> Option<&Path> {
        let password = match self {
            Self::Account(account) => return account.file(),
            Self::Retrieval(retrieval) => retrieval.password_source(),
            Self::Check(check) => Some(check.password_source()),
            _ => None,
        };
        password?.password_file.as_deref()
    }

    /// The folder that the command line gives to write to: a server that carries the command out
    /// may have files written below it and nowhere else.
    fn writes_below(&self) -> Option<&Path> {
        match self {
            Self::Export(export) => Some(export.dir()),
            _ => None,
        }
    }
}

impl Globals {
    /// The configuration: the server's where a server carries the command out, else it is read.
    pub(crate) fn load_config(&self) -> Result<Arc<Config>, Failure> {
        if let Some(server) = &self.server {
            return Ok(Arc::clone(&server.config));
        }
        self.read_config().map(Arc::new)
    }

    /// Reads the configuration.
    pub(crate) fn read_config(&self) -> Result<Config, Failure> {
        Config::load(&self.sources())
            .map_err(|problems| Failure::new(Exit::CONFIG, problems.to_string()))
    }

    /// The engine of the server that carries the command out, else one over this store.
    pub(crate) fn engine(
        &self,
        store: &Arc<SqliteStore>,
        config: &Config,
    ) -> Result<Arc<Engine>, Failure> {
        match &self.server {
            Some(server) => Ok(Arc::clone(&server.engine)),
            None => pull::engine(store, config),
        }
    }

    /// What keeps the retrievals running, where a server carries the command out.
    pub(crate) fn service(&self) -> Option<&Arc<Service>> {
        self.server.as_ref().map(|server| &server.service)
    }

    /// Opens the data directory.
    pub(crate) async fn open(&self, config: &Config) -> Result<Arc<SqliteStore>, Failure> {
        let options = StoreOptions {
            key_file: config.key_file.clone(),
            clock: crate::clock::clock(),
            ..StoreOptions::default()
        };
        Ok(Arc::new(SqliteStore::open(&config.data, options).await?))
    }

    /// Opens the data directory, brings it in line with what files declare, does something with it
    /// and closes it, whatever came of it. In a running server it is open and stays so.
    pub(crate) async fn with_store<T>(
        &self,
        work: impl AsyncFnOnce(Arc<SqliteStore>, &Config) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if let Some(server) = &self.server {
            return work(Arc::clone(&server.store), &server.config).await;
        }
        let config = self.load_config()?;
        let store = self.open(&config).await?;
        let told = declared::apply(&*store, &config, Authority::Command).await;
        let least = if self.quiet {
            Weight::Fault
        } else {
            Weight::Warning
        };
        Told::complain(&told, least);
        let done = work(Arc::clone(&store), &config).await;
        store.close().await?;
        done
    }

    pub(crate) fn sources(&self) -> crate::config::Sources {
        crate::config::Sources {
            file: self.config.clone(),
            data: self.data.clone(),
            // What is not UTF-8 is none of ours.
            environment: std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
        }
    }

    /// Whether a question may be asked.
    pub(crate) fn may_ask(&self) -> bool {
        !self.no_input
    }

    /// Whether bars may be drawn on standard error.
    pub(crate) fn draws_bars(&self) -> bool {
        let terminal = caller::current().terminal();
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal.errors && !terminal.dumb && !self.quiet,
        }
    }
}
