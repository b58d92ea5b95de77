//! Every address there is, and what every answer carries.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use tokio::time::timeout;

use crate::api::ApiProblem;
use crate::app::App;
use crate::look::zone;
use crate::pages::{
    demo, help, live_progress, mail, manage, not_now, preferences, retrievals, set_up, sign_in,
    welcome,
};
use crate::request::{Caller, origin, peer, size};
use crate::response::{Problem, Shell, packing};
use crate::serve::Refusal;
use crate::{api, assets, live};

/// All of it.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .merge(pages())
        .merge(live::routes())
        .merge(mail::routes())
        .merge(retrievals::routes())
        .merge(manage::routes())
        .merge(api::routes())
        .merge(demo::routes())
        .route("/assets/{version}/{name}", get(assets::asset))
        .fallback(help::nothing_here)
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(app.clone(), size::check))
        .layer(from_fn_with_state(app.clone(), origin::check))
        .layer(from_fn_with_state(app.clone(), in_time))
        .layer(from_fn_with_state(app.clone(), peer::learn))
        .layer(from_fn(zone::within))
        .layer(from_fn(packing::pack))
        .layer(from_fn(with_headers))
        .with_state(app)
}

fn pages() -> Router<App> {
    Router::new()
        .route("/not-now", post(not_now::not_now))
        .route("/setup", get(set_up::page).post(set_up::make))
        .route("/setup/next", get(set_up::next))
        .route("/setup/sample", post(set_up::sample))
        .route("/sign-in", get(sign_in::page).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/welcome", get(welcome::page).post(welcome::come_in))
        .route("/help/live-progress", get(live_progress::page))
        .route("/help/{code}", get(help::code))
        .route("/preferences", get(preferences::page))
        .route("/preferences/password", post(preferences::password))
        .route("/preferences/look", post(preferences::look))
        .route(
            "/preferences/time-zone",
            post(preferences::time_zone::choose),
        )
        .route(
            "/preferences/trusted/remove",
            post(preferences::trusted::remove),
        )
        .route("/preferences/sessions/end", post(preferences::end_sessions))
}

/// A request that trickles in ends some time.
async fn in_time(State(app): State<App>, caller: Caller, request: Request, next: Next) -> Response {
    let is_for_programs = api::is_for_programs(&request);
    if let Ok(response) = timeout(REQUEST_PATIENCE, next.run(request)).await {
        return response;
    }
    app.refusals().note(Refusal::SlowRequest, caller.address);
    match is_for_programs {
        true => ApiProblem::too_slow().into_response(),
        false => {
            let what = "That took too long. Try again.";
            let status = StatusCode::REQUEST_TIMEOUT;
            Problem::told(status, "No answer in time", what, &Shell::default()).into_response()
        }
    }
}

/// What every answer carries (UX 2.3).
async fn with_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (OPENER_POLICY, "same-origin"),
        (RESOURCE_POLICY, "same-origin"),
    ] {
        // A message's body has a policy of its own.
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; frame-src 'self'; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types inhaul";
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// For a request, its body and our answer's head: longer than any test of a mailbox takes.
pub(crate) const REQUEST_PATIENCE: Duration = Duration::from_secs(150);
