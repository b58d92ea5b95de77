//! The store's records, sent to their statements.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use inhaul_types::{AuditId, MessageId, NoticeId, RunId, Timestamp};
use tokio::sync::oneshot;

use super::housekeeping::{self, HousekeepingJob};
use super::local::LocalJob;
use super::writer::Durability;
use super::{SqliteStore, audit, backup, notices, run_pages, tally};
use crate::records::{
    Audit, AuditFilter, Backup, BackupReport, HourCounts, Housekept, LocalMessage, NewAudit,
    NewMail, NewNotice, Notice, NoticeFate, NoticeSubject, Page, Records, RestoreOptions, Restored,
    RunFilter, WaitingNotice,
};
use crate::{Run, StoreError};

#[async_trait]
impl Records for SqliteStore {
    async fn audit_add(&self, audit: NewAudit) -> Result<AuditId, StoreError> {
        let add = move |txn: &_, _: &_| audit::add(txn, &audit);
        self.threads.writer.write(add).await
    }

    async fn audit_page(
        &self,
        filter: AuditFilter,
        before: Option<AuditId>,
        most: u32,
    ) -> Result<Page<Audit, AuditId>, StoreError> {
        audit::page(&self.readers, filter, before, most).await
    }

    async fn run_page(
        &self,
        filter: RunFilter,
        before: Option<RunId>,
        most: u32,
    ) -> Result<Page<Run, RunId>, StoreError> {
        run_pages::page(&self.readers, filter, before, most).await
    }

    async fn counts_since(&self, since: Timestamp) -> Result<Vec<HourCounts>, StoreError> {
        self.readers
            .read(move |conn| tally::since(conn, since))
            .await
    }

    async fn deliver_local(&self, message: LocalMessage) -> Result<MessageId, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = LocalJob::new(message, Arc::clone(&self.announcer), reply);
        self.threads.writer.send(Box::new(job))?;
        answer.await.map_err(|_| StoreError::Closing)?
    }

    async fn notice_states(&self) -> Result<Vec<(NoticeSubject, String)>, StoreError> {
        self.readers.read(notices::states).await
    }

    async fn notice_record(
        &self,
        states: Vec<(NoticeSubject, Option<String>)>,
        notices: Vec<NewNotice>,
    ) -> Result<Vec<NoticeId>, StoreError> {
        let record = move |txn: &_, _: &_| notices::record(txn, &states, &notices);
        self.threads.writer.write(record).await
    }

    async fn notices_due(&self, now: Timestamp, most: u32) -> Result<Vec<Notice>, StoreError> {
        self.readers
            .read(move |conn| notices::due(conn, now, most))
            .await
    }

    async fn notices_waiting(&self, kind: &str) -> Result<Vec<WaitingNotice>, StoreError> {
        let kind = kind.to_owned();
        self.readers
            .read(move |conn| notices::waiting(conn, &kind))
            .await
    }

    async fn notice_payload(&self, notice: NoticeId) -> Result<Option<String>, StoreError> {
        self.readers
            .read(move |conn| notices::payload(conn, notice))
            .await
    }

    async fn notice_list(&self, most: u32) -> Result<Vec<Notice>, StoreError> {
        self.readers
            .read(move |conn| notices::list(conn, most))
            .await
    }

    async fn notice_done(&self, notice: NoticeId) -> Result<(), StoreError> {
        let done = move |txn: &_, _: &_| notices::done(txn, notice).map(|_| ());
        self.threads.writer.write(done).await
    }

    async fn notice_failed(
        &self,
        notice: NoticeId,
        error: &str,
        now: Timestamp,
        next_try: Timestamp,
    ) -> Result<NoticeFate, StoreError> {
        let error = error.to_owned();
        let failed = move |txn: &_, _: &_| notices::failed(txn, notice, &error, now, next_try);
        self.threads.writer.write(failed).await
    }

    async fn notice_given_up(
        &self,
        notice: NoticeId,
        error: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let error = error.to_owned();
        let give_up = move |txn: &_, _: &_| notices::give_up(txn, notice, &error, now);
        self.threads.writer.write(give_up).await
    }

    async fn writer_answers(&self) -> Result<(), StoreError> {
        let nothing = |_: &_, _: &_| Ok(());
        self.threads
            .writer
            .write_with(Durability::WithTheNext, nothing)
            .await
    }

    fn subscribe(&self) -> NewMail {
        self.announcer.subscribe()
    }

    async fn housekeep(
        &self,
        now: Timestamp,
        keep_history: Duration,
    ) -> Result<Housekept, StoreError> {
        let survey = move |conn: &_| housekeeping::survey(conn, now, keep_history);
        let Some(due) = self.readers.read(survey).await? else {
            self.sweep()?;
            return Ok(Housekept::default());
        };
        let (reply, answer) = oneshot::channel();
        let announcer = Arc::clone(&self.announcer);
        let job = HousekeepingJob::new(due, now, announcer, reply);
        self.threads.writer.send(Box::new(job))?;
        let done = answer.await.map_err(|_| StoreError::Closing)??;
        let (done, more) = (Some(done), true);
        Ok(Housekept { done, more })
    }

    async fn backup(&self, backup: Backup) -> Result<BackupReport, StoreError> {
        backup::make(
            &self.place,
            &self.threads.writer,
            &self.readers.segments(),
            backup,
        )
        .await
    }

    async fn deletion_confirmed(&self) -> Result<bool, StoreError> {
        self.readers.read(backup::deletion_confirmed).await
    }

    async fn confirm_deletion(&self) -> Result<(), StoreError> {
        let confirm = |txn: &_, _: &_| backup::confirm_deletion(txn);
        self.threads.writer.write(confirm).await
    }
}

impl SqliteStore {
    /// Restores a backup into a data directory that is empty or not there. The installation gets a
    /// new identity, every folder a new uid validity, and no remote copy is deleted until an
    /// administrator [confirms](Records::confirm_deletion) it. A backup that is not whole is
    /// refused; whatever fails leaves the directory as it was.
    pub async fn restore(
        from: &std::path::Path,
        dir: &std::path::Path,
        options: RestoreOptions,
    ) -> Result<Restored, StoreError> {
        let (from, dir) = (from.to_owned(), dir.to_owned());
        let restore = move || backup::restore(&from, &dir, &options);
        let join = tokio::task::spawn_blocking(restore).await;
        join.map_err(|error| StoreError::Io {
            doing: "restore",
            source: error.into(),
        })?
    }
}
