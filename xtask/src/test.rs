//! `cargo xtask test`: everything a change must pass, on a machine that has only rustup's default
//! toolchain and a C compiler.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use inhaul_testkit::lab_obstacle;

use crate::steps::{Step, has_subcommand, run_all, workspace};
use crate::{crash, fuzz, peers, simulate};

/// How much is tested.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Extent {
    /// What every change passes.
    Usual,
    /// The long rounds as well, before a release.
    Full,
}

/// Runs all steps.
pub(crate) fn run(extent: Extent) -> Result<()> {
    run_all(steps(extent)?)
}

/// The steps, cheap and telling ones first. A further check is one more line here.
fn steps(extent: Extent) -> Result<Vec<Step>> {
    let servers = Peers::servers();
    let browser = Peers::browser();
    let firefox = Peers::firefox();
    let mut steps = vec![
        Step::call("peers", "cargo xtask peers", peers::ensure),
        servers.step(),
        browser.step(),
        firefox.step(),
        Step::cargo("format", "fmt --all --check"),
        Step::cargo(
            "format of fuzz",
            "fmt --manifest-path fuzz/Cargo.toml --check",
        ),
        Step::cargo(
            "clippy",
            "clippy --workspace --all-targets --all-features -- -D warnings",
        ),
        Step::cargo(
            "clippy of fuzz",
            "clippy --manifest-path fuzz/Cargo.toml --release --all-targets --all-features -- -D warnings",
        ),
        Step::cargo("docs", "doc --workspace --no-deps --document-private-items")
            .env("RUSTDOCFLAGS", "-D warnings"),
        dependencies(),
    ];
    if extent == Extent::Full {
        // What people run is what its memory is measured of.
        steps.push(Step::cargo("release", "build --release -p inhaul"));
    }
    steps.extend([
        tests(extent, &[servers, browser, firefox]),
        Step::cargo("doctests", "test --workspace --all-features --doc"),
    ]);
    steps.extend(fuzz::steps(fuzz_time(extent), None)?);
    steps.push(Step::cargo(
        "selftest",
        "run --release -p inhaul -- demo --selftest",
    ));
    if extent == Extent::Full {
        steps.push(crash::step(crash::FULL_ROUNDS, None)?);
        steps.push(simulate::step(
            simulate::USUAL_SEEDS,
            None,
            simulate::USUAL_DAYS,
        ));
    }
    Ok(steps)
}

/// What not every machine can have, and what its tests are called.
struct Peers {
    title: &'static str,
    ensure: fn() -> Result<()>,
    /// How the names of the tests that need it begin, or those of the modules they are in.
    tests: &'static [&'static str],
    /// Why it cannot be had here, if so.
    impossible: Option<String>,
}

impl Peers {
    /// `crates/inhaul/tests/servers` and `sharing_out`, and testkit, have tests against them.
    fn servers() -> Self {
        Self {
            title: "servers of other makes",
            ensure: peers::ensure_servers,
            tests: &["makes::", "postfix::"],
            impossible: lab_obstacle(),
        }
    }

    /// The pages are tested with it, and testkit itself.
    fn browser() -> Self {
        Self {
            title: "browser",
            ensure: peers::ensure_browser,
            tests: &["browser::"],
            impossible: peers::no_browser(),
        }
    }

    /// A second make for what strangers' mail must not do; nothing else depends on it.
    fn firefox() -> Self {
        Self {
            title: "Firefox",
            ensure: peers::ensure_firefox,
            tests: &["firefox::"],
            impossible: peers::no_firefox(),
        }
    }

    /// The step that installs them, or tells that what is tested against them is left out.
    fn step(&self) -> Step {
        let title = self.title;
        match &self.impossible {
            None => Step::call(title, "cargo xtask peers", self.ensure),
            Some(why) => Step::left_out(format!("{title} and the tests that need it"), why),
        }
    }
}

/// Unit tests, and the end-to-end tests of `crates/inhaul/tests` with the real binary.
fn tests(extent: Extent, peers: &[Peers]) -> Step {
    let skip = left_out(peers);
    // nextest gives every test a process of its own, so that one cannot upset another; nobody needs it.
    let step = if has_subcommand("nextest") {
        Step::cargo(
            "tests",
            &format!("nextest run --workspace --all-features --no-fail-fast {skip}"),
        )
    } else {
        Step::cargo(
            "tests (cargo-nextest is not installed)",
            &format!("test --workspace --all-features --lib --bins --tests {skip}"),
        )
    };
    // A panic says what and where; forty frames below it only push that out of sight.
    let step = step.env("RUST_BACKTRACE", "0");
    match extent {
        Extent::Usual => step,
        Extent::Full => step
            .env("INHAUL_FULL", "1")
            .env("INHAUL_MEASURED", release_program()),
    }
}

/// The options that leave out the tests of what cannot be had.
fn left_out(peers: &[Peers]) -> String {
    let impossible = peers.iter().filter(|peers| peers.impossible.is_some());
    let names = impossible.flat_map(|peers| peers.tests);
    let skips: Vec<_> = names.map(|name| format!("--skip {name}")).collect();
    if skips.is_empty() {
        return String::new();
    }
    format!("-- {}", skips.join(" "))
}

/// What `cargo build --release` makes.
fn release_program() -> String {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let program = workspace().join(target).join("release/inhaul");
    program.display().to_string()
}

/// Licences, advisories and sources of what we build on.
fn dependencies() -> Step {
    if has_subcommand("deny") {
        Step::cargo("dependencies", "deny --all-features check")
    } else {
        Step::left_out(
            "dependencies",
            "cargo-deny is not installed (cargo install cargo-deny)",
        )
    }
}

/// How long each fuzz target runs.
fn fuzz_time(extent: Extent) -> Duration {
    match extent {
        // Long enough for some hundred thousand inputs, short enough for every commit.
        Extent::Usual => Duration::from_secs(10),
        Extent::Full => Duration::from_secs(60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tests_of_what_cannot_be_had_are_left_out() {
        let no = || Some("no".to_owned());
        for (impossible, options) in [
            ([None, None, None], ""),
            ([None, no(), None], "-- --skip browser::"),
            ([None, None, no()], "-- --skip firefox::"),
            (
                [no(), no(), no()],
                "-- --skip makes:: --skip postfix:: --skip browser:: --skip firefox::",
            ),
        ] {
            let mut peers = [Peers::servers(), Peers::browser(), Peers::firefox()];
            for (peers, why) in peers.iter_mut().zip(impossible) {
                peers.impossible = why;
            }
            assert_eq!(left_out(&peers), options);
        }
    }
}
