//! What notices keep, kept in the store: what was told, the outbox, and the inboxes here.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use inhaul_engine::Clock;
use inhaul_message::summarize;
use inhaul_notices::{
    Channel, ChannelKind, Inbox, Key, LetterId, Memory, MemoryError, NewLetter, Settled, Waiting,
};
use inhaul_store::{
    LocalMessage, NewNotice, NoticeSubject, SqliteStore, Store as _, StoreError, Summary,
    WaitingNotice,
};
use inhaul_types::{AccountId, NoticeId};

use crate::ops::metrics::Counters;

/// The store as notices know it.
#[derive(Clone)]
pub(crate) struct Kept {
    store: Arc<SqliteStore>,
    clock: Clock,
    /// Hears of what is given up.
    counters: Arc<Counters>,
}

impl Kept {
    pub(crate) fn new(store: Arc<SqliteStore>, clock: Clock, counters: Arc<Counters>) -> Self {
        Self {
            store,
            clock,
            counters,
        }
    }
}

#[async_trait]
impl Memory for Kept {
    async fn told_load(&self) -> Result<Vec<(Key, String)>, MemoryError> {
        let states = self.store.records().notice_states().await.map_err(failed)?;
        let key = |subject| match subject {
            NoticeSubject::Server => Key::Server,
            NoticeSubject::Retrieval(id) => Key::Retrieval(id),
            NoticeSubject::Mailbox(id) => Key::Mailbox(id),
        };
        let states = states.into_iter();
        Ok(states.map(|(subject, told)| (key(subject), told)).collect())
    }

    async fn record(
        &self,
        told: Vec<(Key, String)>,
        letters: Vec<NewLetter>,
    ) -> Result<(), MemoryError> {
        let subject = |key| match key {
            Key::Server => NoticeSubject::Server,
            Key::Retrieval(id) => NoticeSubject::Retrieval(id),
            Key::Mailbox(id) => NoticeSubject::Mailbox(id),
        };
        let states = told.into_iter();
        let states = states.map(|(key, told)| (subject(key), Some(told)));
        let notices = letters.into_iter().map(|letter| NewNotice {
            created: letter.written,
            channel: letter.channel.to_string(),
            payload: letter.text,
        });
        let records = self.store.records();
        let recorded = records.notice_record(states.collect(), notices.collect());
        recorded.await.map(drop).map_err(failed)
    }

    async fn outbox_waiting(&self, kind: ChannelKind) -> Result<Vec<Waiting>, MemoryError> {
        let waiting = self.store.records().notices_waiting(word(kind)).await;
        let waiting = waiting.map_err(failed)?;
        Ok(waiting.into_iter().filter_map(of_store).collect())
    }

    async fn outbox_text(&self, id: LetterId) -> Result<Option<String>, MemoryError> {
        let payload = self.store.records().notice_payload(NoticeId::new(id.0));
        payload.await.map_err(failed)
    }

    async fn outbox_settle(&self, id: LetterId, settled: Settled) -> Result<(), MemoryError> {
        let (records, id) = (self.store.records(), NoticeId::new(id.0));
        let now = (self.clock)();
        match settled {
            Settled::Delivered => records.notice_done(id).await,
            Settled::Later { due, why } => {
                records.notice_failed(id, &why, now, due).await.map(drop)
            }
            Settled::GivenUp { why } => {
                self.counters.notice_failed();
                records.notice_given_up(id, &why, now).await
            }
        }
        .map_err(failed)
    }
}

#[async_trait]
impl Inbox for Kept {
    async fn deliver(
        &self,
        account: AccountId,
        message: String,
        settles: Option<LetterId>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let settles = settles.map(|id| NoticeId::new(id.0));
        let delivered = self.store.records().deliver_local(LocalMessage {
            account,
            folder: INBOX.into(),
            summary: summary(&message),
            octets: message.into_bytes(),
            at: (self.clock)(),
            settles,
        });
        match (delivered.await, settles) {
            (Ok(_), _) | (Err(StoreError::Missing { what: "notice", .. }), _) => Ok(()),
            // Whose account it was is not here any more, and will not be.
            (Err(error @ StoreError::Missing { .. }), Some(id)) => {
                self.counters.notice_failed();
                let (records, why) = (self.store.records(), error.to_string());
                records.notice_given_up(id, &why, (self.clock)()).await?;
                Ok(())
            }
            (Err(error), _) => Err(error.into()),
        }
    }
}

fn failed(error: StoreError) -> MemoryError {
    MemoryError(error.into())
}

/// How the column begins for letters of this kind.
fn word(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Inbox => "inbox",
        ChannelKind::Webhook => "webhook",
        ChannelKind::Program => "program",
    }
}

/// A row as notices read it. One that names no channel of ours is of another inhaul: left alone.
fn of_store(row: WaitingNotice) -> Option<Waiting> {
    let channel: Channel = row
        .channel
        .parse()
        .inspect_err(|error| tracing::warn!(channel = row.channel, %error, "a notice waits"))
        .ok()?;
    Some(Waiting {
        id: LetterId(row.id.row()),
        channel,
        written: row.created,
        due: row.next_try,
        tries: row.attempts,
    })
}

/// The columns of a list, read as they are of every other message.
fn summary(message: &str) -> Summary {
    let summary = summarize(message.as_bytes());
    Summary {
        from: summary.from,
        subject: summary.subject,
        date: summary.date,
        message_id: summary.message_id,
        has_attachment: summary.has_attachment,
    }
}

const INBOX: &str = "INBOX";
