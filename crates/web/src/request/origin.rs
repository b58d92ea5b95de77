//! Requests that other pages had a browser send are refused (CSRF).
//!
//! Browsers say where a request comes from: `Sec-Fetch-Site`, older ones `Origin`. Whatever changes
//! something and brings a cookie must come from a page of ours. Programs bring no cookie, and show
//! their key.

use axum::extract::{Request, State};
use axum::http::Method;
use axum::http::header::{COOKIE, HeaderName, ORIGIN};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::Caller;
use crate::api::{self, ApiProblem};
use crate::app::App;
use crate::response::Problem;
use crate::serve::Refusal;

/// Lets through what comes from our own pages, or carries nobody's cookie.
pub(crate) async fn check(
    State(app): State<App>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    let settings = app.settings();
    match is_ours(&request, &caller, settings.public_url.as_deref()) {
        true => next.run(request).await,
        false => {
            app.refusals().note(Refusal::OtherSite, caller.address);
            match api::is_for_programs(&request) {
                true => ApiProblem::forbidden(FOREIGN).into_response(),
                false => Problem::forbidden(FOREIGN).into_response(),
            }
        }
    }
}

/// `public_url` is the address people type where a proxy in front shows us another one.
fn is_ours(request: &Request, caller: &Caller, public_url: Option<&str>) -> bool {
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
        (None, Some(origin)) => {
            let public = public_url.and_then(origin_of);
            origin.eq_ignore_ascii_case(&caller.origin())
                || public.is_some_and(|public| origin.eq_ignore_ascii_case(&public))
        }
        (None, None) => !headers.contains_key(COOKIE),
    }
}

/// Scheme, name and port of an address, as browsers write them (RFC 6454 section 6.2): the scheme's
/// own port is left out.
fn origin_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let own = match scheme.eq_ignore_ascii_case("https") {
        true => ":443",
        false => ":80",
    };
    let authority = authority.strip_suffix(own).unwrap_or(authority);
    Some(format!("{scheme}://{authority}"))
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
            assert_eq!(
                is_ours(&request, &caller, None),
                ours,
                "{method} {headers:?}"
            );
        }
    }
    #[test]
    fn behind_a_proxy_that_shows_us_another_name_the_public_address_is_ours_too() {
        let caller = Caller {
            address: IpAddr::from([127, 0, 0, 1]),
            is_encrypted: false,
            host: "inside:8110".into(),
        };
        for (public_url, origin, ours) in [
            ("https://mail.example.org", "https://mail.example.org", true),
            (
                "https://mail.example.org/inhaul",
                "https://mail.example.org",
                true,
            ),
            (
                "https://mail.example.org:443",
                "https://mail.example.org",
                true,
            ),
            (
                "https://Mail.example.org:8443",
                "https://mail.example.org:8443",
                true,
            ),
            ("https://mail.example.org", "http://inside:8110", true),
            ("https://mail.example.org", "http://mail.example.org", false),
            (
                "https://mail.example.org",
                "https://mail.example.org.evil.example",
                false,
            ),
            (
                "https://mail.example.org",
                "https://mail.example.org:8443",
                false,
            ),
            ("https://mail.example.org", "null", false),
            ("https://mail.example.org", "", false),
            ("nonsense", "nonsense", false),
        ] {
            let request = Request::post("/").header("cookie", "a=b");
            let request = request.header("origin", origin).body(Body::empty());
            let is_ours = is_ours(&request.unwrap(), &caller, Some(public_url));
            assert_eq!(is_ours, ours, "{origin} at {public_url}");
        }
    }
}
