//! What is done with a retrieval: it is checked, paused, resumed.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use inhaul_domain::spans::to_wait;
use inhaul_domain::trigger::{Refusal, RefusalReason};
use inhaul_types::{Activation, RetrievalId, Timestamp};
use serde::Serialize;

use super::shown;
use crate::api::caller::ApiCaller;
use crate::api::document::Document;
use crate::api::problem::ApiProblem;
use crate::api::schema::{Kind, Schema, may, must};
use crate::api::typed::At;
use crate::app::App;
use crate::runs::{Answer, Force, Start, What, started_by};

pub(super) const ANSWER: Schema = Schema {
    name: "Answer",
    about: "What became of a check that was asked for.",
    fields: &[
        must("name", Kind::Text, "The retrieval."),
        must("account", Kind::Text, "The account that gets its mail."),
        must("answer", Kind::Word(answers), "What became of it."),
        must("text", Kind::Text, "The same for people."),
        may("position", Kind::Whole, "So many wait before it."),
        may(
            "not_before",
            Kind::Time,
            "One more run follows the present one, not before then.",
        ),
    ],
};

fn answers() -> Vec<&'static str> {
    vec!["started", "joined", "queued", "behind"]
}

#[derive(Serialize)]
struct AnswerDocument<'a> {
    name: &'a str,
    account: &'a str,
    answer: &'static str,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
}

pub(super) async fn check(
    State(app): State<App>,
    caller: ApiCaller,
    At(id): At<i64>,
) -> Result<Response, ApiProblem> {
    let id = RetrievalId::new(id);
    let row = app.manage().retrieval(&caller.actor(), id).await?;
    let start = Start {
        what: What::Retrievals(vec![id]),
        activation: Activation::Api,
        // What an administrator does for somebody else is no run of theirs.
        by: (row.account == caller.id()).then(|| started_by(caller.id(), caller.address)),
        force: Force::No,
    };
    let answers = app.runs().start(start).await?;
    let answer = answers.into_iter().find(|(answered, _)| *answered == id);
    // It was removed a moment ago.
    let (_, answer) = answer.ok_or_else(ApiProblem::not_found)?;
    let now = app.now();
    let (word, text) = match answer {
        Answer::Started => (
            "started",
            "Accepted. The run begins in a moment.".to_owned(),
        ),
        Answer::Joined => (
            "joined",
            "Already checking. That run sees what is there now.".to_owned(),
        ),
        Answer::Queued(before) => (
            "queued",
            format!("Accepted. Waiting for its turn, {before} before it."),
        ),
        Answer::Behind(then) => ("behind", behind_words(then, now)),
        Answer::Refused(refusal) => return Err(refused(&refusal, now)),
    };
    let document = AnswerDocument {
        name: &row.name,
        account: &row.account_name,
        answer: word,
        text,
        position: match answer {
            Answer::Queued(before) => Some(before),
            _ => None,
        },
        not_before: match answer {
            Answer::Behind(then) => Some(then.to_string()),
            _ => None,
        },
    };
    Ok((StatusCode::ACCEPTED, Document(document)).into_response())
}

/// Why nothing is begun, and when it can be.
pub(in crate::api) fn refused(refusal: &Refusal, now: Timestamp) -> ApiProblem {
    let what = refusal.text(now);
    let problem = match refusal.reason {
        RefusalReason::SwitchedOff | RefusalReason::Disabled => ApiProblem::forbidden(what),
        reason => ApiProblem::in_the_way(reason.as_str(), what),
    };
    match refusal.until {
        Some(until) => problem.again_in(until.since(now)),
        None => problem,
    }
}

fn behind_words(then: Timestamp, now: Timestamp) -> String {
    let wait = then.since(now);
    let when = match wait.is_zero() {
        true => "right behind it".to_owned(),
        false => format!("in {}", to_wait(wait)),
    };
    format!("Accepted. It is being checked now; one more check follows {when}.")
}

pub(super) async fn pause(
    State(app): State<App>,
    caller: ApiCaller,
    At(id): At<i64>,
) -> Result<Response, ApiProblem> {
    let id = RetrievalId::new(id);
    app.manage().pause(&caller.actor(), id).await?;
    shown(&app, &caller, id).await
}

pub(super) async fn resume(
    State(app): State<App>,
    caller: ApiCaller,
    At(id): At<i64>,
) -> Result<Response, ApiProblem> {
    let id = RetrievalId::new(id);
    app.manage().resume(&caller.actor(), id).await?;
    shown(&app, &caller, id).await
}
