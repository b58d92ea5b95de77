//! Step 3: the test, stage by stage.

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use inhaul_store::RemoteSecret;
use inhaul_types::{Card, KeyPin};
use serde::Deserialize;

use super::Watched;
use super::job::{Job, Progress as _};
use super::opened::Opened;
use super::server::piece;
use super::steps::{Step, Steps};
use super::trial::{Line, Trial};
use crate::app::App;
use crate::response::{Page, Problem, Shell, see_other};

/// Once more, perhaps with a key that is trusted.
#[derive(Debug, Deserialize)]
pub(super) struct Again {
    /// The key that the page showed.
    #[serde(default)]
    trust: String,
    #[serde(default)]
    live: String,
}

#[derive(Template)]
#[template(path = "retrievals/add_test.html")]
struct TestPage {
    shell: Shell,
    title: &'static str,
    steps: Steps,
    back: String,
    to: String,
    next: String,
    state: String,
    paused: String,
    lines: Vec<Line>,
    is_over: bool,
    card: Option<Card>,
    /// The key that may be trusted: as it is sent, and as people compare it.
    key: Option<(String, String)>,
    host: String,
}

#[derive(Template)]
#[template(path = "retrievals/add_trial.html")]
struct TrialPiece {
    lines: Vec<Line>,
}

/// The test, and what it came to.
pub(super) async fn page(
    State(app): State<App>,
    opened: Opened,
    Query(watched): Query<Watched>,
) -> Result<Response, Problem> {
    if let Some(elsewhere) = opened.unless_reached(Step::Test) {
        return Ok(elsewhere);
    }
    let trial = opened.draft().trial.as_ref().map(Job::watch);
    if let Some(trial) = trial.filter(|_| !watched.is_live()) {
        trial.over().await;
    }
    let trial = opened.draft().trial.as_ref().map(Job::now);
    let Some(trial) = trial else {
        return Ok(see_other(&opened.at(Step::Server)));
    };
    let rights = app.manage().rights(&opened.person.actor()).await?;
    let failure = trial.failure();
    let key = failure.and_then(|failure| failure.shown_key);
    let key = key.filter(|_| rights.may.pin_certificate);
    let page = TestPage {
        shell: opened.person.shell.clone(),
        title: "Add a mailbox",
        steps: opened.steps(Step::Test),
        back: opened.at(Step::Server),
        to: opened.at(Step::Test),
        next: opened.at(Step::Where),
        state: opened.at(Step::Test) + "/state",
        paused: opened.at(Step::Address) + "/paused",
        lines: trial.lines(),
        is_over: trial.is_over(),
        card: failure.map(|failure| failure.card.clone()),
        key: key.map(|key| (key.to_string(), fingerprint(&key))),
        host: trial.remote().host.clone(),
    };
    Ok(Page::new(page).into_response())
}

/// The lines of the test, for the script.
pub(super) async fn state(opened: Opened) -> Response {
    let trial = opened.draft().trial.as_ref().map(Job::now);
    let is_over = trial.as_ref().is_none_or(Trial::is_over);
    let lines = trial.as_ref().map_or_else(Vec::new, Trial::lines);
    piece(TrialPiece { lines }, is_over)
}

/// Tests once more. A test that goes on is watched, not doubled.
pub(super) async fn again(
    State(app): State<App>,
    opened: Opened,
    Form(again): Form<Again>,
) -> Result<Response, Problem> {
    if let Some(elsewhere) = opened.unless_reached(Step::Test) {
        return Ok(elsewhere);
    }
    let watched = Watched { live: again.live };
    let actor = opened.person.actor();
    let (way, secret, is_over, shown) = {
        let draft = opened.draft();
        let trial = draft.trial.as_ref().map(Job::now);
        let shown = trial.as_ref().and_then(Trial::failure);
        let shown = shown.and_then(|failure| failure.shown_key);
        (
            draft.way.clone(),
            RemoteSecret::Stored(draft.password.clone()),
            trial.is_none_or(|trial| trial.is_over()),
            shown,
        )
    };
    let Some(mut way) = way.filter(|_| is_over) else {
        return Ok(see_other(&(opened.at(Step::Test) + watched.query())));
    };
    // Only the very key that the page has shown: another one may have come since.
    if let Some(key) = shown.filter(|key| key.to_string() == again.trust) {
        way.remote.pin = Some(key);
        way.remote.ca_file = None;
    }
    app.manage().check_way(&actor, &way.remote, &secret).await?;
    {
        let mut draft = opened.draft();
        let trial = Trial::start(
            &app,
            way.remote.clone(),
            way.other_user.clone(),
            secret,
            actor.person(),
        );
        (draft.way, draft.trial) = (Some(way), Some(trial));
    }
    Ok(see_other(&(opened.at(Step::Test) + watched.query())))
}

/// `SHA-256 AB:12:...`, as certificates are compared.
pub(crate) fn fingerprint(key: &KeyPin) -> String {
    let octets = key.octets().iter().map(|octet| format!("{octet:02X}"));
    format!("SHA-256 {}", octets.collect::<Vec<_>>().join(":"))
}
