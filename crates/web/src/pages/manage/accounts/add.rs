//! One more account.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use inhaul_manage::NewAccountForm;
use inhaul_store::{EVERYONE, Group};
use inhaul_types::Secret;

use super::addresses;
use crate::app::App;
use crate::pages::manage::typed::{Typed, Wrong};
use crate::request::{Administrator, Person};
use crate::response::{Page, Problem, Shell, see_other};

#[derive(Template)]
#[template(path = "manage/account_add.html")]
struct Add {
    shell: Shell,
    title: &'static str,
    groups: Vec<Group>,
    name: String,
    addresses: String,
    group: String,
    admin: bool,
    wrong: Option<Wrong>,
}

/// The form.
pub(crate) async fn page(
    State(app): State<App>,
    Administrator(person): Administrator,
) -> Result<Response, Problem> {
    show(&app, person, &Typed::default(), None).await
}

/// Adds it.
pub(crate) async fn add(
    State(app): State<App>,
    Administrator(person): Administrator,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    // A password may begin and end with spaces.
    let password = typed.all("password").next();
    let password = password.filter(|password| !password.is_empty());
    let form = NewAccountForm {
        name: typed.text("name").to_owned(),
        addresses: addresses(typed.text("addresses")),
        group: Some(typed.text("group").to_owned()).filter(|group| !group.is_empty()),
        admin: typed.is_ticked("admin"),
        password: password.map(|password| Secret::new(password.to_owned())),
    };
    match app.manage().account_add(&person.actor(), form).await {
        Ok(id) => Ok(see_other(&format!("/manage/accounts/{id}?done=added"))),
        Err(refused) => {
            let wrong = Wrong::of(refused)?;
            show(&app, person, &typed, Some(wrong)).await
        }
    }
}

async fn show(
    app: &App,
    person: Person,
    typed: &Typed,
    wrong: Option<Wrong>,
) -> Result<Response, Problem> {
    let group = match typed.text("group") {
        "" => EVERYONE,
        group => group,
    };
    let status = wrong.as_ref().map(Wrong::status).unwrap_or_default();
    let page = Add {
        groups: app.manage().group_list(&person.actor()).await?,
        shell: person.shell,
        title: "Add account",
        name: typed.text("name").to_owned(),
        addresses: typed.text("addresses").to_owned(),
        group: group.to_owned(),
        admin: typed.is_ticked("admin"),
        wrong,
    };
    Ok(Page::new(page).with_status(status).into_response())
}
