//! What an error code means and what to do, whoever asks (UX 2.11); and what an address without a
//! page says.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use inhaul_types::{Card, ErrorCode};

use crate::app::App;
use crate::request::Person;
use crate::response::{Page, Problem, Shell};

#[derive(Template)]
#[template(path = "help.html")]
struct Help<'a> {
    shell: Shell,
    title: &'a str,
    card: &'a Card,
}

/// A code's card, of which nothing particular is known.
pub(crate) async fn code(
    State(app): State<App>,
    person: Result<Person, Problem>,
    Path(code): Path<String>,
) -> Result<Response, Problem> {
    let shell = shell(&app, person);
    let code: ErrorCode = code.parse().map_err(|_| Problem::not_found(&shell))?;
    let card = Card::new(code);
    let page = Help {
        title: &card.title,
        card: &card,
        shell,
    };
    Ok(Page::new(page).into_response())
}

/// No page has this address.
pub(crate) async fn nothing_here(
    State(app): State<App>,
    person: Result<Person, Problem>,
) -> Problem {
    Problem::not_found(&shell(&app, person))
}

/// What is around the page: for strangers, nothing.
fn shell(app: &App, person: Result<Person, Problem>) -> Shell {
    person.map_or_else(|_| Shell::outside(app), |person| person.shell)
}
