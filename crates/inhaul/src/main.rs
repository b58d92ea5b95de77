//! The `inhaul` program: reads the configuration, builds the rooms, carries out commands.

mod cli;
mod clock;
mod config;
mod exit;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the server that tells is being built")
)]
mod notify;
mod question;
mod secrets;
mod server_spec;
mod way_in;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::error::ErrorKind;

use crate::exit::Exit;

fn main() -> ExitCode {
    let cli = match cli::parse() {
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
    let globals = cli.globals.clone();
    let ended = runtime.block_on(cli::run(cli));
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

/// Warnings go to standard error; `-vv` and `-vvv` say more.
fn log_to_stderr(verbose: u8) {
    let level = match verbose {
        0 | 1 => tracing::Level::WARN,
        2 => tracing::Level::INFO,
        _ => tracing::Level::DEBUG,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        // Colours are for people; a file or a mail from cron is read without them.
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}
