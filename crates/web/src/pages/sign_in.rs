//! Signing in and out (UX 2.5).

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use inhaul_domain::spans::to_wait;
use inhaul_store::{Account, NewAudit, NewSession};
use serde::Deserialize;

use crate::app::App;
use crate::door::Denied;
use crate::live;
use crate::request::{Caller, Password, Person, Token, cookie};
use crate::response::{Page, Problem, Shell, see_other};

/// Where somebody wanted to go, and why they are here instead.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    to: String,
    #[serde(default)]
    why: String,
}

/// What was typed.
#[derive(Deserialize)]
pub(crate) struct Typed {
    name: String,
    password: Password,
    #[serde(default)]
    keep: bool,
    #[serde(default)]
    to: String,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    shell: Shell,
    title: &'a str,
    host: String,
    name: &'a str,
    to: &'a str,
    keep: bool,
    notice: Option<&'a str>,
    error: Option<String>,
    is_readable: bool,
}

/// The form.
pub(crate) async fn page(
    State(app): State<App>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    if !app.store().visitors().is_set_up().await? {
        return Ok(see_other("/setup"));
    }
    let form = SignIn {
        notice: (asked.why == "idle").then_some(IDLE),
        ..form(&app, &caller, "", &asked.to)
    };
    Ok(Page::new(form).into_response())
}

/// Name and password.
pub(crate) async fn sign_in(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let admitted = app
        .door()
        .admit(&typed.name, &typed.password.0, caller.address)
        .await;
    let account = match admitted {
        Ok(account) => account,
        Err(denied) => {
            let (status, words) = in_words(denied, &app);
            if matches!(denied, Denied::TooManyTries { until } if app.bars().is_new(until)) {
                audit_refusal(&app, &caller, &typed.name).await?;
            }
            let form = SignIn {
                error: Some(words),
                keep: typed.keep,
                ..form(&app, &caller, &typed.name, &typed.to)
            };
            return Ok(Page::new(form).with_status(status).into_response());
        }
    };
    let to = if is_ours(&typed.to) { &typed.to } else { "/" };
    let mut response = see_other(to);
    begin(&app, &caller, &headers, &account, typed.keep, &mut response).await?;
    Ok(response)
}

/// The session is over, here and in the browser.
pub(crate) async fn sign_out(State(app): State<App>, person: Person) -> Result<Response, Problem> {
    app.store().visitors().session_end(&person.session).await?;
    let mut response = see_other("/sign-in");
    let headers = response.headers_mut();
    headers.insert(SET_COOKIE, cookie::remove(&person.caller));
    Ok(response)
}

/// Begins a session with a token nobody has seen before, and what a sign-in starts.
pub(super) async fn begin(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    account: &Account,
    keep: bool,
    response: &mut Response,
) -> Result<(), Problem> {
    let token = Token::new().map_err(Problem::internal)?;
    let visitors = app.store().visitors();
    // Whatever session the browser brought is not this one's (session fixation).
    if let Some(brought) = cookie::token(headers, caller) {
        visitors.session_end(&brought.hash()).await?;
    }
    let agent = headers.get(axum::http::header::USER_AGENT);
    let agent = agent.and_then(|agent| agent.to_str().ok()).unwrap_or("");
    let session = NewSession {
        token: token.hash(),
        account: account.id,
        at: app.now(),
        kept: keep,
        address: Some(caller.address),
        agent: agent.chars().take(200).collect(),
    };
    visitors.session_begin(session).await?;
    let keep = keep.then(|| app.settings().kept);
    let cookie = cookie::set(&token, keep, caller);
    response.headers_mut().insert(SET_COOKIE, cookie);
    live::signed_in(app, account.id, caller.address).await;
    Ok(())
}

fn form<'a>(app: &App, caller: &Caller, name: &'a str, to: &'a str) -> SignIn<'a> {
    let (host, _) = caller.host.rsplit_once(':').unwrap_or((&caller.host, ""));
    SignIn {
        shell: Shell::outside(app),
        title: "Sign in",
        host: host.to_owned(),
        name,
        to: if is_ours(to) { to } else { "" },
        keep: false,
        notice: None,
        error: None,
        is_readable: caller.is_readable_by_others(),
    }
}

fn in_words(denied: Denied, app: &App) -> (StatusCode, String) {
    match denied {
        Denied::Wrong => (
            StatusCode::UNAUTHORIZED,
            "Name or password is not right.".to_owned(),
        ),
        Denied::TooManyTries { until } => {
            let wait = to_wait(until.since(app.now()));
            let text = format!("Too many tries. Wait {wait}, or ask an administrator.");
            (StatusCode::TOO_MANY_REQUESTS, text)
        }
        Denied::SwitchedOff { by_group } => {
            let what = if by_group { "group" } else { "account" };
            let text = format!("Your {what} is switched off. An administrator can switch it on.");
            (StatusCode::FORBIDDEN, text)
        }
        Denied::Unavailable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "This server cannot look the password up now. Try again in a minute.".to_owned(),
        ),
    }
}

/// The first that is refused by a bar: whoever goes on must not fill the audit.
async fn audit_refusal(app: &App, caller: &Caller, name: &str) -> Result<(), Problem> {
    let name: String = name.chars().take(NAME_SHOWN).collect();
    let audit = NewAudit {
        at: app.now(),
        actor: "-".into(),
        account: None,
        channel: format!("web {}", caller.address),
        action: "sign-in refused".into(),
        object: format!("for {name:?}, too many tries"),
        old: None,
        new: None,
    };
    app.store().records().audit_add(audit).await?;
    Ok(())
}

/// An address of ours, and nobody else's: `//evil.example` and `/\evil.example` are others'.
pub(crate) fn is_ours(to: &str) -> bool {
    let mut characters = to.chars();
    characters.next() == Some('/')
        && !matches!(characters.next(), Some('/' | '\\'))
        && !to.chars().any(char::is_control)
}

/// Letters of a name that somebody typed in vain: enough to know it by.
const NAME_SHOWN: usize = 64;

const IDLE: &str =
    "You were signed out after 30 minutes without activity. Sign in to go on where you were.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_ours_are_gone_on_to() {
        for (to, ours) in [
            ("/", true),
            ("/retrievals?x=1", true),
            ("", false),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("https://evil.example/", false),
            ("/a\r\nSet-Cookie: b", false),
        ] {
            assert_eq!(is_ours(to), ours, "{to}");
        }
    }
}
