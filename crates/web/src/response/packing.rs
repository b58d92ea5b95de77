//! Pages cross the line packed: a list of 50 mailboxes is 90 KB of markup and 12 KB packed.
//!
//! Packed at the lightest level: a millisecond for the largest page. What another site had a browser
//! ask for is sent as it is, for its length would tell that site what is in it (BREACH).

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, VARY,
};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use flate2::Compression;

use super::Problem;
use crate::assets::{packed, takes_gzip};

/// Packs what is text, of a known length and neither tiny nor huge, for whoever takes it.
pub(crate) async fn pack(request: Request, next: Next) -> Response {
    let asked = request.headers();
    let may_pack = takes_gzip(asked) && !is_of_another_site(asked);
    let response = next.run(request).await;
    match may_pack && is_worth_it(&response) {
        true => packed_response(response).await,
        false => response,
    }
}

fn is_of_another_site(asked: &HeaderMap) -> bool {
    let site = asked.get(FETCH_SITE).and_then(|site| site.to_str().ok());
    site.is_some_and(|site| !matches!(site, "same-origin" | "none"))
}

fn is_worth_it(response: &Response) -> bool {
    let headers = response.headers();
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let is_text = kind.is_some_and(|kind| {
        kind.starts_with("text/") || kind.starts_with("application/") && kind.contains("json")
    });
    // A stream has no length, and is not to be kept back.
    let length = response.body().size_hint().exact();
    is_text
        && !headers.contains_key(CONTENT_ENCODING)
        && length.is_some_and(|length| (LEAST..=MOST).contains(&length))
}

async fn packed_response(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    let octets = match to_bytes(body, usize::MAX).await {
        Ok(octets) => octets,
        Err(error) => return Problem::internal(error).into_response(),
    };
    let gzip = HeaderValue::from_static("gzip");
    head.headers.insert(CONTENT_ENCODING, gzip);
    let asked = HeaderValue::from_static("accept-encoding");
    head.headers.append(VARY, asked);
    head.headers.remove(CONTENT_LENGTH);
    let body = packed(&octets, Compression::fast());
    Response::from_parts(head, Body::from(body))
}

/// Shorter ones fit into a packet as they are.
const LEAST: u64 = 1_024;
/// Longer ones, documents of the API, would keep a thread busy for too long.
const MOST: u64 = 1 << 20;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use axum::Router;
    use axum::http::header::ACCEPT_ENCODING;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use flate2::read::GzDecoder;
    use tower_service::Service as _;

    use super::*;

    const TEXT: &str = "What crosses the line many times is packed. ";

    async fn asked(path: &str, headers: &[(&str, &str)]) -> (HeaderMap, Vec<u8>) {
        let html = (CONTENT_TYPE, "text/html; charset=utf-8");
        let json = (CONTENT_TYPE, "application/problem+json");
        let image = (CONTENT_TYPE, "image/png");
        let events = (CONTENT_TYPE, "text/event-stream");
        let stream = || {
            let parts = [Ok::<_, std::io::Error>(TEXT.repeat(100))];
            Body::from_stream(futures_util::stream::iter(parts))
        };
        let mut router = Router::new()
            .route("/page", get(([html.clone()], TEXT.repeat(100))))
            .route("/document", get(([json], TEXT.repeat(100))))
            .route("/short", get(([html], TEXT)))
            .route("/image", get(([image], TEXT.repeat(100))))
            .route("/events", get(move || async move { ([events], stream()) }))
            .layer(from_fn(pack));
        let mut request = Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = router.call(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (head.headers, body.to_vec())
    }

    #[tokio::test]
    async fn what_is_text_and_worth_it_is_packed_for_whoever_takes_it() {
        let takes = (ACCEPT_ENCODING.as_str(), "gzip, deflate, br, zstd");
        for (path, headers, is_packed) in [
            ("/page", vec![takes], true),
            ("/document", vec![takes], true),
            (
                "/page",
                vec![takes, ("sec-fetch-site", "same-origin")],
                true,
            ),
            ("/page", vec![takes, ("sec-fetch-site", "none")], true),
            (
                "/page",
                vec![takes, ("sec-fetch-site", "cross-site")],
                false,
            ),
            ("/page", vec![takes, ("sec-fetch-site", "same-site")], false),
            ("/page", vec![], false),
            ("/page", vec![(ACCEPT_ENCODING.as_str(), "br")], false),
            ("/short", vec![takes], false),
            ("/image", vec![takes], false),
            ("/events", vec![takes], false),
        ] {
            let (answered, body) = asked(path, &headers).await;
            let encoding = answered.get(CONTENT_ENCODING);
            assert_eq!(encoding.is_some(), is_packed, "{path} {headers:?}");
            if is_packed {
                assert_eq!(encoding.unwrap(), "gzip");
                assert_eq!(answered[VARY], "accept-encoding");
                let length = answered.get(CONTENT_LENGTH);
                assert!(length.is_none_or(|length| *length == body.len().to_string()));
                let mut text = String::new();
                GzDecoder::new(&body[..]).read_to_string(&mut text).unwrap();
                assert_eq!(text, TEXT.repeat(100));
            }
        }
    }
}
