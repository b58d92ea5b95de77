//! A port that others connect to: how it is served, and what comes in by it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use inhaul_types::Network;
use tokio::sync::watch;
use tokio::task::JoinError;

use crate::{Admission, Admitted, Full, ProxyError, ServerLine, ServerTls};

/// How a port is served.
#[derive(Clone, Debug)]
pub struct Door {
    /// How many may be connected.
    pub admission: Arc<Admission>,
    /// Implicit TLS: the handshake comes before the first word. `None` begins in the clear.
    pub tls: Option<Arc<ServerTls>>,
    /// Peers in these networks are proxies: they begin with a PROXY header, and it is believed.
    /// Everybody else is served as who they are, whatever they say.
    pub proxies: Arc<[Network]>,
    /// How long peers and sessions are waited for.
    pub patience: Patience,
    /// Turns true when the port is to close ([`stopped`]).
    pub stop: watch::Receiver<bool>,
}

/// How long a listener waits, and for what.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Patience {
    /// For a whole PROXY header.
    pub proxy_header: Duration,
    /// For the handshake of implicit TLS.
    pub handshake: Duration,
    /// For everything that is done with a peer there is no room for.
    pub refusal: Duration,
    /// For sessions to end by themselves after the stop; then they are cut off.
    pub drain: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            // Proxies say it at once.
            proxy_header: Duration::from_secs(5),
            // Three round trips, each lost and sent again.
            handshake: Duration::from_secs(30),
            refusal: Duration::from_secs(5),
            drain: Duration::from_secs(10),
        }
    }
}

/// A connection that may speak.
#[derive(Debug)]
pub struct Accepted {
    /// Where it speaks.
    pub line: ServerLine,
    /// Whose it is; behind a proxy whom that named. IPv4 is never written as IPv6.
    pub peer: SocketAddr,
    /// Whether a proxy says that it speaks TLS with them. The line to the proxy may still be plain.
    pub encrypted_to_proxy: bool,
    /// Its place, free again when this is dropped.
    pub admitted: Admitted,
    /// Turns true when the session is to end soon ([`stopped`]).
    pub stop: watch::Receiver<bool>,
}

/// A connection there is no room for.
#[derive(Debug)]
pub struct Refused {
    /// Where it can be told so. Whoever holds it longer than [`Patience::refusal`] is cut off.
    pub line: ServerLine,
    /// Whose it is.
    pub peer: SocketAddr,
    /// Why there is no room.
    pub full: Full,
}

/// What went wrong before a session began, or when it broke off. For the log.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The system gives no connection. Told once, until it gives one again.
    #[error("no connection can be taken")]
    Accept(#[source] io::Error),
    /// A proxy did not say whom it speaks for. The connection is dropped.
    #[error("the proxy {proxy} is not understood")]
    Proxy {
        /// Its address.
        proxy: SocketAddr,
        /// What is wrong.
        #[source]
        source: ProxyError,
    },
    /// The handshake of implicit TLS failed. The connection is dropped.
    #[error("no TLS with {peer}")]
    Handshake {
        /// Whose connection it was.
        peer: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A session ended by a fault in the program. The others go on.
    #[error("a session broke off")]
    Session(#[source] JoinError),
}

/// Waits for the stop. Whoever held the switch is gone: that is a stop too.
pub async fn stopped(stop: &mut watch::Receiver<bool>) {
    stop.wait_for(|stop| *stop)
        .await
        .map(drop)
        .unwrap_or_default();
}
