//! `[pop3]`: the POP3 server for mail programs.

use std::net::SocketAddr;
use std::time::Duration;

use super::loopback;
use crate::config::addresses::Listen;
use crate::config::reader::Reader;

/// The POP3 server for mail programs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pop3 {
    /// Where it listens, with TLS by command; empty is nowhere.
    pub(crate) listen: Vec<SocketAddr>,
    /// Where it listens with TLS at once; empty is nowhere.
    pub(crate) listen_tls: Vec<SocketAddr>,
    /// How long a sign-in waits for the run it started, so that new mail is in that very session.
    pub(crate) login_wait: Duration,
}

impl Pop3 {
    pub(in crate::config) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            listen: reader.value("listen", Listen(vec![LISTEN])).0,
            listen_tls: reader.value("listen_tls", Listen(vec![LISTEN_TLS])).0,
            login_wait: reader.value("login_wait", LOGIN_WAIT),
        }
    }
}

/// POP3's own port is 110, which needs privilege.
const LISTEN: SocketAddr = loopback(1110);

/// POP3's own port with TLS is 995.
const LISTEN_TLS: SocketAddr = loopback(1995);

/// Most runs are over by then, and no mail program we know gives up before.
const LOGIN_WAIT: Duration = Duration::from_secs(8);
