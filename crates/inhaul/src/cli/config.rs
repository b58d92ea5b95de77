//! `inhaul config`: the configuration checked and shown.

use clap::Subcommand;

use super::Globals;
use super::output::{complain, print, print_json};
use crate::config::Config;
use crate::exit::{Exit, Failure};

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Say what is wrong with the configuration, if anything
    Check,
    /// Print every setting with where it comes from
    Show,
    /// Print the files that are read
    Path,
}

impl ConfigCommand {
    pub(crate) fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        let config = match Config::load(&globals.sources()) {
            Ok(config) => config,
            Err(problems) => {
                complain(&format!("{problems}\n"));
                return Ok(if matches!(self, Self::Check) {
                    Exit::PROBLEMS
                } else {
                    Exit::CONFIG
                });
            }
        };
        let files: Vec<_> = config
            .files()
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        match self {
            Self::Check if globals.json => {
                print_json(&serde_json::json!({ "ok": true, "files": files }))?;
            }
            Self::Check if files.is_empty() => {
                print("No configuration file; the built-in settings are used.\n")?;
            }
            Self::Check => print(&format!("{}: all right.\n", files.join(", ")))?,
            Self::Show => print(&config.show())?,
            Self::Path => files
                .iter()
                .try_for_each(|file| print(&format!("{file}\n")))?,
        }
        Ok(Exit::OK)
    }
}
