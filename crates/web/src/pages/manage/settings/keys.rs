//! The administrator's own API keys.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use inhaul_manage::audit::{self, Change};
use inhaul_store::NewApiKey;
use inhaul_types::ApiKeyId;

use super::page::{Shown, show};
use crate::app::App;
use crate::pages::manage::number;
use crate::pages::manage::typed::{Typed, Wrong};
use crate::request::{Administrator, Person, Token};
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
    if let Some(wrong) = wrong(&app, &person, &name).await? {
        let shown = Shown {
            key_name: name,
            wrong: Some(wrong),
            ..Shown::default()
        };
        return show(&app, person, shown).await;
    }
    let token = Token::new().map_err(Problem::internal)?;
    let key = NewApiKey {
        token: token.hash(),
        account: person.id(),
        name: name.clone(),
        at: app.now(),
    };
    app.store().visitors().api_key_make(key).await?;
    take_down(&app, &person, "made", &name).await?;
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
    visitors.api_key_remove(id).await?;
    take_down(&app, &person, "removed", &key.name).await?;
    Ok(see_other("/manage/settings?done=removed"))
}

async fn wrong(app: &App, person: &Person, name: &str) -> Result<Option<Wrong>, Problem> {
    if name.is_empty() {
        return Ok(Some(Wrong::at("name", "Write what will use it.")));
    }
    if name.chars().count() > LONGEST || name.chars().any(char::is_control) {
        let what = format!("Use {LONGEST} letters, digits and signs at most.");
        return Ok(Some(Wrong::at("name", what)));
    }
    let visitors = app.store().visitors();
    let mut own = visitors.api_key_list(Some(person.id())).await?.into_iter();
    let is_taken = own.any(|key| key.name == name);
    Ok(is_taken.then(|| Wrong::at("name", "You have a key of this name. Choose another one.")))
}

async fn take_down(
    app: &App,
    person: &Person,
    action: &'static str,
    name: &str,
) -> Result<(), Problem> {
    let object = format!("API key {name} of account {}", person.account.name);
    let change = Change::of(action, object);
    audit::take_down(app.store(), &person.actor(), app.now(), [change]).await?;
    Ok(())
}

/// Characters of a key's name.
const LONGEST: usize = 80;
