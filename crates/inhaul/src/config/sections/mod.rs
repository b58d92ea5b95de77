//! The sections of the file, each with its keys, their built-in values and the reasons for them.

pub(crate) mod checks;
pub(crate) mod detect;
pub(crate) mod imap;
pub(crate) mod log;
pub(crate) mod metrics;
pub(crate) mod notify;
pub(crate) mod ops;
pub(crate) mod pop3;
pub(crate) mod server;
pub(crate) mod storage;
pub(crate) mod tls;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::addresses::Network;

/// Ports above 1024 need no privilege, and only this machine can reach loopback: who wants more
/// says so.
const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(LOOPBACK, port)
}

/// This machine alone.
const THIS_MACHINE: Network = Network::of_one(LOOPBACK);

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
