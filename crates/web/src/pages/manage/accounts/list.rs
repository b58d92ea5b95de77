//! The list of accounts.

use std::collections::{HashMap, HashSet};

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use inhaul_domain::limits::Limits;
use inhaul_store::AccountRow;
use inhaul_types::{AccountId, GroupId};
use serde::Deserialize;

use crate::app::App;
use crate::look::size;
use crate::look::time::{When, ago};
use crate::pages::manage::trouble::is_trouble;
use crate::request::Administrator;
use crate::response::{Page, Problem, Shell};
use crate::runs;

/// Which accounts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    find: String,
    after: String,
    removed: String,
}

#[derive(Template)]
#[template(path = "manage/accounts.html")]
struct List {
    shell: Shell,
    title: &'static str,
    find: String,
    removed: String,
    rows: Vec<Row>,
    next: Option<String>,
    is_first: bool,
}

struct Row {
    id: AccountId,
    name: String,
    is_fallback: bool,
    is_off: bool,
    address: String,
    more_addresses: usize,
    group_id: GroupId,
    group: String,
    retrievals: u64,
    in_trouble: usize,
    size: String,
    is_over: bool,
    last_signed_in: Option<When>,
}

/// What retrievals say of the accounts they fill.
#[derive(Default)]
struct Filled {
    in_trouble: usize,
    is_fallback: bool,
}

/// The page.
pub(crate) async fn list(
    State(app): State<App>,
    Administrator(person): Administrator,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let now = app.now();
    let after = Some(asked.after.clone()).filter(|after| !after.is_empty());
    let find = asked.find.trim();
    let is_first = after.is_none();
    let views = app.store().views();
    // One more than is shown tells whether there are more.
    let mut found = views.accounts_page(find, after, PAGE + 1).await?;
    let has_more = found.len() > PAGE as usize;
    found.truncate(PAGE as usize);
    let groups = app.store().group_list().await?;
    let limits: HashMap<GroupId, Limits> = groups
        .iter()
        .map(|group| (group.id, group.limits))
        .collect();
    let mut filled: HashMap<AccountId, Filled> = HashMap::new();
    let shown: HashSet<AccountId> = found.iter().map(|row| row.account.id).collect();
    let telling = app.runs().states_where(&|row| {
        let tells = runs::State::may_be_in_trouble(row) || row.routing.catch_all().is_some();
        tells && shown.contains(&row.account)
    });
    for state in telling {
        let filled = filled.entry(state.row.account).or_default();
        filled.in_trouble += usize::from(is_trouble(state.standing(now)));
        filled.is_fallback |= state.row.routing.catch_all().is_some();
    }
    let last = found.last().map(|row| row.account.name.clone());
    let row = |row: AccountRow| {
        let account = row.account;
        let filled = filled.remove(&account.id).unwrap_or_default();
        let limits = limits
            .get(&account.group_id)
            .map_or(account.limits, |group| group.and(&account.limits));
        Row {
            id: account.id,
            is_fallback: filled.is_fallback,
            is_off: !account.enabled,
            more_addresses: account.addresses.len().saturating_sub(1),
            address: account
                .addresses
                .first()
                .map_or_else(String::new, ToString::to_string),
            group_id: account.group_id,
            group: account.group,
            retrievals: account.retrievals,
            in_trouble: filled.in_trouble,
            size: size(account.octets),
            is_over: limits.mailbox.is_some_and(|most| account.octets > most),
            last_signed_in: row.last_signed_in.map(|then| ago(then, now)),
            name: account.name,
        }
    };
    let page = List {
        shell: person.shell,
        title: "Accounts",
        rows: found.into_iter().map(row).collect(),
        next: last.filter(|_| has_more).and_then(|after| {
            let query = serde_urlencoded::to_string([("find", find), ("after", &after)]);
            query.ok().map(|query| format!("/manage/accounts?{query}"))
        }),
        find: find.to_owned(),
        removed: asked.removed,
        is_first,
    };
    Ok(Page::new(page).into_response())
}

/// Accounts on a page.
const PAGE: u32 = 50;
