//! A person's retrievals (UX 2.8 to 2.10, 2.16).

mod add;
mod edit;

use axum::Router;

use crate::app::App;

pub(crate) use add::Drafts;

/// `/retrievals` and below.
pub(crate) fn routes() -> Router<App> {
    Router::new().merge(add::routes()).merge(edit::routes())
}
