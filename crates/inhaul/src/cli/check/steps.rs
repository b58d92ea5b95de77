//! The steps of a look at one mailbox, told as they happen, and as a document.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use inhaul_engine::{
    FailureReport, Found, Inspection, InspectionFailure, InspectionObserver, Stage,
};
use inhaul_store::{Remote, Security};
use inhaul_types::Timestamp;
use serde::Serialize;

use crate::cli::Globals;
use crate::cli::card::{self, CardDocument};
use crate::cli::output::{complain, counted, plain, print, print_json, size};
use crate::cli::progress::{Bar, Bars};
use crate::control::BarStep;
use crate::exit::{Exit, Failure};

/// Tells each step as it ends: on standard output, on a terminal with the one under way below.
pub(crate) struct Steps<'a> {
    globals: &'a Globals,
    remote: &'a Remote,
    /// Where the server's name comes from, if it was not given.
    source: Option<String>,
    bars: Bars,
    /// The step under way.
    under_way: Bar,
    told: Mutex<Vec<Step>>,
}

#[derive(Serialize)]
struct Step {
    step: &'static str,
    ok: bool,
    what: String,
    took_ms: u128,
}

#[derive(Serialize)]
struct Document<'a> {
    ok: bool,
    server: &'a str,
    port: u16,
    user: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    found_by: Option<&'a str>,
    #[serde(flatten)]
    card: Option<CardDocument<'a>>,
    messages: Option<u64>,
    bytes: Option<u64>,
    uidl: Option<bool>,
    steps: &'a [Step],
}

impl<'a> Steps<'a> {
    pub(crate) fn new(globals: &'a Globals, remote: &'a Remote, source: Option<String>) -> Self {
        let bars = Bars::new(globals.draws_bars() && !globals.json);
        Self {
            globals,
            remote,
            source,
            under_way: bars.add(&remote.host),
            bars,
            told: Mutex::default(),
        }
    }

    /// Whether anything but failures is to be said.
    pub(crate) fn may_tell(&self) -> bool {
        !self.globals.json && !self.globals.quiet
    }

    /// The server as `--server` takes it.
    pub(crate) fn server(&self) -> String {
        let Remote { host, port, .. } = self.remote;
        format!("{host} {port}")
    }

    /// Tells how it ended.
    pub(crate) fn conclude(
        &self,
        looked: &Result<Inspection, InspectionFailure>,
    ) -> Result<Exit, Failure> {
        self.under_way.done();
        self.bars.clear();
        let failure = looked.as_ref().err();
        if let Some(failure) = failure {
            self.tell(failure.stage, 'X', &failure.report.what, failure.took);
        }
        let report = failure.map(|failure| &failure.report);
        let card = report.map(FailureReport::card);
        if self.globals.json {
            let found = looked.as_ref().ok();
            print_json(&Document {
                ok: found.is_some(),
                server: &self.remote.host,
                port: self.remote.port,
                user: &self.remote.user,
                found_by: self.source.as_deref(),
                card: card.as_ref().map(CardDocument::from),
                messages: found.map(|found| found.messages),
                bytes: found.map(|found| found.octets.count()),
                uidl: found.map(|found| found.names_messages),
                steps: &self.told(),
            })?;
        } else if let Some(report) = report {
            let text = card::text(&report.card(), self.globals.paints());
            complain(&format!("\n{text}"));
        }
        Ok(report.map_or(Exit::OK, |report| Exit::of_code(report.code)))
    }

    fn tell(&self, stage: Stage, mark: char, what: &str, took: Duration) {
        let ok = mark != 'X';
        self.told().push(Step {
            step: word(stage),
            ok,
            what: what.to_owned(),
            took_ms: took.as_millis(),
        });
        if self.globals.json || (ok && self.globals.quiet) {
            return;
        }
        let line = format!(
            "{mark} {:<21}  {:<52} {:>6} ms\n",
            label(stage),
            plain(what),
            took.as_millis()
        );
        // Who reads it may have gone; the exit still tells.
        self.bars.aside(|| drop(print(&line)));
    }

    fn words(&self, found: &Found) -> String {
        let Remote {
            host,
            user,
            security,
            ..
        } = self.remote;
        match found {
            Found::Server(addresses) => {
                let address = addresses.first().map(|address| address.ip().to_string());
                let address = address.unwrap_or_default();
                let source = self.source.as_ref().map(|source| format!(", {source}"));
                let is = if address == *host {
                    "given as an address".to_owned()
                } else {
                    format!("is {address}")
                };
                format!("{host} {is}{}", source.unwrap_or_default())
            }
            Found::Connection(port) => format!("port {port}"),
            Found::Encryption(Some(encryption)) => {
                let stls = match security {
                    Security::StartTls => " by STLS",
                    Security::Tls | Security::None => "",
                };
                let until = encryption
                    .valid_until
                    .map(|end| format!(", certificate valid until {}", day(end)));
                format!("{}{stls}{}", encryption.version, until.unwrap_or_default())
            }
            Found::Encryption(None) => "none: the password crosses the line readable".into(),
            Found::SignedIn => format!("as {user}"),
            Found::Inside(messages, octets) => {
                format!("{}, {}", counted(*messages, "message"), size(*octets))
            }
            Found::Names(true) => "yes (UIDL)".into(),
            Found::Names(false) => {
                "yes, but each check costs more: the server knows no UIDL".into()
            }
        }
    }

    fn told(&self) -> MutexGuard<'_, Vec<Step>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InspectionObserver for Steps<'_> {
    fn begins(&self, stage: Stage) {
        let label = label(stage).to_owned();
        self.under_way.show(&BarStep::Step { label });
    }

    fn found(&self, stage: Stage, found: &Found, took: Duration) {
        // Done as it was asked, and yet something to know.
        let mark = match found {
            Found::Encryption(None) => '!',
            _ => 'v',
        };
        self.tell(stage, mark, &self.words(found), took);
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

fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::FindServer => "find",
        Stage::Connect => "connect",
        Stage::Secure => "secure",
        Stage::SignIn => "sign-in",
        Stage::LookInside => "look-inside",
        Stage::LeaveCopies => "leave-copies",
    }
}

/// The day alone: `2026-09-04`.
fn day(time: Timestamp) -> String {
    let text = time.to_string();
    text.split_once('T')
        .map_or_else(|| text.clone(), |(day, _)| day.to_owned())
}
