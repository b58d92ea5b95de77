//! Another password for an account.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use super::{account_id, page};
use crate::app::App;
use crate::pages::manage::typed::Wrong;
use crate::pages::sign_in;
use crate::request::{Administrator, Password};
use crate::response::{Problem, see_other};

/// What was typed.
#[derive(Debug, Deserialize)]
pub(crate) struct NewPassword {
    password: Password,
}

/// Sets it. Whoever sets their own stays signed in here.
pub(crate) async fn set(
    State(app): State<App>,
    Administrator(person): Administrator,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(typed): Form<NewPassword>,
) -> Result<Response, Problem> {
    let id = account_id(&id, &person.shell)?;
    let actor = person.actor();
    let account = app.manage().account(&actor, id).await?;
    let set = app.manage().set_password(&actor, id, typed.password.0);
    if let Err(refused) = set.await {
        let wrong = Wrong::of(refused)?;
        return page::show(&app, person, account, None, None, Some(wrong)).await;
    }
    let mut response = see_other(&format!("/manage/accounts/{id}?done=password"));
    if id == person.id() {
        let caller = &person.caller;
        sign_in::begin(&app, caller, &headers, &account, false, &mut response).await?;
    }
    Ok(response)
}
