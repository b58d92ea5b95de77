#![doc = include_str!("../README.md")]
//!
//! # Inside
//!
//! `simulate` sets up one `world` (servers, lines, clock) with its `weather` (mail, mischief) and a
//! `process` after the other, each with a `life` that may end anywhere, a troubled `store`, the
//! engine's service and `people` who ask it for runs. The `witness` is told of everything and knows what must be. Start at
//! [`simulate`].

mod book;
mod dice;
mod letters;
mod life;
mod people;
mod pipe;
mod process;
mod sabotage;
mod store;
mod story;
mod weather;
mod witness;
mod world;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::{Instant, sleep};

use crate::dice::Dice;
use crate::process::{Desk, House};
use crate::story::Story;
use crate::world::World;

pub use inhaul_engine::Sabotage as Rule;
pub use sabotage::Sabotage;
pub use witness::Counts;

/// What to simulate.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Determines everything.
    pub seed: u64,
    /// How long things go wrong.
    pub days: u32,
    /// A promise to be broken.
    pub sabotage: Option<Sabotage>,
    /// Tell every event on standard error.
    pub aloud: bool,
}

/// A promise that was not kept.
#[derive(Clone, Debug)]
pub struct Breach {
    /// Its number in DESIGN section 3.
    pub promise: u8,
    /// How.
    pub what: String,
    /// The last events before it.
    pub story: Vec<String>,
}

/// How a simulation ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The first promise that was broken, if any was.
    pub breach: Option<Breach>,
    /// What was done.
    pub counts: Counts,
    /// Events, and a hash over all of them: the same for the same seed.
    pub events: (u64, u64),
}

/// Between two runs of a retrieval in the days behind, when everything has to come in.
const EVERY_IN_PEACE: Duration = Duration::from_secs(2 * 3600);
/// What a server refused is asked for once a day; a deletion is held for one.
const PEACE: Duration = Duration::from_secs(4 * 86_400);
/// Between two looks at what does not come.
const LOOKS: Duration = Duration::from_secs(300);

/// Simulates one seed, on this thread.
pub fn simulate(options: Options) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .context("start a runtime")?;
    let directory = tempfile::Builder::new()
        .prefix("inhaul-simulation-")
        .tempdir_in(fast_disk())
        .context("make a directory")?;
    std::fs::create_dir(directory.path().join("spool"))?;
    inhaul_engine::sabotage(options.sabotage.and_then(Sabotage::rule));
    runtime.block_on(Box::pin(live(options, directory.path())))
}

async fn live(options: Options, directory: &std::path::Path) -> Result<Outcome> {
    let Options {
        seed,
        days,
        sabotage,
        aloud,
    } = options;
    let story = Story::new(aloud);
    let world = World::new(seed, story.clone())?;
    let desk = Arc::<Desk>::default();
    let mut house = House {
        world: Arc::clone(&world),
        desk: Arc::clone(&desk),
        directory,
        sabotage,
        dice: Dice::fork(seed, "house", 0),
    };
    house.furnish().await?;
    let mut weather = weather::begin(&world, &desk);
    weather.spawn(watch(Arc::clone(&world)));
    let storm = Duration::from_secs(u64::from(days) * 86_400);
    house.live_until(Instant::now() + storm).await?;
    weather.shutdown().await;
    if !story.is_breached() {
        story.tell(format_args!("peace"));
        weather::clear_up(&world);
        house.see_to_it(EVERY_IN_PEACE).await?;
        house.live_until(Instant::now() + PEACE).await?;
    }
    if !story.is_breached() {
        house.look_at_everything().await?;
    }
    Ok(Outcome {
        breach: story.take_breach(),
        counts: world.witness.counts(),
        events: story.digest(),
    })
}

/// Looks at what does not come.
async fn watch(world: Arc<World>) {
    loop {
        sleep(LOOKS).await;
        world.witness.look_at_the_time();
    }
}

/// In memory, where there is such a place.
fn fast_disk() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    }
}
