//! Connections: HTTP/1.1 over whatever the listener hands in, with an end to every wait.

use std::convert::Infallible;
use std::net::IpAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
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
    pub async fn refuse(refused: Refused) {
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
        let router = self.router;
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            let router = router.clone();
            async move { Ok::<_, Infallible>(answer(router, request).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_PATIENCE)
            .max_buf_size(HEAD_MOST)
            .max_headers(HEADERS_MOST)
            .serve_connection(TokioIo::new(line), service);
        tokio::pin!(connection);
        // Whether it ended well is its peer's business.
        tokio::select! {
            ended = connection.as_mut() => drop(ended),
            () = stopped(&mut stop) => {
                connection.as_mut().graceful_shutdown();
                drop(connection.await);
            }
        }
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
