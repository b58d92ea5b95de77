//! The commands of operations, with a running server and without one: trigger, status, log, audit,
//! backup and restore, and what is due.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod audit;
mod backup;
#[path = "../installation/mod.rs"]
mod installation;
mod log;
mod status;
mod trigger;

use inhaul_sample::{Mailbox, SampleConfig, SampleServer};
use tokio::runtime::Runtime;

use installation::Installation;

/// A remote server in this process, and an installation with the retrieval `isp` of it, which the
/// schedule does not run.
struct House {
    home: Installation,
    mailbox: Mailbox,
    remote: SampleServer,
    _runtime: Runtime,
}

/// Who carries the commands out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum By {
    Itself,
    Server,
}

impl House {
    fn new(by: By) -> Self {
        let runtime = Runtime::new().unwrap();
        let remote = runtime
            .block_on(SampleServer::start(SampleConfig::default()))
            .unwrap();
        let mailbox = remote.mailbox("u1");
        mailbox.append_generated(2_000);
        let mut home = Installation::alone();
        if by == By::Server {
            home.inhaul = home.inhaul.served();
        }
        let house = Self {
            home: home.account("anna"),
            mailbox,
            remote,
            _runtime: runtime,
        };
        house.retrieval("isp", "secret", &["--every", "never"]);
        house
    }

    /// Adds a retrieval of the mailbox.
    fn retrieval(&self, name: &str, password: &str, more: &[&str]) {
        let at = self.remote.address().to_string();
        let how = ["--server", &at, "--security=none", "--no-test"];
        let words = [&how, more].concat();
        let added = self
            .home
            .try_retrieval(name, "u1", "anna", password, &words);
        assert!(added.status.success(), "{added:?}");
    }
}

/// The keys of a document, in order.
#[track_caller]
fn keys(document: &serde_json::Value) -> Vec<&str> {
    let object = document.as_object().unwrap();
    object.keys().map(String::as_str).collect()
}
