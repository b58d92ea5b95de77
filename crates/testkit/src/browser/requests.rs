//! What the browser asked for behind the page: every request, and what pages complained of.

use std::collections::HashMap;

use anyhow::Result;
use serde_json::Value;

use super::{Browser, text};

/// One request of a page or of a frame in it; a redirection makes two.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Request {
    /// The address.
    pub url: String,
    /// `GET`, `POST`.
    pub method: String,
    /// What for, in Chromium's words: `Document`, `Stylesheet`, `Script`, `Image`, `Font`, `Fetch`,
    /// `EventSource`, `Other`.
    pub kind: String,
    /// Whether a cookie went with it.
    pub cookie: bool,
    /// What the server answered; `None` before it does, or if it never was asked.
    pub status: Option<u16>,
    /// Why it failed or was stopped, such as `net::ERR_NAME_NOT_RESOLVED` or `csp`.
    pub failed: Option<String>,
    /// Whether the browser's own cache answered, so that nobody was asked.
    pub cached: bool,
    /// Whether Chromium will still tell what was sent with it.
    untold: bool,
}

impl Browser {
    /// Every request since this was last asked, in order: also those that lead nowhere, because
    /// nothing but this machine can be reached.
    pub fn requests(&self) -> Result<Vec<Request>> {
        let mut events = Vec::new();
        self.wait_until("the end of the log of requests", |browser| {
            events.extend(browser.events()?);
            let requests = requests(&events);
            let told = !requests.iter().any(|request| request.untold);
            Ok(told.then_some(requests))
        })
    }

    /// The errors in the browser's console since this was last asked: exceptions, what a policy
    /// has stopped, what could not be loaded.
    pub fn console_errors(&self) -> Result<Vec<String>> {
        let entries = self.session.log("browser")?;
        let errors = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        errors.map(|entry| text(&entry["message"])).collect()
    }

    /// The events of Chromium's protocol since they were last asked for.
    fn events(&self) -> Result<Vec<Value>> {
        let entries = self.session.log("performance")?;
        let events = entries.iter().map(|entry| {
            let mut told: Value = serde_json::from_str(&text(&entry["message"])?)?;
            Ok(told["message"].take())
        });
        events.collect()
    }
}

/// The requests that these events tell of.
fn requests(events: &[Value]) -> Vec<Request> {
    let mut all: Vec<Request> = Vec::new();
    // The requests of an id, each behind the one that was redirected to it.
    let mut by_id: HashMap<&str, Vec<usize>> = HashMap::new();
    for event in events {
        let about = &event["params"];
        let id = about["requestId"].as_str().unwrap_or_default();
        match event["method"].as_str() {
            Some("Network.requestWillBeSent") => {
                let chain = by_id.entry(id).or_default();
                if let Some(&before) = chain.last() {
                    answered(&mut all[before], &about["redirectResponse"]);
                    all[before].untold = about["redirectHasExtraInfo"] == true;
                }
                chain.push(all.len());
                all.push(Request {
                    url: words(&about["request"]["url"]),
                    method: words(&about["request"]["method"]),
                    kind: words(&about["type"]),
                    ..Request::default()
                });
            }
            Some("Network.webSocketCreated") => all.push(Request {
                url: words(&about["url"]),
                method: "GET".into(),
                kind: "WebSocket".into(),
                ..Request::default()
            }),
            Some("Network.requestServedFromCache") => {
                if let Some(&last) = by_id.get(id).and_then(|chain| chain.last()) {
                    all[last].cached = true;
                }
            }
            Some("Network.responseReceived") => {
                if let Some(&last) = by_id.get(id).and_then(|chain| chain.last()) {
                    answered(&mut all[last], &about["response"]);
                    all[last].cached |= about["response"]["fromDiskCache"] == true;
                    // It says so of what it has from its cache, too, and then tells nothing.
                    all[last].untold = about["hasExtraInfo"] == true && !all[last].cached;
                }
            }
            Some("Network.loadingFailed") => {
                if let Some(&last) = by_id.get(id).and_then(|chain| chain.last()) {
                    let why = about["blockedReason"].as_str();
                    let why = why.map_or_else(|| words(&about["errorText"]), String::from);
                    all[last].failed = Some(why);
                }
            }
            _ => {}
        }
    }
    // What was sent with a request is told by itself, before the request or after it, but in order.
    let mut told: HashMap<&str, usize> = HashMap::new();
    for event in events {
        if event["method"] != "Network.requestWillBeSentExtraInfo" {
            continue;
        }
        let about = &event["params"];
        let id = about["requestId"].as_str().unwrap_or_default();
        let turn = told.entry(id).or_default();
        if let Some(&request) = by_id.get(id).and_then(|chain| chain.get(*turn)) {
            let fields = about["headers"].as_object();
            let mut names = fields.into_iter().flat_map(|fields| fields.keys());
            all[request].cookie = names.any(|name| name.eq_ignore_ascii_case("cookie"));
            all[request].untold = false;
        }
        *turn += 1;
    }
    all.retain(|request| {
        !INTERNAL
            .iter()
            .any(|scheme| request.url.starts_with(scheme))
    });
    all
}

fn answered(request: &mut Request, response: &Value) {
    let status = response["status"].as_u64();
    request.status = status.and_then(|status| status.try_into().ok());
}

fn words(value: &Value) -> String {
    value.as_str().unwrap_or_default().into()
}

/// Addresses that nobody is asked for.
const INTERNAL: [&str; 6] = [
    "about:",
    "blob:",
    "chrome:",
    "chrome-error:",
    "data:",
    "devtools:",
];
