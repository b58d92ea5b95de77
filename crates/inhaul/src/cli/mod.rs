//! The command line: nouns then verbs for managing, single verbs for doing.
//!
//! Results go to standard output; progress, warnings and errors to standard error.

mod account;
pub(crate) mod card;
mod check;
mod config;
mod demo;
mod explain;
mod export;
mod group;
mod help;
mod message;
mod names;
mod output;
mod progress;
mod pull;
mod retrieval;
mod whereabouts;

use std::path::PathBuf;
use std::sync::Arc;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use inhaul_store::{SqliteStore, Store, StoreOptions};

use crate::config::Config;
use crate::exit::{Exit, Failure};

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
    /// Bring new mail now and wait for it
    Pull(pull::Pull),
    /// Sign in, count, bring nothing
    Check(check::Check),
    /// Add, list, show, change and remove accounts
    #[command(subcommand)]
    Account(account::Account),
    /// Add, list, show, change and remove groups of accounts
    #[command(subcommand)]
    Group(group::Group),
    /// Add, list, show, test, change, pause and remove retrievals
    #[command(subcommand)]
    Retrieval(retrieval::Retrieval),
    /// List and show messages
    #[command(subcommand)]
    Message(message::Message),
    /// Write an account's mail out, octet for octet
    #[command(subcommand)]
    Export(export::Export),
    /// What happened to a message
    Where(whereabouts::Where),
    /// What an error code means and what to do
    Explain(explain::Explain),
    /// Check and show the configuration
    #[command(subcommand)]
    Config(config::ConfigCommand),
}

/// Reads the command line; the help lists the commands by what they are for.
pub(crate) fn parse() -> Result<Cli, clap::Error> {
    let mut command = help::grouped(Cli::command());
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Carries the command out.
pub(crate) async fn run(cli: Cli) -> Result<Exit, Failure> {
    let globals = cli.globals;
    match cli.command {
        Command::Demo(demo) => demo.run(&globals).await,
        Command::Pull(pull) => pull.run(&globals).await,
        Command::Check(check) => check.run(&globals).await,
        Command::Account(account) => account.run(&globals).await,
        Command::Group(group) => group.run(&globals).await,
        Command::Retrieval(retrieval) => retrieval.run(&globals).await,
        Command::Message(message) => message.run(&globals).await,
        Command::Export(export) => export.run(&globals).await,
        Command::Where(whereabouts) => whereabouts.run(&globals).await,
        Command::Explain(explain) => explain.run(&globals),
        Command::Config(command) => command.run(&globals),
    }
}

impl Globals {
    /// Reads the configuration.
    pub(crate) fn load_config(&self) -> Result<Config, Failure> {
        Config::load(&self.sources())
            .map_err(|problems| Failure::new(Exit::CONFIG, problems.to_string()))
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

    /// Opens the data directory, does something with it and closes it, whatever came of it.
    pub(crate) async fn with_store<T>(
        &self,
        work: impl AsyncFnOnce(Arc<SqliteStore>, &Config) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let config = self.load_config()?;
        let store = self.open(&config).await?;
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
        use std::io::IsTerminal;
        let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => std::io::stderr().is_terminal() && !dumb && !self.quiet,
        }
    }
}
