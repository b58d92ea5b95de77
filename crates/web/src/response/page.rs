//! A page: a template, made into a response.

use askama::Template;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::Problem;

/// A page, or a piece of one.
#[derive(Debug)]
pub(crate) struct Page<T> {
    template: T,
    status: StatusCode,
}

impl<T: Template> Page<T> {
    /// With what was asked for.
    pub(crate) fn new(template: T) -> Self {
        Self {
            template,
            status: StatusCode::OK,
        }
    }

    /// With something else: a form that is shown again.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        let text = match self.template.render() {
            Ok(text) => text,
            Err(error) => return Problem::internal(error).into_response(),
        };
        let headers = [
            (
                CONTENT_TYPE,
                HeaderValue::from_static("text/html; charset=utf-8"),
            ),
            // What somebody sees is theirs, and the next click may show something else.
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (self.status, headers, text).into_response()
    }
}

/// On to another page of ours, by GET.
pub(crate) fn see_other(path: &str) -> Response {
    // A line break or a sign beyond ASCII is nothing we would lead to.
    let place = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(LOCATION, place)]).into_response()
}
