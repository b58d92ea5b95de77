//! Checks as data: what the script polls, and what programs ask for (UX 6.1).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, HeaderName};
use axum::response::{IntoResponse as _, Response};
use inhaul_types::{Activation, Timestamp};
use serde_json::{Value, json};

use super::begin::{Asker, Begun, check_mail};
use super::check::{CheckId, words};
use crate::app::App;
use crate::request::Person;
use crate::response::Problem;

/// A program presses the button.
pub(super) async fn begin(State(app): State<App>, person: Person) -> Result<Response, Problem> {
    let begun = check_mail(&app, Asker::of(&person), Activation::Api).await?;
    Ok(answer(&begun_data(&begun, app.now())))
}

/// How a check stands.
pub(super) async fn state(
    State(app): State<App>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let found = app
        .checks()
        .find(&CheckId::shown(id), person.id(), app.now());
    let check = found.ok_or_else(|| Problem::not_found(&person.shell))?;
    Ok(answer(&check.data(app.now())))
}

/// The check that goes on, if one does.
pub(super) async fn current(State(app): State<App>, person: Person) -> Response {
    match app.checks().current(person.id()) {
        Some(check) => answer(&check.data(app.now())),
        None => answer(&json!({ "v": 1, "check_id": null })),
    }
}

/// A check that was begun or joined.
pub(super) fn begun_data(begun: &Begun, now: Timestamp) -> Value {
    let mut data = begun.check.data(now);
    data["joined"] = begun.joined.into();
    if begun.joined {
        data["words"] = words::ALREADY.into();
    }
    data
}

/// As JSON that nobody keeps.
pub(super) fn answer(data: &Value) -> Response {
    const HEADERS: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "no-store")];
    (HEADERS, Json(data)).into_response()
}
