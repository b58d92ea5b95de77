//! Where to listen and whom to trust: addresses, ports, sockets and networks.

use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

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

/// Addresses that share their first bits, such as `192.0.2.0/24`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Network {
    /// The first address.
    pub(crate) address: IpAddr,
    /// How many bits are shared.
    pub(crate) prefix: u8,
}

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
        parse_network(text)
            .map_err(|what| session.refuse(&from.place, path, what, help))
            .ok()
    }

    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

impl Network {
    /// Whether the address is one of these. An IPv4 address is in no IPv6 network, nor the other
    /// way round.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let (first, bits, longest) = match (self.address, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => (
                u128::from(first.to_bits()),
                u128::from(address.to_bits()),
                32,
            ),
            (IpAddr::V6(first), IpAddr::V6(address)) => (first.to_bits(), address.to_bits(), 128),
            _ => return false,
        };
        let behind = u32::from(longest - self.prefix.min(longest));
        // Shifting out every bit leaves nothing to compare.
        let shared = |bits: u128| bits.checked_shr(behind).unwrap_or(0);
        shared(first) == shared(bits)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// An address alone is a network of one. Bits behind the prefix must be zero: a network that
/// starts elsewhere than it says is one its writer did not mean.
fn parse_network(text: &str) -> Result<Network, String> {
    let not_a_network = || format!("`{text}` is not a network");
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| not_a_network())?;
    // All addresses as 128 bits, those of IPv4 in the upper 32.
    let (bits, longest) = match address {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    };
    let prefix = prefix.map_or(Ok(longest), |prefix| prefix.parse::<u8>());
    let prefix = prefix
        .ok()
        .filter(|prefix| *prefix <= longest)
        .ok_or_else(not_a_network)?;
    let behind = bits.checked_shl(u32::from(prefix)).unwrap_or(0);
    if behind != 0 {
        return Err(format!("`{text}` has bits set behind its prefix"));
    }
    Ok(Network { address, prefix })
}

const HOW_TO_LISTEN: &str =
    "Write address and port: \"127.0.0.1:8110\", \"[::]:8110\" for the network, or \"off\".";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_an_address_with_a_prefix() {
        let rows = [
            ("127.0.0.1/32", "127.0.0.1/32"),
            ("127.0.0.1", "127.0.0.1/32"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::1", "::1/128"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("::/0", "::/0"),
        ];
        for (text, network) in rows {
            assert_eq!(parse_network(text).unwrap().to_string(), network, "{text}");
        }
    }

    #[test]
    fn a_network_contains_what_shares_its_first_bits() {
        let rows = [
            ("127.0.0.1/32", "127.0.0.1", true),
            ("127.0.0.1/32", "127.0.0.2", false),
            ("10.0.0.0/8", "10.255.3.4", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("0.0.0.0/0", "192.0.2.1", true),
            ("0.0.0.0/0", "::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db9::1", true),
            ("::/0", "192.0.2.1", false),
        ];
        for (network, address, is_in) in rows {
            let contains = parse_network(network).unwrap();
            let address = address.parse().unwrap();
            assert_eq!(contains.contains(address), is_in, "{address} in {network}");
        }
    }

    #[test]
    fn a_network_that_means_another_is_refused() {
        let rows = [
            ("10.0.0.1/8", "behind its prefix"),
            ("2001:db8::1/32", "behind its prefix"),
            ("10.0.0.0/33", "not a network"),
            ("10.0.0.0/-1", "not a network"),
            ("10.0.0/8", "not a network"),
            ("localhost", "not a network"),
            ("", "not a network"),
        ];
        for (text, reason) in rows {
            let error = parse_network(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
