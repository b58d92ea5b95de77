//! Retrievals: what there is, and what becomes of them.

mod act;
mod card;
mod change;
mod document;
mod new;
pub(super) mod remote;
mod runs;
pub(super) mod settings;
mod test;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::on;
use inhaul_domain::standing::Standing;
use inhaul_types::RetrievalId;
use serde::{Deserialize, Serialize};

use super::caller::ApiCaller;
use super::document::Document;
use super::problem::ApiProblem;
use super::route::Verb::{Delete, Get, Patch, Post};
use super::route::{Reply, Route};
use super::schema::{Kind, Schema, may, must};
use super::typed::{Asked, At};
use crate::app::App;
use document::{RETRIEVAL, RetrievalDocument};

pub(super) use act::refused;
pub(super) use document::{document, standing_words, state_of, states_of};
pub(super) use remote::RemoteSent;
pub(super) use runs::activations;

pub(super) use settings::security_words;

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        Get,
        "/retrievals",
        "The retrievals that you see, by name: an administrator sees all of them.",
        Reply::Document(&LIST),
        |verb| on(verb, list),
    )
    .asking(&[
        may(
            "state",
            Kind::Text,
            "Only those in these states, with commas between.",
        ),
        may(
            "after",
            Kind::Text,
            "Those behind this name: `next` of the page before.",
        ),
        may(
            "limit",
            Kind::Whole,
            "So many at most; all of them by default.",
        ),
    ]),
    Route::new(
        Post,
        "/retrievals",
        "Adds a retrieval. It signs in once before it is saved, unless `test` is false.",
        Reply::Created(&RETRIEVAL),
        |verb| on(verb, new::add),
    )
    .sent::<new::NewDocument>(&new::NEW, new::EXAMPLE),
    Route::new(
        Get,
        "/retrievals/{id}",
        "One retrieval.",
        Reply::Document(&RETRIEVAL),
        |verb| on(verb, show),
    ),
    Route::new(
        Patch,
        "/retrievals/{id}",
        "Changes what is named and leaves the rest as it is.",
        Reply::Document(&RETRIEVAL),
        |verb| on(verb, change::change),
    )
    .sent::<change::ChangeDocument>(&change::CHANGE, change::EXAMPLE),
    Route::new(
        Delete,
        "/retrievals/{id}",
        "Removes a retrieval. What it brought stays.",
        Reply::Nothing,
        |verb| on(verb, remove),
    ),
    Route::new(
        Post,
        "/retrievals/{id}/check",
        "Checks one mailbox now, as far as the group's limits let it.",
        Reply::Accepted(&act::ANSWER),
        |verb| on(verb, act::check),
    ),
    Route::new(
        Post,
        "/retrievals/{id}/test",
        "Signs in, counts, and brings and changes nothing. Not while the server refuses the password.",
        Reply::Document(&test::TEST),
        |verb| on(verb, test::test),
    ),
    Route::new(
        Post,
        "/retrievals/{id}/pause",
        "Stops a retrieval from running by itself.",
        Reply::Document(&RETRIEVAL),
        |verb| on(verb, act::pause),
    ),
    Route::new(
        Post,
        "/retrievals/{id}/resume",
        "Lets a paused retrieval run by itself again.",
        Reply::Document(&RETRIEVAL),
        |verb| on(verb, act::resume),
    ),
    Route::new(
        Get,
        "/retrievals/{id}/runs",
        "The runs of a retrieval, the latest first.",
        Reply::Document(&runs::RUNS),
        |verb| on(verb, runs::list),
    )
    .asking(runs::ASKS),
    Route::new(
        Get,
        "/retrievals/{id}/runs/{run}/conversation",
        "What was said in a run, passwords masked.",
        Reply::Document(&runs::CONVERSATION),
        |verb| on(verb, runs::conversation),
    ),
];

const LIST: Schema = Schema {
    name: "Retrievals",
    about: "Retrievals by name.",
    fields: &[
        must(
            "retrievals",
            Kind::List(&Kind::Of(&RETRIEVAL)),
            "The retrievals.",
        ),
        must(
            "next",
            Kind::Maybe(&Kind::Text),
            "What to give as `after` for the next page; null at the end.",
        ),
    ],
};

#[derive(Serialize)]
struct ListDocument<'a> {
    retrievals: Vec<RetrievalDocument<'a>>,
    next: Option<&'a str>,
}

/// Which retrievals are wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    state: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

impl Wanted {
    fn standings(&self) -> Result<Option<Vec<Standing>>, ApiProblem> {
        let Some(state) = &self.state else {
            return Ok(None);
        };
        let words = state.split(',').map(|word| word.trim().parse());
        let standings = words.collect::<Result<_, _>>().map_err(|_| {
            let what = format!("There are these states: {}.", standing_words().join(", "));
            ApiProblem::invalid("state", what)
        })?;
        Ok(Some(standings))
    }

    /// Leaves the page that is wanted; says whether more come behind it.
    fn page(&self, states: &mut Vec<crate::runs::State>) -> bool {
        if let Some(after) = &self.after {
            // As the store orders names: ASCII letters are alike.
            let after = after.to_ascii_lowercase();
            states.retain(|state| state.row.name.to_ascii_lowercase() > after);
        }
        let most = self.limit.unwrap_or(usize::MAX).max(1);
        let has_more = states.len() > most;
        states.truncate(most);
        has_more
    }
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Asked(wanted): Asked<Wanted>,
) -> Result<axum::response::Response, ApiProblem> {
    use axum::response::IntoResponse as _;

    let standings = wanted.standings()?;
    let rows = app.manage().retrievals(&caller.actor()).await?;
    let now = app.now();
    let mut states = states_of(&app, rows);
    if let Some(standings) = standings {
        states.retain(|state| standings.contains(&state.standing(now)));
    }
    let has_more = wanted.page(&mut states);
    let last = states.last().filter(|_| has_more);
    let document = ListDocument {
        next: last.map(|state| state.row.name.as_str()),
        retrievals: states
            .iter()
            .map(|state| document(state, &[], now))
            .collect(),
    };
    Ok(Document(document).into_response())
}

async fn show(
    State(app): State<App>,
    caller: ApiCaller,
    At(id): At<i64>,
) -> Result<axum::response::Response, ApiProblem> {
    shown(&app, &caller, RetrievalId::new(id)).await
}

async fn remove(
    State(app): State<App>,
    caller: ApiCaller,
    At(id): At<i64>,
) -> Result<StatusCode, ApiProblem> {
    let id = RetrievalId::new(id);
    app.manage().retrieval_remove(&caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Among so many runs is the last failed one, or its words are not known any more.
const RECENT: u32 = 50;

/// One retrieval as it stands now.
async fn shown(
    app: &App,
    caller: &ApiCaller,
    id: RetrievalId,
) -> Result<axum::response::Response, ApiProblem> {
    use axum::response::IntoResponse as _;

    let row = app.manage().retrieval(&caller.actor(), id).await?;
    let runs = match row.last_error {
        Some(_) => app.store().run_list(row.id, RECENT).await?,
        None => Vec::new(),
    };
    let state = state_of(app, row);
    Ok(Document(document(&state, &runs, app.now())).into_response())
}
