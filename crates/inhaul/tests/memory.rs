//! A pull holds no more memory than we chose, whatever the server has: few large messages, many
//! small ones, a long listing of which nearly everything is known.
//!
//! The figures are of the whole process, its program and the database's pages among them. Sizes
//! are smaller without `INHAUL_FULL=1`; the bound is the same, as it does not depend on them.
//! `INHAUL_MEASURED=/…/target/release/inhaul` measures that program instead of the one just built, as
//! `cargo xtask test --full` does. A debug build is a much larger program than the one people run: of
//! that one what it holds itself is bounded, by as much as that leaves to the other.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]
#![allow(clippy::print_stdout, reason = "the figures belong to the report")]

mod installation;

use std::fs;
use std::time::{Duration, Instant};

use inhaul_sample::{Mailbox, SampleConfig, SampleServer};
use inhaul_testkit::Inhaul;
use tokio::runtime::Runtime;

use installation::{Installation, document};

/// In KiB: 48 MiB.
const MOST: u64 = 48 << 10;

/// What of it is for heap and stacks: a release build's program and the database's shared memory
/// take the other 16 MiB.
const OWN_MOST: u64 = 32 << 10;

const MIB: u64 = 1 << 20;

#[test]
fn many_large_messages() {
    let world = World::start("many large messages");
    world.send(sized(20, 50), |_| 10 * MIB);
    world.pull(sized(20, 50));
}

#[test]
fn one_message_of_hundreds_of_mebibytes() {
    let world = World::start("one huge message");
    world.send(1, |_| sized(100, 200) * MIB);
    world.pull(1);
}

#[test]
fn ordinary_mail() {
    let world = World::start("ordinary mail");
    world.send(sized(1_000, 5_000), |_| 75 << 10);
    world.pull(sized(1_000, 5_000));
}

#[test]
fn mail_of_all_sizes() {
    let world = World::start("mail of all sizes");
    // 1 KiB to 2 MiB, the small ones oftener.
    world.send(sized(600, 3_000), |n| 1024 << (n * n % 23 / 2));
    world.pull(sized(600, 3_000));
}

#[test]
fn many_tiny_messages_and_then_one_more() {
    let count = sized(50_000, 200_000);
    let world = World::start("a first pull of tiny messages");
    world.send(count, |_| 0);
    world.pull(count);
    let world = World {
        what: "one new message behind as many known ones",
        ..world
    };
    world.send(1, |_| 0);
    world.pull(1);
}

/// The first number, or the second with `INHAUL_FULL=1`.
fn sized(some: u64, full: u64) -> u64 {
    let whole = std::env::var("INHAUL_FULL").is_ok_and(|value| value == "1");
    if whole { full } else { some }
}

/// A server in this process, and an installation that reads it.
struct World {
    what: &'static str,
    home: Installation,
    mailbox: Mailbox,
    _server: SampleServer,
    _runtime: Runtime,
}

impl World {
    fn start(what: &'static str) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime
            .block_on(SampleServer::start(SampleConfig::default()))
            .unwrap();
        let mailbox = server.mailbox("anna");
        let home = Installation::new().account("anna");
        let at = server.address().to_string();
        let how = ["--server", &at, "--security", "none", "--no-test"];
        let added = home.try_retrieval("isp", "anna", "anna", "secret", &how);
        assert!(added.status.success(), "{added:?}");
        Self {
            what,
            home,
            mailbox,
            _server: server,
            _runtime: runtime,
        }
    }

    /// Puts so many messages of these sizes into the mailbox. They are made while they are sent.
    fn send(&self, count: u64, size: impl Fn(u64) -> u64) {
        for n in 0..count {
            self.mailbox.append_generated(size(n));
        }
    }

    /// Pulls, and looks at the process as long as it runs.
    fn pull(&self, expected: u64) {
        let began = Instant::now();
        let program = std::env::var("INHAUL_MEASURED");
        let is_release = program.is_ok();
        let program = program.as_deref().unwrap_or(env!("CARGO_BIN_EXE_inhaul"));
        let measured = Inhaul::new(program, self.home.data());
        let mut running = measured.spawn(&["pull", "isp", "--json"]).unwrap();
        let mut peak = Peak::default();
        let status = loop {
            peak.look(running.id());
            if let Some(status) = running.wait(BETWEEN_LOOKS).unwrap() {
                break status;
            }
            assert!(began.elapsed() < PATIENCE, "{}: it does not end", self.what);
        };
        let what = self.what;
        let (stdout, stderr) = (running.stdout(), running.stderr());
        assert!(status.success(), "{what}: {status}\n{stdout}\n{stderr}");
        let report = &document(&stdout)["retrievals"][0];
        assert_eq!(report["new"].as_u64(), Some(expected), "{what}: {report}");
        let took = began.elapsed().as_secs_f64();
        println!("{what}: {peak}, {expected} new in {took:.1} s");
        match is_release {
            true => assert!(peak.whole <= MOST, "{what}: {peak}"),
            false => assert!(peak.own <= OWN_MOST, "{what}: {peak}"),
        }
    }
}

/// The most a process held, in KiB.
#[derive(Debug, Default)]
struct Peak {
    /// As the kernel keeps it: no peak is missed.
    whole: u64,
    /// Of its own at any look: heap and stacks.
    own: u64,
    /// Of files at any look: the program, and the database's shared memory.
    files: u64,
}

impl Peak {
    fn look(&mut self, process: u32) {
        let Ok(status) = fs::read_to_string(format!("/proc/{process}/status")) else {
            return;
        };
        let kib = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key))?;
            line.trim().trim_end_matches(" kB").parse::<u64>().ok()
        };
        let most = |so_far: &mut u64, key| *so_far = (*so_far).max(kib(key).unwrap_or(0));
        most(&mut self.whole, "VmHWM:");
        most(&mut self.own, "RssAnon:");
        most(&mut self.files, "RssFile:");
    }
}

impl std::fmt::Display for Peak {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mib = |kib: u64| kib as f64 / 1024.0;
        let (whole, own, files) = (mib(self.whole), mib(self.own), mib(self.files));
        write!(f, "peak {whole:.1} MiB (own {own:.1}, files {files:.1})")
    }
}

const BETWEEN_LOOKS: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_secs(15 * 60);
