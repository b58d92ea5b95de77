//! Catch-alls (UX 2.17): the wizard that makes one, with a look at real headers before anything is
//! brought, and the pages of one that exists.
//!
//! The wizard is four steps over a [`draft::Draft`] in memory; nothing is saved before its end. The
//! headers are read once and kept in the draft, so a rule that changes sorts them again at once.
//! Whose an address is is decided by `domain::route`, as for a run. Start at [`routes`].

mod banner;
mod draft;
mod header;
mod kept;
mod looking;
mod mailbox;
mod preview;
mod rules;
mod save;
mod saved;
mod sorted;
#[cfg(test)]
mod tests;
mod typed;

use axum::routing::{get, post};
use axum::{Extension, Router};
use inhaul_store::Account;

use crate::app::App;
use crate::request::Administrator;
use crate::response::Problem;
use crate::sharing::places;
use draft::{Draft, Drafts};
use kept::Kept;

pub(crate) use banner::{Banner, Counted, banner};

/// `/manage/catch-all` and what a catch-all has below `/manage/retrievals/ID`.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(
            "/manage/catch-all/add",
            get(mailbox::page).post(mailbox::begin),
        )
        .route(
            "/manage/catch-all/add/{id}/mailbox",
            get(mailbox::again).post(mailbox::change),
        )
        .route(
            "/manage/catch-all/add/{id}/header",
            get(header::page).post(header::choose),
        )
        .route(
            "/manage/catch-all/add/{id}/rules",
            get(rules::page).post(rules::change),
        )
        .route(
            "/manage/catch-all/add/{id}/preview",
            get(preview::page).post(preview::change),
        )
        .route("/manage/catch-all/add/{id}/save", post(save::save))
        .route(
            "/manage/retrievals/{id}/rules",
            get(saved::rules::page).post(saved::rules::change),
        )
        .route(
            "/manage/retrievals/{id}/preview",
            get(saved::preview::page).post(saved::preview::change),
        )
        .route(
            "/manage/retrievals/{id}/sharing",
            get(saved::sharing::page).post(saved::sharing::change),
        )
        .layer(Extension(Drafts::default()))
        .layer(Extension(Kept::default()))
}

/// The address of a step of a draft.
fn step(id: &str, step: &str) -> String {
    format!("/manage/catch-all/add/{id}/{step}")
}

/// What this administrator typed so far.
fn open(app: &App, drafts: &Drafts, admin: &Administrator, id: &str) -> Result<Draft, Problem> {
    let account: &Account = &admin.0.account;
    let found = drafts.find(id, account.id, app.now());
    found.ok_or_else(|| {
        let status = axum::http::StatusCode::NOT_FOUND;
        Problem::told(status, "Begin again", GONE, &admin.0.shell)
    })
}

const GONE: &str = "What is typed for a new catch-all is kept for an hour, and until it is saved. This \
    is gone. Begin again under Manage, Retrievals.";
