//! What is wrong with a command line: the client's fault, as an enumerated cause.

use super::Verb;
use crate::SessionState;

/// Why a line is no command we can carry out. Its text may be told to the client.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadCommand {
    /// Told once for each such line; the line is skipped.
    #[error("the line is longer than {longest} octets")]
    LineTooLong {
        /// The limit that it broke.
        longest: usize,
    },
    /// The command does not exist in this state.
    #[error("{verb} is not possible in the {state} state")]
    WrongState {
        /// The command.
        verb: Verb,
        /// Where the session stands.
        state: SessionState,
    },
    /// Something has to stand behind the command.
    #[error("{verb} needs an argument")]
    MissingArgument {
        /// The command.
        verb: Verb,
    },
    /// Nothing more may stand behind the command.
    #[error("{verb} takes no such argument")]
    ExcessArgument {
        /// The command.
        verb: Verb,
    },
    /// Not a message number, or not a number of lines.
    #[error("{verb} needs a number")]
    BadNumber {
        /// The command.
        verb: Verb,
    },
    /// A name or password in some other charset.
    #[error("{verb} needs UTF-8")]
    NotUtf8 {
        /// The command.
        verb: Verb,
    },
    /// NUL or CR inside a name or password.
    #[error("{verb} has an octet that cannot be part of a line")]
    ForbiddenOctet {
        /// The command.
        verb: Verb,
    },
}
