//! People are told by a running server: once when mail stops, once when it comes again, whatever
//! happens to the server in between.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]
#![cfg(feature = "test-clock")]

#[path = "../installation/mod.rs"]
mod installation;
mod once;
mod over_limit;
mod receiver;
mod settings;
mod together;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use inhaul_sample::{Mailbox, SampleConfig, SampleServer};
use inhaul_testkit::{ClockFile, Server, Signal};
use serde_json::Value;
use tokio::runtime::Runtime;

use installation::{Installation, wait_until};
use receiver::Receiver;

/// What signs the JSON.
const SECRET: &str = "a-hook-with-a-key-7731";
const PATIENCE: Duration = Duration::from_secs(60);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// A remote server, an installation with the accounts `alice`, `anna` and `ben`, and everywhere
/// that notices can go.
struct House {
    home: Installation,
    clock: ClockFile,
    remote: SampleServer,
    receiver: Receiver,
    _runtime: Runtime,
}

impl House {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let remote = runtime
            .block_on(SampleServer::start(SampleConfig::default()))
            .unwrap();
        let home = Installation::new();
        let clock = ClockFile::create(home.beside("clock")).unwrap();
        let home = home.env("INHAUL_TEST_CLOCK", clock.path());
        let home = ["alice", "anna", "ben"]
            .into_iter()
            .fold(home, Installation::account);
        let house = Self {
            home,
            clock,
            remote,
            receiver: Receiver::start(),
            _runtime: runtime,
        };
        house.configure(&house.everybody());
        house
    }

    /// Writes `inhaul.toml`.
    fn configure(&self, text: &str) {
        fs::write(self.home.beside("inhaul.toml"), text).unwrap();
    }

    /// `[notify]` with every channel there is.
    fn everybody(&self) -> String {
        let secret = self.home.beside("secret");
        fs::write(&secret, format!("{SECRET}\n")).unwrap();
        let program = self.home.beside("notify");
        let told = self.told().display().to_string();
        fs::write(&program, format!("#!/bin/sh\ncat >> '{told}'\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        format!(
            "[notify]\nadmin = \"alice\"\nprogram = [\"{}\"]\nwebhook = {{ url = \"http://{}/mail\", \
             secret = {{ file = \"{}\" }} }}\n",
            program.display(),
            self.receiver.address,
            secret.display()
        )
    }

    /// What the program was given.
    fn told(&self) -> std::path::PathBuf {
        self.home.beside("told")
    }

    fn documents(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.told()).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn serve(&self) -> Server {
        let file = self.home.beside("inhaul.toml").display().to_string();
        Server::start_with(&self.home.inhaul, &["--config", &file]).unwrap()
    }

    /// Stops the server as a service manager does and starts it again.
    fn restart(&self, mut server: Server) -> Server {
        server.signal(Signal::TERM).unwrap();
        let ended = server.wait(PATIENCE).unwrap().unwrap();
        assert!(ended.success(), "{}", server.stderr());
        self.serve()
    }

    /// Adds a retrieval of the remote mailbox of the same name.
    fn retrieval(&self, name: &str, account: &str, password: &str) -> Mailbox {
        // There before the retrieval, which is checked at once.
        let mailbox = self.remote.mailbox(name);
        let at = self.remote.address().to_string();
        let how = [
            "--server",
            &at,
            "--security=none",
            "--no-test",
            "--every=10m",
        ];
        let added = self.home.try_retrieval(name, name, account, password, &how);
        assert!(added.status.success(), "{added:?}");
        mailbox
    }

    /// Waits until so many runs of it have ended.
    fn wait_for_runs(&self, name: &str, count: usize) {
        wait_until("the runs have ended", || {
            let history = self.home.json(&["retrieval", "history", name]);
            let runs = history["runs"].as_array().unwrap().iter();
            runs.filter(|run| run["ended"].is_string()).count() >= count
        });
    }

    /// Has it checked now; it fails.
    fn fails(&self, name: &str) {
        let (code, pulled) = self.home.pull_with(&[name]);
        assert_ne!(code, Some(0), "{pulled:?}");
    }

    /// Messages in an account's inbox that are from inhaul: their subjects, sorted.
    fn notices(&self, account: &str) -> Vec<String> {
        let mut subjects: Vec<_> = self
            .letters(account)
            .iter()
            .map(|letter| subject(letter))
            .collect();
        subjects.sort();
        subjects
    }

    fn letters(&self, account: &str) -> Vec<String> {
        let messages = self.home.messages(account).into_iter();
        let messages = messages.map(|octets| String::from_utf8(octets).unwrap());
        messages
            .filter(|text| text.contains("\r\nX-Inhaul-Event: "))
            .collect()
    }

    /// Waits until so many notices are in the account's inbox.
    fn wait_for_notices(&self, account: &str, count: usize) -> Vec<String> {
        wait_until("the notices are there", || {
            self.notices(account).len() >= count
        });
        self.notices(account)
    }
}

fn subject(letter: &str) -> String {
    let line = letter
        .lines()
        .find_map(|line| line.strip_prefix("Subject: "));
    line.unwrap().to_owned()
}
