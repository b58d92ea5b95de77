//! Where a session stands (RFC 1939 section 3).

use std::fmt;

/// The states of a session, seen from either end.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SessionState {
    /// The server has not greeted yet. A client's state only.
    Greeting,
    /// The client has to say who it is.
    Authorization,
    /// The maildrop is open and locked.
    Transaction,
    /// `QUIT` was sent in `Transaction`: the server removes what was marked.
    Update,
    /// Nothing more will be said.
    Closed,
}

impl fmt::Display for SessionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Greeting => "greeting",
            Self::Authorization => "authorization",
            Self::Transaction => "transaction",
            Self::Update => "update",
            Self::Closed => "closed",
        })
    }
}
