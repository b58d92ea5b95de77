//! What a program gets: one JSON document with its version, kept by nobody on the way.

use axum::Json;
use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::route::BASE;

/// A document, with its `"v":1`.
#[derive(Debug)]
pub(crate) struct Document<T>(pub(crate) T);

#[derive(Serialize)]
struct Versioned<T> {
    v: u8,
    #[serde(flatten)]
    document: T,
}

impl<T: Serialize> Document<T> {
    /// Of what was made just now, at this address below [`BASE`].
    pub(super) fn created(self, path: &str) -> Response {
        let place = HeaderValue::try_from(format!("{BASE}{path}"));
        let place = place.expect("the addresses of what is made are words and numbers");
        (StatusCode::CREATED, [(LOCATION, place)], self).into_response()
    }
}

impl<T: Serialize> IntoResponse for Document<T> {
    fn into_response(self) -> Response {
        let versioned = Versioned {
            v: 1,
            document: self.0,
        };
        let keep = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
        (keep, Json(versioned)).into_response()
    }
}
