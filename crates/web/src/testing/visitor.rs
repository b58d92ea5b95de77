//! A browser without script that goes where it is sent.

use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use axum::http::header::LOCATION;
use http_body_util::BodyExt as _;

use super::browser::Browser;

/// Somebody whose browser follows redirections.
#[derive(Clone)]
pub(crate) struct Visitor {
    browser: Browser,
    heard: Arc<Mutex<String>>,
}

/// What a browser shows.
#[derive(Debug)]
pub(crate) struct Shown {
    /// The address in its bar, after all redirections, without its fragment.
    pub(crate) path: String,
    pub(crate) status: StatusCode,
    pub(crate) text: String,
}

impl Visitor {
    pub(super) fn new(browser: Browser) -> Self {
        Self {
            browser,
            heard: Arc::default(),
        }
    }

    /// Opens a page and follows where it leads.
    pub(crate) async fn get(&self, path: &str) -> Shown {
        self.ask("GET", path, String::new()).await
    }

    /// Sends a form of the pages' own, and follows where it leads.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Shown {
        let body = serde_urlencoded::to_string(fields).unwrap();
        self.ask("POST", path, body).await
    }

    /// All that was ever answered, headers and bodies.
    pub(crate) fn heard(&self) -> String {
        self.heard.lock().unwrap().clone()
    }

    async fn ask(&self, method: &'static str, path: &str, body: String) -> Shown {
        let (mut method, mut path, mut body) = (method, path.to_owned(), body);
        loop {
            let response = self.browser.send(method, &path, &[], body).await;
            let (parts, answer) = response.into_parts();
            let octets = answer.collect().await.unwrap().to_bytes();
            let text = String::from_utf8_lossy(&octets).into_owned();
            let mut heard = self.heard.lock().unwrap();
            heard.push_str(&format!("{:?}\n{text}\n", parts.headers));
            drop(heard);
            let Some(place) = parts.headers.get(LOCATION) else {
                let status = parts.status;
                return Shown { path, status, text };
            };
            let place = place.to_str().unwrap();
            let place = place.split_once('#').map_or(place, |(page, _)| page);
            (method, path, body) = ("GET", place.to_owned(), String::new());
        }
    }
}

impl Shown {
    /// Whether it says this, in its HTML or as a person reads it.
    pub(crate) fn says(&self, words: &str) -> bool {
        undone(&self.text).contains(words) || self.words().contains(words)
    }

    /// What a person reads: text without its HTML, blanks as one.
    pub(crate) fn words(&self) -> String {
        let mut text = String::new();
        let mut rest = self.text.as_str();
        while let Some((before, behind)) = rest.split_once('<') {
            text.push_str(before);
            text.push(' ');
            rest = behind.split_once('>').map_or("", |(_, behind)| behind);
        }
        text.push_str(rest);
        let words = undone(&text);
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The error at a field, if there is one.
    pub(crate) fn error(&self) -> Option<String> {
        self.errors().into_iter().next()
    }

    /// The words of every error.
    pub(crate) fn errors(&self) -> Vec<String> {
        let parts = self.text.split("<p class=\"error\"").skip(1);
        let errors = parts.map(|part| {
            let (_, behind) = part.split_once('>').unwrap();
            let (what, _) = behind.split_once("</p>").unwrap();
            undone(what)
        });
        errors.collect()
    }
}

/// HTML's names for characters undone, as far as tests need it.
fn undone(text: &str) -> String {
    let text = text.replace("&#39;", "'").replace("&#34;", "\"");
    text.replace("&#38;", "&")
}
