//! `inhaul catch-all unclaimed`: addresses that nobody has.

use inhaul_store::{Store, Unclaimed};
use serde_json::json;

use super::sorting::catch_all_named;
use super::words::place_words;
use crate::cli::Globals;
use crate::cli::output::{counted, plain, print, print_json, table};
use crate::exit::{Exit, Failure};

pub(super) async fn run(globals: &Globals, name: &str) -> Result<Exit, Failure> {
    let (retrieval, unclaimed) = globals
        .with_store(async |store, _| {
            let (retrieval, _) = catch_all_named(&*store, name).await?;
            let unclaimed = store.unclaimed(retrieval.id).await?;
            Ok((retrieval, unclaimed))
        })
        .await?;
    let fallback = format!("{}/{}", retrieval.account_name, retrieval.folder_name);
    if globals.json {
        let document =
            |one: &Unclaimed| json!({ "address": one.address, "messages": one.messages });
        print_json(&json!({
            "retrieval": retrieval.name,
            "fallback": fallback,
            "unclaimed": unclaimed.iter().map(document).collect::<Vec<_>>(),
        }))?;
        return Ok(Exit::OK);
    }
    let Some(first) = unclaimed.first() else {
        let fallback = place_words(&fallback);
        print(&format!(
            "{fallback} has no message whose address has no rule.\n"
        ))?;
        return Ok(Exit::OK);
    };
    let rows: Vec<Vec<String>> = unclaimed
        .iter()
        .map(|one| vec![plain(&one.address), one.messages.to_string()])
        .collect();
    let mut text = table(&["ADDRESS", "MESSAGES"], &rows);
    text.push_str(&format!(
        "\nNobody has them: {} in {}. To give one to somebody, with its messages:\n  inhaul catch-all rule add \"{}\" {} ACCOUNT --move\n",
        counted(unclaimed.iter().map(|one| one.messages).sum(), "message"),
        place_words(&fallback),
        plain(&retrieval.name),
        plain(&first.address),
    ));
    print(&text)?;
    Ok(Exit::OK)
}
