//! Row identities as newtypes, so that two of them cannot be swapped.

use std::fmt;

macro_rules! row_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(i64);

        impl $name {
            /// Wraps the store's row number.
            pub const fn new(row: i64) -> Self {
                Self(row)
            }

            /// The store's row number.
            pub const fn row(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

row_id! {
    /// A local person or role.
    AccountId,
    /// A key with which a program acts for an account.
    ApiKeyId,
    /// A row of the audit: who changed what.
    AuditId,
    /// A stored body; several messages may share one.
    BodyId,
    /// A folder of an account.
    FolderId,
    /// A group of accounts.
    GroupId,
    /// A ledger row: what happened to one remote message.
    LedgerId,
    /// A remote maildrop (host and user) together with the destination it fills.
    MaildropId,
    /// A message in a folder: one placement of a body.
    MessageId,
    /// A notice on its way to somebody.
    NoticeId,
    /// A configured retrieval.
    RetrievalId,
    /// One visit of a retrieval to its maildrop.
    RunId,
}

macro_rules! imap_number {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(u32);

        impl $name {
            /// Wraps the number.
            pub const fn new(number: u32) -> Self {
                Self(number)
            }

            /// The number.
            pub const fn number(self) -> u32 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

imap_number! {
    /// IMAP's lasting number for a message in one folder (RFC 9051 section 2.3.1.1); means
    /// something only together with [`UidValidity`].
    Uid,
    /// The generation of a folder's [`Uid`]s (RFC 9051 section 2.3.1.1).
    UidValidity,
}
