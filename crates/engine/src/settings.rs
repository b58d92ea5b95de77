//! What the operator may set about checking mail: the `[checks]` section, resolved.

use std::path::PathBuf;
use std::time::Duration;

use inhaul_domain::Amount;
use inhaul_domain::limits::Limits;
use inhaul_types::Octets;

/// Limits and deadlines of runs. Each default has its reason beside it.
#[derive(Clone, Debug)]
pub struct Checks {
    /// Runs at the same time, all together.
    pub at_once: usize,
    /// Runs at the same time on one remote host: some close the door on more.
    pub at_once_per_server: usize,
    /// Octets of messages in memory that are not committed yet, over all runs. What goes beyond
    /// it waits in files of the spool directory.
    pub memory: Octets,
    /// How much one session brings before it signs out and in again, so that finished work is kept.
    pub batch: Amount,
    /// Limits over all groups and accounts.
    pub limits: Limits,
    /// Ports, besides POP3's own, that retrievals may dial which people saved for themselves.
    pub user_ports: Vec<u16>,
    /// The certificate authorities (PEM) trusted for servers that name none of their own, instead of
    /// the system's.
    pub ca_file: Option<PathBuf>,
    /// How long a connection, and the TLS handshake on it, may take.
    pub connect_timeout: Duration,
    /// How long a server may say nothing when an answer is due. RFC 1939 section 3 lets a server
    /// hang up after 10 minutes; nobody who has an answer needs a tenth of that.
    pub read_timeout: Duration,
    /// How long a whole run may take before it signs out and leaves the rest for the next.
    pub run_timeout: Duration,
    /// Where bodies wait that do not fit memory: inside the data directory, never a shared
    /// temporary folder.
    pub spool: PathBuf,
    /// With less free space than this where the spool is, no run begins: what is left is for what
    /// was begun, and for the person who makes room. On a small file system a tenth of it is enough.
    /// Zero asks nobody.
    pub stop_free: Octets,
}

impl Checks {
    /// The room that is left and the room there has to be, if that is more. A file system that
    /// does not say has enough.
    pub(crate) fn room_missing(&self) -> Option<(Octets, Octets)> {
        let system = rustix::fs::statvfs(&self.spool).ok()?;
        let octets = |blocks: u64| Octets::new(blocks.saturating_mul(system.f_frsize));
        let least = self.stop_free.min(octets(system.f_blocks / 10));
        let free = octets(system.f_bavail);
        (free < least).then_some((free, least))
    }

    /// The built-in values, with the spool in this folder and all of its room to be used.
    pub fn with_spool(spool: PathBuf) -> Self {
        Self {
            at_once: 200,
            at_once_per_server: 2,
            memory: Octets::new(16 << 20),
            batch: Amount::UNBOUND,
            limits: Limits::default(),
            user_ports: Vec::new(),
            ca_file: None,
            connect_timeout: Duration::from_secs(15),
            read_timeout: Duration::from_secs(60),
            run_timeout: Duration::from_secs(30 * 60),
            spool,
            stop_free: Octets::ZERO,
        }
    }
}
