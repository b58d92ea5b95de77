//! Checks that somebody watches, and the streams that tell of them (UX 2.7).

use axum::Router;

use crate::app::App;

/// `/check` and below.
pub(crate) fn routes() -> Router<App> {
    Router::new()
}
