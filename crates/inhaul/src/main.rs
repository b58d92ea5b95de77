//! The `inhaul` program: reads the configuration, builds the rooms, carries out commands.

mod caller;
mod cli;
mod clock;
mod config;
mod control;
mod declared;
mod exit;
mod notify;
mod ops;
mod question;
mod secrets;
mod serve;
mod sharing;
mod way_in;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::error::ErrorKind;
use inhaul_engine::RUN_EVENTS;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::exit::Exit;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let cli = match cli::parse(words.clone()) {
        Ok(cli) => cli,
        Err(error) => {
            let help = matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            );
            // Help that nobody reads to its end is no error.
            error.print().ok();
            return if help {
                Exit::OK.into()
            } else {
                Exit::USAGE.into()
            };
        }
    };
    // A server has a log of its own.
    if !matches!(cli.command, cli::Command::Serve(_)) {
        log_to_stderr(cli.globals.verbose);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            caller::current().complain(&format!("inhaul: the system gives no threads: {error}\n"));
            return Exit::SOFTWARE.into();
        }
    };
    let globals = cli.globals.clone();
    let ended = runtime.block_on(cli::run(cli, words));
    // A good-bye that a server still owes us is not waited for.
    runtime.shutdown_background();
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => {
            cli::card::tell(&failure, &globals);
            failure.exit.into()
        }
    }
}

/// Warnings go to standard error; `-vv` and `-vvv` say more. How runs end is for the commands to
/// tell, once.
#[expect(clippy::disallowed_methods, reason = "the log is this process's own")]
fn log_to_stderr(verbose: u8) {
    let (level, of_runs) = match verbose {
        0 | 1 => (LevelFilter::WARN, LevelFilter::OFF),
        2 => (LevelFilter::INFO, LevelFilter::INFO),
        _ => (LevelFilter::DEBUG, LevelFilter::DEBUG),
    };
    let shown = Targets::new()
        .with_default(level)
        .with_target(RUN_EVENTS, of_runs);
    let lines = tracing_subscriber::fmt::layer()
        // Colours are for people; a file or a mail from cron is read without them.
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .with_filter(shown);
    tracing_subscriber::registry().with(lines).init();
}
