//! Groups (UX 2.14): what may start checks, limits, what people may decide.

mod form;
mod list;
mod page;

use axum::Router;
use axum::routing::{get, post};
use inhaul_types::GroupId;

use super::number;
use crate::app::App;
use crate::response::{Problem, Shell};

/// `/manage/groups` and below.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/manage/groups", get(list::list).post(list::add))
        .route("/manage/groups/{id}", get(page::page).post(page::change))
        .route("/manage/groups/{id}/remove", post(page::remove))
}

fn group_id(text: &str, shell: &Shell) -> Result<GroupId, Problem> {
    number(text, shell).map(GroupId::new)
}
