//! What somebody sets for themselves: look, times, password, whom they trust, sessions.

#[cfg(test)]
mod tests;
pub(crate) mod time_zone;
pub(crate) mod trusted;

use std::collections::BTreeMap;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use inhaul_manage::Refused;
use inhaul_store::{Preferences, Session, Theme, TrustedSender};
use serde::Deserialize;

use super::sign_in;
use crate::app::App;
use crate::look::time::{When, ago, at, day};
use crate::look::zone;
use crate::request::{Password, Person};
use crate::response::{Page, Problem, Shell, see_other};

/// A new password.
#[derive(Deserialize)]
pub(crate) struct Passwords {
    old: Password,
    new: Password,
}

/// How pages look and listen.
#[derive(Deserialize)]
pub(crate) struct Look {
    theme: String,
    #[serde(default)]
    shortcuts: bool,
}

#[derive(Template)]
#[template(path = "preferences.html")]
struct PreferencesPage<'a> {
    shell: Shell,
    title: &'a str,
    preferences: Preferences,
    sessions: Vec<Row>,
    error: Option<(&'static str, String)>,
    themes: [(Theme, &'static str); 3],
    zones: BTreeMap<&'static str, Vec<(&'static str, String)>>,
    trusted: Vec<Trusted>,
}

/// A sender whose pictures are shown.
struct Trusted {
    address: String,
    since: When,
}

/// A session, for its owner.
struct Row {
    is_this: bool,
    address: String,
    agent: String,
    began: When,
    last_seen: When,
}

/// All of it.
pub(crate) async fn page(State(app): State<App>, person: Person) -> Result<Response, Problem> {
    let page = show(&app, person, None).await?;
    Ok(Page::new(page).into_response())
}

/// A new password ends every other session.
pub(crate) async fn password(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
    Form(typed): Form<Passwords>,
) -> Result<Response, Problem> {
    let refused = async |field, what: String| {
        let page = show(&app, person.clone(), Some((field, what))).await?;
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Ok(Page::new(page).with_status(status).into_response())
    };
    let address = person.caller.address;
    if app
        .door()
        .admit(&person.account.name, &typed.old.0, address)
        .await
        .is_err()
    {
        return refused("old", "That is not your password now.".into()).await;
    }
    let changed = app
        .manage()
        .own_password(&person.actor(), typed.new.0)
        .await;
    match changed {
        Err(why @ Refused::Invalid { .. }) => return refused("new", why.to_string()).await,
        changed => changed?,
    }
    let mut response = see_other("/preferences");
    sign_in::begin(
        &app,
        &person.caller,
        &headers,
        &person.account,
        false,
        &mut response,
    )
    .await?;
    Ok(response)
}

/// Theme and keys.
pub(crate) async fn look(
    State(app): State<App>,
    person: Person,
    Form(typed): Form<Look>,
) -> Result<Response, Problem> {
    let visitors = app.store().visitors();
    let preferences = Preferences {
        theme: typed.theme.parse().unwrap_or_default(),
        shortcuts: typed.shortcuts,
        ..visitors.preferences(person.id()).await?
    };
    visitors.set_preferences(person.id(), preferences).await?;
    Ok(see_other("/preferences"))
}

/// Signs out everywhere else.
pub(crate) async fn end_sessions(
    State(app): State<App>,
    person: Person,
) -> Result<Response, Problem> {
    let visitors = app.store().visitors();
    visitors
        .session_end_all(person.id(), Some(person.session))
        .await?;
    Ok(see_other("/preferences"))
}

async fn show<'a>(
    app: &App,
    person: Person,
    error: Option<(&'static str, String)>,
) -> Result<PreferencesPage<'a>, Problem> {
    let visitors = app.store().visitors();
    let now = app.now();
    let sessions = visitors.session_list(person.id()).await?;
    let row = |session: Session| Row {
        is_this: session.token == person.session,
        address: session
            .address
            .map_or_else(String::new, |address| address.to_string()),
        agent: session.agent,
        began: at(session.began, now),
        last_seen: ago(session.last_seen, now),
    };
    let trusted = |sender: TrustedSender| Trusted {
        address: sender.address,
        since: day(sender.since, now),
    };
    let senders = visitors.trusted_senders(person.id()).await?;
    Ok(PreferencesPage {
        trusted: senders.into_iter().map(trusted).collect(),
        zones: zone::names(),
        preferences: visitors.preferences(person.id()).await?,
        sessions: sessions.into_iter().map(row).collect(),
        shell: person.shell,
        title: "Preferences",
        error,
        themes: [
            (Theme::System, "System"),
            (Theme::Light, "Light"),
            (Theme::Dark, "Dark"),
        ],
    })
}
