//! What people do with their mail: they mark it, move it, and make folders for it. Start at [`Mail`].

use std::ops::{BitOr, BitOrAssign};

use async_trait::async_trait;
use inhaul_types::{AccountId, FolderId, MessageId, Timestamp};

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
    /// Makes a folder; [`StoreError::Exists`] where the account has one of this name.
    async fn folder_create(&self, account: AccountId, name: &str) -> Result<FolderId, StoreError>;
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
    /// The numbers of the messages of a folder that are shown, newest first, at most `most`.
    async fn numbers_shown(
        &self,
        folder: FolderId,
        shown: Shown,
        most: u32,
    ) -> Result<Vec<MessageId>, StoreError>;
}
