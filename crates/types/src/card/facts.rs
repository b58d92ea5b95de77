//! What is known of one failure: filled in by the room that saw it.

use super::Provider;
use crate::{Octets, Timestamp};

/// What is known. Everything may be missing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Facts {
    /// The remote server's name, as configured.
    pub server: Option<String>,
    /// Whose server that is, where it is a known provider's.
    pub provider: Option<Provider>,
    /// Its port.
    pub port: Option<u16>,
    /// The name to sign in with there.
    pub user: Option<String>,
    /// The retrieval's name.
    pub retrieval: Option<String>,
    /// When it last went well.
    pub last_good: Option<Timestamp>,
    /// When the present row of failures of this very kind began.
    pub failing_since: Option<Timestamp>,
    /// What was being done.
    pub occasion: Occasion,
    /// What is particular about this failure.
    pub detail: Option<Detail>,
    /// The server's own words, secrets blotted out.
    pub said: Option<String>,
}

/// What was being done when it failed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Occasion {
    /// A run of a retrieval: inhaul will try again.
    #[default]
    Run,
    /// Settings were tried out before they are saved: nobody will try again.
    Trial,
}

/// What is particular about a failure. Texts are parts of sentences, without a full stop.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Detail {
    /// Something at the address refuses the connection.
    ConnectionRefused,
    /// Nothing answered the connection.
    NoReply {
        /// How long was waited.
        seconds: u64,
    },
    /// There is a connection, and nothing is said on it.
    Silent {
        /// How long was waited.
        seconds: u64,
    },
    /// There is no way to the address.
    Unreachable {
        /// The system's words.
        why: String,
    },
    /// DNS did not answer.
    LookUpFailed,
    /// The check took longer than it may.
    TooSlow,
    /// What is wrong with the certificate.
    Certificate(CertificateFact),
    /// What answers does not speak TLS.
    NotTls,
    /// What answers speaks something else than POP3.
    Speaks(Spoken),
    /// The server offers no mechanism that we have.
    NoMechanism {
        /// What it offers.
        offered: Vec<String>,
    },
    /// APOP is asked for, and the greeting has no stamp for it.
    NoStamp,
    /// What was refused is a token, no password.
    TokenRefused,
    /// The program that gives the password gave none.
    PasswordCommand {
        /// Why not.
        why: String,
    },
    /// The program that gives the token gave none.
    TokenCommand {
        /// Why not.
        why: String,
    },
    /// The file that holds the password gave none.
    PasswordFile {
        /// Which file.
        path: String,
        /// Why not.
        why: String,
    },
    /// The name or password cannot be said on a line of POP3.
    Unspeakable,
    /// The server lets us in without knowing the password.
    Unproven {
        /// The mechanism that would have proven it.
        mechanism: String,
    },
    /// The list of mechanisms is not the one that the server sent.
    Downgraded,
    /// How long the server wants us to wait between two sign-ins.
    LoginDelay {
        /// Seconds.
        seconds: u64,
    },
    /// How far the messages had come when the line was cut.
    Cut {
        /// Messages stored.
        stored: u64,
        /// Messages that were to come.
        wanted: u64,
        /// The message that was under way, counted from 1.
        half: Option<u64>,
    },
    /// The run was told to stop.
    Stopped,
    /// The answer makes no sense.
    Nonsense {
        /// In which way.
        why: String,
    },
    /// The server renumbered its maildrop.
    Renumbered {
        /// Messages it lists.
        listed: u64,
        /// Messages among them that we know.
        known: u64,
    },
    /// Messages that are larger than the limit.
    TooLarge {
        /// How many.
        count: u64,
        /// The largest one: subject, sender, size.
        largest: Option<(String, String, Octets)>,
        /// The limit.
        limit: Octets,
    },
    /// The local mailbox is full.
    Full {
        /// Octets it holds.
        used: Octets,
        /// Octets it may hold.
        limit: Octets,
    },
    /// A file or directory.
    Path(String),
    /// The data directory is of a newer inhaul.
    Schema {
        /// The directory.
        path: String,
        /// Its layout.
        found: u32,
        /// The newest layout we know.
        known: u32,
    },
    /// A program that is no inhaul holds the database.
    OtherProgram,
    /// Less room is left on the disk than inhaul leaves free.
    NoRoom {
        /// The data directory.
        path: String,
        /// Octets free.
        free: Octets,
        /// Octets that stay free.
        least: Octets,
    },
    /// What is damaged.
    Damaged {
        /// In which way.
        why: String,
    },
    /// The data directory could not be read or written.
    Unusable {
        /// Completes "inhaul could not".
        doing: String,
        /// The system's words.
        why: String,
    },
}

/// What is wrong with a certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CertificateFact {
    /// Its time is over.
    Expired {
        /// Since when.
        on: Option<Timestamp>,
    },
    /// Its time has not come.
    NotYetValid {
        /// When it does.
        from: Option<Timestamp>,
    },
    /// It is for these names.
    WrongName {
        /// As the certificate has them; may be empty, may hold wildcards.
        names: Vec<String>,
        /// The pin of the key it shows, as text.
        shown: Option<String>,
    },
    /// Nobody we trust signed it.
    UnknownIssuer {
        /// The pin of the key it shows, as text.
        shown: Option<String>,
    },
    /// It is an authority's own.
    OwnAuthority {
        /// The pin of the key it shows, as text.
        shown: Option<String>,
    },
    /// Its issuer took it back.
    Revoked,
    /// The server shows another key than the one that is pinned.
    KeyChanged {
        /// The pin of the trusted key, as text.
        pinned: String,
        /// The pin of the key it shows, as text.
        shown: String,
    },
    /// The file of trusted authorities cannot be used.
    AuthorityFile {
        /// The file.
        path: String,
        /// Why not.
        why: String,
    },
    /// Something else, in words.
    Other {
        /// The words.
        why: String,
        /// The pin of the key it shows, as text.
        shown: Option<String>,
    },
}

impl CertificateFact {
    /// The pin of the key that was shown, where one was and may be trusted.
    pub(super) fn shown(&self) -> Option<&str> {
        match self {
            Self::KeyChanged { shown, .. } => Some(shown),
            Self::WrongName { shown, .. }
            | Self::UnknownIssuer { shown }
            | Self::OwnAuthority { shown }
            | Self::Other { shown, .. } => shown.as_deref(),
            Self::Expired { .. }
            | Self::NotYetValid { .. }
            | Self::Revoked
            | Self::AuthorityFile { .. } => None,
        }
    }
}

/// What speaks at a port where POP3 was expected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Spoken {
    /// SMTP: sends mail.
    Smtp,
    /// IMAP: reads mail in another way.
    Imap,
    /// HTTP: a web server.
    Http,
    /// SSH.
    Ssh,
    /// FTP.
    Ftp,
    /// TLS: an alert, because we did not begin with a handshake.
    Tls,
    /// Something else.
    Unknown,
}

impl Spoken {
    /// Guesses from the first line, control characters escaped.
    pub fn of_greeting(said: &str) -> Self {
        let said = said.trim_start().to_ascii_lowercase();
        let starts = |words: &[&str]| words.iter().any(|word| said.starts_with(word));
        match () {
            () if starts(&["http/", "<!doctype", "<html", "<head"]) => Self::Http,
            () if starts(&["* ok", "* preauth", "* bye"]) => Self::Imap,
            () if starts(&["ssh-"]) => Self::Ssh,
            // A TLS alert of version 3.x as the client machine quotes it.
            () if starts(&["\\u{15}\\u{3}"]) => Self::Tls,
            () if starts(&["220"]) && said.contains("ftp") => Self::Ftp,
            () if starts(&["220", "421", "554"]) => Self::Smtp,
            () => Self::Unknown,
        }
    }
}
