//! Whether notices arrive.

use axum::extract::State;
use axum::response::Response;

use super::page::{Shown, show};
use crate::app::App;
use crate::request::Administrator;
use crate::response::{Problem, see_other};

/// They are a section of the settings.
pub(crate) async fn section(Administrator(_): Administrator) -> Response {
    see_other("/manage/settings#notify")
}

/// Sends a test by every way, and says what became of it.
pub(crate) async fn test(
    State(app): State<App>,
    Administrator(person): Administrator,
) -> Result<Response, Problem> {
    let shown = Shown {
        sent: Some(app.installation().send_test_notice().await),
        ..Shown::default()
    };
    show(&app, person, shown).await
}
