//! What starts runs: every retrieval about every so often, and now and then somebody presses the
//! button while it runs.
//!
//! Stands in the place of the engine's service: knows the engine, the store and when each mailbox
//! is due, and nothing of the world's secrets.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use inhaul_engine::{Engine, RunOptions, Unobserved};
use inhaul_store::Store;
use inhaul_types::{Activation, RetrievalId};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::dice::Dice;

/// When each mailbox is due. Outlives processes, as the store's schedule does.
#[derive(Debug)]
pub(crate) struct Due {
    every: Mutex<Duration>,
    due: Mutex<Vec<Instant>>,
}

impl Due {
    pub(crate) fn new(mailboxes: usize, every: Duration) -> Self {
        Self {
            every: Mutex::new(every),
            due: Mutex::new(vec![Instant::now(); mailboxes]),
        }
    }

    pub(crate) fn set_interval(&self, every: Duration) {
        *self.every.lock().unwrap_or_else(PoisonError::into_inner) = every;
    }

    fn of(&self, mailbox: usize) -> Instant {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)[mailbox]
    }

    /// A fifth more or less than the interval.
    fn put_off(&self, mailbox: usize, dice: &mut Dice) {
        let every = *self.every.lock().unwrap_or_else(PoisonError::into_inner);
        let millis = u64::try_from(every.as_millis()).unwrap_or(u64::MAX);
        let wait = Duration::from_millis(dice.between(millis / 10 * 8, millis / 10 * 12));
        let next = Instant::now() + wait;
        self.due.lock().unwrap_or_else(PoisonError::into_inner)[mailbox] = next;
    }
}

/// Drives runs until it is told to stop, or aborted.
pub(crate) fn drive(
    watched: &Arc<dyn Watched>,
    engine: &Arc<Engine>,
    store: &Arc<dyn Store>,
    due: &Arc<Due>,
    retrievals: &[RetrievalId],
    stop: &watch::Receiver<bool>,
    dice: &mut Dice,
) -> JoinSet<()> {
    let mut runs = JoinSet::new();
    for (mailbox, retrieval) in retrievals.iter().enumerate() {
        let one = One {
            watched: Arc::clone(watched),
            engine: Arc::clone(engine),
            store: Arc::clone(store),
            due: Arc::clone(due),
            mailbox,
            retrieval: *retrieval,
            stop: stop.clone(),
            dice: Dice::new(dice.number()),
        };
        runs.spawn(one.drive());
    }
    runs
}

/// Somebody who wants to know what is due.
pub(crate) trait Watched: Send + Sync {
    /// A mailbox's run is due.
    fn due(&self, mailbox: usize);
    /// It could not be asked for, or is over.
    fn done(&self, mailbox: usize);
}

struct One {
    watched: Arc<dyn Watched>,
    engine: Arc<Engine>,
    store: Arc<dyn Store>,
    due: Arc<Due>,
    mailbox: usize,
    retrieval: RetrievalId,
    stop: watch::Receiver<bool>,
    dice: Dice,
}

impl One {
    async fn drive(mut self) {
        loop {
            let mut stop = self.stop.clone();
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return,
                () = sleep_until(self.due.of(self.mailbox)) => {}
            }
            self.due.put_off(self.mailbox, &mut self.dice);
            self.watched.due(self.mailbox);
            if self.dice.once_in(40) {
                tokio::join!(self.run(Activation::Schedule), self.run(Activation::Button));
            } else {
                self.run(Activation::Schedule).await;
            }
            self.watched.done(self.mailbox);
        }
    }

    async fn run(&self, activation: Activation) {
        let Ok(retrieval) = self.store.retrieval_by_id(self.retrieval).await else {
            return;
        };
        let options = RunOptions::default();
        let stop = self.stop.clone();
        Box::pin(
            self.engine
                .run(&retrieval, activation, options, &Unobserved, stop),
        )
        .await;
    }
}
