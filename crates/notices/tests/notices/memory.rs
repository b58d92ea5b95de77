//! A memory and inboxes that live as long as a test.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use inhaul_notices::{
    Channel, ChannelKind, Inbox, Key, LetterId, Memory, MemoryError, NewLetter, Settled, Waiting,
};
use inhaul_types::AccountId;
use tokio::sync::mpsc;

/// One letter and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) waiting: Waiting,
    pub(crate) text: String,
    pub(crate) given_up: Option<String>,
}

#[derive(Default)]
pub(crate) struct TestMemory {
    told: Mutex<BTreeMap<Key, String>>,
    letters: Mutex<BTreeMap<LetterId, Kept>>,
    fails: AtomicBool,
}

impl TestMemory {
    /// From now on, or no longer, nothing can be recorded.
    pub(crate) fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::Relaxed);
    }

    /// Letters to this channel that are still there.
    pub(crate) fn letters(&self, channel: Channel) -> Vec<Kept> {
        let letters = self.letters.lock().unwrap();
        letters
            .values()
            .filter(|kept| kept.waiting.channel == channel)
            .cloned()
            .collect()
    }

    /// Takes the letters to this channel out.
    pub(crate) fn take(&self, channel: Channel) -> Vec<String> {
        let taken = self.letters(channel);
        let mut letters = self.letters.lock().unwrap();
        taken
            .into_iter()
            .filter_map(|kept| Some(letters.remove(&kept.waiting.id)?.text))
            .collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.letters.lock().unwrap().len()
    }
}

#[async_trait]
impl Memory for TestMemory {
    async fn told_load(&self) -> Result<Vec<(Key, String)>, MemoryError> {
        let told = self.told.lock().unwrap();
        Ok(told
            .iter()
            .map(|(key, text)| (*key, text.clone()))
            .collect())
    }

    async fn record(
        &self,
        rows: Vec<(Key, String)>,
        new: Vec<NewLetter>,
    ) -> Result<(), MemoryError> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(MemoryError("the disk is full".into()));
        }
        self.told.lock().unwrap().extend(rows);
        let mut letters = self.letters.lock().unwrap();
        for letter in new {
            let last = letters.last_key_value().map_or(0, |(id, _)| id.0);
            let id = LetterId(last + 1);
            let waiting = Waiting {
                id,
                channel: letter.channel,
                written: letter.written,
                due: letter.written,
                tries: 0,
            };
            let kept = Kept {
                waiting,
                text: letter.text,
                given_up: None,
            };
            letters.insert(id, kept);
        }
        Ok(())
    }

    async fn outbox_waiting(&self, kind: ChannelKind) -> Result<Vec<Waiting>, MemoryError> {
        let letters = self.letters.lock().unwrap();
        let waiting = letters.values().filter(|kept| kept.given_up.is_none());
        Ok(waiting
            .map(|kept| kept.waiting)
            .filter(|one| one.channel.kind() == kind)
            .collect())
    }

    async fn outbox_text(&self, id: LetterId) -> Result<Option<String>, MemoryError> {
        Ok(self
            .letters
            .lock()
            .unwrap()
            .get(&id)
            .map(|kept| kept.text.clone()))
    }

    async fn outbox_settle(&self, id: LetterId, settled: Settled) -> Result<(), MemoryError> {
        let mut letters = self.letters.lock().unwrap();
        match settled {
            Settled::Delivered => drop(letters.remove(&id)),
            Settled::Later { due, .. } => {
                let kept = letters.get_mut(&id).expect("it waits");
                kept.waiting.due = due;
                kept.waiting.tries += 1;
            }
            Settled::GivenUp { why } => {
                letters.get_mut(&id).expect("it waits").given_up = Some(why);
            }
        }
        Ok(())
    }
}

/// Inboxes that hand over what is put into them.
pub(crate) struct TestInbox(mpsc::UnboundedSender<(AccountId, String)>);

pub(crate) type Delivered = mpsc::UnboundedReceiver<(AccountId, String)>;

impl TestInbox {
    pub(crate) fn new() -> (Self, Delivered) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }
}

#[async_trait]
impl Inbox for TestInbox {
    async fn deliver(
        &self,
        account: AccountId,
        message: String,
        _settles: Option<LetterId>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(self.0.send((account, message))?)
    }
}
