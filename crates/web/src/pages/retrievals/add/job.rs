//! Something that goes on while a person watches: a search, a test.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// How far something has come.
pub(super) trait Progress: Clone + Send + Sync + 'static {
    /// Whether it has ended.
    fn is_over(&self) -> bool;
}

/// Something that goes on. It ends with whoever holds this.
#[derive(Debug)]
pub(super) struct Job<T> {
    come: watch::Receiver<T>,
    task: AbortHandle,
}

/// Somebody who watches it.
#[derive(Debug)]
pub(super) struct Watching<T>(watch::Receiver<T>);

impl<T: Progress> Job<T> {
    /// Begins; the work tells how far it has come.
    pub(super) fn start<W: Future<Output = ()> + Send + 'static>(
        first: T,
        work: impl FnOnce(Arc<watch::Sender<T>>) -> W,
    ) -> Self {
        let (sender, come) = watch::channel(first);
        let task = tokio::spawn(work(Arc::new(sender))).abort_handle();
        Self { come, task }
    }

    /// How far it has come now.
    pub(super) fn now(&self) -> T {
        self.come.borrow().clone()
    }

    /// For somebody who waits for its end.
    pub(super) fn watch(&self) -> Watching<T> {
        Watching(self.come.clone())
    }
}

impl<T: Progress> Watching<T> {
    /// Returns when it is over, or after as long as a page may be waited for.
    pub(super) async fn over(mut self) {
        let over = self.0.wait_for(T::is_over);
        drop(timeout(PATIENCE, over).await);
    }
}

impl<T> Drop for Job<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Less than a request may take.
const PATIENCE: Duration = Duration::from_secs(120);
