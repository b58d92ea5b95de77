//! A browser: a cookie, and the headers that browsers send.

use std::net::IpAddr;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST};
use axum::response::Response;
use tower_service::Service as _;

use crate::request::{Peer, Token};

/// Somebody with a browser, at 192.0.2.7.
#[derive(Clone)]
pub(crate) struct Browser {
    router: Router,
    cookie: Option<String>,
}

impl Browser {
    pub(crate) fn new(router: Router, token: Option<Token>) -> Self {
        let cookie = token.map(|token| format!("inhaul={}", token.reveal()));
        Self { router, cookie }
    }

    /// The same, with another cookie.
    pub(crate) fn remembering(&self, cookie: &str) -> Self {
        let cookies = self.cookie.iter().map(String::as_str).chain([cookie]);
        Self {
            router: self.router.clone(),
            cookie: Some(cookies.collect::<Vec<_>>().join("; ")),
        }
    }

    /// Sends a request as the pages' own forms and script do, with these headers beside. The answer
    /// is as it comes: it may be a stream without an end.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Response {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, "127.0.0.1:8110")
            .header("sec-fetch-site", "same-origin")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(body.into()).unwrap();
        request.extensions_mut().insert(Peer {
            address: IpAddr::from([192, 0, 2, 7]),
            is_encrypted: false,
        });
        self.router.clone().call(request).await.unwrap()
    }
}
