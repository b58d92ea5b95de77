//! `inhaul account remove`.

use clap::Args;
use inhaul_store::{Account, Retrieval, Store, StoreError};

use crate::cli::Globals;
use crate::cli::audited::{self, Change};
use crate::cli::output::{counted, print, print_json, size};
use crate::declared::refuse_written;
use crate::exit::{Exit, Failure};
use crate::question::confirm_by_typing;

#[derive(Args, Debug)]
pub(crate) struct Remove {
    /// Which account
    name: String,
}

impl Remove {
    pub(super) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        let account = globals
            .with_store(async |store, _| {
                let account = store.account_by_name(&self.name).await?;
                refuse_written("account", &account.name, account.written_at.as_deref())?;
                // Asked after it is known that it can be done.
                let retrievals = store.retrieval_list().await?;
                let by = needed_by(&account, &retrievals);
                if !by.is_empty() {
                    return Err(needed(&account.name, &by));
                }
                confirm_by_typing(&question(&account), &account.name, globals)?;
                match store.account_remove(account.id).await {
                    Ok(()) => {
                        audited::take_down(&*store, [Change::removed(&account)]).await;
                        Ok(account)
                    }
                    Err(StoreError::Needed { by, .. }) => Err(needed(&account.name, &by)),
                    Err(error) => Err(error.into()),
                }
            })
            .await?;
        if globals.json {
            print_json(&serde_json::json!({
                "removed": account.name,
                "messages": account.messages,
                "bytes": account.octets.count(),
            }))?;
        } else if !globals.quiet {
            print(&format!(
                "Removed the account {}. Nothing changed on remote servers.\n",
                account.name
            ))?;
        }
        Ok(Exit::OK)
    }
}

fn question(account: &Account) -> String {
    let name = &account.name;
    if account.messages == 0 {
        return format!("{name}'s mailbox is empty. Nothing changes on remote servers.");
    }
    format!(
        "{name}'s mailbox has {} ({}). They would be deleted from this server. Nothing changes on remote servers.\nTo have a copy first: inhaul export maildir {name} DIR",
        counted(account.messages, "message"),
        size(account.octets),
    )
}

fn needed_by(account: &Account, retrievals: &[Retrieval]) -> Vec<String> {
    retrievals
        .iter()
        .filter(|retrieval| {
            retrieval.account == account.id
                || retrieval.owner == Some(account.id)
                || has_rule_for(retrieval, account)
        })
        .map(|retrieval| retrieval.name.clone())
        .collect()
}

/// A catch-all's rule leads to it.
fn has_rule_for(retrieval: &Retrieval, account: &Account) -> bool {
    let rules = retrieval
        .routing
        .catch_all()
        .map(|settings| &settings.rules);
    rules.is_some_and(|rules| rules.iter().any(|rule| rule.account == account.id))
}

fn needed(account: &str, by: &[String]) -> Failure {
    let names: Vec<String> = by.iter().map(|name| format!("{name:?}")).collect();
    let (who, them) = match by {
        [_] => ("the retrieval", "it"),
        _ => ("the retrievals", "them"),
    };
    let brings = if by.len() == 1 { "brings" } else { "bring" };
    Failure::usage(format!(
        "{account} cannot be removed: {who} {} {brings} mail to it",
        names.join(", ")
    ))
    .hint(format!(
        "Remove {them} first (inhaul retrieval remove {}), or let {them} bring mail to somebody else (inhaul retrieval set NAME --to ACCOUNT; of a catch-all --fallback ACCOUNT, inhaul catch-all rule remove).",
        names.join(" ")
    ))
}
