//! The ports of a service: those that the service manager opened for it, else the configured ones.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::exit::{Exit, Failure};
use crate::ops::listener::bind;
use crate::ops::systemd::{Opened, OpenedSocket};

/// The listeners of the service with this name ("pop3", "pop3s", "ops").
pub(super) async fn listeners(
    opened: &mut Opened,
    name: &str,
    addresses: &[SocketAddr],
) -> Result<Vec<TcpListener>, Failure> {
    let given = opened.take(name);
    if given.is_empty() {
        let bound = bind(addresses).await;
        return bound.map_err(|(address, error)| taken(name, address, &error));
    }
    let listener = |socket| match socket {
        OpenedSocket::Tcp(socket) => Ok(TcpListener::from_std(socket)?),
        OpenedSocket::Unix(_) => {
            let what =
                format!("the socket {name:?} is a file; {name} is served on the network only");
            let hint = "Write ListenStream= with an address and a port in its unit.";
            Err(Failure::new(Exit::CONFIG, what).hint(hint))
        }
    };
    given.into_iter().map(listener).collect()
}

fn taken(name: &str, address: SocketAddr, error: &io::Error) -> Failure {
    let what = match error.kind() {
        io::ErrorKind::AddrInUse => format!("{address} is used by another program"),
        io::ErrorKind::PermissionDenied => {
            format!("{address} needs more rights than this program has")
        }
        _ => format!("{address} does not open: {error}"),
    };
    let key = match name.strip_suffix('s') {
        Some(section @ ("pop3" | "imap")) => format!("[{section}] listen_tls"),
        _ => format!("[{name}] listen"),
    };
    Failure::new(Exit::UNAVAILABLE, what).hint(format!("Set another one: {key}, or \"off\"."))
}
