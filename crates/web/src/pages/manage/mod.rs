//! What administrators see and set (UX 2.12 to 2.19).

pub(crate) mod catch_all;
mod overview;

use axum::Router;
use axum::routing::get;

use crate::app::App;

/// `/manage` and below.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/manage", get(overview::overview))
        .merge(catch_all::routes())
}
