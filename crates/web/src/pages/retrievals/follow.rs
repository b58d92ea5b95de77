//! The conversation with a server while it goes on: server-sent events, or one look for whoever a
//! proxy keeps from hearing them (UX 2.3, 2.16).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State as Of};
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, StreamExt as _};
use inhaul_store::StoreError;
use inhaul_types::{RetrievalId, RunId};
use serde_json::{Value, json};
use tokio::time::{Instant, Interval, interval, interval_at};

use super::looker::{Looker, Looks};
use crate::app::App;
use crate::response::Problem;
use crate::runs::{EventKind, Events, Heard};

/// What was said, of the run that goes on or of the last one.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Said {
    run: RunId,
    text: Arc<str>,
    goes_on: bool,
}

/// The stream, for a browser that takes events; for any other what was said by now. It ends with
/// the service, and when whoever listens is signed out or sees the retrieval no more.
pub(crate) async fn said<L: Looks>(
    Of(app): Of<App>,
    looks: L,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let looker = looks.looker();
    let id = looker.state(&app, &id).await?.row.id;
    let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    if !accepts.unwrap_or_default().contains(EVENT_STREAM) {
        let said = look(&app, id).await?;
        let said = said.map_or(Value::Null, |said| said.data());
        let headers = [
            (CONTENT_TYPE, "application/json"),
            (CACHE_CONTROL, "no-store"),
        ];
        return Ok((headers, said.to_string()).into_response());
    }
    let listener = Listener {
        events: app.runs().subscribe(),
        looks: interval(BETWEEN_LOOKS),
        checks: interval_at(Instant::now() + BETWEEN_COMMENTS, BETWEEN_COMMENTS),
        app,
        looker,
        id,
        told: None,
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
    looker: Looker,
    id: RetrievalId,
    told: Option<Said>,
    events: Events,
    looks: Interval,
    checks: Interval,
}

impl Listener {
    /// What comes next; `None` when nothing more does.
    async fn next(&mut self) -> Option<String> {
        loop {
            let said = tokio::select! {
                // Whoever is signed out hears no more than a tick of it.
                biased;
                _ = self.checks.tick() => {
                    let may = may_listen(&self.app, &self.looker, self.id).await;
                    return may.then(|| STILL_HERE.to_owned());
                }
                // A run may begin and end between two looks.
                heard = self.events.next() => match heard? {
                    Heard::Event(event) if event.retrieval == self.id => match event.kind {
                        EventKind::Ended { ended, .. } => of_run(&self.app, ended.run).await,
                        _ => continue,
                    },
                    Heard::Event(_) => continue,
                    Heard::Missed(_) => look(&self.app, self.id).await,
                },
                _ = self.looks.tick() => match overheard(&self.app, self.id) {
                    Some(said) => Ok(Some(said)),
                    None if self.told.is_none() => look(&self.app, self.id).await,
                    None => continue,
                },
            };
            let said = said.ok()?;
            if said.is_some() && said != self.told {
                self.told = said;
                return self.told.as_ref().map(Said::event);
            }
        }
    }
}

/// They are signed in still, and see the retrieval.
async fn may_listen(app: &App, looker: &Looker, id: RetrievalId) -> bool {
    let visitors = app.store().visitors();
    let session = visitors.session_find(&looker.person.session).await;
    session.is_ok_and(|found| found.is_some()) && looker.state(app, &id.to_string()).await.is_ok()
}

impl Said {
    fn data(&self) -> Value {
        json!({ "run": self.run.row(), "text": &*self.text, "goes_on": self.goes_on })
    }

    fn event(&self) -> String {
        // JSON on one line: no line of it can end the event.
        format!("event: said\ndata: {}\n\n", self.data())
    }
}

/// What was said by now, or else in the last run of which that is kept.
async fn look(app: &App, id: RetrievalId) -> Result<Option<Said>, StoreError> {
    if let Some(said) = overheard(app, id) {
        return Ok(Some(said));
    }
    let runs = app.store().run_list(id, 1).await?;
    of_run(app, runs.first().map(|run| run.id)).await
}

fn overheard(app: &App, id: RetrievalId) -> Option<Said> {
    let (run, text) = app.runs().overheard(id)?;
    Some(Said {
        run,
        text,
        goes_on: true,
    })
}

/// What was said in a run that has ended.
async fn of_run(app: &App, run: Option<RunId>) -> Result<Option<Said>, StoreError> {
    let Some(run) = run else { return Ok(None) };
    let said = app.store().run_conversation(run).await?;
    Ok(said.map(|text| Said {
        run,
        text: text.into(),
        goes_on: false,
    }))
}

const EVENT_STREAM: &str = "text/event-stream";
/// Said at once, so that a browser knows that it hears.
const CONNECTED: &str = ": connected\n\nevent: here\ndata: {}\n\n";
const STILL_HERE: &str = ": still here\n\n";

/// What is said is asked for so often.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// Proxies end a line on which nothing is said.
const BETWEEN_COMMENTS: Duration = Duration::from_secs(15);

const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
