//! Frees bodies nobody refers to, a slice a step.
//!
//! Each step is synced: only then are places in segments given back to the disk, and a body that
//! a power cut brings back must not have a hole in it.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use inhaul_types::BodyId;
use rusqlite::Connection;

use super::bodies::{self, Loose, SLICE, Unreferenced};
use super::segments::SegmentFiles;
use super::writer::{Job, Step, Surroundings, Weight};
use crate::StoreError;

/// How long after its last placement a body is kept: a session may hold its id.
const KEPT: Duration = Duration::from_secs(3600);

const SLICED: Weight = Weight {
    messages: 0,
    octets: SLICE,
    slice: true,
};

/// Nothing is lost by sweeping later, and whoever wants to store something hears of a full or locked
/// disk by itself: a person who reads mail is not bothered with it.
fn tell(error: &StoreError, what: &str) {
    match error {
        StoreError::DiskFull(_) | StoreError::Busy(_) => tracing::debug!(%error, "{what}"),
        _ => tracing::warn!(%error, "{what}"),
    }
}

/// Discards these bodies: a batch that wrote them ahead has failed.
pub(crate) struct Discard {
    bodies: VecDeque<BodyId>,
    first_is_gone: bool,
}

impl Discard {
    pub(crate) fn new(bodies: impl Into<VecDeque<BodyId>>) -> Self {
        Self {
            bodies: bodies.into(),
            first_is_gone: false,
        }
    }
}

impl Job for Discard {
    fn step(&mut self, txn: &Connection, around: &Surroundings) -> Result<Step, StoreError> {
        let Some(body) = self.bodies.front() else {
            return Ok(Step::Done);
        };
        self.first_is_gone = bodies::discard_slice(txn, &around.segments, *body)?;
        Ok(Step::More)
    }

    fn committed(&mut self) {
        if std::mem::take(&mut self.first_is_gone) {
            self.bodies.pop_front();
        }
    }

    fn weight(&self) -> Weight {
        SLICED
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) -> Option<Box<dyn Job>> {
        if let Err(error) = outcome {
            tell(&error, "left-over pieces stay until the next start");
        }
        None
    }
}

/// Frees what may go: at start what was never finished, and whatever has been free for an hour.
pub(crate) struct Sweep {
    unfinished_too: bool,
    /// Bodies up to here were looked at.
    behind: Option<Loose>,
    next: Option<Next>,
}

enum Next {
    /// The same body has pieces left.
    SameBody,
    Behind(Loose),
    FreedOnes,
}

impl Sweep {
    /// At start, before anything is written.
    pub(crate) fn at_start() -> Self {
        Self {
            unfinished_too: true,
            behind: None,
            next: None,
        }
    }

    /// Now and then.
    pub(crate) fn freed() -> Self {
        Self {
            unfinished_too: false,
            behind: None,
            next: None,
        }
    }
}

impl Job for Sweep {
    fn step(&mut self, txn: &Connection, around: &Surroundings) -> Result<Step, StoreError> {
        let which = if self.unfinished_too {
            Unreferenced::Unfinished
        } else {
            let now = (around.clock)().millis();
            let kept = i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX);
            Unreferenced::FreedBefore(inhaul_types::Timestamp::from_millis(now - kept))
        };
        self.next = Some(match bodies::unreferenced(txn, which, self.behind)? {
            None if self.unfinished_too => Next::FreedOnes,
            None => return Ok(Step::Done),
            Some(body) if !around.bodies_in_use.is_free(body.id) => Next::Behind(body),
            Some(body) if bodies::discard_slice(txn, &around.segments, body.id)? => {
                Next::Behind(body)
            }
            Some(_) => Next::SameBody,
        });
        Ok(Step::More)
    }

    fn committed(&mut self) {
        match self.next.take() {
            Some(Next::Behind(body)) => self.behind = Some(body),
            Some(Next::FreedOnes) => (self.unfinished_too, self.behind) = (false, None),
            Some(Next::SameBody) | None => {}
        }
    }

    fn weight(&self) -> Weight {
        SLICED
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) -> Option<Box<dyn Job>> {
        if let Err(error) = outcome {
            tell(&error, "free bodies stay until the next start");
        }
        None
    }
}

/// Gives back to the disk what was freed in segments. Sent by the writer behind the transaction
/// that freed it.
pub(crate) struct GiveBack {
    empty: Vec<i64>,
    files: Arc<SegmentFiles>,
}

impl GiveBack {
    pub(crate) fn new(files: Arc<SegmentFiles>) -> Self {
        Self {
            empty: Vec::new(),
            files,
        }
    }
}

impl Job for GiveBack {
    fn step(&mut self, txn: &Connection, around: &Surroundings) -> Result<Step, StoreError> {
        let mut segments = around
            .segments
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        segments.finish_freeing(txn)?;
        self.empty = segments.empty(txn)?;
        Ok(Step::Done)
    }

    /// Never in one transaction with a step that frees: a hole must not come before the commit that
    /// forgets what was there.
    fn weight(&self) -> Weight {
        SLICED
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) -> Option<Box<dyn Job>> {
        match outcome {
            Ok(()) => self.files.delete(&self.empty),
            Err(error) => tell(&error, "room in segments is given back later"),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use crate::sqlite::segments::Segments;

    use super::*;

    #[test]
    fn holes_are_never_made_in_the_transaction_that_frees() {
        let dir = tempfile::tempdir().unwrap();
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("migrations/0001_schema.sql"))
            .unwrap();
        let files = Segments::open(&conn, dir.path()).unwrap().files();
        // The writer puts one slice at most into a transaction.
        assert!(GiveBack::new(files).weight().slice);
        assert!(Discard::new(VecDeque::new()).weight().slice);
        assert!(Sweep::freed().weight().slice && Sweep::at_start().weight().slice);
    }
}
