//! One-time sign-in links: what an administrator hands to somebody new, and the demo's.

use std::time::Duration;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use inhaul_domain::spans::to_wait;
use inhaul_store::StoreError;
use serde::Deserialize;

use super::sign_in;
use crate::app::App;
use crate::request::{Caller, Token};
use crate::response::{Page, Problem, Shell, see_other};

/// The code of the link.
#[derive(Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    code: String,
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct Welcome<'a> {
    shell: Shell,
    title: &'a str,
    code: &'a str,
    error: Option<String>,
}

/// The script takes the code from behind the `#`, where no server and no log sees it; without script
/// a person types it.
pub(crate) async fn page(State(app): State<App>) -> Response {
    Page::new(form(&app, "", None)).into_response()
}

/// The link is used.
pub(crate) async fn come_in(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    if let Some(wait) = app.wrong_links().wait(caller.address, app.now()) {
        let page = form(&app, &typed.code, Some(too_many_links(wait)));
        return Ok(Page::new(page)
            .with_status(StatusCode::TOO_MANY_REQUESTS)
            .into_response());
    }
    let code = Token::shown(&typed.code).hash();
    let used = app.store().visitors().link_use(&code, app.now()).await?;
    let account = match used {
        Some(id) => match app.store().views().account_by_id(id).await {
            // Removed since.
            Err(StoreError::Missing { .. }) => None,
            found => Some(found?),
        },
        None => None,
    };
    let Some(account) = account.filter(|account| account.enabled) else {
        if app.wrong_links().count(caller.address, &code, app.now()) {
            tracing::warn!(address = %caller.address, "a sign-in link was refused");
        }
        let page = form(&app, &typed.code, Some(bad_link(&app).to_owned()));
        return Ok(Page::new(page)
            .with_status(StatusCode::FORBIDDEN)
            .into_response());
    };
    let mut response = see_other("/");
    sign_in::begin(&app, &caller, &headers, &account, false, &mut response).await?;
    Ok(response)
}

fn form<'a>(app: &App, code: &'a str, error: Option<String>) -> Welcome<'a> {
    Welcome {
        shell: Shell::outside(app),
        title: "Welcome",
        code,
        error,
    }
}

/// Whoever tries codes is not looked at for a while.
pub(super) fn too_many_links(wait: Duration) -> String {
    let wait = to_wait(wait);
    format!("Too many links that do not work came from your network address. Wait {wait}.")
}

fn bad_link(app: &App) -> &'static str {
    match app.settings().demo {
        true => BAD_DEMO_LINK,
        false => BAD_LINK,
    }
}

const BAD_DEMO_LINK: &str = "This link is used up. Type open where the demo runs to get a new one.";
const BAD_LINK: &str =
    "This link is used up, or too old. Ask an administrator for a new one, or sign in.";
