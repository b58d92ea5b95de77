//! Checks as data: what the script polls, and what programs ask for (UX 6.1).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, HeaderName};
use axum::response::{IntoResponse as _, Response};
use inhaul_types::{Activation, Timestamp};
use serde_json::{Value, json};

use super::begin::{Asker, Begun, check_mail};
use super::check::{CheckId, words};
use crate::api::{ApiCaller, ApiProblem};
use crate::app::App;
use crate::request::Person;

/// A program presses the button.
pub(crate) async fn begin(
    State(app): State<App>,
    caller: ApiCaller,
) -> Result<Response, ApiProblem> {
    let asker = Asker {
        account: caller.id(),
        address: caller.address,
    };
    let begun = check_mail(&app, asker, Activation::Api).await?;
    Ok(answer(&begun_data(&begun, app.now())))
}

/// How a check stands.
pub(crate) async fn state(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
) -> Result<Response, ApiProblem> {
    let found = app
        .checks()
        .find(&CheckId::shown(id), caller.id(), app.now());
    let check = found.ok_or_else(ApiProblem::not_found)?;
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
