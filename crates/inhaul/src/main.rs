//! The `inhaul` program: reads the configuration, builds the rooms, carries out commands.

mod caller;
mod cli;
mod clock;
mod config;
mod control;
mod exit;
mod question;
mod secrets;
mod serve;
mod server_spec;
mod way_in;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::error::ErrorKind;

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
    log_to_stderr(cli.globals.verbose);
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

/// Warnings go to standard error; `-vv` and `-vvv` say more.
#[expect(clippy::disallowed_methods, reason = "the log is this process's own")]
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
