//! The installation that is looked at, as far as it is known before anything is looked at.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use inhaul_store::{Group, Retrieval, SealedSecret};
use inhaul_types::Timestamp;

use super::finding::quoted;
use crate::caller;
use crate::cli::Globals;
use crate::config::{Config, ConfigProblems};
use crate::exit::Failure;

/// The installation.
#[derive(Debug)]
pub(super) struct Site {
    /// What can be made of the configuration, with what is built in where it is wrong.
    pub(super) config: Config,
    /// What is wrong with it.
    pub(super) problems: Option<ConfigProblems>,
    /// The data directory, from the root.
    pub(super) data: PathBuf,
    /// The sealing key's file.
    pub(super) key: PathBuf,
    /// The moment, by the clock that the server goes by.
    pub(super) now: Timestamp,
    /// How whoever asks calls inhaul: `inhaul`, or with the options that lead to this installation.
    pub(super) inhaul: String,
    /// Who asks.
    pub(super) caller: u32,
}

/// What is in the database, as far as checks need it.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) retrievals: Vec<Retrieval>,
    pub(super) groups: Vec<Group>,
    pub(super) newest: Option<Timestamp>,
    pub(super) secrets: Vec<(String, SealedSecret)>,
}

impl Site {
    pub(super) fn of(globals: &Globals) -> Result<Self, Failure> {
        let caller = caller::current();
        let (config, problems) = Config::load_with_problems(&globals.sources());
        let data = caller.absolute(&config.data)?;
        let key = config.key_file.clone();
        let mut inhaul = "inhaul".to_owned();
        for (option, given) in [("--config", &globals.config), ("--data", &globals.data)] {
            if let Some(given) = given {
                let path = caller.absolute(given)?;
                inhaul.push_str(&format!(" {option} {}", quoted(&path.to_string_lossy())));
            }
        }
        Ok(Self {
            key: key.unwrap_or_else(|| data.join("secret.key")),
            config,
            problems,
            data,
            now: crate::clock::clock()(),
            inhaul,
            caller: caller.who(),
        })
    }

    /// A command of inhaul's for this installation.
    pub(super) fn command(&self, words: &str) -> String {
        format!("{} {words}", self.inhaul)
    }

    /// A command about one retrieval: `retrieval set`, its name, and the rest.
    pub(super) fn of_retrieval(&self, verb: &str, name: &str, rest: &str) -> String {
        let command = self.command(&format!("retrieval {verb} {} {rest}", quoted(name)));
        command.trim_end().to_owned()
    }

    /// Whether whoever asks can read what belongs to the data directory's owner. Where there is no
    /// directory, nothing stands in the way.
    pub(super) fn may_look(&self) -> bool {
        self.caller == 0 || self.owner().is_none_or(|owner| owner == self.caller)
    }

    /// The owner of the data directory, if that is there.
    pub(super) fn owner(&self) -> Option<u32> {
        fs::metadata(&self.data).ok().map(|data| data.uid())
    }
}

/// A user's name, or the number where none is known.
pub(super) fn user_name(uid: u32) -> String {
    let known = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = known.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let number = fields.nth(1)?;
        (number.parse() == Ok(uid)).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| uid.to_string())
}
