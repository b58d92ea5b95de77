//! What goes into the store and comes out of it.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

pub use inhaul_domain::schedule::Every;
use inhaul_domain::{LedgerState, Retention, SessionSize, StartPoint};
use inhaul_types::{
    AccountId, Activation, Address, BodyId, Digest, ErrorCode, Fingerprint, FolderId, GroupId,
    KeyPin, LedgerId, MaildropId, Mechanism, MessageId, Octets, RetrievalId, RunId, Secret,
    Timestamp, Uid, UidValidity, UniqueId,
};

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Sign-in name, unique.
    pub name: String,
    /// Its addresses; unique across accounts.
    pub addresses: Vec<Address>,
    /// Group by name; `None` is Everyone.
    pub group: Option<String>,
    /// Whether it may manage the installation.
    pub admin: bool,
    /// Hashed by the store with argon2id; `None` makes an account nobody can sign in to yet.
    pub password: Option<Secret>,
}

/// An account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Account {
    /// Identity.
    pub id: AccountId,
    /// Sign-in name.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<Address>,
    /// Its group.
    pub group_id: GroupId,
    /// Its group's name.
    pub group: String,
    /// Whether it may manage the installation.
    pub admin: bool,
    /// Whether it may sign in and receive.
    pub enabled: bool,
    /// Messages in all its folders.
    pub messages: u64,
    /// Octets in all its folders.
    pub octets: Octets,
    /// Retrievals that deliver to it.
    pub retrievals: u64,
}

/// What `account set` changes; `None` and empty lists leave a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// New sign-in name.
    pub name: Option<String>,
    /// Addresses it gets; unique across accounts.
    pub add_addresses: Vec<Address>,
    /// Addresses it loses; each must be its own.
    pub remove_addresses: Vec<Address>,
    /// New group, by name.
    pub group: Option<String>,
    /// Whether it may manage the installation.
    pub admin: Option<bool>,
    /// Whether it may sign in and receive.
    pub enabled: Option<bool>,
    /// New password, hashed by the store with argon2id.
    pub password: Option<Secret>,
}

/// The group that is always there, under this name.
pub const EVERYONE: &str = "Everyone";

/// What may start a run, and the seconds that lie at least between two runs it starts. What is
/// absent is off.
pub type Triggers = BTreeMap<Activation, u32>;

/// The triggers of a group nobody has changed: all on; opening a folder, which happens most often
/// without anybody waiting for mail, the least often.
pub fn built_in_triggers() -> Triggers {
    let seconds = |activation| match activation {
        Activation::Folder => 300,
        _ => 60,
    };
    Activation::ALL
        .into_iter()
        .map(|activation| (activation, seconds(activation)))
        .collect()
}

/// Limits of each account in a group. `None` is no limit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct GroupLimits {
    /// Retrievals.
    pub retrievals: Option<u32>,
    /// Octets of mail here.
    pub mailbox: Option<Octets>,
    /// Octets of one message.
    pub message: Option<Octets>,
    /// Runs an account may start in a day.
    pub started_per_day: Option<u32>,
    /// Runs that may be started in a day from one network address.
    pub started_per_day_address: Option<u32>,
    /// Days after storing before which people may not have the remote copy deleted.
    pub delete_after_min_days: Option<u32>,
}

/// A group: every account is in exactly one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Group {
    /// Identity.
    pub id: GroupId,
    /// Unique name.
    pub name: String,
    /// What may start runs for its accounts.
    pub triggers: Triggers,
    /// Limits of each of its accounts.
    pub limits: GroupLimits,
    /// Accounts in it.
    pub accounts: u64,
    /// Retrievals that deliver to them.
    pub retrievals: u64,
}

/// What `group add` and `group set` say; `None` leaves a thing as it is, in a new group as
/// [`built_in_triggers`] and no limits.
#[derive(Clone, Debug, Default)]
pub struct GroupChange {
    /// New name.
    pub name: Option<String>,
    /// All triggers that are on now.
    pub triggers: Option<Triggers>,
    /// All limits there are now.
    pub limits: Option<GroupLimits>,
}

/// A folder of an account. INBOX exists from the account's first moment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Folder {
    /// Identity.
    pub id: FolderId,
    /// Whose.
    pub account: AccountId,
    /// Name; `INBOX` in capitals whatever was asked.
    pub name: String,
    /// See [`UidValidity`].
    pub uid_validity: UidValidity,
    /// The uid the next message gets.
    pub uid_next: Uid,
    /// Messages in it.
    pub messages: u64,
    /// Octets in it.
    pub octets: Octets,
}

/// How the line to the remote server is protected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Security {
    /// TLS from the first octet.
    Tls,
    /// STLS before the sign-in, or no sign-in.
    StartTls,
    /// Nothing. Passwords cross the line readable.
    None,
}

/// Where a remote password or token comes from.
#[derive(Clone, Debug)]
pub enum RemoteSecret {
    /// Kept here, sealed.
    Stored(Secret),
    /// The first line of this program's output (run without a shell).
    Command(Vec<String>),
    /// The same, and the line is an OAuth 2 token: another one whenever it is run.
    Token(Vec<String>),
}

/// The remote side of a retrieval.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Remote {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection of the line.
    pub security: Security,
    /// The one certificate authority (PEM) trusted for it, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The one key trusted for it, whoever signed it and whatever its certificate says.
    pub pin: Option<KeyPin>,
    /// Sign-in name.
    pub user: String,
    /// The one way to sign in; `None` takes the best that the server offers.
    pub sign_in: Option<Mechanism>,
}

/// What the last sign-ins said of the ways to do it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignInMemory {
    /// This one worked: it is the first to be used next time.
    Worked(Mechanism),
    /// This one, which does not say the password, was refused. Perhaps the password is wrong,
    /// perhaps only the server's record of it: one that says it is tried next time.
    Refused(Mechanism),
}

/// A retrieval to be made.
#[derive(Clone, Debug)]
pub struct NewRetrieval {
    /// Unique name.
    pub name: String,
    /// Remote side.
    pub remote: Remote,
    /// Password.
    pub secret: RemoteSecret,
    /// Account it delivers to.
    pub account: AccountId,
    /// Set for a user retrieval: the account that owns it.
    pub owner: Option<AccountId>,
    /// Folder it fills; made if it is not there.
    pub folder: String,
    /// Interval.
    pub every: Every,
    /// Remote copies.
    pub retention: Retention,
    /// Which messages that are there already are wanted.
    pub start: StartPoint,
    /// Made, but not run by itself.
    pub paused: bool,
    /// What a test of the sign-in has shown.
    pub sign_in_memory: Option<SignInMemory>,
}

/// A retrieval.
#[derive(Clone, Debug)]
pub struct Retrieval {
    /// Identity.
    pub id: RetrievalId,
    /// Unique name.
    pub name: String,
    /// Remote side.
    pub remote: Remote,
    /// Account it delivers to.
    pub account: AccountId,
    /// That account's name.
    pub account_name: String,
    /// Owner of a user retrieval.
    pub owner: Option<AccountId>,
    /// Folder it fills.
    pub folder: FolderId,
    /// That folder's name.
    pub folder_name: String,
    /// Interval.
    pub every: Every,
    /// Remote copies.
    pub retention: Retention,
    /// Not run by itself.
    pub paused: bool,
    /// The maildrop with its ledger.
    pub maildrop: MaildropId,
    /// Deletion of re-linked messages waits until then.
    pub relinked_deletion_held_until: Option<Timestamp>,
    /// Until the maildrop was looked into: which messages that are there already are wanted.
    pub start: StartPoint,
    /// How many messages a session may bring, after lines were cut.
    pub session_size: SessionSize,
    /// The server lists a part of its messages at a time.
    pub lists_in_parts: bool,
    /// What CAPA said at the last good run, one capability a line; `None` after a surprise.
    pub capabilities: Option<String>,
    /// Forgotten with a changed remote side or password.
    pub sign_in_memory: Option<SignInMemory>,
    /// Last run that ended well.
    pub last_good: Option<Timestamp>,
    /// Start of the present row of failures.
    pub failing_since: Option<Timestamp>,
    /// Failures in that row.
    pub failures: u32,
    /// Code of the last run, if it failed.
    pub last_error: Option<ErrorCode>,
}

/// What `retrieval set` changes; `None` leaves a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct RetrievalChange {
    /// New name.
    pub name: Option<String>,
    /// New remote side. Another host or user opens a new maildrop epoch.
    pub remote: Option<Remote>,
    /// New password.
    pub secret: Option<RemoteSecret>,
    /// New account and folder.
    pub destination: Option<(AccountId, String)>,
    /// New interval.
    pub every: Option<Every>,
    /// New retention.
    pub retention: Option<Retention>,
    /// Pause or resume.
    pub paused: Option<bool>,
}

/// The octets of a message on its way in, after un-stuffing.
#[derive(Debug)]
pub enum Body {
    /// Small enough for memory.
    Memory(Vec<u8>),
    /// An unlinked file, read from its start.
    Spooled {
        /// The file.
        file: File,
        /// Its length.
        size: Octets,
    },
}

impl Body {
    /// Its size.
    pub fn size(&self) -> Octets {
        match self {
            Self::Memory(octets) => Octets::of_len(octets.len()),
            Self::Spooled { size, .. } => *size,
        }
    }
}

/// The columns a list of messages shows, decoded for display.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// From, as `Name <address>`.
    pub from: String,
    /// Subject.
    pub subject: String,
    /// Date field.
    pub date: Option<Timestamp>,
    /// Message-ID without its brackets.
    pub message_id: Option<String>,
    /// Whether a part looks like an attachment.
    pub has_attachment: bool,
}

/// One place a message goes to.
#[derive(Clone, Debug)]
pub struct Placement {
    /// The folder.
    pub folder: FolderId,
    /// Why it goes there, for the trace kept beside it.
    pub why: String,
}

/// One retrieved message, ready to be committed: bytes, placements and ledger row together.
#[derive(Debug)]
pub struct Delivery {
    /// The octets.
    pub body: Body,
    /// SHA-256 over them.
    pub digest: Digest,
    /// Octets up to and including the empty line that ends the header.
    pub header_size: Octets,
    /// List columns.
    pub summary: Summary,
    /// Where it goes: at least one.
    pub placements: Vec<Placement>,
    /// IMAP's INTERNALDATE: when it was retrieved.
    pub internal_date: Timestamp,
    /// Over the identifying fields.
    pub fingerprint: Fingerprint,
    /// The server's name for it.
    pub unique_id: Option<UniqueId>,
    /// What LIST said.
    pub listed_size: Option<Octets>,
    /// `Stored`, or `Asked` where this run goes on to ask for the deletion.
    pub state: LedgerState,
}

/// Deliveries of one run to be committed in one transaction.
#[derive(Debug)]
pub struct Batch {
    /// The run that retrieved them.
    pub run: RunId,
    /// Its retrieval.
    pub retrieval: RetrievalId,
    /// Its maildrop.
    pub maildrop: MaildropId,
    /// The deliveries, in the order in which they get their uids.
    pub deliveries: Vec<Delivery>,
}

/// One delivery, durable.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Committed {
    /// Its ledger row.
    pub ledger: LedgerId,
    /// Its messages, one for each placement.
    pub messages: Vec<MessageId>,
}

/// A change of ledger rows other than by a delivery.
#[derive(Clone, Debug)]
pub enum LedgerChange {
    /// A message stays on the server.
    Leave {
        /// The server's name for it.
        unique_id: Option<UniqueId>,
        /// What LIST said.
        listed_size: Option<Octets>,
        /// Why.
        reason: inhaul_domain::LeftOutReason,
        /// In words, for whoever asks where the message is.
        detail: String,
    },
    /// A stored message is listed under this id and size now; its epoch becomes the present one
    /// and its state `Stored` (a deletion that was thought done was not).
    Relink {
        /// The row.
        row: LedgerId,
        /// Its id now.
        unique_id: Option<UniqueId>,
        /// Its size now.
        listed_size: Option<Octets>,
    },
    /// The row's state changes: `Asked` before QUIT, `Deleted` after its `+OK`, back to `Stored`
    /// where DELE was refused.
    State {
        /// The rows.
        rows: Vec<LedgerId>,
        /// Their state now.
        state: LedgerState,
    },
    /// Listed now, not in the listing before.
    Appeared(Vec<LedgerId>),
    /// In the listing before, not listed now.
    Vanished(Vec<LedgerId>),
    /// The maildrop's ids were doubled, reused or resized.
    IdsBroken,
    /// Hold the deletion of re-linked messages of all retrievals of this maildrop until then.
    HoldRelinkedDeletion(Option<Timestamp>),
    /// How many messages a session may bring.
    SessionSize(SessionSize),
    /// The server lists a part of its messages at a time.
    ListsInParts,
    /// The maildrop has been looked into: its start point has had its effect.
    Begun,
}

/// A run to be recorded at its start.
#[derive(Clone, Copy, Debug)]
pub struct NewRun {
    /// Which retrieval.
    pub retrieval: RetrievalId,
    /// Why it runs.
    pub activation: Activation,
    /// When.
    pub started: Timestamp,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct RunEnd {
    /// Which run.
    pub run: RunId,
    /// When.
    pub ended: Timestamp,
    /// `None` is good.
    pub code: Option<ErrorCode>,
    /// Messages listed.
    pub listed: u64,
    /// Messages stored.
    pub stored: u64,
    /// Octets of those.
    pub octets: Octets,
    /// Messages whose deletion was confirmed.
    pub deleted: u64,
    /// Messages left out.
    pub left: u64,
    /// What a run met that a person should know of, good or not.
    pub notes: Vec<RunNote>,
    /// The server's own words at a failure.
    pub said: Option<String>,
    /// The conversation, passwords masked, bodies left out: its first and last 200 lines.
    pub conversation: String,
    /// What CAPA said, to be remembered; `None` forgets it.
    pub capabilities: Option<String>,
    /// What is to be remembered of the sign-in; `None` forgets it.
    pub sign_in_memory: Option<SignInMemory>,
    /// It was told to stop before it had brought anything: neither good nor a failure, so the
    /// retrieval's state stays as it is.
    pub stopped: bool,
}

impl RunEnd {
    /// It looked, and there was nothing to do and nothing to tell.
    pub(crate) fn found_nothing_new(&self) -> bool {
        let touched = self.stored + self.deleted + self.left;
        touched == 0 && self.code.is_none() && self.notes.is_empty()
    }
}

/// Something a run met that a person should know of, although it may have ended well.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RunNote {
    /// Which kind: `message-refused`, `too-large`, `not-deleted`, `ids-changed`.
    pub code: ErrorCode,
    /// Messages it concerns.
    pub messages: u64,
}

/// A run as recorded.
#[derive(Clone, Debug)]
pub struct Run {
    /// Identity.
    pub id: RunId,
    /// Which retrieval.
    pub retrieval: RetrievalId,
    /// Why it ran.
    pub activation: Activation,
    /// Start.
    pub started: Timestamp,
    /// End; `None` while it runs, or if the process was killed in it.
    pub ended: Option<Timestamp>,
    /// `None` is good.
    pub code: Option<ErrorCode>,
    /// Messages listed.
    pub listed: u64,
    /// Messages stored.
    pub stored: u64,
    /// Octets of those.
    pub octets: Octets,
    /// Messages whose deletion was confirmed.
    pub deleted: u64,
    /// Messages left out.
    pub left: u64,
    /// What it met.
    pub notes: Vec<RunNote>,
    /// The server's own words at a failure.
    pub said: Option<String>,
    /// Told to stop before it had brought anything.
    pub stopped: bool,
}

/// A message in a folder, as lists show it.
#[derive(Clone, Debug)]
pub struct Message {
    /// Identity: the number of `message show`.
    pub id: MessageId,
    /// Folder.
    pub folder: FolderId,
    /// Folder's name.
    pub folder_name: String,
    /// Account.
    pub account: AccountId,
    /// Number in the folder.
    pub uid: Uid,
    /// Our own POP3 unique-id: 96 random bits as 24 hex digits.
    pub uidl: String,
    /// Body.
    pub body: BodyId,
    /// Octets.
    pub size: Octets,
    /// Octets of the header, its empty line included.
    pub header_size: Octets,
    /// SHA-256 of the octets.
    pub digest: Digest,
    /// When it came here.
    pub internal_date: Timestamp,
    /// Which retrieval brought it; `None` if that is gone.
    pub retrieval: Option<RetrievalId>,
    /// Which run.
    pub run: Option<RunId>,
    /// Why it is in this folder.
    pub why: String,
    /// List columns.
    pub summary: Summary,
}

/// A ledger row with its story, for "where is my message?".
#[derive(Clone, Debug)]
pub struct LedgerStory {
    /// Row.
    pub id: LedgerId,
    /// Remote host.
    pub host: String,
    /// Remote user.
    pub user: String,
    /// The server's name for the message.
    pub unique_id: Option<UniqueId>,
    /// What LIST said.
    pub listed_size: Option<Octets>,
    /// Octets stored.
    pub size: Option<Octets>,
    /// State.
    pub state: LedgerState,
    /// First listing that named it.
    pub first_seen: Timestamp,
    /// When it was stored.
    pub stored_at: Option<Timestamp>,
    /// When deletion was asked for.
    pub asked_at: Option<Timestamp>,
    /// When deletion was confirmed.
    pub deleted_at: Option<Timestamp>,
    /// Why it was left out, in words.
    pub reason: Option<String>,
    /// Where its placements are now (account / folder), if any.
    pub places: Vec<String>,
    /// The messages at those places.
    pub messages: Vec<MessageId>,
    /// The retrieval that saw it; `None` if that is gone.
    pub retrieval: Option<String>,
    /// The run that stored it or left it out; `None` if that is not known any more.
    pub run: Option<StoryRun>,
    /// List columns of a placement, if any is left.
    pub summary: Option<Summary>,
}

/// The run in a [`LedgerStory`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StoryRun {
    /// Which.
    pub id: RunId,
    /// When it began.
    pub started: Timestamp,
    /// Why it ran.
    pub activation: Activation,
}
