//! Changing a mailbox: the same five subjects on one page (UX 2.10).

use axum::Router;

use crate::app::App;

/// `/retrievals/ID/edit`.
pub(super) fn routes() -> Router<App> {
    Router::new()
}
