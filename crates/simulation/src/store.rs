//! The store as a process has it: real, with trouble on the way there and back.
//!
//! Passes every call on. Around each write the process may end; a write may fail before it took
//! effect, or behind: then its caller cannot know. What was committed is told to the witness.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use inhaul_domain::route::{AddressBook, Rule};
use inhaul_domain::schedule::ScheduleState;
use inhaul_domain::{Ledger, Proof};
use inhaul_store::*;
use inhaul_types::{
    AccountId, Address, FolderId, GroupId, LedgerId, MaildropId, MessageId, Octets, RetrievalId,
    RunId, Secret, Timestamp, Uid,
};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::dice::Dice;
use crate::life::{Life, Weight};
use crate::sabotage::Sabotage;
use crate::world::{EVERY, World};

/// A store with its troubles.
pub(crate) struct TroubledStore {
    store: Arc<SqliteStore>,
    life: Arc<Life>,
    world: Arc<World>,
    sabotage: Option<Sabotage>,
    dice: Mutex<Dice>,
}

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Trouble {
    Nothing,
    /// It takes a while.
    Slow(Duration),
    Full,
    FailsBefore,
    FailsBehind,
}

impl TroubledStore {
    pub(crate) fn new(
        store: &Arc<SqliteStore>,
        life: &Arc<Life>,
        world: &Arc<World>,
        sabotage: Option<Sabotage>,
        dice: Dice,
    ) -> Arc<Self> {
        Arc::new(Self {
            store: Arc::clone(store),
            life: Arc::clone(life),
            world: Arc::clone(world),
            sabotage,
            dice: Mutex::new(dice),
        })
    }

    async fn read<T>(
        &self,
        what: &'static str,
        read: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.life.go_on().await;
        if self.draw(4_000) {
            self.suffer(what, Trouble::FailsBefore);
            return Err(broken());
        }
        let answer = read.await;
        self.life.go_on().await;
        answer
    }

    async fn write<T>(
        &self,
        what: &'static str,
        weight: Weight,
        write: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.life.go_on().await;
        let trouble = self.trouble();
        if let Trouble::Slow(wait) = trouble {
            sleep(wait).await;
        }
        self.life.pass(weight);
        self.life.go_on().await;
        match trouble {
            Trouble::Full => {
                self.suffer(what, trouble);
                return Err(StoreError::DiskFull("no room".into()));
            }
            Trouble::FailsBefore => {
                self.suffer(what, trouble);
                return Err(broken());
            }
            _ => {}
        }
        let answer = write.await;
        self.life.go_on().await;
        self.life.pass(weight);
        self.life.go_on().await;
        if trouble == Trouble::FailsBehind {
            self.suffer(what, trouble);
            return answer.and(Err(broken()));
        }
        answer
    }

    fn suffer(&self, what: &str, trouble: Trouble) {
        self.world
            .story
            .tell(format_args!("the store fails to {what}: {trouble:?}"));
        self.world.witness.disturb(0..self.world.mailboxes.len());
        self.world.witness.settle(0..self.world.mailboxes.len());
    }

    fn trouble(&self) -> Trouble {
        if self.world.disk_is_full() {
            return Trouble::Full;
        }
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.world.is_stormy() || !dice.once_in(100) {
            return Trouble::Nothing;
        }
        match dice.below(30) {
            0 => Trouble::FailsBefore,
            1 => Trouble::FailsBehind,
            2 => Trouble::Full,
            _ => Trouble::Slow(Duration::from_millis(dice.between(1, 900))),
        }
    }

    fn draw(&self, times: u64) -> bool {
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        self.world.is_stormy() && dice.once_in(times)
    }

    async fn begin(&self, run: NewRun) -> Result<RunId, StoreError> {
        let begun = OnceLock::new();
        let begin = async {
            let id = self.store.run_begin(run).await?;
            self.world.witness.run_began(run.retrieval, id);
            begun.set(id).ok();
            Ok(id)
        };
        let answer = self.write("begin a run", Weight::Usual, begin).await;
        match (&answer, begun.get()) {
            (Ok(id), _) => self.world.story.tell(format_args!(
                "run {id} of retrieval {} begins",
                run.retrieval
            )),
            // There is a record of it, and nobody knows.
            (Err(_), Some(id)) => self.world.witness.run_unrecorded(*id),
            (Err(_), None) => {}
        }
        answer
    }

    async fn finish(
        &self,
        maildrop: MaildropId,
        end: RunEnd,
        changes: Vec<LedgerChange>,
    ) -> Result<(), StoreError> {
        self.world.story.tell(format_args!(
            "run {} ends: {:?}, listed {}, stored {}, deleted {}, left {}",
            end.run, end.code, end.listed, end.stored, end.deleted, end.left
        ));
        self.world.witness.changed(&changes);
        let finish = async {
            if self.sabotage == Some(Sabotage::UnrecordedRun) && self.some_of(20) {
                return Ok(());
            }
            let mut told = end.clone();
            if let Some(schedule) = &mut told.schedule {
                self.break_schedule(schedule, end.ended);
            }
            self.store.run_finish(maildrop, told, changes).await?;
            self.world.witness.run_recorded(&end);
            Ok(())
        };
        let weight = if end.deleted > 0 {
            Weight::Lasting
        } else {
            Weight::Usual
        };
        let finished = self.write("end a run", weight, finish).await;
        match &finished {
            Ok(()) => self.world.witness.run_ended(&end),
            Err(_) => self.world.witness.run_unrecorded(end.run),
        }
        finished
    }

    async fn commit(&self, batch: Batch) -> Result<Vec<Committed>, StoreError> {
        let (retrieval, messages) = (batch.retrieval, batch.deliveries.len());
        let commit = async {
            let committed = self.store.commit_batch(batch).await;
            self.world.witness.look(retrieval);
            committed
        };
        let committed = self.write("store messages", Weight::Lasting, commit).await;
        let how = if committed.is_ok() {
            "stored"
        } else {
            "failed"
        };
        self.world.story.tell(format_args!(
            "retrieval {retrieval}: {messages} messages {how}"
        ));
        committed
    }

    fn break_schedule(&self, schedule: &mut ScheduleState, now: Timestamp) {
        match self.sabotage {
            Some(Sabotage::NoBackOff) if schedule.setback.is_some() => {
                schedule.setback = None;
                schedule.next_due = Some(now.plus(EVERY));
            }
            Some(Sabotage::NeverAgain) if self.some_of(50) => schedule.next_due = None,
            _ => {}
        }
    }

    async fn change(
        &self,
        retrieval: RetrievalId,
        change: RetrievalChange,
    ) -> Result<(), StoreError> {
        let every = match change.every {
            Some(Every::Seconds(seconds)) => Some(Duration::from_secs(seconds.into())),
            _ => None,
        };
        let change = async {
            self.store.retrieval_change(retrieval, change).await?;
            self.world.witness.saved(retrieval, every);
            Ok(())
        };
        self.write("change a retrieval", Weight::Usual, change)
            .await
    }

    async fn uncount(&self, before: Vec<Uncounted>) -> Result<(), StoreError> {
        let ids: Vec<_> = before.iter().map(|before| before.retrieval).collect();
        let uncount = async {
            self.store.retrieval_uncount(before).await?;
            self.world.witness.uncounted(ids);
            Ok(())
        };
        self.write("uncount failures", Weight::Usual, uncount).await
    }

    async fn apply(
        &self,
        maildrop: MaildropId,
        changes: Vec<LedgerChange>,
    ) -> Result<(), StoreError> {
        self.world.witness.changed(&changes);
        let apply = self.store.ledger_apply(maildrop, changes);
        self.write("change the ledger", Weight::Lasting, apply)
            .await
    }

    async fn load(&self, maildrop: MaildropId) -> Result<Ledger, StoreError> {
        let ledger = self.read("load a ledger", self.store.ledger_load(maildrop));
        let ledger = ledger.await?;
        if self.sabotage == Some(Sabotage::ForgottenLedger) && self.some_of(200) {
            return Ok(Ledger::default());
        }
        Ok(ledger)
    }

    fn some_of(&self, times: u64) -> bool {
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        dice.once_in(times)
    }
}

fn broken() -> StoreError {
    StoreError::Io {
        doing: "use the disk",
        source: "the disk failed, as the simulation wants it".into(),
    }
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The store's methods as `async_trait` writes them: those that a run does not use are passed on,
/// the others go by way of the method of this name.
macro_rules! methods {
    ($($name:ident $(<$($life:lifetime),*>)? ($($arg:ident: $type:ty),*) -> $out:ty $(, by $by:ident)?;)*) => {$(
        fn $name<'store, $($($life,)*)? 'answer>(
            &'store self
            $(, $arg: $type)*
        ) -> Answer<'answer, $out>
        where
            'store: 'answer,
            $($($life: 'answer,)*)?
            Self: 'answer,
        {
            methods!(@ $($by)? ; self, $name, $($arg),*)
        }
    )*};
    (@ read ; $this:expr, $name:ident, $($arg:expr),*) => {
        Box::pin($this.read(stringify!($name), $this.store.$name($($arg),*)))
    };
    (@ write ; $this:expr, $name:ident, $($arg:expr),*) => {
        Box::pin($this.write(stringify!($name), Weight::Usual, $this.store.$name($($arg),*)))
    };
    (@ $by:ident ; $this:expr, $name:ident, $($arg:expr),*) => { Box::pin($this.$by($($arg),*)) };
    (@ ; $this:expr, $name:ident, $($arg:expr),*) => { $this.store.$name($($arg),*) };
}

impl Store for TroubledStore {
    methods! {
        account_create(account: NewAccount) -> AccountId;
        account_list() -> Vec<Account>, by read;
        account_by_name<'a>(name: &'a str) -> Account;
        account_verify<'a, 'b>(name: &'a str, password: &'b Secret) -> bool;
        account_sign_in<'a, 'b>(name: &'a str, password: &'b Secret) -> SignIn;
        account_change(account: AccountId, change: AccountChange) -> ();
        account_remove(account: AccountId) -> ();
        account_allowance(account: AccountId) -> Allowance, by read;
        group_create<'a>(name: &'a str, change: GroupChange) -> GroupId;
        group_list() -> Vec<Group>, by read;
        group_by_name<'a>(name: &'a str) -> Group;
        group_change(group: GroupId, change: GroupChange) -> ();
        group_remove(group: GroupId) -> ();
        folder_list(account: AccountId) -> Vec<Folder>;
        retrieval_create(retrieval: NewRetrieval) -> RetrievalId;
        retrieval_list() -> Vec<Retrieval>, by read;
        retrieval_by_name<'a>(name: &'a str) -> Retrieval, by read;
        retrieval_by_id(id: RetrievalId) -> Retrieval, by read;
        retrieval_change(retrieval: RetrievalId, change: RetrievalChange) -> (), by change;
        retrieval_schedule<'a>(states: &'a [(RetrievalId, ScheduleState)]) -> (), by write;
        retrieval_uncount(before: Vec<Uncounted>) -> (), by uncount;
        retrieval_remove(retrieval: RetrievalId) -> ();
        retrieval_secret(retrieval: RetrievalId) -> RemoteSecret, by read;
        address_book() -> AddressBook, by read;
        router_rules(retrieval: RetrievalId) -> Vec<Rule>, by read;
        unclaimed(retrieval: RetrievalId) -> Vec<Unclaimed>, by read;
        claim<'a>(retrieval: RetrievalId, address: &'a Address, to: FolderId) -> u64;
        ledger_load(maildrop: MaildropId) -> Ledger, by load;
        ledger_load_others(maildrop: MaildropId) -> Vec<Ledger>, by read;
        ledger_proofs<'a>(rows: &'a [LedgerId]) -> Vec<Proof>, by read;
        ledger_apply(maildrop: MaildropId, changes: Vec<LedgerChange>) -> (), by apply;
        ledger_search<'a>(words: &'a [String]) -> Vec<LedgerStory>;
        commit_batch(batch: Batch) -> Vec<Committed>, by commit;
        run_begin(run: NewRun) -> RunId, by begin;
        run_finish(maildrop: MaildropId, end: RunEnd, changes: Vec<LedgerChange>) -> (), by finish;
        started_today(account: AccountId, address: Option<IpAddr>, now: Timestamp) -> (u32, u32), by read;
        run_list(retrieval: RetrievalId, most: u32) -> Vec<Run>;
        run_by_id(run: RunId) -> Run;
        run_conversation(run: RunId) -> Option<String>;
        message_page(folder: FolderId, after: Option<Uid>, most: u32) -> Vec<Message>;
        message_by_id(id: MessageId) -> Message;
        message_body(id: MessageId) -> Box<dyn BodyReader>;
        message_body_at(folder: FolderId, uid: Uid) -> Box<dyn BodyReader>;
        bodies_at<'a>(folder: FolderId, uids: &'a [Uid], most: Octets) -> Vec<Vec<u8>>;
        maildrop(account: AccountId) -> Maildrop;
        message_remove<'a>(folder: FolderId, uids: &'a [Uid]) -> u64;
        instance() -> String, by read;
        wal_size() -> Octets;
        close() -> ();
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
