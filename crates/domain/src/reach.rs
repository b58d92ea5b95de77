//! Where a retrieval may dial that a person saved who is no administrator.
//!
//! Such a person must not make this server knock on doors inside its own network. Every address
//! that a name resolves to is judged, right before it is dialled: a name can point anywhere, and
//! somewhere else a moment later.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where a retrieval may dial.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reach {
    /// Anywhere: an administrator saved it, or its owner's group may.
    Anywhere,
    /// Public addresses, at POP3's ports and these.
    Public {
        /// More ports.
        ports: Vec<u16>,
    },
}

/// Why an address may not be dialled.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unreachable {
    /// It is none of POP3's ports, nor one that was allowed.
    Port(u16),
    /// It is no public address.
    Address(IpAddr, Realm),
}

/// What kind of address one is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Realm {
    /// Anybody's, on the internet.
    Public,
    /// Nobody's: `0.0.0.0`, `::`, and the rest of "this network" (RFC 1122 section 3.2.1.3).
    Unspecified,
    /// This machine.
    Loopback,
    /// A private network (RFC 1918), or a unique-local or site-local one (RFC 4193, RFC 3879).
    Private,
    /// The network between a provider and its customers (RFC 6598).
    Shared,
    /// The network this machine is plugged into (RFC 3927, RFC 4291 section 2.5.6).
    LinkLocal,
    /// Many machines at once, or all of them.
    Multicast,
    /// For books (RFC 5737, RFC 3849, RFC 9637).
    Documentation,
    /// For protocols, measurements or a future that has not come (RFC 6890).
    Reserved,
}

/// Whether this retrieval may dial this address.
pub fn judge(reach: &Reach, address: SocketAddr) -> Result<(), Unreachable> {
    let Reach::Public { ports } = reach else {
        return Ok(());
    };
    let port = address.port();
    if !POP3_PORTS.contains(&port) && !ports.contains(&port) {
        return Err(Unreachable::Port(port));
    }
    match realm(address.ip()) {
        Realm::Public => Ok(()),
        realm => Err(Unreachable::Address(address.ip(), realm)),
    }
}

/// The kind of an address. An IPv6 address that stands for an IPv4 one is of that one's kind.
pub fn realm(address: IpAddr) -> Realm {
    match address {
        IpAddr::V4(address) => realm_v4(address),
        IpAddr::V6(address) => realm_v6(address),
    }
}

fn realm_v4(address: Ipv4Addr) -> Realm {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        (0, ..) => Realm::Unspecified,
        (127, ..) => Realm::Loopback,
        (10, ..) | (172, 16..=31, _) | (192, 168, _) => Realm::Private,
        (100, 64..=127, _) => Realm::Shared,
        (169, 254, _) => Realm::LinkLocal,
        (192, 0, 2) | (198, 51, 100) | (203, 0, 113) => Realm::Documentation,
        // Protocol assignments, the old 6to4 relays, AS112, AMT, measurements.
        (192, 0, 0) | (192, 88, 99) | (192, 31, 196) | (192, 52, 193) | (192, 175, 48) => {
            Realm::Reserved
        }
        (198, 18..=19, _) => Realm::Reserved,
        (224..=239, ..) => Realm::Multicast,
        (240.., ..) if address.is_broadcast() => Realm::Multicast,
        (240.., ..) => Realm::Reserved,
        _ => Realm::Public,
    }
}

fn realm_v6(address: Ipv6Addr) -> Realm {
    let [a, b, c, d, e, f, ..] = address.segments();
    match (a, b, c, d, e, f) {
        _ if address.is_unspecified() => Realm::Unspecified,
        _ if address.is_loopback() => Realm::Loopback,
        // IPv4-mapped, and IPv4-translated (RFC 2765), in which the machine itself may dial.
        (0, 0, 0, 0, 0, 0xffff) | (0, 0, 0, 0, 0xffff, 0) => last_v4(address),
        // IPv4-compatible: deprecated, and some stacks still unpack it.
        (0, 0, 0, 0, 0, 0) => last_v4(address).or_reserved(),
        // NAT64 (RFC 6052).
        (0x64, 0xff9b, 0, 0, 0, 0) => last_v4(address),
        // The network's own NAT64 (RFC 8215): where in it the IPv4 address is only the network
        // knows, and it is never the internet's.
        (0x64, 0xff9b, 1, ..) => Realm::Private,
        // Discard-only (RFC 6666).
        (0x100, 0, 0, 0..=1, ..) => Realm::Reserved,
        (0x2001, ..) => realm_2001(address),
        // 6to4 (RFC 3056): the relay sends it on to the IPv4 address inside.
        (0x2002, ..) => realm_v4(v4_of(b, c)).or_reserved(),
        (0x3fff, 0..=0xfff, ..) => Realm::Documentation,
        // Segment routing (RFC 9602): inside a network.
        (0x5f00, ..) => Realm::Reserved,
        (0x2000..=0x3fff, ..) => Realm::Public,
        (0xfc00..=0xfdff, ..) | (0xfec0..=0xfeff, ..) => Realm::Private,
        (0xfe80..=0xfebf, ..) => Realm::LinkLocal,
        (0xff00.., ..) => Realm::Multicast,
        // Only 2000::/3 is given out.
        _ => Realm::Reserved,
    }
}

/// 2001::/16 holds Teredo, protocol assignments and documentation beside the internet.
fn realm_2001(address: Ipv6Addr) -> Realm {
    let [_, b, _, _, _, _, high, low] = address.segments();
    match b {
        // Teredo (RFC 4380): the client's IPv4 address, its bits turned over.
        0 => realm_v4(v4_of(!high, !low)).or_reserved(),
        0xdb8 => Realm::Documentation,
        // Protocol assignments (RFC 2928).
        1..=0x1ff => Realm::Reserved,
        _ => Realm::Public,
    }
}

impl Realm {
    /// What leads to an IPv4 address by a tunnel is never the public way to it.
    fn or_reserved(self) -> Self {
        match self {
            Self::Public => Self::Reserved,
            realm => realm,
        }
    }
}

fn last_v4(address: Ipv6Addr) -> Realm {
    let [.., high, low] = address.segments();
    realm_v4(v4_of(high, low))
}

fn v4_of(high: u16, low: u16) -> Ipv4Addr {
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Ipv4Addr::new(a, b, c, d)
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(port) => write!(
                f,
                "Port {port} is not one of POP3's ports (110 and 995). An administrator can allow \
                 it or save this retrieval."
            ),
            Self::Address(address, realm) => write!(
                f,
                "{address} is {}, not a public address. An administrator can save this retrieval.",
                realm.in_words()
            ),
        }
    }
}

impl std::error::Error for Unreachable {}

impl Realm {
    /// With its article, for a sentence.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Public => "a public address",
            Self::Unspecified => "no address at all",
            Self::Loopback => "this machine itself",
            Self::Private => "an address of a private network",
            Self::Shared => "an address inside a provider's network",
            Self::LinkLocal => "an address of the network this machine is plugged into",
            Self::Multicast => "the address of many machines at once",
            Self::Documentation => "an address for examples",
            Self::Reserved => "a reserved address",
        }
    }
}

/// RFC 1939 section 3 and RFC 8314 section 7.1.
const POP3_PORTS: [u16; 2] = [110, 995];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_is_of_its_kind_to_its_ends() {
        use Realm::{
            Documentation, LinkLocal, Loopback, Multicast, Private, Public, Reserved, Shared,
            Unspecified,
        };
        for (kind, addresses) in [
            (
                Public,
                "1.0.0.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 \
                 128.0.0.0 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 \
                 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 \
                 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255 \
                 2000:: 2001:200:: 2001:db7:: 2001:db9:: 2003::1 2606:4700::1111 \
                 3ffe:: 3fff:1000:: ::ffff:9.9.9.9 64:ff9b::9.9.9.9",
            ),
            (
                Unspecified,
                "0.0.0.0 0.255.255.255 :: ::ffff:0.0.0.0 64:ff9b::0.0.0.1 2002:: ::2",
            ),
            (
                Loopback,
                "127.0.0.0 127.0.0.1 127.255.255.255 ::1 ::ffff:127.0.0.1 ::127.0.0.1 \
                 ::ffff:0:127.0.0.1 64:ff9b::127.0.0.1 2002:7f00:1:: \
                 2001:0:4136:e378:8000:63bf:80ff:fffe",
            ),
            (
                Private,
                "10.0.0.0 10.255.255.255 172.16.0.0 172.31.255.255 192.168.0.0 192.168.255.255 \
                 fc00:: fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff fec0:: feff:: ::ffff:10.1.2.3 \
                 ::10.1.2.3 64:ff9b::192.168.1.1 64:ff9b:1:: 64:ff9b:1:ffff:ffff:ffff:9.9.9.9 \
                 2002:c0a8:101::1 2001::1:0:f5ff:fffe",
            ),
            (
                Shared,
                "100.64.0.0 100.127.255.255 ::ffff:100.64.0.1 64:ff9b::100.64.0.1",
            ),
            (
                LinkLocal,
                "169.254.0.0 169.254.169.254 169.254.255.255 fe80:: febf:ffff:: \
                 ::ffff:169.254.169.254 64:ff9b::169.254.169.254 2002:a9fe:a9fe::",
            ),
            (
                Multicast,
                "224.0.0.0 239.255.255.255 255.255.255.255 ff00:: ff02::1 \
                 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ::ffff:224.0.0.1",
            ),
            (
                Documentation,
                "192.0.2.0 192.0.2.255 198.51.100.0 198.51.100.255 203.0.113.0 203.0.113.255 \
                 2001:db8:: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff 3fff:: 3fff:fff:ffff::1 \
                 ::ffff:192.0.2.1",
            ),
            (
                Reserved,
                "192.0.0.0 192.0.0.255 192.88.99.0 192.31.196.0 192.52.193.0 192.175.48.0 \
                 198.18.0.0 198.19.255.255 240.0.0.0 255.255.255.254 ::ffff:240.0.0.1 \
                 ::9.9.9.9 100:: 100::ffff:ffff:ffff:ffff 100:0:0:1:: 200:: 1fff:: 4000:: \
                 5f00:: fbff:: fe00:: fe7f:: 2001:1:: 2001:2:: 2001:10:: 2001:20:: 2001:1ff:: \
                 2002:909:909:: 2001::1:0:f6f6:f6f6 64:ff9b:2:: 64:ff9b:0:1::",
            ),
        ] {
            for address in addresses.split_whitespace() {
                assert_eq!(realm(address.parse().unwrap()), kind, "{address}");
            }
        }
    }

    #[test]
    fn only_public_addresses_at_known_ports_are_dialled() {
        let public = Reach::Public { ports: vec![1995] };
        let refused =
            |address: &str, realm| Err(Unreachable::Address(address.parse().unwrap(), realm));
        for (address, verdict) in [
            ("9.9.9.9:110", Ok(())),
            ("9.9.9.9:995", Ok(())),
            ("9.9.9.9:1995", Ok(())),
            ("9.9.9.9:25", Err(Unreachable::Port(25))),
            ("127.0.0.1:22", Err(Unreachable::Port(22))),
            ("127.0.0.1:995", refused("127.0.0.1", Realm::Loopback)),
            (
                "[::ffff:10.0.0.1]:995",
                refused("::ffff:10.0.0.1", Realm::Private),
            ),
        ] {
            assert_eq!(
                judge(&public, address.parse().unwrap()),
                verdict,
                "{address}"
            );
            assert_eq!(
                judge(&Reach::Anywhere, address.parse().unwrap()),
                Ok(()),
                "{address}"
            );
        }
    }

    #[test]
    fn a_refusal_says_what_is_wrong_with_the_address() {
        let address = "10.0.0.1".parse().unwrap();
        assert_eq!(
            Unreachable::Address(address, Realm::Private).to_string(),
            "10.0.0.1 is an address of a private network, not a public address. An administrator \
             can save this retrieval."
        );
        assert_eq!(
            Unreachable::Port(25).to_string(),
            "Port 25 is not one of POP3's ports (110 and 995). An administrator can allow it or \
             save this retrieval."
        );
    }
}
