//! `inhaul restore`: a backup brought back into an empty data directory, and the word that remote
//! copies may be deleted again.
//!
//! What came back is another installation: what was stored after the backup is on the remote
//! servers only, so nothing is deleted there before somebody has looked.

use std::path::{Path, PathBuf};

use clap::Args;
use inhaul_domain::Retention;
use inhaul_store::{RestoreOptions, Restored, RestoredKey, SqliteStore, Store};

use super::Globals;
use super::audited::{self, Change};
use super::output::{counted, print, print_json};
use crate::exit::{Exit, Failure};
use crate::question::confirm;

#[derive(Args, Debug)]
pub(crate) struct Restore {
    /// The backup
    #[arg(
        required_unless_present = "confirm_deletion",
        conflicts_with = "confirm_deletion"
    )]
    file: Option<PathBuf>,
    /// Say that remote copies may be deleted again, once you have looked at what came back
    #[arg(long)]
    confirm_deletion: bool,
}

impl Restore {
    /// Whether it works on a data directory that a server may hold: a restored one is new.
    pub(crate) fn needs_data(&self) -> bool {
        self.confirm_deletion
    }

    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        match &self.file {
            Some(file) => restore(globals, file).await,
            None => confirm_deletion(globals).await,
        }
    }
}

async fn restore(globals: &Globals, file: &Path) -> Result<Exit, Failure> {
    let config = globals.load_config()?;
    if !file.is_file() {
        let what = format!("there is no file {}", file.display());
        return Err(Failure::new(Exit::NO_INPUT, what));
    }
    let options = RestoreOptions {
        key_file: config.key_file.clone(),
        clock: crate::clock::clock(),
    };
    let restored = SqliteStore::restore(file, &config.data, options).await?;
    let change = Change::of("restored", "backup").now(format!(
        "{}, taken {}",
        file.display(),
        restored.taken
    ));
    globals
        .with_store(async |store, _| {
            audited::take_down(&*store, [change]).await;
            Ok(())
        })
        .await?;
    tell(globals, &config.data, &restored)?;
    Ok(Exit::OK)
}

fn tell(globals: &Globals, data: &Path, restored: &Restored) -> Result<(), Failure> {
    let (key, words) = match restored.key {
        RestoredKey::Backup => ("backup", "The sealing key came with it."),
        RestoredKey::There => ("there", "The sealing key that was there is used."),
        RestoredKey::Missing => (
            "missing",
            "The sealing key is missing. Put its file back, or type each remote password again: inhaul retrieval set NAME --password",
        ),
    };
    if globals.json {
        return print_json(&serde_json::json!({
            "data": data.display().to_string(),
            "messages": restored.messages,
            "taken": restored.taken.to_string(),
            "key": key,
            "deletion_paused": true,
        }));
    }
    if globals.quiet && restored.key != RestoredKey::Missing {
        return Ok(());
    }
    print(&format!(
        "Restored {} as of {} into {}.\n{words}\n\
         It is a new installation: mail programs read their folders anew.\n\
         Nothing is deleted on remote servers until you say so: {CONFIRM}\n",
        counted(restored.messages, "message"),
        restored.taken,
        data.display(),
    ))
}

/// How to say it.
pub(super) const CONFIRM: &str = "inhaul restore --confirm-deletion";

async fn confirm_deletion(globals: &Globals) -> Result<Exit, Failure> {
    let was_paused = globals
        .with_store(async |store, _| {
            let records = store.records();
            if records.deletion_confirmed().await? {
                return Ok(false);
            }
            let mut deleting = store.retrieval_list().await?;
            deleting.retain(|retrieval| retrieval.retention != Retention::Keep);
            let lines: Vec<String> = deleting
                .iter()
                .map(|retrieval| format!("  {} on {}\n", retrieval.name, retrieval.remote.host))
                .collect();
            let question = format!(
                "{} would delete remote copies of what is stored here:\n{}Messages that were stored after the backup are on those servers only; they are brought again first.\nGo on?",
                counted(deleting.len() as u64, "retrieval"),
                lines.concat()
            );
            confirm(&question, globals)?;
            records.confirm_deletion().await?;
            let change = Change::of("allowed", "deletion on remote servers").now("after a restore");
            audited::take_down(&*store, [change]).await;
            Ok(true)
        })
        .await?;
    if globals.json {
        print_json(&serde_json::json!({ "deletion_paused": false, "was_paused": was_paused }))?;
    } else if !globals.quiet {
        print(match was_paused {
            true => "Remote copies are deleted again as each retrieval says.\n",
            false => "Remote deletion is not paused.\n",
        })?;
    }
    Ok(Exit::OK)
}
