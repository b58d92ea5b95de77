//! "Test": signs in to a mailbox, says of each stage how it went, brings nothing (UX 2.9, step 3).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State as Of};
use axum::response::{IntoResponse as _, Response};
use inhaul_store::{Remote, Security};
use inhaul_types::{Card, RetrievalId};

use super::looker::Looks;
use super::words;
use crate::app::App;
use crate::look::{many, size};
use crate::response::{Page, Problem, Shell};
use crate::runs::{Found, Look, Stage};

#[derive(Template)]
#[template(path = "retrievals/trial.html")]
struct Trial {
    shell: Shell,
    title: String,
    base: &'static str,
    id: RetrievalId,
    name: String,
    lines: Vec<Line>,
    card: Option<Card>,
}

/// A stage that ended well.
struct Line {
    label: &'static str,
    what: String,
    took: String,
    is_warning: bool,
}

/// Takes the stages down.
struct Listener<'a> {
    remote: &'a Remote,
    lines: Mutex<Vec<Line>>,
}

/// Tests it, and shows how that went.
pub(crate) async fn page<L: Looks>(
    Of(app): Of<App>,
    looks: L,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let looker = looks.looker();
    let state = looker.state(&app, &id).await?;
    let row = &state.row;
    let secret = app.store().retrieval_secret(row.id).await?;
    let listener = Listener {
        remote: &row.remote,
        lines: Mutex::default(),
    };
    // What a person saved reaches what a person may, whoever tests it.
    let for_person = row.confined.then_some(row.account);
    let tested = app
        .runs()
        .inspect(row.remote.clone(), secret, for_person, &listener)
        .await;
    let lines = listener.lines.into_inner();
    let page = Trial {
        title: format!("Test of {}", row.name),
        base: looker.base,
        id: row.id,
        name: row.name.clone(),
        lines: lines.unwrap_or_else(PoisonError::into_inner),
        card: tested.err().map(|failure| words::for_a_page(failure.card)),
        shell: looker.person.shell,
    };
    Ok(Page::new(page).into_response())
}

impl Look for Listener<'_> {
    fn begins(&self, _: Stage) {}

    fn found(&self, stage: Stage, found: &Found, took: Duration) {
        let line = Line {
            label: label(stage),
            what: what(found, self.remote),
            took: format!("{} ms", took.as_millis()),
            is_warning: matches!(found, Found::Encryption(None) | Found::Names(false)),
        };
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line);
    }
}

fn label(stage: Stage) -> &'static str {
    match stage {
        Stage::FindServer => "Find the server",
        Stage::Connect => "Connect",
        Stage::Secure => "Secure the connection",
        Stage::SignIn => "Sign in",
        Stage::LookInside => "Look inside",
        Stage::LeaveCopies => "Can leave copies",
    }
}

fn what(found: &Found, remote: &Remote) -> String {
    match found {
        Found::Server(addresses) => {
            let address = addresses.first().map(|address| address.ip().to_string());
            match address {
                Some(address) if address == remote.host => format!("{address}, as given"),
                Some(address) => format!("{} is {address}", remote.host),
                None => remote.host.clone(),
            }
        }
        Found::Connection(port) => format!("port {port}"),
        Found::Encryption(Some(encryption)) => {
            let by = match remote.security {
                Security::StartTls => " by STLS",
                Security::Tls | Security::None => "",
            };
            let until = encryption.valid_until.map(|until| {
                let until = until.date_in_words();
                format!(", certificate valid until {until}")
            });
            format!("{}{by}{}", encryption.version, until.unwrap_or_default())
        }
        Found::Encryption(None) => "none: the password crosses the line readable".into(),
        Found::SignedIn => format!("as {}", remote.user),
        Found::Inside(messages, octets) => {
            format!("{}, {}", many(messages, "message"), size(*octets))
        }
        Found::Names(true) => "yes, every message has a lasting ID".into(),
        Found::Names(false) => "yes, but each check costs more: the server knows no UIDL".into(),
    }
}
