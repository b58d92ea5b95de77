//! Requests that other pages had a browser send are refused (CSRF).
//!
//! Browsers say where a request comes from: `Sec-Fetch-Site`, older ones `Origin`. Whatever changes
//! something and brings a cookie must come from a page of ours. Programs bring no cookie, and show
//! their key.

use axum::extract::Request;
use axum::http::Method;
use axum::http::header::{COOKIE, HeaderName, ORIGIN};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::Caller;
use crate::api::{self, ApiProblem};
use crate::response::Problem;

/// Lets through what comes from our own pages, or carries nobody's cookie.
pub(crate) async fn check(caller: Caller, request: Request, next: Next) -> Response {
    match is_ours(&request, &caller) {
        true => next.run(request).await,
        false => {
            tracing::warn!(address = %caller.address, path = request.uri().path(), "refused: sent by another site");
            match api::is_for_programs(&request) {
                true => ApiProblem::forbidden(FOREIGN).into_response(),
                false => Problem::forbidden(FOREIGN).into_response(),
            }
        }
    }
}

fn is_ours(request: &Request, caller: &Caller) -> bool {
    if matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    ) {
        return true;
    }
    let headers = request.headers();
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    match (text(&FETCH_SITE), text(&ORIGIN)) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => origin.eq_ignore_ascii_case(&caller.origin()),
        (None, None) => !headers.contains_key(COOKIE),
    }
}

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FOREIGN: &str =
    "This came from another site, so nothing was done. Open inhaul and do it there.";

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use axum::body::Body;

    use super::*;

    #[test]
    fn what_changes_something_must_come_from_our_own_pages() {
        let caller = Caller {
            address: IpAddr::from([127, 0, 0, 1]),
            is_encrypted: false,
            host: "127.0.0.1:8110".into(),
        };
        for (method, headers, ours) in [
            (
                "GET",
                &[("sec-fetch-site", "cross-site"), ("cookie", "a=b")][..],
                true,
            ),
            (
                "POST",
                &[("sec-fetch-site", "same-origin"), ("cookie", "a=b")],
                true,
            ),
            (
                "POST",
                &[("sec-fetch-site", "same-site"), ("cookie", "a=b")],
                false,
            ),
            ("POST", &[("sec-fetch-site", "cross-site")], false),
            ("POST", &[("sec-fetch-site", "none")], false),
            (
                "POST",
                &[
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "http://127.0.0.1:8110"),
                ],
                false,
            ),
            (
                "POST",
                &[("origin", "http://127.0.0.1:8110"), ("cookie", "a=b")],
                true,
            ),
            (
                "POST",
                &[("origin", "https://127.0.0.1:8110"), ("cookie", "a=b")],
                false,
            ),
            ("POST", &[("origin", "http://evil.example")], false),
            ("POST", &[("origin", "null"), ("cookie", "a=b")], false),
            ("DELETE", &[("cookie", "a=b")], false),
            ("POST", &[], true),
        ] {
            let mut request = Request::builder().method(method);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let request = request.body(Body::empty()).unwrap();
            assert_eq!(is_ours(&request, &caller), ours, "{method} {headers:?}");
        }
    }
}
