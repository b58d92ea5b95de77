//! `cargo xtask fuzz`: random input for the grammar rooms, on the stable toolchain.
//!
//! The crate `fuzz/` is outside the workspace, so that its profile and its dependencies stay its own.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::steps::Step;

/// The targets; the same names as in `fuzz/src/lib.rs`.
const TARGETS: [&str; 5] = [
    "pop3_client",
    "pop3_server",
    "pop3_service",
    "message",
    "addresses",
];

/// One step for the target named, or one for each.
pub(crate) fn steps(time: Duration, only: Option<&str>) -> Result<Vec<Step>> {
    if let Some(name) = only
        && !TARGETS.contains(&name)
    {
        bail!(
            "no fuzz target is called {name:?}; there are {}",
            TARGETS.join(", ")
        );
    }
    let wanted = TARGETS
        .iter()
        .filter(|target| only.is_none_or(|name| name == **target));
    Ok(wanted.map(|target| step(target, time)).collect())
}

fn step(target: &str, time: Duration) -> Step {
    let seconds = time.as_secs();
    Step::cargo(
        format!("fuzz {target} for {seconds} s"),
        &format!(
            "run --quiet --release --manifest-path fuzz/Cargo.toml -- {target} --seconds {seconds}"
        ),
    )
}
