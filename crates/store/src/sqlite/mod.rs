//! The store in one SQLite database, behind the [`Store`] trait.
//!
//! One thread writes (`writer`), a few connections read (`readers`), one thread copies the log
//! back (`checkpoint`). Each subject has its statements in a file of its own; this one only
//! sends each call there. Start at `SqliteStore::open`.

mod accounts;
mod audit;
mod backup;
mod bodies;
mod catch_alls;
mod checkpoint;
mod commit;
mod day;
mod errors;
mod examine;
mod expunge;
mod folding;
mod groups;
mod housekeeping;
#[cfg(feature = "simulation")]
mod inline;
mod ledger;
mod ledger_changes;
mod limits;
mod local;
mod loops;
mod mail;
mod maildrop;
mod messages;
mod migrate;
mod notices;
mod open;
pub(crate) mod random;
mod read_ahead;
mod readers;
mod records;
mod removal;
mod retrievals;
mod run_pages;
mod runs;
mod schedule;
mod search;
mod segments;
mod sign_in;
mod started;
mod story;
mod sweep;
mod tally;
mod trash;
mod views;
mod visitors;
mod words;
mod writer;

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use inhaul_domain::route::{AddressBook, Rule};
use inhaul_domain::schedule::ScheduleState;
use inhaul_domain::{Ledger, Proof};
use inhaul_types::{
    AccountId, Address, FolderId, GroupId, LedgerId, MaildropId, MessageId, Octets, RetrievalId,
    RunId, Secret, Timestamp, Uid,
};
use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use crate::mail::Mail;
use crate::model::{
    Account, AccountChange, Allowance, Batch, Committed, Folder, Group, GroupChange, LedgerChange,
    LedgerStory, Maildrop, Message, NewAccount, NewRetrieval, NewRun, RemoteSecret, Retrieval,
    RetrievalChange, Run, RunEnd, SignIn, Unclaimed, Uncounted,
};
use crate::password::Passwords;
use crate::records::{Announcer, Records};
use crate::seal::SealingKey;
use crate::search::Search;
use crate::views::Views;
use crate::visitors::Visitors;
use crate::{BodyReader, Store, StoreError};

use catch_alls::Claim;
use checkpoint::{CheckpointThread, LogGauge};
use commit::CommitJob;
#[cfg(feature = "simulation")]
use errors::Doing;
use expunge::Expunge;
#[cfg(feature = "simulation")]
pub use inline::Crash;
use ledger_changes::LedgerJob;
use messages::Which;
use open::{DirectoryLock, Opened};
use readers::{BodiesInUse, Readers};
use removal::Removal;
use search::SearchIndex;
use segments::Segments;
use sweep::Sweep;
use writer::{Durability, Surroundings, Writer};

pub use examine::{Examination, Integrity, SealedSecret, is_held, leftovers, log_length};

/// Where the store reads the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How to open a store.
#[derive(Clone)]
pub struct StoreOptions {
    /// The sealing key; `None` is `secret.key` in the data directory.
    pub key_file: Option<PathBuf>,
    /// Where the store reads the time: the system's clock by default, one that tests turn.
    pub clock: Clock,
    /// A database of this size is as good as a full disk.
    pub size_limit: Option<Octets>,
    /// Whose threads do the work.
    pub threads: Threads,
}

/// Whose threads read and write.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Threads {
    /// The store's own, beside those of the runtime for blocking work.
    #[default]
    Own,
    /// The caller's: a read is done when it is asked for, writes by a task of the current runtime
    /// that finds all of them that wait. So a runtime of one thread does everything in an order
    /// that its tasks alone determine. Passwords of accounts are still hashed elsewhere.
    #[cfg(feature = "simulation")]
    Inline,
}

impl Default for StoreOptions {
    fn default() -> Self {
        let clock: Clock = Arc::new(|| Timestamp::from_system_time(SystemTime::now()));
        Self {
            key_file: None,
            clock,
            size_limit: None,
            threads: Threads::default(),
        }
    }
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions")
            .field("key_file", &self.key_file)
            .field("size_limit", &self.size_limit)
            .finish_non_exhaustive()
    }
}

/// A data directory, open and ours alone until it is closed or dropped.
#[derive(Debug)]
pub struct SqliteStore {
    key: Arc<SealingKey>,
    passwords: Passwords,
    readers: Arc<Readers>,
    bodies_in_use: Arc<BodiesInUse>,
    gauge: Arc<LogGauge>,
    threads: Arc<Hands>,
    search: Arc<SearchIndex>,
    changes: watch::Sender<u64>,
    announcer: Arc<Announcer>,
    place: Place,
}

/// Where the store is, for those who copy it.
#[derive(Clone)]
struct Place {
    dir: PathBuf,
    key_file: PathBuf,
    clock: Clock,
    /// One backup at a time.
    backup: Arc<tokio::sync::Mutex<()>>,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place")
            .field("dir", &self.dir)
            .finish_non_exhaustive()
    }
}

/// Who does the work.
#[derive(Debug)]
struct Hands {
    writer: Writer,
    /// `None` where the writer does that, too.
    checkpoints: Option<CheckpointThread>,
    /// Given free last.
    lock: Mutex<Option<DirectoryLock>>,
}

impl SqliteStore {
    /// Opens the data directory, making it if it is not there.
    pub async fn open(dir: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        #[cfg(feature = "simulation")]
        if options.threads == Threads::Inline {
            return Self::open_now(dir, options);
        }
        let dir = dir.to_owned();
        let open = move || Self::open_now(&dir, options);
        let join = tokio::task::spawn_blocking(open).await;
        join.map_err(|error| StoreError::Io {
            doing: "open",
            source: error.into(),
        })?
    }

    fn open_now(dir: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        let Opened {
            lock,
            writer,
            key,
            database,
        } = open::open(dir, &options)?;
        if let Err(error) = runs::end_interrupted(&writer, (options.clock)()) {
            // On a full disk, mail can still be read.
            tracing::warn!(%error, "runs of a killed process stay open until the next start");
        }
        let bodies_in_use = Arc::<BodiesInUse>::default();
        let gauge = Arc::new(LogGauge::new(&database));
        let segments = Segments::open(&writer, dir)?;
        let segment_files = segments.files();
        let around = Surroundings {
            clock: Arc::clone(&options.clock),
            bodies_in_use: Arc::clone(&bodies_in_use),
            segments: Mutex::new(segments),
        };
        let threads = options.threads;
        let (writer, checkpoints) = match threads {
            Threads::Own => (
                Writer::start(writer, around, Arc::clone(&gauge))?,
                Some(CheckpointThread::start(&database, &gauge)?),
            ),
            #[cfg(feature = "simulation")]
            Threads::Inline => (
                Writer::inline(inline::InlineWriter::start(
                    writer, around, &database, &gauge,
                )?),
                None,
            ),
        };
        // Before anything else is written: what is unfinished now was never finished.
        writer.send(Box::new(Sweep::at_start()))?;
        writer.send(Box::new(Removal::unfinished()))?;
        let readers = Arc::new(Readers::new(database.clone(), segment_files, threads));
        Ok(Self {
            key: Arc::new(key),
            passwords: Passwords::new(),
            search: Arc::new(SearchIndex::new(dir, database, &readers, &bodies_in_use)),
            readers,
            bodies_in_use,
            gauge,
            changes: watch::Sender::new(0),
            announcer: Arc::default(),
            place: Place {
                dir: dir.to_owned(),
                key_file: options.key_file(dir),
                clock: options.clock,
                backup: Arc::default(),
            },
            threads: Arc::new(Hands {
                writer,
                checkpoints,
                lock: Mutex::new(Some(lock)),
            }),
        })
    }

    /// Ends as a process ends that is not asked: nothing of it is left but the data directory,
    /// which is free for the next opening. Only of a store with [`Threads::Inline`].
    #[cfg(feature = "simulation")]
    pub fn crash(&self, crash: Crash) -> Result<(), StoreError> {
        self.readers.close();
        self.threads.crash(crash).doing("crash")
    }

    /// Frees bodies whose last placement went an hour ago or more, unless somebody reads them.
    /// To be called now and then.
    pub fn sweep(&self) -> Result<(), StoreError> {
        self.threads.writer.send(Box::new(Sweep::freed()))
    }

    async fn ledger_job(
        &self,
        maildrop: MaildropId,
        changes: Vec<LedgerChange>,
        end: Option<RunEnd>,
    ) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.threads
            .writer
            .send(Box::new(LedgerJob::new(maildrop, changes, end, reply)))?;
        answer.await.map_err(|_| StoreError::Closing)?
    }
}

impl Hands {
    #[cfg(feature = "simulation")]
    fn crash(&self, crash: Crash) -> std::io::Result<()> {
        let ended = self.writer.crash(crash);
        drop(
            self.lock
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        ended
    }

    /// Ends them in the order in which they need each other, then gives the directory free.
    /// Blocks until they have ended; does nothing the second time.
    fn stop(&self) {
        self.writer.stop();
        if let Some(checkpoints) = &self.checkpoints {
            checkpoints.stop();
        }
        drop(
            self.lock
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
    }
}

impl SqliteStore {
    /// Writes something that whoever follows accounts, groups and retrievals has to know.
    async fn save<T: Send + 'static>(
        &self,
        change: impl FnMut(&Connection, &Surroundings) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let saved = self.threads.writer.write(change).await?;
        self.has_changed();
        Ok(saved)
    }

    async fn open_body(&self, which: Which) -> Result<Box<dyn BodyReader>, StoreError> {
        let reader = messages::open_body(&self.readers, &self.bodies_in_use, which).await?;
        Ok(Box::new(reader))
    }

    fn has_changed(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.search.stop();
        self.readers.close();
        self.threads.stop();
    }
}

impl StoreOptions {
    fn key_file(&self, dir: &Path) -> PathBuf {
        let default = || dir.join("secret.key");
        self.key_file.clone().unwrap_or_else(default)
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn account_create(&self, mut account: NewAccount) -> Result<AccountId, StoreError> {
        let password = match account.password.take() {
            Some(password) => Some(self.passwords.hash(password).await?),
            None => None,
        };
        let create =
            move |txn: &_, around: &_| accounts::create(txn, around, &account, password.as_deref());
        self.save(create).await
    }

    async fn account_list(&self) -> Result<Vec<Account>, StoreError> {
        self.readers.read(accounts::list).await
    }

    async fn account_by_name(&self, name: &str) -> Result<Account, StoreError> {
        let name = name.to_owned();
        self.readers
            .read(move |conn| accounts::by_name(conn, &name))
            .await
    }

    async fn account_allowance(&self, account: AccountId) -> Result<Allowance, StoreError> {
        self.readers
            .read(move |conn| accounts::allowance(conn, account))
            .await
    }

    async fn account_verify(&self, name: &str, password: &Secret) -> Result<bool, StoreError> {
        let name = name.to_owned();
        let stored = self
            .readers
            .read(move |conn| accounts::password(conn, &name))
            .await?;
        self.passwords.verify(password.clone(), stored).await
    }

    async fn account_sign_in(&self, name: &str, password: &Secret) -> Result<SignIn, StoreError> {
        sign_in::sign_in(&self.readers, &self.passwords, name, password).await
    }

    async fn account_change(
        &self,
        account: AccountId,
        mut change: AccountChange,
    ) -> Result<(), StoreError> {
        let password = match change.password.take() {
            Some(password) => Some(self.passwords.hash(password).await?),
            None => None,
        };
        let change =
            move |txn: &_, _: &_| accounts::change(txn, account, &change, password.as_deref());
        self.save(change).await
    }

    async fn account_remove(&self, account: AccountId) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.threads
            .writer
            .send(Box::new(Removal::of_account(account, reply)))?;
        answer.await.map_err(|_| StoreError::Closing)??;
        self.has_changed();
        Ok(())
    }

    async fn group_create(&self, name: &str, change: GroupChange) -> Result<GroupId, StoreError> {
        let name = name.to_owned();
        let create = move |txn: &_, _: &_| groups::create(txn, &name, &change);
        self.save(create).await
    }

    async fn group_list(&self) -> Result<Vec<Group>, StoreError> {
        self.readers.read(groups::list).await
    }

    async fn group_by_name(&self, name: &str) -> Result<Group, StoreError> {
        let name = name.to_owned();
        self.readers
            .read(move |conn| groups::by_name(conn, &name))
            .await
    }

    async fn group_change(&self, group: GroupId, change: GroupChange) -> Result<(), StoreError> {
        let change = move |txn: &_, _: &_| groups::change(txn, group, &change);
        self.save(change).await
    }

    async fn group_remove(&self, group: GroupId) -> Result<(), StoreError> {
        let remove = move |txn: &_, _: &_| groups::remove(txn, group);
        self.save(remove).await
    }

    async fn folder_list(&self, account: AccountId) -> Result<Vec<Folder>, StoreError> {
        self.readers
            .read(move |conn| accounts::folders(conn, account))
            .await
    }

    async fn retrieval_create(&self, new: NewRetrieval) -> Result<RetrievalId, StoreError> {
        let key = Arc::clone(&self.key);
        let create = move |txn: &_, around: &_| retrievals::create(txn, around, &key, &new);
        self.save(create).await
    }

    async fn retrieval_list(&self) -> Result<Vec<Retrieval>, StoreError> {
        self.readers.read(retrievals::list).await
    }

    async fn retrieval_by_name(&self, name: &str) -> Result<Retrieval, StoreError> {
        let name = name.to_owned();
        self.readers
            .read(move |conn| retrievals::by_name(conn, &name))
            .await
    }

    async fn retrieval_by_id(&self, id: RetrievalId) -> Result<Retrieval, StoreError> {
        self.readers
            .read(move |conn| retrievals::by_id(conn, id))
            .await
    }

    async fn retrieval_change(
        &self,
        retrieval: RetrievalId,
        change: RetrievalChange,
    ) -> Result<(), StoreError> {
        let key = Arc::clone(&self.key);
        let change =
            move |txn: &_, around: &_| retrievals::change(txn, around, &key, retrieval, &change);
        self.save(change).await
    }

    async fn retrieval_schedule(
        &self,
        states: &[(RetrievalId, ScheduleState)],
    ) -> Result<(), StoreError> {
        if states.is_empty() {
            return Ok(());
        }
        let states = states.to_vec();
        let write = move |txn: &_, _: &_| schedule::write_all(txn, &states);
        self.threads.writer.write(write).await
    }

    async fn retrieval_uncount(&self, before: Vec<Uncounted>) -> Result<(), StoreError> {
        let uncount = move |txn: &_, _: &_| runs::uncount(txn, &before);
        self.threads.writer.write(uncount).await
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    async fn retrieval_remove(&self, retrieval: RetrievalId) -> Result<(), StoreError> {
        let remove = move |txn: &_, _: &_| retrievals::remove(txn, retrieval);
        self.save(remove).await
    }

    async fn retrieval_secret(&self, retrieval: RetrievalId) -> Result<RemoteSecret, StoreError> {
        let key = Arc::clone(&self.key);
        self.readers
            .read(move |conn| retrievals::secret(conn, &key, retrieval))
            .await
    }

    async fn address_book(&self) -> Result<AddressBook, StoreError> {
        self.readers.read(catch_alls::address_book).await
    }

    async fn router_rules(&self, retrieval: RetrievalId) -> Result<Vec<Rule>, StoreError> {
        self.readers
            .read(move |conn| catch_alls::rules(conn, retrieval))
            .await
    }

    async fn unclaimed(&self, retrieval: RetrievalId) -> Result<Vec<Unclaimed>, StoreError> {
        catch_alls::unclaimed(&self.readers, retrieval).await
    }

    async fn claim(
        &self,
        retrieval: RetrievalId,
        address: &Address,
        to: FolderId,
    ) -> Result<u64, StoreError> {
        let found = catch_alls::find_unclaimed(&self.readers, retrieval, address).await?;
        if found.is_empty() {
            return Ok(0);
        }
        let (reply, answer) = oneshot::channel();
        let announcer = Arc::clone(&self.announcer);
        let job = Claim::new(retrieval, to, found, announcer, reply);
        self.threads.writer.send(Box::new(job))?;
        answer.await.map_err(|_| StoreError::Closing)?
    }

    async fn ledger_load(&self, maildrop: MaildropId) -> Result<Ledger, StoreError> {
        self.readers
            .read(move |conn| ledger::load(conn, maildrop))
            .await
    }

    async fn ledger_load_others(&self, maildrop: MaildropId) -> Result<Vec<Ledger>, StoreError> {
        let load = move |conn: &_| {
            let others = ledger::others(conn, maildrop)?;
            others
                .into_iter()
                .map(|other| ledger::load(conn, other))
                .collect()
        };
        self.readers.read(load).await
    }

    async fn ledger_proofs(&self, rows: &[LedgerId]) -> Result<Vec<Proof>, StoreError> {
        let rows = rows.to_vec();
        self.readers
            .read(move |conn| ledger::proofs(conn, &rows))
            .await
    }

    async fn ledger_apply(
        &self,
        maildrop: MaildropId,
        changes: Vec<LedgerChange>,
    ) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.ledger_job(maildrop, changes, None).await
    }

    async fn ledger_search(&self, words: &[String]) -> Result<Vec<LedgerStory>, StoreError> {
        story::search(&self.readers, words, None).await
    }

    async fn commit_batch(&self, batch: Batch) -> Result<Vec<Committed>, StoreError> {
        if batch.deliveries.is_empty() {
            return Ok(Vec::new());
        }
        let (reply, answer) = oneshot::channel();
        self.threads.writer.send(Box::new(CommitJob::new(
            batch,
            Arc::clone(&self.announcer),
            reply,
        )))?;
        answer.await.map_err(|_| StoreError::Closing)?
    }

    async fn run_begin(&self, run: NewRun) -> Result<RunId, StoreError> {
        // A run that a power cut undoes stored nothing: what it stores comes later in the log.
        let begin = move |txn: &_, around: &_| runs::begin(txn, around, run);
        self.threads
            .writer
            .write_with(Durability::WithTheNext, begin)
            .await
    }

    async fn run_finish(
        &self,
        maildrop: MaildropId,
        end: RunEnd,
        changes: Vec<LedgerChange>,
    ) -> Result<(), StoreError> {
        self.ledger_job(maildrop, changes, Some(end)).await
    }

    async fn started_today(
        &self,
        account: AccountId,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(u32, u32), StoreError> {
        self.readers
            .read(move |conn| started::today(conn, account, address, now))
            .await
    }

    async fn run_list(&self, retrieval: RetrievalId, most: u32) -> Result<Vec<Run>, StoreError> {
        self.readers
            .read(move |conn| runs::list(conn, retrieval, most))
            .await
    }

    async fn run_by_id(&self, run: RunId) -> Result<Run, StoreError> {
        self.readers.read(move |conn| runs::by_id(conn, run)).await
    }

    async fn run_conversation(&self, run: RunId) -> Result<Option<String>, StoreError> {
        self.readers
            .read(move |conn| runs::conversation(conn, run))
            .await
    }

    async fn message_page(
        &self,
        folder: FolderId,
        after: Option<Uid>,
        most: u32,
    ) -> Result<Vec<Message>, StoreError> {
        self.readers
            .read(move |conn| messages::page(conn, folder, after, most))
            .await
    }

    async fn message_by_id(&self, id: MessageId) -> Result<Message, StoreError> {
        self.readers
            .read(move |conn| messages::by_id(conn, id))
            .await
    }

    async fn message_body(&self, id: MessageId) -> Result<Box<dyn BodyReader>, StoreError> {
        self.open_body(Which::Id(id)).await
    }

    async fn message_body_at(
        &self,
        folder: FolderId,
        uid: Uid,
    ) -> Result<Box<dyn BodyReader>, StoreError> {
        self.open_body(Which::At(folder, uid)).await
    }

    async fn bodies_at(
        &self,
        folder: FolderId,
        uids: &[Uid],
        most: Octets,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let (uids, files) = (read_ahead::first(uids).to_vec(), self.readers.segments());
        self.readers
            .read(move |conn| read_ahead::bodies(conn, &files, folder, &uids, most))
            .await
    }

    async fn maildrop(&self, account: AccountId) -> Result<Maildrop, StoreError> {
        maildrop::load(&self.readers, account).await
    }

    async fn message_remove(&self, folder: FolderId, uids: &[Uid]) -> Result<u64, StoreError> {
        if uids.is_empty() {
            return Ok(0);
        }
        let (reply, answer) = oneshot::channel();
        let announcer = Arc::clone(&self.announcer);
        let job = Expunge::new(folder, uids.to_vec(), announcer, reply);
        self.threads.writer.send(Box::new(job))?;
        answer.await.map_err(|_| StoreError::Closing)?
    }

    async fn instance(&self) -> Result<String, StoreError> {
        self.readers.read(catch_alls::instance).await
    }

    async fn wal_size(&self) -> Result<Octets, StoreError> {
        Ok(self.gauge.waiting())
    }

    fn records(&self) -> &dyn Records {
        self
    }

    fn visitors(&self) -> &dyn Visitors {
        self
    }

    fn views(&self) -> &dyn Views {
        self
    }

    fn mail(&self) -> &dyn Mail {
        self
    }

    fn search(&self) -> &dyn Search {
        self
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.announcer.close();
        self.readers.close();
        let (search, threads) = (Arc::clone(&self.search), Arc::clone(&self.threads));
        let stop = move || {
            search.stop();
            threads.stop();
        };
        if self.readers.are_inline() {
            stop();
            return Ok(());
        }
        let stopped = tokio::task::spawn_blocking(stop).await;
        stopped.map_err(|error| StoreError::Io {
            doing: "close",
            source: error.into(),
        })
    }
}
