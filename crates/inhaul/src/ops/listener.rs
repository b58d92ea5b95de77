//! The ops listener: `/healthz`, `/readyz` and `/metrics`, apart from the pages people see.
//!
//! Each connection carries one request and lives [`CONNECTION_MOST`] at most, whatever its peer
//! does or leaves undone; so many are served at a time, the rest waits with the kernel. No request
//! has a body that is read. Axum routes; its own server knows no deadlines, so hyper serves.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::health::{Checks, PATIENCE, Source, within_patience};
use super::log::Log;
use super::metrics::{Counters, render};
use crate::config::addresses::Network;
use crate::config::sections::metrics::Metrics;

/// What the listener tells of, and to whom.
pub(crate) struct Desk {
    source: Arc<dyn Source>,
    counters: Arc<Counters>,
    log: Log,
    access: RwLock<Access>,
    /// The last metrics page and when it was made.
    page: Mutex<Option<(Instant, String)>>,
}

/// `[metrics]`: who may read the numbers.
#[derive(Clone, Debug)]
struct Access {
    enabled: bool,
    allow: Vec<Network>,
}

/// What peers may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Connections served at a time.
    connections: usize,
    /// How long a connection lives.
    life: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS_MOST,
            life: CONNECTION_MOST,
        }
    }
}

/// Whoever asks.
#[derive(Clone, Copy)]
struct Peer(IpAddr);

impl Desk {
    /// A desk that asks `source`, for peers that `[metrics]` allows.
    pub(crate) fn new(
        source: Arc<dyn Source>,
        counters: Arc<Counters>,
        log: Log,
        metrics: &Metrics,
    ) -> Arc<Self> {
        Arc::new(Self {
            source,
            counters,
            log,
            access: RwLock::new(Access::of(metrics)),
            page: Mutex::default(),
        })
    }

    /// From now on as `[metrics]` says: whenever the configuration is read again.
    pub(crate) fn configure(&self, metrics: &Metrics) {
        *self.access.write().unwrap_or_else(PoisonError::into_inner) = Access::of(metrics);
    }

    /// Why this peer may not read the numbers, if it may not.
    fn refusal(&self, peer: IpAddr) -> Option<Response> {
        let access = self.access.read().unwrap_or_else(PoisonError::into_inner);
        // IPv4 on a listener for both comes as `::ffff:192.0.2.1`.
        let peer = peer.to_canonical();
        if !access.enabled {
            let why = "The numbers are switched off. [metrics] enabled = true switches them on.\n";
            Some(text(StatusCode::NOT_FOUND, why.into()))
        } else if !access.allow.iter().any(|network| network.contains(peer)) {
            let why = format!("{peer} may not read the numbers. [metrics] allow says who may.\n");
            Some(text(StatusCode::FORBIDDEN, why))
        } else {
            None
        }
    }

    /// The numbers, made anew once a second at most, however many ask.
    async fn numbers(&self) -> Option<String> {
        let mut page = self.page.lock().await;
        match &*page {
            Some((made, page)) if made.elapsed() < FRESH => return Some(page.clone()),
            _ => {}
        }
        let mut snapshot = timeout(PATIENCE, self.source.snapshot()).await.ok()?;
        let made = render(&mut snapshot, &self.counters, self.log.dropped());
        *page = Some((Instant::now(), made.clone()));
        Some(made)
    }
}

impl Access {
    fn of(metrics: &Metrics) -> Self {
        Self {
            enabled: metrics.enabled,
            allow: metrics.allow.clone(),
        }
    }
}

/// Opens these addresses, all or none; the error names the address.
pub(crate) async fn bind(
    addresses: &[SocketAddr],
) -> Result<Vec<TcpListener>, (SocketAddr, io::Error)> {
    let mut listeners = Vec::new();
    for address in addresses {
        let listener = TcpListener::bind(address).await;
        listeners.push(listener.map_err(|error| (*address, error))?);
    }
    Ok(listeners)
}

/// Serves until `stop` turns true, then lets go of whoever is still connected.
pub(crate) async fn serve(
    listeners: Vec<TcpListener>,
    desk: Arc<Desk>,
    limits: Limits,
    stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let router = router(desk);
    let mut accepting = JoinSet::new();
    for listener in listeners {
        accepting.spawn(accept(
            listener,
            router.clone(),
            Arc::clone(&places),
            limits.life,
            stop.clone(),
        ));
    }
    while accepting.join_next().await.is_some() {}
}

async fn accept(
    listener: TcpListener,
    router: Router,
    places: Arc<Semaphore>,
    life: Duration,
    mut stop: watch::Receiver<bool>,
) {
    // Dropped at the end, and with it every connection.
    let mut connections = JoinSet::new();
    let next = || async {
        // The place comes first: whom we cannot serve stays with the kernel.
        let place = Arc::clone(&places).acquire_owned().await;
        (place, listener.accept().await)
    };
    loop {
        let (place, accepted) = tokio::select! {
            // Whoever held the switch is gone: that is a stop too.
            _ = stop.wait_for(|stop| *stop) => return,
            accepted = next() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, peer)) => {
                let router = router.clone().layer(Extension(Peer(peer.ip())));
                connections.spawn(async move {
                    let _place = place;
                    // Whether it ended well is its peer's business.
                    timeout(life, converse(stream, router)).await.ok();
                });
            }
            Err(error) => {
                // Out of descriptors, most likely: others will give some back.
                tracing::warn!(%error, "ops listener takes no connection");
                sleep(BREATH).await;
            }
        }
    }
}

/// One request, one answer.
async fn converse(stream: TcpStream, router: Router) {
    let service = TowerToHyperService::new(router);
    let connection = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(HEAD_MOST)
        .max_headers(HEADERS_MOST)
        .serve_connection(TokioIo::new(stream), service);
    connection.await.ok();
}

fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(desk)
}

async fn healthz(State(desk): State<Arc<Desk>>) -> Response {
    verdict(&within_patience(desk.source.alive()).await)
}

async fn readyz(State(desk): State<Arc<Desk>>) -> Response {
    verdict(&within_patience(desk.source.ready()).await)
}

async fn metrics(State(desk): State<Arc<Desk>>, Extension(peer): Extension<Peer>) -> Response {
    if let Some(refusal) = desk.refusal(peer.0) {
        return refusal;
    }
    match desk.numbers().await {
        Some(page) => {
            let mut answer = text(StatusCode::OK, page);
            let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
            answer.headers_mut().insert(CONTENT_TYPE, kind);
            answer
        }
        None => {
            let why = format!("No answer within {} s.\n", PATIENCE.as_secs());
            text(StatusCode::SERVICE_UNAVAILABLE, why)
        }
    }
}

fn verdict(checks: &Checks) -> Response {
    let status = if checks.all_good() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    text(status, checks.to_string())
}

fn text(status: StatusCode, body: String) -> Response {
    let headers = [
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (status, headers, body).into_response()
}

/// How long a connection lives: time for a request of one packet, twice our own patience.
const CONNECTION_MOST: Duration = Duration::from_secs(10);

/// Connections served at a time: some monitoring systems and a person, many times over.
const CONNECTIONS_MOST: usize = 64;

/// Octets of a request's head, the least hyper takes. Nobody who asks for a page needs a tenth.
const HEAD_MOST: usize = 8_192;

/// Headers of a request.
const HEADERS_MOST: usize = 50;

/// How long a page of numbers is good enough.
const FRESH: Duration = Duration::from_secs(1);

/// How long we wait where no connection can be taken.
const BREATH: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests;
