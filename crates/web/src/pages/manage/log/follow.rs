//! The log as it is written: server-sent events (UX 2.3).

use std::convert::Infallible;
use std::future::ready;
use std::time::Duration;

use askama::Template as _;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use inhaul_store::TokenHash;
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, Interval, interval_at};

use super::asked::Asked;
use super::page::{Row, names};
use crate::app::App;
use crate::install::LogNews;
use crate::request::Administrator;
use crate::response::Problem;

/// From where on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct From {
    /// The number of the last line that is known.
    pub(super) after: Option<u64>,
}

/// The lines behind the last one that was shown or heard (`Last-Event-ID`). It ends with the service,
/// and when whoever listens is signed out or manages the installation no more.
pub(crate) async fn follow(
    State(app): State<App>,
    Administrator(person): Administrator,
    Query(asked): Query<Asked>,
    Query(from): Query<From>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let heard = headers.get(LAST_EVENT_ID);
    let heard = heard.and_then(|id| id.to_str().ok()?.parse().ok());
    let after = heard.or(from.after);
    // What happens to retrievals is told until the service ends.
    let ended = app.runs().subscribe().for_each(|_| ready(()));
    let news = app.installation().follow_log(asked.filter(), after);
    let listener = Listener {
        session: person.session,
        news: news.take_until(Box::pin(ended)).boxed(),
        ticks: interval_at(Instant::now() + BETWEEN_COMMENTS, BETWEEN_COMMENTS),
        app,
    };
    let hello = stream::iter([CONNECTED.to_owned()]);
    let rest = stream::unfold(listener, |mut listener| async move {
        let text = listener.next().await?;
        Some((text, listener))
    });
    let body = Body::from_stream(hello.chain(rest).map(Ok::<_, Infallible>));
    let headers = [
        (CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (CACHE_CONTROL, "no-cache, no-transform"),
        (BUFFERING, "no"),
    ];
    Ok((headers, body).into_response())
}

/// Somebody who listens.
struct Listener {
    app: App,
    session: TokenHash,
    news: BoxStream<'static, LogNews>,
    ticks: Interval,
}

impl Listener {
    /// What comes next; `None` when nothing more does.
    async fn next(&mut self) -> Option<String> {
        tokio::select! {
            // However much is written, whoever is signed out hears no more than a tick of it.
            biased;
            _ = self.ticks.tick() => {
                let session = self.app.store().visitors().session_find(&self.session).await;
                let is_in = session.is_ok_and(|found| found.is_some_and(|session| session.account.admin));
                is_in.then(|| STILL_HERE.to_owned())
            }
            news = self.news.next() => Some(self.text(news?)),
        }
    }

    fn text(&self, news: LogNews) -> String {
        match news {
            LogNews::Missed(missed) => format!("event: missed\ndata: {missed}\n\n"),
            LogNews::Line(line) => {
                let seq = line.seq;
                let names = names(&self.app, [&line]);
                let html = Row::of(line, &names).render();
                // JSON on one line: no line of it can end the event.
                let data = json!({ "html": html.unwrap_or_default() });
                format!("id: {seq}\nevent: line\ndata: {data}\n\n")
            }
        }
    }
}

/// A comment to begin with, and an event: a script that hears none knows that a proxy holds the
/// stream back.
const CONNECTED: &str = ": connected\n\nevent: hello\ndata: {}\n\n";
const STILL_HERE: &str = ": still here\n\n";

/// Proxies end a line on which nothing is said.
const BETWEEN_COMMENTS: Duration = Duration::from_secs(15);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
