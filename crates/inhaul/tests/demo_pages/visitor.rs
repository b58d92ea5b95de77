//! Somebody at a browser without script: plain HTTP/1.1, one connection for each request.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// A browser: where it is, and the cookie it was given.
pub(crate) struct Visitor {
    address: String,
    cookie: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Visitor {
    /// Nobody yet; `address` as `127.0.0.1:8110`.
    pub(crate) fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            cookie: None,
        }
    }

    /// Opens a page, and follows where it leads.
    pub(crate) fn open(&mut self, path: &str) -> Answer {
        let answer = self.ask("GET", path, "");
        self.follow(answer)
    }

    /// Sends a form, and follows where it leads.
    pub(crate) fn send(&mut self, path: &str, form: &str) -> Answer {
        let answer = self.ask("POST", path, form);
        self.follow(answer)
    }

    fn follow(&mut self, answer: Answer) -> Answer {
        match answer.header("location") {
            Some(place) if answer.status == 303 => {
                let place = place.split('#').next().unwrap().to_owned();
                self.open(&place)
            }
            _ => answer,
        }
    }

    fn ask(&mut self, method: &str, path: &str, form: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let cookie = self.cookie.iter().map(|it| format!("Cookie: {it}\r\n"));
        let cookie: String = cookie.collect();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{cookie}\
             Sec-Fetch-Site: same-origin\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            self.address,
            form.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let answer = Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_owned(),
            body: body.to_owned(),
        };
        if let Some(cookie) = answer.header("set-cookie") {
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        answer
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1);
        let mut lines = lines.filter_map(|line| line.split_once(": "));
        let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }

    /// How often this stands on the page.
    pub(crate) fn count(&self, text: &str) -> usize {
        self.body.matches(text).count()
    }
}
