//! The one thread that writes.
//!
//! Owns the writing connection. Jobs come over a channel; those that wait together share a
//! transaction and its sync, and nobody waits for company. A job may take many steps (a large
//! body, 200,000 ledger rows): after each step it goes to the end of the queue, so that small
//! jobs overtake it. If a group fails, each of its jobs is tried again by itself: one job's
//! failure is nobody else's. Start at `run`.

use std::borrow::Borrow;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::Clock;
use super::backup::CopyOrder;
use super::checkpoint::LogGauge;
use super::errors::{Doing, damaged, explained, is_failed_sync};
use super::readers::BodiesInUse;
use super::segments::{Ended, Segments};
use super::sweep::GiveBack;
use crate::StoreError;

/// What a job sees of the store beside its transaction.
pub(crate) struct Surroundings {
    pub(crate) clock: Clock,
    pub(crate) bodies_in_use: Arc<BodiesInUse>,
    /// Used by the writer alone; the lock is never waited for.
    pub(crate) segments: Mutex<Segments>,
}

/// Something to be written.
pub(crate) trait Job: Send {
    /// Takes the next step inside a transaction. Called again for the same step if that
    /// transaction came to nothing: only `committed` may move the job on.
    fn step(&mut self, txn: &Connection, around: &Surroundings) -> Result<Step, StoreError>;

    /// The last step's transaction is committed.
    fn committed(&mut self) {}

    /// How much the next step writes.
    fn weight(&self) -> Weight {
        Weight::default()
    }

    /// Whether the next step must be on disk before the job goes on.
    fn durability(&self) -> Durability {
        Durability::Synced
    }

    /// Answers whoever waits. Returns work that clears up after a failure, if there is any.
    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) -> Option<Box<dyn Job>>;
}

/// Whether a job has steps left.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    More,
    Done,
}

/// What a transaction needs of the disk before anybody is told of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Durability {
    /// A sync. It covers everything written before, too.
    Synced,
    /// None of its own: a power cut may undo it, and nothing that comes later without it.
    WithTheNext,
}

/// What a step adds to a transaction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weight {
    pub(crate) messages: usize,
    pub(crate) octets: u64,
    /// One of many steps: at most one such step goes into a transaction.
    pub(crate) slice: bool,
}

/// The way to the writer.
#[derive(Debug)]
pub(crate) struct Writer(Hands);

/// Who does the work.
#[derive(Debug)]
enum Hands {
    Thread {
        orders: Sender<Order>,
        thread: Mutex<Option<JoinHandle<()>>>,
    },
    /// The thread that asks for it.
    #[cfg(feature = "simulation")]
    Inline(super::inline::InlineWriter),
}

enum Order {
    Run(Box<dyn Job>),
    Copy(CopyOrder),
    Stop,
}

impl Writer {
    pub(crate) fn start(
        mut conn: Connection,
        around: Surroundings,
        gauge: Arc<LogGauge>,
    ) -> Result<Self, StoreError> {
        let (orders, inbox) = channel();
        gauge.watch(&mut conn)?;
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || Loop::new(&conn, around, gauge).run(&inbox))
            .doing("start the writer")?;
        Ok(Self(Hands::Thread {
            orders,
            thread: Mutex::new(Some(thread)),
        }))
    }

    /// A writer without a thread: its jobs are carried out on whichever thread runs the caller's
    /// tasks.
    #[cfg(feature = "simulation")]
    pub(crate) fn inline(writer: super::inline::InlineWriter) -> Self {
        Self(Hands::Inline(writer))
    }

    /// Runs a job that answers by itself.
    pub(crate) fn send(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        match &self.0 {
            Hands::Thread { orders, .. } => orders
                .send(Order::Run(job))
                .map_err(|_| StoreError::Closing),
            #[cfg(feature = "simulation")]
            Hands::Inline(inline) => inline.send(job),
        }
    }

    /// Copies the database, a step between any two transactions. Answers by itself.
    pub(crate) fn copy(&self, order: CopyOrder) -> Result<(), StoreError> {
        match &self.0 {
            Hands::Thread { orders, .. } => orders
                .send(Order::Copy(order))
                .map_err(|_| StoreError::Closing),
            // Nobody backs a simulation up.
            #[cfg(feature = "simulation")]
            Hands::Inline(_) => Err(StoreError::Closing),
        }
    }

    /// Writes in one transaction and waits until it is on disk. `write` may be called twice.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        write: impl FnMut(&Connection, &Surroundings) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.write_with(Durability::Synced, write).await
    }

    /// The same with a durability of choice.
    pub(crate) async fn write_with<T: Send + 'static>(
        &self,
        durability: Durability,
        write: impl FnMut(&Connection, &Surroundings) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(Box::new(Single {
            write,
            durability,
            result: None,
            reply,
        }))?;
        answer.await.map_err(|_| StoreError::Closing)?
    }

    /// Ends without writing what waits.
    #[cfg(feature = "simulation")]
    pub(crate) fn crash(&self, crash: super::Crash) -> std::io::Result<()> {
        match &self.0 {
            Hands::Thread { .. } => Err(std::io::ErrorKind::Unsupported.into()),
            Hands::Inline(inline) => inline.crash(crash),
        }
    }

    /// Ends the thread after everything that was sent before. Blocks until it has ended.
    pub(crate) fn stop(&self) {
        let (orders, thread) = match &self.0 {
            Hands::Thread { orders, thread } => (orders, thread),
            #[cfg(feature = "simulation")]
            Hands::Inline(inline) => return inline.stop(),
        };
        // It may have ended already.
        orders.send(Order::Stop).ok();
        let thread = thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Err(_)) = thread.map(JoinHandle::join) {
            tracing::error!("the store's writer panicked");
        }
    }
}

/// More messages than this do not go into one transaction, unless they are one batch.
const GROUP_MESSAGES: usize = 1024;
/// Nor do more octets.
const GROUP_OCTETS: u64 = 16 << 20;

/// The work itself, on whichever thread. It borrows its connection, or has it for itself.
pub(crate) struct Loop<C> {
    conn: C,
    around: Surroundings,
    gauge: Arc<LogGauge>,
    /// Whether `PRAGMA synchronous` is FULL at present.
    synced: bool,
    /// A sync of the log failed. The system may have forgotten what it could not write and report
    /// the next sync as a success, so nothing more is written until the database is opened again.
    is_broken: bool,
}

/// Jobs that wait for their turn.
pub(crate) type Queue = VecDeque<Box<dyn Job>>;

/// What has come and is not done.
struct Waiting {
    jobs: Queue,
    copies: VecDeque<CopyOrder>,
    /// More may come.
    open: bool,
}

impl Waiting {
    fn take(&mut self, order: Option<Order>) {
        match order {
            Some(Order::Run(job)) => self.jobs.push_back(job),
            Some(Order::Copy(copy)) => self.copies.push_back(copy),
            Some(Order::Stop) | None => self.open = false,
        }
    }
}

impl Loop<&Connection> {
    fn run(mut self, inbox: &Receiver<Order>) {
        let mut waiting = Waiting {
            jobs: Queue::new(),
            copies: VecDeque::new(),
            open: true,
        };
        while waiting.open || !waiting.jobs.is_empty() {
            if waiting.jobs.is_empty() && waiting.copies.is_empty() {
                waiting.take(inbox.recv().ok());
            }
            self.turn(inbox, &mut waiting);
            if let Some(copy) = waiting.copies.pop_front() {
                let conn = self.conn;
                copy.carry_out(conn, || {
                    self.turn(inbox, &mut waiting);
                    waiting.open
                });
            }
        }
    }

    /// Takes what has come, and writes what of it goes into one transaction.
    fn turn(&mut self, inbox: &Receiver<Order>, waiting: &mut Waiting) {
        while waiting.open {
            match inbox.try_recv() {
                Ok(order) => waiting.take(Some(order)),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => waiting.take(None),
            }
        }
        self.write_next(&mut waiting.jobs);
    }
}

impl<C: Borrow<Connection>> Loop<C> {
    pub(crate) fn new(conn: C, around: Surroundings, gauge: Arc<LogGauge>) -> Self {
        Self {
            conn,
            around,
            gauge,
            synced: true,
            is_broken: false,
        }
    }

    /// One transaction with what fits into it of what waits.
    pub(crate) fn write_next(&mut self, waiting: &mut Queue) {
        let group = take_group(waiting);
        if !group.is_empty() {
            self.write_group(group, waiting);
        }
    }

    /// Whether the last transaction was synced.
    #[cfg(feature = "simulation")]
    pub(crate) fn is_synced(&self) -> bool {
        self.synced
    }

    fn write_group(&mut self, mut group: Vec<Box<dyn Job>>, waiting: &mut Queue) {
        let error = match self.try_group(&mut group) {
            Ok(steps) => {
                settle(group, &steps, waiting);
                return self.give_back(waiting);
            }
            Err(error) => error,
        };
        if group.len() > 1 {
            return group
                .into_iter()
                .for_each(|job| self.write_group(vec![job], waiting));
        }
        if let Some(job) = group.pop() {
            waiting.extend(job.finish(Err(error)));
        }
    }

    /// One transaction with the next step of every job in it, or nothing at all.
    fn try_group(&mut self, group: &mut [Box<dyn Job>]) -> Result<Vec<Step>, StoreError> {
        const DOING: &str = "write a transaction";
        if self.is_broken {
            return Err(damaged(
                "the disk failed to keep the database; look at its health, then start again",
            ));
        }
        self.set_durability(group)?;
        let _turn = self.gauge.pass();
        self.conn
            .borrow()
            .execute_batch("BEGIN IMMEDIATE")
            .doing(DOING)?;
        let steps: Result<Vec<Step>, StoreError> = group
            .iter_mut()
            .map(|job| job.step(self.conn.borrow(), &self.around))
            .collect();
        let (durable, mut unkept, mut ended) = (self.synced, false, Ended::Undone);
        let done = steps.and_then(|steps| {
            self.segments().before_commit(self.conn.borrow(), durable)?;
            let committed = self.conn.borrow().execute_batch("COMMIT");
            unkept = committed.as_ref().is_err_and(is_failed_sync);
            ended = Ended::InDoubt;
            committed.doing(DOING)?;
            Ok(steps)
        });
        if unkept {
            self.is_broken = true;
            self.gauge.distrust_log();
        }
        match &done {
            Ok(_) => self.segments().committed(),
            Err(_) => self.segments().rolled_back(ended),
        }
        // SQLite ends a transaction by itself at some errors and leaves it open at others.
        if done.is_err() && !self.conn.borrow().is_autocommit() {
            self.conn.borrow().execute_batch("ROLLBACK").doing(DOING)?;
        }
        let files = self.segments().files();
        done.map_err(|error| explained(error, || files.try_room()))
    }

    fn segments(&self) -> MutexGuard<'_, Segments> {
        self.around
            .segments
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What a synced transaction freed in segments can be given back to the disk.
    fn give_back(&mut self, waiting: &mut Queue) {
        let segments = self.segments();
        if self.synced && segments.has_freed() {
            waiting.push_back(Box::new(GiveBack::new(segments.files())));
        }
    }

    fn set_durability(&mut self, group: &[Box<dyn Job>]) -> Result<(), StoreError> {
        let synced = group
            .iter()
            .any(|job| job.durability() == Durability::Synced);
        if synced != self.synced {
            let level = if synced { "FULL" } else { "NORMAL" };
            self.conn
                .borrow()
                .pragma_update(None, "synchronous", level)
                .doing("set the durability")?;
            self.synced = synced;
        }
        Ok(())
    }
}

/// Takes what fits into one transaction, in the order of the queue.
fn take_group(waiting: &mut Queue) -> Vec<Box<dyn Job>> {
    let (mut group, mut left) = (Vec::new(), Queue::new());
    let (mut messages, mut octets, mut sliced) = (0, 0, false);
    while let Some(job) = waiting.pop_front() {
        let weight = job.weight();
        let fits = messages + weight.messages <= GROUP_MESSAGES
            && octets + weight.octets <= GROUP_OCTETS
            && !(sliced && weight.slice);
        if fits || group.is_empty() {
            messages += weight.messages;
            octets += weight.octets;
            sliced |= weight.slice;
            group.push(job);
        } else {
            left.push_back(job);
        }
    }
    *waiting = left;
    group
}

fn settle(group: Vec<Box<dyn Job>>, steps: &[Step], waiting: &mut Queue) {
    for (mut job, step) in group.into_iter().zip(steps) {
        job.committed();
        match step {
            Step::More => waiting.push_back(job),
            Step::Done => waiting.extend(job.finish(Ok(()))),
        }
    }
}

/// A job of one step.
struct Single<T, F> {
    write: F,
    durability: Durability,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Single<T, F>
where
    T: Send,
    F: FnMut(&Connection, &Surroundings) -> Result<T, StoreError> + Send,
{
    fn step(&mut self, txn: &Connection, around: &Surroundings) -> Result<Step, StoreError> {
        self.result = Some((self.write)(txn, around)?);
        Ok(Step::Done)
    }

    fn durability(&self) -> Durability {
        self.durability
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) -> Option<Box<dyn Job>> {
        let Self { result, reply, .. } = *self;
        // The caller may have gone away.
        reply
            .send(outcome.and_then(|()| result.ok_or(StoreError::Closing)))
            .ok();
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use inhaul_types::Timestamp;

    use super::*;

    type Log = Arc<Mutex<Vec<String>>>;

    /// Writes its name once a step.
    struct Named {
        name: &'static str,
        steps: usize,
        fails: bool,
        log: Log,
    }

    impl Job for Named {
        fn step(&mut self, txn: &Connection, _: &Surroundings) -> Result<Step, StoreError> {
            txn.execute("INSERT INTO t VALUES (?1)", [self.name])
                .doing("test")?;
            if self.fails {
                return Err(StoreError::Closing);
            }
            Ok(if self.steps == 1 {
                Step::Done
            } else {
                Step::More
            })
        }

        fn committed(&mut self) {
            self.steps -= 1;
        }

        fn weight(&self) -> Weight {
            Weight {
                slice: self.steps > 1,
                ..Weight::default()
            }
        }

        fn finish(self: Box<Self>, outcome: Result<(), StoreError>) -> Option<Box<dyn Job>> {
            let verdict = if outcome.is_ok() { "" } else { " failed" };
            self.log
                .lock()
                .unwrap()
                .push(format!("{}{verdict}", self.name));
            None
        }
    }

    /// A writer whose first job waits until everything else is queued, so that groups are known.
    /// Returns who ended in which order, what was written, and how many transactions it took.
    fn run(jobs: &[(&'static str, usize, bool)]) -> (Vec<String>, Vec<String>, usize) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.db");
        let mut conn = Connection::open(&path).unwrap();
        conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
            .unwrap();
        conn.execute_batch(include_str!("migrations/0001_schema.sql"))
            .unwrap();
        conn.execute_batch("CREATE TABLE t (name TEXT)").unwrap();
        let commits = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&commits);
        let count = move || {
            counter.fetch_add(1, Ordering::SeqCst);
            false
        };
        conn.commit_hook(Some(count)).unwrap();
        let clock: Clock = Arc::new(|| Timestamp::from_millis(0));
        let around = Surroundings {
            clock,
            bodies_in_use: Arc::default(),
            segments: Mutex::new(Segments::open(&conn, dir.path()).unwrap()),
        };
        let writer = Writer::start(conn, around, Arc::default()).unwrap();
        let ((begun, has_begun), (go, wait)) = (channel::<()>(), channel::<()>());
        let (reply, _) = oneshot::channel();
        let hold = move |_: &Connection, _: &Surroundings| {
            begun.send(()).ok();
            wait.recv().ok();
            Ok(())
        };
        let durability = Durability::Synced;
        writer
            .send(Box::new(Single {
                write: hold,
                durability,
                result: None,
                reply,
            }))
            .unwrap();
        has_begun.recv().unwrap();
        let log = Log::default();
        for (name, steps, fails) in jobs.iter().copied() {
            let job = Named {
                name,
                steps,
                fails,
                log: Arc::clone(&log),
            };
            writer.send(Box::new(job)).unwrap();
        }
        drop(go);
        writer.stop();
        let ended = log.lock().unwrap().clone();
        let conn = Connection::open(&path).unwrap();
        let mut select = conn.prepare("SELECT name FROM t ORDER BY rowid").unwrap();
        let names = select.query_map([], |row| row.get(0)).unwrap();
        let written: Vec<String> = names.collect::<Result<_, _>>().unwrap();
        // The one that waited wrote nothing, yet was a transaction of its own.
        (ended, written, commits.load(Ordering::SeqCst) - 1)
    }

    #[test]
    fn jobs_that_wait_together_share_a_transaction() {
        let (ended, written, commits) = run(&[("a", 1, false), ("b", 1, false), ("c", 1, false)]);
        assert_eq!(ended, ["a", "b", "c"]);
        assert_eq!(written, ["a", "b", "c"]);
        assert_eq!(commits, 1);
    }

    #[test]
    fn a_job_that_fails_takes_nobody_with_it() {
        let (ended, written, _) = run(&[("a", 1, false), ("b", 1, true), ("c", 1, false)]);
        assert_eq!(ended, ["a", "b failed", "c"]);
        assert_eq!(written, ["a", "c"]);
    }

    #[test]
    fn small_jobs_overtake_long_ones_and_long_ones_take_turns() {
        let jobs = [
            ("long", 3, false),
            ("longer", 4, false),
            ("small", 1, false),
        ];
        let (ended, written, commits) = run(&jobs);
        assert_eq!(ended, ["small", "long", "longer"]);
        let turns = [
            "long", "small", "longer", "long", "longer", "long", "longer", "longer",
        ];
        assert_eq!(written, turns);
        assert_eq!(commits, 6);
    }
}
