//! Connections: HTTP/1.1 over whatever the listener hands in, with an end to every wait.

mod refusals;
#[cfg(test)]
mod tests;
mod watched;

use std::convert::Infallible;
use std::net::IpAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{CONNECTION, HOST};
use axum::http::{StatusCode, Version};
use axum::response::IntoResponse as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use inhaul_net::{Accepted, Refused, stopped};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;

use crate::app::App;
use crate::request::Peer;
use crate::router::router;

pub(crate) use refusals::{Refusal, Refusals};
use watched::{Seen, Watched};

/// The pages and the API, served.
#[derive(Clone, Debug)]
pub struct Web {
    app: App,
    router: Router,
}

impl Web {
    /// Pages over this.
    pub fn new(app: App) -> Self {
        Self {
            router: router(app.clone()),
            app,
        }
    }

    /// What the pages work on.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Serves a connection until one side ends it, or the listener stops.
    pub async fn serve(self, accepted: Accepted) {
        let Accepted {
            line,
            peer,
            encrypted_to_proxy,
            admitted,
            stop,
        } = accepted;
        let peer = Peer {
            address: peer.ip(),
            is_encrypted: line.is_encrypted() || encrypted_to_proxy,
        };
        self.converse(line, peer, stop).await;
        drop(admitted);
    }

    /// The same of a socket file: whoever may open it is on this machine.
    pub async fn serve_local(
        self,
        line: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        stop: watch::Receiver<bool>,
    ) {
        let peer = Peer {
            address: IpAddr::from([127, 0, 0, 1]),
            is_encrypted: false,
        };
        self.converse(line, peer, stop).await;
    }

    /// Tells somebody that there is no place for them.
    pub async fn refuse(self, refused: Refused) {
        self.app.refusals().note(Refusal::Full, refused.peer.ip());
        let mut line = refused.line;
        if line.write_all(FULL).await.is_ok() {
            drop(line.shutdown().await);
        }
    }

    async fn converse(
        self,
        line: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: Peer,
        mut stop: watch::Receiver<bool>,
    ) {
        let (line, seen) = Watched::new(line);
        let router = self.router;
        let app = self.app.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            let router = Some(&router).filter(|_| is_addressed(&request)).cloned();
            if router.is_none() {
                app.refusals().note(Refusal::NoRequest, peer.address);
            }
            async move {
                Ok::<_, Infallible>(match router {
                    Some(router) => answer(router, request).await,
                    None => (StatusCode::BAD_REQUEST, [(CONNECTION, "close")]).into_response(),
                })
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_PATIENCE)
            .max_buf_size(HEAD_MOST)
            .max_headers(HEADERS_MOST)
            .serve_connection(TokioIo::new(line), service);
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stopped(&mut stop) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        // Whether it ended well is its peer's business; what we would not bear is ours.
        if let Some(why) = why_ended(&ended, &seen) {
            self.app.refusals().note(why, peer.address);
        }
    }
}

/// What of it was refused, if anything was. A line on which nothing is asked for a while ends without
/// a word: browsers keep some of those.
fn why_ended(ended: &hyper::Result<()>, seen: &Seen) -> Option<Refusal> {
    if seen.is_unread() {
        return Some(Refusal::SlowReader);
    }
    let error = ended.as_ref().err()?;
    match () {
        () if error.is_timeout() => seen.is_unanswered().then_some(Refusal::SlowHead),
        () if error.is_parse_too_large() => Some(Refusal::LargeHead),
        () if error.is_parse() => Some(Refusal::NoRequest),
        () => None,
    }
}

/// Whether it names its site once, or comes from before sites had names (RFC 9112 section 3.2).
fn is_addressed(request: &Request<Incoming>) -> bool {
    match request.headers().get_all(HOST).iter().count() {
        0 => request.version() < Version::HTTP_11,
        1 => true,
        _ => false,
    }
}

async fn answer(router: Router, request: Request<Incoming>) -> axum::response::Response {
    use tower_service::Service as _;

    let request = request.map(axum::body::Body::new);
    let mut router = router;
    match router.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// For the whole head of a request, and between two requests on a line.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);

/// Octets of a request's head. A cookie and a long address need a tenth.
const HEAD_MOST: usize = 32 * 1024;

/// Headers of a request.
const HEADERS_MOST: usize = 100;

const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nRetry-After: 10\r\nConnection: close\r\nContent-Length: 66\r\n\r\nToo many connections are open at this server. Try again in 10 s.\r\n";
