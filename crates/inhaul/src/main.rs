//! The `inhaul` program: reads the configuration, builds the rooms, carries out commands.

mod cli;
mod clock;
mod config;
mod exit;
mod question;
mod secrets;
mod server_spec;
mod way_in;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::cli::Cli;
use crate::exit::Exit;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
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
    log_to_stderr(cli.globals.verbose);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("inhaul: the system gives no threads: {error}");
            return Exit::SOFTWARE.into();
        }
    };
    let ended = runtime.block_on(cli::run(cli));
    // A good-bye that a server still owes us is not waited for.
    runtime.shutdown_background();
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => {
            eprintln!("inhaul: {}", failure.what);
            if let Some(hint) = &failure.hint {
                eprintln!("  {hint}");
            }
            failure.exit.into()
        }
    }
}

/// Warnings go to standard error; `-vv` and `-vvv` say more.
fn log_to_stderr(verbose: u8) {
    let level = match verbose {
        0 | 1 => tracing::Level::WARN,
        2 => tracing::Level::INFO,
        _ => tracing::Level::DEBUG,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .init();
}
