//! The addresses at which this very server is reached: a retrieval from here to here would go round
//! in circles.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where this server is reached.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct OwnAddresses {
    listeners: Vec<SocketAddr>,
    names: Vec<String>,
}

impl OwnAddresses {
    /// Sockets that this server listens on, and names by which others know it, such as the host of
    /// its public address. A name stands for all of its ports; one that says only "this machine"
    /// or is an address does not, because other servers may be there.
    pub fn new(
        listeners: impl IntoIterator<Item = SocketAddr>,
        names: impl IntoIterator<Item = String>,
    ) -> Self {
        let names = names.into_iter().map(|name| folded(&name));
        Self {
            listeners: listeners.into_iter().collect(),
            names: names
                .filter(|name| !name.is_empty() && addresses(name).is_empty())
                .collect(),
        }
    }

    /// Whether this host and port lead here.
    pub fn lead_here(&self, host: &str, port: u16) -> bool {
        let host = folded(host);
        match addresses(&host).as_slice() {
            [] => self.names.contains(&host),
            addresses => self.listeners.iter().any(|own| {
                let is_there = |address: &IpAddr| is_at(own.ip(), *address);
                own.port() == port && addresses.iter().any(is_there)
            }),
        }
    }
}

/// Whether who listens at `own` is reached at `address`. A listener of all addresses is reached at
/// this machine's own; which ones these are beside loopback is not known here.
fn is_at(own: IpAddr, address: IpAddr) -> bool {
    let (own, address) = (own.to_canonical(), address.to_canonical());
    own == address || (own.is_unspecified() && (address.is_loopback() || address.is_unspecified()))
}

/// The addresses that a host is, without asking anybody; none of a name.
fn addresses(host: &str) -> Vec<IpAddr> {
    match host {
        "localhost" => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        host => host.parse().into_iter().collect(),
    }
}

fn folded(host: &str) -> String {
    let host = host.trim_end_matches('.');
    let host = host.strip_prefix('[').unwrap_or(host);
    host.strip_suffix(']').unwrap_or(host).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_here_and_its_neighbours_are_not() {
        let listeners = ["127.0.0.1:1110", "[::]:995", "192.0.2.7:110"];
        let own = OwnAddresses::new(
            listeners.map(|listener| listener.parse().unwrap()),
            ["Mail.Example.org.", "127.0.0.1", "localhost", ""].map(str::to_owned),
        );
        for (host, port, here) in [
            ("127.0.0.1", 1110, true),
            ("127.0.0.1", 1111, false),
            ("::ffff:127.0.0.1", 1110, true),
            ("localhost", 1110, true),
            ("LocalHost.", 995, true),
            ("localhost", 2110, false),
            ("::1", 995, true),
            ("127.0.0.1", 995, true),
            ("0.0.0.0", 995, true),
            ("192.0.2.7", 110, true),
            ("192.0.2.7", 995, false),
            ("192.0.2.8", 110, false),
            ("mail.example.org", 995, true),
            ("MAIL.example.ORG.", 2110, true),
            ("pop.example.org", 995, false),
            ("", 995, false),
        ] {
            assert_eq!(own.lead_here(host, port), here, "{host} {port}");
        }
    }
}
