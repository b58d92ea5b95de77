//! One retrieval: how it stands, what it did, what is set (UX 2.16).

use askama::Template;
use axum::extract::{Path, Query, State as Of};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use inhaul_domain::standing::Standing;
use inhaul_store::Run;
use inhaul_types::{Card, RetrievalId, RunId, Timestamp};
use serde::Deserialize;

use super::facts::{facts, why};
use super::history::{self, Outcome, RunRow};
use super::looker::{Allowed, Looker, Looks};
use super::words;
use crate::app::App;
use crate::look::Sentence;
use crate::look::chart::{self, Reach, RunChart};
use crate::look::time::{When, day, until};
use crate::response::{Page, Problem, Shell, see_other};
use crate::runs::State;

/// What of a retrieval is wanted.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    /// How far back the chart goes: `24h`, `7d`, `30d`.
    #[serde(default)]
    range: String,
    /// Runs behind this one.
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "retrievals/detail.html")]
struct Detail {
    shell: Shell,
    title: String,
    notice: Option<String>,
    base: &'static str,
    id: RetrievalId,
    name: String,
    host: String,
    standing: Standing,
    sentence: Sentence,
    next: Option<When>,
    mailbox: String,
    goes_to: String,
    /// It is a catch-all, and whoever looks manages it.
    shares_out: bool,
    paused: bool,
    allowed: Allowed,
    card: Option<Card>,
    wants_password: bool,
    held: Option<When>,
    reach: Reach,
    chart: RunChart,
    runs: Vec<RunRow>,
    is_newest: bool,
    older: Option<RunId>,
    /// Of the newest run of which one is kept.
    conversation: Option<(RunId, String)>,
    facts: Vec<(&'static str, String)>,
    why: Option<String>,
}

/// More runs than a month of the shortest interval leaves after folding.
const CHARTED: u32 = 10_000;

/// The page.
pub(crate) async fn page<L: Looks>(
    Of(app): Of<App>,
    looks: L,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let looker = looks.looker();
    match looker.state(&app, &id).await {
        Ok(state) => show(&app, looker, state, &wanted, None).await,
        Err(problem) => match looker.elsewhere(&app, &id).await {
            Some(place) => Ok(see_other(&place)),
            None => Err(problem),
        },
    }
}

/// The page of a retrieval; with why something was not done, if it was not.
pub(super) async fn show(
    app: &App,
    looker: Looker,
    state: State,
    wanted: &Wanted,
    notice: Option<String>,
) -> Result<Response, Problem> {
    let row = &state.row;
    let now = app.now();
    let before = wanted.before.map(RunId::new);
    let (runs, older) = history::page(app, row, before).await?;
    let reach = Reach::parse(&wanted.range);
    let standing = state.standing(now);
    let allowed = looker.allowed(app, row).await?;
    let status = match notice {
        Some(_) => StatusCode::CONFLICT,
        None => StatusCode::OK,
    };
    let card = card(app, &state, before.is_none().then_some(&*runs)).await?;
    let page = Detail {
        title: row.name.clone(),
        notice,
        base: looker.base,
        id: row.id,
        name: row.name.clone(),
        host: row.remote.host.clone(),
        standing,
        sentence: words::sentence(&state, &looker.reader(), now),
        // The other states' sentences say when.
        next: state
            .next
            .filter(|_| standing == Standing::Working)
            .map(|next| until(next, now)),
        mailbox: words::mailbox(row),
        goes_to: goes_to(&state, &looker),
        shares_out: row.routing.catch_all().is_some() && looker.of.is_none(),
        paused: row.paused,
        allowed,
        wants_password: card.as_ref().is_some_and(wants_password) && allowed.change,
        card,
        held: row
            .relinked_deletion_held_until
            .filter(|until| *until > now)
            .map(|until| day(until, now)),
        reach,
        chart: chart(app, row.id, reach, now).await?,
        conversation: conversation(app, before.is_none().then_some(&*runs)).await?,
        runs: runs.iter().map(|run| RunRow::of(run, row, now)).collect(),
        is_newest: before.is_none(),
        older,
        facts: facts(app, &state, now),
        why: why(app, &state, now),
        shell: looker.person.shell,
    };
    Ok(Page::new(page).with_status(status).into_response())
}

/// The card of what it fails with. `runs` are its newest, if they have been read.
async fn card(app: &App, state: &State, runs: Option<&[Run]>) -> Result<Option<Card>, Problem> {
    let row = &state.row;
    if row.last_error.is_none() {
        return Ok(None);
    }
    Ok(match runs {
        Some(runs) => row.card(runs),
        None => row.card(&app.store().run_list(row.id, RECENT).await?),
    })
}

/// Among so many runs is the last failed one, or its words are not known any more.
const RECENT: u32 = 50;

fn wants_password(card: &Card) -> bool {
    use inhaul_types::ErrorCode::{AuthAppPassword, AuthRefused, PopSwitchedOff};
    matches!(card.code, AuthRefused | AuthAppPassword | PopSwitchedOff)
}

fn goes_to(state: &State, looker: &Looker) -> String {
    let row = &state.row;
    let folder = words::folder(&row.folder_name);
    match (row.routing.catch_all(), looker.of) {
        (Some(_), _) => format!(
            "shared out by recipient, else {} / {folder}",
            row.account_name
        ),
        (None, Some(account)) if account == row.account => folder.to_owned(),
        (None, _) => format!("{} / {folder}", row.account_name),
    }
}

async fn chart(
    app: &App,
    id: RetrievalId,
    reach: Reach,
    now: Timestamp,
) -> Result<RunChart, Problem> {
    let views = app.store().views();
    let bars = views.bars_since(id, reach.since(now), CHARTED).await?;
    Ok(chart::runs(&bars, reach, now))
}

/// What was said in the newest run of which that is kept.
async fn conversation(app: &App, runs: Option<&[Run]>) -> Result<Option<(RunId, String)>, Problem> {
    let ended = runs.unwrap_or(&[]).iter().filter(|run| run.ended.is_some());
    let ids: Vec<RunId> = ended.take(1).map(|run| run.id).collect();
    let said = app.store().views().conversations(&ids).await?;
    Ok(said.into_iter().next())
}
