//! The stable codes of everything that can go wrong with a retrieval.

use std::fmt;
use std::str::FromStr;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $word:literal),* $(,)?) => {
        /// A stable, documented code: `inhaul explain CODE` says what it means. The word never
        /// changes; scripts compare it.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The fixed word.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

codes! {
    /// The remote server refuses name or password.
    AuthRefused = "auth-refused",
    /// The provider wants an app password.
    AuthAppPassword = "auth-app-password",
    /// The provider accepts no password at all, or no mechanism we have.
    AuthNotPossible = "auth-not-possible",
    /// POP is switched off for this mailbox.
    PopSwitchedOff = "pop-switched-off",
    /// DNS knows no such host.
    NameNotFound = "name-not-found",
    /// Nobody answers, or the connection is refused.
    NoAnswer = "no-answer",
    /// The certificate proves nothing.
    Certificate = "certificate",
    /// The server offers no encryption and the retrieval asks for it.
    NoEncryption = "no-encryption",
    /// The server offered STLS and then refused it.
    StlsRefused = "stls-refused",
    /// Another program holds the maildrop.
    MailboxInUse = "mailbox-in-use",
    /// The server wants to be asked less often.
    TooOften = "too-often",
    /// The line was cut.
    CutOff = "cut-off",
    /// The server renumbered its maildrop.
    IdsChanged = "ids-changed",
    /// A message is larger than the limit.
    TooLarge = "too-large",
    /// The local account is full.
    MailboxFull = "mailbox-full",
    /// The local disk is full.
    DiskFull = "disk-full",
    /// What answers does not speak POP3.
    NotPop3 = "not-pop3",
    /// Another process has the data directory.
    DataInUse = "data-in-use",
    /// The database does not read back.
    DataDamaged = "data-damaged",
    /// The data directory is of a newer inhaul.
    DataTooNew = "data-too-new",
    /// The server would not hand over one message.
    MessageRefused = "message-refused",
    /// The server has a temporary trouble of its own.
    ServerBusy = "server-busy",
    /// The server refuses for good.
    ServerRefuses = "server-refuses",
    /// The server's answer makes no sense.
    BadAnswer = "bad-answer",
    /// Too many runs are waiting.
    QueueFull = "queue-full",
    /// A limit of the group or account is reached.
    LimitReached = "limit-reached",
    /// A message stays although its deletion was confirmed.
    NotDeleted = "not-deleted",
    /// A message has come back that is here already: installations read each other in a circle.
    Loop = "loop",
    /// The stored passwords do not open with the key that is there.
    WrongKey = "wrong-key",
    /// The address is none that this person's retrievals may reach.
    ServerNotAllowed = "server-not-allowed",
    /// A run broke down by a mistake of inhaul's own.
    BrokeDown = "broke-down",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word is no error code.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is no such error code")]
pub struct UnknownErrorCode;

impl FromStr for ErrorCode {
    type Err = UnknownErrorCode;

    fn from_str(word: &str) -> Result<Self, UnknownErrorCode> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == word)
            .ok_or(UnknownErrorCode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_from_its_word() {
        for code in ErrorCode::ALL {
            assert_eq!(code.as_str().parse(), Ok(*code));
        }
        assert_eq!("".parse::<ErrorCode>(), Err(UnknownErrorCode));
    }
}
