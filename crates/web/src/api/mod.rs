//! The REST API (UX 6.1): the same functions as the pages, as data.
//!
//! [`ROUTES`] says what there is; router, OpenAPI document and `docs/api.md` are made of it. A request
//! says whose it is (`caller`), is read (`typed`), does one thing through the management room or
//! through whoever runs retrievals, and is answered with a `Document` or an [`ApiProblem`].
//!
//! The table is ours and no macro's: `utoipa` describes handlers and builds no router, so the two
//! could disagree, and it has to be told of each type of the rooms below.

mod accounts;
mod api_keys;
mod audit;
mod caller;
mod catch_all;
mod check;
mod detect;
mod document;
mod groups;
mod limits;
mod log;
mod messages;
mod moment;
mod openapi;
mod problem;
mod retrievals;
mod route;
mod schema;
mod status;
#[cfg(test)]
mod tests;
mod typed;
mod wrong_keys;

use axum::Router;
use axum::extract::Request;
use axum::routing::any;

use crate::app::App;
use route::{BASE, Route};

pub(crate) use caller::ApiCaller;
pub(crate) use problem::ApiProblem;
pub(crate) use wrong_keys::WrongKeys;

/// All there is.
fn all() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().copied().flatten()
}

const ROUTES: &[&[Route]] = &[
    check::ROUTES,
    retrievals::ROUTES,
    detect::ROUTES,
    catch_all::ROUTES,
    messages::ROUTES,
    status::ROUTES,
    accounts::ROUTES,
    groups::ROUTES,
    api_keys::ROUTES,
    audit::ROUTES,
    log::ROUTES,
    openapi::ROUTES,
];

/// Everything below `/api/v1`.
pub(crate) fn routes() -> Router<App> {
    let router = all().fold(Router::new(), |router, route| route.add_to(router));
    router
        .method_not_allowed_fallback(async || ApiProblem::wrong_method())
        .route(
            &format!("{BASE}/{{*rest}}"),
            any(async || ApiProblem::not_found()),
        )
}

/// Whether a program asks, which is told of problems as data.
pub(crate) fn is_for_programs(request: &Request) -> bool {
    request.uri().path().starts_with("/api/")
}
