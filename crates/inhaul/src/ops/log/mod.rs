//! The program's log: from `tracing` to standard error, a file, the system's log, and memory.
//!
//! One line for a run and for whatever else matters. A line reads alone, is bounded and harmless
//! ([`mod@line`]), and never holds credentials, subjects, addresses, texts of messages or what a peer
//! sent; `privacy` tests that. The conversation with a server is in the run's record, at no level
//! here. Logging never waits and never fails: see [`output`].
//!
//! Start at [`Log::install`]. SIGUSR1 is [`reopen_on_signal`]'s.

mod bounded;
mod layer;
pub(crate) mod line;
mod output;
#[cfg(test)]
mod privacy;
pub(crate) mod ring;
mod syslog;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::time::Duration;

use inhaul_engine::Clock;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::layer::Ear;
use self::line::Draft;
use self::line::Line;
use self::output::{Job, Journal, work};
use self::ring::Ring;
use crate::config::sections::log::{self as section, LogFormat, LogLevel, LogOutput};

/// The log of this process. Clones are the same log.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    shared: Arc<Shared>,
}

/// What all clones of a log, and its ear, share.
struct Shared {
    level: AtomicU8,
    ring: Arc<Ring>,
    clock: Clock,
    jobs: Sender<Job>,
    counts: Arc<Counts>,
}

/// What those who log and the writer count together.
#[derive(Debug, Default)]
struct Counts {
    /// Lines the writer has not taken yet.
    waiting: AtomicUsize,
    /// Lines that were not written.
    dropped: AtomicU64,
}

/// What somebody told.
struct Heard {
    level: LogLevel,
    target: &'static str,
    draft: Draft,
}

impl Log {
    /// A log that writes text to standard error from this level on.
    pub(crate) fn start(level: LogLevel, clock: Clock) -> Self {
        let (jobs, received) = channel();
        let shared = Arc::new(Shared {
            level: AtomicU8::new(level as u8),
            ring: Arc::default(),
            clock,
            jobs,
            counts: Arc::default(),
        });
        let variable = std::env::var("JOURNAL_STREAM").ok();
        #[expect(clippy::disallowed_methods, reason = "the log is this process's own")]
        let journal = Journal::behind(std::io::stderr(), variable.as_deref());
        let counts = Arc::clone(&shared.counts);
        let begun = std::thread::Builder::new()
            .name("log".into())
            .spawn(move || work(&received, &counts, journal));
        // Without the thread lines are dropped and counted; mail is brought all the same.
        begun.ok();
        Self { shared }
    }

    /// A log that hears the whole process. Another one that does already stays.
    pub(crate) fn install(level: LogLevel, clock: Clock) -> Self {
        let log = Self::start(level, clock);
        log.subscriber().try_init().ok();
        log
    }

    /// What hands events to this log.
    fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + use<> {
        Registry::default().with(Ear(Arc::clone(&self.shared)))
    }

    /// From now on as `[log]` says: at the start, and whenever the configuration is read again.
    pub(crate) fn configure(&self, log: &section::Log) {
        self.shared.level.store(log.level as u8, Ordering::Relaxed);
        tracing::callsite::rebuild_interest_cache();
        self.write_to(log.format, log.output.clone(), log.facility);
    }

    fn write_to(&self, format: LogFormat, output: LogOutput, facility: section::Facility) {
        self.shared.ask(Job::Use(format, output, facility));
    }

    /// Opens the log's file anew, behind the lines that were told before.
    pub(crate) fn reopen(&self) {
        self.shared.ask(Job::Reopen);
    }

    /// The newest lines.
    pub(crate) fn ring(&self) -> &Arc<Ring> {
        &self.shared.ring
    }

    /// How many lines were not written.
    pub(crate) fn dropped(&self) -> u64 {
        self.shared.counts.dropped()
    }

    /// Waits until what was told is written, but not for a writer that hangs.
    pub(crate) fn flush(&self) {
        let (done, wait) = sync_channel(1);
        self.shared.ask(Job::Flush(done));
        wait.recv_timeout(FAREWELL).ok();
    }
}

/// Opens the log's file anew at each SIGUSR1, as long as it is polled.
pub(crate) async fn reopen_on_signal(log: Log) -> std::io::Result<()> {
    let mut signals = signal(SignalKind::user_defined1())?;
    while signals.recv().await.is_some() {
        log.reopen();
        tracing::info!("log reopened");
    }
    Ok(())
}

impl Shared {
    fn level(&self) -> LogLevel {
        let levels = [
            LogLevel::Error,
            LogLevel::Warn,
            LogLevel::Info,
            LogLevel::Debug,
        ];
        let number = usize::from(self.level.load(Ordering::Relaxed));
        levels.get(number).copied().unwrap_or(LogLevel::Trace)
    }

    /// Makes a line of it, keeps it, and has it written.
    fn hear(&self, heard: Heard) {
        let Heard {
            level,
            target,
            draft,
        } = heard;
        let line = self.ring.push(Line {
            seq: 0,
            at: (self.clock)(),
            level,
            target,
            message: draft.message,
            retrieval: draft.retrieval,
            run: draft.run,
            fields: draft.fields,
        });
        if !self.counts.line_waits() || self.jobs.send(Job::Write(line)).is_err() {
            self.counts.line_dropped();
        }
    }

    /// Asks the writer; without one there is nothing to be done.
    fn ask(&self, job: Job) {
        self.jobs.send(job).ok();
    }
}

impl Counts {
    /// Whether there is room for one more line to wait.
    fn line_waits(&self) -> bool {
        let has_room = self.waiting.fetch_add(1, Ordering::Relaxed) < WAITING_MOST;
        if !has_room {
            self.line_taken();
        }
        has_room
    }

    fn line_taken(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    fn line_dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("level", &self.level())
            .finish_non_exhaustive()
    }
}

/// Lines that may wait for the writer: a burst of all runs ending at once.
const WAITING_MOST: usize = 1_024;

/// How long the last lines are waited for.
const FAREWELL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
