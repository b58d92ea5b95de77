//! One HTTP/1.1 request on a line of its own, by a deadline, with a bounded answer.
//!
//! The only module that knows hyper. Redirects are not followed: an address that an operator wrote
//! is the address that is meant, and what stands in it may be a secret.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONNECTION, HOST, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use inhaul_net::tls::Trust;
use inhaul_net::{DialError, Dialler, Line};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::url::WebUrl;

/// Sends requests. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Poster {
    dialler: Arc<Dialler>,
    trust: Trust,
    limit: Duration,
}

/// What a server answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// The first line of the answer's body, without control characters; empty where it was good.
    pub(crate) said: String,
    /// How long it wants us to wait (RFC 9110 section 10.2.3, seconds only).
    pub(crate) retry_after: Option<Duration>,
}

/// There is no answer. The texts hold no part of the address but its host.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PostError {
    /// There is no line.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The answer did not come in time.
    #[error("{host} did not answer within {seconds} seconds")]
    TooSlow {
        /// Whose.
        host: String,
        /// The deadline.
        seconds: u64,
    },
    /// What came is no answer of HTTP, or none came.
    #[error("{host} gave no answer of HTTP")]
    Broken {
        /// Whose.
        host: String,
        /// Why.
        #[source]
        source: hyper::Error,
    },
}

impl PostError {
    /// The whole chain in one line.
    pub(crate) fn in_words(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        text
    }
}

impl Poster {
    /// `limit` bounds a whole request, from the look-up of the name on.
    pub fn new(dialler: Arc<Dialler>, trust: Trust, limit: Duration) -> Self {
        Self {
            dialler,
            trust,
            limit,
        }
    }

    /// Visits an address.
    pub(crate) async fn get(&self, url: &WebUrl) -> Result<Answer, PostError> {
        self.exchange(url, Method::GET, &[], Bytes::new()).await
    }

    /// Sends a body to an address, with these fields beside our own.
    pub(crate) async fn post(
        &self,
        url: &WebUrl,
        fields: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<Answer, PostError> {
        self.exchange(url, Method::POST, fields, body.into()).await
    }

    async fn exchange(
        &self,
        url: &WebUrl,
        method: Method,
        fields: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<Answer, PostError> {
        let mut request = Request::builder()
            .method(method)
            .uri(url.path())
            .header(HOST, url.authority())
            .header(USER_AGENT, concat!("inhaul/", env!("CARGO_PKG_VERSION")))
            .header(CONNECTION, "close");
        if let Some(authorization) = url.authorization() {
            request = request.header(AUTHORIZATION, authorization);
        }
        for (name, value) in fields {
            request = request.header(*name, value);
        }
        let request = request
            .body(Full::new(body))
            .expect("a parsed address and our own fields make a request");
        let whole = self.on_a_line(url, request);
        timeout(self.limit, whole).await.unwrap_or_else(|_| {
            Err(PostError::TooSlow {
                host: url.target().host.clone(),
                seconds: self.limit.as_secs(),
            })
        })
    }

    async fn on_a_line(
        &self,
        url: &WebUrl,
        request: Request<Full<Bytes>>,
    ) -> Result<Answer, PostError> {
        let broken = |source| PostError::Broken {
            host: url.target().host.clone(),
            source,
        };
        let line = TokioIo::new(self.line(url).await?);
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(MOST_HEAD)
            .handshake(line)
            .await
            .map_err(broken)?;
        // The line is closed with this future, whatever the server goes on sending.
        let _driver = Driver(tokio::spawn(async move { connection.await.ok() }));
        let answer = sender.send_request(request).await.map_err(broken)?;
        let status = answer.status();
        let retry_after = answer.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let said = match status.is_success() {
            true => String::new(),
            false => first_line(answer.into_body()).await,
        };
        Ok(Answer {
            status: status.as_u16(),
            said,
            retry_after: retry_after.map(Duration::from_secs),
        })
    }

    async fn line(&self, url: &WebUrl) -> Result<Line, DialError> {
        let target = url.target();
        let line = self.dialler.connect(target, self.limit).await?;
        match url.is_encrypted() {
            true => {
                self.dialler
                    .secure(line, target, &self.trust, self.limit)
                    .await
            }
            false => Ok(line),
        }
    }
}

/// A server says in its head what it has to say; hyper asks for no less than 8 KiB.
const MOST_HEAD: usize = 16 << 10;
/// Of what a server says beside a refusal.
const MOST_SAID: usize = 4 << 10;
/// Characters of its first line.
const MOST_SHOWN: usize = 200;

/// What a refusing server says; nothing where it says too much or breaks off.
async fn first_line(body: hyper::body::Incoming) -> String {
    let Ok(said) = Limited::new(body, MOST_SAID).collect().await else {
        return String::new();
    };
    let said = said.to_bytes();
    let said = String::from_utf8_lossy(&said);
    let line = said.trim().lines().next().unwrap_or_default();
    line.chars()
        .filter(|c| !c.is_control())
        .take(MOST_SHOWN)
        .collect()
}

/// Drives a connection for as long as somebody waits for its answer.
struct Driver(JoinHandle<Option<()>>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}
