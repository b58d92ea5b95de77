//! `cargo xtask test`: everything a change must pass, on a machine that has only rustup's default
//! toolchain and a C compiler.

use std::time::Duration;

use anyhow::Result;

use crate::steps::{Step, has_subcommand, run_all};
use crate::{crash, fuzz, peers};

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
    let mut steps = vec![
        Step::call("peers", "cargo xtask peers", peers::ensure),
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
        tests(extent),
        Step::cargo("doctests", "test --workspace --all-features --doc"),
    ];
    steps.extend(fuzz::steps(fuzz_time(extent), None)?);
    steps.push(Step::cargo(
        "selftest",
        "run --release -p inhaul -- demo --selftest",
    ));
    if extent == Extent::Full {
        steps.push(crash::step(crash::FULL_ROUNDS, None)?);
    }
    Ok(steps)
}

/// Unit tests, and the end-to-end tests of `crates/inhaul/tests` with the real binary.
fn tests(extent: Extent) -> Step {
    // nextest gives every test a process of its own, so that one cannot upset another; nobody needs it.
    let step = if has_subcommand("nextest") {
        Step::cargo(
            "tests",
            "nextest run --workspace --all-features --no-fail-fast",
        )
    } else {
        Step::cargo(
            "tests (cargo-nextest is not installed)",
            "test --workspace --all-features --lib --bins --tests",
        )
    };
    match extent {
        Extent::Usual => step,
        Extent::Full => step.env("INHAUL_FULL", "1"),
    }
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
