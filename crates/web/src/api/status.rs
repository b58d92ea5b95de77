//! How everything stands: of an administrator the installation, of a person their own mailboxes.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::on;
use inhaul_domain::standing::{Alarm, Standing};
use inhaul_store::{RunFilter, StoreError};
use inhaul_types::{ErrorCode, Timestamp};
use serde::Serialize;

use super::caller::ApiCaller;
use super::document::Document;
use super::problem::ApiProblem;
use super::retrievals::{standing_words, states_of};
use super::route::Verb::Get;
use super::route::{Reply, Route};
use super::schema::{Kind, Schema, must};
use crate::app::App;
use crate::runs::State as Stand;

pub(super) const ROUTES: &[Route] = &[Route::new(
    Get,
    "/status",
    "What works and what does not, of the retrievals that you see.",
    Reply::Document(&STATUS),
    |verb| on(verb, show),
)];

const WHOLE_OR_NULL: Kind = Kind::Maybe(&Kind::Whole);
const TIME_OR_NULL: Kind = Kind::Maybe(&Kind::Time);

const STATUS: Schema = Schema {
    name: "Status",
    about: "What works and what does not. What is the installation's is null for people who do not manage it.",
    fields: &[
        must("server", Kind::Flag, "The server runs: true."),
        must("started", TIME_OR_NULL, "Since when."),
        must("up_s", WHOLE_OR_NULL, "The same in seconds."),
        must("retrievals", Kind::Whole, "Retrievals."),
        must(
            "standing",
            Kind::Map(standing_words, &Kind::Whole),
            "How many of them stand how.",
        ),
        must("working", Kind::Whole, "How many work."),
        must(
            "attention",
            Kind::Whole,
            "How many somebody should look at.",
        ),
        must("running", WHOLE_OR_NULL, "Runs going on."),
        must("waiting", WHOLE_OR_NULL, "Runs that wait for their turn."),
        must("next", TIME_OR_NULL, "When the next one runs."),
        must(
            "offline_since",
            TIME_OR_NULL,
            "Since when this server has no internet connection.",
        ),
        must(
            "messages_24h",
            WHOLE_OR_NULL,
            "Messages stored in the last 24 hours, counted by whole hours.",
        ),
        must("last_checked", TIME_OR_NULL, "When the last run ended."),
        must(
            "deletion_paused",
            Kind::Maybe(&Kind::Flag),
            "Nothing is deleted on remote servers since a restore.",
        ),
        must(
            "failing",
            Kind::List(&Kind::Of(&FAILING)),
            "Those that somebody should look at.",
        ),
    ],
};

const FAILING: Schema = Schema {
    name: "Failing",
    about: "A retrieval that somebody should look at.",
    fields: &[
        must("id", Kind::Whole, "Its number."),
        must("name", Kind::Text, "Its name."),
        must("account", Kind::Text, "The account that gets its mail."),
        must("state", Kind::Word(standing_words), "How it stands."),
        must(
            "code",
            Kind::Maybe(&Kind::Text),
            "The error code of its last run.",
        ),
        must("since", TIME_OR_NULL, "Since when it fails."),
        must("tries", Kind::Whole, "How often in a row."),
        must("next", TIME_OR_NULL, "When it runs next."),
        must("sentence", Kind::Text, "The same for people."),
    ],
};

#[derive(Serialize)]
struct StatusDocument<'a> {
    server: bool,
    retrievals: usize,
    standing: BTreeMap<&'static str, usize>,
    working: usize,
    attention: usize,
    next: Option<String>,
    offline_since: Option<String>,
    failing: Vec<FailingDocument<'a>>,
    #[serde(flatten)]
    installation: InstallationDocument,
}

/// What only administrators are told.
#[derive(Default, Serialize)]
struct InstallationDocument {
    started: Option<String>,
    up_s: Option<u64>,
    running: Option<usize>,
    waiting: Option<usize>,
    messages_24h: Option<u64>,
    last_checked: Option<String>,
    deletion_paused: Option<bool>,
}

#[derive(Serialize)]
struct FailingDocument<'a> {
    id: i64,
    name: &'a str,
    account: &'a str,
    state: &'static str,
    code: Option<&'static str>,
    since: Option<String>,
    tries: u32,
    next: Option<String>,
    sentence: String,
}

impl<'a> FailingDocument<'a> {
    fn of(stand: &'a Stand, now: Timestamp) -> Self {
        let row = &stand.row;
        Self {
            id: row.id.row(),
            name: &row.name,
            account: &row.account_name,
            state: stand.standing(now).as_str(),
            code: row.last_error.map(ErrorCode::as_str),
            since: row.failing_since.map(|time| time.to_string()),
            tries: row.failures,
            next: stand.next.map(|time| time.to_string()),
            sentence: stand.sentence(now),
        }
    }
}

async fn show(State(app): State<App>, caller: ApiCaller) -> Result<Response, ApiProblem> {
    let (actor, now) = (caller.actor(), app.now());
    let rows = app.manage().retrievals(&actor).await?;
    let stands = states_of(&app, rows);
    let count = |wanted: &dyn Fn(Standing) -> bool| {
        let standings = stands.iter().map(|stand| stand.standing(now));
        standings.filter(|standing| wanted(*standing)).count()
    };
    let works = |one| matches!(one, Standing::Working | Standing::Checking | Standing::Busy);
    // Being offline is one trouble of the machine's, not one of each retrieval.
    let alarms = |one: Standing| one.alarm() != Alarm::None && one != Standing::Offline;
    let failing = stands.iter().filter(|stand| alarms(stand.standing(now)));
    let document = StatusDocument {
        server: true,
        retrievals: stands.len(),
        standing: Standing::ALL
            .into_iter()
            .map(|standing| (standing.as_str(), count(&|one| one == standing)))
            .collect(),
        working: count(&works),
        attention: count(&alarms),
        next: stands
            .iter()
            .filter_map(|stand| stand.next)
            .min()
            .map(|next| next.to_string()),
        offline_since: app
            .runs()
            .overall()
            .offline_since
            .map(|since| since.to_string()),
        failing: failing
            .map(|stand| FailingDocument::of(stand, now))
            .collect(),
        installation: match actor.person() {
            None => installation(&app, now).await?,
            Some(_) => InstallationDocument::default(),
        },
    };
    Ok(Document(document).into_response())
}

async fn installation(app: &App, now: Timestamp) -> Result<InstallationDocument, StoreError> {
    let overall = app.runs().overall();
    let records = app.store().records();
    let hours = records.counts_since(now.minus(DAY)).await?;
    let last = records.run_page(RunFilter::default(), None, 1).await?;
    let last = last.rows.first();
    Ok(InstallationDocument {
        started: Some(overall.started.to_string()),
        up_s: Some(now.since(overall.started).as_secs()),
        running: Some(overall.running),
        waiting: Some(overall.waiting),
        messages_24h: Some(hours.iter().map(|hour| hour.messages).sum()),
        last_checked: last.map(|run| run.ended.unwrap_or(run.started).to_string()),
        deletion_paused: Some(!records.deletion_confirmed().await?),
    })
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
