//! What goes into the store and comes out of it.

mod accounts;
mod catch_alls;
mod maildrop;
mod retrievals;

use std::fs::File;
use std::net::IpAddr;

use crate::mail::Flags;
use inhaul_domain::schedule::ScheduleState;
use inhaul_domain::{LedgerState, SessionSize};
use inhaul_types::card::Detail;
use inhaul_types::{
    AccountId, Activation, BodyId, Digest, ErrorCode, Fingerprint, FolderId, Identity, LedgerId,
    MaildropId, MessageId, Octets, RetrievalId, RunId, Timestamp, Uid, UidValidity, UniqueId,
};

pub use accounts::*;
pub use catch_alls::*;
pub use maildrop::*;
pub use retrievals::*;

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
    /// Those of them that nobody has read.
    pub unseen: u64,
    /// Octets in it.
    pub octets: Octets,
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
    /// Why it goes there, for the trace kept beside it: a line for each recipient.
    pub why: String,
    /// The addresses that led there; none of a retrieval that shares nothing out.
    pub recipients: Vec<String>,
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
    /// What happens if these octets are here already.
    pub if_held: IfHeld,
    /// What makes copies of it the same message, in a catch-all: it is put into a folder once. A
    /// delivery without it is stored whatever is there.
    pub identity: Option<Identity>,
    /// Addresses without a rule that led to the fallback. They are counted by
    /// [`Store::unclaimed`](crate::Store::unclaimed).
    pub unclaimed: Vec<String>,
}

/// What happens to a delivery whose very octets its account holds already, in whichever folder.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum IfHeld {
    /// It is stored like any other: who sends a message twice has sent two.
    #[default]
    Store,
    /// It is left out as a [loop](inhaul_domain::LeftOutReason::Loop). That is decided inside the
    /// transaction, so that of two runs at the same moment only one stores it.
    Leave {
        /// The last row of the maildrop's ledger when the session began. What came with later rows
        /// this session has brought itself: copies in one listing are so many messages, and none of
        /// them went round.
        seen: Option<LedgerId>,
        /// In words, for whoever asks where the message is.
        detail: &'static str,
    },
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
    /// Of a catch-all, its folder: takes what was for a folder that is gone meanwhile.
    pub fallback: Option<FolderId>,
    /// The deliveries, in the order in which they get their uids.
    pub deliveries: Vec<Delivery>,
}

/// One delivery, durable.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Committed {
    /// Its ledger row.
    pub ledger: LedgerId,
    /// Its messages, one for each placement that was made.
    pub messages: Vec<MessageId>,
    /// What became of it.
    pub became: Became,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Became {
    /// Messages of its own, in some of its folders at least.
    Stored,
    /// Nothing: each of its folders has got a copy of the message before, see
    /// [`Delivery::identity`]. Its row is a stored one and licenses a deletion.
    Copy,
    /// Nothing: it was left out, see [`IfHeld::Leave`]. Its row licenses no deletion.
    LeftOut,
}

impl Committed {
    /// Whether it was left out, see [`IfHeld::Leave`]. Its row licenses no deletion.
    pub fn is_left_out(&self) -> bool {
        self.became == Became::LeftOut
    }

    /// Whether nothing of it was stored because its folders have got the message already. Its row
    /// licenses a deletion.
    pub fn is_copy(&self) -> bool {
        self.became == Became::Copy
    }
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
    /// Messages that were left out are wanted after all: the next run brings them, whatever their
    /// size.
    Order(Vec<LedgerId>),
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
    /// Who asked for it, where that counts against a day's limit.
    pub started_by: Option<StartedBy>,
}

/// Whoever started a run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StartedBy {
    /// The account.
    pub account: AccountId,
    /// The network address it came from. Of an IPv6 address its network of 64 bits counts, which
    /// is what one household or firm has to itself.
    pub address: Option<IpAddr>,
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
    /// What is particular about the failure.
    pub detail: Option<Detail>,
    /// The conversation, passwords masked, bodies left out: its first and last 200 lines.
    pub conversation: String,
    /// What CAPA said, to be remembered; `None` forgets it.
    pub capabilities: Option<String>,
    /// What is to be remembered of the sign-in; `None` forgets it.
    pub sign_in_memory: Option<SignInMemory>,
    /// It was told to stop before it had brought anything: neither good nor a failure, so the
    /// retrieval's state stays as it is, except for `schedule`.
    pub stopped: bool,
    /// When the retrieval is due next and why; `None` leaves that as it is.
    pub schedule: Option<ScheduleState>,
    /// When it was due as the run began. If that is another time now, somebody has saved the
    /// retrieval meanwhile, and what they made of it stands.
    pub due_before: Option<Timestamp>,
    /// Whether a failure is the retrieval's: without a network it is nobody's.
    pub counts: bool,
}

impl RunEnd {
    /// The server said `[AUTH]` (RFC 3206 section 4), in any case of letters.
    pub(crate) fn said_auth(&self) -> bool {
        let said = self.said.as_deref().unwrap_or_default();
        said.to_ascii_uppercase().contains("[AUTH]")
    }

    /// It looked, and there was nothing to do and nothing to tell.
    pub(crate) fn found_nothing_new(&self) -> bool {
        let touched = self.stored + self.deleted + self.left;
        touched == 0 && self.code.is_none() && self.notes.is_empty()
    }
}

/// Something a run met that a person should know of, although it may have ended well.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RunNote {
    /// Which kind: `message-refused`, `too-large`, `not-deleted`, `ids-changed`, `mailbox-full`,
    /// `loop`.
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
    /// End; `None` while it runs. Where the process was killed, the next opening of the store.
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
    /// Told to stop before it had brought anything, or the process was killed in it.
    pub stopped: bool,
    /// Other runs of the same hour that found nothing new either and that this row stands for.
    pub folded: u64,
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
    /// When it arrived at the server it came from; where that is not known, here.
    pub internal_date: Timestamp,
    /// Which retrieval brought it; `None` if that is gone.
    pub retrieval: Option<RetrievalId>,
    /// Which run.
    pub run: Option<RunId>,
    /// Why it is in this folder.
    pub why: String,
    /// Its marks.
    pub flags: Flags,
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
    /// Where it is now, if anywhere.
    pub placements: Vec<StoryPlacement>,
    /// The retrieval that saw it; `None` if that is gone.
    pub retrieval: Option<String>,
    /// The run that stored it or left it out; `None` if that is not known any more.
    pub run: Option<StoryRun>,
    /// List columns of a placement, if any is left.
    pub summary: Option<Summary>,
}

/// A message of a ledger row, where it is now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoryPlacement {
    /// The message.
    pub message: MessageId,
    /// Whose it is.
    pub account: String,
    /// The folder.
    pub folder: String,
    /// Why it is there.
    pub why: String,
}

impl StoryPlacement {
    /// Account and folder in words.
    pub fn place(&self) -> String {
        format!("{} / {}", self.account, self.folder)
    }
}

/// The number of a ledger row among those of its maildrop: what a person types.
pub fn ledger_number(row: LedgerId) -> u32 {
    u32::try_from(row.row() & i64::from(u32::MAX)).expect("32 bits were kept")
}

/// The ledger row of this number in a maildrop, whether or not there is one.
pub fn ledger_row(maildrop: MaildropId, number: u32) -> LedgerId {
    LedgerId::new((maildrop.row() << 32) | i64::from(number))
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
