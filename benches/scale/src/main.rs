//! The scale benchmark: 10,000 retrievals on 100 hosts, and what inhaul costs then.
//!
//! One program in several roles, each a process of its own, so that the processor time of inhaul is
//! counted without that of the servers it visits: `farm` plays the servers, `seed` makes a data
//! directory for them, `polls` drives the engine by itself, `service` and `triggers` measure a
//! running `inhaul serve`, `pages` its web pages, `mail` the reading of a large mailbox. See README.md
//! beside it.
#![expect(clippy::print_stdout, reason = "figures are its purpose")]

mod control;
mod drive;
mod farm;
mod farm_line;
mod field;
mod figures;
mod mail;
mod pages;
mod polls;
mod process;
mod seed;
mod server;
mod service;
mod triggers;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use field::Field;

/// Measures inhaul with many retrievals.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    role: Role,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Play the remote servers until told to stop
    Farm(farm::Farm),
    /// Make a data directory whose retrievals find nothing new
    Seed(seed::Seed),
    /// Drive the engine by itself and print what a check costs
    Polls(polls::Polls),
    /// Start `inhaul serve` and print what it costs and how late it is
    Service(service::Service),
    /// Ask a running server for checks and print how soon they begin
    Triggers(triggers::Triggers),
    /// Start `inhaul serve` and print what its web pages cost
    Pages(pages::Pages),
    /// Fill a mailbox, start `inhaul serve` and print what reading it on the pages costs
    Mail(mail::Mail),
}

/// Where a seeded field is.
#[derive(Args, Debug)]
struct Ground {
    /// The folder that `seed` filled
    #[arg(long, value_name = "DIR")]
    field: PathBuf,
    /// Where the farm answers questions
    #[arg(long, value_name = "ADDRESS", default_value = farm_line::ADDRESS)]
    farm: String,
}

impl Ground {
    fn read(&self) -> Result<Field> {
        Field::read(&self.field)
    }
}

fn main() -> Result<()> {
    match Cli::parse().role {
        Role::Farm(farm) => one_thread(farm.run()),
        Role::Seed(seed) => two_threads(seed.run()),
        Role::Polls(polls) => two_threads(polls.run()),
        Role::Service(service) => one_thread(service.run()),
        Role::Triggers(triggers) => one_thread(triggers.run()),
        Role::Pages(pages) => one_thread(pages.run()),
        Role::Mail(mail) => one_thread(mail.run()),
    }
}

fn one_thread(role: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(role)
}

/// As many as `inhaul` itself has on two cores.
fn two_threads(role: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let ended = runtime.block_on(role);
    runtime.shutdown_background();
    ended
}
