//! What the program is made of, and under which licences.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::install::Licence;
use crate::request::Administrator;
use crate::response::{Page, Shell};

#[derive(Template)]
#[template(path = "manage/licences.html")]
struct LicencesPage {
    shell: Shell,
    title: &'static str,
    licences: Vec<Licence>,
}

/// The list, by name.
pub(crate) async fn page(State(app): State<App>, Administrator(person): Administrator) -> Response {
    let page = LicencesPage {
        shell: person.shell,
        title: "Licences",
        licences: app.installation().licences(),
    };
    Page::new(page).into_response()
}
