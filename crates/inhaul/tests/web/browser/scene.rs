//! An installation with an administrator and remote mailboxes that a test has in its hand.

use std::num::NonZeroU32;

use inhaul_sample::switches::Pipelining;
use inhaul_sample::{Mailbox, SampleConfig, SampleServer};
use inhaul_testkit::Browser;
use tokio::runtime::Runtime;

use crate::house::{House, NAME, PASSWORD};
use crate::installation::Installation;

/// A running server that is set up, and the remote server of its retrievals.
pub(crate) struct Scene {
    pub(crate) house: House,
    pub(crate) remote: SampleServer,
    pub(crate) mailbox: Mailbox,
    _runtime: Runtime,
}

impl Scene {
    /// Set up in this browser, which is signed in. Nothing is checked but by hand.
    pub(crate) fn new(browser: &Browser) -> Self {
        Self::set_up(|house| house.set_up(browser))
    }

    /// Set up by commands: nobody is signed in.
    pub(crate) fn by_command() -> Self {
        Self::set_up(|house| {
            let words = ["account", "add", NAME, "--admin", "--password-stdin"];
            let inhaul = &house.home.inhaul;
            inhaul.ok_with_input(&words, PASSWORD).unwrap();
        })
    }

    fn set_up(by: impl FnOnce(&House)) -> Self {
        let runtime = Runtime::new().unwrap();
        let remote = runtime.block_on(SampleServer::start(SampleConfig::default()));
        let remote = remote.unwrap();
        let home = Installation::alone().env("INHAUL_CHECKS__FLOOR", "1s");
        let house = House::of(home);
        by(&house);
        let only_by_hand = "schedule=off,web-login=off,folder=off,button=1s";
        let set = ["group", "set", "Everyone", "--trigger", only_by_hand];
        house.home.inhaul.ok(&set).unwrap();
        Self {
            house,
            mailbox: remote.mailbox("u1"),
            remote,
            _runtime: runtime,
        }
    }

    /// Adds a retrieval of the mailbox `user`, of hers and to her Inbox.
    pub(crate) fn retrieval(&self, name: &str, user: &str, password: &str) {
        let at = self.remote.address().to_string();
        let how = ["--server", &at, "--security=none", "--no-test"];
        let whose = ["--every=never", "--owner", NAME];
        let how = [&how[..], &whose].concat();
        let added = self
            .house
            .home
            .try_retrieval(name, user, NAME, password, &how);
        assert!(added.status.success(), "{added:?}");
    }

    /// Puts so many letters into the mailbox.
    pub(crate) fn letters(&self, count: usize) {
        for _ in 0..count {
            self.mailbox.append_generated(2_000);
        }
    }

    /// From now on the remote server sends so little at a time that a run goes on until
    /// [`Self::fast`].
    pub(crate) fn slow(&self) {
        self.send(500);
    }

    /// The same, and already its first words take their time: a run has hardly begun.
    pub(crate) fn slow_from_the_start(&self) {
        self.send(3);
    }

    fn send(&self, octets_a_second: u32) {
        self.remote.set(|switches| {
            switches.line.rate = NonZeroU32::new(octets_a_second);
            switches.pipelining = Pipelining::Unannounced;
        });
    }

    /// What goes on comes to its end.
    pub(crate) fn fast(&self) {
        self.remote.set(|switches| switches.line.rate = None);
    }

    /// The retrieval's number, as its page's address has it.
    pub(crate) fn number_of(&self, name: &str) -> String {
        let listed = self.house.home.json(&["retrieval", "list"]);
        let all = listed["retrievals"].as_array().unwrap();
        let one = all.iter().find(|one| one["name"] == name).unwrap();
        one["id"].to_string()
    }
}
