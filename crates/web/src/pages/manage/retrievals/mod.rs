//! All retrievals (UX 2.15): found, filtered, checked and paused many at a time.

mod bulk;
mod filter;
mod list;
mod told;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

/// The list and what is done with it.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/manage/retrievals", get(list::list))
        .route("/manage/retrievals/bulk", post(bulk::bulk))
}
