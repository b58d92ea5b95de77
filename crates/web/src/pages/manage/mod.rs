//! What administrators see and set (UX 2.12 to 2.19). For anybody else there is nothing here.

mod accounts;
mod asked;
mod audit;
pub(crate) mod catch_all;
mod csv;
mod groups;
mod limits;
mod overview;
mod retrievals;
#[cfg(test)]
mod tests;
mod trouble;
mod typed;

use axum::Router;
use axum::routing::{get, post};
use serde::Deserialize;

use crate::app::App;
use crate::response::{Problem, Shell};

/// `/manage` and below.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/manage", get(overview::overview))
        .route("/manage/check", post(overview::check))
        .merge(accounts::routes())
        .merge(catch_all::routes())
        .merge(groups::routes())
        .merge(retrievals::routes())
        .route("/manage/audit", get(audit::page))
        .route("/manage/audit.csv", get(audit::file))
}

/// A number in an address; anything else leads nowhere.
fn number(text: &str, shell: &Shell) -> Result<i64, Problem> {
    text.parse().map_err(|_| Problem::not_found(shell))
}

/// What was done before this page was shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Done {
    done: String,
}

impl Done {
    fn words(&self) -> Option<&'static str> {
        match self.done.as_str() {
            "saved" => Some("Saved."),
            "added" => Some("Added."),
            "removed" => Some("Removed."),
            "password" => Some("The password is set."),
            _ => None,
        }
    }
}
