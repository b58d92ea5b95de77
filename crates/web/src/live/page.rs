//! "Check mail" without script: a form, and a page that shows what the dock does.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use inhaul_types::{Activation, Timestamp};
use serde::Deserialize;

use super::begin::{Asker, Begun, check_mail, wait_for_message};
use super::check::{CheckId, Line, NewMessage, words};
use super::data::{answer, begun_data};
use crate::app::App;
use crate::request::Person;
use crate::response::{Page, Problem, Shell, see_other};

/// How somebody came here.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Came {
    /// By a second press.
    #[serde(default)]
    joined: bool,
}

#[derive(Template)]
#[template(path = "check/show.html")]
struct Show {
    shell: Shell,
    title: String,
    id: String,
    joined: Option<&'static str>,
    lines: Vec<Row>,
    messages: Vec<NewMessage>,
    more: usize,
    is_over: bool,
    is_waiting: bool,
    has_nothing: bool,
}

/// A mailbox's line.
struct Row {
    sign: &'static str,
    name: String,
    words: String,
    share: Option<(u64, u64)>,
    fix: Option<String>,
}

/// The button.
pub(super) async fn press(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let begun = check_mail(&app, Asker::of(&person), Activation::Button).await?;
    Ok(show_begun(&app, &begun, &headers))
}

/// "I am waiting for a message".
pub(super) async fn wait(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let begun = wait_for_message(&app, Asker::of(&person)).await?;
    Ok(show_begun(&app, &begun, &headers))
}

/// Whether somebody waits for a message.
pub(super) async fn waiting(State(app): State<App>, person: Person) -> Response {
    match app.checks().waiting(person.id()) {
        Some(check) => see_other(&format!("/check/{}", check.id)),
        None => {
            let what = "Press the arrow beside Check mail, then \"I am waiting for a message\".";
            Problem::told(StatusCode::OK, words::NOT_WAITING, what, &person.shell).into_response()
        }
    }
}

/// How a check stands.
pub(super) async fn show(
    State(app): State<App>,
    person: Person,
    Path(id): Path<String>,
    Query(came): Query<Came>,
) -> Result<Response, Problem> {
    let now = app.now();
    let found = app.checks().find(&CheckId::shown(id), person.id(), now);
    let check = found.ok_or_else(|| Problem::not_found(&person.shell))?;
    let view = check.view(now);
    let most = view.messages.len().min(MESSAGES);
    let page = Show {
        title: view.title,
        id: check.id.to_string(),
        joined: (came.joined && !view.is_over).then_some(words::ALREADY),
        has_nothing: view.lines.is_empty(),
        lines: view.lines.iter().map(|line| Row::of(line, now)).collect(),
        more: view.messages.len() - most,
        messages: view.messages.into_iter().take(most).collect(),
        is_over: view.is_over,
        is_waiting: check.is_waiting(),
        shell: person.shell,
    };
    Ok(Page::new(page).into_response())
}

/// Ends each run after its present message.
pub(super) async fn stop(
    State(app): State<App>,
    person: Person,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = app
        .checks()
        .find(&CheckId::shown(id), person.id(), app.now());
    let check = found.ok_or_else(|| Problem::not_found(&person.shell))?;
    let going = check.under_way();
    // The words of an end that comes at once are those of a stop.
    check.stop(app.now());
    for id in going {
        match check.is_waiting() {
            true => app.runs().stop_waiting(id),
            false => app.runs().stop(id),
        }
    }
    Ok(match wants_data(&headers) {
        true => answer(&check.data(app.now())),
        false => see_other(&format!("/check/{}", check.id)),
    })
}

fn show_begun(app: &App, begun: &Begun, headers: &HeaderMap) -> Response {
    if wants_data(headers) {
        return answer(&begun_data(begun, app.now()));
    }
    let joined = if begun.joined { "?joined=true" } else { "" };
    see_other(&format!("/check/{}{joined}", begun.check.id))
}

fn wants_data(headers: &HeaderMap) -> bool {
    let accepts = headers
        .get(ACCEPT)
        .and_then(|accepts| accepts.to_str().ok());
    accepts.is_some_and(|accepts| accepts.contains("application/json"))
}

impl Row {
    fn of(line: &Line, now: Timestamp) -> Self {
        Self {
            sign: line.done().map_or("◐", |done| done.outcome.sign()),
            name: line.name.clone(),
            words: line.words(now),
            share: line.share(),
            fix: line.fix(),
        }
    }
}

/// Messages that the page names.
const MESSAGES: usize = 10;
