//! Marionette, the protocol that Firefox is driven by: JSON with its length before it, one
//! connection for one browser.
//!
//! A command is `[0, number, "WebDriver:Name", {...}]` and its answer `[1, number, error, result]`
//! (firefox-source-docs.mozilla.org, "Marionette", "Protocol"). Commands and error codes are
//! WebDriver's.

use std::io::{BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::super::TIMEOUTS_MS;
use super::super::webdriver::Refused;

/// The connection, with a session on it.
#[derive(Debug)]
pub(super) struct Wire(Mutex<Turns>);

#[derive(Debug)]
struct Turns {
    stream: BufReader<TcpStream>,
    /// Of the last command.
    number: u64,
}

impl Wire {
    /// Connects and makes a session.
    pub(super) fn begin(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut turns = Turns {
            stream: BufReader::new(stream),
            number: 0,
        };
        let hello = turns.read()?;
        ensure!(
            hello["marionetteProtocol"] == 3,
            "not Marionette 3: {hello}"
        );
        let wire = Self(Mutex::new(turns));
        let wanted = json!({
            "pageLoadStrategy": "normal",
            "timeouts": { "implicit": 0, "pageLoad": TIMEOUTS_MS, "script": TIMEOUTS_MS },
        });
        let wanted = json!({ "capabilities": { "alwaysMatch": wanted } });
        wire.command("NewSession", &wanted)?;
        Ok(wire)
    }

    /// Sends one command of WebDriver's and returns its result.
    pub(super) fn command(&self, name: &str, parameters: &Value) -> Result<Value> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns
            .command(name, parameters)
            .with_context(|| format!("WebDriver:{name}"))
    }
}

impl Turns {
    fn command(&mut self, name: &str, parameters: &Value) -> Result<Value> {
        self.number += 1;
        let message = json!([0, self.number, format!("WebDriver:{name}"), parameters]).to_string();
        let stream = self.stream.get_mut();
        write!(stream, "{}:{message}", message.len()).context("Firefox is gone")?;
        let mut answer = self.read()?;
        ensure!(
            answer[0] == 1 && answer[1] == self.number,
            "an answer to something else: {answer}"
        );
        let error = &answer[2];
        if error.is_null() {
            return Ok(answer[3].take());
        }
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_string();
        Err(Refused {
            code: text("error"),
            message: text("message"),
        }
        .into())
    }

    /// One message.
    fn read(&mut self) -> Result<Value> {
        let mut octets = 0_usize;
        for digit in self.stream.by_ref().bytes() {
            let digit = digit.context("Firefox does not answer")?;
            if digit == b':' {
                let mut message = vec![0; octets];
                self.stream.read_exact(&mut message)?;
                return Ok(serde_json::from_slice(&message)?);
            }
            ensure!(digit.is_ascii_digit(), "not a length: {digit:?}");
            octets = octets * 10 + usize::from(digit - b'0');
            ensure!(octets <= MOST, "a message of more than {MOST} octets");
        }
        anyhow::bail!("Firefox has gone")
    }
}

/// Longer than any of the browser's own deadlines.
const PATIENCE: Duration = Duration::from_secs(180);
/// More than any page of a test.
const MOST: usize = 64 << 20;
