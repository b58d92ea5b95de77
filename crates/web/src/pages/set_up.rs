//! The first person here becomes the administrator (UX 2.4).

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use inhaul_store::{NewAccount, NewAudit, SetUp};
use serde::Deserialize;

use super::sign_in;
use super::welcome::too_many_links;
use crate::app::App;
use crate::request::{Administrator, Caller, Password, Person, Token};
use crate::response::{Page, Problem, Shell, see_other};
use crate::sample::NotAdded;

/// What was typed.
#[derive(Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    code: String,
    name: String,
    password: Password,
}

#[derive(Template)]
#[template(path = "set_up.html")]
struct SetUpPage<'a> {
    shell: Shell,
    title: &'a str,
    code: &'a str,
    name: &'a str,
    error: Option<Wrong>,
    listens: String,
    is_local: bool,
}

/// What is wrong with what was typed: the field, and words for a person.
struct Wrong {
    field: &'static str,
    what: String,
}

#[derive(Template)]
#[template(path = "set_up_next.html")]
struct NextPage<'a> {
    shell: Shell,
    title: &'a str,
}

/// The form; a server that is set up has no such page.
pub(crate) async fn page(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    if app.store().visitors().is_set_up().await? {
        return Ok(see_other("/sign-in"));
    }
    Ok(Page::new(form(&app, &caller, "", "", None)).into_response())
}

/// Makes the first administrator.
pub(crate) async fn make(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let again = |field, what: String, status: StatusCode| {
        let wrong = Some(Wrong { field, what });
        let page = form(&app, &caller, &typed.code, &typed.name, wrong);
        Ok(Page::new(page).with_status(status).into_response())
    };
    if let Some(wait) = app.wrong_links().wait(caller.address, app.now()) {
        return again("code", too_many_links(wait), StatusCode::TOO_MANY_REQUESTS);
    }
    let name = typed.name.trim();
    if let Err(bad) = inhaul_manage::check_account_name(name) {
        let what = format!("{bad}. {}", bad.hint());
        return again("name", what, StatusCode::UNPROCESSABLE_ENTITY);
    }
    if let Err(what) = inhaul_manage::check_password(&typed.password.0) {
        return again(
            "password",
            what.to_string(),
            StatusCode::UNPROCESSABLE_ENTITY,
        );
    }
    let account = NewAccount {
        name: name.to_owned(),
        addresses: Vec::new(),
        group: None,
        admin: true,
        password: Some(typed.password.0.clone()),
    };
    let code = Token::shown(&typed.code).hash();
    let made = app
        .store()
        .visitors()
        .set_up(&code, app.now(), account)
        .await?;
    match made {
        SetUp::Done(_) => {}
        SetUp::AlreadySetUp => return Ok(see_other("/sign-in")),
        SetUp::BadLink => {
            if app.wrong_links().count(caller.address, &code, app.now()) {
                tracing::warn!(address = %caller.address, "a set-up link was refused");
            }
            return again("code", BAD_LINK.to_owned(), StatusCode::FORBIDDEN);
        }
    }
    let account = app.store().account_by_name(name).await?;
    tracing::info!(account = name, address = %caller.address, "set up");
    let audit = NewAudit {
        at: app.now(),
        actor: name.to_owned(),
        account: Some(account.id),
        channel: format!("web {}", caller.address),
        action: "set up".into(),
        object: format!("this installation: administrator {name}"),
        old: None,
        new: None,
    };
    app.store().records().audit_add(audit).await?;
    let mut response = see_other("/setup/next");
    sign_in::begin(&app, &caller, &headers, &account, false, &mut response).await?;
    Ok(response)
}

/// What first?
pub(crate) async fn next(person: Person) -> Response {
    let page = NextPage {
        shell: person.shell,
        title: "What first?",
    };
    Page::new(page).into_response()
}

/// Adds the sample mailbox and shows what came of it.
pub(crate) async fn sample(
    State(app): State<App>,
    Administrator(person): Administrator,
) -> Result<Response, Problem> {
    let sample = app.sample();
    let sample = sample.ok_or_else(|| Problem::not_found(&person.shell))?;
    let id = sample
        .add(&person.actor())
        .await
        .map_err(|error| match error {
            NotAdded::Refused(refused) => refused.into(),
            NotAdded::NoServer(error) => Problem::internal(error),
        })?;
    let added = app.store().retrieval_by_id(id).await?;
    Ok(match added.account == person.id() {
        true => see_other(&format!("/folder/{}", added.folder)),
        // Another administrator has it already.
        false => see_other("/retrievals"),
    })
}

fn form<'a>(
    app: &App,
    caller: &Caller,
    code: &'a str,
    name: &'a str,
    error: Option<Wrong>,
) -> SetUpPage<'a> {
    SetUpPage {
        shell: Shell::outside(app),
        title: "Set up inhaul",
        code,
        name,
        error,
        listens: caller.host.clone(),
        is_local: caller.address.is_loopback(),
    }
}

const BAD_LINK: &str = "This link is used up, or older than 60 minutes. Run `inhaul setup-link` on the server to get a new one.";
