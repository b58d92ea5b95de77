//! News of messages: those that have just become durable, and those that are gone.
//!
//! A bounded broadcast: senders never wait, so somebody who listens slowly misses some, and is told
//! so. What nobody listens to is not kept.

use std::sync::{Arc, Mutex, PoisonError};

use inhaul_types::{AccountId, FolderId, MessageId, Uid};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

/// News kept for the slowest listener: some seconds of the busiest retrieving.
const KEPT: usize = 256;

/// Messages that came into a folder together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewMessages {
    /// Whose folder.
    pub account: AccountId,
    /// Which.
    pub folder: FolderId,
    /// The messages, in the order of their uids.
    pub messages: Arc<[MessageId]>,
}

/// Messages that went out of a folder together. Of a whole account that is removed there is no
/// news; see [`Store::changes`](crate::Store::changes).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RemovedMessages {
    /// Whose folder.
    pub account: AccountId,
    /// Which.
    pub folder: FolderId,
    /// Their uids, ascending.
    pub uids: Arc<[Uid]>,
}

/// What a listener hears.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum News {
    /// Messages came.
    Came(NewMessages),
    /// Messages went.
    Went(RemovedMessages),
    /// So many pieces of news were missed, of any folder: look for yourself.
    Missed(u64),
}

/// Somebody who listens.
#[derive(Debug)]
pub struct NewMail(broadcast::Receiver<News>);

impl NewMail {
    /// Waits for the next news; `None` when the store is closed.
    pub async fn next(&mut self) -> Option<News> {
        match self.0.recv().await {
            Ok(news) => Some(news),
            Err(RecvError::Lagged(missed)) => Some(News::Missed(missed)),
            Err(RecvError::Closed) => None,
        }
    }

    /// The next news, if there is any now.
    pub fn try_next(&mut self) -> Option<News> {
        match self.0.try_recv() {
            Ok(news) => Some(news),
            Err(TryRecvError::Lagged(missed)) => Some(News::Missed(missed)),
            Err(TryRecvError::Empty | TryRecvError::Closed) => None,
        }
    }
}

/// The store's end.
#[derive(Debug)]
pub(crate) struct Announcer(Mutex<Option<broadcast::Sender<News>>>);

impl Default for Announcer {
    fn default() -> Self {
        Self(Mutex::new(Some(broadcast::Sender::new(KEPT))))
    }
}

impl Announcer {
    /// A new listener. A closed store has nothing more to say to them.
    pub(crate) fn subscribe(&self) -> NewMail {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        NewMail(match &*sender {
            Some(sender) => sender.subscribe(),
            None => broadcast::channel(1).1,
        })
    }

    /// Whether anybody listens.
    pub(crate) fn is_heard(&self) -> bool {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sender
            .as_ref()
            .is_some_and(|sender| sender.receiver_count() > 0)
    }

    /// Tells whoever listens.
    pub(crate) fn announce(&self, news: News) {
        if let Some(sender) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            // The last listener may have gone.
            sender.send(news).ok();
        }
    }

    /// Says that there is no more to come.
    pub(crate) fn close(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
