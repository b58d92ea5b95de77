//! A crash between any two lasting effects: before or behind each write that a run asks the store
//! for. The next run finds what it left, and everything is here once.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use inhaul_domain::route::{AddressBook, Rule};
use inhaul_domain::schedule::ScheduleState;
use inhaul_domain::{Amount, Ledger, Proof, Retention};
use inhaul_engine::{RunOptions, Unobserved};
use inhaul_sample::switches::{MailboxSwitches, UniqueIds};
use inhaul_store::*;
use inhaul_types::{
    AccountId, Activation, Address, FolderId, GroupId, LedgerId, MaildropId, MessageId, Octets,
    RetrievalId, RunId, Secret, Timestamp, Uid,
};
use tokio::sync::watch;

use crate::harness::{Setup, World, letters};

/// When the process ends: before the write, or when it is done and nobody has heard of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Crash {
    Before,
    Behind,
}

/// A store whose process ends at one of its writes: from then on nothing is done any more.
pub(crate) struct Mortal {
    store: Arc<SqliteStore>,
    crash: Crash,
    /// Writes that are still done.
    left: AtomicU64,
    /// Somebody to be removed right before the next messages are committed.
    leaving: Mutex<Option<AccountId>>,
    /// How often all addresses were read.
    books: AtomicU64,
}

impl Mortal {
    pub(crate) fn new(store: &Arc<SqliteStore>, crash: Crash, writes: u64) -> Arc<Self> {
        Arc::new(Self {
            store: Arc::clone(store),
            crash,
            left: AtomicU64::new(writes),
            leaving: Mutex::default(),
            books: AtomicU64::new(0),
        })
    }

    /// A process that does not end.
    pub(crate) fn immortal(store: &Arc<SqliteStore>) -> Arc<Self> {
        Self::new(store, Crash::Before, u64::MAX)
    }

    /// Has an account removed right before the next messages are committed.
    pub(crate) fn remove_in_between(&self, account: AccountId) {
        *self.leaving.lock().unwrap() = Some(account);
    }

    /// How often all addresses were read.
    pub(crate) fn books(&self) -> u64 {
        self.books.load(Ordering::SeqCst)
    }

    /// Commits messages, behind the removal of whoever is leaving.
    async fn commit<T>(
        &self,
        commit: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let leaving = self.leaving.lock().unwrap().take();
        if let Some(account) = leaving {
            self.store.account_remove(account).await?;
        }
        self.write(commit).await
    }

    /// Does a write unless the process has ended, and says so as a process that ended would.
    async fn write<T>(
        &self,
        write: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let one_less = |left: u64| left.checked_sub(1);
        match self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
        {
            Err(_) => Err(StoreError::Closing),
            Ok(1) if self.crash == Crash::Before => Err(StoreError::Closing),
            Ok(1) => write.await.and(Err(StoreError::Closing)),
            Ok(_) => write.await,
        }
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.left.load(Ordering::SeqCst) == 0
    }
}

/// Crashes at the first write of a run, at the second, and so on, until the run gets through.
/// `prepare` makes the state in which the run begins.
async fn crash_everywhere(
    setup: Setup,
    what: &str,
    prepare: impl AsyncFn(&World),
    retention: Retention,
) {
    for crash in [Crash::Before, Crash::Behind] {
        for writes in 1.. {
            let world = setup.clone().start().await;
            prepare(&world).await;
            world.mailbox.idle().await;
            let mortal = Mortal::new(&world.store, crash, writes);
            let engine = world.engine_over(Arc::clone(&mortal) as Arc<dyn Store>);
            let (_stop, stopping) = watch::channel(false);
            let retrieval = world.retrieval().await;
            let options = RunOptions::default();
            let cli = Activation::Cli;
            let report = engine
                .run(&retrieval, cli, options, &Unobserved, stopping)
                .await;
            let why = format!("{what}: crash {crash:?} write {writes}");
            world.mailbox.idle().await;
            world.assert_nothing_lost().await;
            if !mortal.is_dead() {
                assert!(report.failure.is_none(), "{why}: {report:?}");
                assert!(writes > 3, "{why}: a run has a start, a commit and an end");
                break;
            }
            assert!(report.failure.is_some(), "{why}");
            world.good().await;
            if retention == Retention::Delete {
                assert!(world.mailbox.is_empty(), "{why}");
            }
            let difference = world.difference(world.account).await;
            assert_eq!(difference, (0, 0), "lost and doubled: {why}");
        }
    }
}

#[tokio::test]
async fn a_crash_in_a_first_run_loses_and_doubles_nothing() {
    // Three batches.
    let prepare = async |world: &World| drop(world.send(letters(0..600)));
    crash_everywhere(Setup::deleting(), "first run", prepare, Retention::Delete).await;
}

#[tokio::test]
async fn a_crash_in_a_run_of_several_sessions_loses_and_doubles_nothing() {
    let setup = Setup {
        batch: Amount {
            messages: Some(2),
            octets: None,
        },
        ..Setup::deleting()
    };
    let prepare = async |world: &World| drop(world.send(letters(0..5)));
    crash_everywhere(setup, "several sessions", prepare, Retention::Delete).await;
}

#[tokio::test]
async fn a_crash_while_earlier_mail_is_deleted_loses_and_doubles_nothing() {
    let prepare = async |world: &World| {
        world.send(letters(0..5));
        world.good().await;
        world.send(letters(5..7));
        world.set_retention(Retention::Delete).await;
    };
    crash_everywhere(
        Setup::default(),
        "late deletion",
        prepare,
        Retention::Delete,
    )
    .await;
}

#[tokio::test]
async fn a_crash_behind_a_renumbering_loses_and_doubles_nothing() {
    let prepare = async |world: &World| {
        world.send(letters(0..8));
        world.good().await;
        world.mailbox.renumber();
        world.send(letters(8..10));
    };
    crash_everywhere(Setup::default(), "renumbering", prepare, Retention::Keep).await;
}

#[tokio::test]
async fn a_crash_where_ids_prove_nothing_loses_and_doubles_nothing() {
    for unique_ids in [
        UniqueIds::SameForAll,
        UniqueIds::EverySession,
        UniqueIds::Absent,
    ] {
        let switch = |switches: &mut MailboxSwitches| switches.unique_ids = unique_ids;
        let prepare = async |world: &World| {
            world.mailbox.set(switch);
            world.send(letters(0..6));
            world.good().await;
            world.send(letters(6..8));
            world.set_retention(Retention::Delete).await;
        };
        let what = format!("{unique_ids:?}");
        crash_everywhere(Setup::default(), &what, prepare, Retention::Keep).await;
    }
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The store's methods as `async_trait` writes them: those that read are passed on, those that
/// write go by way of [`Mortal::write`].
macro_rules! methods {
    ($($name:ident $(<$($life:lifetime),*>)? ($($arg:ident: $type:ty),*) -> $out:ty, $how:ident;)*) => {$(
        fn $name<'store, $($($life,)*)? 'answer>(
            &'store self
            $(, $arg: $type)*
        ) -> Answer<'answer, $out>
        where
            'store: 'answer,
            $($($life: 'answer,)*)?
            Self: 'answer,
        {
            methods!($how, self, self.store.$name($($arg),*))
        }
    )*};
    (reads, $this:expr, $call:expr) => { $call };
    (counts, $this:expr, $call:expr) => {{
        $this.books.fetch_add(1, Ordering::SeqCst);
        $call
    }};
    (commits, $this:expr, $call:expr) => { Box::pin($this.commit($call)) };
    (writes, $this:expr, $call:expr) => { Box::pin($this.write($call)) };
}

impl Store for Mortal {
    methods! {
        account_create(account: NewAccount) -> AccountId, reads;
        account_list() -> Vec<Account>, reads;
        account_by_name<'a>(name: &'a str) -> Account, reads;
        account_allowance(account: AccountId) -> Allowance, reads;
        account_verify<'a, 'b>(name: &'a str, password: &'b Secret) -> bool, reads;
        account_sign_in<'a, 'b>(name: &'a str, password: &'b Secret) -> SignIn, reads;
        account_change(account: AccountId, change: AccountChange) -> (), reads;
        account_remove(account: AccountId) -> (), reads;
        group_create<'a>(name: &'a str, change: GroupChange) -> GroupId, reads;
        group_list() -> Vec<Group>, reads;
        group_by_name<'a>(name: &'a str) -> Group, reads;
        group_change(group: GroupId, change: GroupChange) -> (), reads;
        group_remove(group: GroupId) -> (), reads;
        folder_list(account: AccountId) -> Vec<Folder>, reads;
        retrieval_create(retrieval: NewRetrieval) -> RetrievalId, reads;
        retrieval_list() -> Vec<Retrieval>, reads;
        retrieval_by_name<'a>(name: &'a str) -> Retrieval, reads;
        retrieval_by_id(id: RetrievalId) -> Retrieval, reads;
        retrieval_change(retrieval: RetrievalId, change: RetrievalChange) -> (), reads;
        retrieval_schedule<'a>(states: &'a [(RetrievalId, ScheduleState)]) -> (), writes;
        retrieval_uncount(before: Vec<Uncounted>) -> (), reads;
        retrieval_remove(retrieval: RetrievalId) -> (), reads;
        retrieval_secret(retrieval: RetrievalId) -> RemoteSecret, reads;
        address_book() -> AddressBook, counts;
        router_rules(retrieval: RetrievalId) -> Vec<Rule>, reads;
        unclaimed(retrieval: RetrievalId) -> Vec<Unclaimed>, reads;
        claim<'a>(retrieval: RetrievalId, address: &'a Address, to: FolderId) -> u64, writes;
        ledger_load(maildrop: MaildropId) -> Ledger, reads;
        ledger_load_others(maildrop: MaildropId) -> Vec<Ledger>, reads;
        ledger_proofs<'a>(rows: &'a [LedgerId]) -> Vec<Proof>, reads;
        ledger_apply(maildrop: MaildropId, changes: Vec<LedgerChange>) -> (), writes;
        ledger_search<'a>(words: &'a [String]) -> Vec<LedgerStory>, reads;
        commit_batch(batch: Batch) -> Vec<Committed>, commits;
        run_begin(run: NewRun) -> RunId, writes;
        run_finish(maildrop: MaildropId, end: RunEnd, changes: Vec<LedgerChange>) -> (), writes;
        started_today(account: AccountId, address: Option<IpAddr>, now: Timestamp) -> (u32, u32), reads;
        run_list(retrieval: RetrievalId, most: u32) -> Vec<Run>, reads;
        run_by_id(run: RunId) -> Run, reads;
        run_conversation(run: RunId) -> Option<String>, reads;
        message_page(folder: FolderId, after: Option<Uid>, most: u32) -> Vec<Message>, reads;
        message_by_id(id: MessageId) -> Message, reads;
        message_body(id: MessageId) -> Box<dyn BodyReader>, reads;
        message_body_at(folder: FolderId, uid: Uid) -> Box<dyn BodyReader>, reads;
        bodies_at<'a>(folder: FolderId, uids: &'a [Uid], most: Octets) -> Vec<Vec<u8>>, reads;
        maildrop(account: AccountId) -> Maildrop, reads;
        message_remove<'a>(folder: FolderId, uids: &'a [Uid]) -> u64, writes;
        instance() -> String, reads;
        wal_size() -> Octets, reads;
        close() -> (), reads;
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.store.changes()
    }

    fn records(&self) -> &dyn Records {
        self.store.records()
    }

    fn visitors(&self) -> &dyn Visitors {
        self.store.visitors()
    }

    fn views(&self) -> &dyn Views {
        self.store.views()
    }

    fn mail(&self) -> &dyn Mail {
        self.store.mail()
    }

    fn search(&self) -> &dyn Search {
        self.store.search()
    }
}
