//! How the installation is set (UX 2.18): what its files say and where, notices, API keys, the
//! doctor. Files are changed where they are; nothing here writes them.

mod doctor;
mod keys;
mod licences;
mod notices;
mod outside;
mod page;
mod words;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

/// `/manage/settings` and what belongs to it.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/manage/settings", get(page::page))
        .route("/manage/settings/doctor", get(doctor::page))
        .route("/manage/settings/licences", get(licences::page))
        .route("/manage/settings/outside", post(outside::test))
        .route("/manage/notices", get(notices::section))
        .route("/manage/notices/test", post(notices::test))
        .route("/manage/keys", post(keys::make))
        .route("/manage/keys/{id}/remove", post(keys::remove))
}
