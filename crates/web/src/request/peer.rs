//! Whose request it is on the network, and over which line it came.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::Response;

use crate::app::App;
use crate::response::Problem;

/// The other end of the connection; the listener puts it on each request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    /// Its address; of a socket file, this machine's.
    pub(crate) address: IpAddr,
    /// Whether the line has TLS, or a proxy said so in its PROXY header.
    pub(crate) is_encrypted: bool,
}

/// Who asks, as far as the network knows: behind a trusted proxy whom that names.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Their address.
    pub(crate) address: IpAddr,
    /// Whether their line is encrypted.
    pub(crate) is_encrypted: bool,
    /// The name and port they typed.
    pub(crate) host: String,
}

impl Caller {
    /// The address of the pages as they typed it, without a slash at its end.
    pub(crate) fn origin(&self) -> String {
        let scheme = if self.is_encrypted { "https" } else { "http" };
        format!("{scheme}://{}", self.host)
    }

    /// Whether a password that they type can be read on the way.
    pub(crate) fn is_readable_by_others(&self) -> bool {
        !self.is_encrypted && !self.address.is_loopback()
    }
}

/// Puts the [`Caller`] on each request.
pub(crate) async fn learn(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    // A request that came by no listener is a test's.
    let peer = peer.unwrap_or_else(|| Peer {
        address: IpAddr::from([127, 0, 0, 1]),
        is_encrypted: false,
    });
    let host = request.uri().authority().map(ToString::to_string);
    let headers = request.headers();
    let host = host.or_else(|| Some(headers.get(HOST)?.to_str().ok()?.to_owned()));
    let mut caller = Caller {
        address: peer.address,
        is_encrypted: peer.is_encrypted,
        host: host.unwrap_or_default(),
    };
    let settings = app.settings();
    let trusted = |address: IpAddr| {
        let mut networks = settings.trusted_proxies.iter();
        networks.any(|network| network.contains(address))
    };
    if trusted(peer.address) {
        let named = list(headers, &FORWARDED_FOR);
        caller.address = last_named(&named, trusted).unwrap_or(peer.address);
        if let Some(scheme) = list(headers, &FORWARDED_PROTO).last() {
            caller.is_encrypted = scheme == "https";
        }
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// Each proxy adds whom it spoke with at the end: the last that is no proxy of ours is them. What
/// stands before something that is no address was added by nobody whom we trust.
fn last_named(named: &[String], trusted: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
    let named = named.iter().rev().map_while(|text| address(text));
    let mut named = named.map(|address| address.to_canonical());
    named.find(|address| !trusted(*address))
}

/// Some proxies write the port as well.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse().map(|address: SocketAddr| address.ip());
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let plain = text.parse().or_else(|_| with_port());
    plain.ok().or_else(in_brackets)
}

fn list(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let values = headers.get_all(name).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let items = values.flat_map(|value| value.split(','));
    items.map(|item| item.trim().to_owned()).collect()
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Problem::internal("nobody learned who asks"))
    }
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_a_trusted_proxy_names_last_is_believed_and_nobody_before() {
        let trusted = |address: IpAddr| address == IpAddr::from([127, 0, 0, 1]);
        for (named, address) in [
            ("203.0.113.9", Some("203.0.113.9")),
            ("198.51.100.1, 203.0.113.9", Some("203.0.113.9")),
            ("203.0.113.9, 127.0.0.1", Some("203.0.113.9")),
            ("203.0.113.9:4711", Some("203.0.113.9")),
            ("::ffff:203.0.113.9", Some("203.0.113.9")),
            ("[2001:db8::9]:4711", Some("2001:db8::9")),
            ("[2001:db8::9]", Some("2001:db8::9")),
            ("2001:db8::9", Some("2001:db8::9")),
            // The proxy does not say whom it spoke with: what stands before is the sender's own.
            ("203.0.113.9, unknown", None),
            ("203.0.113.9, ", None),
            ("203.0.113.9, _hidden, 127.0.0.1", None),
            ("127.0.0.1", None),
            ("", None),
        ] {
            let named: Vec<_> = named.split(',').map(|one| one.trim().to_owned()).collect();
            let address = address.map(|address| address.parse().unwrap());
            assert_eq!(last_named(&named, trusted), address, "{named:?}");
        }
    }
}
