//! `inhaul serve` and its control socket: the same results as without a server, whatever clients
//! do, and an end that loses nothing.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod clients;
#[path = "../installation/mod.rs"]
mod installation;
mod results;
mod socket;
mod stopping;

use std::num::NonZeroU32;

use inhaul_sample::switches::Pipelining;
use inhaul_sample::{Mailbox, SampleConfig, SampleServer};
use tokio::runtime::Runtime;

use installation::Installation;

/// What a server said on stderr beside the lines of its log that tell of ordinary work.
fn troubles(stderr: &str) -> String {
    let lines = stderr.lines().filter(|line| !line.contains(" INFO  "));
    lines.collect::<Vec<_>>().join("\n")
}

/// A remote server in this process, and an installation with the retrieval `isp` of it.
struct House {
    home: Installation,
    mailbox: Mailbox,
    remote: SampleServer,
    _runtime: Runtime,
}

impl House {
    /// With so many messages of so many octets.
    fn new(messages: u32, octets: u64) -> Self {
        let runtime = Runtime::new().unwrap();
        let remote = runtime
            .block_on(SampleServer::start(SampleConfig::default()))
            .unwrap();
        let mailbox = remote.mailbox("u1");
        for _ in 0..messages {
            mailbox.append_generated(octets);
        }
        let home = Installation::new().account("anna");
        let at = remote.address().to_string();
        let never = "--every=never";
        let how = ["--server", &at, "--security=none", "--no-test", never];
        let added = home.try_retrieval("isp", "u1", "anna", "secret", &how);
        assert!(added.status.success(), "{added:?}");
        Self {
            home,
            mailbox,
            remote,
            _runtime: runtime,
        }
    }

    /// From now on the remote server sends so many octets a second, one message after the other.
    fn slow(&self, rate: u32) {
        self.remote.set(|switches| {
            switches.line.rate = NonZeroU32::new(rate);
            switches.pipelining = Pipelining::Unannounced;
        });
    }
}
