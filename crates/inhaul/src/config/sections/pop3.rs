//! `[pop3]`: the POP3 server for mail programs.

use std::net::SocketAddr;
use std::time::Duration;

use super::loopback;
use crate::config::addresses::{Listen, Network};
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
    /// Sessions at the same time, all together; at least one.
    pub(crate) connections: u32,
    /// Sessions at the same time from one network address; at least one.
    pub(crate) connections_per_address: u32,
    /// How long a session may be silent before it is ended; above zero.
    pub(crate) idle: Duration,
    /// Proxies that begin each connection with a PROXY header. Nobody else's header counts.
    pub(crate) proxy_protocol: Vec<Network>,
}

impl Pop3 {
    pub(in crate::config) fn read(reader: &mut Reader<'_>) -> Self {
        let pop3 = Self {
            listen: reader.value("listen", Listen(vec![LISTEN])).0,
            listen_tls: reader.value("listen_tls", Listen(vec![LISTEN_TLS])).0,
            login_wait: reader.value("login_wait", LOGIN_WAIT),
            connections: reader.value("connections", CONNECTIONS),
            connections_per_address: reader
                .value("connections_per_address", CONNECTIONS_PER_ADDRESS),
            idle: reader.value("idle", IDLE),
            proxy_protocol: reader.value("proxy_protocol", Vec::new()),
        };
        for (key, count) in [
            ("connections", pop3.connections),
            ("connections_per_address", pop3.connections_per_address),
        ] {
            let what = "0 would let nobody in";
            let help = "Write 1 or more. To serve nobody: listen = \"off\", listen_tls = \"off\".";
            reader.check(&[key], count > 0, what, help);
        }
        let what = "zero would end every session at once";
        let help = "Write \"10m\", the least that POP3 allows, or more.";
        reader.check(&["idle"], !pop3.idle.is_zero(), what, help);
        pop3
    }

    /// What of `read` counts at once in a server that runs with `self`: all but where it listens,
    /// and what was built into the listeners.
    pub(crate) fn reloaded(&self, read: Self) -> Self {
        Self {
            listen: self.listen.clone(),
            listen_tls: self.listen_tls.clone(),
            proxy_protocol: self.proxy_protocol.clone(),
            ..read
        }
    }
}

/// POP3's own port is 110, which needs privilege.
const LISTEN: SocketAddr = loopback(1110);

/// POP3's own port with TLS is 995.
const LISTEN_TLS: SocketAddr = loopback(1995);

/// Most runs are over by then, and no mail program we know gives up before.
const LOGIN_WAIT: Duration = Duration::from_secs(8);

/// A session is seconds long: this many at once are thousands of people.
const CONNECTIONS: u32 = 1000;

/// A household or an office behind one address, and not one program gone wild.
const CONNECTIONS_PER_ADDRESS: u32 = 20;

/// RFC 1939 section 3: an inactivity timer is of at least ten minutes.
const IDLE: Duration = Duration::from_secs(10 * 60);
