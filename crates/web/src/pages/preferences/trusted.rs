//! Senders whose pictures are always shown.

use axum::Form;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::app::App;
use crate::request::Person;
use crate::response::{Problem, see_other};

/// One of them.
#[derive(Deserialize)]
pub(crate) struct Sender {
    address: String,
}

/// Their pictures are hidden again.
pub(crate) async fn remove(
    State(app): State<App>,
    person: Person,
    Form(sender): Form<Sender>,
) -> Result<Response, Problem> {
    let visitors = app.store().visitors();
    visitors
        .trusted_sender_remove(person.id(), &sender.address)
        .await?;
    Ok(see_other("/preferences#trusted"))
}
