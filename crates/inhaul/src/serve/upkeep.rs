//! Forgets in time: folds and purges history in small slices, so that years leave no more than months,
//! and takes what lies in Trash away.

use std::sync::Arc;
use std::time::Duration;

use inhaul_store::{Chore, Housekept, Store as _};
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
            let (mut stopping, mut from_trash) = (stopping, 0);
            loop {
                let keep_history = context.borrow().config.storage.keep_history;
                let slice = store.records().housekeep(clock()(), keep_history).await;
                let wait = match slice {
                    Ok(Housekept { done, more: true }) => {
                        from_trash += removed(done);
                        SLICE
                    }
                    Ok(_) => {
                        tell(std::mem::take(&mut from_trash));
                        ROUND
                    }
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

/// Messages that went with this.
fn removed(done: Option<(Chore, u64)>) -> u64 {
    match done {
        Some((Chore::EmptyTrash, messages)) => messages,
        _ => 0,
    }
}

/// Says once a round what people may miss.
fn tell(messages: u64) {
    if messages > 0 {
        tracing::info!(messages, "what lay in Trash for 30 days was removed");
    }
}
