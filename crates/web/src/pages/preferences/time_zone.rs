//! The zone in which somebody reads times.

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use inhaul_store::Preferences;
use serde::Deserialize;

use crate::app::App;
use crate::look::zone;
use crate::request::Person;
use crate::response::{Page, Problem, see_other};

/// A zone by its name; nothing is the browser's own.
#[derive(Deserialize)]
pub(crate) struct Chosen {
    zone: String,
}

/// Keeps it.
pub(crate) async fn choose(
    State(app): State<App>,
    person: Person,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Problem> {
    let time_zone = match chosen.zone.as_str() {
        "" => None,
        name if zone::find(name).is_some() => Some(name.to_owned()),
        _ => {
            let what = "This machine knows no such time zone. Choose one of the list.";
            let page = super::show(&app, person, Some(("zone", what.to_owned()))).await?;
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Ok(Page::new(page).with_status(status).into_response());
        }
    };
    let visitors = app.store().visitors();
    let preferences = Preferences {
        time_zone,
        ..visitors.preferences(person.id()).await?
    };
    visitors.set_preferences(person.id(), preferences).await?;
    Ok(see_other("/preferences#times"))
}
