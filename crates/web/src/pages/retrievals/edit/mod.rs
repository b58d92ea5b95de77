//! Changing a mailbox: the same five subjects on one page (UX 2.10).
//!
//! A password is never shown again. Another way to the mailbox needs it once more, and is tested
//! before it is saved.

mod page;
mod save;
mod typed;

use axum::Router;
use axum::routing::get;

use crate::app::App;

/// `/retrievals/ID/edit`.
pub(super) fn routes() -> Router<App> {
    let both = get(page::page).post(save::save);
    Router::new().route("/retrievals/{id}/edit", both)
}

#[cfg(test)]
mod tests;
