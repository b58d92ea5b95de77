//! The W3C's WebDriver as chromedriver speaks it: JSON over HTTP/1.1, one connection a command.
//!
//! A browser is driven by some hundred short commands on the loopback, one after the other, so a
//! blocking client of a page does; a library of the same would bring a second HTTP stack, cookies
//! and an event loop to tests that have none.

use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

/// One session, which is one browser with its own profile.
#[derive(Debug)]
pub(super) struct Session {
    port: u16,
    id: String,
}

/// A node of the page, good until the page changes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Element(String);

impl Element {
    /// The element in an answer or in what a script returned.
    pub(super) fn from_value(value: &Value) -> Option<Self> {
        Some(Self(value.get(ELEMENT)?.as_str()?.into()))
    }

    /// As an argument of a script.
    pub(super) fn to_value(&self) -> Value {
        json!({ ELEMENT: self.0 })
    }
}

/// What a browser refused, by the W3C's error code.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) code: String,
    pub(super) message: String,
}

impl Refused {
    /// Whether the same command may go well in a moment, because the page was just changing.
    pub(super) fn is_passing(&self) -> bool {
        matches!(
            self.code.as_str(),
            "stale element reference"
                | "no such element"
                | "element click intercepted"
                | "element not interactable"
                | "invalid element state"
                | "no such execution context"
                | "detached shadow root"
        ) || self.message.contains("aborted by navigation")
            || self.message.contains("does not belong to the document")
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What follows are frames of the driver's own stack.
        let message = self.message.split("\nStacktrace").next();
        write!(f, "{}: {}", self.code, message.unwrap_or_default().trim())
    }
}

impl std::error::Error for Refused {}

impl Session {
    /// Starts a browser.
    pub(super) fn begin(port: u16, capabilities: &Value) -> Result<Self> {
        let body = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let value = command(port, "POST", "/session", Some(&body))?;
        let id = value["sessionId"].as_str().context("no session id")?;
        Ok(Self {
            port,
            id: id.into(),
        })
    }

    /// Asks for something of the session.
    pub(super) fn get(&self, path: &str) -> Result<Value> {
        command(self.port, "GET", &self.path(path), None)
    }

    /// Tells the session to do something.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        command(self.port, "POST", &self.path(path), Some(body))
    }

    /// Ends something of the session.
    pub(super) fn delete(&self, path: &str) -> Result<Value> {
        command(self.port, "DELETE", &self.path(path), None)
    }

    /// Asks for something of an element.
    pub(super) fn get_of(&self, element: &Element, what: &str) -> Result<Value> {
        self.get(&format!("element/{}/{what}", element.0))
    }

    /// Does something to an element.
    pub(super) fn post_to(&self, element: &Element, what: &str, body: &Value) -> Result<Value> {
        self.post(&format!("element/{}/{what}", element.0), body)
    }

    /// Runs the body of a function in the page; a promise it returns is awaited.
    pub(super) fn script(&self, body: &str, arguments: &[Value]) -> Result<Value> {
        self.post(
            "execute/sync",
            &json!({ "script": body, "args": arguments }),
        )
    }

    /// A command of Chromium's own protocol (chromedevtools.github.io/devtools-protocol).
    pub(super) fn devtools(&self, method: &str, parameters: &Value) -> Result<Value> {
        self.post(
            "goog/cdp/execute",
            &json!({ "cmd": method, "params": parameters }),
        )
    }

    /// The entries of a log since they were last asked for.
    pub(super) fn log(&self, kind: &str) -> Result<Vec<Value>> {
        match self.post("se/log", &json!({ "type": kind }))? {
            Value::Array(entries) => Ok(entries),
            other => bail!("not a log: {other}"),
        }
    }

    fn path(&self, path: &str) -> String {
        format!("/session/{}/{path}", self.id)
    }
}

/// Sends one command, and returns the `value` of its answer.
fn command(port: u16, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
    let (status, answer) =
        exchange(port, method, path, body).with_context(|| format!("WebDriver {method} {path}"))?;
    let value = answer.get("value").cloned().unwrap_or_default();
    if status == 200 {
        return Ok(value);
    }
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_string();
    Err(Refused {
        code: text("error"),
        message: text("message"),
    }
    .into())
}

/// One request and its answer: status and JSON.
fn exchange(port: u16, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
    let mut stream =
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).context("chromedriver is gone")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let body = body.map(Value::to_string).unwrap_or_default();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
         Content-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;

    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream
        .read_line(&mut line)
        .context("the browser does not answer")?;
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.with_context(|| format!("not HTTP: {line:?}"))?;
    let mut octets = None;
    loop {
        line.clear();
        ensure!(stream.read_line(&mut line)? > 0, "an answer without an end");
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            octets = Some(value.trim().parse::<usize>()?);
        }
    }
    let mut answer = vec![0; octets.context("an answer without a length")?];
    stream.read_exact(&mut answer)?;
    Ok((status, serde_json::from_slice(&answer)?))
}

/// The W3C's name for the member that holds an element's id (WebDriver 2, section 12).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// Longer than any of the browser's own deadlines (`super::TIMEOUTS`).
const PATIENCE: Duration = Duration::from_secs(180);
