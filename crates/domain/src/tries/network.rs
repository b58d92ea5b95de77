//! Which addresses are one person's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where a try comes from: the smallest network that one party has to itself, so what comes out of
/// it counts together. An IPv4 address, or an IPv6 /64: whoever has one of its addresses has all
/// 2^64 of them (RFC 6177 section 2 gives a home no less than that).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Network {
    V4(Ipv4Addr),
    V6(Prefix),
}

/// Where somebody is at home: the network in which the next address of the same line will lie. A
/// line gets another IPv4 address at each dial-in, mostly of the same /24; its IPv6 /64 stays.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Neighbourhood {
    V4([u8; 3]),
    V6(Prefix),
}

/// The first 64 bits of an IPv6 address.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Prefix([u16; 4]);

impl Network {
    pub(super) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6(Prefix::of(address)),
        }
    }
}

impl Neighbourhood {
    pub(super) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Self::V4([a, b, c])
            }
            IpAddr::V6(address) => Self::V6(Prefix::of(address)),
        }
    }
}

impl Prefix {
    fn of(address: Ipv6Addr) -> Self {
        let [a, b, c, d, ..] = address.segments();
        Self([a, b, c, d])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_count_together_where_one_party_has_them_all() {
        for (one, other, network, neighbourhood) in [
            ("192.0.2.1", "192.0.2.1", true, true),
            ("192.0.2.1", "::ffff:192.0.2.1", true, true),
            ("192.0.2.1", "192.0.2.2", false, true),
            ("192.0.2.1", "192.0.3.1", false, false),
            ("2001:db8::1", "2001:db8::ffff:0:0:1", true, true),
            ("2001:db8::1", "2001:db8:0:1::1", false, false),
            ("192.0.2.1", "2001:db8::1", false, false),
            ("::", "0.0.0.0", false, false),
        ] {
            let (a, b): (IpAddr, IpAddr) = (one.parse().unwrap(), other.parse().unwrap());
            assert_eq!(Network::of(a) == Network::of(b), network, "{one} {other}");
            let same = Neighbourhood::of(a) == Neighbourhood::of(b);
            assert_eq!(same, neighbourhood, "{one} {other}");
        }
    }
}
