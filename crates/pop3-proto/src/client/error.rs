//! What ends a session: the server's fault, as an enumerated cause.

use std::fmt;

use super::CommandKind;

/// Why the session must be dropped.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ClientError {
    /// The server closed the connection.
    #[error("the server closed the connection while we waited for {awaiting}")]
    Closed {
        /// What was still to come.
        awaiting: Awaiting,
    },
    /// The greeting is not one of POP3: something else listens there.
    #[error("this is no POP3 server: it said \"{said}\"")]
    NotPop3 {
        /// What it said instead, bounded and escaped.
        said: String,
    },
    /// A reply starts with neither `+OK` nor `-ERR`: we lost step with the server.
    #[error("the reply to {command} has no POP3 status: \"{said}\"")]
    BadStatus {
        /// What it should have answered.
        command: CommandKind,
        /// What came instead, bounded and escaped.
        said: String,
    },
    /// A reply or listing line goes on and on.
    #[error("a line of {awaiting} is longer than {longest} octets", longest = super::MAX_LINE)]
    LineTooLong {
        /// What the line belongs to.
        awaiting: Awaiting,
    },
    /// `CAPA` goes on and on.
    #[error("the list of capabilities is too long")]
    TooManyCapabilities,
    /// The server speaks although it was not asked.
    #[error("the server said unasked: \"{said}\"")]
    UnexpectedInput {
        /// What it said, bounded and escaped.
        said: String,
    },
    /// A challenge is not base64 (RFC 5034 section 4).
    #[error("the server's challenge to {command} is not base64")]
    BadChallenge {
        /// The command.
        command: CommandKind,
    },
    /// The server wants more where we have nothing to give.
    #[error("the server answered {command} with a continuation")]
    ContinuationUnexpected {
        /// The command.
        command: CommandKind,
    },
}

/// What a session waits for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Awaiting {
    /// Nothing: no command is unanswered.
    Nothing,
    /// The first line of a reply.
    Status(CommandKind),
    /// The rest of a reply of many lines, up to its lone dot.
    Rest(CommandKind),
}

impl fmt::Display for Awaiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Status(CommandKind::Greeting) => CommandKind::Greeting.fmt(f),
            Self::Status(command) => write!(f, "the reply to {command}"),
            Self::Rest(command) => write!(f, "the rest of the reply to {command}"),
        }
    }
}
