//! What people do with their mail: they mark it, move it, and make folders for it. Start at [`Mail`].

use std::ops::{BitOr, BitOrAssign};

use async_trait::async_trait;
use inhaul_types::{AccountId, FolderId, MessageId, Octets, Timestamp, Uid};

use crate::{Message, StoreError};

/// Marks of a message in a folder (RFC 9051 section 2.3.2).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Flags(u8);

impl Flags {
    /// It was read.
    pub const SEEN: Self = Self(1);
    /// It was answered.
    pub const ANSWERED: Self = Self(2);
    /// It has a star.
    pub const FLAGGED: Self = Self(4);
    /// It is to go with the next EXPUNGE.
    pub const DELETED: Self = Self(8);
    /// It is a draft.
    pub const DRAFT: Self = Self(16);

    /// As a column has them.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// For a column.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether all of these are among them.
    pub const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// Which marks come and which go; the others stay.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct FlagChange {
    /// These come.
    pub set: Flags,
    /// These go.
    pub clear: Flags,
}

/// What became of a message that was acted on, so that it can be undone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ActedOn {
    /// Which.
    pub message: MessageId,
    /// The folder it was in.
    pub folder: FolderId,
    /// The marks it had.
    pub flags: Flags,
}

/// What became of very many messages that were marked together.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Marked {
    /// How many changed.
    pub messages: u64,
    /// What they were, so that it can be undone. `None` of more than [`Marked::UNDOABLE`].
    pub acted_on: Option<Vec<ActedOn>>,
}

impl Marked {
    /// As many can be undone: some 300 KB while it is offered.
    pub const UNDOABLE: usize = 10_000;
}

/// Octets from which on [`Mail::largest`] lists a message. What is smaller is not worth looking for
/// one by one, and costs a delivery nothing.
pub const LARGE: Octets = Octets::new(100_000);

/// How much an account holds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Usage {
    /// Octets in all its folders, Trash too.
    pub octets: Octets,
    /// What its own limit and its group's allow; `None` is as much as there is room for. A limit of
    /// the whole installation is not known here.
    pub quota: Option<Octets>,
}

/// Which messages of a folder are listed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shown {
    /// All.
    All,
    /// Those nobody has read.
    Unseen,
    /// Those with a star.
    Flagged,
}

/// What people do with their own mail. Whatever names a message or a folder of another account finds
/// nothing there.
#[async_trait]
pub trait Mail: Send + Sync {
    /// Changes marks, and says which messages changed. One transaction, sliced where they are many.
    async fn mark(
        &self,
        account: AccountId,
        messages: &[MessageId],
        change: FlagChange,
    ) -> Result<Vec<ActedOn>, StoreError>;
    /// Puts messages into another folder, where each gets the next uid; it keeps its number and its
    /// POP3 unique-id. Says which were moved: what is in that folder already stays. One transaction,
    /// sliced where they are many. [`StoreError::Missing`] without the folder.
    async fn move_to(
        &self,
        account: AccountId,
        messages: &[MessageId],
        to: FolderId,
    ) -> Result<Vec<ActedOn>, StoreError>;
    /// Changes marks of all messages of a folder up to this uid: whoever looks at a folder has seen
    /// those before its `uid_next`, and what came behind them stays as it is. Sliced like
    /// [`Self::mark`]. [`StoreError::Missing`] without the folder.
    async fn mark_all(
        &self,
        account: AccountId,
        folder: FolderId,
        upto: Uid,
        change: FlagChange,
    ) -> Result<Marked, StoreError>;
    /// Makes a folder; [`StoreError::Exists`] where the account has one of this name,
    /// [`StoreError::BadFolderName`] where none can have it.
    async fn folder_create(&self, account: AccountId, name: &str) -> Result<FolderId, StoreError>;
    /// Calls a folder something else, and with it those that lie in it (RFC 9051 section 6.3.6).
    /// What delivers to it still does: a destination is a folder, not its name.
    /// [`StoreError::Permanent`] where either is the name of a folder with a purpose of its own,
    /// [`StoreError::Exists`] where one is there already, [`StoreError::BadFolderName`] where one
    /// cannot be.
    async fn folder_rename(
        &self,
        account: AccountId,
        folder: FolderId,
        name: &str,
    ) -> Result<(), StoreError>;
    /// Moves the messages of a folder to Trash, sliced where they are many, then removes it; says
    /// how many that were. Folders in it stay. One that something delivers to is made again, empty,
    /// by the next message for it; its name stays taken, and its uids begin under another
    /// validity. What fails on the way has moved some, and the same call goes on.
    /// [`StoreError::Permanent`] for a folder with a purpose of its own.
    async fn folder_remove(&self, account: AccountId, folder: FolderId) -> Result<u64, StoreError>;
    /// Removes what lies in Trash for good, up to this uid: what came since somebody looked stays.
    /// Says how many messages went. Nothing is deleted remotely. What nobody removes goes 30 days
    /// after it was put there, by [`Records::housekeep`](crate::Records::housekeep).
    async fn empty_trash(&self, account: AccountId, upto: Uid) -> Result<u64, StoreError>;
    /// The account's folder of this name, made if it is not there.
    async fn folder_named(&self, account: AccountId, name: &str) -> Result<FolderId, StoreError>;
    /// Like [`Views::newest_messages`](crate::Views::newest_messages), of those that are shown.
    async fn newest_shown(
        &self,
        folder: FolderId,
        shown: Shown,
        before: Option<(Timestamp, MessageId)>,
        most: u32,
    ) -> Result<Vec<Message>, StoreError>;
    /// The messages with a star in all folders of an account but Trash, newest first, in pages as of
    /// [`Self::newest_shown`].
    async fn newest_starred(
        &self,
        account: AccountId,
        before: Option<(Timestamp, MessageId)>,
        most: u32,
    ) -> Result<Vec<Message>, StoreError>;
    /// How many those are; counted up to `most`.
    async fn starred(&self, account: AccountId, most: u32) -> Result<u32, StoreError>;
    /// The largest messages of an account, or of one of its folders, from [`LARGE`] on, behind
    /// `before`; those of the same size by their numbers, the highest first.
    async fn largest(
        &self,
        account: AccountId,
        folder: Option<FolderId>,
        before: Option<(Octets, MessageId)>,
        most: u32,
    ) -> Result<Vec<Message>, StoreError>;
    /// How much an account holds, and may hold.
    async fn usage(&self, account: AccountId) -> Result<Usage, StoreError>;
    /// Where the message stands that has so many newer ones in front of it, of those that are shown: a
    /// page in the middle begins behind it. The index alone is read.
    async fn place_at(
        &self,
        folder: FolderId,
        shown: Shown,
        newer: u64,
    ) -> Result<Option<(Timestamp, MessageId)>, StoreError>;
}
