//! The drawer of a demo, on every page of it (UX 5.3). A real installation has no such addresses.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use axum::{Form, Router};
use inhaul_types::RetrievalId;
use serde::Deserialize;

use super::sign_in::is_ours;
use crate::app::App;
use crate::assets;
use crate::demo::{Controls, Manner, NotDone, OpenMailbox, Scene};
use crate::request::Person;
use crate::response::{Problem, Shell, see_other};

/// The drawer: a piece of a page.
#[derive(Clone, Debug, Template)]
#[template(path = "demo/drawer.html")]
pub(crate) struct Drawer {
    style: String,
    provider: String,
    retrieval: Option<RetrievalId>,
    name: String,
    switches: Vec<Switch>,
    domain: String,
    scenes: Vec<Scene>,
    catch_all: Option<RetrievalId>,
    user: String,
    password: String,
    open: Option<OpenMailbox>,
    said: Option<String>,
    /// Something was done a moment ago: one who does that wants to see what came of it.
    is_open: bool,
    /// The page it is on.
    to: String,
}

#[derive(Clone, Debug)]
struct Switch {
    manner: Manner,
    is_on: bool,
}

/// A button or a choice of the drawer.
#[derive(Deserialize)]
pub(crate) struct Pressed {
    /// The page it was on.
    #[serde(default)]
    to: String,
    #[serde(default)]
    count: String,
    #[serde(default)]
    scene: String,
    #[serde(default)]
    manner: String,
    #[serde(default)]
    span: String,
}

/// `/demo` and below.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/demo/send", post(send))
        .route("/demo/scene", post(play))
        .route("/demo/manner", post(make))
        .route("/demo/skip", post(skip))
}

impl Drawer {
    /// The drawer of the page at `to`; a real installation has none.
    pub(crate) fn of(app: &App, to: &str) -> Option<Self> {
        let state = app.demo()?.now();
        let said = state.said.as_ref();
        Some(Self {
            is_open: said.is_some_and(|(at, _)| app.now().since(*at) < OPEN_FOR),
            said: said.map(|(_, words)| words.clone()),
            switches: state
                .manners
                .iter()
                .map(|manner| Switch {
                    manner: *manner,
                    is_on: manner.word == state.manner,
                })
                .collect(),
            style: assets::address("demo.css"),
            provider: state.provider,
            retrieval: state.retrieval,
            name: state.name,
            domain: state.domain,
            scenes: state.scenes,
            catch_all: state.catch_all,
            user: state.user,
            password: state.password,
            open: state.open,
            to: to.to_owned(),
        })
    }
}

async fn send(
    State(app): State<App>,
    person: Person,
    Form(pressed): Form<Pressed>,
) -> Result<Response, Problem> {
    let controls = controls(&app, &person.shell)?;
    let count = pressed.count.parse().ok();
    let count = count.filter(|count| (1..=SEND_MOST).contains(count));
    let count = count.ok_or_else(|| not_offered(&person.shell))?;
    done(controls.send(count).await, &pressed, &person.shell)
}

async fn play(
    State(app): State<App>,
    person: Person,
    Form(pressed): Form<Pressed>,
) -> Result<Response, Problem> {
    let controls = controls(&app, &person.shell)?;
    let played = controls.play(&pressed.scene).await;
    done(played, &pressed, &person.shell)
}

async fn make(
    State(app): State<App>,
    person: Person,
    Form(pressed): Form<Pressed>,
) -> Result<Response, Problem> {
    let controls = controls(&app, &person.shell)?;
    let made = controls.make(&pressed.manner).await;
    done(made, &pressed, &person.shell)
}

async fn skip(
    State(app): State<App>,
    person: Person,
    Form(pressed): Form<Pressed>,
) -> Result<Response, Problem> {
    let controls = controls(&app, &person.shell)?;
    let span = SPANS.iter().find(|(word, _)| *word == pressed.span);
    let (_, span) = span.ok_or_else(|| not_offered(&person.shell))?;
    done(controls.skip(*span).await, &pressed, &person.shell)
}

fn controls<'a>(app: &'a App, shell: &Shell) -> Result<&'a dyn Controls, Problem> {
    app.demo().ok_or_else(|| Problem::not_found(shell))
}

/// Back to the page where it was pressed.
fn done(done: Result<(), NotDone>, pressed: &Pressed, shell: &Shell) -> Result<Response, Problem> {
    match done {
        Ok(()) if is_ours(&pressed.to) => Ok(see_other(&pressed.to)),
        Ok(()) => Ok(see_other("/")),
        Err(NotDone::NoSuchManner | NotDone::NoSuchScene) => Err(not_offered(shell)),
        Err(NotDone::Ending) => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            let what = "Start another one with inhaul demo.";
            Err(Problem::told(status, "The demo ends", what, shell))
        }
    }
}

fn not_offered(shell: &Shell) -> Problem {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let what = "The demo's controls offer no such thing. Nothing was done.";
    Problem::told(status, "Nothing was done", what, shell)
}

/// What can be skipped.
const SPANS: [(&str, Duration); 3] = [
    ("10m", Duration::from_secs(10 * 60)),
    ("1d", Duration::from_secs(24 * 60 * 60)),
    ("14d", Duration::from_secs(14 * 24 * 60 * 60)),
];

/// Messages at once: enough to watch them come.
const SEND_MOST: u64 = 500;

/// Long enough to press the next button, by the demo's clock.
const OPEN_FOR: Duration = Duration::from_secs(2 * 60);
