//! Step 1: address and password.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use inhaul_domain::ServerSpec;
use inhaul_types::Secret;
use serde::Deserialize;

use super::draft::Draft;
use super::opened::Opened;
use super::search::Search;
use super::steps::{Step, Steps};
use super::way::{TypedWay, in_a_sentence};
use super::wrong::Wrong;
use super::{Watched, server};
use crate::app::App;
use crate::request::{Password, Person, Token};
use crate::response::{Page, Problem, Shell, see_other};

/// What was typed.
#[derive(Debug, Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    address: String,
    password: Password,
    #[serde(default)]
    user: String,
    #[serde(default)]
    server: String,
    #[serde(default)]
    live: String,
}

#[derive(Template)]
#[template(path = "retrievals/add_address.html")]
struct AddressPage {
    shell: Shell,
    title: &'static str,
    steps: Steps,
    /// Where the form goes.
    to: String,
    /// The draft that is given up by "Cancel", if there is one.
    cancel: Option<String>,
    address: String,
    user: String,
    server: String,
    has_password: bool,
    places: Option<String>,
    error: Option<Wrong>,
}

/// The empty form.
pub(super) async fn page(State(app): State<App>, person: Person) -> Result<Response, Problem> {
    let empty = typed_nothing();
    let page = form(&app, person, None, &empty, None).await?;
    Ok(Page::new(page).into_response())
}

/// Begins a draft.
pub(super) async fn begin(
    State(app): State<App>,
    person: Person,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    app.manage().check_place(&person.actor()).await?;
    let mut draft = Draft::default();
    if let Err(wrong) = take(&app, &person, &mut draft, &typed) {
        let page = form(&app, person, None, &typed, Some(wrong)).await?;
        return Ok(refused(page));
    }
    let id = Token::new().map_err(Problem::internal)?;
    let id = id.reveal().to_owned();
    let to = Step::Server.address(&id);
    app.drafts().begin(id, person.session, draft, app.now());
    Ok(see_other(&(to + watched(&typed).query())))
}

/// The form again, with all but the password.
pub(super) async fn again(State(app): State<App>, opened: Opened) -> Result<Response, Problem> {
    let typed = {
        let draft = opened.draft();
        Typed {
            address: draft.address.clone(),
            user: draft.user.clone(),
            server: draft.server.clone(),
            ..typed_nothing()
        }
    };
    let page = form(&app, opened.person.clone(), Some(&opened), &typed, None).await?;
    Ok(Page::new(page).into_response())
}

/// Another address, or another password: what was found out for the old ones is forgotten.
pub(super) async fn change(
    State(app): State<App>,
    opened: Opened,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let taken = take(&app, &opened.person, &mut opened.draft(), &typed);
    if let Err(wrong) = taken {
        let page = form(
            &app,
            opened.person.clone(),
            Some(&opened),
            &typed,
            Some(wrong),
        )
        .await?;
        return Ok(refused(page));
    }
    Ok(see_other(
        &(opened.at(Step::Server) + watched(&typed).query()),
    ))
}

fn take(app: &App, person: &Person, draft: &mut Draft, typed: &Typed) -> Result<(), Wrong> {
    let address = typed.address.trim();
    let (user, server) = (typed.user.trim(), typed.server.trim());
    if !server.is_empty() {
        ServerSpec::parse(server, None).map_err(|why| Wrong::new("server", in_a_sentence(&why)))?;
    }
    // Who names server and user needs no address.
    let is_address = address
        .rsplit_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if !is_address && (server.is_empty() || user.is_empty() && address.is_empty()) {
        let what = "This is no mail address. One looks like alice@example.org.";
        return Err(Wrong::new("address", what));
    }
    let is_kept = typed.password.0.expose().is_empty() && !draft.password.expose().is_empty();
    if !is_kept {
        inhaul_manage::check_remote_password(&typed.password.0)
            .map_err(|refused| Wrong::new("password", refused.to_string()))?;
    }
    let is_same =
        is_kept && draft.address == address && draft.user == user && draft.server == server;
    if is_same && (draft.search.is_some() || draft.way.is_some()) {
        return Ok(());
    }
    if !is_kept {
        draft.password = typed.password.0.clone();
    }
    (draft.way, draft.trial) = (None, None);
    draft.address = address.to_owned();
    draft.user = user.to_owned();
    draft.server = server.to_owned();
    draft.search = match server.is_empty() {
        true => {
            let for_person = person.actor().person();
            Some(Search::start(app, address.to_owned(), for_person))
        }
        false => {
            draft.way = server::typed_at_first(&TypedWay {
                host: server.to_owned(),
                user: if user.is_empty() { address } else { user }.to_owned(),
                ..TypedWay::default()
            });
            None
        }
    };
    Ok(())
}

async fn form(
    app: &App,
    person: Person,
    opened: Option<&Opened>,
    typed: &Typed,
    error: Option<Wrong>,
) -> Result<AddressPage, Problem> {
    let actor = person.actor();
    app.manage().check_place(&actor).await?;
    let rights = app.manage().rights(&actor).await?;
    Ok(AddressPage {
        shell: person.shell,
        title: "Add a mailbox",
        steps: opened.map_or_else(Steps::first, |opened| opened.steps(Step::Address)),
        to: opened.map_or_else(
            || "/retrievals/add".to_owned(),
            |opened| opened.at(Step::Address),
        ),
        cancel: opened.map(|opened| opened.at(Step::Address) + "/cancel"),
        address: typed.address.clone(),
        user: typed.user.clone(),
        server: typed.server.clone(),
        has_password: opened.is_some_and(|opened| !opened.draft().password.expose().is_empty()),
        places: rights.places_words(),
        error,
    })
}

fn refused(page: AddressPage) -> Response {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Page::new(page).with_status(status).into_response()
}

fn watched(typed: &Typed) -> Watched {
    Watched {
        live: typed.live.clone(),
    }
}

fn typed_nothing() -> Typed {
    Typed {
        address: String::new(),
        password: Password(Secret::new(String::new())),
        user: String::new(),
        server: String::new(),
        live: String::new(),
    }
}
