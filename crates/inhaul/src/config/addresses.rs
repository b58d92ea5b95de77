//! Where to listen and whom to trust: addresses, ports, sockets and networks.

use std::collections::HashSet;
use std::hash::Hash;
use std::net::SocketAddr;
use std::path::PathBuf;

use inhaul_types::NetworkError;

pub(crate) use inhaul_types::Network;

use super::reader::{KeyPath, Session, Setting};
use super::tree::{Placed, quoted};

/// One place the web server listens at.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum ListenAddress {
    /// An address and a port; port 0 takes a free one.
    Tcp(SocketAddr),
    /// A socket file, for a proxy on the same machine.
    Unix(PathBuf),
}

/// The addresses of one `listen` key: one, a list, or `"off"`.
pub(super) struct Listen<A>(pub(super) Vec<A>);

impl<A: Setting + Clone + Eq + Hash> Setting for Listen<A> {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let parts = from.one_or_list();
        if let [only] = &parts[..]
            && only.text(path, session, HOW_TO_LISTEN)? == "off"
        {
            return Some(Self(Vec::new()));
        }
        let read: Vec<Option<A>> = parts
            .iter()
            .map(|part| A::read(part, path, session))
            .collect();
        let addresses: Vec<A> = read.into_iter().collect::<Option<_>>()?;
        let mut seen = HashSet::new();
        for (part, address) in parts.iter().zip(&addresses) {
            // Twice port 0 is two free ports.
            let takes_any_port = address.show().ends_with(":0\"");
            if !takes_any_port && !seen.insert(address) {
                let what = format!("{} is listed twice", address.show());
                session.refuse(&part.place, path, what, "Remove one of them.");
                return None;
            }
        }
        Some(Self(addresses))
    }

    fn show(&self) -> String {
        match &self.0[..] {
            [only] => only.show(),
            addresses => addresses.to_vec().show(),
        }
    }
}

impl Setting for SocketAddr {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let text = from.text(path, session, HOW_TO_LISTEN)?;
        text.parse()
            .map_err(|_| {
                let what = format!("`{text}` is not an address with a port");
                session.refuse(&from.place, path, what, HOW_TO_LISTEN);
            })
            .ok()
    }

    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

impl Setting for ListenAddress {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let text = from.text(path, session, HOW_TO_LISTEN)?;
        match text.strip_prefix("unix:") {
            Some(file) if file.starts_with('/') => Some(Self::Unix(PathBuf::from(file))),
            Some(_) => {
                let what = format!("`{text}` is not a whole path");
                let help = "Write it from the root: \"unix:/run/inhaul/http.sock\".";
                session.refuse(&from.place, path, what, help);
                None
            }
            None => SocketAddr::read(from, path, session).map(Self::Tcp),
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Tcp(address) => address.show(),
            Self::Unix(file) => quoted(&format!("unix:{}", file.display())),
        }
    }
}

impl Setting for Network {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let help = "Write an address, or a network such as \"192.0.2.0/24\".";
        let text = from.text(path, session, help)?;
        text.parse()
            .map_err(|error: NetworkError| {
                session.refuse(&from.place, path, error.to_string(), help);
            })
            .ok()
    }

    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

const HOW_TO_LISTEN: &str =
    "Write address and port: \"127.0.0.1:8110\", \"[::]:8110\" for the network, or \"off\".";
