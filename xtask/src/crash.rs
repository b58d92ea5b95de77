//! `cargo xtask crash`: the real binary is killed, cut off and restarted, and the messages counted.

use anyhow::{Result, bail};

use crate::steps::Step;

/// Rounds of one kind where nobody says how many.
pub(crate) const USUAL_ROUNDS: u64 = 20;
/// Rounds of one kind in `cargo xtask test --full`.
pub(crate) const FULL_ROUNDS: u64 = 200;

const KINDS: [&str; 5] = ["kill", "cut", "quit", "power", "share"];

/// The step that runs `crates/inhaul/tests/crash`; without a kind, all of them.
pub(crate) fn step(rounds: u64, kind: Option<&str>) -> Result<Step> {
    if rounds == 0 {
        bail!("no rounds would pass whatever the program does");
    }
    // A release build: in a debug build most of a round is spent outside the steps under attack.
    let step = Step::cargo(
        format!("crash, {rounds} rounds of {}", kind.unwrap_or("each kind")),
        "test --release -p inhaul --all-features --test crash -- --nocapture",
    )
    .env("INHAUL_CRASH_ROUNDS", rounds.to_string());
    match kind {
        None => Ok(step),
        Some(kind) if KINDS.contains(&kind) => Ok(step.env("INHAUL_CRASH_KIND", kind)),
        Some(kind) => bail!(
            "no kind of crash is called {kind:?}; there are {}",
            KINDS.join(", ")
        ),
    }
}
