//! HTTP octet by octet: what no well-behaved client would send.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::house::House;

/// A connection to the pages.
pub(crate) struct Wire(TcpStream);

impl Wire {
    pub(crate) fn to(house: &House) -> Self {
        Self::at(house.address())
    }

    pub(crate) fn at(address: SocketAddr) -> Self {
        Self::try_at(address).unwrap()
    }

    /// The same where nobody may be there.
    pub(crate) fn try_at(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Ok(Self(stream))
    }

    /// Sends all of it; says whether the other side still took it.
    pub(crate) fn send(&mut self, octets: &[u8]) -> bool {
        self.0.write_all(octets).is_ok()
    }

    /// Everything that is answered until the other side ends the line, whichever way it does.
    pub(crate) fn rest(mut self) -> String {
        let mut octets = Vec::new();
        if let Err(error) = self.0.read_to_end(&mut octets) {
            let kind = error.kind();
            let is_reset = kind == std::io::ErrorKind::ConnectionReset;
            assert!(is_reset, "{error}: the line stays open after {octets:?}");
        }
        String::from_utf8_lossy(&octets).into_owned()
    }
}

/// What is answered to one request on a line of its own.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// Reads it; there must be one and no more.
    #[track_caller]
    fn read(text: &str) -> Self {
        assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{text}");
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1);
        lines.find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Somebody, or some program; each request on a line of its own.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    at: SocketAddr,
    headers: String,
}

impl Visitor {
    /// Nobody in particular.
    pub(crate) fn stranger(house: &House) -> Self {
        let at = house.address();
        Self {
            at,
            headers: format!("Host: {at}\r\nConnection: close\r\n"),
        }
    }

    /// Somebody who signs in.
    pub(crate) fn signed_in(house: &House, name: &str, password: &str) -> Self {
        let stranger = Self::stranger(house);
        let answer = stranger.post("/sign-in", &[("name", name), ("password", password)]);
        assert_eq!(answer.status, 303, "{answer:?}");
        let cookie = answer.header("set-cookie").unwrap();
        let cookie = cookie.split(';').next().unwrap();
        stranger.with("Cookie", cookie)
    }

    /// With one more header from now on.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", "")
    }

    /// Sends a form.
    #[track_caller]
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        let kind = "application/x-www-form-urlencoded";
        self.ask("POST", path, kind, &fields.join("&"))
    }

    /// Sends a document to the API.
    #[track_caller]
    pub(crate) fn send(&self, method: &str, path: &str, body: &serde_json::Value) -> Answer {
        self.ask(method, path, "application/json", &body.to_string())
    }

    #[track_caller]
    pub(crate) fn ask(&self, method: &str, path: &str, kind: &str, body: &str) -> Answer {
        let headers = &self.headers;
        let length = body.len();
        let mut wire = Wire::at(self.at);
        let head = format!(
            "{method} {path} HTTP/1.1\r\n{headers}Sec-Fetch-Site: same-origin\r\n\
             Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
        );
        assert!(wire.send(head.as_bytes()) && wire.send(body.as_bytes()));
        Answer::read(&wire.rest())
    }

    /// The beginning of a request with a body, up to its kind and length.
    pub(crate) fn head(&self, method: &str, path: &str) -> String {
        let headers = self.headers.replace("Connection: close\r\n", "");
        format!("{method} {path} HTTP/1.1\r\n{headers}Sec-Fetch-Site: same-origin\r\n")
    }
}

/// As forms write it.
fn encoded(value: &str) -> String {
    let octets = value.bytes().map(|octet| match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
            char::from(octet).to_string()
        }
        octet => format!("%{octet:02X}"),
    });
    octets.collect()
}

/// A line on which nothing happens for so long hangs.
const PATIENCE: Duration = Duration::from_secs(170);
