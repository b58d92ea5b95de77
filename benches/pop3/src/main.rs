//! The POP3 benchmark: inhaul's service against Dovecot's, on the same messages.
//!
//! Both servers run at the same time and are asked in turns, so that whatever the machine does
//! meanwhile concerns both. inhaul brings its mail from that very Dovecot. See README.md beside it.
#![expect(clippy::print_stdout, reason = "figures are its purpose")]

mod client;
mod figures;
mod ground;
mod memory;
mod work;

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

use figures::Figures;
use ground::Ground;
use work::Work;

/// Compares inhaul's POP3 service with Dovecot's.
#[derive(Debug, Parser)]
struct Cli {
    /// The program; a release build
    #[arg(long, env = "INHAUL_BIN", default_value = "target/release/inhaul")]
    inhaul: PathBuf,
    /// Messages of 4 KiB
    #[arg(long, default_value_t = 10_000)]
    small: usize,
    /// Messages of 75 KiB
    #[arg(long, default_value_t = 2_000)]
    large: usize,
    /// Sessions at the same time, each of an account of its own
    #[arg(long, default_value_t = 500)]
    sessions: usize,
    /// How often each server is asked for each figure
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// How Dovecot keeps the mail
    #[arg(long, value_parser = ["maildir", "mdbox"], default_value = "maildir")]
    format: String,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let ground = Ground::prepare(&cli)?;
    let servers = [ground.inhaul()?, ground.dovecot()?];
    for work in Work::ALL {
        let mut figures = Figures::new(work.name(), work.measure());
        for server in &servers {
            // Whatever is made at the first visit is made before the clock starts.
            work.carry_out(server, &ground)?;
        }
        for round in 0..cli.rounds {
            // Who goes first changes.
            let mut took = [0.0; 2];
            for turn in 0..2 {
                let who = (round + turn) % 2;
                took[who] = work.carry_out(&servers[who], &ground)?;
            }
            figures.add(took);
        }
        figures.print();
    }
    if cli.sessions > 0 {
        memory::measure(&servers, cli.sessions)?;
    }
    Ok(())
}
