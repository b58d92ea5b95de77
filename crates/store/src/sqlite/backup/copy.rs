//! Copies the database on the writer's thread, a step between any two transactions.
//!
//! SQLite's backup, when it reads through the connection that writes, gets each page that is
//! written behind its back; only what another connection changes would have it begin again, and
//! nobody else writes. Between two steps no lock and no read transaction is held.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use inhaul_types::{Octets, Timestamp};
use rusqlite::Connection;
use rusqlite::backup::StepResult;
use tokio::sync::oneshot;

use super::super::Clock;
use super::super::errors::Doing;
use super::{DOING, PAGE_SIZE, Progress, Scratch};
use crate::StoreError;

/// Pages in a step: 1 MiB, a few milliseconds.
const STEP: i32 = 64;

/// A copy to be made.
pub(crate) struct CopyOrder {
    /// Where to.
    pub(super) scratch: Scratch,
    pub(super) clock: Clock,
    pub(super) progress: Option<Progress>,
    pub(super) reply: oneshot::Sender<Result<Copied, StoreError>>,
}

/// A whole copy.
pub(super) struct Copied {
    pub(super) scratch: Scratch,
    /// As of when.
    pub(super) taken: Timestamp,
    pub(super) octets: u64,
}

impl CopyOrder {
    /// Makes the copy and answers. `between` lets others write, and says whether there is any use
    /// in going on.
    pub(crate) fn carry_out(self, conn: &Connection, between: impl FnMut() -> bool) {
        let copied = self.copy(conn, between);
        let Self { scratch, reply, .. } = self;
        let copied = copied.map(|(taken, octets)| Copied {
            scratch,
            taken,
            octets,
        });
        // The caller may have gone away; then the copy goes, too.
        reply.send(copied).ok();
    }

    fn copy(
        &self,
        conn: &Connection,
        mut between: impl FnMut() -> bool,
    ) -> Result<(Timestamp, u64), StoreError> {
        let in_segments: i64 = conn
            .query_row("SELECT coalesce(sum(size), 0) FROM segment", [], |row| {
                row.get(0)
            })
            .doing(DOING)?;
        make_private(&self.scratch.0).doing(DOING)?;
        let mut target = Connection::open(&self.scratch.0).doing(DOING)?;
        // It is of no use unless it is whole.
        for (name, off) in [("journal_mode", "OFF"), ("synchronous", "OFF")] {
            target
                .pragma_update_and_check(None, name, off, |_| Ok(()))
                .or_else(|error| match error {
                    rusqlite::Error::QueryReturnedNoRows => Ok(()),
                    error => Err(error),
                })
                .doing(DOING)?;
        }
        let backup = rusqlite::backup::Backup::new(conn, &mut target).doing(DOING)?;
        loop {
            if let StepResult::Done = backup.step(STEP).doing(DOING)? {
                break;
            }
            let steps = backup.progress();
            let octets = |pages: i32| u64::from(PAGE_SIZE) * u64::try_from(pages).unwrap_or(0);
            if let Some(progress) = &self.progress {
                let done = octets(steps.pagecount - steps.remaining);
                let all = 2 * octets(steps.pagecount) + in_segments.cast_unsigned();
                progress(Octets::new(done), Octets::new(all));
            }
            if !between() || self.reply.is_closed() {
                return Err(StoreError::Closing);
            }
        }
        let taken = (self.clock)();
        drop(backup);
        // So that it can be read without a log beside it.
        target
            .pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))
            .doing(DOING)?;
        drop(target);
        let octets = std::fs::metadata(&self.scratch.0).doing(DOING)?.len();
        Ok((taken, octets))
    }
}

fn make_private(path: &Path) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    Ok(())
}
