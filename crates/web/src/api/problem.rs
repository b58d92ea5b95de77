//! Why a request of a program is not done: an error card as data (UX 6.1).
//!
//! One place turns what the rooms below say into a status and words. A fault of ours is in the log;
//! the answer says only that there is one.

use std::fmt::Display;
use std::time::Duration;

use axum::Json;
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use inhaul_manage::Refused;
use inhaul_store::StoreError;
use inhaul_types::{Card, Facts};
use serde::Serialize;

use super::schema::{Kind, Schema, may, must};
use crate::response::{Problem, Reason};

/// Why a request of a program is not done.
#[derive(Debug)]
pub(crate) struct ApiProblem(Box<Inner>);

#[derive(Debug)]
struct Inner {
    status: StatusCode,
    document: ProblemDocument,
    /// When it may be tried again.
    wait: Option<Duration>,
}

/// The body of the answer.
#[derive(Debug, Serialize)]
struct ProblemDocument {
    code: &'static str,
    title: String,
    what: String,
    r#do: Vec<String>,
    said: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
}

pub(super) const PROBLEM: Schema = Schema {
    name: "Problem",
    about: "Why something was not done. Nothing of it was.",
    fields: &[
        must(
            "code",
            Kind::Text,
            "A word that never changes: an error code, or one of those below.",
        ),
        must("title", Kind::Text, "A headline."),
        must("what", Kind::Text, "What happened, in sentences."),
        must(
            "do",
            Kind::List(&Kind::Text),
            "What to do, the first thing first.",
        ),
        must(
            "said",
            Kind::Maybe(&Kind::Text),
            "A remote server's own words.",
        ),
        may(
            "field",
            Kind::Text,
            "The field of the request that it is about.",
        ),
    ],
};

impl ApiProblem {
    fn new(status: StatusCode, code: &'static str, title: &str, what: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            status,
            document: ProblemDocument {
                code,
                title: title.into(),
                what: what.into(),
                r#do: Vec::new(),
                said: None,
                field: None,
            },
            wait: None,
        }))
    }

    fn todo(mut self, step: impl Into<String>) -> Self {
        self.0.document.r#do.push(step.into());
        self
    }

    /// It is about this field of the request.
    pub(super) fn at(mut self, field: impl Into<String>) -> Self {
        self.0.document.field = Some(field.into());
        self
    }

    /// It may be tried again then.
    pub(super) fn again_in(mut self, wait: Duration) -> Self {
        self.0.wait = Some(wait);
        self
    }

    /// No key and no session, or none that is good.
    pub(crate) fn not_signed_in() -> Self {
        let what = "There is no key in this request, or it is not good any more.";
        let status = StatusCode::UNAUTHORIZED;
        Self::new(status, "not-signed-in", "Not signed in", what).todo(
            "Send the header \"Authorization: Bearer KEY\" with a key that an administrator of \
             this server made for you.",
        )
    }

    /// Too many wrong keys.
    pub(super) fn too_many_tries(wait: Duration) -> Self {
        let what = "Too many different keys that are wrong came from your network address.";
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self::new(status, "too-many-tries", "Too many wrong keys", what)
            .todo("Wait, and send a key that is right.")
            .again_in(wait)
    }

    /// It is not there, or is somebody else's.
    pub(crate) fn not_found() -> Self {
        let what = "There is nothing at this address, or it is not yours.";
        let status = StatusCode::NOT_FOUND;
        Self::new(status, "not-found", "Nothing here", what)
            .todo("Look at /api/v1/openapi.json for what there is.")
    }

    /// The address is one, and this is not done there.
    pub(super) fn wrong_method() -> Self {
        let what = "There is something at this address, but this method does nothing with it.";
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self::new(status, "method-not-allowed", "Wrong method", what)
            .todo("The header Allow of this answer says which methods there are.")
    }

    /// They may not.
    pub(crate) fn forbidden(what: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "not-allowed", "Not allowed", what)
            .todo("Ask an administrator of this server.")
    }

    /// Something else has to be done first.
    pub(super) fn in_the_way(code: &'static str, what: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, "Not now", what)
            .todo("Look at what stands in the way, and send it again when that is gone.")
    }

    /// A file says it, and only there it is changed.
    fn written(what: String) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "written-in-file",
            "Set in a file",
            what,
        )
        .todo("Change it there and reload the configuration.")
    }

    /// The body is no JSON.
    pub(super) fn no_json(what: impl Into<String>) -> Self {
        let status = StatusCode::BAD_REQUEST;
        Self::new(status, "not-understood", "Not understood", what).todo(SEND_JSON)
    }

    /// The body says that it is something else than JSON.
    pub(super) fn other_kind() -> Self {
        let what = "The body of this request does not say that it is JSON.";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::new(status, "not-understood", "Not understood", what).todo(SEND_JSON)
    }

    /// The body is too large.
    pub(crate) fn too_large() -> Self {
        let what = "The body of this request is larger than anything that is understood here.";
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        Self::new(status, "request-too-large", "Too large", what).todo("Send less at once.")
    }

    /// It was not there, or not answered, in time.
    pub(crate) fn too_slow() -> Self {
        let what = "This request was not there in time, or could not be answered in time.";
        let status = StatusCode::REQUEST_TIMEOUT;
        Self::new(status, "too-slow", "No answer in time", what).todo("Send it again.")
    }

    /// What a field says is no good.
    pub(super) fn invalid(field: impl Into<String>, what: impl Into<String>) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self::new(status, "not-understood", "Not understood", what)
            .todo("Correct the field and send it again.")
            .at(field)
    }

    /// What was asked for was tried and did not work.
    pub(super) fn of_card(status: StatusCode, card: Card) -> Self {
        let mut problem = Self::new(status, card.code.as_str(), &card.title, card.what);
        problem.0.document.r#do = card.todo.iter().map(|step| of_request(step)).collect();
        problem.0.document.said = card.said;
        problem
    }

    /// No server was found for a mail address; names that are worth a try.
    pub(super) fn no_server(names: &[String]) -> Self {
        let what = "No POP3 server was found for this address.";
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let problem = Self::new(status, "nothing-found", "No server found", what).at("address");
        match names {
            [] => problem.todo("Ask the provider for the name of its POP3 server."),
            names => problem.todo(format!("Try these names: {}.", names.join(", "))),
        }
    }

    /// The provider of a mail address has no POP3.
    pub(super) fn not_offered(what: String) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self::new(status, "not-offered", "No POP3 there", what)
            .todo("Forward mail from the provider to a mailbox that inhaul can read.")
            .at("address")
    }

    /// A fault of ours: the log has it, the answer does not.
    pub(crate) fn internal(error: impl Display) -> Self {
        tracing::error!(%error, "a request of a program could not be answered");
        Self::broken()
    }

    fn broken() -> Self {
        let what = "This server could not do that. Its log says why.";
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(status, "broken", "Something went wrong here", what)
            .todo("Try again in a minute. If it stays so, look at the server's log.")
    }
}

/// A step of somebody who has sent a request, where the card speaks to one who typed a command.
fn of_request(step: &str) -> String {
    step.replace("run this command once more", "send this request once more")
        .replace("Run this command once more", "Send this request once more")
}

impl From<StoreError> for ApiProblem {
    fn from(error: StoreError) -> Self {
        match (&error, error.code()) {
            (StoreError::Missing { .. }, _) => Self::not_found(),
            (_, Some((code, detail))) => {
                tracing::error!(%error, "a request of a program could not be answered");
                let facts = Facts {
                    detail,
                    ..Facts::default()
                };
                Self::of_card(StatusCode::SERVICE_UNAVAILABLE, Card::of(code, &facts))
            }
            (_, None) => Self::internal(error),
        }
    }
}

impl From<Refused> for ApiProblem {
    fn from(refused: Refused) -> Self {
        let what = refused.to_string();
        let field = refused.field().map(field_here);
        match refused {
            Refused::NotFound { .. } => Self::not_found(),
            Refused::NotAllowed(_) => Self::forbidden(what),
            Refused::NotAllowedIn { .. } => Self::forbidden(what).at(field.unwrap_or_default()),
            Refused::Invalid { .. } => Self::invalid(field.unwrap_or_default(), what),
            Refused::InTheWay(_) => Self::in_the_way("in-the-way", what),
            Refused::Written { .. } => Self::written(what),
            Refused::Store(error) => error.into(),
        }
    }
}

/// What a page refuses, as a program is told it.
impl From<Problem> for ApiProblem {
    fn from(problem: Problem) -> Self {
        match problem.into_reason() {
            Reason::SignIn => Self::not_signed_in(),
            Reason::Card(card) => Self::of_card(StatusCode::SERVICE_UNAVAILABLE, card),
            Reason::Told { status, what } => match status {
                StatusCode::NOT_FOUND => Self::not_found(),
                StatusCode::FORBIDDEN => Self::forbidden(what),
                StatusCode::CONFLICT => Self::in_the_way("in-the-way", what),
                status if status.is_client_error() => {
                    Self::new(status, "not-understood", "Not understood", what)
                        .todo("Correct it and send it again.")
                }
                // It is in the log already.
                _ => Self::broken(),
            },
        }
    }
}

/// Fields of forms that have another name here, which is the one that commands print.
fn field_here(field: &'static str) -> &'static str {
    match field {
        "host" => "server",
        "retention" => "after_storing",
        field => field,
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let Inner {
            status,
            document,
            wait,
        } = *self.0;
        let mut response = (status, Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait) = wait {
            // Whole seconds, and none too few.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

const SEND_JSON: &str = "Send one JSON object, with the header \"Content-Type: application/json\".";
