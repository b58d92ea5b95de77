//! The ports of a service: those that the service manager opened for it, else the configured ones.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use tokio::net::{TcpListener, UnixListener};

use crate::config::addresses::ListenAddress;
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

/// Where the pages are served: ports, and socket files for a proxy on this machine.
pub(super) async fn page_listeners(
    opened: &mut Opened,
    places: &[ListenAddress],
) -> Result<(Vec<TcpListener>, Vec<UnixListener>), Failure> {
    let (mut ports, mut files) = (Vec::new(), Vec::new());
    let given = opened.take("web");
    for socket in given {
        match socket {
            OpenedSocket::Tcp(socket) => ports.push(TcpListener::from_std(socket)?),
            OpenedSocket::Unix(socket) => files.push(UnixListener::from_std(socket)?),
        }
    }
    if !ports.is_empty() || !files.is_empty() {
        return Ok((ports, files));
    }
    for place in places {
        match place {
            ListenAddress::Tcp(address) => {
                let bound = bind(&[*address]).await;
                let bound = bound.map_err(|(address, error)| taken("server", address, &error))?;
                ports.extend(bound);
            }
            ListenAddress::Unix(file) => files.push(bind_file(file).map_err(|error| {
                let what = format!("{} does not open: {error}", file.display());
                Failure::new(Exit::UNAVAILABLE, what).hint("Set another one: [server] listen.")
            })?),
        }
    }
    Ok((ports, files))
}

/// A socket that an earlier start left behind is in nobody's use: the data directory's lock says so.
fn bind_file(file: &Path) -> io::Result<UnixListener> {
    match fs::symlink_metadata(file) {
        Ok(there) if there.file_type().is_socket() => fs::remove_file(file)?,
        _ => {}
    }
    UnixListener::bind(file)
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
