//! "Test from outside": whether the address that people type leads here.
//!
//! The visit comes from this machine, by the name, port and certificate that people meet. It asks
//! for a file whose address carries a digest: only this version of the program has it.

use axum::extract::State;
use axum::response::Response;

use super::page::{Shown, show};
use crate::app::App;
use crate::assets;
use crate::request::Administrator;
use crate::response::Problem;

/// Visits it, and says what became of that.
pub(crate) async fn test(
    State(app): State<App>,
    Administrator(person): Administrator,
) -> Result<Response, Problem> {
    let visited = app.installation().visit(&assets::address("icon.svg")).await;
    let shown = Shown {
        visited: Some(visited),
        ..Shown::default()
    };
    show(&app, person, shown).await
}
