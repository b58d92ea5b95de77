//! Signing in to a retrieval's mailbox, without bringing anything.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use inhaul_domain::schedule::sign_in_block;
use inhaul_domain::trigger::{Refusal, RefusalReason};
use inhaul_types::{Octets, RetrievalId};
use serde::Serialize;

use super::act::refused;
use super::card::CardDocument;
use crate::api::caller::ApiCaller;
use crate::api::document::Document;
use crate::api::problem::ApiProblem;
use crate::api::schema::{Kind, Schema, may, must};
use crate::api::typed::At;
use crate::app::App;
use crate::runs::{Found, Look, Stage};

pub(super) const TEST: Schema = Schema {
    name: "Test",
    about: "What a test of a mailbox found. Where it failed, the error's card stands in it.",
    fields: &[
        must("ok", Kind::Flag, "It works."),
        must("server", Kind::Text, "The remote server."),
        must("port", Kind::Whole, "Its port."),
        must("user", Kind::Text, "The name that was signed in with."),
        may("code", Kind::Text, "The error code."),
        may("title", Kind::Text, "Its headline."),
        may("what", Kind::Text, "What happened, in sentences."),
        may(
            "do",
            Kind::List(&Kind::Text),
            "What to do, the first thing first.",
        ),
        may("next", Kind::Text, "What inhaul does, in sentences."),
        may("said", Kind::Text, "The server's own words."),
        must(
            "messages",
            Kind::Maybe(&Kind::Whole),
            "Messages in the mailbox.",
        ),
        must("bytes", Kind::Maybe(&Kind::Whole), "Their octets."),
        must(
            "uidl",
            Kind::Maybe(&Kind::Flag),
            "The server names its messages, so copies can stay.",
        ),
        must("steps", Kind::List(&Kind::Of(&STEP)), "How each step went."),
    ],
};

const STEP: Schema = Schema {
    name: "Step",
    about: "A step of a test.",
    fields: &[
        must("step", Kind::Word(steps), "Which."),
        must("ok", Kind::Flag, "It went well."),
        must("took_ms", Kind::Whole, "Milliseconds."),
    ],
};

fn steps() -> Vec<&'static str> {
    Stage::ALL.map(word).into()
}

fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::FindServer => "find-server",
        Stage::Connect => "connect",
        Stage::Secure => "secure",
        Stage::SignIn => "sign-in",
        Stage::LookInside => "look-inside",
        Stage::LeaveCopies => "leave-copies",
    }
}

#[derive(Serialize)]
struct TestDocument<'a> {
    ok: bool,
    server: &'a str,
    port: u16,
    user: &'a str,
    #[serde(flatten)]
    card: Option<CardDocument>,
    messages: Option<u64>,
    bytes: Option<u64>,
    uidl: Option<bool>,
    steps: Vec<StepDocument>,
}

#[derive(Serialize)]
struct StepDocument {
    step: &'static str,
    ok: bool,
    took_ms: u128,
}

/// Writes down how it goes.
#[derive(Default)]
struct Watching(Mutex<Vec<StepDocument>>);

impl Watching {
    fn add(&self, stage: Stage, ok: bool, took: Duration) {
        let mut steps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        steps.push(StepDocument {
            step: word(stage),
            ok,
            took_ms: took.as_millis(),
        });
    }
}

impl Look for Watching {
    fn begins(&self, _: Stage) {}

    fn found(&self, stage: Stage, _: &Found, took: Duration) {
        self.add(stage, true, took);
    }
}

pub(super) async fn test(
    State(app): State<App>,
    caller: ApiCaller,
    At(id): At<i64>,
) -> Result<Response, ApiProblem> {
    let (actor, id) = (caller.actor(), RetrievalId::new(id));
    let row = app.manage().retrieval(&actor, id).await?;
    if actor
        .person()
        .is_some_and(|person| row.owner != Some(person))
    {
        return Err(ApiProblem::forbidden(NOT_THEIRS));
    }
    let now = app.now();
    if let Some(until) = sign_in_block(&row.schedule, now) {
        // A script that tests it every minute would have the mailbox locked there.
        let reason = RefusalReason::SignInRefused;
        let until = Some(until);
        return Err(refused(&Refusal { reason, until }, now));
    }
    let secret = app.store().retrieval_secret(id).await?;
    // It reaches what its runs reach.
    let for_person = row.confined.then_some(row.account);
    let watching = Watching::default();
    let inspected = app
        .runs()
        .inspect(row.remote.clone(), secret, for_person, &watching)
        .await;
    let (found, card) = match inspected {
        Ok(found) => (Some(found), None),
        Err(failed) => {
            watching.add(failed.stage, false, failed.took);
            (None, Some(failed.card.into()))
        }
    };
    let document = TestDocument {
        ok: found.is_some(),
        server: &row.remote.host,
        port: row.remote.port,
        user: &row.remote.user,
        card,
        messages: found.map(|found| found.messages),
        bytes: found.map(|found| Octets::count(found.octets)),
        uidl: found.map(|found| found.names_messages),
        steps: watching
            .0
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner),
    };
    Ok(Document(document).into_response())
}

const NOT_THEIRS: &str = "An administrator looks after this mailbox. Ask one to test it.";
