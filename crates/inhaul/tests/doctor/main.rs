//! `inhaul doctor`: each problem planted on a good installation is the one that is found, with what
//! to do about it; on a good installation nothing is.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

#[path = "../installation/mod.rs"]
mod installation;
#[path = "../bad_ground/namespace.rs"]
#[allow(dead_code, reason = "the tests of bad ground use the rest of it")]
mod namespace;

mod good;
mod here;
mod remote;
mod stored;

use std::path::Path;

use inhaul_sample::switches::ServerSwitches;
use inhaul_sample::{Mailbox, SampleConfig, SampleServer, Tls};
use rusqlite::Connection;
use tokio::runtime::Runtime;

use installation::{Installation, document};

/// A remote server in this process, and an installation whose one retrieval, `isp`, has brought its
/// mail over TLS.
struct House {
    home: Installation,
    mailbox: Mailbox,
    remote: SampleServer,
    _runtime: Runtime,
}

/// What the doctor says of one thing that is not as it should be.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Found {
    level: String,
    check: String,
    what: String,
    fix: String,
}

impl House {
    fn new() -> Self {
        Self::at(Installation::new())
    }

    fn at(home: Installation) -> Self {
        let runtime = Runtime::new().unwrap();
        let config = SampleConfig {
            tls: Tls::Offered,
            ..SampleConfig::default()
        };
        let remote = runtime.block_on(SampleServer::start(config)).unwrap();
        let mailbox = remote.mailbox("u1");
        mailbox.append_generated(3_000);
        let house = Self {
            home: home.account("anna"),
            mailbox,
            remote,
            _runtime: runtime,
        };
        house.retrieval("isp", &[]);
        house.home.pull("isp");
        house
    }

    /// Adds a retrieval of the remote server.
    fn retrieval(&self, name: &str, more: &[&str]) {
        let authority = self.home.beside("ca.pem");
        std::fs::write(&authority, self.remote.ca_pem().unwrap()).unwrap();
        let at = self.remote.tls_address().unwrap().to_string();
        let authority = authority.display().to_string();
        let how = ["--server", &at, "--security=tls", "--ca-file", &authority];
        let words = [&how[..], &["--no-test"], more].concat();
        let added = self
            .home
            .try_retrieval(name, "u1", "anna", "secret", &words);
        assert!(added.status.success(), "{added:?}");
    }

    fn switch(&self, change: impl FnOnce(&mut ServerSwitches)) {
        self.remote.set(change);
    }

    /// With an environment variable from now on.
    fn env(self, name: &str, value: &str) -> Self {
        let Self {
            home,
            mailbox,
            remote,
            _runtime,
        } = self;
        Self {
            home: home.env(name, value),
            mailbox,
            remote,
            _runtime,
        }
    }

    /// With a file of settings from now on.
    fn configured(self, text: &str) -> Self {
        let file = self.home.beside("inhaul.toml");
        std::fs::write(&file, text).unwrap();
        self.env("INHAUL_CONFIG", file.to_str().unwrap())
    }

    fn data(&self) -> &Path {
        self.home.data()
    }

    /// The database, for harm that no command does. All of it is in the one file then.
    fn database(&self) -> Connection {
        let conn = Connection::open(self.data().join("inhaul.db")).unwrap();
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .unwrap();
        conn
    }

    /// What the doctor finds. A disk in memory under all tests is no finding of one.
    fn findings(&self) -> Vec<Found> {
        let mut found = findings(&self.home);
        if on_tmpfs(&std::env::temp_dir()) {
            found.retain(|one| one.check != "file-system");
        }
        found
    }

    /// Exactly this is found, these words in what it says and in what to do.
    #[track_caller]
    fn finds(&self, level: &str, check: &str, says: &str, fix: &str) {
        let found = self.findings();
        let [one] = &found[..] else {
            panic!("{check} and nothing else was planted: {found:#?}")
        };
        assert_eq!(
            (one.level.as_str(), one.check.as_str()),
            (level, check),
            "{one:?}"
        );
        assert!(one.what.contains(says), "{says:?}: {one:?}");
        assert!(one.fix.contains(fix), "{fix:?}: {one:?}");
    }
}

/// All that is not as it should be, in order.
fn findings(home: &Installation) -> Vec<Found> {
    let finished = home.inhaul.run(&["doctor", "--json"]).unwrap();
    assert_eq!(finished.stderr, "", "{finished:?}");
    let document = document(&finished.stdout);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let findings = document["findings"].as_array().unwrap().iter();
    let found: Vec<Found> = findings
        .filter(|one| one["level"] != "ok")
        .map(|one| Found {
            level: text(&one["level"]),
            check: text(&one["check"]),
            what: text(&one["what"]),
            fix: text(&one["fix"]),
        })
        .collect();
    assert!(found.iter().all(|one| !one.fix.is_empty()), "{found:?}");
    let problems = found.iter().filter(|one| one.level == "fail").count();
    assert_eq!(document["problems"], problems);
    assert_eq!(document["ok"], problems == 0);
    assert_eq!(finished.code(), Some(i32::from(problems > 0)), "{found:?}");
    found
}

fn on_tmpfs(path: &Path) -> bool {
    let said = std::process::Command::new("stat")
        .args(["-f", "-c", "%T"])
        .arg(path)
        .output()
        .unwrap();
    said.stdout.starts_with(b"tmpfs")
}
