//! What holds of the scheduler's decisions whatever happens: any outcomes, any clock, any crowd.

#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and so may what only tests call"
)]

mod queue;
mod schedule;

use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;

/// The same cases on every machine; `PROPTEST_CASES` asks for more of them.
fn config() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(1939),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}
