//! `cargo xtask simulate`: weeks of retrievals in virtual time, each from a seed of its own.

use crate::steps::Step;

/// Seeds where nobody says how many.
pub(crate) const USUAL_SEEDS: u64 = 1_000;
/// How long things go wrong in each of them.
pub(crate) const USUAL_DAYS: u64 = 7;

/// The step that simulates these seeds from 1 on, or the one.
pub(crate) fn step(seeds: u64, seed: Option<u64>, days: u64) -> Step {
    let which = match seed {
        Some(seed) => format!("--seed {seed}"),
        None => format!("--seeds {seeds}"),
    };
    // A release build: a week is 20,000 runs.
    Step::cargo(
        format!("simulation, {}", which.trim_start_matches("--")),
        &format!("run --release -p inhaul-simulation -- {which} --days {days}"),
    )
}
