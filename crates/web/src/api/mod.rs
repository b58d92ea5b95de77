//! The REST API (UX 6.1): the same functions as the pages, as data.

use axum::Router;

use crate::app::App;

/// Everything below `/api/v1`.
pub(crate) fn routes() -> Router<App> {
    Router::new()
}
