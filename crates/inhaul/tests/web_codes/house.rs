//! A running server with its pages, whose names lead nowhere but where they are known here.

use std::cell::{Ref, RefCell};
use std::fs;

use inhaul_testkit::{Server, TestDir};
use serde_json::Value;

use crate::forms::Browser;
use crate::installation::{Installation, document};
use crate::namespace::{Namespace, Own};
use crate::peers::Remote;

/// The administrator, who is signed in.
const ALICE: &str = "alice";
/// Her password.
pub(crate) const PASSWORD: &str = "three-calm-herons-9021";

/// What is in the file of names in any case.
const LOCALHOST: &str = "127.0.0.1 localhost\n";

/// The names that are known there.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "only a test with a clock cuts the network")]
enum Names {
    /// Those in its file, and it is sure that there are no others.
    Sure,
    /// Those in its file; for others it asks somebody who does not answer.
    Asked,
}

/// The server, and its administrator at its pages.
pub(crate) struct House {
    pub(crate) home: Installation,
    pages: RefCell<Browser>,
    pub(crate) server: Server,
    namespace: Namespace,
    files: TestDir,
}

impl House {
    /// One that is as it comes.
    pub(crate) fn new() -> Self {
        Self::with(|home| home)
    }

    /// One that is started with something else about it, once there are accounts: `alice`, `anna`,
    /// `other`, and `full`, who has room for 1 KB.
    pub(crate) fn with(change: impl FnOnce(Installation) -> Installation) -> Self {
        Self::prepared(|_| (), change)
    }

    /// One in which something is done before the server starts.
    pub(crate) fn prepared(
        prepare: impl FnOnce(&Installation),
        change: impl FnOnce(Installation) -> Installation,
    ) -> Self {
        Self::made(Names::Sure, "", prepare, change)
    }

    /// One whose disk has less room left than a server wants to keep, since it started.
    pub(crate) fn on_a_full_disk() -> Self {
        let mount = "mount -t tmpfs -o size=64m small DATA\n";
        let house = Self::made(Names::Sure, mount, |_| (), |home| home);
        // A sixteenth stays free; a run wants a tenth.
        let other = house.home.data().join("other");
        let fill = format!("fallocate -l 60m {}", other.display());
        house.namespace.sh(&fill);
        house
    }

    fn made(
        names: Names,
        mount: &str,
        prepare: impl FnOnce(&Installation),
        change: impl FnOnce(Installation) -> Installation,
    ) -> Self {
        let files = TestDir::new("names").unwrap();
        let bind = |name: &str, text: &str| {
            fs::write(files.join(name), text).unwrap();
            format!("mount --bind {} /etc/{name}\n", files.join(name).display())
        };
        let services = match names {
            Names::Sure => bind("nsswitch.conf", "hosts: files\n"),
            // Nobody is at that address.
            Names::Asked => {
                bind("nsswitch.conf", "hosts: files dns\n")
                    + &bind("resolv.conf", "nameserver 127.0.0.99\n")
            }
        };
        let hosts = bind("hosts", LOCALHOST);
        let data = files.join("data");
        fs::create_dir(&data).unwrap();
        let mount = mount.replace("DATA", &data.display().to_string());
        let namespace = Namespace::new(Own::Mounts, &(services + &hosts + &mount));
        let home = Installation::through(namespace.program(), &data);
        let add = ["account", "add", ALICE, "--admin", "--password-stdin"];
        home.inhaul.ok_with_input(&add, PASSWORD).unwrap();
        let home = home.account("anna").account("other").account("full");
        let limit = ["account", "set", "full", "--limit=mailbox=1KB"];
        home.inhaul.ok(&limit).unwrap();
        prepare(&home);
        let home = change(home);
        let server = Server::start(&home.inhaul).unwrap();
        let pages = Browser::at(&server);
        Self {
            home,
            pages: RefCell::new(pages),
            server,
            namespace,
            files,
        }
    }

    /// As [`House::new`], with a clock that stands until it is turned.
    #[cfg(feature = "test-clock")]
    pub(crate) fn with_clock() -> (Self, inhaul_testkit::ClockFile) {
        Self::with_clock_and(Names::Sure)
    }

    /// The same, in a network whose name service does not answer: [`House::knows`] only.
    #[cfg(feature = "test-clock")]
    pub(crate) fn out_of_reach() -> (Self, inhaul_testkit::ClockFile) {
        Self::with_clock_and(Names::Asked)
    }

    /// From now on these names lead to this machine.
    #[cfg(feature = "test-clock")]
    pub(crate) fn knows(&self, names: &[&str]) {
        // The file itself is what is seen in there, so it stays the same one.
        let line = format!("{LOCALHOST}127.0.0.1 {}\n", names.join(" "));
        fs::write(self.files.join("hosts"), line).unwrap();
    }

    #[cfg(feature = "test-clock")]
    fn with_clock_and(names: Names) -> (Self, inhaul_testkit::ClockFile) {
        let mut clock = None;
        let change = |home: Installation| {
            let file = inhaul_testkit::ClockFile::create(home.beside("clock")).unwrap();
            let home = home.env("INHAUL_TEST_CLOCK", file.path());
            clock = Some(file);
            home
        };
        let house = Self::made(names, "", |_| (), change);
        (house, clock.unwrap())
    }

    /// Adds a retrieval, which does nothing by itself unless it is said to.
    pub(crate) fn add(&self, name: &str, remote: &Remote) {
        add(&self.home, name, remote);
    }

    /// Has it checked by a command; how that ended, and what it reports.
    pub(crate) fn pull(&self, name: &str) -> (Option<i32>, Value) {
        let finished = self.home.inhaul.run(&["pull", name, "--json"]).unwrap();
        assert!(!finished.stdout.is_empty(), "{finished:?}");
        let report = document(&finished.stdout)["retrievals"][0].take();
        (finished.code(), report)
    }

    /// The pages, with the administrator signed in: anew where the clock was turned too far.
    pub(crate) fn pages(&self) -> Ref<'_, Browser> {
        if self.pages.borrow().get("/api/v1/status").status != 200 {
            self.pages.borrow_mut().sign_in(ALICE, PASSWORD);
        }
        self.pages.borrow()
    }

    /// The retrieval as a program is told of it.
    pub(crate) fn api(&self, name: &str) -> Value {
        let all = self.pages().data("GET", "/api/v1/retrievals");
        let all = all["retrievals"].as_array().unwrap();
        let one = all.iter().find(|one| one["name"] == name).unwrap();
        self.pages()
            .data("GET", &format!("/api/v1/retrievals/{}", one["id"]))
    }

    /// The address of a page.
    pub(crate) fn at(&self, path: &str) -> String {
        let ready = self.server.ready().unwrap();
        let mut lines = ready.lines();
        let web = lines.find_map(|line| line.strip_prefix("web ")).unwrap();
        format!("{web}{path}")
    }

    /// What its page says, as HTML.
    pub(crate) fn page(&self, name: &str) -> String {
        let id = self.api(name)["id"].as_i64().unwrap();
        let page = self.pages().get(&format!("/manage/retrievals/{id}"));
        assert_eq!(page.status, 200, "{page:?}");
        page.body
    }
}

/// Adds a retrieval, which does nothing by itself unless it is said to.
pub(crate) fn add(home: &Installation, name: &str, remote: &Remote) {
    let mut words = vec!["--no-test"];
    words.extend(remote.options.iter().map(String::as_str));
    if !words.iter().any(|word| word.starts_with("--every=")) {
        words.push("--every=never");
    }
    let added = home.try_retrieval(name, &remote.user, remote.account, "secret", &words);
    assert!(added.status.success(), "{added:?}");
}
