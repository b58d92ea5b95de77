//! The life of one process: from opening the store to an end at a moment that nobody chose.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use inhaul_store::{Crash, SqliteStore};
use tokio::sync::Notify;

use crate::dice::Dice;
use crate::world::World;

/// A process that may end at any of its effects.
#[derive(Debug)]
pub(crate) struct Life {
    world: Arc<World>,
    store: Arc<SqliteStore>,
    crash: Crash,
    doom: Mutex<Doom>,
    is_over: AtomicBool,
    ended: Notify,
}

/// When it ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Doom {
    /// Not by itself.
    Never,
    /// At so many moments of any kind.
    Moments(u64),
    /// At so many moments around what lasts: deliveries, changes of the ledger, deletions.
    Lasting(u64),
}

/// What a moment is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Weight {
    Usual,
    Lasting,
}

impl Doom {
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        match dice.below(5) {
            0 => Self::Never,
            1 | 2 => Self::Moments(dice.between(1, 4_000)),
            _ => Self::Lasting(dice.between(1, 150)),
        }
    }
}

impl Life {
    pub(crate) fn new(
        world: &Arc<World>,
        store: &Arc<SqliteStore>,
        doom: Doom,
        crash: Crash,
    ) -> Arc<Self> {
        Arc::new(Self {
            world: Arc::clone(world),
            store: Arc::clone(store),
            crash,
            doom: Mutex::new(doom),
            is_over: AtomicBool::new(false),
            ended: Notify::new(),
        })
    }

    /// Goes on if the process has not ended; otherwise nothing comes behind this, ever.
    pub(crate) async fn go_on(&self) {
        if self.is_over() {
            std::future::pending().await
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// A moment passes, or is the last.
    pub(crate) fn pass(&self, weight: Weight) {
        if self.is_over() {
            return;
        }
        let is_last = match (&mut *self.doom(), weight) {
            (Doom::Moments(left), _) | (Doom::Lasting(left), Weight::Lasting) => {
                *left -= 1;
                *left == 0
            }
            (Doom::Lasting(_), Weight::Usual) | (Doom::Never, _) => false,
        };
        if is_last {
            self.end();
        }
    }

    /// Ends it now.
    pub(crate) fn end(&self) {
        if self.is_over.swap(true, Ordering::Relaxed) {
            return;
        }
        self.world
            .story
            .tell(format_args!("the process ends: {:?}", self.crash));
        self.world.witness.closed();
        if let Err(error) = self.store.crash(self.crash) {
            let text = format!("the store cannot be crashed: {error}");
            self.world.story.breach(1, text);
        }
        self.world.lose_clients(self.crash == Crash::Kill);
        self.ended.notify_one();
    }

    pub(crate) fn crash(&self) -> Crash {
        self.crash
    }

    /// Returns when it has ended, however often it is asked.
    pub(crate) async fn gone(&self) {
        if !self.is_over() {
            self.ended.notified().await;
        }
    }

    fn doom(&self) -> MutexGuard<'_, Doom> {
        self.doom.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
