//! A browser as far as forms need one: requests, the session's cookie, streams that are read whole.

#![allow(dead_code, reason = "each test file uses its part of it")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use inhaul_testkit::Server;
use serde_json::Value;

/// A browser without script at a server's pages.
#[derive(Debug)]
pub(crate) struct Browser {
    address: SocketAddr,
    cookie: String,
}

/// What a page answers.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Browser {
    /// At the pages of this server; nobody is signed in.
    pub(crate) fn at(server: &Server) -> Self {
        let ready = server.ready().unwrap();
        let mut lines = ready.lines();
        let web = lines.find_map(|line| line.strip_prefix("web http://"));
        Self {
            address: web.unwrap().parse().unwrap(),
            cookie: String::new(),
        }
    }

    /// Signs in.
    pub(crate) fn sign_in(&mut self, name: &str, password: &str) {
        let form = format!("name={name}&password={password}");
        let answer = self.send("POST", "/sign-in", &[], &form);
        assert_eq!(answer.status, 303, "{answer:?}");
        let cookie = answer.header("set-cookie").unwrap();
        self.cookie = cookie.split(';').next().unwrap().to_owned();
    }

    /// Asks for a page.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    /// Sends a form without fields.
    pub(crate) fn post(&self, path: &str) -> Answer {
        self.send("POST", path, &[], "")
    }

    /// Sends a form with these fields.
    pub(crate) fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let fields: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", escaped(value)))
            .collect();
        self.send("POST", path, &[], &fields.join("&"))
    }

    /// Asks as the script does.
    pub(crate) fn data(&self, method: &str, path: &str) -> Value {
        let answer = self.send(method, path, &["accept: application/json"], "");
        assert_eq!(answer.status, 200, "{answer:?}");
        serde_json::from_str(&answer.body).unwrap()
    }

    /// Sends a document as the script does, and reads the one that is answered.
    pub(crate) fn send_data(&self, method: &str, path: &str, document: &Value) -> (u16, Value) {
        let answer = self.send_as("application/json", method, path, &[], &document.to_string());
        let document = serde_json::from_str(&answer.body);
        (answer.status, document.unwrap_or(Value::Null))
    }

    /// A check's stream to its end, behind what was heard: name and data of each event.
    pub(crate) fn stream(&self, check: &str, heard: u64) -> Vec<(String, Value)> {
        let path = format!("/api/v1/check/{check}/events");
        let last = format!("last-event-id: {heard}");
        let answer = self.send("GET", &path, &[&last], "");
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.body.starts_with(": connected\n\n"), "{answer:?}");
        let blocks = answer.body.split("\n\n");
        let events = blocks.filter_map(|block| {
            let rest = block.strip_prefix("id: ")?;
            let [id, event, data] = rest.lines().collect::<Vec<_>>()[..] else {
                panic!("an event of another form: {block}");
            };
            assert!(id.parse::<u64>().unwrap() > heard);
            let event = event.strip_prefix("event: ").unwrap().to_owned();
            let data = data.strip_prefix("data: ").unwrap();
            Some((event, serde_json::from_str(data).unwrap()))
        });
        events.collect()
    }

    fn send(&self, method: &str, path: &str, headers: &[&str], form: &str) -> Answer {
        self.send_as(
            "application/x-www-form-urlencoded",
            method,
            path,
            headers,
            form,
        )
    }

    fn send_as(
        &self,
        kind: &str,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &str,
    ) -> Answer {
        let mut line = TcpStream::connect(self.address).unwrap();
        line.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\
             sec-fetch-site: same-origin\r\ncontent-length: {}\r\n\
             content-type: {kind}\r\n",
            self.address,
            body.len()
        );
        if !self.cookie.is_empty() {
            head.push_str(&format!("cookie: {}\r\n", self.cookie));
        }
        for header in headers {
            head.push_str(&format!("{header}\r\n"));
        }
        write!(line, "{head}\r\n{body}").unwrap();
        let mut octets = Vec::new();
        line.read_to_end(&mut octets).unwrap();
        let text = String::from_utf8(octets).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let answer = Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_owned(),
            body: body.to_owned(),
        };
        match answer.header("transfer-encoding") {
            Some("chunked") => Answer {
                body: unchunked(&answer.body),
                ..answer
            },
            _ => answer,
        }
    }
}

impl Answer {
    /// A header of it, named in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1);
        lines.find_map(|line| {
            let (this, value) = line.split_once(": ")?;
            this.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// A value in a form: everything but letters and digits as `%xx`.
fn escaped(value: &str) -> String {
    let octet = |octet: u8| match octet {
        letter if letter.is_ascii_alphanumeric() => char::from(letter).to_string(),
        other => format!("%{other:02x}"),
    };
    value.bytes().map(octet).collect()
}

/// A body without the sizes of its pieces (RFC 9112 section 7.1).
fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        whole.push_str(&rest[..size]);
        body = rest[size..].strip_prefix("\r\n").unwrap();
        if size == 0 {
            break;
        }
    }
    whole
}

/// A stream says something every 15 seconds.
const PATIENCE: Duration = Duration::from_secs(60);
