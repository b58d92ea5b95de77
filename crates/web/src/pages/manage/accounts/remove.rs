//! The end of an account and of all mail in it.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use inhaul_store::Account;

use super::account_id;
use crate::app::App;
use crate::pages::manage::typed::{Typed, Wrong};
use crate::request::{Administrator, Person};
use crate::response::{Page, Problem, Shell, see_other};

#[derive(Template)]
#[template(path = "manage/account_remove.html")]
struct RemovePage {
    shell: Shell,
    title: &'static str,
    account: Account,
    wrong: Option<Wrong>,
}

/// What goes with it.
pub(crate) async fn page(
    State(app): State<App>,
    Administrator(person): Administrator,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = account_id(&id, &person.shell)?;
    let account = app.manage().account(&person.actor(), id).await?;
    Ok(show(person, account, None))
}

/// Removes it, where its name was typed.
pub(crate) async fn remove(
    State(app): State<App>,
    Administrator(person): Administrator,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let id = account_id(&id, &person.shell)?;
    let account = app.manage().account(&person.actor(), id).await?;
    if typed.text("name") != account.name {
        let what = format!("That is not its name. Type {} to remove it.", account.name);
        return Ok(show(person, account, Some(Wrong::at("name", what))));
    }
    match app.manage().account_remove(&person.actor(), id).await {
        Ok(()) => {
            let query = serde_urlencoded::to_string([("removed", &account.name)]);
            let query = query.unwrap_or_default();
            Ok(see_other(&format!("/manage/accounts?{query}")))
        }
        Err(refused) => Ok(show(person, account, Some(Wrong::of(refused)?))),
    }
}

fn show(person: Person, account: Account, wrong: Option<Wrong>) -> Response {
    let status = wrong.as_ref().map(Wrong::status).unwrap_or_default();
    let page = RemovePage {
        shell: person.shell,
        title: "Remove account",
        account,
        wrong,
    };
    Page::new(page).with_status(status).into_response()
}
