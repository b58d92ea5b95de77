//! Addresses that belong together.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// Addresses that share their first bits, such as `192.0.2.0/24`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Network {
    /// The first address: no bit behind the prefix is set.
    address: IpAddr,
    /// How many bits are shared: 32 at most of IPv4, 128 of IPv6.
    prefix: u8,
}

impl Network {
    /// A network of one.
    pub const fn of_one(address: IpAddr) -> Self {
        let prefix = match address {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        Self { address, prefix }
    }

    /// The addresses that one household or office usually holds, as far as an address tells: itself
    /// of IPv4 (also where it is written `::ffff:192.0.2.1`), of IPv6 the 64 bits that a provider
    /// hands out at the least.
    pub const fn household(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::of_one(IpAddr::V4(v4)),
            IpAddr::V6(v6) => Self {
                address: IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
                prefix: 64,
            },
        }
    }

    /// Whether the address is one of these. An IPv4 address is in no IPv6 network, nor the other
    /// way round.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (first, bits, longest) = match (self.address, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => (
                u128::from(first.to_bits()),
                u128::from(address.to_bits()),
                32,
            ),
            (IpAddr::V6(first), IpAddr::V6(address)) => (first.to_bits(), address.to_bits(), 128),
            _ => return false,
        };
        let behind = u32::from(longest - self.prefix);
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

/// Why a text names no network.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// It is no address, or what is behind the slash is no number of its bits.
    #[error("`{0}` is not a network")]
    NotANetwork(String),
    /// A network that starts elsewhere than it says is one its writer did not mean.
    #[error("`{0}` has bits set behind its prefix")]
    BitsBehindPrefix(String),
}

impl FromStr for Network {
    type Err = NetworkError;

    /// An address alone is a network of one.
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let not_a_network = || NetworkError::NotANetwork(text.to_owned());
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
            return Err(NetworkError::BitsBehindPrefix(text.to_owned()));
        }
        Ok(Self { address, prefix })
    }
}

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
            let parsed: Network = text.parse().unwrap();
            assert_eq!(parsed.to_string(), network, "{text}");
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
            let contains: Network = network.parse().unwrap();
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
            let error = text.parse::<Network>().unwrap_err();
            assert!(error.to_string().contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn a_household_is_an_ipv4_address_or_64_bits_of_ipv6() {
        for (address, network) in [
            ("192.0.2.7", "192.0.2.7/32"),
            ("::ffff:192.0.2.7", "192.0.2.7/32"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"),
            ("::1", "::/64"),
        ] {
            let household = Network::household(address.parse().unwrap());
            assert_eq!(household.to_string(), network, "{address}");
            assert_eq!(network.parse(), Ok(household), "{address}");
        }
    }
}
