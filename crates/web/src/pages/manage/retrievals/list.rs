//! The list.

use std::collections::{HashMap, HashSet};

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use inhaul_domain::standing::Standing;
use inhaul_store::Bar;
use inhaul_types::{AccountId, RetrievalId, Timestamp};

use super::filter::{ATTENTION, Filter, in_order, sort_part};
use super::told::Told;
use crate::app::App;
use crate::look::number;
use crate::look::strip::{Strip, strip};
use crate::look::time::{When, ago, until};
use crate::pages::manage::asked::Asked;
use crate::pages::manage::trouble::{BadServer, bad_servers, detail, who};
use crate::request::Administrator;
use crate::response::{Page, Problem, Shell};
use crate::runs;

#[derive(Template)]
#[template(path = "manage/retrievals.html")]
struct List {
    shell: Shell,
    title: &'static str,
    asked: Asked,
    told: Told,
    filter: Filter,
    is_open: bool,
    back: String,
    all: String,
    found: String,
    states: Vec<(&'static str, &'static str)>,
    groups: Vec<String>,
    servers: Vec<String>,
    bad: Vec<BadServer>,
    rows: Vec<Row>,
    earlier: Option<String>,
    later: Option<String>,
    page: usize,
    pages: usize,
}

struct Row {
    id: RetrievalId,
    standing: Standing,
    sentence: String,
    name: String,
    who: String,
    /// It is a catch-all.
    shares_out: bool,
    href: String,
    strip: Strip,
    last_good: Option<When>,
    next: Option<When>,
    is_paused: bool,
    is_checking: bool,
}

/// The page: sorted and filtered by what is in memory, the strips of its rows from the store.
pub(crate) async fn list(
    State(app): State<App>,
    Administrator(person): Administrator,
    Query(filter): Query<Filter>,
    Query(asked): Query<Asked>,
    Query(told): Query<Told>,
) -> Result<Response, Problem> {
    let now = app.now();
    let states = app.runs().states();
    let members = members(&app, &filter.group).await?;
    let mut picked = filter.pick(&states, members.as_ref(), now);
    let pages = picked.len().div_ceil(PAGE).max(1);
    let place = filter.page().min(pages);
    let part = (place - 1) * PAGE..picked.len().min(place * PAGE);
    sort_part(&mut picked, part.clone(), in_order);
    let shown = &picked[part];
    let ids: Vec<_> = shown.iter().map(|(_, state)| state.row.id).collect();
    let mut strips = app.store().views().strips(&ids, BARS).await?;
    let row = |(standing, state): &(Standing, &runs::State)| {
        let bars = strips.remove(&state.row.id).unwrap_or_default();
        row(state, *standing, &bars, now)
    };
    let rows = shown.iter().map(row).collect();
    let groups = app.store().group_list().await?;
    let filter = filter.on_page(place);
    let page = List {
        shell: person.shell,
        title: "Retrievals",
        asked,
        told,
        is_open: filter.is_open(),
        back: serde_urlencoded::to_string(&filter).unwrap_or_default(),
        all: number(states.len() as u64),
        found: number(picked.len() as u64),
        states: choices(),
        groups: groups.into_iter().map(|group| group.name).collect(),
        servers: servers(&states, &filter.server),
        bad: bad_servers(&states, now),
        rows,
        earlier: (place > 1).then(|| filter.on_page(place - 1).address("")),
        later: (place < pages).then(|| filter.on_page(place + 1).address("")),
        page: place,
        pages,
        filter,
    };
    Ok(Page::new(page).into_response())
}

fn row(state: &runs::State, standing: Standing, bars: &[Bar], now: Timestamp) -> Row {
    let row = &state.row;
    Row {
        id: row.id,
        standing,
        sentence: state.sentence(now),
        name: row.name.clone(),
        who: who(state).to_owned(),
        shares_out: row.routing.catch_all().is_some(),
        href: detail(state),
        strip: strip(bars, now, row.paused),
        last_good: row.last_good.map(|then| ago(then, now)),
        next: state.next.map(|then| until(then, now)),
        is_paused: row.paused,
        is_checking: standing == Standing::Checking,
    }
}

/// The accounts of a group, where one is asked for.
async fn members(app: &App, group: &str) -> Result<Option<HashSet<AccountId>>, Problem> {
    if group.is_empty() {
        return Ok(None);
    }
    Ok(Some(app.store().views().group_members(group).await?))
}

/// The states to choose from: words and labels.
fn choices() -> Vec<(&'static str, &'static str)> {
    let all = Standing::ALL.into_iter();
    let all = all.map(|standing| (standing.as_str(), standing.label()));
    [("", "any"), (ATTENTION, "Needs attention")]
        .into_iter()
        .chain(all)
        .collect()
}

/// The servers that most retrievals are of, and the one that is asked for, by name.
fn servers(states: &[runs::State], asked_for: &str) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for state in states {
        *counts.entry(&state.row.remote.host).or_default() += 1;
    }
    let mut servers: Vec<_> = counts.into_iter().collect();
    servers.sort_unstable_by(|(one, a), (other, b)| b.cmp(a).then(one.cmp(other)));
    let most = servers.into_iter().take(MOST_SERVERS);
    let mut names: Vec<_> = most.map(|(host, _)| host.to_owned()).collect();
    let is_there = names.iter().any(|name| name == asked_for);
    if !asked_for.is_empty() && !is_there {
        names.push(asked_for.to_owned());
    }
    names.sort_unstable();
    names
}

/// Rows on a page.
const PAGE: usize = 50;
/// Bars of a strip.
const BARS: u32 = 40;
/// Servers to choose from; others are found by their names.
const MOST_SERVERS: usize = 100;
