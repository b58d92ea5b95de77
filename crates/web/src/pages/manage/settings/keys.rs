//! The administrator's own API keys.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use inhaul_types::ApiKeyId;

use super::page::{Shown, show};
use crate::app::App;
use crate::pages::manage::number;
use crate::pages::manage::typed::{Typed, Wrong};
use crate::request::{Administrator, Token};
use crate::response::{Page, Problem, Shell, see_other};

#[derive(Template)]
#[template(path = "manage/key.html")]
struct KeyPage {
    shell: Shell,
    title: &'static str,
    name: String,
    key: String,
}

/// Makes one and shows it, this once.
pub(crate) async fn make(
    State(app): State<App>,
    Administrator(person): Administrator,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let name = typed.text("name").to_owned();
    let token = Token::new().map_err(Problem::internal)?;
    let (actor, hash) = (person.actor(), token.hash());
    let made = app.manage().api_key_add(&actor, person.id(), &name, hash);
    if let Err(refused) = made.await {
        let shown = Shown {
            key_name: name,
            wrong: Some(Wrong::of(refused)?),
            ..Shown::default()
        };
        return show(&app, person, shown).await;
    }
    let page = KeyPage {
        shell: person.shell,
        title: "API key",
        name,
        key: token.reveal().to_owned(),
    };
    Ok(Page::new(page).into_response())
}

/// Removes one of their own.
pub(crate) async fn remove(
    State(app): State<App>,
    Administrator(person): Administrator,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = ApiKeyId::new(number(&id, &person.shell)?);
    let visitors = app.store().visitors();
    let own = visitors.api_key_list(Some(person.id())).await?;
    let key = own.into_iter().find(|key| key.id == id);
    let key = key.ok_or_else(|| Problem::not_found(&person.shell))?;
    app.manage().api_key_remove(&person.actor(), key.id).await?;
    Ok(see_other("/manage/settings?done=removed"))
}
