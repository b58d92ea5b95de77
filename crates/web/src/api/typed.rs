//! What a program sends: numbers in the address, words behind `?`, one JSON object.
//!
//! What is not understood is refused with the field's name and in words. What a field said is not
//! said back, for it may be a password.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::{Map, Value};

use super::problem::ApiProblem;

/// Numbers in the address; one that is none leads nowhere.
#[derive(Debug)]
pub(super) struct At<T>(pub(super) T);

/// What stands behind `?`.
#[derive(Debug)]
pub(super) struct Asked<T>(pub(super) T);

/// A JSON object in the body.
#[derive(Debug)]
pub(super) struct Sent<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for At<T> {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiProblem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(numbers)) => Ok(Self(numbers)),
            Err(_) => Err(ApiProblem::not_found()),
        }
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiProblem> {
        let query = parts.uri.query().unwrap_or("");
        match serde_urlencoded::from_str(query) {
            Ok(asked) => Ok(Self(asked)),
            Err(error) => {
                let error = error.to_string();
                let pairs: Vec<(String, String)> =
                    serde_urlencoded::from_str(query).unwrap_or_default();
                let is_wrong = |(name, value): &&(String, String)| {
                    let alone = serde_urlencoded::to_string([(name, value)]).unwrap_or_default();
                    serde_urlencoded::from_str::<T>(&alone).is_err()
                };
                let wrong = pairs.iter().find(is_wrong).map(|(name, _)| name.as_str());
                Err(refuse(&error, wrong, "something else"))
            }
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Sent<T> {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiProblem> {
        let kind = request.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or("");
        // A form of another site cannot say so.
        if !is_json(kind) {
            return Err(ApiProblem::other_kind());
        }
        let octets = Bytes::from_request(request, state).await;
        let octets = octets.map_err(|_| ApiProblem::too_large())?;
        read(&octets).map(Self)
    }
}

fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or("").trim();
    let kind = kind.to_ascii_lowercase();
    // A change may say that it is one (RFC 7396).
    matches!(
        kind.as_str(),
        "application/json" | "application/merge-patch+json"
    )
}

fn read<T: DeserializeOwned>(octets: &[u8]) -> Result<T, ApiProblem> {
    let value: Value = serde_json::from_slice(octets).map_err(|error| {
        let place = (error.line(), error.column());
        let (line, column) = place;
        ApiProblem::no_json(format!(
            "The body of this request is no JSON: see line {line}, column {column}."
        ))
    })?;
    let Value::Object(fields) = value else {
        return Err(ApiProblem::no_json(
            "The body of this request is JSON, but no object.",
        ));
    };
    serde_json::from_value(Value::Object(fields.clone())).map_err(|error| {
        let wrong = fields.iter().find(|(name, value)| {
            let alone = Map::from_iter([((*name).clone(), (*value).clone())]);
            let read = serde_json::from_value::<T>(Value::Object(alone));
            read.is_err_and(|error| !error.to_string().starts_with(MISSING))
        });
        let kind = wrong.map_or("this", |(_, value)| in_words(value));
        refuse(
            &error.to_string(),
            wrong.map(|(name, _)| name.as_str()),
            kind,
        )
    })
}

/// Words of our own for what the reader of JSON says: its own repeat what was sent.
fn refuse(error: &str, wrong: Option<&str>, kind: &str) -> ApiProblem {
    let mut named = error.split('`').skip(1).step_by(2);
    if error.starts_with(UNKNOWN) {
        let name = named.next().unwrap_or("");
        let others: Vec<_> = named.collect();
        let what = match others.is_empty() {
            true => format!("There is no field {name:?} here, nor any other."),
            false => format!(
                "There is no field {name:?} here. There are: {}.",
                others.join(", ")
            ),
        };
        return ApiProblem::invalid(name, what);
    }
    match (wrong, named.next()) {
        (None, Some(name)) if error.starts_with(MISSING) => {
            ApiProblem::invalid(name, format!("The field {name:?} is missing."))
        }
        (Some(name), _) => {
            let what = format!("The field {name:?} cannot be {kind}.");
            ApiProblem::invalid(name, what)
        }
        (None, _) => ApiProblem::no_json("The fields of this request do not go together."),
    }
}

fn in_words(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "this number",
        Value::String(_) => "this text",
        Value::Array(_) => "this list",
        Value::Object(_) => "this object",
    }
}

/// For a field of a change: absent leaves a thing as it is, and null is a value where there may be
/// none.
pub(super) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// So serde begins.
const MISSING: &str = "missing field";
const UNKNOWN: &str = "unknown field";
