//! A test of the mailbox, in lines.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use inhaul_store::{Remote, RemoteSecret};
use inhaul_types::{Card, KeyPin, Secret};

use crate::app::App;
use crate::look::many;
use crate::runs::{Found, Inspection, Look, Stage};

/// A stage that went well.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Line {
    pub(super) label: &'static str,
    pub(super) words: String,
    pub(super) took: String,
}

/// How it ended.
pub(super) enum Tested {
    /// One can sign in.
    Good(Inspection),
    /// One cannot.
    Bad {
        /// What was done before.
        lines: Vec<Line>,
        /// What went wrong.
        card: Card,
        /// The key that the server showed where it could not prove who it is.
        shown_key: Option<KeyPin>,
    },
}

/// Signs in and counts. An administrator may reach any address.
pub(super) async fn test(app: &App, remote: &Remote, password: &Secret) -> Tested {
    let lines = Lines::default();
    let secret = RemoteSecret::Stored(password.clone());
    let inspected = app.runs().inspect(remote.clone(), secret, None, &lines);
    match inspected.await {
        Ok(found) => Tested::Good(found),
        Err(failure) => Tested::Bad {
            lines: lines.0.into_inner().unwrap_or_else(PoisonError::into_inner),
            card: failure.card,
            shown_key: failure.shown_key,
        },
    }
}

#[derive(Default)]
struct Lines(Mutex<Vec<Line>>);

impl Look for Lines {
    fn begins(&self, _: Stage) {}

    fn found(&self, stage: Stage, found: &Found, took: Duration) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(Line {
            label: stage.label(),
            words: words(found),
            took: format!("{} ms", took.as_millis()),
        });
    }
}

fn words(found: &Found) -> String {
    match found {
        Found::Server(addresses) => {
            let addresses: Vec<_> = addresses.iter().map(|one| one.ip().to_string()).collect();
            addresses.join(", ")
        }
        Found::Connection(port) => format!("port {port}"),
        Found::Encryption(Some(_)) => "encrypted".to_owned(),
        Found::Encryption(None) => "not encrypted".to_owned(),
        Found::SignedIn => "accepted".to_owned(),
        Found::Inside(messages, octets) => {
            format!("{}, {}", many(messages, "message"), octets.in_words())
        }
        Found::Names(true) => "yes, every message has a lasting ID".to_owned(),
        Found::Names(false) => "no, messages have no lasting ID".to_owned(),
    }
}
