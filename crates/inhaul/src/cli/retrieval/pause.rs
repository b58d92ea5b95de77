//! `inhaul retrieval pause` and `inhaul retrieval resume`.

use clap::Args;
use inhaul_store::{Retrieval, RetrievalChange, Store};

use super::refuse_if_written;
use crate::cli::Globals;
use crate::cli::audited;
use crate::cli::names::retrievals_named;
use crate::cli::output::{print, print_json};
use crate::exit::{Exit, Failure};

#[derive(Args, Debug)]
pub(crate) struct Names {
    /// Which retrievals: names, account/name, numbers, or globs in quotes
    #[arg(required = true)]
    names: Vec<String>,
}

/// What becomes of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Change {
    Pause,
    Resume,
}

/// Everybody may pause a retrieval, written in a file or not, and resume it: until then it stays
/// paused, whatever is read again. Only what is paused in the file is resumed there.
fn is_paused_there(retrieval: &Retrieval) -> bool {
    let mut written = retrieval.written_at.iter();
    written.any(|there| there.paused)
}

impl Names {
    pub(super) async fn run(self, globals: &Globals, to: Change) -> Result<Exit, Failure> {
        let names: Vec<String> = globals
            .with_store(async |store, _| {
                let chosen = retrievals_named(&*store, &self.names).await?;
                if to == Change::Resume {
                    chosen
                        .iter()
                        .filter(|retrieval| is_paused_there(retrieval))
                        .try_for_each(refuse_if_written)?;
                }
                for retrieval in &chosen {
                    let change = RetrievalChange {
                        paused: Some(to == Change::Pause),
                        paused_by: Some(audited::actor()),
                        ..RetrievalChange::default()
                    };
                    store.retrieval_change(retrieval.id, change).await?;
                    let after = store.retrieval_by_id(retrieval.id).await?;
                    audited::take_down(&*store, audited::Change::between(retrieval, &after)).await;
                }
                Ok(chosen.into_iter().map(|retrieval| retrieval.name).collect())
            })
            .await?;
        let (key, word) = match to {
            Change::Pause => ("paused", "Paused"),
            Change::Resume => ("resumed", "Resumed"),
        };
        if globals.json {
            print_json(&serde_json::json!({ key: names }))?;
        } else if !globals.quiet {
            print(&format!("{word}: {}.\n", names.join(", ")))?;
        }
        Ok(Exit::OK)
    }
}
