//! What the store keeps about itself and its work: audit, pages of runs, notices, housekeeping,
//! backups, news of what came and went. Start at [`Records`].

mod audit;
mod backup;
mod housekeeping;
mod news;
mod notices;
mod runs;

use std::time::Duration;

use async_trait::async_trait;
use inhaul_types::{AuditId, MessageId, NoticeId, RunId, Timestamp};

use crate::{Run, StoreError};

pub use audit::{Audit, AuditFilter, NewAudit};
pub use backup::{
    Backup, BackupReport, KeyInBackup, Progress, RestoreOptions, Restored, RestoredKey,
};
pub use housekeeping::{Chore, Housekept};
pub(crate) use news::Announcer;
pub use news::{NewMail, NewMessages, News, RemovedMessages};
pub use notices::{LocalMessage, NewNotice, Notice, NoticeFate, NoticeSubject, WaitingNotice};
pub use runs::{HourCounts, RunFilter, RunOutcome};

/// One page of a list, newest first.
#[derive(Clone, Debug)]
pub struct Page<T, I> {
    /// Its rows, at most as many as were asked for. Fewer, even none, do not mean the end: a rare
    /// filter looks through a part of the list at a time.
    pub rows: Vec<T>,
    /// What to give as `before` for the page behind it; `None` at the end.
    pub next: Option<I>,
}

/// The store's records. Like [`Store`](crate::Store): what returned `Ok` is durable, what failed
/// left nothing behind.
#[async_trait]
pub trait Records: Send + Sync {
    /// Adds a row to the audit. There is no way to change one.
    async fn audit_add(&self, audit: NewAudit) -> Result<AuditId, StoreError>;
    /// One page of the audit, newest first, behind the row `before`.
    async fn audit_page(
        &self,
        filter: AuditFilter,
        before: Option<AuditId>,
        most: u32,
    ) -> Result<Page<Audit, AuditId>, StoreError>;

    /// One page of the runs of all retrievals, newest first, behind the run `before`.
    async fn run_page(
        &self,
        filter: RunFilter,
        before: Option<RunId>,
        most: u32,
    ) -> Result<Page<Run, RunId>, StoreError>;
    /// Runs that ended and what they stored, hour by hour, oldest first, from the beginning of the
    /// UTC hour that `since` lies in. Hours without a run are not there.
    async fn counts_since(&self, since: Timestamp) -> Result<Vec<HourCounts>, StoreError>;

    /// Puts a message of inhaul's own into a folder. It has no ledger row.
    /// [`StoreError::Missing`] for a notice that it settles and that is not waiting any more.
    async fn deliver_local(&self, message: LocalMessage) -> Result<MessageId, StoreError>;

    /// What has been told of this server, of retrievals and of mailboxes, as `domain::notices` wrote it.
    async fn notice_states(&self) -> Result<Vec<(NoticeSubject, String)>, StoreError>;
    /// Writes what counts as told from now on (`None` forgets it) together with the notices that
    /// tell it, so that nothing is told twice or not at all. A retrieval or account that is not
    /// there any more is passed over. Where too many notices wait, the oldest are given up.
    async fn notice_record(
        &self,
        states: Vec<(NoticeSubject, Option<String>)>,
        notices: Vec<NewNotice>,
    ) -> Result<Vec<NoticeId>, StoreError>;
    /// Notices whose next try has come, the one waiting longest first.
    async fn notices_due(&self, now: Timestamp, most: u32) -> Result<Vec<Notice>, StoreError>;
    /// Notices of one kind of channel that wait, due or not, the oldest first: those whose channel
    /// is this word, or begins with it and a colon. Without their payload, because there may be many.
    async fn notices_waiting(&self, kind: &str) -> Result<Vec<WaitingNotice>, StoreError>;
    /// What a notice sends; `None` if it is not there any more.
    async fn notice_payload(&self, notice: NoticeId) -> Result<Option<String>, StoreError>;
    /// All notices that wait or were given up, newest first.
    async fn notice_list(&self, most: u32) -> Result<Vec<Notice>, StoreError>;
    /// It has arrived. Nothing happens if it is not there any more.
    async fn notice_done(&self, notice: NoticeId) -> Result<(), StoreError>;
    /// It could not be sent: to be tried again at `next_try`, or given up after three days.
    async fn notice_failed(
        &self,
        notice: NoticeId,
        error: &str,
        now: Timestamp,
        next_try: Timestamp,
    ) -> Result<NoticeFate, StoreError>;
    /// It will never be sent, however often it is tried. Nothing happens if it is not waiting.
    async fn notice_given_up(
        &self,
        notice: NoticeId,
        error: &str,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Whether the one that writes still answers: returns when it has looked up from its work.
    async fn writer_answers(&self) -> Result<(), StoreError>;

    /// Hears of messages as they become durable and as they go, from now on. Nothing is kept for
    /// who does not listen, and not much for who listens slowly: they are told that they missed
    /// some.
    fn subscribe(&self) -> NewMail;

    /// Does a slice of what has to be done now and then: folds and forgets old records, frees
    /// bodies. `keep_history` is how long runs are kept. To be called again at once as long as
    /// there is more, then every few minutes.
    async fn housekeep(
        &self,
        now: Timestamp,
        keep_history: Duration,
    ) -> Result<Housekept, StoreError>;

    /// Copies everything as it is at one moment into a file, while the store is used. Without the
    /// file at its end, or with the whole of it.
    async fn backup(&self, backup: Backup) -> Result<BackupReport, StoreError>;
    /// Whether remote copies may be deleted: not between a restore and an administrator's word.
    async fn deletion_confirmed(&self) -> Result<bool, StoreError>;
    /// An administrator's word that remote copies may be deleted.
    async fn confirm_deletion(&self) -> Result<(), StoreError>;
}
