//! A browser without script: cookies, forms, redirections.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION};
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use tower_service::Service as _;

use crate::request::Token;

/// Somebody with a browser.
#[derive(Clone)]
pub(crate) struct Visitor {
    router: Router,
    token: Option<Token>,
    heard: Arc<Mutex<String>>,
}

/// What a browser shows.
#[derive(Debug)]
pub(crate) struct Shown {
    /// The address in its bar, after all redirections.
    pub(crate) path: String,
    pub(crate) status: StatusCode,
    pub(crate) text: String,
}

impl Visitor {
    pub(crate) fn new(router: Router, token: Option<Token>) -> Self {
        Self {
            router,
            token,
            heard: Arc::default(),
        }
    }

    /// Opens a page and follows where it leads.
    pub(crate) async fn get(&self, path: &str) -> Shown {
        self.ask(Method::GET, path, String::new()).await
    }

    /// Sends a form of the pages' own, and follows where it leads.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Shown {
        let body = serde_urlencoded::to_string(fields).unwrap();
        self.ask(Method::POST, path, body).await
    }

    /// All that was ever answered, headers and bodies.
    pub(crate) fn heard(&self) -> String {
        self.heard.lock().unwrap().clone()
    }

    async fn ask(&self, method: Method, path: &str, body: String) -> Shown {
        let (mut method, mut path, mut body) = (method, path.to_owned(), body);
        loop {
            let (status, location, text) = self.send(&method, &path, &body).await;
            match location {
                Some(to) if status == StatusCode::SEE_OTHER => {
                    (method, path, body) = (Method::GET, to, String::new());
                }
                _ => return Shown { path, status, text },
            }
        }
    }

    async fn send(
        &self,
        method: &Method,
        path: &str,
        body: &str,
    ) -> (StatusCode, Option<String>, String) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, "127.0.0.1:8110")
            .header("sec-fetch-site", "same-origin")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(token) = &self.token {
            request = request.header(COOKIE, format!("inhaul={}", token.reveal()));
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().call(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let octets = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&octets).into_owned();
        let mut heard = self.heard.lock().unwrap();
        heard.push_str(&format!("{:?}\n{text}\n", parts.headers));
        let location = parts.headers.get(LOCATION);
        let location = location.map(|to| to.to_str().unwrap().to_owned());
        (parts.status, location, text)
    }
}

impl Shown {
    /// Whether it says this, its HTML undone as far as tests need it.
    pub(crate) fn says(&self, words: &str) -> bool {
        let text = self.text.replace("&#39;", "'").replace("&#38;", "&");
        let text = text.replace("&#34;", "\"");
        text.contains(words)
    }

    /// The error at a field, if there is one.
    pub(crate) fn error(&self) -> Option<String> {
        let (_, behind) = self.text.split_once("class=\"error\" id=\"wrong\"")?;
        let (_, behind) = behind.split_once('>')?;
        let (error, _) = behind.split_once("</p>")?;
        Some(error.replace("&#39;", "'"))
    }
}
