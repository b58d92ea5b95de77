//! A person's retrievals (UX 2.8 to 2.10, 2.16).

use axum::Router;

use crate::app::App;

/// `/retrievals` and below.
pub(crate) fn routes() -> Router<App> {
    Router::new()
}
