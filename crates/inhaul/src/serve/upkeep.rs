//! Forgets in time: folds and purges history in small slices, so that years leave no more than months.

use std::sync::Arc;
use std::time::Duration;

use inhaul_store::Store as _;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::cli::Context;
use crate::clock::clock;

/// Between two rounds.
const ROUND: Duration = Duration::from_secs(5 * 60);
/// Between two slices of a round: whoever wants to store comes first.
const SLICE: Duration = Duration::from_millis(20);

/// The task that forgets.
#[derive(Debug)]
pub(super) struct Upkeep {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Upkeep {
    /// `context` tells how long history is kept, and that may change.
    pub(super) fn start(context: watch::Receiver<Context>) -> Self {
        let (stop, stopping) = watch::channel(false);
        let store = Arc::clone(&context.borrow().store);
        let task = tokio::spawn(async move {
            let mut stopping = stopping;
            loop {
                let keep_history = context.borrow().config.storage.keep_history;
                let slice = store.records().housekeep(clock()(), keep_history).await;
                let wait = match slice {
                    Ok(slice) if slice.more => SLICE,
                    Ok(_) => ROUND,
                    Err(error) => {
                        tracing::warn!(%error, "history was not folded; it is tried again");
                        ROUND
                    }
                };
                tokio::select! {
                    () = sleep(wait) => {}
                    _ = stopping.changed() => return,
                }
            }
        });
        Self { stop, task }
    }

    /// Ends it behind its present slice.
    pub(super) async fn stop(self) {
        self.stop.send_replace(true);
        drop(self.task.await);
    }
}
