//! The newest lines for a script that asks again and again, where a proxy holds the stream back
//! (UX 2.3).

use askama::Template as _;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::asked::Asked;
use super::follow::From;
use super::page::{Row, names};
use crate::app::App;
use crate::request::Administrator;

/// What was written behind a line.
#[derive(Debug, Serialize)]
struct News {
    /// The number of the newest line of these, or the one that was asked with.
    last: u64,
    /// Rows of the table, oldest first.
    lines: Vec<String>,
    /// Whether others may have gone by unseen.
    missed: bool,
}

/// The lines behind `after`.
pub(crate) async fn news(
    State(app): State<App>,
    Administrator(_): Administrator,
    Query(asked): Query<Asked>,
    Query(from): Query<From>,
) -> Response {
    let after = from.after.unwrap_or(0);
    let page = app.installation().log(&asked.filter(), MOST);
    let is_full = page.has_older && page.lines.first().is_some_and(|line| line.seq > after);
    let new: Vec<_> = page
        .lines
        .into_iter()
        .filter(|line| line.seq > after)
        .collect();
    let names = names(&app, &new);
    let news = News {
        last: new.last().map_or(after, |line| line.seq),
        missed: is_full,
        lines: new
            .into_iter()
            .map(|line| Row::of(line, &names).render().unwrap_or_default())
            .collect(),
    };
    ([(CACHE_CONTROL, "no-store")], Json(news)).into_response()
}

/// Lines in one answer: a second of a busy server.
const MOST: usize = 1_000;
