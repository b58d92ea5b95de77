//! The list of groups, and one more.

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use inhaul_store::{Group, GroupChange};
use inhaul_types::Activation;
use serde::Deserialize;

use super::form::label;
use crate::app::App;
use crate::pages::manage::typed::{Typed, Wrong};
use crate::request::{Administrator, Person};
use crate::response::{Page, Problem, Shell, see_other};

/// What was done before.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    removed: String,
}

#[derive(Template)]
#[template(path = "manage/groups.html")]
struct List {
    shell: Shell,
    title: &'static str,
    groups: Vec<Group>,
    removed: String,
    name: String,
    wrong: Option<Wrong>,
}

impl List {
    /// What may start checks, in words.
    fn starts(group: &Group) -> String {
        let on = group.triggers.len();
        let off: Vec<_> = Activation::ALL
            .into_iter()
            .filter(|activation| !group.triggers.contains_key(activation))
            .collect();
        match (on, off.as_slice()) {
            _ if !group.enabled => "Switched off".to_owned(),
            (0, _) => "Nothing".to_owned(),
            (_, []) => "Everything".to_owned(),
            (_, [one]) => format!("Everything but: {}", label(*one)),
            (on, _) => format!("{on} of {}", Activation::ALL.len()),
        }
    }
}

/// The page.
pub(crate) async fn list(
    State(app): State<App>,
    Administrator(person): Administrator,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    show(&app, person, asked.removed, String::new(), None).await
}

/// Adds one as it usually is.
pub(crate) async fn add(
    State(app): State<App>,
    Administrator(person): Administrator,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let name = typed.text("name").to_owned();
    let change = GroupChange::default();
    match app.manage().group_add(&person.actor(), &name, change).await {
        Ok(id) => Ok(see_other(&format!("/manage/groups/{id}?done=added"))),
        Err(refused) => {
            let wrong = Wrong::of(refused)?;
            show(&app, person, String::new(), name, Some(wrong)).await
        }
    }
}

async fn show(
    app: &App,
    person: Person,
    removed: String,
    name: String,
    wrong: Option<Wrong>,
) -> Result<Response, Problem> {
    let status = wrong.as_ref().map(Wrong::status).unwrap_or_default();
    let page = List {
        groups: app.manage().group_list(&person.actor()).await?,
        shell: person.shell,
        title: "Groups",
        removed,
        name,
        wrong,
    };
    Ok(Page::new(page).with_status(status).into_response())
}
