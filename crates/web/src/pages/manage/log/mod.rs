//! The server's log (UX 2.19): its newest lines, followed, saved.

mod asked;
mod follow;
mod news;
mod page;

use axum::Router;
use axum::routing::get;

use crate::app::App;

/// `/manage/log` and below.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/manage/log", get(page::page))
        .route("/manage/log/follow", get(follow::follow))
        .route("/manage/log/news", get(news::news))
        .route("/manage/log.txt", get(page::text))
        .route("/manage/log.jsonl", get(page::json_lines))
}
