//! The seam: what every store can do.

use std::net::IpAddr;
use std::path::PathBuf;

use async_trait::async_trait;
use inhaul_domain::route::{AddressBook, Rule};
use inhaul_domain::schedule::ScheduleState;
use inhaul_domain::{Ledger, Proof};
use inhaul_types::{
    AccountId, Address, FolderId, GroupId, LedgerId, MaildropId, MessageId, Octets, RetrievalId,
    RunId, Timestamp,
};
use tokio::sync::watch;

use crate::folder_name::BadFolderName;
use crate::mail::Mail;
use crate::model::*;
use crate::records::Records;
use crate::search::Search;
use crate::views::Views;
use crate::visitors::Visitors;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process holds the data directory.
    #[error("another inhaul uses the data directory {}", .0.display())]
    InUse(PathBuf),
    /// A program that is no inhaul holds the database. Nothing of the call was stored.
    #[error("another program holds the database")]
    Busy(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The schema is newer than this program.
    #[error("the data directory {} is of a newer inhaul (schema {found}, this one knows {known})", .path.display())]
    TooNew {
        /// Which directory.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest we know.
        known: u32,
    },
    /// The data directory cannot be made or entered.
    #[error("cannot use the data directory {}", .path.display())]
    Directory {
        /// Which directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is no room for it. Nothing of the call was stored.
    #[error("no room left for the data directory")]
    DiskFull(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database or a body does not read back.
    #[error("the data directory is damaged: {0}")]
    Damaged(String),
    /// Something with this name is there already.
    #[error("{what} {name:?} exists already")]
    Exists {
        /// "account", "address", "retrieval", "API key".
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// Nothing of this name is there.
    #[error("there is no {what} {name:?}")]
    Missing {
        /// "account", "group", "folder", "retrieval", "message".
        what: &'static str,
        /// Its name or number.
        name: String,
    },
    /// It cannot be removed while others need it.
    #[error("the {what} {name:?} is needed by {}", .by.join(", "))]
    Needed {
        /// "account", "group".
        what: &'static str,
        /// Its name.
        name: String,
        /// Names of what needs it: retrievals, accounts.
        by: Vec<String>,
    },
    /// It is always there and keeps its name.
    #[error("the {what} {name:?} is always there and keeps its name")]
    Permanent {
        /// "group", "folder".
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// No folder can be called this.
    #[error("{name:?} is no name of a folder")]
    BadFolderName {
        /// What it was to be called.
        name: String,
        /// Why it cannot.
        #[source]
        why: BadFolderName,
    },
    /// A limit of the account, its own or its group's, leaves no room for it. Only what people do
    /// for themselves is refused so: a retrieval with an owner. Whoever manages the installation
    /// makes one without, or raises the limit.
    #[error("the account {account:?} is at its limit: {limit}={most}")]
    LimitReached {
        /// The limit's word: "retrievals".
        limit: &'static str,
        /// What it allows.
        most: u64,
        /// The account's name.
        account: String,
    },
    /// A catch-all writes into the folders of several accounts, so none of them can own it.
    #[error("the catch-all {name:?} shares mail out among accounts and has no owner")]
    OwnedCatchAll {
        /// The retrieval's name.
        name: String,
    },
    /// Without it no administrator could sign in.
    #[error("without the {what} {name:?} no administrator could sign in")]
    LastAdministrator {
        /// "account", "group".
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A password cannot be sealed or opened: the key is missing or another one.
    #[error("the remote password cannot be opened with the key {}", .0.display())]
    Seal(PathBuf),
    /// A backup does not read back whole. Nothing of it was restored.
    #[error("{} is no whole backup: {why}", .path.display())]
    BadBackup {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A backup is restored where nothing else is.
    #[error("{} is there already; a backup is restored into an empty directory", .0.display())]
    NotEmpty(PathBuf),
    /// Reading or writing failed. Nothing of the call was stored.
    #[error("the store could not {doing}")]
    Io {
        /// What it was doing.
        doing: &'static str,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store is closing.
    #[error("the store is closing")]
    Closing,
}

/// Reads one stored body from its start, in bounded memory. Keeps the body from being freed.
#[async_trait]
pub trait BodyReader: Send {
    /// The next piece, at most 256 KiB; empty at the end. The last piece comes only if all of them
    /// together have the digest they were stored with; otherwise [`StoreError::Damaged`] does.
    async fn next_chunk(&mut self) -> Result<Vec<u8>, StoreError>;
}

/// Everything the shells ask of the store. A call that returned `Ok` is durable: it survives a
/// power cut. A call that failed left nothing behind.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Makes an account with its INBOX.
    async fn account_create(&self, account: NewAccount) -> Result<AccountId, StoreError>;
    /// All accounts by name.
    async fn account_list(&self) -> Result<Vec<Account>, StoreError>;
    /// One account, or [`StoreError::Missing`].
    async fn account_by_name(&self, name: &str) -> Result<Account, StoreError>;
    /// What bounds the runs that fill an account, as it stands now.
    async fn account_allowance(&self, account: AccountId) -> Result<Allowance, StoreError>;
    /// Whether the password is the account's. Costs argon2id; two at a time at most. An unknown
    /// name costs as much and is `false`.
    async fn account_verify(
        &self,
        name: &str,
        password: &inhaul_types::Secret,
    ) -> Result<bool, StoreError>;
    /// Signs somebody in by the account's name or by one of its addresses (a wildcard is none);
    /// letter case does not count in either. Costs one argon2id whoever it is, two at a time at
    /// most. What changed while it was worked out counts.
    async fn account_sign_in(
        &self,
        name: &str,
        password: &inhaul_types::Secret,
    ) -> Result<SignIn, StoreError>;

    /// Changes an account; [`StoreError::LastAdministrator`] where nobody who manages the
    /// installation could sign in any more.
    async fn account_change(
        &self,
        account: AccountId,
        change: AccountChange,
    ) -> Result<(), StoreError>;
    /// Removes an account with its folders and messages; [`StoreError::Needed`] while a retrieval
    /// delivers to it, has a rule that leads to it or is its own, [`StoreError::LastAdministrator`] as for a change. The ledgers
    /// of what was brought to it stay. Bodies that nobody else holds are freed an hour later.
    async fn account_remove(&self, account: AccountId) -> Result<(), StoreError>;

    /// Makes a group.
    async fn group_create(&self, name: &str, change: GroupChange) -> Result<GroupId, StoreError>;
    /// All groups by name.
    async fn group_list(&self) -> Result<Vec<Group>, StoreError>;
    /// One group, or [`StoreError::Missing`].
    async fn group_by_name(&self, name: &str) -> Result<Group, StoreError>;
    /// Changes a group; [`StoreError::Permanent`] for another name of Everyone, and
    /// [`StoreError::LastAdministrator`] as for an account.
    async fn group_change(&self, group: GroupId, change: GroupChange) -> Result<(), StoreError>;
    /// Removes a group; [`StoreError::Needed`] while accounts are in it, and
    /// [`StoreError::Permanent`] for Everyone.
    async fn group_remove(&self, group: GroupId) -> Result<(), StoreError>;

    /// All folders of an account, INBOX first.
    async fn folder_list(&self, account: AccountId) -> Result<Vec<Folder>, StoreError>;

    /// Makes a retrieval, due at once; adopts the ledger of the same host, user and destination if
    /// there is one. [`StoreError::LimitReached`] for one too many with an owner.
    async fn retrieval_create(&self, retrieval: NewRetrieval) -> Result<RetrievalId, StoreError>;
    /// All retrievals by name.
    async fn retrieval_list(&self) -> Result<Vec<Retrieval>, StoreError>;
    /// One retrieval, or [`StoreError::Missing`].
    async fn retrieval_by_name(&self, name: &str) -> Result<Retrieval, StoreError>;
    /// The same by its number.
    async fn retrieval_by_id(&self, id: RetrievalId) -> Result<Retrieval, StoreError>;
    /// Changes a retrieval.
    async fn retrieval_change(
        &self,
        retrieval: RetrievalId,
        change: RetrievalChange,
    ) -> Result<(), StoreError>;
    /// Writes when these retrievals are due, all in one transaction. One that is not there any more
    /// is passed over.
    async fn retrieval_schedule(
        &self,
        states: &[(RetrievalId, ScheduleState)],
    ) -> Result<(), StoreError>;
    /// Takes back what failures did to retrievals that were not theirs.
    async fn retrieval_uncount(&self, before: Vec<Uncounted>) -> Result<(), StoreError>;
    /// Counts up whenever an account, a group or a retrieval was made, changed or removed.
    fn changes(&self) -> watch::Receiver<u64>;
    /// Removes a retrieval. Its maildrop's ledger and its runs stay: adding the same host, user and
    /// destination again adopts the ledger.
    async fn retrieval_remove(&self, retrieval: RetrievalId) -> Result<(), StoreError>;
    /// Opens the sealed password.
    async fn retrieval_secret(&self, retrieval: RetrievalId) -> Result<RemoteSecret, StoreError>;

    /// All accounts by their addresses and names, as catch-alls look recipients up. It is the same
    /// until [`Self::changes`] counts up.
    async fn address_book(&self) -> Result<AddressBook, StoreError>;
    /// The rules of a catch-all in their order, with the folders they lead to; none of another
    /// retrieval. They are the same until [`Self::changes`] counts up.
    async fn router_rules(&self, retrieval: RetrievalId) -> Result<Vec<Rule>, StoreError>;
    /// The addresses without a rule for which a catch-all's fallback holds messages, those with the
    /// most messages first, at most 1,000.
    async fn unclaimed(&self, retrieval: RetrievalId) -> Result<Vec<Unclaimed>, StoreError>;
    /// Gives what a catch-all's fallback holds for an address that had no rule to `to`, and says how
    /// many messages that were: those that are there for this address alone move, the others are
    /// copied, and a message that `to` has already is not put there twice. The address may be a
    /// pattern; it covers tags and other names of its domain as a rule does. Sliced where they are
    /// many: what fails on the way has moved some, and the same call again moves the rest.
    async fn claim(
        &self,
        retrieval: RetrievalId,
        address: &Address,
        to: FolderId,
    ) -> Result<u64, StoreError>;

    /// The maildrop's ledger as a run needs it.
    async fn ledger_load(&self, maildrop: MaildropId) -> Result<Ledger, StoreError>;
    /// Ledgers of other active (not paused) retrievals that read the same host and user.
    async fn ledger_load_others(&self, maildrop: MaildropId) -> Result<Vec<Ledger>, StoreError>;
    /// Proofs of some rows, in the order asked for.
    async fn ledger_proofs(&self, rows: &[LedgerId]) -> Result<Vec<Proof>, StoreError>;
    /// Applies changes, all or none of them in one transaction (sliced where they are many).
    async fn ledger_apply(
        &self,
        maildrop: MaildropId,
        changes: Vec<LedgerChange>,
    ) -> Result<(), StoreError>;
    /// Finds rows by unique-id, sender, subject, Message-ID or message number: those with every
    /// one of `words`, the newest 100, newest first. Reads the whole ledger, page by page.
    async fn ledger_search(&self, words: &[String]) -> Result<Vec<LedgerStory>, StoreError>;

    /// Commits deliveries: bytes, placements and ledger rows in one transaction, synced when this
    /// returns. Many callers' batches share a transaction.
    async fn commit_batch(&self, batch: Batch) -> Result<Vec<Committed>, StoreError>;

    /// Records that a run began, and counts it for whoever started it.
    async fn run_begin(&self, run: NewRun) -> Result<RunId, StoreError>;
    /// Records how it ended and what that means for the retrieval's state; applies the last
    /// ledger changes in the same transaction.
    async fn run_finish(
        &self,
        maildrop: MaildropId,
        end: RunEnd,
        changes: Vec<LedgerChange>,
    ) -> Result<(), StoreError>;
    /// Runs that were started on the UTC day of `now` by this account, and from this address.
    async fn started_today(
        &self,
        account: AccountId,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(u32, u32), StoreError>;
    /// A retrieval's latest runs, newest first.
    async fn run_list(&self, retrieval: RetrievalId, most: u32) -> Result<Vec<Run>, StoreError>;
    /// One run, or [`StoreError::Missing`].
    async fn run_by_id(&self, run: RunId) -> Result<Run, StoreError>;
    /// A run's conversation.
    async fn run_conversation(&self, run: RunId) -> Result<Option<String>, StoreError>;

    /// One page of a folder in ascending order of uid, behind `after` (`None`: from the start).
    async fn message_page(
        &self,
        folder: FolderId,
        after: Option<inhaul_types::Uid>,
        most: u32,
    ) -> Result<Vec<Message>, StoreError>;
    /// One message, or [`StoreError::Missing`].
    async fn message_by_id(&self, id: MessageId) -> Result<Message, StoreError>;
    /// Opens a message's body. Its first piece is read already: of a small body that does not read
    /// back this says so.
    async fn message_body(&self, id: MessageId) -> Result<Box<dyn BodyReader>, StoreError>;
    /// The same of the message with this uid; [`StoreError::Missing`] where it is gone.
    async fn message_body_at(
        &self,
        folder: FolderId,
        uid: inhaul_types::Uid,
    ) -> Result<Box<dyn BodyReader>, StoreError>;
    /// Whole bodies of some messages, read in one go: from the first of `uids` on as many as
    /// together have at most `most` octets, but no more than 4 MiB and 1,024 messages. A message
    /// that is gone, or does not fit, or does not read back ends it; only if the first does not
    /// read back that is an error.
    async fn bodies_at(
        &self,
        folder: FolderId,
        uids: &[inhaul_types::Uid],
        most: Octets,
    ) -> Result<Vec<Vec<u8>>, StoreError>;
    /// What a POP3 session sees of an account. What arrives while this is read is not in it.
    async fn maildrop(&self, account: AccountId) -> Result<Maildrop, StoreError>;
    /// Takes messages out of a folder and says how many of them were there. One transaction, sliced
    /// where they are many, the lowest uids first: what fails on the way has removed some of them,
    /// and the same call again removes the rest. Bodies that are in no other folder are freed an
    /// hour later; the ledgers of what was brought stay. [`StoreError::Missing`] without the folder.
    async fn message_remove(
        &self,
        folder: FolderId,
        uids: &[inhaul_types::Uid],
    ) -> Result<u64, StoreError>;

    /// Audit, pages of runs, notices, housekeeping, backups.
    fn records(&self) -> &dyn Records;
    /// Sessions, links, API keys, preferences.
    fn visitors(&self) -> &dyn Visitors;
    /// What lists and pages show.
    fn views(&self) -> &dyn Views;
    /// What people do with their mail.
    fn mail(&self) -> &dyn Mail;
    /// Full text search.
    fn search(&self) -> &dyn Search;

    /// What tells this installation from others, as a message says of itself that it was here: random,
    /// another one after a restore.
    async fn instance(&self) -> Result<String, StoreError>;

    /// Octets waiting in the write-ahead log.
    async fn wal_size(&self) -> Result<Octets, StoreError>;
    /// Writes what is pending, stops the threads, gives the directory free.
    async fn close(&self) -> Result<(), StoreError>;
}
