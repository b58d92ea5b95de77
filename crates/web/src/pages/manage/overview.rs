//! Whether everything works, at a look (UX 2.12).

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use inhaul_domain::standing::Standing;

use crate::app::App;
use crate::request::Administrator;
use crate::response::{Page, Shell};

#[derive(Template)]
#[template(path = "manage/overview.html")]
struct Overview {
    shell: Shell,
    title: String,
    working: usize,
    all: usize,
}

/// The page.
pub(crate) async fn overview(
    State(app): State<App>,
    Administrator(person): Administrator,
) -> Response {
    let now = app.now();
    let states = app.runs().states();
    let works = |standing| !matches!(standing, Standing::NeedsYou | Standing::Failing);
    let working = states
        .iter()
        .filter(|state| works(state.standing(now)))
        .count();
    let page = Overview {
        title: match person.shell.need_someone {
            0 => "Manage".to_owned(),
            more => format!("{more} need attention"),
        },
        shell: person.shell,
        working,
        all: states.len(),
    };
    Page::new(page).into_response()
}
