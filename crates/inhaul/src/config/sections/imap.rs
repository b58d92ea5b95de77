//! `[imap]`: the IMAP server for mail programs.

use std::net::SocketAddr;

use super::loopback;
use crate::config::addresses::Listen;
use crate::config::reader::Reader;

/// The IMAP server for mail programs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Imap {
    /// Where it listens, with TLS by command; empty is nowhere.
    pub(crate) listen: Vec<SocketAddr>,
    /// Where it listens with TLS at once; empty is nowhere.
    pub(crate) listen_tls: Vec<SocketAddr>,
}

impl Imap {
    pub(in crate::config) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            listen: reader.value("listen", Listen(vec![LISTEN])).0,
            listen_tls: reader.value("listen_tls", Listen(vec![LISTEN_TLS])).0,
        }
    }
}

/// IMAP's own port is 143, which needs privilege.
const LISTEN: SocketAddr = loopback(1143);

/// IMAP's own port with TLS is 993.
const LISTEN_TLS: SocketAddr = loopback(1993);
