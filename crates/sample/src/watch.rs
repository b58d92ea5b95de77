//! What a session does that a test may want to know at that very moment.

use std::sync::Arc;

use crate::mailbox::SampleId;

/// Is told of a session's events while they happen.
pub type Watcher = Arc<dyn Fn(&SessionEvent<'_>) + Send + Sync>;

/// Something in a session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SessionEvent<'a> {
    /// Somebody got the maildrop.
    SignedIn {
        /// Whose.
        user: &'a str,
    },
    /// Somebody was refused a mailbox that exists.
    Refused {
        /// Whose.
        user: &'a str,
    },
    /// `DELE` was given for this message, whatever comes of it.
    DeletionAsked(SampleId),
    /// `QUIT` has removed these.
    Removed(&'a [SampleId]),
    /// A fault has removed this one.
    Vanished(SampleId),
}
