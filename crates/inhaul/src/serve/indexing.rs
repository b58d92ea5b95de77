//! Keeps the search index behind the mail: what comes is indexed soon, and never before it is stored.
//!
//! Deliveries come first. While mail comes in, the indexer rests nineteen times as long as it works; a
//! search reads what it has not come to from the messages themselves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use inhaul_store::{NewMail, SqliteStore, Store as _};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// How long it waits for news. What it hears of nowhere else it finds then: mail of a removed account,
/// and that nothing was written for so long that the index can be synced.
const ROUND: Duration = Duration::from_secs(30);
/// After the first piece of news it waits for more: many messages are indexed at a smaller cost than
/// each by itself.
const GATHER: Duration = Duration::from_secs(1);
/// After a failure: a full disk is not emptied by trying.
const PAUSE: Duration = Duration::from_secs(5 * 60);
/// Between two steps at least.
const REST: Duration = Duration::from_millis(10);

/// The task that has mail indexed.
#[derive(Debug)]
pub(super) struct Indexing {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Indexing {
    pub(super) fn start(store: &Arc<SqliteStore>) -> Self {
        let (stop, mut stopping) = watch::channel(false);
        let store = Arc::clone(store);
        let task = tokio::spawn(async move {
            let mut news = store.records().subscribe();
            tokio::select! {
                () = follow(&store, &mut news) => {}
                _ = stopping.changed() => {}
            }
        });
        Self { stop, task }
    }

    /// Ends it. A step under way goes on until the store is closed.
    pub(super) async fn stop(self) {
        self.stop.send_replace(true);
        drop(self.task.await);
    }
}

async fn follow(store: &SqliteStore, news: &mut NewMail) {
    loop {
        let began = Instant::now();
        let step = store.search().index_some().await;
        match step {
            Ok(step) if step.more => {
                let busy = has_come(news);
                let rest = began.elapsed() * if busy { 19 } else { 1 };
                sleep(rest.max(REST)).await;
            }
            Ok(_) => match timeout(ROUND, news.next()).await {
                Ok(None) => return,
                Ok(Some(_)) => {
                    sleep(GATHER).await;
                    has_come(news);
                }
                Err(_) => {}
            },
            Err(error) => {
                tracing::warn!(%error, "mail is not indexed; searches read it all the same");
                sleep(PAUSE).await;
            }
        }
    }
}

/// Whether there is news; all of it is heard.
fn has_come(news: &mut NewMail) -> bool {
    let mut has_come = false;
    while news.try_next().is_some() {
        has_come = true;
    }
    has_come
}
