//! Wrong keys, counted for each network: who guesses is not looked at any more for a while. The codes
//! of one-time links are counted the same way, apart from keys.
//!
//! A key has 256 bits, so nobody guesses one; this keeps the log and the database quiet. Only
//! different keys count: a forgotten script that shows the same dead key every minute bars nobody who
//! shares its address. In memory, bounded by [`NETWORKS`].

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use inhaul_store::TokenHash;
use inhaul_types::Timestamp;

/// Wrong keys of late.
#[derive(Default)]
pub(crate) struct WrongKeys(Mutex<HashMap<IpAddr, Tally>>);

#[derive(Clone)]
struct Tally {
    since: Timestamp,
    /// The beginnings of the keys' hashes.
    keys: Vec<[u8; 8]>,
}

impl WrongKeys {
    /// How long nobody looks at keys from there; `None`: they are looked at.
    pub(crate) fn wait(&self, from: IpAddr, now: Timestamp) -> Option<Duration> {
        let tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = tallies.get(&network(from))?;
        let passed = now.since(tally.since);
        (tally.keys.len() >= MOST && passed < WINDOW).then(|| WINDOW - passed)
    }

    /// This one was wrong. Says whether it is one that had not been shown from there.
    pub(crate) fn count(&self, from: IpAddr, key: &TokenHash, now: Timestamp) -> bool {
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let network = network(from);
        if tallies.len() >= NETWORKS && !tallies.contains_key(&network) {
            tallies.retain(|_, tally| now.since(tally.since) < WINDOW);
        }
        if tallies.len() >= NETWORKS && !tallies.contains_key(&network) {
            let oldest = tallies.iter().min_by_key(|(_, tally)| tally.since);
            let oldest = oldest.map(|(network, _)| *network);
            oldest.and_then(|oldest| tallies.remove(&oldest));
        }
        let tally = tallies.entry(network).or_insert_with(|| Tally {
            since: now,
            keys: Vec::new(),
        });
        if now.since(tally.since) >= WINDOW {
            tally.since = now;
            tally.keys.clear();
        }
        let [a, b, c, d, e, f, g, h, ..] = key.0;
        let key = [a, b, c, d, e, f, g, h];
        let is_new = !tally.keys.contains(&key) && tally.keys.len() < MOST;
        if is_new {
            tally.keys.push(key);
        }
        is_new
    }
}

/// What one household or firm has to itself: an IPv4 address, 64 bits of an IPv6 address.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            std::net::Ipv6Addr::from_bits(network).into()
        }
    }
}

impl fmt::Debug for WrongKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrongKeys").finish_non_exhaustive()
    }
}

/// Different wrong keys within [`WINDOW`]; from then on none is looked at until it is over.
const MOST: usize = 20;
const WINDOW: Duration = Duration::from_secs(10 * 60);
/// Networks that are remembered: 2 MB at most.
const NETWORKS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> TokenHash {
        TokenHash([number; 32])
    }

    #[test]
    fn only_different_wrong_keys_bar_a_network_and_not_for_ever() {
        let (wrong, now) = (WrongKeys::default(), Timestamp::from_millis(1_000_000));
        let from: IpAddr = "2001:db8::1".parse().unwrap();
        for _ in 0..1_000 {
            wrong.count(from, &key(0), now);
        }
        assert_eq!(
            wrong.wait(from, now),
            None,
            "the same one again is no guess"
        );
        assert!(!wrong.count(from, &key(0), now));
        for number in 1..20 {
            assert!(wrong.count(from, &key(number), now));
        }
        let neighbour = "2001:db8::2".parse().unwrap();
        assert_eq!(wrong.wait(neighbour, now), Some(WINDOW));
        assert_eq!(wrong.wait("2001:db8:1::1".parse().unwrap(), now), None);
        assert_eq!(wrong.wait(from, now.plus(WINDOW)), None);
        wrong.count(from, &key(99), now.plus(WINDOW));
        assert_eq!(wrong.wait(from, now.plus(WINDOW)), None);
    }

    #[test]
    fn no_more_networks_are_remembered_than_there_is_room_for() {
        let wrong = WrongKeys::default();
        for number in 0..20_000_u32 {
            let from = IpAddr::from(number.to_be_bytes());
            wrong.count(from, &key(0), Timestamp::from_millis(number.into()));
        }
        assert_eq!(wrong.0.lock().unwrap().len(), NETWORKS);
    }
}
