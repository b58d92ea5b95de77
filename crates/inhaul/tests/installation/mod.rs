//! An installation of a test's own: the real binary, a data directory, commands as a script gives
//! them, and what came of them.

#![allow(dead_code, reason = "each test file uses its part of it")]

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use inhaul_testkit::{Dovecot, Finished, Inhaul, TestDir};
use serde_json::Value;

/// The local accounts' password.
pub(crate) const LOCAL_PASSWORD: &str = "seven-quiet-otters-4417";

/// The program, its data directory and a folder beside it.
#[derive(Debug)]
pub(crate) struct Installation {
    pub(crate) inhaul: Inhaul,
    beside: TestDir,
}

/// What a pull of one retrieval reports.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Pulled {
    pub(crate) code: String,
    pub(crate) listed: u64,
    pub(crate) new: u64,
    pub(crate) deleted: u64,
}

impl Installation {
    /// An installation in a folder of its own.
    pub(crate) fn new() -> Self {
        let beside = TestDir::new("home").unwrap();
        let data = beside.join("data");
        Self::with_data(beside, data)
    }

    /// An installation without a server in front, whoever runs the test: for what a server
    /// changes by being there.
    pub(crate) fn alone() -> Self {
        let Self { inhaul, beside } = Self::new();
        let inhaul = inhaul.alone();
        Self { inhaul, beside }
    }

    /// An installation whose data directory is elsewhere.
    pub(crate) fn at(data: &Path) -> Self {
        Self::with_data(TestDir::new("home").unwrap(), data.to_path_buf())
    }

    /// An installation whose commands are run by another program.
    pub(crate) fn through(program: PathBuf, data: &Path) -> Self {
        let inhaul = Inhaul::new(program, data);
        let beside = TestDir::new("home").unwrap();
        Self { inhaul, beside }
    }

    fn with_data(beside: TestDir, data: PathBuf) -> Self {
        let mut inhaul = Inhaul::new(env!("CARGO_BIN_EXE_inhaul"), data);
        // `served.rs` runs the tests of other files once more, with a server in front.
        if env!("CARGO_CRATE_NAME") == "served" {
            inhaul = inhaul.served();
        }
        Self { inhaul, beside }
    }

    /// Sets an environment variable for all commands.
    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.inhaul = self.inhaul.env(name, value);
        self
    }

    /// Adds an account.
    pub(crate) fn account(self, name: &str) -> Self {
        let words = ["account", "add", name, "--password-stdin"];
        self.inhaul.ok_with_input(&words, LOCAL_PASSWORD).unwrap();
        self
    }

    /// A path in the folder beside the data directory.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.beside.join(name)
    }

    /// The data directory.
    pub(crate) fn data(&self) -> &Path {
        self.inhaul.data()
    }

    /// Adds a retrieval of a user of a private Dovecot.
    pub(crate) fn retrieval(&self, name: &str, user: &str, account: &str, more: &[&str]) {
        let finished = self.try_retrieval(name, user, account, Dovecot::PASSWORD, more);
        assert!(finished.status.success(), "{finished:?}");
    }

    /// As [`Installation::retrieval`], however it ends.
    pub(crate) fn try_retrieval(
        &self,
        name: &str,
        user: &str,
        account: &str,
        password: &str,
        more: &[&str],
    ) -> Finished {
        let mut words = vec![
            "retrieval",
            "add",
            "--name",
            name,
            "--user",
            user,
            "--to",
            account,
        ];
        words.push("--password-stdin");
        words.extend(more);
        self.inhaul.run_with_input(&words, password).unwrap()
    }

    /// Runs a command with `--json` that must succeed, and returns its document.
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        document(&self.inhaul.ok(&[words, &["--json"]].concat()).unwrap())
    }

    /// Runs a command that must end with this exit code.
    pub(crate) fn fails(&self, words: &[&str], code: i32) -> Finished {
        let finished = self.inhaul.run(words).unwrap();
        assert_eq!(
            finished.code(),
            Some(code),
            "{}: {finished:?}",
            words.join(" ")
        );
        finished
    }

    /// Pulls one retrieval, which must go well.
    pub(crate) fn pull(&self, name: &str) -> Pulled {
        let (code, pulled) = self.pull_with(&[name]);
        assert_eq!(
            (code, pulled.code.as_str()),
            (Some(0), ""),
            "{}",
            self.log()
        );
        pulled
    }

    /// Pulls with these words behind `pull`; the exit code and the first retrieval's report.
    pub(crate) fn pull_with(&self, words: &[&str]) -> (Option<i32>, Pulled) {
        let finished = self
            .inhaul
            .run(&[&["pull", "--json"], words].concat())
            .unwrap();
        assert!(!finished.stdout.is_empty(), "{finished:?}");
        let report = &document(&finished.stdout)["retrievals"][0];
        let number = |key: &str| report[key].as_u64().unwrap();
        let pulled = Pulled {
            code: report["code"].as_str().unwrap_or_default().to_string(),
            listed: number("listed"),
            new: number("new"),
            deleted: number("deleted"),
        };
        (finished.code(), pulled)
    }

    /// All messages of an account, as `export maildir` writes them.
    pub(crate) fn messages(&self, account: &str) -> Vec<Vec<u8>> {
        static EXPORTS: AtomicU32 = AtomicU32::new(0);
        let number = EXPORTS.fetch_add(1, Ordering::Relaxed);
        let dir = self.beside(&format!("export-{number}"));
        self.inhaul
            .ok(&["export", "maildir", account, dir.to_str().unwrap()])
            .unwrap();
        let mut messages = Vec::new();
        read_folders(&dir, &mut messages);
        fs::remove_dir_all(&dir).unwrap();
        messages
    }

    /// What `pop3.log` tells.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.data().join("pop3.log")).unwrap_or_default()
    }
}

/// The one JSON document that a command printed.
pub(crate) fn document(stdout: &str) -> Value {
    let document: Value = serde_json::from_str(stdout).unwrap_or_else(|error| {
        panic!("{error} in {stdout:?}");
    });
    assert_eq!(document["v"], 1, "{stdout}");
    document
}

fn read_folders(dir: &Path, messages: &mut Vec<Vec<u8>>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_folders(&path, messages);
        } else {
            messages.push(fs::read(path).unwrap());
        }
    }
}

/// How what is here differs from what the server had: copies count.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Difference {
    pub(crate) lost: usize,
    /// Once too often, or with octets that no message of the server has.
    pub(crate) doubled: usize,
}

/// Compares two lots of messages, whatever their order.
pub(crate) fn difference(there: &[Vec<u8>], here: &[Vec<u8>]) -> Difference {
    let mut balance: HashMap<&[u8], i64> = HashMap::new();
    for message in there {
        *balance.entry(message).or_default() += 1;
    }
    for message in here {
        *balance.entry(message).or_default() -= 1;
    }
    let sum = |counts: &mut dyn Iterator<Item = i64>| usize::try_from(counts.sum::<i64>()).unwrap();
    Difference {
        lost: sum(&mut balance.values().map(|count| (*count).max(0))),
        doubled: sum(&mut balance.values().map(|count| (-count).max(0))),
    }
}

/// Everything is here once, with the very octets.
#[track_caller]
pub(crate) fn assert_each_once(there: &[Vec<u8>], here: &[Vec<u8>]) {
    assert_eq!(
        difference(there, here),
        Difference::default(),
        "of {}",
        there.len()
    );
}

/// Waits for something that another process is about to do.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(POLL);
    }
}

/// Numbers that look random and are the same for the same seed (xorshift64*).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        // Neighbouring seeds shall not give neighbouring numbers, and zero would stay zero.
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % limit.max(1)
    }

    /// So many of them, in their order.
    pub(crate) fn some_of<T>(&mut self, mut all: Vec<T>, count: usize) -> Vec<T> {
        while all.len() > count {
            let place = self.below(all.len() as u64);
            all.remove(usize::try_from(place).unwrap());
        }
        all
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(2);
