//! The configuration: files, environment and defaults become one [`Config`].
//!
//! Two stages: [`raw`] is what the operator wrote, each value with its place; [`resolve`] is what
//! it means. Everything that is wrong is reported at once. Touches the files it is told to read
//! and no environment: the caller hands that over. Start at [`Config::load`].

pub(crate) mod addresses;
pub(crate) mod durations;
pub(crate) mod entries;
mod environment;
#[cfg(test)]
mod example;
mod lookup;
mod paths;
pub(crate) mod percent;
mod problems;
pub(crate) mod quiet_hours;
mod raw;
mod reader;
mod resolve;
pub(crate) mod secrets;
pub(crate) mod sections;
pub(crate) mod show;
mod sizes;
mod suggest;
#[cfg(test)]
mod tests;
mod tree;
mod words;

use std::path::{Path, PathBuf};

pub(crate) use inhaul_manage::words::{format_size, parse_duration};
pub(crate) use problems::ConfigProblems;
pub(crate) use suggest::near;

/// Where a configuration is taken from, strongest first after the two options.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    /// `--config`: the file to read.
    pub(crate) file: Option<PathBuf>,
    /// `--data`: the data directory.
    pub(crate) data: Option<PathBuf>,
    /// The environment, all of it: what is not ours is left alone.
    pub(crate) environment: Vec<(String, String)>,
}

/// What it all means: every key has its value. Comparable, so that a reload can tell what changed.
#[derive(Debug, PartialEq)]
pub(crate) struct Config {
    /// The data directory.
    pub(crate) data: PathBuf,
    /// The sealing key's file, if the operator chose one; `None` is `secret.key` in the data
    /// directory, which is made where it is missing.
    pub(crate) key_file: Option<PathBuf>,
    /// `[server]`.
    pub(crate) server: sections::server::Server,
    /// `[storage]`.
    pub(crate) storage: sections::storage::Storage,
    /// `[checks]`.
    pub(crate) checks: sections::checks::Checks,
    /// `[detect]`.
    pub(crate) detect: sections::detect::Detect,
    /// `[tls]`.
    pub(crate) tls: sections::tls::Tls,
    /// `[log]`.
    pub(crate) log: sections::log::Log,
    /// `[notify]`.
    pub(crate) notify: sections::notify::Notify,
    /// `[metrics]`.
    pub(crate) metrics: sections::metrics::Metrics,
    /// `[pop3]`.
    pub(crate) pop3: sections::pop3::Pop3,
    /// `[imap]`.
    pub(crate) imap: sections::imap::Imap,
    /// `[ops]`.
    pub(crate) ops: sections::ops::Ops,
    /// `[[group]]`, in the order written.
    pub(crate) groups: Vec<entries::group::GroupEntry>,
    /// `[[account]]`, in the order written.
    pub(crate) accounts: Vec<entries::account::AccountEntry>,
    /// `[[retrieval]]`, in the order written.
    pub(crate) retrievals: Vec<entries::retrieval::RetrievalEntry>,
    files: Vec<PathBuf>,
    lines: Vec<show::Line>,
}

impl Config {
    /// Reads the files and the environment, or says everything that is wrong with them.
    pub(crate) fn load(sources: &Sources) -> Result<Self, ConfigProblems> {
        resolve::load(sources, Path::new(lookup::SYSTEM))
    }

    /// What can be made of the files and the environment, with what is built in where they are
    /// wrong, and everything that is wrong: for whoever looks and carries nothing out.
    pub(crate) fn load_with_problems(sources: &Sources) -> (Self, Option<ConfigProblems>) {
        resolve::load_with_problems(sources, Path::new(lookup::SYSTEM))
    }

    /// The files that were read, weakest first.
    pub(crate) fn files(&self) -> &[PathBuf] {
        &self.files
    }
}
