//! The live stream of a check: server-sent events (UX 2.7).

use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::check::{Check, CheckId, Told};
use crate::api::{ApiCaller, ApiProblem};
use crate::app::App;

/// What happens to a check, as it happens. A browser that was cut off says what it heard last
/// (`Last-Event-ID`) and hears the rest.
pub(crate) async fn events(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiProblem> {
    let found = app
        .checks()
        .find(&CheckId::shown(id), caller.id(), app.now());
    let check = found.ok_or_else(ApiProblem::not_found)?;
    let heard = headers.get(LAST_EVENT_ID);
    let heard = heard.and_then(|id| id.to_str().ok()?.parse().ok());
    Ok(respond(check, heard.unwrap_or(0)))
}

/// The stream behind what was heard already. Where nothing more is to come, a browser is told not to
/// ask again.
pub(super) fn respond(check: Arc<Check>, heard: u64) -> Response {
    if heard > 0 && check.told_behind(heard) == (Vec::new(), true) {
        return StatusCode::NO_CONTENT.into_response();
    }
    let telling = Telling {
        told: check.listen(),
        check,
        heard,
    };
    let hello = stream::iter([CONNECTED.to_owned()]);
    let rest = stream::unfold(telling, |mut telling| async move {
        let text = telling.next().await?;
        Some((text, telling))
    });
    use futures_util::StreamExt as _;
    let body = Body::from_stream(hello.chain(rest).map(Ok::<_, Infallible>));
    let headers = [
        (CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (CACHE_CONTROL, "no-cache, no-transform"),
        (BUFFERING, "no"),
    ];
    (headers, body).into_response()
}

/// Somebody who listens.
struct Telling {
    check: Arc<Check>,
    heard: u64,
    told: watch::Receiver<u64>,
}

impl Telling {
    /// What comes next; `None` when nothing more does.
    async fn next(&mut self) -> Option<String> {
        loop {
            self.told.mark_unchanged();
            let (told, is_over) = self.check.told_behind(self.heard);
            if let Some(last) = told.last() {
                self.heard = last.id;
                return Some(told.iter().map(text).collect());
            }
            if is_over {
                return None;
            }
            match timeout(BETWEEN_COMMENTS, self.told.changed()).await {
                Ok(changed) => changed.ok()?,
                Err(_) => return Some(STILL_HERE.to_owned()),
            }
        }
    }
}

fn text(told: &Told) -> String {
    let mut text = String::new();
    // JSON on one line: no line of it can end the event.
    let (id, event, data) = (told.id, told.event.as_str(), &told.data);
    write!(text, "id: {id}\nevent: {event}\ndata: {data}\n\n").expect("a String takes everything");
    text
}

const CONNECTED: &str = ": connected\n\n";
const STILL_HERE: &str = ": still here\n\n";

/// Proxies end a line on which nothing is said.
const BETWEEN_COMMENTS: Duration = Duration::from_secs(15);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
