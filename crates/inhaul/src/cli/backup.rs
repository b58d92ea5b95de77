//! `inhaul backup`: everything as it is at one moment, in one file, also while a server runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;
use inhaul_store::{Backup as Order, BackupReport, KeyInBackup, Progress, Store, StoreError};
use inhaul_types::Octets;

use super::Globals;
use super::audited::{self, Change};
use super::output::{counted, print, print_json, size};
use super::progress::{Bar, Bars};
use crate::caller;
use crate::config::Config;
use crate::control::BarStep;
use crate::exit::{Exit, Failure};
use crate::question::confirm;

#[derive(Args, Debug)]
pub(crate) struct Backup {
    /// The file to write, a tar archive
    file: PathBuf,
    /// With the key that seals the remote passwords, wherever it is kept
    #[arg(long, conflicts_with = "without_key")]
    with_key: bool,
    /// Without it: remote passwords come back only where the key is
    #[arg(long)]
    without_key: bool,
}

impl Backup {
    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        let to = caller::current().absolute(&self.file)?;
        if to.is_dir() {
            let what = format!("{} is a directory", to.display());
            return Err(Failure::usage(what).hint("Name a file in it."));
        }
        if to.exists() {
            let question = format!("{} is there already. Replace it?", to.display());
            confirm(&question, globals)?;
        }
        let report = globals
            .with_store(async |store, config| {
                let bars = Bars::new(globals.draws_bars());
                let order = Order {
                    to: to.clone(),
                    key: self.key(config),
                    progress: Some(shown(bars.add("backup"))),
                };
                let made = store.records().backup(order).await;
                bars.clear();
                let report = made.map_err(|error| not_made(&to, error))?;
                let change = Change::of("made", "backup").now(format!(
                    "{}, {}",
                    to.display(),
                    key_words(report.key)
                ));
                audited::take_down(&*store, [change]).await;
                Ok(report)
            })
            .await?;
        tell(globals, &to, &report)?;
        Ok(Exit::OK)
    }

    /// A key in the data directory is a part of it. One that is kept elsewhere was put there so
    /// that who has the data has not the passwords.
    fn key(&self, config: &Config) -> KeyInBackup {
        let beside = match &config.key_file {
            None => true,
            Some(file) => file.starts_with(&config.data),
        };
        match (self.with_key, self.without_key) {
            (true, _) => KeyInBackup::Included,
            (_, true) => KeyInBackup::LeftOut,
            _ if beside => KeyInBackup::Included,
            _ => KeyInBackup::LeftOut,
        }
    }
}

/// Shows how far it is, one step for each hundredth.
fn shown(bar: Bar) -> Progress {
    let told = AtomicU64::new(u64::MAX);
    Arc::new(move |done: Octets, all: Octets| {
        let share = done.count().saturating_mul(100) / all.count().max(1);
        if told.swap(share, Ordering::Relaxed) != share {
            let label = format!("backup   {} of {}", size(done), size(all));
            bar.show(&BarStep::Step { label });
        }
    })
}

fn key_words(key: KeyInBackup) -> &'static str {
    match key {
        KeyInBackup::Included => "with the sealing key",
        KeyInBackup::LeftOut => "without the sealing key",
    }
}

fn tell(globals: &Globals, to: &Path, report: &BackupReport) -> Result<(), Failure> {
    if globals.json {
        return print_json(&serde_json::json!({
            "file": to.display().to_string(),
            "bytes": report.octets.count(),
            "messages": report.messages,
            "taken": report.taken.to_string(),
            "key": report.key == KeyInBackup::Included,
        }));
    }
    if globals.quiet {
        return Ok(());
    }
    let key = match report.key {
        KeyInBackup::Included => {
            "The sealing key is in it: keep it where nobody else reads it, as it opens the remote passwords."
        }
        KeyInBackup::LeftOut => {
            "The sealing key is not in it: keep a copy of the key elsewhere, or the remote passwords have to be typed again."
        }
    };
    print(&format!(
        "{}: {}, {}, as of {}.\n{key}\nBring it back: inhaul restore FILE --data DIR\n",
        to.display(),
        counted(report.messages, "message"),
        size(report.octets),
        report.taken,
    ))
}

/// A file that cannot be written is no trouble of the data directory's.
fn not_made(to: &Path, error: StoreError) -> Failure {
    let source = std::error::Error::source(&error);
    let cause = source.and_then(|source| source.downcast_ref::<std::io::Error>());
    match (&error, cause) {
        (StoreError::Io { .. }, Some(cause)) => {
            let what = format!("{} is not written: {cause}", to.display());
            Failure::new(Exit::CANT_CREATE, what).hint(
                "Where a server runs, the server writes it, as the user it runs as: name a place where that user may write.",
            )
        }
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_is_is_told_once_for_each_hundredth() {
        let bars = Bars::new(false);
        let progress = shown(bars.add("x"));
        for done in 0..10_000 {
            progress(Octets::new(done), Octets::new(10_000));
        }
        progress(Octets::ZERO, Octets::ZERO);
    }
}
