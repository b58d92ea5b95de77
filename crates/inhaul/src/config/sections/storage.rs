//! `[storage]`: the data directory, its key, what is kept and when the disk counts as full.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::Sources;
use crate::config::lookup::default_data;
use crate::config::reader::{Reader, Setting};
use crate::config::secrets::SecretSource;
use crate::config::sizes::Size;
use crate::config::tree::Place;
use crate::config::words::Words;

/// The data directory, its key, what is kept and when the disk counts as full.
#[derive(Debug, PartialEq)]
pub(crate) struct Storage {
    /// What the mail is stored in.
    pub(crate) database: Database,
    /// How long the history of runs is kept.
    pub(crate) keep_history: Duration,
    /// Less free space than this is a warning.
    pub(crate) warn_free: u64,
    /// With less free space than this nothing new is brought in.
    pub(crate) stop_free: u64,
}

/// What the mail is stored in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Database {
    /// One file in the data directory.
    Sqlite,
}

impl Storage {
    pub(in crate::config) fn read(reader: &mut Reader<'_>) -> Self {
        let database = reader.value("database", Database::Sqlite);
        let keep_history = reader.value("keep_history", KEEP_HISTORY);
        let warn_free = reader.value("warn_free", WARN_FREE).0;
        let stop_free = reader.value("stop_free", STOP_FREE).0;
        let what = "stop_free is more than warn_free: it would stop before it warns";
        let help = "Make stop_free the smaller one.";
        reader.check(
            &["stop_free", "warn_free"],
            stop_free <= warn_free,
            what,
            help,
        );
        Self {
            database,
            keep_history,
            warn_free,
            stop_free,
        }
    }
}

/// The data directory: the command line's, `INHAUL_DATA`'s, the section's or the built-in one.
pub(in crate::config) fn read_data(reader: &mut Reader<'_>, sources: &Sources) -> PathBuf {
    let built_in = default_data(&reader.session().environment);
    let written: PathBuf = reader.value("data", built_in);
    let variable = reader.session().environment.data.clone();
    if let (Place::Environment(name), Some(short)) = (reader.origin("data"), &variable) {
        // Two places for the mail, and no way to know which is meant.
        let what = format!("{name} and INHAUL_DATA name different directories");
        reader.check(&["data"], *short == written, &what, "Set one of the two.");
    }
    let (data, origin) = match (&sources.data, variable) {
        (Some(given), _) => (given.clone(), Place::CommandLine),
        (None, Some(variable)) => (variable, Place::Environment("INHAUL_DATA".into())),
        (None, None) => return written,
    };
    reader.note("data", data.show(), origin);
    data
}

/// The sealing key's file, if the operator chose one. The built-in one, in the data directory, is
/// `None`: only that one may be made where it is missing.
pub(in crate::config) fn read_key_file(reader: &mut Reader<'_>, data: &Path) -> Option<PathBuf> {
    let built_in = SecretSource::File(data.join("secret.key"));
    let source = reader.value("secret_key", built_in);
    let is_command = matches!(source, SecretSource::Command(_));
    let help = "Write { file = \"/path\" } or { credential = \"name\" }.";
    reader.check(
        &["secret_key"],
        !is_command,
        "the key cannot come from a command",
        help,
    );
    match (source, reader.origin("secret_key")) {
        (_, Place::Default) | (SecretSource::Command(_), _) => None,
        (SecretSource::File(path) | SecretSource::Credential { path, .. }, _) => Some(path),
    }
}

impl Words for Database {
    // "postgres://…" comes with the store that speaks to it. Until then it is refused, because
    // mail that silently goes somewhere else is mail lost.
    const WORDS: &'static [(&'static str, Self)] = &[("sqlite", Self::Sqlite)];
}

/// A season: long enough to see what changed since the last holiday.
const KEEP_HISTORY: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// Time to act, for a person who reads mail once a day.
const WARN_FREE: Size = Size(2_000_000_000);

/// A database that cannot write its journal cannot even delete.
const STOP_FREE: Size = Size(500_000_000);
