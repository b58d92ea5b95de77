//! Adding a mailbox in five steps; back works, and nothing is saved before the end (UX 2.9).
//!
//! Each step is a form whose answer leads to the next. What was typed waits in memory, in a
//! [`Drafts`], addressed by a random id; a password that is in it goes to the remote server only.

mod address;
pub(super) mod copies;
mod draft;
mod drafts;
mod job;
mod opened;
pub(super) mod place;
mod save;
mod search;
mod server;
mod steps;
pub(super) mod test;
pub(super) mod trial;
pub(super) mod way;
pub(super) mod wrong;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use crate::app::App;
use crate::response::see_other;

pub(crate) use drafts::Drafts;
use opened::Opened;

/// `/retrievals/add` and below.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/retrievals/add", get(address::page).post(address::begin))
        .route(
            "/retrievals/add/{draft}",
            get(address::again).post(address::change),
        )
        .route(
            "/retrievals/add/{draft}/server",
            get(server::page).post(server::choose),
        )
        .route("/retrievals/add/{draft}/server/state", get(server::state))
        .route(
            "/retrievals/add/{draft}/test",
            get(test::page).post(test::again),
        )
        .route("/retrievals/add/{draft}/test/state", get(test::state))
        .route(
            "/retrievals/add/{draft}/where",
            get(place::page).post(place::choose),
        )
        .route(
            "/retrievals/add/{draft}/copy",
            get(copies::page).post(copies::choose),
        )
        .route("/retrievals/add/{draft}/paused", post(save::paused))
        .route("/retrievals/add/{draft}/cancel", post(cancel))
}

/// Nothing of it stays.
async fn cancel(State(app): State<App>, opened: Opened) -> Response {
    app.drafts().end(opened.id());
    see_other("/retrievals")
}

/// Whether the script watches what goes on. Without it a page is shown when there is all to show.
#[derive(Debug, Default, Deserialize)]
struct Watched {
    #[serde(default)]
    live: String,
}

/// On the last piece of what the script watches.
const DONE: axum::http::HeaderName = axum::http::HeaderName::from_static("x-inhaul-done");

impl Watched {
    fn is_live(&self) -> bool {
        self.live == "1"
    }

    /// What the next page's address ends with.
    fn query(&self) -> &'static str {
        match self.is_live() {
            true => "?live=1",
            false => "",
        }
    }
}

#[cfg(test)]
mod tests;
