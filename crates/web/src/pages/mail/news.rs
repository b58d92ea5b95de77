//! Says when mail comes and goes, so that an open list stays true: server-sent events (UX 2.3).

use std::convert::Infallible;
use std::fmt::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, StreamExt as _};
use inhaul_store::{Folder, NewMail, News, TokenHash};
use inhaul_types::AccountId;
use sha2::{Digest as _, Sha256};
use tokio::time::{Instant, Interval, interval_at, sleep};

use crate::app::App;
use crate::request::Person;
use crate::response::Problem;

/// A word that is another one when mail came, went or was read.
pub(super) fn state_of(folders: &[Folder]) -> String {
    let mut all = Sha256::new();
    for folder in folders {
        let (id, next) = (folder.id.row(), u64::from(folder.uid_next.number()));
        all.update(id.to_be_bytes());
        all.update(folder.name.as_bytes());
        for number in [next, folder.messages, folder.unseen] {
            all.update(number.to_be_bytes());
        }
    }
    let mut state = String::new();
    for octet in &all.finalize()[..8] {
        write!(state, "{octet:02x}").expect("a String takes everything");
    }
    state
}

/// The word as it is now, for a script that hears no stream.
pub(super) async fn state(State(app): State<App>, person: Person) -> Result<Response, Problem> {
    let folders = app.store().folder_list(person.id()).await?;
    Ok(([(CACHE_CONTROL, "no-store")], state_of(&folders)).into_response())
}

/// The word now and whenever it is another one. It ends with the service, and when whoever listens is
/// signed out.
pub(super) async fn events(State(app): State<App>, person: Person) -> Result<Response, Problem> {
    let listener = Listener {
        account: person.id(),
        session: person.session,
        news: app.store().records().subscribe(),
        ticks: interval_at(Instant::now() + BETWEEN_COMMENTS, BETWEEN_COMMENTS),
        told: None,
        is_due: true,
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
    account: AccountId,
    session: TokenHash,
    news: NewMail,
    ticks: Interval,
    told: Option<String>,
    /// Something may have changed.
    is_due: bool,
}

impl Listener {
    /// What comes next; `None` when nothing more does.
    async fn next(&mut self) -> Option<String> {
        loop {
            if std::mem::take(&mut self.is_due) {
                let folders = self.app.store().folder_list(self.account).await.ok()?;
                let state = state_of(&folders);
                if self.told.as_ref() != Some(&state) {
                    let event = format!("event: state\ndata: {state}\n\n");
                    self.told = Some(state);
                    return Some(event);
                }
            }
            tokio::select! {
                // However much comes, whoever is signed out hears no more than a tick of it.
                biased;
                _ = self.ticks.tick() => {
                    // What was read elsewhere is no news, and shows by now.
                    self.is_due = true;
                    let session = self.app.store().visitors().session_find(&self.session).await;
                    let is_in = session.is_ok_and(|found| found.is_some());
                    return is_in.then(|| STILL_HERE.to_owned());
                }
                news = self.news.next() => {
                    if self.is_ours(&news?) {
                        // More comes with it.
                        sleep(TOGETHER).await;
                        while self.news.try_next().is_some() {}
                        self.is_due = true;
                    }
                }
            }
        }
    }

    fn is_ours(&self, news: &News) -> bool {
        match news {
            News::Came(came) => came.account == self.account,
            News::Went(went) => went.account == self.account,
            News::Missed(_) => true,
        }
    }
}

/// A comment to begin with; the first word follows at once: a script that hears none knows that a
/// proxy holds the stream back.
const CONNECTED: &str = ": connected\n\n";
const STILL_HERE: &str = ": still here\n\n";

/// What comes within it is told once.
const TOGETHER: Duration = Duration::from_millis(200);

/// Proxies end a line on which nothing is said.
const BETWEEN_COMMENTS: Duration = Duration::from_secs(15);

const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
