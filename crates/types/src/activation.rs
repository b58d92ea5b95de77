//! Why a run happens.

use std::fmt;
use std::str::FromStr;

/// What set a run going. The nine words are also the group's switches and the keys in file, API
/// and log.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Activation {
    /// The retrieval was due.
    Schedule,
    /// The account signed in by POP3.
    Pop3Login,
    /// The account signed in by IMAP.
    ImapLogin,
    /// The account signed in to the web mail.
    WebLogin,
    /// The account opened the folder the retrieval fills.
    Folder,
    /// Somebody pressed "Check mail".
    Button,
    /// Somebody said "I am waiting for a message".
    Waiting,
    /// A program asked over the HTTP API.
    Api,
    /// Somebody typed `inhaul pull`.
    Cli,
}

impl Activation {
    /// All nine, in the order pages show them.
    pub const ALL: [Self; 9] = [
        Self::Schedule,
        Self::Pop3Login,
        Self::ImapLogin,
        Self::WebLogin,
        Self::Folder,
        Self::Button,
        Self::Waiting,
        Self::Api,
        Self::Cli,
    ];

    /// The fixed word for file, API, log and database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Pop3Login => "pop3-login",
            Self::ImapLogin => "imap-login",
            Self::WebLogin => "web-login",
            Self::Folder => "folder",
            Self::Button => "button",
            Self::Waiting => "waiting",
            Self::Api => "api",
            Self::Cli => "cli",
        }
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word is none of the nine activations.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "not an activation; the nine are schedule, pop3-login, imap-login, web-login, folder, button, waiting, api, cli"
)]
pub struct UnknownActivation;

impl FromStr for Activation {
    type Err = UnknownActivation;

    fn from_str(word: &str) -> Result<Self, UnknownActivation> {
        Self::ALL
            .into_iter()
            .find(|a| a.as_str() == word)
            .ok_or(UnknownActivation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_activation_reads_back_from_its_word() {
        for activation in Activation::ALL {
            assert_eq!(activation.as_str().parse(), Ok(activation));
        }
        assert_eq!("login".parse::<Activation>(), Err(UnknownActivation));
    }
}
