//! An installation with mail in it, its running server, and the remote server that the mail is
//! from.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use inhaul_sample::{Mailbox, SampleConfig, SampleServer};
use inhaul_testkit::Server;
use tokio::runtime::Runtime;

use crate::installation::{Installation, LOCAL_PASSWORD, assert_each_once};
use crate::talk::Talk;

/// A remote server in this process with the mailbox `u1`, and the account `anna`.
pub(crate) struct House {
    pub(crate) home: Installation,
    pub(crate) mailbox: Mailbox,
    pub(crate) remote: SampleServer,
    _runtime: Runtime,
}

/// A running server and where it speaks POP3.
pub(crate) struct Served {
    pub(crate) server: Server,
    /// Plain text at first.
    pub(crate) plain: SocketAddr,
    /// Encrypted from the first octet.
    pub(crate) encrypted: SocketAddr,
}

/// A message as it lies in an account's INBOX.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) id: i64,
    pub(crate) unique_id: String,
    pub(crate) octets: Vec<u8>,
}

impl House {
    /// Nothing in it yet.
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// The same, with these variables.
    pub(crate) fn with(variables: &[(&str, &str)]) -> Self {
        let runtime = Runtime::new().unwrap();
        let remote = SampleServer::start(SampleConfig::default());
        let remote = runtime.block_on(remote).unwrap();
        let mut home = Installation::alone();
        for (name, value) in variables {
            home = home.env(name, OsString::from(value));
        }
        Self {
            home: home.account("anna"),
            mailbox: remote.mailbox("u1"),
            remote,
            _runtime: runtime,
        }
    }

    /// With these messages in anna's INBOX, brought by inhaul itself.
    pub(crate) fn holding<M: AsRef<[u8]>>(messages: &[M]) -> Self {
        let house = Self::new();
        house.retrieval("isp", &["--every=never"]);
        house.bring("isp", &house.mailbox, messages);
        house
    }

    /// Adds an account with these messages in its INBOX, brought from the mailbox `user`.
    pub(crate) fn add_account<M: AsRef<[u8]>>(&self, name: &str, user: &str, messages: &[M]) {
        let words = ["account", "add", name, "--password-stdin"];
        self.home
            .inhaul
            .ok_with_input(&words, LOCAL_PASSWORD)
            .unwrap();
        let at = self.remote.address().to_string();
        let how = ["--server", &at, "--security=none", "--every=never"];
        let mailbox = self.remote.mailbox(user);
        let added = self.home.try_retrieval(name, user, name, "secret", &how);
        assert!(added.status.success(), "{added:?}");
        self.bring(name, &mailbox, messages);
    }

    fn bring<M: AsRef<[u8]>>(&self, retrieval: &str, from: &Mailbox, messages: &[M]) {
        for message in messages {
            from.append(message.as_ref());
        }
        let brought = self.home.pull(retrieval).new;
        assert_eq!(brought, messages.len() as u64);
    }

    /// Adds a retrieval of the mailbox for anna.
    pub(crate) fn retrieval(&self, name: &str, more: &[&str]) {
        let at = self.remote.address().to_string();
        let how = ["--server", &at, "--security=none", "--no-test"];
        let words = [&how, more].concat();
        let added = self
            .home
            .try_retrieval(name, "u1", "anna", "secret", &words);
        assert!(added.status.success(), "{added:?}");
    }

    /// Starts the server.
    pub(crate) fn serve(&self) -> Served {
        Served::start(&self.home)
    }
}

impl Served {
    /// Starts an installation's server.
    pub(crate) fn start(home: &Installation) -> Self {
        let server = Server::start(&home.inhaul).unwrap();
        let ready = server.ready().unwrap();
        let at = |what: &str| {
            let mut lines = ready.lines();
            let line = lines.find_map(|line| line.strip_prefix(what));
            let line = line.unwrap_or_else(|| panic!("no {what:?} in {ready}"));
            line.trim().parse().unwrap()
        };
        Self {
            plain: at("pop3 "),
            encrypted: at("pop3s "),
            server,
        }
    }

    /// A session of `anna`.
    pub(crate) fn anna(&self) -> Talk {
        Talk::sign_in(self.plain, "anna")
    }
}

/// The certificate that an installation made for itself.
pub(crate) fn certificate(home: &Installation) -> PathBuf {
    home.data().join("tls/cert.pem")
}

/// What lies in an account's INBOX, in the order of POP3's message numbers.
pub(crate) fn inbox(home: &Installation, account: &str) -> Vec<Held> {
    let dir = home.beside("inbox");
    let place = dir.to_str().unwrap();
    home.inhaul
        .ok(&["export", "maildir", account, place])
        .unwrap();
    let mut files = Vec::new();
    files_of(&dir, &mut files);
    let octets = by_digest(&files);
    let listed = home.json(&["message", "list", account]);
    let listed = listed["messages"].as_array().unwrap().iter();
    let held = listed.map(|message| Held {
        id: message["id"].as_i64().unwrap(),
        unique_id: message["uidl"].as_str().unwrap().to_owned(),
        octets: octets[message["sha256"].as_str().unwrap()].clone(),
    });
    let held: Vec<_> = held.collect();
    fs::remove_dir_all(&dir).unwrap();
    for one in held.iter().step_by(held.len() / 40 + 1) {
        let raw = ["message", "show", &one.id.to_string(), "--raw"];
        let raw = home.inhaul.ok_octets(&raw).unwrap();
        assert!(raw == one.octets, "message {}", one.id);
    }
    held
}

/// The octets of all of them.
pub(crate) fn octets_of(held: &[Held]) -> Vec<Vec<u8>> {
    held.iter().map(|one| one.octets.clone()).collect()
}

/// The account's INBOX is what the remote server had, once each.
#[track_caller]
pub(crate) fn assert_brought(there: &Mailbox, here: &[Held]) {
    let there = there.contents().into_iter().map(with_line_end);
    assert_each_once(&there.collect::<Vec<_>>(), &octets_of(here));
}

/// A message as POP3 sends it: its last line has an end.
fn with_line_end(mut octets: Vec<u8>) -> Vec<u8> {
    if !octets.is_empty() && !octets.ends_with(b"\r\n") {
        octets.extend_from_slice(b"\r\n");
    }
    octets
}

fn files_of(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_of(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// What is in files, by its SHA-256.
fn by_digest(files: &[PathBuf]) -> HashMap<String, Vec<u8>> {
    let mut found = HashMap::new();
    for some in files.chunks(500) {
        let output = Command::new("sha256sum").args(some).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let digests = String::from_utf8(output.stdout).unwrap();
        assert_eq!(digests.lines().count(), some.len());
        for (line, file) in digests.lines().zip(some) {
            let digest = line.split(' ').next().unwrap();
            found.insert(digest.to_owned(), fs::read(file).unwrap());
        }
    }
    found
}
