//! `inhaul audit`: who changed what.

use clap::Args;
use inhaul_manage::audit::sentence;
use inhaul_store::{Audit as Row, AuditFilter, Store};
use inhaul_types::AccountId;
use serde::Serialize;

use super::Globals;
use super::output::{plain, print, print_json, table};
use super::when::Since;
use crate::exit::{Exit, Failure};

#[derive(Args, Debug)]
pub(crate) struct Audit {
    /// Only since then: 2h, 14d, 2026-03-14
    #[arg(long, value_name = "WHEN", value_parser = Since::parse)]
    since: Option<Since>,
    /// Only by this account or user of the system
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    /// Only with this in what was done or to what
    #[arg(long, value_name = "TEXT")]
    what: Option<String>,
    /// So many changes at most, the latest
    #[arg(long, value_name = "N", default_value_t = 200)]
    limit: u32,
}

/// Rows read from the store at once.
const PAGE: u32 = 500;

#[derive(Serialize)]
struct RowDocument<'a> {
    id: i64,
    time: String,
    who: &'a str,
    account: Option<i64>,
    channel: &'a str,
    action: &'a str,
    object: &'a str,
    old: Option<&'a str>,
    new: Option<&'a str>,
}

impl<'a> From<&'a Row> for RowDocument<'a> {
    fn from(row: &'a Row) -> Self {
        let change = &row.change;
        Self {
            id: row.id.row(),
            time: change.at.to_string(),
            who: &change.actor,
            account: change.account.map(AccountId::row),
            channel: &change.channel,
            action: &change.action,
            object: &change.object,
            old: change.old.as_deref(),
            new: change.new.as_deref(),
        }
    }
}

impl Audit {
    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        let now = crate::clock::clock()();
        let filter = AuditFilter {
            actor: self.who,
            what: self.what,
            since: self.since.map(|since| since.moment(now)),
        };
        let most = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let rows = globals
            .with_store(async |store, _| {
                let (mut rows, mut before) = (Vec::new(), None);
                loop {
                    let page = store.records();
                    let page = page.audit_page(filter.clone(), before, PAGE).await?;
                    rows.extend(page.rows);
                    before = page.next;
                    if before.is_none() || rows.len() >= most {
                        rows.truncate(most);
                        return Ok(rows);
                    }
                }
            })
            .await?;
        if globals.json {
            let rows: Vec<_> = rows.iter().map(RowDocument::from).collect();
            print_json(&serde_json::json!({ "changes": rows }))?;
            return Ok(Exit::OK);
        }
        let rows: Vec<_> = rows
            .iter()
            .map(|Row { change, .. }| {
                vec![
                    change.at.to_string(),
                    plain(&change.actor),
                    plain(&change.channel),
                    plain(&sentence(change)),
                ]
            })
            .collect();
        print(&table(&["WHEN", "WHO", "BY", "WHAT"], &rows))?;
        Ok(Exit::OK)
    }
}
