//! How many connections there may be: in all, and from one address.
//!
//! IPv6 counts by the 64 bits that one household has ([`Network::household`]). Owns the count and
//! nothing else; memory is bounded by the connections there are.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use inhaul_types::Network;

/// How many connections there may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ConnectionLimits {
    /// In all.
    pub in_all: usize,
    /// From one IPv4 address, or from the 64 bits that begin an IPv6 address.
    pub per_address: usize,
}

/// Why one more connection cannot be.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Full {
    /// There are as many as there may be.
    #[error("too many connections")]
    InAll,
    /// There are as many as there may be from this address.
    #[error("too many connections from your address")]
    ForAddress,
}

/// Counts connections. Several listeners may share one.
#[derive(Debug)]
pub struct Admission {
    count: Mutex<Count>,
}

#[derive(Debug)]
struct Count {
    limits: ConnectionLimits,
    in_all: usize,
    /// Nobody who has none.
    by_address: HashMap<Network, usize>,
}

/// A connection that counts until this is dropped.
pub struct Admitted {
    admission: Arc<Admission>,
    /// `None` until it is known whose it is.
    address: Option<Network>,
}

impl Admission {
    /// Nobody is connected.
    pub fn new(limits: ConnectionLimits) -> Arc<Self> {
        Arc::new(Self {
            count: Mutex::new(Count {
                limits,
                in_all: 0,
                by_address: HashMap::new(),
            }),
        })
    }

    /// From now on other limits. Who is in stays in.
    pub fn change(&self, limits: ConnectionLimits) {
        self.count().limits = limits;
    }

    /// How many are connected.
    pub fn connected(&self) -> usize {
        self.count().in_all
    }

    /// One more connection from here, if it may be.
    pub fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Admitted, Full> {
        let mut admitted = self.admit_unknown()?;
        admitted.attribute(address)?;
        Ok(admitted)
    }

    /// One more connection of somebody whom a proxy is still to name, if it may be.
    pub fn admit_unknown(self: &Arc<Self>) -> Result<Admitted, Full> {
        let mut count = self.count();
        if count.in_all >= count.limits.in_all {
            return Err(Full::InAll);
        }
        count.in_all += 1;
        Ok(Admitted {
            admission: Arc::clone(self),
            address: None,
        })
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admitted {
    /// It is from here, if one more may be; otherwise it still is nobody's. Only the first address
    /// counts.
    pub fn attribute(&mut self, address: IpAddr) -> Result<(), Full> {
        if self.address.is_some() {
            return Ok(());
        }
        let address = Network::household(address);
        let mut count = self.admission.count();
        let limit = count.limits.per_address;
        let connected = count.by_address.get(&address).copied().unwrap_or(0);
        if connected >= limit {
            return Err(Full::ForAddress);
        }
        count.by_address.insert(address, connected + 1);
        self.address = Some(address);
        Ok(())
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut count = self.admission.count();
        count.in_all -= 1;
        if let Some(address) = self.address
            && let Some(connected) = count.by_address.get_mut(&address)
        {
            *connected -= 1;
            if *connected == 0 {
                count.by_address.remove(&address);
            }
        }
    }
}

impl fmt::Debug for Admitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.address.map(|address| address.to_string());
        f.debug_tuple("Admitted").field(&address).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn admission(in_all: usize, per_address: usize) -> Arc<Admission> {
        Admission::new(ConnectionLimits {
            in_all,
            per_address,
        })
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_has_its_share_and_no_more() {
        let admission = admission(10, 2);
        let first = admission.admit(ip("192.0.2.1")).unwrap();
        let _second = admission.admit(ip("::ffff:192.0.2.1")).unwrap();
        let third = admission.admit(ip("192.0.2.1"));
        assert_eq!(third.unwrap_err(), Full::ForAddress);
        // Others are not held up, and who was refused counts nowhere.
        assert_eq!(admission.connected(), 2);
        let _other = admission.admit(ip("192.0.2.2")).unwrap();
        drop(first);
        admission.admit(ip("192.0.2.1")).unwrap();
    }

    #[test]
    fn an_ipv6_household_is_one_address() {
        let admission = admission(10, 1);
        let _first = admission.admit(ip("2001:db8:0:1::1")).unwrap();
        let neighbour = admission.admit(ip("2001:db8:0:1:ffff::2"));
        assert_eq!(neighbour.unwrap_err(), Full::ForAddress);
        admission.admit(ip("2001:db8:0:2::1")).unwrap();
    }

    #[test]
    fn there_are_so_many_in_all() {
        let admission = admission(2, 2);
        let first = admission.admit(ip("192.0.2.1")).unwrap();
        let _second = admission.admit_unknown().unwrap();
        assert_eq!(admission.admit(ip("192.0.2.3")).unwrap_err(), Full::InAll);
        assert_eq!(admission.admit_unknown().unwrap_err(), Full::InAll);
        drop(first);
        admission.admit(ip("192.0.2.3")).unwrap();
    }

    #[test]
    fn whom_a_proxy_names_counts_from_then_on() {
        let admission = admission(10, 1);
        let mut first = admission.admit_unknown().unwrap();
        let mut second = admission.admit_unknown().unwrap();
        first.attribute(ip("192.0.2.1")).unwrap();
        let refused = second.attribute(ip("192.0.2.1"));
        assert_eq!(refused.unwrap_err(), Full::ForAddress);
        drop(first);
        second.attribute(ip("192.0.2.1")).unwrap();
        // A second name changes nothing.
        second.attribute(ip("192.0.2.2")).unwrap();
        admission.admit(ip("192.0.2.2")).unwrap();
        drop(second);
        admission.admit(ip("192.0.2.1")).unwrap();
        assert_eq!(admission.connected(), 0);
    }

    #[test]
    fn other_limits_count_from_now_on_and_send_nobody_away() {
        let admission = admission(1, 1);
        let first = admission.admit(ip("192.0.2.1")).unwrap();
        let limits = |in_all, per_address| ConnectionLimits {
            in_all,
            per_address,
        };
        admission.change(limits(2, 2));
        let second = admission.admit(ip("192.0.2.1")).unwrap();
        admission.change(limits(1, 1));
        assert_eq!(admission.connected(), 2);
        drop(first);
        assert_eq!(admission.admit(ip("192.0.2.9")).unwrap_err(), Full::InAll);
        drop(second);
        admission.admit(ip("192.0.2.1")).unwrap();
        admission.change(limits(0, 0));
        assert_eq!(admission.admit(ip("192.0.2.1")).unwrap_err(), Full::InAll);
    }

    proptest! {
        /// Whoever comes and goes: the limits hold, and nothing is left at the end.
        #[test]
        fn the_count_is_what_is_there(steps in prop::collection::vec((0u8..4, 0usize..8), 0..60)) {
            let admission = admission(5, 2);
            let mut inside: Vec<(u8, Admitted)> = Vec::new();
            for (from, gone) in steps {
                let address = IpAddr::from([192, 0, 2, from]);
                let beside = inside.iter().filter(|(other, _)| *other == from).count();
                match admission.admit(address) {
                    Ok(admitted) => {
                        prop_assert!(inside.len() < 5 && beside < 2);
                        inside.push((from, admitted));
                    }
                    Err(Full::InAll) => prop_assert_eq!(inside.len(), 5),
                    Err(Full::ForAddress) => prop_assert_eq!(beside, 2),
                }
                if gone < inside.len() {
                    drop(inside.swap_remove(gone));
                }
                prop_assert_eq!(admission.connected(), inside.len());
            }
            drop(inside);
            prop_assert_eq!(admission.connected(), 0);
            prop_assert!(admission.count().by_address.is_empty());
        }
    }
}
