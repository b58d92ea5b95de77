//! Copies the write-ahead log back into the database, on a thread and connection of its own.
//!
//! The writer's connection reports the log's length after each commit; when it has grown by
//! `GROWN`, a passive checkpoint copies what it can without holding anybody up. Under load the
//! writer is always ahead, so a log of `LARGE` is finished off with the writer held for the rest
//! of it: then the log starts again from its beginning. Start at `CheckpointThread::start`.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use inhaul_types::Octets;
use rusqlite::{Connection, ErrorCode, InterruptHandle};

use super::errors::Doing;
use super::open::{PAGE_SIZE, connect_checkpointer};
use crate::StoreError;

/// Octets of new log after which it is copied back.
const GROWN: u64 = 16 << 20;
/// Octets of log at which the writer is held to finish it off.
const LARGE: u64 = 32 << 20;
/// A log up to this length closing stops to copy back: some milliseconds. A longer one is left to
/// the next opening, whose checkpointer begins with it.
const CHEAP: u64 = 4 << 20;
/// Octets of log that the next opening reads in about a millisecond: not worth two syncs.
const NEGLIGIBLE: u64 = 1 << 20;
/// How long nobody must have written before a log that grew is cut down to nothing.
const IDLE: Duration = Duration::from_secs(5);
/// After a failure nothing is copied back for so long: a full disk is not emptied by trying.
const PAUSE: Duration = Duration::from_secs(5);
/// How long a checkpoint that holds the writer waits for readers.
const PATIENCE: Duration = Duration::from_millis(20);

/// How long the log is, as the writer sees it.
#[derive(Default)]
pub(crate) struct LogGauge {
    state: Mutex<LogState>,
    /// There is more log, or an end to it.
    changed: Condvar,
    /// The writer's turn has ended, or the checkpoint's.
    turn: Condvar,
}

#[derive(Default)]
struct LogState {
    /// Frames in the log since it was last begun.
    frames: u64,
    /// How many of those are copied back.
    copied: u64,
    /// Commits reported. Before the first one `frames` is a guess from the file's length.
    reports: u64,
    /// What is waiting is to be copied back whatever it is.
    begin_at_once: bool,
    /// The writer is in a transaction.
    writing: bool,
    /// The writer is to begin none.
    held: bool,
    /// Stops the checkpoint that is running now, if it is one that may be stopped.
    interrupt: Option<InterruptHandle>,
    stopping: bool,
    /// A sync of the log failed.
    distrusted: bool,
}

impl LogState {
    fn waiting(&self) -> u64 {
        self.frames.saturating_sub(self.copied) * u64::from(PAGE_SIZE)
    }

    fn length(&self) -> u64 {
        self.frames * u64::from(PAGE_SIZE)
    }

    /// What is to be done at once, if anything.
    fn due(&mut self) -> Option<Task> {
        if self.stopping {
            return Some(Task::Stop);
        }
        if std::mem::take(&mut self.begin_at_once) {
            return Some(Task::ClearLeftOver);
        }
        if self.waiting() < GROWN {
            return None;
        }
        Some(if self.length() >= LARGE {
            Task::FinishOff
        } else {
            Task::CopyBack
        })
    }
}

impl LogGauge {
    /// A gauge for a database that has just been opened, perhaps with a log left by others.
    pub(crate) fn new(database: &Path) -> Self {
        let left = std::fs::metadata(log_of(database)).map_or(0, |log| log.len());
        let state = LogState {
            frames: left / u64::from(PAGE_SIZE),
            begin_at_once: left > CHEAP,
            ..LogState::default()
        };
        Self {
            state: Mutex::new(state),
            ..Self::default()
        }
    }

    /// Has the connection report the log's length after each commit.
    pub(crate) fn watch(self: &Arc<Self>, conn: &mut Connection) -> Result<(), StoreError> {
        let gauge = Arc::clone(self);
        let hook = move |_: &mut rusqlite::hooks::Wal, pages: i32| {
            gauge.grown_to(u64::try_from(pages).unwrap_or(0));
            Ok(())
        };
        conn.wal_hook(Some(hook)).doing("watch the log")
    }

    /// Octets in the log that are not copied back yet.
    pub(crate) fn waiting(&self) -> Octets {
        Octets::new(self.lock().waiting())
    }

    /// Frames in the log since it was last begun.
    #[cfg(feature = "simulation")]
    pub(crate) fn frames(&self) -> u64 {
        self.lock().frames
    }

    /// Lets the writer begin a transaction when no checkpoint holds it; until the pass is dropped
    /// no checkpoint will. Taking turns by SQLite's own locks, a busy writer never lets anybody in.
    pub(crate) fn pass(&self) -> Pass<'_> {
        let mut state = self.lock();
        while state.held {
            state = self
                .turn
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.writing = true;
        Pass(self)
    }

    /// Waits for the writer's transaction to end and lets it begin no other until dropped.
    fn hold_writer(&self) -> Hold<'_> {
        let mut state = self.lock();
        state.held = true;
        while state.writing {
            state = self
                .turn
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        Hold(self)
    }

    fn grown_to(&self, frames: u64) {
        let mut state = self.lock();
        if frames < state.frames {
            // The writer began the log again, so everything before was copied back; or the guess
            // was too high.
            state.copied = 0;
        }
        state.frames = frames;
        state.reports += 1;
        if state.waiting() >= GROWN {
            self.changed.notify_one();
        }
    }

    fn copied(&self, progress: Progress) {
        let mut state = self.lock();
        if state.reports == 0 || progress.frames == 0 {
            (state.frames, state.copied) = (progress.frames, progress.copied);
        } else if progress.frames <= state.frames {
            // Otherwise the log was begun again meanwhile, and this says nothing of the new one.
            state.copied = progress.copied;
        }
    }

    fn lock(&self) -> MutexGuard<'_, LogState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Blocks until there is something to do.
    fn next_task(&self) -> Task {
        let mut state = self.lock();
        loop {
            if let Some(task) = state.due() {
                return task;
            }
            if state.length() < GROWN {
                state = self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let reports = state.reports;
            let (woken, timeout) = self
                .changed
                .wait_timeout(state, IDLE)
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if timeout.timed_out() && state.reports == reports && !state.stopping {
                return Task::CutDown;
            }
        }
    }

    /// Waits a while after a failure, unless closing comes first.
    fn pause(&self) {
        let stopping = |state: &mut LogState| !state.stopping;
        drop(
            self.changed
                .wait_timeout_while(self.lock(), PAUSE, stopping),
        );
    }

    fn stop(&self) {
        let mut state = self.lock();
        state.stopping = true;
        if let Some(running) = &state.interrupt {
            running.interrupt();
        }
        self.changed.notify_one();
    }

    /// Has closing stop the checkpoint that begins now. Says whether it may begin.
    fn begin(&self, interrupt: Option<InterruptHandle>) -> bool {
        let mut state = self.lock();
        state.interrupt = interrupt;
        !state.stopping
    }

    /// A sync of the log failed: what was committed to it is to be written once more, elsewhere,
    /// before somebody opens it and believes what is only in the system's memory.
    pub(crate) fn distrust_log(&self) {
        self.lock().distrusted = true;
    }

    fn worth_copying_at_the_end(&self) -> bool {
        let state = self.lock();
        if state.distrusted {
            return true;
        }
        (NEGLIGIBLE..=CHEAP).contains(&state.length())
    }
}

/// The writer's turn.
pub(crate) struct Pass<'a>(&'a LogGauge);

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.lock().writing = false;
        self.0.turn.notify_all();
    }
}

/// The turn of a checkpoint that holds the writer.
struct Hold<'a>(&'a LogGauge);

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.lock().held = false;
        self.0.turn.notify_all();
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Task {
    ClearLeftOver,
    CopyBack,
    FinishOff,
    CutDown,
    Stop,
}

#[derive(Clone, Copy)]
struct Progress {
    frames: u64,
    copied: u64,
}

impl std::fmt::Debug for LogGauge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogGauge")
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}

/// The thread.
#[derive(Debug)]
pub(crate) struct CheckpointThread {
    gauge: Arc<LogGauge>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl CheckpointThread {
    pub(crate) fn start(database: &Path, gauge: &Arc<LogGauge>) -> Result<Self, StoreError> {
        let copier = Copier::new(database, gauge);
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".into())
            .spawn(move || copier.run())
            .doing("start the checkpoints")?;
        Ok(Self {
            gauge: Arc::clone(gauge),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Ends the thread, after the writer's. Blocks until it has ended.
    pub(crate) fn stop(&self) {
        self.gauge.stop();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(Err(_)) = thread.map(JoinHandle::join) {
            tracing::error!("the store's checkpoints panicked");
        }
    }
}

/// The work itself, on whichever thread.
pub(crate) struct Copier {
    database: PathBuf,
    gauge: Arc<LogGauge>,
    /// Opened when first needed: most commands end without a checkpoint.
    conn: Option<Connection>,
}

impl Copier {
    pub(crate) fn new(database: &Path, gauge: &Arc<LogGauge>) -> Self {
        Self {
            database: database.to_owned(),
            gauge: Arc::clone(gauge),
            conn: None,
        }
    }

    fn run(mut self) {
        loop {
            match self.gauge.next_task() {
                Task::Stop => break,
                task => self.carry_out(task),
            }
        }
        if self.gauge.worth_copying_at_the_end() {
            self.checkpoint(&[TRUNCATE], false);
        }
    }

    /// Copies back what is to be copied at once. Says whether there was anything.
    #[cfg(feature = "simulation")]
    pub(crate) fn copy_if_due(&mut self) -> bool {
        let due = self.gauge.lock().due();
        due.inspect(|task| self.carry_out(*task)).is_some()
    }

    fn carry_out(&mut self, task: Task) {
        // The passive ones first, so that the writer is held for what it wrote meanwhile only.
        let modes: &[&str] = match task {
            Task::CopyBack => &[PASSIVE],
            Task::FinishOff => &[PASSIVE, PASSIVE, RESTART],
            Task::ClearLeftOver | Task::CutDown => &[PASSIVE, TRUNCATE],
            Task::Stop => &[],
        };
        // Of a program that only looks something up, closing waits for what its opening
        // found: otherwise many such programs would each read the same long log.
        self.checkpoint(modes, task != Task::ClearLeftOver);
    }

    /// A failure costs nothing but room: everything is in the log, and the next one tries again.
    fn checkpoint(&mut self, modes: &[&str], stoppable: bool) {
        for mode in modes {
            match self.try_checkpoint(mode, stoppable) {
                Ok(Some(progress)) => self.gauge.copied(progress),
                Ok(None) => return,
                Err(error) => {
                    // Whoever wants to store something hears of a full disk by itself.
                    match error {
                        StoreError::DiskFull(_) => tracing::debug!(%error, mode, "no checkpoint"),
                        _ => tracing::warn!(%error, mode, "checkpoint failed"),
                    }
                    return self.gauge.pause();
                }
            }
        }
    }

    /// `None` if closing stopped it.
    fn try_checkpoint(
        &mut self,
        mode: &str,
        stoppable: bool,
    ) -> Result<Option<Progress>, StoreError> {
        const DOING: &str = "copy the log back";
        let conn = match &mut self.conn {
            Some(conn) => conn,
            None => self
                .conn
                .insert(connect_checkpointer(&self.database, PATIENCE)?),
        };
        if stoppable && !self.gauge.begin(Some(conn.get_interrupt_handle())) {
            return Ok(None);
        }
        let _hold = (mode != PASSIVE).then(|| self.gauge.hold_writer());
        let progress = conn.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
            Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        });
        self.gauge.begin(None);
        if stopped(&progress) {
            return Ok(None);
        }
        let (frames, copied) = progress.doing(DOING)?;
        let count = |pages: i64| u64::try_from(pages).unwrap_or(0);
        Ok(Some(Progress {
            frames: count(frames),
            copied: count(copied),
        }))
    }
}

/// Copies what can be copied beside the writer.
const PASSIVE: &str = "PASSIVE";
/// Copies all and has the writer begin the log again.
const RESTART: &str = "RESTART";
/// The same, and cuts the file down to nothing.
const TRUNCATE: &str = "TRUNCATE";

fn stopped<T>(result: &rusqlite::Result<T>) -> bool {
    matches!(result, Err(error)
        if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted))
}

/// The log's file.
pub(crate) fn log_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}
