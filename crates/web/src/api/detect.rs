//! The settings of a mail address. No password is sent anywhere.

use std::sync::{Mutex, PoisonError};

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::on;
use inhaul_manage::words::security_word;
use serde::{Deserialize, Serialize};

use super::caller::ApiCaller;
use super::document::Document;
use super::problem::ApiProblem;
use super::retrievals::security_words;
use super::route::Verb::Post;
use super::route::{Reply, Route};
use super::schema::{Kind, Schema, must};
use super::typed::Sent;
use crate::app::App;
use crate::runs::{DetectionFailure, DetectionStep, Origin, Source, StepResult};

pub(super) const ROUTES: &[Route] = &[Route::new(
    Post,
    "/detect",
    "Finds the server of a mail address.",
    Reply::Document(&DETECTION),
    |verb| on(verb, detect),
)
.sent::<AddressDocument>(&ADDRESS, r#"{"address":"jane@example.org"}"#)];

const ADDRESS: Schema = Schema {
    name: "MailAddress",
    about: "A mail address.",
    fields: &[must("address", Kind::Text, "The address.")],
};

const DETECTION: Schema = Schema {
    name: "Detection",
    about: "The settings of a mail address.",
    fields: &[
        must("server", Kind::Text, "The server."),
        must("port", Kind::Whole, "Its port."),
        must(
            "security",
            Kind::Word(security_words),
            "Protection of the line.",
        ),
        must("user", Kind::Text, "The name to sign in with."),
        must(
            "other_user",
            Kind::Maybe(&Kind::Text),
            "The name to try where that one is refused.",
        ),
        must("found_by", Kind::Word(origins), "Where this comes from."),
        must(
            "provider",
            Kind::Maybe(&Kind::Text),
            "The provider, where it is a known one.",
        ),
        must(
            "notes",
            Kind::List(&Kind::Text),
            "What a person should know before they go on.",
        ),
        must(
            "not_possible",
            Kind::Maybe(&Kind::Text),
            "Why signing in with a password is not possible there: an error code.",
        ),
        must(
            "steps",
            Kind::List(&Kind::Of(&STEP)),
            "Where it was looked for, in order.",
        ),
    ],
};

const STEP: Schema = Schema {
    name: "DetectionStep",
    about: "A place where settings were looked for.",
    fields: &[
        must("step", Kind::Word(steps), "Which."),
        must("result", Kind::Word(results), "What it came to."),
        must("text", Kind::Text, "The same for people."),
    ],
};

fn origins() -> Vec<&'static str> {
    vec!["known-provider", "usual-name"]
}

fn steps() -> Vec<&'static str> {
    Source::ALL.map(step_word).into()
}

fn step_word(source: Source) -> &'static str {
    match source {
        Source::KnownProviders => "known-providers",
        Source::DnsRecords => "dns-records",
        Source::SettingsFile => "settings-file",
        Source::MozillaList => "mozilla-list",
        Source::UsualNames => "usual-names",
    }
}

fn results() -> Vec<&'static str> {
    vec!["found", "nothing", "skipped"]
}

/// An address as sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AddressDocument {
    address: String,
}

#[derive(Serialize)]
struct DetectionDocument<'a> {
    server: &'a str,
    port: u16,
    security: &'static str,
    user: &'a str,
    other_user: Option<&'a str>,
    found_by: &'static str,
    provider: Option<&'a str>,
    notes: &'a [String],
    not_possible: Option<&'static str>,
    steps: Vec<StepDocument>,
}

#[derive(Serialize)]
struct StepDocument {
    step: &'static str,
    result: &'static str,
    text: String,
}

impl StepDocument {
    /// Of one that has ended.
    fn of(step: DetectionStep) -> Option<Self> {
        let (result, text) = match step.result {
            StepResult::Begins => return None,
            StepResult::Found(text) => ("found", text),
            StepResult::Nothing(text) => ("nothing", text),
            StepResult::Skipped(text) => ("skipped", text),
        };
        let step = step_word(step.source);
        Some(Self { step, result, text })
    }
}

async fn detect(
    State(app): State<App>,
    caller: ApiCaller,
    Sent(sent): Sent<AddressDocument>,
) -> Result<Response, ApiProblem> {
    let steps = Mutex::new(Vec::new());
    let hear = |step| {
        let mut steps = steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.extend(StepDocument::of(step));
    };
    let for_person = caller.actor().person();
    let found = app.runs().detect(&sent.address, for_person, &hear).await;
    let found = found.map_err(|failure| match failure {
        DetectionFailure::BadAddress(what) => ApiProblem::invalid("address", what),
        DetectionFailure::NothingFound(names) => ApiProblem::no_server(&names),
        DetectionFailure::NotOffered(what) => ApiProblem::not_offered(what),
    })?;
    let (found_by, provider) = match &found.origin {
        Origin::Table(provider) => ("known-provider", Some(provider.as_str())),
        Origin::Guess => ("usual-name", None),
    };
    let not_possible = found.not_possible.as_ref();
    let document = DetectionDocument {
        server: &found.host,
        port: found.port,
        security: security_word(found.security),
        user: &found.user,
        other_user: found.other_user.as_deref(),
        found_by,
        provider,
        notes: &found.notes,
        not_possible: not_possible.map(|card| card.code.as_str()),
        steps: steps.into_inner().unwrap_or_else(PoisonError::into_inner),
    };
    Ok(Document(document).into_response())
}
