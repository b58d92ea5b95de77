//! The writer without a thread of its own, for simulations.
//!
//! The same jobs, groups and transactions as in [`super::writer`], carried out by a task of the
//! current runtime. What is sent before that task has its turn shares a transaction. Nothing here
//! depends on real time or on how the system runs threads. A crash is part of it: what waits is
//! forgotten, and of the log only what was synced is left when the power goes.
//! Start at `InlineWriter::send`.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use super::checkpoint::{Copier, LogGauge, log_of};
use super::open::{LOG_HEADER, PAGE_SIZE};
use super::writer::{Job, Loop, Queue, Surroundings};
use crate::StoreError;

/// How a process ends that does not close its store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Crash {
    /// It is killed: what it wrote is in the system's memory, and is not lost.
    Kill,
    /// The machine goes off: what was not synced is lost.
    PowerCut,
    /// The same on a disk that says it has synced and has not: half of the log is lost.
    LyingDisk,
}

/// The way to the work.
#[derive(Clone, Debug)]
pub(crate) struct InlineWriter(Arc<Mutex<State>>);

struct State {
    /// `None` when it has ended.
    work: Option<Work>,
    waiting: Queue,
    /// A task is on its way to what waits.
    is_called: bool,
}

struct Work {
    writer: Loop<Connection>,
    copier: Copier,
    gauge: Arc<LogGauge>,
    log: PathBuf,
    /// Frames of the log, and how many of those a power cut leaves.
    frames: u64,
    synced: u64,
}

/// Before each frame's page.
const FRAME_HEADER: u64 = 24;

impl InlineWriter {
    pub(crate) fn start(
        mut conn: Connection,
        around: Surroundings,
        database: &Path,
        gauge: &Arc<LogGauge>,
    ) -> Result<Self, StoreError> {
        gauge.watch(&mut conn)?;
        let frames = gauge.frames();
        let work = Work {
            writer: Loop::new(conn, around, Arc::clone(gauge)),
            copier: Copier::new(database, gauge),
            gauge: Arc::clone(gauge),
            log: log_of(database),
            frames,
            // Whoever opens a log that a killed process left syncs it with the next commit.
            synced: frames,
        };
        Ok(Self(Arc::new(Mutex::new(State {
            work: Some(work),
            waiting: Queue::new(),
            is_called: false,
        }))))
    }

    /// Has a job carried out when the tasks that are ready now have had their turn.
    pub(crate) fn send(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        let mut state = self.lock();
        if state.work.is_none() {
            return Err(StoreError::Closing);
        }
        state.waiting.push_back(job);
        if !std::mem::replace(&mut state.is_called, true) {
            tokio::spawn(self.clone().write_what_waits());
        }
        Ok(())
    }

    async fn write_what_waits(self) {
        loop {
            tokio::task::yield_now().await;
            if self.lock().write_next() == Left::Nothing {
                return;
            }
        }
    }

    /// Writes what waits, and closes.
    pub(crate) fn stop(&self) {
        let mut state = self.lock();
        while state.write_next() == Left::More {}
        state.work = None;
    }

    /// Ends as a process ends that is not asked.
    pub(crate) fn crash(&self, crash: Crash) -> io::Result<()> {
        let mut state = self.lock();
        state.waiting.clear();
        let Some(work) = state.work.take() else {
            return Ok(());
        };
        // The connections are closed first.
        let Work {
            log,
            frames,
            synced,
            ..
        } = work;
        match crash {
            Crash::Kill => Ok(()),
            Crash::PowerCut => cut_off(&log, synced),
            Crash::LyingDisk => cut_off(&log, frames / 2),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether anything waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Left {
    Nothing,
    More,
}

impl State {
    /// One transaction.
    fn write_next(&mut self) -> Left {
        if let Some(work) = &mut self.work {
            work.writer.write_next(&mut self.waiting);
            work.note_log();
        }
        if self.waiting.is_empty() || self.work.is_none() {
            self.is_called = false;
            return Left::Nothing;
        }
        Left::More
    }
}

impl Work {
    fn note_log(&mut self) {
        let frames = self.gauge.frames();
        if frames < self.frames {
            // The log was begun again: all of the one before is in the database.
            self.synced = 0;
        }
        self.frames = frames;
        if self.writer.is_synced() || self.copier.copy_if_due() {
            self.synced = frames;
        }
    }
}

/// Takes the end of a log away, as if it had never reached the disk.
fn cut_off(log: &Path, frames: u64) -> io::Result<()> {
    let file = match OpenOptions::new().write(true).open(log) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        file => file?,
    };
    let length = LOG_HEADER as u64 + frames * (FRAME_HEADER + u64::from(PAGE_SIZE));
    if file.metadata()?.len() > length {
        file.set_len(length)?;
    }
    Ok(())
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "State({} waiting)", self.waiting.len())
    }
}
