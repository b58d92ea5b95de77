//! `inhaul retrieval remove`.

use clap::Args;
use inhaul_store::{Retrieval, Store};

use super::refuse_if_written;
use crate::cli::Globals;
use crate::cli::audited::{self, Change};
use crate::cli::names::retrievals_named;
use crate::cli::output::{print, print_json};
use crate::exit::{Exit, Failure};
use crate::question::confirm;

#[derive(Args, Debug)]
pub(crate) struct Remove {
    /// Which retrievals: names, account/name, numbers, or globs in quotes
    #[arg(required = true)]
    names: Vec<String>,
}

impl Remove {
    pub(super) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        let names: Vec<String> = globals
            .with_store(async |store, _| {
                let chosen = retrievals_named(&*store, &self.names).await?;
                chosen.iter().try_for_each(refuse_if_written)?;
                confirm(&question(&chosen), globals)?;
                for retrieval in &chosen {
                    store.retrieval_remove(retrieval.id).await?;
                    audited::take_down(&*store, [Change::removed(retrieval)]).await;
                }
                Ok(chosen.into_iter().map(|retrieval| retrieval.name).collect())
            })
            .await?;
        if globals.json {
            print_json(&serde_json::json!({ "removed": names }))?;
        } else if !globals.quiet {
            print(&format!("Removed: {}.\n", names.join(", ")))?;
        }
        Ok(Exit::OK)
    }
}

fn question(chosen: &[Retrieval]) -> String {
    let lines: Vec<String> = chosen
        .iter()
        .map(|retrieval| {
            format!(
                "  {} ({} on {}, to {}/{})",
                retrieval.name,
                retrieval.remote.user,
                retrieval.remote.host,
                retrieval.account_name,
                retrieval.folder_name,
            )
        })
        .collect();
    let (what, servers) = match chosen {
        [one] => ("This retrieval would be removed", one.remote.host.as_str()),
        _ => ("These retrievals would be removed", "the remote servers"),
    };
    format!(
        "{what}:\n{}\nNothing changes on {servers}, and the messages that were brought stay here. The record of what was fetched is kept: adding the same mailbox to the same folder again brings nothing twice.\nGo on?",
        lines.join("\n")
    )
}
