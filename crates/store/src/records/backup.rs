//! Backups and what comes back from them.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use inhaul_types::{Octets, Timestamp};

use crate::Clock;

/// Whether the sealing key goes into a backup.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyInBackup {
    /// It does: whoever has the backup can open the remote passwords in it.
    Included,
    /// It does not: without the key from elsewhere, the remote passwords have to be typed again.
    LeftOut,
}

/// Hears how far a backup is: octets done, octets in all as far as that is known.
pub type Progress = Arc<dyn Fn(Octets, Octets) + Send + Sync>;

/// A backup to be made.
#[derive(Clone)]
pub struct Backup {
    /// The file. One that is there is replaced when the new one is whole.
    pub to: PathBuf,
    /// The sealing key.
    pub key: KeyInBackup,
    /// Who is to hear how far it is.
    pub progress: Option<Progress>,
}

impl fmt::Debug for Backup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backup")
            .field("to", &self.to)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// A backup that was made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BackupReport {
    /// Its length.
    pub octets: Octets,
    /// Messages in it.
    pub messages: u64,
    /// When it was taken: what was stored later is not in it.
    pub taken: Timestamp,
    /// Whether the sealing key is in it. It is not where none was found.
    pub key: KeyInBackup,
}

/// How to restore.
#[derive(Clone)]
pub struct RestoreOptions {
    /// Where the installation keeps its sealing key; `None` is `secret.key` in the data directory.
    pub key_file: Option<PathBuf>,
    /// Where the time is read.
    pub clock: Clock,
}

impl fmt::Debug for RestoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestoreOptions")
            .field("key_file", &self.key_file)
            .finish_non_exhaustive()
    }
}

/// What was restored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Restored {
    /// When the backup was taken.
    pub taken: Timestamp,
    /// Messages in it.
    pub messages: u64,
    /// Where the sealing key is from.
    pub key: RestoredKey,
}

/// Where the sealing key of a restored installation is from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RestoredKey {
    /// The backup.
    Backup,
    /// It was there.
    There,
    /// There is none: the remote passwords have to be typed again, or the key file put back.
    Missing,
}
